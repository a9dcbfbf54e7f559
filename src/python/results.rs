//! Several tensors on their way to Python, under names.

use super::tensor::wrap;
use crate::autograd::{Tensor, Tensors};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

/// `rsnn.return_types.NAME` of these tensors.
pub fn named<'py>(py: Python<'py>, name: &str, tensors: Tensors) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || py.import("rsnn.return_types").map(Bound::unbind))?.bind(py);
    module.getattr(name)?.call1((tuple(py, tensors)?,))
}

/// A plain tuple of these tensors.
pub fn tuple(py: Python<'_>, tensors: impl IntoIterator<Item = Tensor>) -> PyResult<Bound<'_, PyTuple>> {
    PyTuple::new(py, tensors.into_iter().map(|t| wrap(py, t)).collect::<PyResult<Vec<_>>>()?)
}
