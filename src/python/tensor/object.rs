//! The Python objects that stand for tensors: made, found again, and let go.
//!
//! A tensor of the core has at most one Python object at a time: `x.grad is x.grad`. The core keeps the object's address
//! in a slot that does not own it; the object clears the slot when it goes.
#![allow(unsafe_code)]

use super::class::PyTensor;
use crate::autograd::Tensor;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::{PyTypeInfo, Python};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How far inside of its Python object a [`PyTensor`] lies; the same for all, known after the first.
static INSIDE: AtomicUsize = AtomicUsize::new(usize::MAX);

impl Drop for PyTensor {
    fn drop(&mut self) {
        let object = (self as *const Self as usize).wrapping_sub(INSIDE.load(Ordering::Relaxed));
        if self.tensor.wrapper().get() as usize == object {
            self.tensor.wrapper().set(std::ptr::null_mut());
        }
    }
}

/// Notes a Python object as the one that stands for its tensor, unless there is one.
pub fn adopt(object: &Bound<'_, PyTensor>) {
    let contents = object.get();
    INSIDE.store(contents as *const PyTensor as usize - object.as_ptr() as usize, Ordering::Relaxed);
    // Without the GIL an object might die between the look at the slot and the new reference; each look then makes a
    // new object, which equals the old one in everything but `is`.
    if cfg!(not(Py_GIL_DISABLED)) && contents.tensor.wrapper().get().is_null() {
        contents.tensor.wrapper().set(object.as_ptr().cast());
    }
}

/// The Python object of a tensor: the one there is, or a new one.
#[inline]
pub fn wrap(py: Python<'_>, tensor: Tensor) -> PyResult<Bound<'_, PyTensor>> {
    let object = tensor.wrapper().get().cast::<ffi::PyObject>();
    if !object.is_null() {
        // SAFETY: with the GIL held, the object's Drop (which clears the slot) has not run, so the address is alive. A
        // count of zero means that it is about to go: then it must not be revived.
        unsafe {
            if ffi::Py_REFCNT(object) > 0 {
                return Ok(Bound::from_borrowed_ptr(py, object).cast_into_unchecked());
            }
        }
        tensor.wrapper().set(std::ptr::null_mut());
    }
    fresh::<PyTensor>(py, tensor, |contents| Bound::new(py, contents))
}

/// A new object of a class of tensors, which stands for its tensor from now on.
///
/// `make` makes the first one. The others are laid out here: the interpreters 3.11 and 3.12 give each object that they make
/// a dictionary of its own at once, which takes longer than the object, and tensors rarely have attributes. Whoever asks
/// for `__dict__` or sets an attribute makes one.
#[inline]
pub fn fresh<'py, T: PyTypeInfo>(
    py: Python<'py>,
    tensor: Tensor,
    make: impl FnOnce(PyTensor) -> PyResult<Bound<'py, PyTensor>>,
) -> PyResult<Bound<'py, PyTensor>> {
    let inside = INSIDE.load(Ordering::Relaxed);
    let object = if inside == usize::MAX {
        make(PyTensor::new(tensor))?
    } else {
        // SAFETY: the class is one of PyO3's whose instances hold a `PyTensor`, a dictionary and a list of weak references
        // (null: none yet) and nothing else. Memory from `PyType_GenericAlloc` is zeroed and so large; nothing looks at the
        // object before the tensor stands where it stands in all of them.
        unsafe {
            let object = ffi::PyType_GenericAlloc(T::type_object_raw(py), 0);
            if object.is_null() {
                return Err(PyErr::fetch(py));
            }
            object.byte_add(inside).cast::<PyTensor>().write(PyTensor::new(tensor));
            Bound::from_owned_ptr(py, object).cast_into_unchecked()
        }
    };
    adopt(&object);
    Ok(object)
}

/// What PyO3 has for letting go of objects, by class: `Tensor`, `Parameter`.
static THEIRS: [OnceLock<ffi::destructor>; 2] = [const { OnceLock::new() }; 2];

/// `tp_dealloc` of tensors, of a class with this place in [`THEIRS`].
///
/// What PyO3 puts there enters the interpreter anew, since letting go of an object may run anything. For most tensors it
/// runs nothing, and that entering takes longer than all the rest: a saved state has thousands that only go away.
unsafe extern "C" fn let_go<const CLASS: usize>(object: *mut ffi::PyObject) {
    // SAFETY: the interpreter calls this with an object of the class, or of a subclass, that nobody has any more, and
    // attached. Its dictionary and its list of weak references are at fixed offsets, see `install`; without them, the
    // tensor is all that it holds. It is dropped once, before the memory goes, and the class (that each object of a heap
    // type holds) after. Nothing of this unwinds: see `drops_quietly`.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let inside = INSIDE.load(Ordering::Relaxed);
        let is_empty = |offset| object.byte_offset(offset).cast::<*mut ffi::PyObject>().read().is_null();
        if inside != usize::MAX && is_empty((*class).tp_dictoffset) && is_empty((*class).tp_weaklistoffset) {
            let contents = object.byte_add(inside).cast::<PyTensor>();
            if (*contents).tensor.drops_quietly()
                && let Some(free) = (*class).tp_free
            {
                ffi::PyObject_GC_UnTrack(object.cast());
                std::ptr::drop_in_place(contents);
                free(object.cast());
                ffi::Py_DECREF(class.cast());
                return;
            }
        }
        if let Some(theirs) = THEIRS[CLASS].get() {
            theirs(object);
        }
    }
}

/// Gives a class [`let_go`], with its place in [`THEIRS`], where objects have their dictionary and weak references at fixed
/// offsets. Without the GIL, what looks unused may be in the hands of another thread, which PyO3 and the interpreter see to.
pub fn install<T: PyTypeInfo, const CLASS: usize>(py: Python<'_>) {
    // SAFETY: a live heap type that has no subclass and no instance yet.
    unsafe {
        let class = T::type_object_raw(py);
        if cfg!(not(Py_GIL_DISABLED))
            && (*class).tp_dictoffset > 0
            && (*class).tp_weaklistoffset > 0
            && let Some(theirs) = (*class).tp_dealloc
        {
            THEIRS[CLASS].get_or_init(|| theirs);
            (*class).tp_dealloc = Some(let_go::<CLASS>);
        }
    }
}
