//! The interpreter's cyclic collector, put off while native code makes thousands of objects in a row.
//!
//! An interpreter before 3.12 collects inside of an allocation, every 700 objects, and finds nothing: what has just been
//! made is in use. Later ones put a collection off by themselves, until native code has returned.
#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use std::cell::Cell;
use std::marker::PhantomData;

/// Whether collections are put off here. They go on when this is dropped.
///
/// They must go on before any foreign code runs, which could see or change whether the collector is enabled.
pub struct Pauses<'py> {
    paused: Cell<bool>,
    attached: PhantomData<Python<'py>>,
}

impl<'py> Pauses<'py> {
    /// None are put off yet.
    pub fn new(_py: Python<'py>) -> Self {
        Self { paused: Cell::new(false), attached: PhantomData }
    }

    /// Puts collections off, unless there are none anyway.
    #[inline]
    pub fn pause(&self) {
        if cfg!(not(Py_3_12)) && !self.paused.get() {
            // SAFETY: the thread is attached, see the marker.
            self.paused.set(unsafe { ffi::PyGC_Disable() } != 0);
        }
    }

    /// Lets them go on.
    #[inline]
    pub fn resume(&self) {
        if self.paused.replace(false) {
            // SAFETY: the thread is attached, see the marker. The collector was enabled when it was paused, and nobody
            // else has run since.
            unsafe { ffi::PyGC_Enable() };
        }
    }
}

impl Drop for Pauses<'_> {
    fn drop(&mut self) {
        self.resume();
    }
}
