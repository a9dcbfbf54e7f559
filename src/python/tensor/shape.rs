//! Views and reshapes.

use super::class::{Out, PyTensor};
use crate::ops::view;
use crate::python::arguments::{IntList, Ints, variadic_ints};
use crate::python::dtype::DTypeArg;
use crate::python::gil::without_gil;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Sizes given one by one, as one sequence, or by keyword.
pub fn ints(op: &str, args: &Bound<'_, PyTuple>, keyword: Option<IntList>) -> PyResult<Ints> {
    match keyword {
        Some(list) if args.is_empty() => Ok(list.0),
        Some(_) => Err(PyTypeError::new_err(format!("{op}(): got sizes by position and by keyword"))),
        None => variadic_ints(args).map_err(|why| PyTypeError::new_err(format!("{op}(): {}", why.value(args.py())))),
    }
}

impl PyTensor {
    /// Elements that a reshape may have to copy.
    fn copied(&self) -> usize {
        self.tensor.with_array(|a| if a.is_contiguous() { 0 } else { a.numel() })
    }
}

#[pymethods]
impl PyTensor {
    /// A view of another shape, or the same bytes as another dtype.
    ///
    /// Args:
    ///     shape: the sizes, one by one or as one sequence; one of them may be -1. Or a dtype: then the last axis grows or
    ///         shrinks by the ratio of the element sizes, and no gradient flows.
    ///
    /// Raises:
    ///     RuntimeError: if the number of elements differs, or if the strides cannot express the shape: use `reshape`.
    ///     NotImplementedError: for a dtype view from or to `bool`.
    ///
    /// Example:
    ///     >>> rsnn.arange(6).view(2, -1)
    ///     tensor([[0, 1, 2],
    ///             [3, 4, 5]])
    #[pyo3(signature = (*args, size=None, dtype=None), text_signature = "($self, *shape)")]
    fn view(&self, args: &Bound<'_, PyTuple>, size: Option<IntList>, dtype: Option<DTypeArg>) -> PyResult<Out> {
        let dtype = match args.len() {
            1 => args.get_item(0)?.extract::<DTypeArg>().ok(),
            _ => dtype,
        };
        if let Some(dtype) = dtype {
            return Ok(Out(view::view_dtype(&self.tensor, dtype.0)?));
        }
        if args.is_empty() && size.is_none() {
            return Err(PyTypeError::new_err(
                "view() received an invalid combination of arguments: expected sizes or a dtype",
            ));
        }
        Ok(Out(view::view(&self.tensor, &ints("view", args, size)?)?))
    }

    /// A view of the shape of another tensor.
    ///
    /// Raises:
    ///     RuntimeError: as `view`.
    fn view_as(&self, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        let sizes: Ints = other.get().tensor.shape().iter().map(|&n| n as isize).collect();
        Ok(Out(view::view(&self.tensor, &sizes)?))
    }

    /// Another shape: a view where the strides allow it, else a copy.
    ///
    /// Args:
    ///     shape: the sizes, one by one or as one sequence; one of them may be -1.
    ///
    /// Raises:
    ///     RuntimeError: if the number of elements differs.
    ///
    /// Example:
    ///     >>> rsnn.arange(4).reshape(2, 2).t().reshape(-1)
    ///     tensor([0, 2, 1, 3])
    #[pyo3(signature = (*args, shape=None), text_signature = "($self, *shape)")]
    fn reshape(&self, py: Python<'_>, args: &Bound<'_, PyTuple>, shape: Option<IntList>) -> PyResult<Out> {
        let sizes = ints("reshape", args, shape)?;
        without_gil(py, self.copied(), || view::reshape(&self.tensor, &sizes)).map(Out)
    }

    /// As `reshape`, to the shape of another tensor.
    fn reshape_as(&self, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        let shape = other.get().tensor.shape();
        without_gil(py, self.copied(), || view::reshape_to(&self.tensor, &shape)).map(Out)
    }

