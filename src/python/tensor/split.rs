//! Several views at once.

use super::class::PyTensor;
use super::object::wrap;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::view::{self, Sections};
use crate::python::arguments::{IntList, extract_int};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyTuple};

/// Tensors as a tuple.
pub fn tuple(py: Python<'_>, tensors: impl IntoIterator<Item = Tensor>) -> PyResult<Bound<'_, PyTuple>> {
    let objects = tensors.into_iter().map(|t| wrap(py, t)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, objects)
}

/// A number of sections, or indices: an int, a sequence, or an integer tensor.
fn sections(op: &str, given: &Bound<'_, PyAny>) -> PyResult<Sections> {
    if let Ok(tensor) = given.cast::<PyTensor>() {
        let tensor = &tensor.get().tensor;
        let list = given.call_method0("tolist")?;
        return match tensor.ndim() {
            0 => Ok(Sections::Count(list.extract()?)),
            1 => Ok(Sections::Indices(list.extract()?)),
            n => Err(PyTypeError::new_err(format!("{op}: expected sections as a tensor of at most one axis, got {n}"))),
        };
    }
    if given.is_instance_of::<PyInt>() {
        return Ok(Sections::Count(extract_int(given)?));
    }
    Ok(Sections::Indices(given.extract::<IntList>()?.0.to_vec()))
}

impl PyTensor {
    fn evenly<'py>(
        slf: &Bound<'py, Self>,
        name: &str,
        given: &Bound<'_, PyAny>,
        axis: usize,
        min_ndim: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let sections = sections(name, given)?;
        tuple(slf.py(), view::even_split(name, &slf.get().tensor, &sections, axis, min_ndim)?)
    }
}

#[pymethods]
impl PyTensor {
    /// Every index of an axis, as a tuple of views without it.
    ///
    /// Raises:
    ///     IndexError: for an axis out of range.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1, 2], [3, 4]]).unbind(1)
    ///     (tensor([1, 3]), tensor([2, 4]))
    #[pyo3(signature = (dim=0))]
    fn unbind<'py>(slf: &Bound<'py, Self>, dim: isize) -> PyResult<Bound<'py, PyTuple>> {
        tuple(slf.py(), view::unbind(&slf.get().tensor, dim)?)
    }

    /// Pieces along an axis, as a tuple of views.
    ///
    /// Args:
    ///     split_size: the size of the pieces (the last one may be smaller), or a sequence with the size of each.
    ///     dim: the axis.
    ///
    /// Raises:
    ///     RuntimeError: for negative sizes, or if the sizes do not add up to that of the axis.
    ///
    /// Example:
    ///     >>> rsnn.arange(5).split(2)
    ///     (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    #[pyo3(signature = (split_size, dim=0))]
    fn split<'py>(slf: &Bound<'py, Self>, split_size: &Bound<'py, PyAny>, dim: isize) -> PyResult<Bound<'py, PyTuple>> {
        let tensor = &slf.get().tensor;
        let pieces = match extract_int(split_size) {
            Ok(size) => view::split(tensor, size, dim)?,
            Err(_) => view::split_with_sizes(tensor, &split_size.extract::<IntList>()?.0, dim)?,
        };
        tuple(slf.py(), pieces)
    }

    /// Pieces of the sizes given along an axis, as a tuple of views.
    ///
    /// Raises:
    ///     RuntimeError: for negative sizes, or if the sizes do not add up to that of the axis.
    #[pyo3(signature = (split_sizes, dim=0))]
    fn split_with_sizes<'py>(
        slf: &Bound<'py, Self>,
        split_sizes: IntList,
        dim: isize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        tuple(slf.py(), view::split_with_sizes(&slf.get().tensor, &split_sizes.0, dim)?)
    }

    /// At most `chunks` pieces of equal size along an axis, as a tuple of views; the last one may be smaller.
    ///
    /// Raises:
    ///     RuntimeError: unless `chunks` is positive.
    ///
    /// Example:
    ///     >>> rsnn.arange(5).chunk(2)
    ///     (tensor([0, 1, 2]), tensor([3, 4]))
    #[pyo3(signature = (chunks, dim=0))]
    fn chunk<'py>(slf: &Bound<'py, Self>, chunks: isize, dim: isize) -> PyResult<Bound<'py, PyTuple>> {
        tuple(slf.py(), view::chunk(&slf.get().tensor, chunks, dim)?)
    }

    /// Pieces along an axis, as a tuple of views.
    ///
    /// Args:
    ///     indices_or_sections: a number of pieces, whose sizes differ by at most one, or the indices to cut before.
    ///     dim: the axis.
    ///
    /// Raises:
    ///     RuntimeError: unless the number is positive.
    ///
    /// Example:
    ///     >>> rsnn.arange(5).tensor_split((1, 3))
    ///     (tensor([0]), tensor([1, 2]), tensor([3, 4]))
    #[pyo3(signature = (indices_or_sections=None, dim=0, *, sections=None, indices=None))]
    fn tensor_split<'py>(
        slf: &Bound<'py, Self>,
        indices_or_sections: Option<Bound<'py, PyAny>>,
        dim: isize,
        sections: Option<Bound<'py, PyAny>>,
        indices: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let given: Vec<_> = [indices_or_sections, sections, indices].into_iter().flatten().collect();
        let [given] = given.as_slice() else {
            return Err(PyTypeError::new_err("tensor_split(): expected one of indices_or_sections, sections, indices"));
        };
        let pieces: Result<Vec<Tensor>> =
            view::tensor_split(&slf.get().tensor, &self::sections("tensor_split", given)?, dim);
        tuple(slf.py(), pieces?)
    }

    /// Pieces along the second axis (the only one, if there is one), as a tuple of views.
    ///
    /// Args:
    ///     indices_or_sections: a number of pieces of equal size, or the indices to cut before.
    ///
    /// Raises:
    ///     RuntimeError: if the number does not divide the axis.
    fn hsplit<'py>(slf: &Bound<'py, Self>, indices_or_sections: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        let axis = usize::from(slf.get().tensor.ndim() > 1);
        Self::evenly(slf, "hsplit", indices_or_sections, axis, 1)
    }

    /// Pieces along the first axis, as a tuple of views; as `hsplit`, for at least two axes.
    fn vsplit<'py>(slf: &Bound<'py, Self>, indices_or_sections: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        Self::evenly(slf, "vsplit", indices_or_sections, 0, 2)
    }

    /// Pieces along the third axis, as a tuple of views; as `hsplit`, for at least three axes.
    fn dsplit<'py>(slf: &Bound<'py, Self>, indices_or_sections: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        Self::evenly(slf, "dsplit", indices_or_sections, 2, 3)
    }

    /// Iterates over the first axis.
    ///
    /// Raises:
    ///     TypeError: for a tensor without axes.
    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        if slf.get().tensor.ndim() == 0 {
            return Err(PyTypeError::new_err("iteration over a 0-d tensor"));
        }
        let rows = tuple(slf.py(), view::unbind(&slf.get().tensor, 0)?)?;
        Ok(rows.try_iter()?.into_any())
    }
}

