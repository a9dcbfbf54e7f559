//! Typed, strided memory as the drivers take it.

use std::marker::PhantomData;

/// Strided elements for reading.
#[derive(Clone, Copy)]
pub struct Operand<'a, T> {
    pub(super) ptr: *const T,
    pub(super) shape: &'a [usize],
    pub(super) strides: &'a [usize],
}

/// Strided elements for writing. It may name the very elements of an [`Operand`] of the same call.
pub struct OperandMut<'a, T> {
    pub(super) ptr: *mut T,
    pub(super) shape: &'a [usize],
    pub(super) strides: &'a [usize],
    _life: PhantomData<&'a mut [T]>,
}

impl<'a, T> Operand<'a, T> {
    /// # Safety
    /// Every index of `shape` must name, by `strides` from `ptr`, an element that is valid for reads during `'a`.
    pub unsafe fn new(ptr: *const T, shape: &'a [usize], strides: &'a [usize]) -> Self {
        Operand { ptr, shape, strides }
    }

    /// One value that stands for every element of `shape`; `zeros` are as many zero strides.
    pub fn standing(value: &'a T, shape: &'a [usize], zeros: &'a [usize]) -> Self {
        assert!(zeros.len() == shape.len() && zeros.iter().all(|&s| s == 0), "standing: strides must be zero");
        Operand { ptr: value, shape, strides: zeros }
    }

    /// Size of each axis.
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// Distance of neighbours along each axis, in elements.
    pub fn strides(&self) -> &'a [usize] {
        self.strides
    }

    /// Whether one value stands for all elements, of which there are some.
    pub(super) fn is_single(&self) -> bool {
        self.shape.iter().zip(self.strides).all(|(&size, &step)| size == 1 || size > 1 && step == 0)
    }

    pub(crate) fn address(&self) -> Address<T> {
        Address(self.ptr as *mut T)
    }
}

impl<'a, T> OperandMut<'a, T> {
    /// # Safety
    /// Every index of `shape` must name, by `strides` from `ptr`, an element that is valid for reads and writes during
    /// `'a`, and that no other thread writes meanwhile.
    pub unsafe fn new(ptr: *mut T, shape: &'a [usize], strides: &'a [usize]) -> Self {
        OperandMut { ptr, shape, strides, _life: PhantomData }
    }

    /// Size of each axis.
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// Distance of neighbours along each axis, in elements.
    pub fn strides(&self) -> &'a [usize] {
        self.strides
    }

    pub(crate) fn address(&self) -> Address<T> {
        Address(self.ptr)
    }
}

/// A pointer that may go to another thread; what it points at is split among threads by index.
pub struct Address<T>(*mut T);

// A derive would ask for `T: Clone`.
impl<T> Clone for Address<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Address<T> {}

impl<T> Address<T> {
    /// The pointer; a method, so that closures capture the whole (sendable) wrapper.
    #[inline(always)]
    pub(crate) fn get(self) -> *mut T {
        self.0
    }

    /// The same place as elements of another type.
    pub(crate) fn cast<U>(self) -> Address<U> {
        Address(self.0.cast())
    }
}

// SAFETY: a borrow of memory whose elements may be shared; writes through it are split among threads by index.
unsafe impl<T: Send + Sync> Sync for OperandMut<'_, T> {}

// SAFETY: an address is a number; the walks give each index to one thread only.
unsafe impl<T: Send> Send for Address<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Address<T> {}
