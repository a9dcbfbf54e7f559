//! Elements in other places: reversed, rotated, repeated, triangles, diagonals.

use super::class::{Out, PyTensor};
use super::shape::ints;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::{rearrange, reduce, view};
use crate::python::arguments::{IntList, Ints};
use crate::python::gil::without_gil;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

impl PyTensor {
    fn rearranged(&self, py: Python<'_>, f: impl FnOnce(&Tensor) -> Result<Tensor> + Send) -> PyResult<Out> {
        without_gil(py, self.tensor.numel(), || f(&self.tensor)).map(Out)
    }
}

#[pymethods]
impl PyTensor {
    /// A copy with some axes reversed.
    ///
    /// Args:
    ///     dims: the axes, one by one or as one sequence.
    ///
    /// Raises:
    ///     IndexError: for axes out of range.
    ///     RuntimeError: for an axis given twice.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1, 2], [3, 4]]).flip(0)
    ///     tensor([[3, 4],
    ///             [1, 2]])
    #[pyo3(signature = (*args, dims=None), text_signature = "($self, *dims)")]
    fn flip(&self, py: Python<'_>, args: &Bound<'_, PyTuple>, dims: Option<IntList>) -> PyResult<Out> {
        let axes = ints("flip", args, dims)?;
        self.rearranged(py, |x| rearrange::flip(x, &axes))
    }

    /// A copy with the elements moved on along axes; those that leave at the end come back at the start.
    ///
    /// Args:
    ///     shifts: how many places, one number for each axis; negative ones move back.
    ///     dims: the axes. Without them the tensor is rolled as if it had only one.
    ///
    /// Raises:
    ///     RuntimeError: unless there is a shift for each axis.
    ///     IndexError: for axes out of range.
    ///
    /// Example:
    ///     >>> rsnn.arange(4).roll(1)
    ///     tensor([3, 0, 1, 2])
    #[pyo3(signature = (shifts, dims=None))]
    fn roll(&self, py: Python<'_>, shifts: IntList, dims: Option<IntList>) -> PyResult<Out> {
        let axes = dims.map_or_else(Ints::new, |d| d.0);
        self.rearranged(py, |x| rearrange::roll(x, &shifts.0, &axes))
    }

    /// Copies of the tensor side by side.
    ///
    /// Args:
    ///     repeats: how many copies along each axis, one by one or as one sequence; more numbers than axes make new axes in
    ///         front.
    ///
    /// Raises:
    ///     RuntimeError: for fewer numbers than axes, and for negative ones.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1, 2]).repeat(2, 2)
    ///     tensor([[1, 2, 1, 2],
    ///             [1, 2, 1, 2]])
    #[pyo3(signature = (*args, repeats=None), text_signature = "($self, *repeats)")]
    fn repeat(&self, py: Python<'_>, args: &Bound<'_, PyTuple>, repeats: Option<IntList>) -> PyResult<Out> {
        let times = ints("repeat", args, repeats)?;
        self.rearranged(py, |x| rearrange::repeat(x, &times))
    }

    /// Copies of the tensor side by side; as `repeat`, but numbers for leading axes may be left out.
    ///
    /// Args:
    ///     dims: how many copies along each of the last axes, one by one or as one sequence.
    ///
    /// Raises:
    ///     RuntimeError: for negative numbers.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1], [2]]).tile(2)
    ///     tensor([[1, 1],
    ///             [2, 2]])
    #[pyo3(signature = (*args, dims=None), text_signature = "($self, *dims)")]
    fn tile(&self, py: Python<'_>, args: &Bound<'_, PyTuple>, dims: Option<IntList>) -> PyResult<Out> {
        let times = ints("tile", args, dims)?;
        self.rearranged(py, |x| rearrange::tile(x, &times))
    }

    /// The lower triangles of matrices, with zeros elsewhere.
    ///
    /// Args:
    ///     diagonal: the last diagonal that is kept: 0 is the main one, positive ones lie above it.
    ///
    /// Raises:
    ///     RuntimeError: for fewer than two axes.
    ///
    /// Example:
    ///     >>> rsnn.ones(2, 2).tril()
    ///     tensor([[1., 0.],
    ///             [1., 1.]])
    #[pyo3(signature = (diagonal=0))]
    fn tril(&self, py: Python<'_>, diagonal: isize) -> PyResult<Out> {
        self.rearranged(py, |x| rearrange::tril(x, diagonal))
    }

