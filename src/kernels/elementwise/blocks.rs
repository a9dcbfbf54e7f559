//! How rows of any strides come to loops over elements that lie side by side: through buffers on the stack, block by
//! block. Strided inputs are gathered, a single value is repeated, results are kept apart where an input is overwritten.
//!
//! Elements are only moved here, so the code knows their size and not their type.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

/// Elements that a buffer holds.
pub(super) const BLOCK: usize = 256;

/// The largest element, in bytes.
const WIDEST: usize = 8;

#[repr(align(64))]
struct Buffer([MaybeUninit<u8>; BLOCK * WIDEST]);

impl Buffer {
    #[inline(always)]
    fn new() -> Self {
        Buffer([const { MaybeUninit::uninit() }; BLOCK * WIDEST])
    }

    #[inline(always)]
    fn ptr(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}

/// A place in strided memory.
#[derive(Clone, Copy)]
pub(super) struct Strided {
    pub ptr: *mut u8,
    /// Distance of neighbours, in elements.
    pub stride: usize,
    /// Bytes of an element.
    pub size: usize,
}

impl Strided {
    /// The place `index` elements on.
    ///
    /// # Safety
    /// It must lie in the same allocation.
    #[inline(always)]
    unsafe fn at(self, index: usize) -> *mut u8 {
        // SAFETY: by the contract above.
        unsafe { self.ptr.add(index * self.stride * self.size) }
    }
}

/// Copies `len` elements of `size` bytes from and to places that lie `from.1` and `to.1` elements apart.
///
/// # Safety
/// All places must be valid, and sources and targets not overlap.
unsafe fn copy(size: usize, from: (*const u8, usize), to: (*mut u8, usize), len: usize) {
    /// # Safety
    /// As above; elements are aligned for `T`.
    #[inline(always)]
    unsafe fn typed<T: Copy>(from: (*const u8, usize), to: (*mut u8, usize), len: usize) {
        let (source, target) = (from.0.cast::<T>(), to.0.cast::<T>());
        for i in 0..len {
            // SAFETY: by the contract above.
            unsafe { *target.add(i * to.1) = *source.add(i * from.1) };
        }
    }
    // SAFETY: by the contract above; element types are as aligned as they are large.
    unsafe {
        match size {
            _ if from.1 == 1 && to.1 == 1 => std::ptr::copy_nonoverlapping(from.0, to.0, len * size),
            1 => typed::<u8>(from, to, len),
            2 => typed::<u16>(from, to, len),
            4 => typed::<u32>(from, to, len),
            8 => typed::<u64>(from, to, len),
            _ => unreachable!("elements have 1, 2, 4 or 8 bytes"),
        }
    }
}

/// An input of a row, with a buffer where its elements do not lie side by side.
pub(super) struct Input {
    from: Strided,
    buffer: Buffer,
}

impl Input {
    /// # Safety
    /// There must be `len` elements, at least one.
    #[inline(always)]
    pub(super) unsafe fn new(from: Strided, len: usize) -> Self {
        let mut input = Input { from, buffer: Buffer::new() };
        if from.stride == 0 {
            // SAFETY: there is an element; the buffer holds a block.
            unsafe { copy(from.size, (from.ptr, 0), (input.buffer.ptr(), 1), len.min(BLOCK)) };
        }
        input
    }

    /// The `len` elements from `start` on, side by side.
    ///
    /// # Safety
    /// They must exist; `len` is at most a block, and no longer than the row.
    #[inline(always)]
    pub(super) unsafe fn block(&mut self, start: usize, len: usize) -> *const u8 {
        // SAFETY: by the contract above.
        unsafe {
            match self.from.stride {
                1 => self.from.at(start),
                0 => self.buffer.ptr(),
                stride => {
                    copy(self.from.size, (self.from.at(start), stride), (self.buffer.ptr(), 1), len);
                    self.buffer.ptr()
                }
            }
        }
    }
}

/// Goes through a row block by block: `block(start, where the results go, length)`. With `apart` the results stay in a
/// buffer until the block is done.
///
/// # Safety
/// The row must have `len` places, valid for writes.
#[inline(always)]
pub(super) unsafe fn blocks(out: Strided, apart: bool, len: usize, mut block: impl FnMut(usize, *mut u8, usize)) {
    let mut buffer = Buffer::new();
    let mut start = 0;
    while start < len {
        let n = BLOCK.min(len - start);
        // SAFETY: the places lie in the row; the buffer holds a block, of which `block` has written `n` elements.
        unsafe {
            if out.stride == 1 && !apart {
                block(start, out.at(start), n);
            } else {
                block(start, buffer.ptr(), n);
                copy(out.size, (buffer.ptr(), 1), (out.at(start), out.stride), n);
            }
        }
        start += n;
    }
}
