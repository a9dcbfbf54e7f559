//! Questions about every element.

use super::super::class::{Out, PyTensor};
use super::super::elementwise::{unary, unary_};
use crate::array::{Array, DType, Scalar};
use crate::autograd::Tensor;
use crate::ops::unary as ops;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// Where it is NaN, as a `bool` tensor.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, float("nan")]).isnan()
    ///     tensor([False,  True])
    fn isnan(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::isnan)
    }

    /// Where it is an infinity, as a `bool` tensor.
    fn isinf(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::isinf)
    }

    /// Where it is neither an infinity nor NaN, as a `bool` tensor.
    fn isfinite(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::isfinite)
    }

    /// Where it is positive infinity, as a `bool` tensor.
    fn isposinf(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::isposinf)
    }

    /// Where it is negative infinity, as a `bool` tensor.
    fn isneginf(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::isneginf)
    }

    /// Where the sign bit is set, as a `bool` tensor; -0.0 has it.
    fn signbit(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::signbit)
    }

    /// True everywhere: there are no complex dtypes.
    fn isreal(&self) -> PyResult<Out> {
        Ok(Out(Tensor::new(Array::full(&self.tensor.shape(), Scalar::Bool(true), DType::Bool)?)))
    }

    /// Where it is 0, as a `bool` tensor.
    fn logical_not(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::logical_not)
    }

    /// In-place form of `logical_not`.
    fn logical_not_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::logical_not_)
    }

    /// All bits inverted; of `bool`, the other value.
    fn bitwise_not(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::bitwise_not)
    }

    /// In-place form of `bitwise_not`.
    fn bitwise_not_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::bitwise_not_)
    }
}