    /// The upper triangles of matrices, with zeros elsewhere.
    ///
    /// Args:
    ///     diagonal: the first diagonal that is kept: 0 is the main one, positive ones lie above it.
    ///
    /// Raises:
    ///     RuntimeError: for fewer than two axes.
    ///
    /// Example:
    ///     >>> rsnn.ones(2, 2).triu(1)
    ///     tensor([[0., 1.],
    ///             [0., 0.]])
    #[pyo3(signature = (diagonal=0))]
    fn triu(&self, py: Python<'_>, diagonal: isize) -> PyResult<Out> {
        self.rearranged(py, |x| rearrange::triu(x, diagonal))
    }

    /// `tril` in place.
    #[pyo3(signature = (diagonal=0))]
    fn tril_<'py>(slf: Bound<'py, Self>, diagonal: isize) -> PyResult<Bound<'py, Self>> {
        let x = &slf.get().tensor;
        without_gil(slf.py(), x.numel(), || rearrange::tril_(x, diagonal))?;
        Ok(slf)
    }

    /// `triu` in place.
    #[pyo3(signature = (diagonal=0))]
    fn triu_<'py>(slf: Bound<'py, Self>, diagonal: isize) -> PyResult<Bound<'py, Self>> {
        let x = &slf.get().tensor;
        without_gil(slf.py(), x.numel(), || rearrange::triu_(x, diagonal))?;
        Ok(slf)
    }

    /// Matrices that have the last axis as their diagonal, and zeros elsewhere.
    ///
    /// Args:
    ///     offset: which diagonal: 0 is the main one, positive ones lie above it.
    ///     dim1, dim2: the places of the axes of the matrices in the result.
    ///
    /// Raises:
    ///     RuntimeError: if both axes are the same.
    ///     IndexError: for axes out of range.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1, 2]).diag_embed()
    ///     tensor([[1, 0],
    ///             [0, 2]])
    #[pyo3(signature = (offset=0, dim1=-2, dim2=-1), text_signature = "($self, offset=0, dim1=-2, dim2=-1)")]
    fn diag_embed(&self, py: Python<'_>, offset: isize, dim1: isize, dim2: isize) -> PyResult<Out> {
        self.rearranged(py, |x| view::diag_embed(x, offset, dim1, dim2))
    }

    /// The matrix with the elements of a vector as its diagonal, or the diagonal of a matrix as a copy.
    ///
    /// Args:
    ///     diagonal: which diagonal: 0 is the main one, positive ones lie above it.
    ///
    /// Raises:
    ///     RuntimeError: unless the tensor has one axis or two.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1, 2], [3, 4]]).diag()
    ///     tensor([1, 4])
    #[pyo3(signature = (diagonal=0))]
    fn diag(&self, py: Python<'_>, diagonal: isize) -> PyResult<Out> {
        self.rearranged(py, |x| view::diag(x, diagonal))
    }

    /// The matrix with all elements of the tensor as its diagonal.
    ///
    /// Args:
    ///     offset: which diagonal: 0 is the main one, positive ones lie above it.
    #[pyo3(signature = (offset=0))]
    fn diagflat(&self, py: Python<'_>, offset: isize) -> PyResult<Out> {
        self.rearranged(py, |x| view::diag_embed(&view::flatten(x, 0, -1)?, offset, 0, 1))
    }

    /// The sum of the main diagonal of a matrix.
    ///
    /// Raises:
    ///     RuntimeError: unless the tensor has two axes.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1, 2], [3, 4]]).trace()
    ///     tensor(5)
    fn trace(&self, py: Python<'_>) -> PyResult<Out> {
        let ndim = self.tensor.ndim();
        if ndim != 2 {
            return Err(PyRuntimeError::new_err(format!("trace: expected a matrix, but got tensor with dim {ndim}")));
        }
        self.rearranged(py, |x| reduce::sum(&view::diagonal(x, 0, 0, 1)?, None, false, None))
    }
}
