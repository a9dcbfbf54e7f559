//! The argument `out`: a tensor, or several, that a function writes its result to.

use super::tensor::PyTensor;
use crate::array::Array;
use crate::autograd::{Tensor, grad_enabled};
use crate::error::Result;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Writes a result, or each of several, to the tensors named by `out=`.
pub fn write_out(name: &str, result: &Bound<'_, PyAny>, out: &Bound<'_, PyAny>) -> PyResult<()> {
    if let (Ok(result), Ok(out)) = (result.cast::<PyTensor>(), out.cast::<PyTensor>()) {
        return Ok(write(name, &result.get().tensor, &out.get().tensor)?);
    }
    let wrong = || PyTypeError::new_err(format!("{name}(): argument 'out' must be a Tensor for each result"));
    let (results, outs) = (result.cast::<PyTuple>().map_err(|_| wrong())?, out.try_iter().map_err(|_| wrong())?);
    let outs: Vec<Bound<'_, PyAny>> = outs.collect::<PyResult<_>>()?;
    if outs.len() != results.len() {
        return Err(wrong());
    }
    results.iter().zip(&outs).try_for_each(|(result, out)| write_out(name, &result, out))
}

/// `out`, with a result written to it: the argument `out` of functions that are written in Python.
#[pyfunction]
fn _write_out<'py>(name: &str, result: &Bound<'py, PyAny>, out: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    write_out(name, result, &out)?;
    Ok(out)
}

/// Writes a result to a tensor of its shape, or to an empty one, which takes on the shape.
fn write(name: &str, result: &Tensor, out: &Tensor) -> Result<()> {
    crate::ensure!(
        !(grad_enabled() && (result.requires_grad() || out.requires_grad())),
        Runtime,
        "{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments \
         requires grad."
    );
    let (source, mut target) = (result.array(), out.array());
    crate::ensure!(
        source.dtype().can_cast(target.dtype()),
        Runtime,
        "result type {} can't be cast to the desired output type {}",
        source.dtype().type_name(),
        target.dtype().type_name()
    );
    if source.shape() != target.shape() {
        crate::ensure!(
            target.numel() == 0,
            Runtime,
            "{name}(): out has shape {:?}, expected {:?}; only an empty out is resized",
            target.shape(),
            source.shape()
        );
        target = Array::empty(source.shape(), target.dtype())?;
        out.set_array(target.clone());
    }
    target.copy_from(&source)?;
    out.bump_version();
    Ok(())
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_write_out, m)?)
}
