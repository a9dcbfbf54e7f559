//! Attribute lookup of modules at the level of CPython's slots, where an exception on the way would cost too much.
//!
//! A class whose instances find parameters, buffers and children as attributes would, written in Python, define
//! `__getattr__`, which runs after the ordinary lookup has raised. [`getattro`] does both in one go. `Module` has it
//! from [`install`]; a Python subclass gets the interpreter's slot at first (it sees `__getattr__` in the bases), and
//! [`adopt`] exchanges it unless the class brings a lookup of its own. Without the exchange all works the same, slower.
#![allow(unsafe_code)]

use super::class::Module;
use super::instance_dict::{dict_slot, has_in_dict, instance_dict};
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple, PyType};
use pyo3::{ffi, intern};
use smallvec::SmallVec;

unsafe extern "C" {
    /// A borrowed reference, or null without an exception. Exported by every CPython since 2.2.
    fn _PyType_Lookup(class: *mut ffi::PyTypeObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject;
    /// The same with a new reference: without the GIL, what is borrowed may go before it is held. Exported since 3.13.
    #[cfg(Py_GIL_DISABLED)]
    fn _PyType_LookupRef(class: *mut ffi::PyTypeObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject;
}

/// A new reference to what a class, or a base of it, has under a name, or null without an exception.
///
/// # Safety
///
/// The objects must be alive, the thread attached.
unsafe fn look_up(class: *mut ffi::PyTypeObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: see above.
    #[cfg(Py_GIL_DISABLED)]
    let found = unsafe { _PyType_LookupRef(class, name) };
    // SAFETY: with the GIL held, nothing can take the borrowed reference away before it is made a strong one.
    #[cfg(not(Py_GIL_DISABLED))]
    let found = unsafe { ffi::Py_XNewRef(_PyType_Lookup(class, name)) };
    found
}

/// What an object's class (or a base of it) has under a name; descriptors are not bound.
pub fn class_attribute<'py>(object: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
    type_attribute(&object.get_type(), name)
}

/// What a class, or a base of it, has under a name; descriptors are not bound.
pub fn type_attribute<'py>(class: &Bound<'py, PyType>, name: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
    // SAFETY: both are live objects of the right types; the result is a new reference or null.
    unsafe { Bound::from_owned_ptr_or_opt(class.py(), look_up(class.as_type_ptr(), name.as_ptr())) }
}

/// The number that CPython gives a class, as long as neither it nor a base of it is changed. It gives none twice. `None`
/// for a class that has none at the moment.
pub fn class_version(class: &Bound<'_, PyType>) -> Option<u32> {
    // SAFETY: a live class.
    unsafe {
        let class = class.as_type_ptr();
        let valid = ffi::PyType_HasFeature(class, ffi::Py_TPFLAGS_VALID_VERSION_TAG) != 0;
        Some((*class).tp_version_tag).filter(|&version| valid && version != 0)
    }
}

/// An attribute of a module, which usually is a number of its class, and whether it is.
pub fn number<'py>(module: &Bound<'py, Module>, name: &Bound<'py, PyString>) -> PyResult<(Bound<'py, PyAny>, bool)> {
    if let Some(found) = class_attribute(module.as_any(), name)
        && found.is_exact_instance_of::<PyInt>()
        && !has_in_dict(module, name)
    {
        return Ok((found, true));
    }
    Ok((module.as_any().getattr(name)?, false))
}

/// Sets an attribute as `object.__setattr__` does, or deletes it.
pub fn set_generic(
    module: &Bound<'_, Module>,
    name: &Bound<'_, PyAny>,
    value: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let value = value.map_or(std::ptr::null_mut(), Bound::as_ptr);
    // SAFETY: live objects; a null value means deletion.
    match unsafe { ffi::PyObject_GenericSetAttr(module.as_ptr(), name.as_ptr(), value) } {
        0 => Ok(()),
        _ => Err(PyErr::fetch(module.py())),
    }
}

/// `tp_getattro` of modules: data descriptors of the class, the instance's `__dict__`, other attributes of the class,
/// then parameters, buffers and children.
unsafe extern "C" fn getattro(module: *mut ffi::PyObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: CPython calls the slot with a live instance of a subclass of `Module`, attached to the interpreter. It
    // follows the steps of `PyObject_GenericGetAttr`: what is borrowed from the class is held while it runs.
    unsafe {
        if ffi::PyUnicode_Check(name) == 0 {
            return ffi::PyObject_GenericGetAttr(module, name);
        }
        let class = ffi::Py_TYPE(module);
        let found = look_up(class, name);
        let mut bind = None;
        if !found.is_null() {
            let kind = ffi::Py_TYPE(found);
            bind = (*kind).tp_descr_get;
            if let Some(bind) = bind
                && (*kind).tp_descr_set.is_some()
            {
                let value = bind(found, module, class.cast());
                ffi::Py_DECREF(found);
                return value;
            }
        }
        let dict = dict_slot(module);
        if !dict.is_null() && !(*dict).is_null() {
            let mut value = std::ptr::null_mut();
            if ffi::compat::PyDict_GetItemRef(*dict, name, &raw mut value) != 0 {
                ffi::Py_XDECREF(found);
                return value;
            }
        }
        if !found.is_null() {
            let Some(bind) = bind else { return found };
            let value = bind(found, module, class.cast());
            ffi::Py_DECREF(found);
            return value;
        }
        match registered(module, name) {
            Some(value) => value,
            None => {
                let py = Python::assume_attached();
                let module = Borrowed::from_ptr(py, module).to_owned().cast_into_unchecked::<Module>();
                let name = Borrowed::from_ptr(py, name).to_owned().cast_into_unchecked::<PyString>();
                no_attribute(&module, &name).restore(py);
                std::ptr::null_mut()
            }
        }
    }
}

