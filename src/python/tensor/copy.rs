//! Copies of whole tensors, for `copy.deepcopy` and `pickle`.

use super::class::PyTensor;
use super::object::wrap;
use super::parameter::PyParameter;
use crate::array::{Array, DType, Storage};
use crate::autograd::Tensor;
use crate::python::module::instance_dict;
use crate::shape::Layout;
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use std::sync::Arc;

/// The copy of a tensor's storage, made once for all tensors that share it: `memo` keeps it under the storage's address.
fn copied_storage(tensor: &Tensor, memo: &Bound<'_, PyDict>) -> PyResult<Arc<Storage>> {
    let alone = tensor.with_array(Array::is_unique);
    let array = tensor.array();
    let storage = array.storage();
    if alone {
        return Ok(Arc::new(storage.duplicate()?));
    }
    let key = ("rsnn storage", storage.as_ptr() as usize);
    if let Some(known) = memo.get_item(key)? {
        return Ok(known.cast::<PyTensor>()?.get().tensor.array().storage().clone());
    }
    let copy = Arc::new(storage.duplicate()?);
    let bytes = Array::from_storage(copy.clone(), DType::U8, Layout::contiguous(&[copy.bytes()]))?;
    memo.set_item(key, wrap(memo.py(), Tensor::new(bytes))?)?;
    Ok(copy)
}

#[pymethods]
impl PyTensor {
    /// A leaf with its own memory. Tensors that share memory share it again when they are copied together. A
    /// parameter's gradient stays behind, as in PyTorch; that of another tensor is copied.
    pub fn __deepcopy__<'py>(slf: &Bound<'py, Self>, memo: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let tensor = &slf.get().tensor;
        if !tensor.is_leaf() {
            return Err(PyRuntimeError::new_err(
                "deepcopy: expected a leaf tensor, got the result of an operation that autograd recorded; detach() it",
            ));
        }
        let storage = copied_storage(tensor, memo)?;
        let twin = Tensor::new(tensor.with_array(|array| array.over(storage))?);
        let class = slf.get_type();
        let is_parameter = slf.is_instance_of::<PyParameter>();
        let copy = if slf.is_exact_instance_of::<PyParameter>() {
            twin.set_requires_grad(tensor.requires_grad())?;
            PyParameter::wrap(py, twin)?.into_any()
        } else if is_parameter {
            class.call1((wrap(py, twin)?, tensor.requires_grad()))?
        } else {
            let twin = wrap(py, twin)?;
            let copy = if slf.is_exact_instance_of::<PyTensor>() { twin.into_any() } else { class.call1((twin,))? };
            copy.cast::<PyTensor>()?.get().tensor.set_requires_grad(tensor.requires_grad())?;
            copy
        };
        memo.set_item(slf.as_ptr() as usize, &copy)?;
        let deepcopy = || py.import(intern!(py, "copy"))?.getattr(intern!(py, "deepcopy"));
        if let Some(attributes) = instance_dict(slf.as_any())
            && !attributes.is_empty()
        {
            copy.setattr(intern!(py, "__dict__"), deepcopy()?.call1((attributes, memo))?)?;
        }
        if let Some(grad) = tensor.grad()
            && !is_parameter
        {
            copy.setattr(intern!(py, "grad"), deepcopy()?.call1((wrap(py, grad)?, memo))?)?;
        }
        Ok(copy)
    }

    /// Pickles the elements; the history of a computed tensor is lost.
    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, _protocol: usize) -> PyResult<Bound<'py, PyAny>> {
        static REDUCE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        REDUCE.import(slf.py(), "rsnn._pickle", "reduce")?.call1((slf,))
    }
}
