//! The switches of this thread; the context managers around them are Python's (`rsnn/autograd/grad_mode.py`).

use crate::autograd;
use pyo3::prelude::*;

/// Whether operations are recorded on this thread.
#[pyfunction]
fn is_grad_enabled() -> bool {
    autograd::grad_enabled()
}

/// Switches recording on this thread and returns how it was.
#[pyfunction]
fn _set_grad_enabled(mode: bool) -> bool {
    autograd::set_grad_enabled(mode)
}

/// Whether this thread is in inference mode.
#[pyfunction]
fn is_inference_mode_enabled() -> bool {
    autograd::inference_enabled()
}

/// Switches inference mode on this thread and returns how it was.
#[pyfunction]
fn _set_inference_mode(mode: bool) -> bool {
    autograd::set_inference_enabled(mode)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(is_grad_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(_set_grad_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(is_inference_mode_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(_set_inference_mode, m)?)
}
