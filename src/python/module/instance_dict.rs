//! The `__dict__` of a module: what it has beside its class and its tables.
#![allow(unsafe_code)]

use super::class::Module;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3::{ffi, intern};

/// The address of where an object keeps its `__dict__`, or null if its class gives it none.
///
/// # Safety
///
/// The object must be alive, and of a class without items in its layout (as `tuple` has), or of one that has no
/// positive offset of dictionaries.
#[inline]
pub unsafe fn dict_slot(object: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
    // SAFETY: the offset comes from the object's own class; modules have a fixed-size layout, so it is positive.
    unsafe {
        let offset = (*ffi::Py_TYPE(object)).tp_dictoffset;
        if offset > 0 { object.byte_offset(offset).cast() } else { std::ptr::null_mut() }
    }
}

/// The `__dict__` of an object of a native class or a subclass of one, if it has one yet.
#[inline]
pub fn instance_dict<'py>(module: &Bound<'py, PyAny>) -> Option<Bound<'py, PyDict>> {
    // SAFETY: the object is alive; what stands in the slot is null or a dictionary.
    unsafe {
        let slot = dict_slot(module.as_ptr());
        if slot.is_null() {
            return None;
        }
        Bound::from_borrowed_ptr_or_opt(module.py(), *slot).map(|dict| dict.cast_into_unchecked())
    }
}

/// The `__dict__` of a module, made if it has none yet. It holds the plain attributes; [`show_tables`] gives Python
/// another view.
#[pyfunction]
#[pyo3(name = "_module_dict")]
pub fn own_dict<'py>(module: &Bound<'py, Module>) -> PyResult<Bound<'py, PyDict>> {
    // SAFETY: a live object whose class has dictionaries; the result is a new reference or null with an exception set.
    let dict = unsafe {
        let dict = ffi::PyObject_GenericGetDict(module.as_ptr(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(module.py(), dict)?
    };
    dict.cast_into().map_err(Into::into)
}

/// Makes a descriptor what `Module` has under `__dict__`: it shows the tables too, as if they were attributes.
#[pyfunction]
#[pyo3(name = "_show_module_tables")]
pub fn show_tables(descriptor: &Bound<'_, PyAny>) -> PyResult<()> {
    let class = descriptor.py().get_type::<Module>();
    // `type.__setattr__` takes the name for the class's own dictionary, so it is written there.
    // SAFETY: a live heap type of ours; its caches are told.
    let done = unsafe {
        let done = ffi::PyDict_SetItemString((*class.as_type_ptr()).tp_dict, c"__dict__".as_ptr(), descriptor.as_ptr());
        ffi::PyType_Modified(class.as_type_ptr());
        done
    };
    if done == 0 { Ok(()) } else { Err(PyErr::fetch(descriptor.py())) }
}

/// Whether a module has something under a name itself, beside what its class has.
#[inline]
pub fn has_in_dict(module: &Bound<'_, Module>, name: &Bound<'_, PyString>) -> bool {
    // SAFETY: the objects are alive; the dictionary is only looked into.
    unsafe {
        let slot = dict_slot(module.as_ptr());
        !slot.is_null() && !(*slot).is_null() && ffi::PyDict_Contains(*slot, name.as_ptr()) != 0
    }
}

/// Whether a module itself has something under a name that a walk or a saved state looks for before it takes a short cut. If
/// not, that is remembered as long as the dictionary stays as it is.
#[inline]
pub fn may_override(module: &Bound<'_, Module>) -> bool {
    // SAFETY: as above. In 3.11 each state of each dictionary has a number, which no other one ever has.
    unsafe {
        let slot = dict_slot(module.as_ptr());
        if slot.is_null() || (*slot).is_null() {
            return false;
        }
        #[cfg(all(Py_3_11, not(Py_3_12)))]
        let state = (*(*slot).cast::<ffi::PyDictObject>()).ma_version_tag;
        #[cfg(not(all(Py_3_11, not(Py_3_12))))]
        let state = 0;
        if state != 0 && module.get().searched_dict() == state {
            return false;
        }
        let py = module.py();
        let names = [
            intern!(py, "_version"),
            intern!(py, "state_dict"),
            intern!(py, "_save_to_state_dict"),
            intern!(py, "named_modules"),
        ];
        let found = names.iter().any(|name| ffi::PyDict_Contains(*slot, name.as_ptr()) != 0);
        if !found {
            module.get().set_searched_dict(state);
        }
        found
    }
}
