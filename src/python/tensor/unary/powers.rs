//! Roots, exponentials and logarithms.

use super::super::class::{Out, PyTensor};
use super::super::elementwise::{unary, unary_};
use crate::ops::unary as ops;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// The square root; NaN below 0. Integers become floats.
    fn sqrt(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::sqrt)
    }

    /// In-place form of `sqrt`.
    fn sqrt_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::sqrt_)
    }

    /// `1 / sqrt(self)`. Integers become floats.
    fn rsqrt(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::rsqrt)
    }

    /// In-place form of `rsqrt`.
    fn rsqrt_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::rsqrt_)
    }

    /// `self ** 2`.
    fn square(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::square)
    }

    /// In-place form of `square`.
    fn square_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::square_)
    }

    /// `1 / self`. Integers become floats.
    fn reciprocal(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::reciprocal)
    }

    /// In-place form of `reciprocal`.
    fn reciprocal_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::reciprocal_)
    }

    /// `e ** self`. Integers become floats.
    ///
    /// Example:
    ///     >>> rsnn.tensor([0.0, 1.0]).exp()
    ///     tensor([1.0000, 2.7183])
    fn exp(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::exp)
    }

    /// In-place form of `exp`.
    fn exp_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::exp_)
    }

    /// `2 ** self`. Integers become floats.
    fn exp2(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::exp2)
    }

    /// In-place form of `exp2`.
    fn exp2_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::exp2_)
    }

    /// `exp(self) - 1`, accurate near 0. Integers become floats.
    fn expm1(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::expm1)
    }

    /// In-place form of `expm1`.
    fn expm1_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::expm1_)
    }

    /// The natural logarithm; -inf at 0, NaN below. Integers become floats.
    fn log(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::log)
    }

    /// In-place form of `log`.
    fn log_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::log_)
    }

    /// The logarithm to base 2. Integers become floats.
    fn log2(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::log2)
    }

    /// In-place form of `log2`.
    fn log2_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::log2_)
    }

    /// The logarithm to base 10. Integers become floats.
    fn log10(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::log10)
    }

    /// In-place form of `log10`.
    fn log10_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::log10_)
    }

    /// `log(1 + self)`, accurate near 0. Integers become floats.
    fn log1p(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::log1p)
    }

    /// In-place form of `log1p`.
    fn log1p_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::log1p_)
    }
}
