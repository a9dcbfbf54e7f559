//! Rows from the last element to the first.
#![allow(unsafe_code)]

use crate::kernels::isa::Simd;
use crate::kernels::lanes::{Vector, move_row};
use crate::kernels::parallel;
use std::mem::MaybeUninit;

/// Elements that a task handles at least.
const GRAIN: usize = 8 * 1024;

/// `out[row, i] = x[row, len - 1 - i]` for rows of `len` elements.
pub fn reverse_rows<T: Copy + Send + Sync>(x: &[T], len: usize, out: &mut [T]) {
    debug_assert!(x.len() == out.len() && (x.is_empty() || x.len().is_multiple_of(len)));
    if out.is_empty() {
        return;
    }
    let rows = (GRAIN / len).max(1);
    parallel::for_each_chunk_mut(out, rows * len, 1, |index, out| {
        reverse(&x[index * rows * len..][..out.len()], len, out)
    });
}

/// Bytes that are copied before they are reversed: memory is best read from the front.
const AHEAD: usize = 8 << 10;

/// Elements of the shortest rows for which that pays.
const SHORT: usize = 112;

#[repr(align(64))]
struct Line([MaybeUninit<u8>; AHEAD]);

crate::vectorize! {
    fn reverse[S; T: Copy](simd: S, x: &[T], len: usize, out: &mut [T]) {
        // Of short rows, which are as good as read from the front, and of long ones there is nothing to gain.
        let most = AHEAD / size_of::<T>().max(1);
        if !(SHORT..=most).contains(&len) {
            return turn::<S, T>(x, len, out);
        }
        let mut line = Line([MaybeUninit::uninit(); AHEAD]);
        let copied = line.0.as_mut_ptr().cast::<T>();
        let part = most / len * len;
        for (x, out) in x.chunks(part).zip(out.chunks_mut(part)) {
            // SAFETY: there is room for a part, whose elements are then there.
            let x = unsafe {
                move_row(x.as_ptr().cast(), copied.cast(), size_of_val(x));
                std::slice::from_raw_parts(copied.cast_const(), x.len())
            };
            turn::<S, T>(x, len, out);
        }
    }
}

/// Reverses rows.
#[inline(always)]
fn turn<S: Simd, T: Copy>(x: &[T], len: usize, out: &mut [T]) {
    for (x, out) in x.chunks_exact(len).zip(out.chunks_exact_mut(len)) {
        let (from, to) = (x.as_ptr(), out.as_mut_ptr());
        match size_of::<T>() {
            // SAFETY: rows of `len` elements, of which bits are moved as those of numbers of the same size.
            4 if len >= S::F32::LANES => unsafe { turn_row::<f32, S::F32>(from.cast(), to.cast(), len) },
            // SAFETY: as above.
            8 if len >= S::F64::LANES => unsafe { turn_row::<f64, S::F64>(from.cast(), to.cast(), len) },
            _ => (0..len).for_each(|i| out[i] = x[len - 1 - i]),
        }
    }
}

/// Reverses a row of at least a register.
///
/// # Safety
/// Both sides must have `len` elements and not overlap.
#[inline(always)]
unsafe fn turn_row<R, V: Vector<R>>(x: *const R, out: *mut R, len: usize) {
    let last = len - V::LANES;
    // SAFETY: by the caller's word; the last register may have some elements of the one before.
    unsafe {
        for at in (0..last).step_by(V::LANES) {
            V::load(x.add(last - at)).reversed().store(out.add(at));
        }
        V::load(x).reversed().store(out.add(last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of_any_length<T: Copy + Default + PartialEq + Send + Sync>(number: fn(usize) -> T) {
        for (rows, len) in
            [(1, 1), (3, 7), (9, 16), (200, 65), (300, 8), (5, 112), (7, 1000), (3, 2049), (2, 40_000), (0, 5)]
        {
            let x: Vec<T> = (0..rows * len).map(number).collect();
            let mut out = vec![T::default(); rows * len];
            reverse_rows(&x, len, &mut out);
            assert!((0..rows * len).all(|i| out[i] == x[i / len * len + len - 1 - i % len]), "{rows} {len}");
        }
    }

    #[test]
    fn rows_are_reversed() {
        rows_of_any_length(|i| i as u8);
        rows_of_any_length(|i| i as u16);
        rows_of_any_length(|i| i as u32);
        rows_of_any_length(|i| i as u64);
    }
}