    /// The axes from `start_dim` to `end_dim` made one.
    ///
    /// Raises:
    ///     IndexError: for axes out of range.
    ///     RuntimeError: if `start_dim` comes after `end_dim`.
    ///
    /// Example:
    ///     >>> rsnn.zeros(2, 3, 4).flatten(1).shape
    ///     rsnn.Size([2, 12])
    #[pyo3(signature = (start_dim=0, end_dim=-1), text_signature = "($self, start_dim=0, end_dim=-1)")]
    fn flatten(&self, py: Python<'_>, start_dim: isize, end_dim: isize) -> PyResult<Out> {
        without_gil(py, self.copied(), || view::flatten(&self.tensor, start_dim, end_dim)).map(Out)
    }

    /// All elements in one axis: a view where the strides allow it, else a copy.
    fn ravel(&self, py: Python<'_>) -> PyResult<Out> {
        without_gil(py, self.copied(), || view::ravel(&self.tensor)).map(Out)
    }

    /// One axis made several.
    ///
    /// Args:
    ///     dim: the axis.
    ///     sizes: of the new axes; one of them may be -1.
    ///
    /// Raises:
    ///     RuntimeError: if the sizes do not multiply up to that of the axis.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3, 8).unflatten(1, (2, -1)).shape
    ///     rsnn.Size([3, 2, 4])
    fn unflatten(&self, dim: isize, sizes: IntList) -> PyResult<Out> {
        Ok(Out(view::unflatten(&self.tensor, dim, &sizes.0)?))
    }

    /// A view with a new axis of size 1 before `dim`.
    ///
    /// Raises:
    ///     IndexError: for an axis out of range.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).unsqueeze(-1).shape
    ///     rsnn.Size([3, 1])
    fn unsqueeze(&self, dim: isize) -> PyResult<Out> {
        Ok(Out(view::unsqueeze(&self.tensor, dim)?))
    }

    /// A view without axes of size 1.
    ///
    /// Args:
    ///     dim: an axis or several; all, if not given. Axes of another size stay.
    ///
    /// Raises:
    ///     IndexError: for axes out of range.
    ///
    /// Example:
    ///     >>> rsnn.zeros(1, 3, 1).squeeze(0).shape
    ///     rsnn.Size([3, 1])
    #[pyo3(signature = (dim=None))]
    fn squeeze(&self, dim: Option<IntList>) -> PyResult<Out> {
        Ok(Out(view::squeeze(&self.tensor, dim.as_ref().map(|d| d.0.as_slice()))?))
    }

    /// A view with the axes in another order: axis `i` of the view is axis `dims[i]` of the tensor.
    ///
    /// Raises:
    ///     RuntimeError: unless every axis is named once.
    ///
    /// Example:
    ///     >>> rsnn.zeros(2, 3, 4).permute(2, 0, 1).shape
    ///     rsnn.Size([4, 2, 3])
    #[pyo3(signature = (*args, dims=None), text_signature = "($self, *dims)")]
    fn permute(&self, args: &Bound<'_, PyTuple>, dims: Option<IntList>) -> PyResult<Out> {
        Ok(Out(view::permute(&self.tensor, &ints("permute", args, dims)?)?))
    }

    /// A view with two axes exchanged.
    ///
    /// Raises:
    ///     IndexError: for axes out of range.
    ///
    /// Example:
    ///     >>> rsnn.zeros(2, 3, 4).transpose(0, -1).shape
    ///     rsnn.Size([4, 3, 2])
    fn transpose(&self, dim0: isize, dim1: isize) -> PyResult<Out> {
        Ok(Out(view::transpose(&self.tensor, dim0, dim1)?))
    }

    /// As `transpose`.
    fn swapaxes(&self, axis0: isize, axis1: isize) -> PyResult<Out> {
        Ok(Out(view::transpose(&self.tensor, axis0, axis1)?))
    }

    /// As `transpose`.
    fn swapdims(&self, dim0: isize, dim1: isize) -> PyResult<Out> {
        Ok(Out(view::transpose(&self.tensor, dim0, dim1)?))
    }

