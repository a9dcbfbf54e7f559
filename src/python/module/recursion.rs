//! Python's limit on recursion, for native code that recurses through modules: a cycle ends in `RecursionError`, not
//! in an overflow of the stack.
#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use std::marker::PhantomData;

/// One level of recursion; leaves it when dropped.
pub struct Level<'py>(PhantomData<Python<'py>>);

/// Enters a level of recursion, or gives `RecursionError`.
pub fn enter(py: Python<'_>) -> PyResult<Level<'_>> {
    // SAFETY: the thread is attached; the text is a C string.
    match unsafe { ffi::Py_EnterRecursiveCall(c" while walking through modules".as_ptr()) } {
        0 => Ok(Level(PhantomData)),
        _ => Err(PyErr::fetch(py)),
    }
}

impl Drop for Level<'_> {
    fn drop(&mut self) {
        // SAFETY: this level was entered, on this thread: the marker is tied to its attachment.
        unsafe { ffi::Py_LeaveRecursiveCall() }
    }
}
