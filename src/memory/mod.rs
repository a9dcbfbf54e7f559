//! Memory of tensors and kernels: 64-byte aligned blocks that are kept and used again.
//!
//! Fresh pages are dear: the system clears each one and maps it on first touch, which may take as long as the operation that
//! fills it. So a freed block goes to a cache, a few small ones to one of the thread ([`thread_cache`]), all others to one of the
//! process ([`pool`]), and the next request of its size class ([`class`]) takes it from there: a training step that has run a few
//! times asks the system for nothing more. Blocks from [`LARGE`] on are parts of mappings, and may lie on huge pages ([`system`]);
//! once free, they are joined and cut as requests come ([`runs`]).
//!
//! What the process holds is bounded by what it has needed: cached blocks go back to the system when they and the blocks in
//! use would together exceed the most that was ever in use by more than some slack. [`empty_cache`] returns all of them at once.
//!
//! Small objects of the program itself (what stands for a tensor, a registry, a node) have an allocator of their own: [`heap`].
#![allow(unsafe_code)]

mod class;
pub mod heap;
mod pool;
mod runs;
mod stats;
mod system;
mod thread_cache;

use crate::error::{Error, Result};
use std::ptr::NonNull;

pub use stats::{Level, Stats, reset_peak_stats, stats};

/// Blocks are aligned to this, a cache line and the widest register.
pub const ALIGN: usize = 64;

/// Bytes up to which blocks are cached by threads.
const SMALL: usize = 64 << 10;

/// Bytes from which a block is a mapping of its own, or several, or a part of one.
const LARGE: usize = 1 << 20;

/// An aligned block of memory. Dropping it gives it to a cache.
pub struct Block {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: a block is the only owner of its memory, which no thread is tied to.
unsafe impl Send for Block {}
// SAFETY: a shared block only tells its address and size.
unsafe impl Sync for Block {}

impl Block {
    /// A block of at least `bytes` bytes with undefined contents.
    ///
    /// # Errors
    /// `OutOfMemory` where the system refuses it even after the caches were emptied.
    #[inline]
    pub fn new(bytes: usize) -> Result<Block> {
        Ok(Self::take(bytes)?.0)
    }

    /// As [`Block::new`], and whether all its bytes are known to be zero.
    #[inline]
    pub fn take(bytes: usize) -> Result<(Block, bool)> {
        let size = rounded(bytes).ok_or(Error::OutOfMemory { bytes })?;
        let cached = if size <= SMALL { thread_cache::take(size) } else { None };
        let Some((start, size, zeroed)) = cached.map(|start| (start, size, false)).or_else(|| pool::take(size)) else {
            stats::refused();
            return Err(Error::OutOfMemory { bytes });
        };
        stats::allocated(size);
        Ok((Block { start, bytes: size }, zeroed))
    }

    /// The address of the first byte.
    #[inline]
    pub fn as_ptr(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Bytes that may be used: at least as many as were asked for.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Block {
    #[inline]
    fn drop(&mut self) {
        stats::freed(self.bytes);
        if self.bytes > SMALL || !thread_cache::give(self.start, self.bytes) {
            pool::give(self.start, self.bytes);
        }
    }
}

/// The size of the block that a request gets, or a little less; `None` beyond what memory can be.
#[inline]
fn rounded(bytes: usize) -> Option<usize> {
    let class = class::round_up(bytes)?;
    // Memory that is cut and joined needs no classes, but pages; none has more than this.
    Some(if system::DIVISIBLE && bytes > LARGE { bytes.next_multiple_of(64 << 10) } else { class })
}

/// What the system gives, at the second attempt after emptying the caches.
fn retry<T>(attempt: impl Fn() -> Option<T>) -> Option<T> {
    attempt().or_else(|| {
        stats::retried();
        empty_cache();
        attempt()
    })
}

/// Gives all cached blocks back to the system. Other threads give back their small ones when they next need memory.
pub fn empty_cache() {
    thread_cache::empty();
    pool::empty();
    heap::empty();
}

#[cfg(test)]
mod tests;
