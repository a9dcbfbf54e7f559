//! Sums, products, quotients and powers.

use super::class::{Out, PyTensor};
use super::elementwise::{binary, inplace, scaled, scaled_};
use crate::array::Scalar;
use crate::ops::binary as ops;
use crate::python::arguments::Operand;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// The sum `self + alpha * other`; logical or of `bool`.
    ///
    /// Args:
    ///     other: a tensor or a number; dtypes are promoted and shapes broadcast.
    ///     alpha: what `other` is multiplied with first.
    ///
    /// Raises:
    ///     RuntimeError: for shapes that do not fit, and for a float `alpha` where the result is of an integer dtype.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, 2.0]).add(rsnn.tensor([10.0, 20.0]), alpha=2)
    ///     tensor([21., 42.])
    #[pyo3(signature = (other, *, alpha=Scalar::Int(1)), text_signature = "($self, other, *, alpha=1)")]
    fn add(&self, py: Python<'_>, other: Operand<'_>, alpha: Scalar) -> PyResult<Out> {
        scaled(py, self, &other, alpha, |a, b, alpha| ops::add_scaled(a, b, alpha))
    }

    /// In-place form of `add`.
    #[pyo3(signature = (other, *, alpha=Scalar::Int(1)), text_signature = "($self, other, *, alpha=1)")]
    fn add_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>, alpha: Scalar) -> PyResult<Bound<'py, Self>> {
        scaled_(slf, &other, alpha, |a, b, alpha| ops::add_scaled_(a, b, alpha))
    }

    /// The difference `self - alpha * other`; not for `bool`.
    ///
    /// Args:
    ///     other: a tensor or a number; dtypes are promoted and shapes broadcast.
    ///     alpha: what `other` is multiplied with first.
    ///
    /// Raises:
    ///     RuntimeError: for shapes that do not fit, and for a float `alpha` where the result is of an integer dtype.
    #[pyo3(signature = (other, *, alpha=Scalar::Int(1)), text_signature = "($self, other, *, alpha=1)")]
    fn sub(&self, py: Python<'_>, other: Operand<'_>, alpha: Scalar) -> PyResult<Out> {
        scaled(py, self, &other, alpha, |a, b, alpha| ops::sub_scaled(a, b, alpha))
    }

    /// In-place form of `sub`.
    #[pyo3(signature = (other, *, alpha=Scalar::Int(1)), text_signature = "($self, other, *, alpha=1)")]
    fn sub_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>, alpha: Scalar) -> PyResult<Bound<'py, Self>> {
        scaled_(slf, &other, alpha, |a, b, alpha| ops::sub_scaled_(a, b, alpha))
    }

    /// The difference `other - alpha * self`; arguments as for `sub`.
    #[pyo3(signature = (other, *, alpha=Scalar::Int(1)), text_signature = "($self, other, *, alpha=1)")]
    fn rsub(&self, py: Python<'_>, other: Operand<'_>, alpha: Scalar) -> PyResult<Out> {
        scaled(py, self, &other, alpha, |a, b, alpha| ops::sub_scaled(b, a, alpha))
    }

    /// The product `self * other`; logical and of `bool`.
    ///
    /// Args:
    ///     other: a tensor or a number; dtypes are promoted and shapes broadcast.
    fn mul(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::mul(a, b))
    }

    /// In-place form of `mul`.
    fn mul_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::mul_(a, b))
    }

    /// The quotient `self / other`.
    ///
    /// Args:
    ///     other: a tensor or a number.
    ///     rounding_mode: `None` divides in floating point, `"trunc"` rounds towards zero, `"floor"` rounds down; rounded
    ///         quotients of integers are integers.
    ///
    /// Raises:
    ///     RuntimeError: for another `rounding_mode`, and for integers divided by zero with rounding.
    ///
    /// Example:
    ///     >>> rsnn.tensor([-7, 7]).div(2, rounding_mode="floor")
    ///     tensor([-4,  3])
    #[pyo3(signature = (other, *, rounding_mode=None))]
    fn div(&self, py: Python<'_>, other: Operand<'_>, rounding_mode: Option<&str>) -> PyResult<Out> {
        match rounding_mode {
            None => binary(py, self, &other, |a, b| ops::div(a, b)),
            Some("trunc") => binary(py, self, &other, |a, b| ops::div_trunc(a, b)),
            Some("floor") => binary(py, self, &other, |a, b| ops::div_floor(a, b)),
            Some(mode) => Err(wrong_mode(mode)),
        }
    }

    /// In-place form of `div`.
    #[pyo3(signature = (other, *, rounding_mode=None))]
    fn div_<'py>(
        slf: &Bound<'py, Self>,
        other: Operand<'_>,
        rounding_mode: Option<&str>,
    ) -> PyResult<Bound<'py, Self>> {
        match rounding_mode {
            None => inplace(slf, &other, |a, b| ops::div_(a, b)),
            Some("trunc") => inplace(slf, &other, |a, b| ops::div_trunc_(a, b)),
            Some("floor") => inplace(slf, &other, |a, b| ops::div_floor_(a, b)),
            Some(mode) => Err(wrong_mode(mode)),
        }
    }

    /// The quotient rounded down, `floor(self / other)`. It carries no gradient; see `div(rounding_mode="floor")`.
    ///
    /// Raises:
    ///     RuntimeError: for integers divided by zero.
    fn floor_divide(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::floor_divide(a, b))
    }

    /// In-place form of `floor_divide`.
    fn floor_divide_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::floor_divide_(a, b))
    }

    /// The rest `self - other * floor(self / other)`, of the sign of `other`, as Python's `%`.
    ///
    /// Raises:
    ///     RuntimeError: for integers divided by zero.
    fn remainder(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::remainder(a, b))
    }

    /// In-place form of `remainder`.
    fn remainder_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::remainder_(a, b))
    }

    /// The rest `self - other * trunc(self / other)`, of the sign of `self`, as C's `fmod`.
    ///
    /// Raises:
    ///     RuntimeError: for integers divided by zero.
    fn fmod(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::fmod(a, b))
    }

    /// In-place form of `fmod`.
    fn fmod_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::fmod_(a, b))
    }

    /// The power `self ** exponent`.
    ///
    /// Raises:
    ///     RuntimeError: for integers to a negative number.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, 2.0, 3.0]).pow(2)
    ///     tensor([1., 4., 9.])
    fn pow(&self, py: Python<'_>, exponent: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &exponent, |a, b| ops::pow(a, b))
    }

    /// In-place form of `pow`.
    fn pow_<'py>(slf: &Bound<'py, Self>, exponent: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &exponent, |a, b| ops::pow_(a, b))
    }

    /// The power `self ** exponent` in double precision.
    fn float_power(&self, py: Python<'_>, exponent: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &exponent, |a, b| ops::float_power(a, b))
    }

    /// In-place form of `float_power`, for `float64` tensors.
    fn float_power_<'py>(slf: &Bound<'py, Self>, exponent: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &exponent, |a, b| ops::float_power_(a, b))
    }

    /// `self * 2 ** other`. Integers become floats.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, 3.0]).ldexp(rsnn.tensor([2, -1]))
    ///     tensor([4.0000, 1.5000])
    fn ldexp(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::ldexp(a, b))
    }

    /// In-place form of `ldexp`.
    fn ldexp_<'py>(slf: &Bound<'py, Self>, other: &Bound<'_, PyTensor>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other.into(), |a, b| ops::ldexp_(a, b))
    }
}

fn wrong_mode(mode: &str) -> PyErr {
    PyRuntimeError::new_err(format!(
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'"
    ))
}
