//! `collections.OrderedDict`, which saved states are, at the level of the C API.
#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

unsafe extern "C" {
    /// An empty dictionary with room for so many entries. Exported by CPython since 2.6.
    #[cfg(all(Py_3_11, not(Py_3_12)))]
    fn _PyDict_NewPresized(entries: ffi::Py_ssize_t) -> *mut ffi::PyObject;
    /// What `OrderedDict.__setitem__` does. In CPython's public API since 3.5.
    fn PyODict_SetItem(dict: *mut ffi::PyObject, key: *mut ffi::PyObject, value: *mut ffi::PyObject)
    -> std::ffi::c_int;
}

/// `collections.OrderedDict`.
pub fn ordered_dict_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    TYPE.import(py, "collections", "OrderedDict")
}

/// An empty one, with room for so many entries. One that grows is laid out anew a few times, at each of which it looks all of
/// its keys up, and ends up to four times as large as it need be.
pub fn with_room(py: Python<'_>, entries: usize) -> PyResult<Bound<'_, PyAny>> {
    let dict = ordered_dict_type(py)?.call0()?;
    #[cfg(all(Py_3_11, not(Py_3_12)))]
    if let Ok(entries) = ffi::Py_ssize_t::try_from(entries) {
        // SAFETY: both are empty dictionaries that nobody else knows, each with a reference to its table of keys (the empty
        // one shares its own with others); the references change places. The order of entries is laid out for the
        // table that is there when the first one comes. The layout is that of the version asked for.
        unsafe {
            let roomy = Bound::from_owned_ptr_or_err(py, _PyDict_NewPresized(entries))?;
            let [dict, roomy] = [&dict, &roomy].map(|dict| dict.as_ptr().cast::<ffi::PyDictObject>());
            std::mem::swap(&mut (*dict).ma_keys, &mut (*roomy).ma_keys);
        }
    }
    #[cfg(not(all(Py_3_11, not(Py_3_12))))]
    let _ = entries;
    Ok(dict)
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
