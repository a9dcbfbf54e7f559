//! `collections.OrderedDict`, which saved states are, at the level of the C API.
#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

unsafe extern "C" {
    /// What `OrderedDict.__setitem__` does. In CPython's public API since 3.5.
    fn PyODict_SetItem(dict: *mut ffi::PyObject, key: *mut ffi::PyObject, value: *mut ffi::PyObject)
    -> std::ffi::c_int;
}

/// `collections.OrderedDict`.
pub fn ordered_dict_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    TYPE.import(py, "collections", "OrderedDict")
}

/// Whether an object is an `OrderedDict`, and of no subclass.
pub fn is_ordered_dict(object: &Bound<'_, PyAny>) -> bool {
    ordered_dict_type(object.py()).is_ok_and(|class| object.get_type_ptr() == class.as_type_ptr())
}

/// Sets an entry of such an object.
#[inline]
pub fn set_item(dict: &Bound<'_, PyAny>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    debug_assert!(is_ordered_dict(dict));
    // SAFETY: live objects, of which the first one is of CPython's own class.
    match unsafe { PyODict_SetItem(dict.as_ptr(), key.as_ptr(), value.as_ptr()) } {
        0 => Ok(()),
        _ => Err(PyErr::fetch(dict.py())),
    }
}
