//! Shared memory of tensors: allocated here (64-byte aligned) or borrowed from a foreign owner.
//!
//! # Safety model
//! Views alias, as in PyTorch: several tensors may read and write one storage. Rust code reaches the bytes only through
//! the operands and views of `access.rs`, for the time of one kernel. Kernels get disjoint pieces for writing. Two
//! Python threads that write one tensor at the same time race on its numbers, exactly as in PyTorch and numpy; they
//! never reach memory outside of it, since sizes and addresses are immutable here.
#![allow(unsafe_code)]

use super::derived::Derived;
use crate::error::{Error, Result};
use crate::kernels::parallel;
use crate::memory::Block;
use std::any::Any;
use std::ptr::NonNull;

/// Bytes that one piece of a parallel clearing covers.
const CLEARED: usize = 256 << 10;

/// A block of bytes with a fixed address.
pub struct Storage {
    ptr: NonNull<u8>,
    bytes: usize,
    owner: Owner,
    derived: Derived,
}

enum Owner {
    Own { _block: Block },
    Foreign { _keep: Box<dyn Any + Send + Sync>, writable: bool },
}

// SAFETY: the address and size never change; the bytes are shared memory by design (see the safety model above).
unsafe impl Send for Storage {}
// SAFETY: as above.
unsafe impl Sync for Storage {}

impl Storage {
    /// Uninitialised memory. Its bytes are whatever they were: every element type is valid for any bits except `bool`,
    /// which therefore is always filled before it is read.
    pub fn empty(bytes: usize) -> Result<Self> {
        Ok(Self::of(Block::new(bytes)?, bytes))
    }

    /// Memory filled with zero bytes.
    pub fn zeroed(bytes: usize) -> Result<Self> {
        let (block, zeroed) = Block::take(bytes)?;
        if !zeroed {
            // SAFETY: the block is this function's and has room for so many bytes, which any contents are valid for.
            let memory = unsafe { std::slice::from_raw_parts_mut(block.as_ptr(), bytes) };
            parallel::for_each_chunk_mut(memory, CLEARED, 1, |_, part| part.fill(0));
        }
        Ok(Self::of(block, bytes))
    }

    /// Memory of its own with the same bytes.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn duplicate(&self) -> Result<Self> {
        let block = Block::new(self.bytes)?;
        // SAFETY: both are valid for so many bytes; the new block is this function's alone, so they do not overlap. Writers of
        // the old one race on its numbers only (see the safety model above).
        unsafe { std::ptr::copy_nonoverlapping(self.as_ptr(), block.as_ptr(), self.bytes) };
        Ok(Self::of(block, self.bytes))
    }

    /// Asks the system for room for a list of `count` elements of `size` bytes, and gives it back: for lists that are as long
    /// as a caller says. A list that is refused its memory would abort the process.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn probe(count: usize, size: usize) -> Result<()> {
        let bytes = count.checked_mul(size).ok_or(Error::OutOfMemory { bytes: usize::MAX })?;
        Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| Error::OutOfMemory { bytes })
    }

    fn of(block: Block, bytes: usize) -> Self {
        let ptr = NonNull::new(block.as_ptr()).expect("a block has an address");
        Storage { ptr, bytes, owner: Owner::Own { _block: block }, derived: Derived::default() }
    }

    /// Memory that somebody else owns, kept alive by `keep`.
    ///
    /// # Safety
    /// `ptr` must be valid for reads (and for writes, where `writable`) of `bytes` bytes as long as `keep` lives.
    pub unsafe fn foreign(ptr: NonNull<u8>, bytes: usize, writable: bool, keep: Box<dyn Any + Send + Sync>) -> Self {
        Storage { ptr, bytes, owner: Owner::Foreign { _keep: keep, writable }, derived: Derived::default() }
    }

    /// The address of the first byte.
    #[inline]
    pub fn as_ptr(&self) -> *mut u8 {
        self.ptr.as_ptr()
    }

    /// The address of the first byte, for somebody who may keep it and write there unseen.
    pub fn expose(&self) -> *mut u8 {
        self.derived.give_up();
        self.as_ptr()
    }

    /// What was made of the bytes and holds until they are written.
    #[inline]
    pub fn derived(&self) -> &Derived {
        &self.derived
    }

    /// The number of bytes.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the memory may be written (a read-only numpy array may not).
    #[inline]
    pub fn writable(&self) -> bool {
        matches!(self.owner, Owner::Own { .. } | Owner::Foreign { writable: true, .. })
    }

    /// Whether rsnn allocated the memory.
    pub fn is_own(&self) -> bool {
        matches!(self.owner, Owner::Own { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::{Array, DType};
    use crate::shape::Layout;
    use std::sync::Arc;

    #[test]
    fn memory_of_somebody_else_is_not_let_go_quietly() {
        let mut numbers = Box::new([1.0f32, 2.0]);
        let address = NonNull::from(&mut numbers[0]).cast();
        // SAFETY: the box keeps the numbers where they are as long as the storage has it.
        let storage = unsafe { Storage::foreign(address, 8, true, Box::new(numbers)) };
        let array = Array::from_storage(Arc::new(storage), DType::F32, Layout::contiguous(&[2])).unwrap();
        assert!(!array.drops_quietly());
        let alias = array.clone();
        assert!(alias.drops_quietly() && array.drops_quietly());
        drop(alias);
        assert!(!array.drops_quietly());
        assert!(Array::empty(&[2], DType::F32).unwrap().drops_quietly());
    }
}
