//! Angles and hyperbolas.

use super::super::class::{Out, PyTensor};
use super::super::elementwise::{unary, unary_};
use crate::ops::unary as ops;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// The sine of an angle in radians. Integers become floats.
    fn sin(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::sin)
    }

    /// In-place form of `sin`.
    fn sin_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::sin_)
    }

    /// The cosine of an angle in radians. Integers become floats.
    fn cos(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::cos)
    }

    /// In-place form of `cos`.
    fn cos_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::cos_)
    }

    /// The tangent of an angle in radians. Integers become floats.
    fn tan(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::tan)
    }

    /// In-place form of `tan`.
    fn tan_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::tan_)
    }

    /// The angle from -pi/2 to pi/2 of which `self` is the sine; NaN outside of [-1, 1]. Integers become floats.
    fn asin(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::asin)
    }

    /// In-place form of `asin`.
    fn asin_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::asin_)
    }

    /// The angle from 0 to pi of which `self` is the cosine; NaN outside of [-1, 1]. Integers become floats.
    fn acos(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::acos)
    }

    /// In-place form of `acos`.
    fn acos_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::acos_)
    }

    /// The angle from -pi/2 to pi/2 of which `self` is the tangent. Integers become floats.
    fn atan(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::atan)
    }

    /// In-place form of `atan`.
    fn atan_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::atan_)
    }

    /// The hyperbolic sine. Integers become floats.
    fn sinh(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::sinh)
    }

    /// In-place form of `sinh`.
    fn sinh_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::sinh_)
    }

    /// The hyperbolic cosine. Integers become floats.
    fn cosh(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::cosh)
    }

    /// In-place form of `cosh`.
    fn cosh_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::cosh_)
    }

    /// The hyperbolic tangent. Integers become floats.
    fn tanh(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::tanh)
    }

    /// In-place form of `tanh`.
    fn tanh_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::tanh_)
    }

    /// The inverse of `sinh`. Integers become floats.
    fn asinh(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::asinh)
    }

    /// In-place form of `asinh`.
    fn asinh_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::asinh_)
    }

    /// The inverse of `cosh`; NaN below 1. Integers become floats.
    fn acosh(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::acosh)
    }

    /// In-place form of `acosh`.
    fn acosh_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::acosh_)
    }

    /// The inverse of `tanh`; NaN outside of [-1, 1]. Integers become floats.
    fn atanh(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::atanh)
    }

    /// In-place form of `atanh`.
    fn atanh_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::atanh_)
    }

    /// Degrees to radians, `self * pi / 180`. Integers become floats.
    fn deg2rad(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::deg2rad)
    }

    /// In-place form of `deg2rad`.
    fn deg2rad_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::deg2rad_)
    }

    /// Radians to degrees, `self * 180 / pi`. Integers become floats.
    fn rad2deg(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::rad2deg)
    }

    /// In-place form of `rad2deg`.
    fn rad2deg_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::rad2deg_)
    }

    /// `sin(pi * self) / (pi * self)`, 1 at 0. Integers become floats.
    fn sinc(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::sinc)
    }

    /// In-place form of `sinc`.
    fn sinc_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::sinc_)
    }
}
