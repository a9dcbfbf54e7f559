//! Working memory of a kernel call: aligned to cache lines, from the cache of blocks.
#![allow(unsafe_code)]

use super::float::{Floating, Real};
use crate::memory::Block;

/// Calls `body` with `len` numbers of working memory, aligned to 64 bytes. Their values are those of an earlier use.
pub fn with_scratch<T: Floating, R>(len: usize, body: impl FnOnce(&mut [T]) -> R) -> R {
    let block = Block::new(len * size_of::<T>()).unwrap_or_else(|error| panic!("working memory: {error}"));
    // SAFETY: the block holds at least `len * size_of::<T>()` bytes, is aligned to 64, and belongs to this call alone.
    // `Floating` types are plain numbers, for which every bit pattern is a value.
    let slice = unsafe { std::slice::from_raw_parts_mut(block.as_ptr().cast::<T>(), len) };
    if cfg!(test) {
        // Whoever uses what an earlier use left there shall be found out.
        slice.fill(T::from_acc(T::Acc::from_f64(f64::NAN)));
    }
    body(slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_buffers_are_distinct_and_aligned() {
        with_scratch::<f32, _>(100, |outer| {
            outer.fill(1.0);
            with_scratch::<f64, _>(1000, |inner| {
                inner.fill(2.0);
                assert_eq!(inner.as_ptr() as usize % 64, 0);
            });
            assert!(outer.iter().all(|&value| value == 1.0));
        });
        with_scratch::<f32, _>(0, |empty| assert!(empty.is_empty()));
    }

    #[test]
    fn a_buffer_is_used_again() {
        let first = with_scratch::<f32, _>(64, |buffer| buffer.as_ptr());
        let second = with_scratch::<f32, _>(60, |buffer| buffer.as_ptr());
        assert_eq!(first, second);
    }
}