    /// The transpose of a matrix, as a view; a tensor of one axis or none is its own.
    ///
    /// Raises:
    ///     RuntimeError: for more than two axes.
    fn t(&self) -> PyResult<Out> {
        Ok(Out(view::t(&self.tensor)?))
    }

    /// A view with all axes in reverse order.
    #[getter(T)]
    fn transposed(&self) -> PyResult<Out> {
        Ok(Out(view::reverse_axes(&self.tensor)?))
    }

    /// A view with the last two axes exchanged.
    ///
    /// Raises:
    ///     RuntimeError: for a single axis.
    #[getter(mT)]
    fn matrix_transposed(&self) -> PyResult<Out> {
        Ok(Out(view::matrix_transpose(&self.tensor, "tensor.mT")?))
    }

    /// As `mT`: numbers here are real.
    #[getter(mH)]
    fn matrix_adjoint(&self) -> PyResult<Out> {
        Ok(Out(view::matrix_transpose(&self.tensor, "tensor.mH")?))
    }

    /// The transpose of a matrix.
    ///
    /// Raises:
    ///     RuntimeError: unless it has two axes, or none.
    #[getter(H)]
    fn conjugate_transposed(&self) -> PyResult<Out> {
        let ndim = self.tensor.ndim();
        if ndim != 2 && ndim != 0 {
            return Err(PyRuntimeError::new_err(format!(
                "tensor.H is only supported on matrices (2-D tensors). Got {ndim}-D tensor. For batches of matrices, consider \
                 using tensor.mH"
            )));
        }
        Ok(Out(if ndim == 0 { self.tensor.clone() } else { view::transpose(&self.tensor, 0, 1)? }))
    }

    /// As `mT`: numbers here are real.
    fn adjoint(&self) -> PyResult<Out> {
        Ok(Out(view::matrix_transpose(&self.tensor, "tensor.adjoint()")?))
    }

    /// A view with axes moved to other places; the others keep their order.
    ///
    /// Args:
    ///     source: an axis or several.
    ///     destination: where each of them is to stand.
    ///
    /// Raises:
    ///     RuntimeError: if the lists differ in length or repeat an axis.
    ///
    /// Example:
    ///     >>> rsnn.zeros(2, 3, 4).movedim(0, -1).shape
    ///     rsnn.Size([3, 4, 2])
    fn movedim(&self, source: IntList, destination: IntList) -> PyResult<Out> {
        Ok(Out(view::movedim(&self.tensor, &source.0, &destination.0)?))
    }

    /// As `movedim`.
    fn moveaxis(&self, source: IntList, destination: IntList) -> PyResult<Out> {
        Ok(Out(view::movedim(&self.tensor, &source.0, &destination.0)?))
    }

    /// A view stretched to larger sizes, without a copy: axes of size 1 may grow, new axes may come in front.
    ///
    /// Args:
    ///     size: the sizes, one by one or as one sequence; -1 keeps a size.
    ///
    /// Raises:
    ///     RuntimeError: where a size does not fit.
    ///
    /// Example:
    ///     >>> rsnn.arange(3).expand(2, -1)
    ///     tensor([[0, 1, 2],
    ///             [0, 1, 2]])
    #[pyo3(signature = (*args, size=None, implicit=false), text_signature = "($self, *size)")]
    fn expand(&self, args: &Bound<'_, PyTuple>, size: Option<IntList>, implicit: bool) -> PyResult<Out> {
        // PyTorch's own mark of expansions that broadcasting makes; it changes nothing.
        let _ = implicit;
        Ok(Out(view::expand(&self.tensor, &ints("expand", args, size)?)?))
    }

    /// As `expand`, to the shape of another tensor.
    fn expand_as(&self, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        Ok(Out(view::broadcast_to(&self.tensor, &other.get().tensor.shape())?))
    }

    /// As `expand`.
    #[pyo3(signature = (*args, size=None), text_signature = "($self, size)")]
    fn broadcast_to(&self, args: &Bound<'_, PyTuple>, size: Option<IntList>) -> PyResult<Out> {
        Ok(Out(view::expand(&self.tensor, &ints("broadcast_to", args, size)?)?))
    }
}
