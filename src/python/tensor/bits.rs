//! Bits of integers.

use super::class::{Out, PyTensor};
use super::elementwise::{binary, inplace};
use crate::ops::binary as ops;
use crate::python::arguments::Operand;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// The bits that are set in both; for integers and `bool`.
    fn bitwise_and(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::bitwise_and(a, b))
    }

    /// In-place form of `bitwise_and`.
    fn bitwise_and_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::bitwise_and_(a, b))
    }

    /// The bits that are set in either; for integers and `bool`.
    fn bitwise_or(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::bitwise_or(a, b))
    }

    /// In-place form of `bitwise_or`.
    fn bitwise_or_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::bitwise_or_(a, b))
    }

    /// The bits that are set in exactly one; for integers and `bool`.
    fn bitwise_xor(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::bitwise_xor(a, b))
    }

    /// In-place form of `bitwise_xor`.
    fn bitwise_xor_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::bitwise_xor_(a, b))
    }

    /// `self * 2 ** other` for integers; bits that leave the dtype are lost.
    fn bitwise_left_shift(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::shift_left(a, b))
    }

    /// In-place form of `bitwise_left_shift`.
    fn bitwise_left_shift_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::shift_left_(a, b))
    }

    /// `floor(self / 2 ** other)` for integers.
    fn bitwise_right_shift(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::shift_right(a, b))
    }

    /// In-place form of `bitwise_right_shift`.
    fn bitwise_right_shift_<'py>(slf: &Bound<'py, Self>, other: Operand<'_>) -> PyResult<Bound<'py, Self>> {
        inplace(slf, &other, |a, b| ops::shift_right_(a, b))
    }
}
