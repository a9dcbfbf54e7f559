//! Which tensors are parameters and which are buffers.

use crate::python::tensor::{PyParameter, PyTensor};
use pyo3::intern;
use pyo3::prelude::*;

/// Whether a value is a parameter.
pub fn is_parameter(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyParameter>()
}

/// Whether a tensor was given, not computed.
pub fn is_leaf(parameter: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(parameter) = parameter.cast_exact::<PyParameter>() {
        return Ok(parameter.as_super().get().tensor.is_leaf());
    }
    Ok(parameter.getattr(intern!(parameter.py(), "grad_fn"))?.is_none())
}

/// Whether a value is a tensor that a module registers as a buffer when it is assigned to it: `rsnn.nn.Buffer` marks
/// them.
pub fn is_buffer(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if !is_tensor_like(value) {
        return Ok(false);
    }
    value.getattr_opt(intern!(value.py(), "_is_buffer"))?.map_or(Ok(false), |mark| mark.is_truthy())
}

/// Whether a value can be a buffer.
pub fn is_tensor_like(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyTensor>()
}

/// The name of a value's type as error texts give it: with its module, unless it is built in.
pub fn type_name(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = value.py();
    if is_tensor_like(value) {
        return value.call_method0(intern!(py, "type"))?.extract();
    }
    let named = if value.hasattr(intern!(py, "__qualname__"))? { value.clone() } else { value.get_type().into_any() };
    let name: String = named.getattr(intern!(py, "__qualname__"))?.extract()?;
    match named.getattr_opt(intern!(py, "__module__"))?.and_then(|module| module.extract::<String>().ok()) {
        Some(module) if module != "builtins" && !module.is_empty() => Ok(format!("{module}.{name}")),
        _ => Ok(name),
    }
}
