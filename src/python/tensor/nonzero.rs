//! Where tensors are not zero, and rows of tables.

use super::class::{Out, PyTensor};
use super::lookups::refuse_sparse;
use super::object::wrap;
use crate::ops::{index, view};
use crate::python::gil::without_gil;
use crate::python::results::tuple;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// The indices of the elements that are not zero, in row-major order.
    ///
    /// Args:
    ///     as_tuple: whether to return one vector for each axis, which can index the tensor, instead of a row for each element.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[0, 1], [2, 0]]).nonzero()
    ///     tensor([[0, 1],
    ///             [1, 0]])
    #[pyo3(signature = (*, as_tuple=false))]
    fn nonzero<'py>(&self, py: Python<'py>, as_tuple: bool) -> PyResult<Bound<'py, PyAny>> {
        let x = &self.tensor;
        if !as_tuple {
            return Ok(wrap(py, without_gil(py, x.numel(), || index::nonzero(x))?)?.into_any());
        }
        let columns = without_gil(py, x.numel(), || {
            // A tensor without axes counts as having one.
            let x = if x.ndim() == 0 { view::unsqueeze(x, 0)? } else { x.clone() };
            view::unbind(&index::nonzero(&x)?, 1)
        })?;
        Ok(tuple(py, columns)?.into_any())
    }

    /// The indices of the elements that are not zero, a row for each: `nonzero()`.
    #[pyo3(signature = ())]
    fn argwhere(&self, py: Python<'_>) -> PyResult<Out> {
        without_gil(py, self.tensor.numel(), || index::nonzero(&self.tensor)).map(Out)
    }

    /// As `nonzero`, with a known number of rows: cut off, or filled up.
    ///
    /// Args:
    ///     size: the number of rows.
    ///     fill_value: what further rows hold.
    ///
    /// Raises:
    ///     RuntimeError: for a negative size.
    ///
    /// Example:
    ///     >>> rsnn.tensor([0, 3, 4]).nonzero_static(size=3)
    ///     tensor([[ 1],
    ///             [ 2],
    ///             [-1]])
    #[pyo3(signature = (*, size, fill_value=-1), text_signature = "($self, *, size, fill_value=-1)")]
    fn nonzero_static(&self, py: Python<'_>, size: i64, fill_value: i64) -> PyResult<Out> {
        without_gil(py, self.tensor.numel(), || index::nonzero_static(&self.tensor, size, fill_value)).map(Out)
    }
}

/// The rows of a table that `indices` names.
///
/// Args:
///     weight: the table, `(rows, width)`.
///     indices: int64 or int32, of any shape.
///     padding_idx: a row that gets no gradient; none if negative.
///     scale_grad_by_freq: whether the gradient of a row is divided by how often it is named.
///     sparse: must be `False`.
///
/// Raises:
///     RuntimeError: for a table that is no matrix, and indices of another dtype.
///     IndexError: for numbers out of range.
///     NotImplementedError: for `sparse=True`.
///
/// Example:
///     >>> rsnn.embedding(rsnn.tensor([[1.0, 2.0], [3.0, 4.0]]), rsnn.tensor([1, 0]))
///     tensor([[3., 4.],
///             [1., 2.]])
#[pyfunction]
#[pyo3(signature = (weight, indices, padding_idx=-1, scale_grad_by_freq=false, sparse=false),
       text_signature = "(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False)")]
fn embedding(
    py: Python<'_>,
    weight: &Bound<'_, PyTensor>,
    indices: &Bound<'_, PyTensor>,
    padding_idx: isize,
    scale_grad_by_freq: bool,
    sparse: bool,
) -> PyResult<Out> {
    refuse_sparse("embedding", sparse)?;
    let (table, indices) = (&weight.get().tensor, &indices.get().tensor);
    let padding = usize::try_from(padding_idx).ok().filter(|&row| row < table.shape().first().copied().unwrap_or(0));
    without_gil(py, table.numel(), || index::embedding(table, indices, padding, scale_grad_by_freq)).map(Out)
}

/// Scales the rows of a table that `indices` names down to a norm, in place, where theirs is larger.
///
/// Args:
///     input: the table, `(rows, width)`.
///     indices: int64 or int32, of any shape.
///     max_norm: the largest norm.
///     norm_type: the `p` of the norm.
///
/// Raises:
///     RuntimeError: for a table that is no matrix, and indices of another dtype.
///     IndexError: for numbers out of range.
#[pyfunction]
#[pyo3(signature = (input, indices, max_norm, norm_type))]
fn embedding_renorm_<'py>(
    input: &Bound<'py, PyTensor>,
    indices: &Bound<'py, PyTensor>,
    max_norm: f64,
    norm_type: f64,
) -> PyResult<Bound<'py, PyTensor>> {
    let (table, indices) = (&input.get().tensor, &indices.get().tensor);
    without_gil(input.py(), table.numel(), || index::embedding_renorm_(table, indices, max_norm, norm_type))?;
    Ok(input.clone())
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(embedding, m)?)?;
    m.add_function(wrap_pyfunction!(embedding_renorm_, m)?)
}
