//! Working memory of a kernel call: per thread, aligned to cache lines, used again by the next call.
#![allow(unsafe_code)]

use std::cell::RefCell;

use super::float::Floating;

/// Bytes of a free buffer that a thread keeps for later calls; larger ones go back to the system.
const KEEP_BYTES: usize = 32 << 20;

/// One cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u64; 8]);

thread_local! {
    /// Buffers that no call on this thread is using.
    static FREE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer on loan; goes back to its thread when dropped, also by a panic.
struct Loan(Vec<Line>);

impl Loan {
    fn take(lines: usize) -> Loan {
        let mut buffer = FREE.with_borrow_mut(|free| {
            // The smallest that fits, else the largest, which will grow.
            let fits = (0..free.len()).filter(|&at| free[at].len() >= lines).min_by_key(|&at| free[at].len());
            let any = fits.or_else(|| (0..free.len()).max_by_key(|&at| free[at].len()));
            any.map(|at| free.swap_remove(at)).unwrap_or_default()
        });
        if buffer.len() < lines {
            // Nothing in the old buffer is worth copying.
            buffer = Vec::new();
            buffer.resize(lines, Line([0; 8]));
        }
        Loan(buffer)
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        if buffer.len() * size_of::<Line>() <= KEEP_BYTES {
            // At thread exit the list may be gone; then the buffer is freed here.
            let _ = FREE.try_with(|free| free.borrow_mut().push(buffer));
        }
    }
}

/// Calls `body` with `len` numbers of working memory, aligned to 64 bytes. Their values are those of an earlier use.
pub fn with_scratch<T: Floating, R>(len: usize, body: impl FnOnce(&mut [T]) -> R) -> R {
    let mut loan = Loan::take((len * size_of::<T>()).div_ceil(size_of::<Line>()));
    // SAFETY: the loan holds at least `len * size_of::<T>()` initialised bytes, is aligned to 64, and belongs to this call
    // alone. `Floating` types are plain numbers, for which every bit pattern is a value.
    let slice = unsafe { std::slice::from_raw_parts_mut(loan.0.as_mut_ptr().cast::<T>(), len) };
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
        let second = with_scratch::<f32, _>(32, |buffer| buffer.as_ptr());
        assert_eq!(first, second);
    }
}
