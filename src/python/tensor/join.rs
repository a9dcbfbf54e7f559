//! Tensors joined.

use super::class::{Out, PyTensor};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::join;
use crate::python::gil::without_gil;
use crate::python::out::write_out;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PySequence;

/// A sequence of tensors.
///
/// # Errors
/// `TypeError` for anything else.
pub fn tensor_list(op: &str, tensors: &Bound<'_, PyAny>) -> PyResult<Vec<Tensor>> {
    if tensors.is_instance_of::<PyTensor>() || tensors.cast::<PySequence>().is_err() {
        return Err(PyTypeError::new_err(format!(
            "{op}(): argument 'tensors' (position 1) must be tuple of Tensors, not {}",
            tensors.get_type().name()?
        )));
    }
    let mut list = Vec::new();
    for (i, item) in tensors.try_iter()?.enumerate() {
        let item = item?;
        match item.cast::<PyTensor>() {
            Ok(tensor) => list.push(tensor.get().tensor.clone()),
            Err(_) => {
                return Err(PyTypeError::new_err(format!(
                    "{op}(): expected Tensor as element {i} in argument 0, but got {}",
                    item.get_type().name()?
                )));
            }
        }
    }
    Ok(list)
}

fn joined<'py>(
    py: Python<'py>,
    op: &str,
    tensors: &Bound<'py, PyAny>,
    out: Option<Bound<'py, PyTensor>>,
    join: impl FnOnce(&[&Tensor]) -> Result<Tensor> + Send,
) -> PyResult<Bound<'py, PyTensor>> {
    let list = tensor_list(op, tensors)?;
    let size = list.iter().map(Tensor::numel).sum();
    let result = without_gil(py, size, || join(&list.iter().collect::<Vec<_>>()))?;
    let result = Out(result).into_pyobject(py)?;
    match out {
        None => Ok(result),
        Some(out) => {
            write_out(op, result.as_any(), out.as_any())?;
            Ok(out)
        }
    }
}

/// Tensors one after the other along an axis; dtypes are promoted.
///
/// Args:
///     tensors: of the same sizes but for the axis; empty ones of one axis fit anywhere.
///     dim: the axis.
///     out: a tensor to write the result to.
///
/// Raises:
///     RuntimeError: if the sizes do not fit, or a tensor has no axes.
///     ValueError: for no tensors.
///
/// Example:
///     >>> rsnn.cat([rsnn.zeros(1, 2), rsnn.ones(1, 2)])
///     tensor([[0., 0.],
///             [1., 1.]])
#[pyfunction]
#[pyo3(signature = (tensors, dim=0, *, axis=None, out=None), text_signature = "(tensors, dim=0, *, out=None)")]
fn cat<'py>(
    tensors: &Bound<'py, PyAny>,
    dim: isize,
    axis: Option<isize>,
    out: Option<Bound<'py, PyTensor>>,
) -> PyResult<Bound<'py, PyTensor>> {
    joined(tensors.py(), "cat", tensors, out, |list| join::cat(list, axis.unwrap_or(dim)))
}

/// Tensors of one shape along a new axis; dtypes are promoted.
///
/// Args:
///     tensors: of the same sizes.
///     dim: where the new axis is to stand.
///     out: a tensor to write the result to.
///
/// Raises:
///     RuntimeError: if the sizes differ, or there is no tensor.
///
/// Example:
///     >>> rsnn.stack([rsnn.zeros(2), rsnn.ones(2)], dim=1)
///     tensor([[0., 1.],
///             [0., 1.]])
#[pyfunction]
#[pyo3(signature = (tensors, dim=0, *, out=None))]
fn stack<'py>(
    tensors: &Bound<'py, PyAny>,
    dim: isize,
    out: Option<Bound<'py, PyTensor>>,
) -> PyResult<Bound<'py, PyTensor>> {
    joined(tensors.py(), "stack", tensors, out, |list| join::stack(list, dim))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(cat, m)?)?;
    let same = m.getattr("cat")?;
    m.add("concat", &same)?;
    m.add("concatenate", &same)?;
    m.add_function(wrap_pyfunction!(stack, m)?)
}
