//! How methods reach the elementwise families: take the operands, let go of the interpreter, wrap the result.

use super::class::{Out, PyTensor};
use crate::array::Scalar;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::binary::Value;
use crate::python::arguments::Operand;
use crate::python::gil::without_gil;
use pyo3::prelude::*;

impl<'py> From<&Bound<'py, PyTensor>> for Operand<'py> {
    fn from(tensor: &Bound<'py, PyTensor>) -> Self {
        Operand::Tensor(tensor.clone())
    }
}

/// Runs `f` on the other operand as the core sees it, knowing about how many elements there are.
#[inline]
fn with<T: Send>(
    py: Python<'_>,
    x: &Tensor,
    other: &Operand<'_>,
    f: impl FnOnce(Value<'_>) -> Result<T> + Send,
) -> PyResult<T> {
    match other {
        Operand::Tensor(y) => {
            let y = &y.get().tensor;
            without_gil(py, x.numel().max(y.numel()), || f(Value::Tensor(y)))
        }
        Operand::Scalar(s) => {
            let s = *s;
            without_gil(py, x.numel(), || f(Value::Scalar(s)))
        }
    }
}

/// `f(x, other)`.
pub fn binary(
    py: Python<'_>,
    x: &PyTensor,
    other: &Operand<'_>,
    f: fn(Value<'_>, Value<'_>) -> Result<Tensor>,
) -> PyResult<Out> {
    with(py, &x.tensor, other, |y| f(Value::Tensor(&x.tensor), y)).map(Out)
}

/// `f(x, other)`, which writes into `x`.
pub fn binary_(
    py: Python<'_>,
    x: &PyTensor,
    other: &Operand<'_>,
    f: for<'a> fn(&'a Tensor, Value<'a>) -> Result<()>,
) -> PyResult<()> {
    with(py, &x.tensor, other, |y| f(&x.tensor, y))
}

/// `f(x, other)`, which writes into `x`; returns `x`.
pub fn inplace<'py>(
    slf: &Bound<'py, PyTensor>,
    other: &Operand<'_>,
    f: for<'a> fn(&'a Tensor, Value<'a>) -> Result<()>,
) -> PyResult<Bound<'py, PyTensor>> {
    binary_(slf.py(), slf.get(), other, f)?;
    Ok(slf.clone())
}

/// `f(x, other, alpha)`.
pub fn scaled(
    py: Python<'_>,
    x: &PyTensor,
    other: &Operand<'_>,
    alpha: Scalar,
    f: fn(Value<'_>, Value<'_>, Scalar) -> Result<Tensor>,
) -> PyResult<Out> {
    with(py, &x.tensor, other, |y| f(Value::Tensor(&x.tensor), y, alpha)).map(Out)
}

/// `f(x, other, alpha)`, which writes into `x`; returns `x`.
pub fn scaled_<'py>(
    slf: &Bound<'py, PyTensor>,
    other: &Operand<'_>,
    alpha: Scalar,
    f: for<'a> fn(&'a Tensor, Value<'a>, Scalar) -> Result<()>,
) -> PyResult<Bound<'py, PyTensor>> {
    let x = &slf.get().tensor;
    with(slf.py(), x, other, |y| f(x, y, alpha))?;
    Ok(slf.clone())
}

/// `f(x)`.
pub fn unary(py: Python<'_>, x: &PyTensor, f: impl FnOnce(&Tensor) -> Result<Tensor> + Send) -> PyResult<Out> {
    let x = &x.tensor;
    without_gil(py, x.numel(), || f(x)).map(Out)
}

/// `f(x)`, which writes into `x`; returns `x`.
pub fn unary_<'py>(
    slf: &Bound<'py, PyTensor>,
    f: impl FnOnce(&Tensor) -> Result<()> + Send,
) -> PyResult<Bound<'py, PyTensor>> {
    let x = &slf.get().tensor;
    without_gil(slf.py(), x.numel(), || f(x))?;
    Ok(slf.clone())
}
