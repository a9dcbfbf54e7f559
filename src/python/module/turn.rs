//! A value that one can have at a time and nobody waits for.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

/// A lock that can only be tried. To give it back is one plain store, which a mutex that others wait for cannot do.
pub struct TryLock<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

/// The value, for whoever has it.
pub struct Turn<'a, T>(&'a TryLock<T>);

// SAFETY: the value is handed from thread to thread, and seen by one at a time.
unsafe impl<T: Send> Sync for TryLock<T> {}

impl<T> TryLock<T> {
    /// A free one.
    pub fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// The value, unless somebody has it.
    pub fn try_lock(&self) -> Option<Turn<'_, T>> {
        (!self.taken.swap(true, Ordering::Acquire)).then_some(Turn(self))
    }
}

impl<T> Deref for Turn<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: there is no other turn as long as this one lives.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and this one is borrowed for writing.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
    }
}