/// Pieces along an axis, as a tuple of views.
///
/// Args:
///     tensor: what is cut.
///     split_size_or_sections: the size of the pieces (the last one may be smaller), or a sequence with the size of each.
///     dim: the axis.
///
/// Raises:
///     RuntimeError: for negative sizes, or if the sizes do not add up to that of the axis.
///
/// Example:
///     >>> rsnn.split(rsnn.arange(5), [1, 4])
///     (tensor([0]), tensor([1, 2, 3, 4]))
#[pyfunction]
#[pyo3(signature = (tensor, split_size_or_sections, dim=0))]
fn split<'py>(
    tensor: &Bound<'py, PyTensor>,
    split_size_or_sections: &Bound<'py, PyAny>,
    dim: isize,
) -> PyResult<Bound<'py, PyTuple>> {
    PyTensor::split(tensor, split_size_or_sections, dim)
}

/// Tensors stretched to their common shape, as a tuple of views.
///
/// Raises:
///     RuntimeError: where the shapes do not broadcast.
///
/// Example:
///     >>> [x.shape for x in rsnn.broadcast_tensors(rsnn.zeros(2, 1), rsnn.zeros(3))]
///     [rsnn.Size([2, 3]), rsnn.Size([2, 3])]
#[pyfunction]
#[pyo3(signature = (*tensors))]
fn broadcast_tensors<'py>(tensors: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyTuple>> {
    let py = tensors.py();
    let list = match tensors.len() {
        1 if !tensors.get_item(0)?.is_instance_of::<PyTensor>() => {
            super::join::tensor_list("broadcast_tensors", &tensors.get_item(0)?)?
        }
        _ => super::join::tensor_list("broadcast_tensors", tensors.as_any())?,
    };
    let references: Vec<&Tensor> = list.iter().collect();
    tuple(py, view::broadcast_tensors(&references)?)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(split, m)?)?;
    m.add_function(wrap_pyfunction!(broadcast_tensors, m)?)
}
