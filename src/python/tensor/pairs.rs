//! Functions of two tensors: extremes, angles, logarithms.

use super::class::{Out, PyTensor};
use super::elementwise::{binary, inplace};
use crate::ops::binary as ops;
use crate::python::arguments::Operand;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// The larger of both, element by element; NaN if either is. Where both are equal they share the gradient.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, 5.0]).maximum(rsnn.tensor([3.0]))
    ///     tensor([3., 5.])
    fn maximum(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::maximum(a, b))
    }

    /// The smaller of both, element by element; NaN if either is. Where both are equal they share the gradient.
    fn minimum(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::minimum(a, b))
    }

    /// The larger of both, element by element; a number is preferred to NaN.
    fn fmax(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::fmax(a, b))
    }

    /// The smaller of both, element by element; a number is preferred to NaN.
    fn fmin(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::fmin(a, b))
    }

    /// The angle of the point `(other, self)`, in radians from -pi to pi.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0]).atan2(rsnn.tensor([-1.0]))
    ///     tensor([2.3562])
    fn atan2(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::atan2(a, b))
    }

    /// In-place form of `atan2`.
    fn atan2_<'py>(slf: &Bound<'py, Self>, other: &Bound<'_, PyTensor>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other.into(), |a, b| ops::atan2_(a, b))
    }

    /// The length of the hypotenuse, `sqrt(self ** 2 + other ** 2)`, without overflow in between. Float dtypes only.
    fn hypot(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::hypot(a, b))
    }

    /// In-place form of `hypot`.
    fn hypot_<'py>(slf: &Bound<'py, Self>, other: &Bound<'_, PyTensor>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other.into(), |a, b| ops::hypot_(a, b))
    }

    /// `abs(self)` with the sign of `other`.
    fn copysign(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::copysign(a, b))
    }

    /// In-place form of `copysign`.
    fn copysign_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::copysign_(a, b))
    }

    /// The next representable number from `self` towards `other`. For `float32` and `float64`.
    fn nextafter(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::nextafter(a, b))
    }

    /// In-place form of `nextafter`.
    fn nextafter_<'py>(slf: &Bound<'py, Self>, other: &Bound<'_, PyTensor>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other.into(), |a, b| ops::nextafter_(a, b))
    }

    /// `log(exp(self) + exp(other))`, without overflow in between. Float dtypes only.
    fn logaddexp(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::logaddexp(a, b))
    }

    /// `log2(2 ** self + 2 ** other)`, without overflow in between. Float dtypes only.
    fn logaddexp2(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::logaddexp2(a, b))
    }

    /// `self * log(other)`, 0 where `self` is 0 (unless `other` is NaN).
    fn xlogy(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::xlogy(a, b))
    }

    /// In-place form of `xlogy`.
    fn xlogy_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::xlogy_(a, b))
    }

    /// `xlogy(other, self)`, for a number in first place.
    fn _rxlogy(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::xlogy(b, a))
    }

    /// `div(other, self)`, for a number in first place.
    fn _rdiv(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::div(b, a))
    }

    /// `float_power(other, self)`, for a number in first place.
    fn _rfloat_power(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::float_power(b, a))
    }

    /// 0 where `self` is negative, 1 where it is positive, `values` where it is 0.
    ///
    /// Raises:
    ///     RuntimeError: for tensors of different dtypes.
    fn heaviside(&self, py: Python<'_>, values: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &values.into(), |a, b| ops::heaviside(a, b))
    }

    /// In-place form of `heaviside`.
    fn heaviside_<'py>(slf: &Bound<'py, Self>, values: &Bound<'_, PyTensor>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &values.into(), |a, b| ops::heaviside_(a, b))
    }
}