/// A new reference to what the registries have under a name.
///
/// # Safety
///
/// The first object must be a live module, the second one a live string; the thread must be attached.
unsafe fn registered(module: *mut ffi::PyObject, name: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    // SAFETY: see above. The text lives as long as the string. Nothing in the closure runs Python code.
    unsafe {
        let py = Python::assume_attached();
        let mut len = 0;
        let text = ffi::PyUnicode_AsUTF8AndSize(name, &raw mut len);
        if text.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let name = std::str::from_utf8_unchecked(std::slice::from_raw_parts(text.cast(), len as usize));
        let module = Borrowed::from_ptr(py, module).cast_unchecked::<Module>();
        module.get().read(|state| {
            state.find(name).map(|(_, handle)| {
                handle.map_or_else(|| ffi::Py_NewRef(ffi::Py_None()), |handle| ffi::Py_NewRef(handle.as_ptr()))
            })
        })
    }
}

/// The error for an attribute that is nowhere, in Python's words. It knows the object and the name, from which the
/// interpreter proposes what may have been meant.
pub fn no_attribute(module: &Bound<'_, Module>, name: &Bound<'_, PyString>) -> PyErr {
    let py = module.py();
    let class = match module.get_type().name() {
        Ok(class) => class,
        Err(error) => return error,
    };
    let error = PyAttributeError::new_err(format!("'{class}' object has no attribute '{name}'"));
    let value = error.value(py);
    match value.setattr(intern!(py, "name"), name).and_then(|()| value.setattr(intern!(py, "obj"), module)) {
        Ok(()) => error,
        Err(other) => other,
    }
}

/// Gives `Module` its attribute lookup. Called once, before there are subclasses.
pub fn install(py: Python<'_>) -> PyResult<()> {
    let class = py.get_type::<Module>();
    for (name, method) in [("__getattr__", "_getattr"), ("__setattr__", "_setattr"), ("__delattr__", "_delattr")] {
        // Setting them through `type` makes the interpreter's own functions the slots, so that
        // `object.__setattr__(module, name, value)` stays allowed: it refuses classes with a foreign slot.
        class.setattr(name, class.getattr(intern!(py, "__dict__"))?.get_item(method)?)?;
        class.delattr(method)?;
    }
    // SAFETY: a live heap type that nobody else knows yet.
    unsafe {
        (*class.as_type_ptr()).tp_getattro = Some(getattro);
        ffi::PyType_Modified(class.as_type_ptr());
    }
    Ok(())
}

/// Gives a subclass the native lookup too, unless it or a base of it defines a lookup of its own. One that overrides
/// `_call_impl` gets a `__call__` that looks for it, which the native one does not.
pub fn adopt(class: &Bound<'_, PyType>) {
    // SAFETY: a live class; function pointers are only compared here.
    let known = unsafe { (*class.as_type_ptr()).tp_getattro };
    if known.is_some_and(|known| std::ptr::fn_addr_eq(known, getattro as ffi::getattrofunc)) {
        return;
    }
    let py = class.py();
    let base = py.get_type::<Module>();
    let inherits = |name| match (type_attribute(class, name), type_attribute(&base, name)) {
        (Some(own), Some(native)) => own.is(&native),
        _ => false,
    };
    if inherits(intern!(py, "__getattr__")) && inherits(intern!(py, "__getattribute__")) {
        // SAFETY: a live heap type, a subclass of `Module`. `type.__setattr__` puts its own function back when
        // somebody gives the class a lookup later.
        unsafe {
            (*class.as_type_ptr()).tp_getattro = Some(getattro);
            ffi::PyType_Modified(class.as_type_ptr());
        }
    }
    if !inherits(intern!(py, "_call_impl")) && inherits(intern!(py, "__call__")) {
        // A class with a call of its own under the inner name. A class that refuses the attribute stays as it is.
        let _ = base
            .getattr(intern!(py, "_wrapped_call_impl"))
            .and_then(|call| class.setattr(intern!(py, "__call__"), call));
    }
}

