//! Comparisons and logic; results are `bool` tensors.

use super::class::{Out, PyTensor};
use super::elementwise::{binary, inplace};
use crate::ops::binary as ops;
use crate::python::arguments::Operand;
use crate::python::gil::without_gil;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// Where `self == other`, as a `bool` tensor.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1, 2]).eq(rsnn.tensor([1, 3]))
    ///     tensor([ True, False])
    fn eq(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::eq(a, b))
    }

    /// In-place form of `eq`.
    fn eq_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::eq_(a, b))
    }

    /// Where `self != other`, as a `bool` tensor.
    fn ne(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::ne(a, b))
    }

    /// In-place form of `ne`.
    fn ne_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::ne_(a, b))
    }

    /// Where `self < other`, as a `bool` tensor.
    fn lt(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::lt(a, b))
    }

    /// In-place form of `lt`.
    fn lt_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::lt_(a, b))
    }

    /// Where `self <= other`, as a `bool` tensor.
    fn le(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::le(a, b))
    }

    /// In-place form of `le`.
    fn le_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::le_(a, b))
    }

    /// Where `self > other`, as a `bool` tensor.
    fn gt(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::gt(a, b))
    }

    /// In-place form of `gt`.
    fn gt_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::gt_(a, b))
    }

    /// Where `self >= other`, as a `bool` tensor.
    fn ge(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::ge(a, b))
    }

    /// In-place form of `ge`.
    fn ge_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::ge_(a, b))
    }

    /// Where both are non-zero, as a `bool` tensor.
    fn logical_and(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::logical_and(a, b))
    }

    /// In-place form of `logical_and`.
    fn logical_and_<'py>(slf: &Bound<'py, Self>, other: &Bound<'_, PyTensor>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other.into(), |a, b| ops::logical_and_(a, b))
    }

    /// Where either is non-zero, as a `bool` tensor.
    fn logical_or(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::logical_or(a, b))
    }

    /// In-place form of `logical_or`.
    fn logical_or_<'py>(slf: &Bound<'py, Self>, other: &Bound<'_, PyTensor>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other.into(), |a, b| ops::logical_or_(a, b))
    }

    /// Where exactly one is non-zero, as a `bool` tensor.
    fn logical_xor(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        binary(py, self, &other.into(), |a, b| ops::logical_xor(a, b))
    }

    /// In-place form of `logical_xor`.
    fn logical_xor_<'py>(slf: &Bound<'py, Self>, other: &Bound<'_, PyTensor>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other.into(), |a, b| ops::logical_xor_(a, b))
    }

    /// Whether both have the same shape and equal elements.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1, 2]).equal(rsnn.tensor([1.0, 2.0]))
    ///     True
    fn equal(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<bool> {
        let (a, b) = (&self.tensor, &other.get().tensor);
        without_gil(py, a.numel(), || ops::equal(a, b))
    }

    /// Where `abs(self - other) <= atol + rtol * abs(other)`, as a `bool` tensor.
    ///
    /// Args:
    ///     other: a tensor of the same dtype.
    ///     rtol: tolerance relative to `other`.
    ///     atol: absolute tolerance.
    ///     equal_nan: whether NaN equals NaN.
    ///
    /// Raises:
    ///     RuntimeError: for different dtypes and for negative tolerances.
    #[pyo3(signature = (other, rtol=1e-5, atol=1e-8, equal_nan=false))]
    fn isclose(
        &self,
        py: Python<'_>,
        other: &Bound<'_, PyTensor>,
        rtol: f64,
        atol: f64,
        equal_nan: bool,
    ) -> PyResult<Out> {
        let (a, b) = (&self.tensor, &other.get().tensor);
        without_gil(py, a.numel(), || ops::isclose(a, b, rtol, atol, equal_nan)).map(Out)
    }

    /// Whether `isclose` holds everywhere; arguments as there.
    #[pyo3(signature = (other, rtol=1e-5, atol=1e-8, equal_nan=false))]
    fn allclose(
        &self,
        py: Python<'_>,
        other: &Bound<'_, PyTensor>,
        rtol: f64,
        atol: f64,
        equal_nan: bool,
    ) -> PyResult<bool> {
        let (a, b) = (&self.tensor, &other.get().tensor);
        without_gil(py, a.numel(), || ops::allclose(a, b, rtol, atol, equal_nan))
    }
}
