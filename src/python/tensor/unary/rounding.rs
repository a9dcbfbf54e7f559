//! Absolute values, signs, and rounding.

use super::super::class::{Out, PyTensor};
use super::super::elementwise::{unary, unary_};
use crate::ops::unary::{self as ops, Unary};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// The absolute value; not for `bool`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([-1.5, 2.0]).abs()
    ///     tensor([1.5000, 2.0000])
    fn abs(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::abs)
    }

    /// In-place form of `abs`.
    fn abs_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::abs_)
    }

    /// The negative, `-self`; not for `bool`.
    fn neg(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::neg)
    }

    /// In-place form of `neg`.
    fn neg_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::neg_)
    }

    /// -1, 0 or 1; 0 for NaN.
    fn sign(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::sign)
    }

    /// In-place form of `sign`.
    fn sign_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::sign_)
    }

    /// -1, 0 or 1, as `sign`.
    fn sgn(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::sgn)
    }

    /// In-place form of `sgn`.
    fn sgn_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::sgn_)
    }

    /// The largest integer that is not greater.
    fn floor(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::floor)
    }

    /// In-place form of `floor`.
    fn floor_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::floor_)
    }

    /// The smallest integer that is not less.
    fn ceil(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::ceil)
    }

    /// In-place form of `ceil`.
    fn ceil_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::ceil_)
    }

    /// The integer part, towards zero.
    fn trunc(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::trunc)
    }

    /// In-place form of `trunc`.
    fn trunc_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::trunc_)
    }

    /// The fraction, `self - trunc(self)`, of the sign of `self`. Float dtypes only.
    fn frac(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::frac)
    }

    /// In-place form of `frac`.
    fn frac_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::frac_)
    }

    /// The nearest integer, halves to the even one; or the nearest multiple of `10 ** -decimals`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([0.5, 1.5, 2.5]).round()
    ///     tensor([0., 2., 2.])
    #[pyo3(signature = (*, decimals=None), text_signature = "($self, *, decimals=0)")]
    fn round(&self, py: Python<'_>, decimals: Option<i32>) -> PyResult<Out> {
        unary(py, self, |x| ops::apply_unary(Unary::Round { decimals }, x))
    }

    /// In-place form of `round`.
    #[pyo3(signature = (*, decimals=None), text_signature = "($self, *, decimals=0)")]
    fn round_<'py>(slf: &Bound<'py, Self>, decimals: Option<i32>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, |x| ops::apply_unary_(Unary::Round { decimals }, x))
    }

    /// The tensor itself; not for `bool`.
    fn positive<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        positive(slf)
    }
}

/// `+x`.
pub fn positive<'py>(slf: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyTensor>> {
    if slf.get().dtype_of() == crate::array::DType::Bool {
        return Err(PyRuntimeError::new_err("The `+` operator, on a bool tensor is not supported."));
    }
    Ok(slf.clone())
}