/// Makes the interpreter's error texts call the classes of a module by their names alone, as they call classes that are
/// written in Python: `'Sequential' object has no attribute 'x'`.
pub fn shorten_names(m: &Bound<'_, PyModule>) -> PyResult<()> {
    for value in m.dict().values() {
        let Ok(class) = value.cast::<PyType>() else { continue };
        // SAFETY: a live class. Of one that was made from a specification, the name is a C string that lives as long as
        // the class and that the class owns by another pointer; the tail of it is one too.
        unsafe {
            let class = class.as_type_ptr();
            if ffi::PyType_HasFeature(class, ffi::Py_TPFLAGS_HEAPTYPE) != 0 {
                let name = std::ffi::CStr::from_ptr((*class).tp_name).to_bytes();
                let dot = name.iter().rposition(|&byte| byte == b'.');
                (*class).tp_name = (*class).tp_name.add(dot.map_or(0, |dot| dot + 1));
            }
        }
    }
    Ok(())
}

/// Whether an object has the native lookup. Only modules do, and nearly all of them.
fn has_native_lookup(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live class; function pointers are only compared here.
    let known = unsafe { (*ffi::Py_TYPE(object.as_ptr())).tp_getattro };
    known.is_some_and(|known| std::ptr::fn_addr_eq(known, getattro as ffi::getattrofunc))
}

/// An object as the module that it is.
#[inline]
pub fn as_module<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, Module>> {
    if has_native_lookup(object) {
        // SAFETY: the lookup is given to `Module`, and to classes below it.
        return Some(unsafe { object.cast_unchecked() });
    }
    object.cast().ok()
}

/// Whether a module has an attribute: `hasattr`, without an exception where none is needed.
pub fn has_attribute(module: &Bound<'_, Module>, name: &Bound<'_, PyString>) -> PyResult<bool> {
    if !has_native_lookup(module.as_any()) || class_attribute(module.as_any(), name).is_some() {
        return module.as_any().hasattr(name);
    }
    if let Some(dict) = instance_dict(module.as_any())
        && dict.contains(name)?
    {
        return Ok(true);
    }
    let name = name.to_str()?;
    Ok(module.get().read(|state| state.find(name).is_some()))
}

/// Calls a module's `forward`, which usually is a function of its class: then without making a bound method.
pub fn call_forward<'py>(
    module: &Bound<'py, Module>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let name = intern!(module.py(), "forward");
    let Some(function) = class_method(module, name) else {
        return module.as_any().getattr(name)?.call(args, kwargs);
    };
    // SAFETY: the items live as long as the tuple.
    let args = (0..args.len()).map(|i| unsafe { ffi::PyTuple_GET_ITEM(args.as_ptr(), i as ffi::Py_ssize_t) });
    let stack: SmallVec<[*mut ffi::PyObject; 8]> = std::iter::once(module.as_ptr()).chain(args).collect();
    let kwargs = kwargs.map_or(std::ptr::null_mut(), Bound::as_ptr);
    // SAFETY: live objects, counted right; the result is a new reference or null with an exception set.
    unsafe {
        let result = ffi::PyObject_VectorcallDict(function.as_ptr(), stack.as_ptr(), stack.len(), kwargs);
        Bound::from_owned_ptr_or_err(module.py(), result)
    }
}

/// Calls a module's `forward` with one argument.
pub fn call_forward_one<'py>(module: &Bound<'py, Module>, argument: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let name = intern!(module.py(), "forward");
    let Some(function) = class_method(module, name) else {
        return module.as_any().getattr(name)?.call1((argument,));
    };
    let stack = [module.as_ptr(), argument.as_ptr()];
    // SAFETY: as above.
    unsafe {
        let result = ffi::PyObject_Vectorcall(function.as_ptr(), stack.as_ptr(), stack.len(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(module.py(), result)
    }
}

/// Whether calling a module is calling `Module.__call__`: its class does not override it.
pub fn has_native_call(module: &Bound<'_, Module>) -> bool {
    let class = module.py().get_type::<Module>();
    // SAFETY: live classes; function pointers are only compared.
    unsafe {
        match ((*ffi::Py_TYPE(module.as_ptr())).tp_call, (*class.as_type_ptr()).tp_call) {
            (Some(own), Some(native)) => std::ptr::fn_addr_eq(own, native),
            _ => false,
        }
    }
}

/// A function of a module's class that takes the module as its first argument, unless the instance has something else
/// under its name.
fn class_method<'py>(module: &Bound<'py, Module>, name: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
    let function = class_attribute(module.as_any(), name)?;
    // SAFETY: live objects; the dictionary is only looked into.
    unsafe {
        let is_method = ffi::PyType_HasFeature(ffi::Py_TYPE(function.as_ptr()), ffi::Py_TPFLAGS_METHOD_DESCRIPTOR) != 0;
        (is_method && !has_in_dict(module, name)).then_some(function)
    }
}
