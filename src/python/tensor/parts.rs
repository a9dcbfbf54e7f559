//! Parts of tensors: narrower views, diagonals, windows, and copies with a part replaced.

use super::class::{Out, PyTensor};
use crate::ops::view;
use crate::python::arguments::{IntList, extract_int};
use crate::python::gil::without_gil;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// `length` indices of an axis from `start`, as a view.
    ///
    /// Args:
    ///     dim: the axis.
    ///     start: the first index, which may count from the end; an int or an integer tensor without axes.
    ///     length: the number of indices.
    ///
    /// Raises:
    ///     IndexError: if the start is out of range.
    ///     RuntimeError: if the end is.
    ///
    /// Example:
    ///     >>> rsnn.arange(5).narrow(0, 1, 3)
    ///     tensor([1, 2, 3])
    fn narrow(&self, dim: isize, start: &Bound<'_, PyAny>, length: isize) -> PyResult<Out> {
        Ok(Out(view::narrow(&self.tensor, dim, extract_int(start)?, length)?))
    }

    /// One index of an axis, as a view without that axis.
    ///
    /// Raises:
    ///     IndexError: for an axis or index out of range.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1, 2], [3, 4]]).select(1, 0)
    ///     tensor([1, 3])
    fn select(&self, dim: isize, index: &Bound<'_, PyAny>) -> PyResult<Out> {
        Ok(Out(view::select(&self.tensor, dim, extract_int(index)?)?))
    }

    /// The diagonal of two axes, as a view with a new last axis.
    ///
    /// Args:
    ///     offset: which diagonal: 0 is the main one, positive ones lie above it.
    ///     dim1, dim2: the two axes.
    ///
    /// Raises:
    ///     RuntimeError: if both axes are the same.
    ///
    /// Example:
    ///     >>> rsnn.arange(9).view(3, 3).diagonal(1)
    ///     tensor([1, 5])
    #[pyo3(signature = (offset=0, dim1=0, dim2=1))]
    fn diagonal(&self, offset: isize, dim1: isize, dim2: isize) -> PyResult<Out> {
        Ok(Out(view::diagonal(&self.tensor, offset, dim1, dim2)?))
    }

    /// All windows of `size` along an axis, each `step` after the one before, as a view; the window is a new last axis.
    ///
    /// Raises:
    ///     RuntimeError: if the window is larger than the axis, or the step is not positive.
    ///
    /// Example:
    ///     >>> rsnn.arange(5).unfold(0, 3, 2)
    ///     tensor([[0, 1, 2],
    ///             [2, 3, 4]])
    fn unfold(&self, dimension: isize, size: isize, step: isize) -> PyResult<Out> {
        Ok(Out(view::unfold(&self.tensor, dimension, size, step)?))
    }

    /// A view of the storage under any sizes and strides.
    ///
    /// Args:
    ///     size, stride: of each axis, in elements.
    ///     storage_offset: where the first element lies, from the start of the storage; the tensor's own, if not given.
    ///
    /// Raises:
    ///     RuntimeError: for negative values, and if an element would lie outside of the storage.
    ///
    /// Example:
    ///     >>> rsnn.arange(5).as_strided((3, 2), (1, 2))
    ///     tensor([[0, 2],
    ///             [1, 3],
    ///             [2, 4]])
    #[pyo3(signature = (size, stride, storage_offset=None))]
    fn as_strided(&self, size: IntList, stride: IntList, storage_offset: Option<isize>) -> PyResult<Out> {
        Ok(Out(view::as_strided(&self.tensor, &size.0, &stride.0, storage_offset)?))
    }

    /// A copy of the tensor with one index of an axis replaced by `src`.
    ///
    /// Raises:
    ///     RuntimeError: if `src` has another shape than `select(dim, index)`.
    fn select_scatter(&self, py: Python<'_>, src: &Bound<'_, PyTensor>, dim: isize, index: isize) -> PyResult<Out> {
        let src = &src.get().tensor;
        without_gil(py, self.tensor.numel(), || view::select_scatter(&self.tensor, src, dim, index)).map(Out)
    }

    /// A copy of the tensor with `start:end:step` of an axis replaced by `src`.
    ///
    /// Raises:
    ///     RuntimeError: if `src` has another shape than that slice.
    #[pyo3(signature = (src, dim=0, start=None, end=None, step=1))]
    fn slice_scatter(
        &self,
        py: Python<'_>,
        src: &Bound<'_, PyTensor>,
        dim: isize,
        start: Option<isize>,
        end: Option<isize>,
        step: isize,
    ) -> PyResult<Out> {
        let src = &src.get().tensor;
        without_gil(py, self.tensor.numel(), || view::slice_scatter(&self.tensor, src, dim, start, end, step)).map(Out)
    }

    /// A copy of the tensor with a diagonal replaced by `src`.
    ///
    /// Raises:
    ///     RuntimeError: if `src` has another shape than `diagonal(offset, dim1, dim2)`.
    #[pyo3(signature = (src, offset=0, dim1=0, dim2=1))]
    fn diagonal_scatter(
        &self,
        py: Python<'_>,
        src: &Bound<'_, PyTensor>,
        offset: isize,
        dim1: isize,
        dim2: isize,
    ) -> PyResult<Out> {
        let src = &src.get().tensor;
        without_gil(py, self.tensor.numel(), || view::diagonal_scatter(&self.tensor, src, offset, dim1, dim2)).map(Out)
    }

    /// A copy of the tensor with `src` in the places that sizes and strides over its memory name.
    ///
    /// Raises:
    ///     RuntimeError: if `src` has another shape, or an element would lie outside of the storage.
    ///     NotImplementedError: if two elements would share a place.
    #[pyo3(signature = (src, size, stride, storage_offset=None))]
    fn as_strided_scatter(
        &self,
        py: Python<'_>,
        src: &Bound<'_, PyTensor>,
        size: IntList,
        stride: IntList,
        storage_offset: Option<isize>,
    ) -> PyResult<Out> {
        let (x, src) = (&self.tensor, &src.get().tensor);
        without_gil(py, x.numel(), || view::as_strided_scatter(x, src, &size.0, &stride.0, storage_offset)).map(Out)
    }
}
