//! Rows that are reduced side by side: each to the lanes of a vector, and then the vectors of many rows to one.
#![allow(unsafe_code)]

use super::Reducer;
use super::lanes::{STEPS, stepped};
use crate::kernels::lanes::{fold, transposed};
use std::mem::MaybeUninit;

/// Rows of a group.
pub(super) const GROUP: usize = 16;
/// Lanes that a row is reduced to before it meets the others.
const LANES: usize = 16;
/// Lanes along a long row, to hide the latency of a step.
const WIDE: usize = 4 * LANES;
/// Elements from which a row is best reduced to one number by itself, without a break for many.
const LONG: usize = 64;
/// Columns from which turning them pays.
const FEW: usize = 4;

/// `to[r * GROUP + c] = from[c * stride + r]`.
///
/// # Safety
/// `from` must be valid at these places, `to` must have room for `rows` times [`GROUP`] elements.
#[inline(always)]
unsafe fn turn<T: Copy>(from: *const T, stride: usize, to: *mut T, rows: usize, columns: usize) {
    // SAFETY: passed on; bits of numbers of one size are moved as those of another.
    unsafe {
        match size_of::<T>() {
            4 => transposed::<f32>(from.cast(), stride, to.cast(), GROUP, rows, columns),
            8 => transposed::<f64>(from.cast(), stride, to.cast(), GROUP, rows, columns),
            _ => {
                for (r, c) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
                    *to.add(r * GROUP + c) = *from.add(c * stride + r);
                }
            }
        }
    }
}

crate::vectorize! {
    /// Some rows of `len` neighbours, `stride` apart: joins them to one accumulator for each row, at most [`GROUP`] of them. It is
    /// to be called where all these elements are valid.
    pub(super) fn reduce_rows[S; T: Copy, B: Reducer<T>](
        simd: S, x: *const T, stride: usize, len: usize, by: &B, accs: &mut [B::Acc]
    ) {
        let rows = accs.len();
        let whole = len / LANES * LANES;
        if whole >= LONG {
            for row in 0..rows {
                // SAFETY: by the caller's word.
                let sums = unsafe { lanes(std::slice::from_raw_parts(x.add(row * stride), whole), by, accs[row]) };
                accs[row] = fold(sums, |a, b| by.merge(a, b));
            }
        } else if whole > 0 {
            let mut parts = [[accs[0]; LANES]; GROUP];
            for (row, part) in parts.iter_mut().enumerate().take(rows) {
                // SAFETY: by the caller's word.
                *part = unsafe { lanes(std::slice::from_raw_parts(x.add(row * stride), whole), by, accs[row]) };
            }
            // Turned, so that neighbouring lanes of all rows merge, until each row is one lane.
            let mut turned = [MaybeUninit::<[B::Acc; GROUP]>::uninit(); LANES];
            // SAFETY: both are squares of this size, and every element of the second is written.
            let turned: &mut [[B::Acc; GROUP]; LANES] = unsafe {
                turn(parts.as_ptr().cast::<B::Acc>(), LANES, turned.as_mut_ptr().cast(), LANES, GROUP);
                &mut *turned.as_mut_ptr().cast()
            };
            let mut count = LANES;
            while count > 1 {
                count /= 2;
                for i in 0..count {
                    for row in 0..GROUP {
                        turned[i][row] = by.merge(turned[2 * i][row], turned[2 * i + 1][row]);
                    }
                }
            }
            accs.copy_from_slice(&turned[0][..rows]);
        }
        let rest = len - whole;
        if rest > 0 {
            let mut columns = [MaybeUninit::<T>::uninit(); LANES * GROUP];
            let mut all = [accs[0]; GROUP];
            all[..rows].copy_from_slice(accs);
            // SAFETY: by the caller's word; where rows are missing, the first stands in for them.
            unsafe {
                let to = columns.as_mut_ptr().cast::<T>();
                if rest < FEW {
                    for (column, row) in (0..rest).flat_map(|column| (0..rows).map(move |row| (column, row))) {
                        *to.add(column * GROUP + row) = *x.add(row * stride + whole + column);
                    }
                } else {
                    turn(x.add(whole), stride, to, rest, rows);
                }
                for column in 0..rest {
                    (rows..GROUP).for_each(|row| *to.add(column * GROUP + row) = *to.add(column * GROUP));
                    for row in 0..GROUP {
                        all[row] = by.step(all[row], *to.add(column * GROUP + row), 0);
                    }
                }
            }
            accs.copy_from_slice(&all[..rows]);
        }
    }
}

/// A row of whole vectors.
#[inline(always)]
fn lanes<T: Copy, B: Reducer<T>>(x: &[T], by: &B, identity: B::Acc) -> [B::Acc; LANES] {
    let mut sums = [identity; LANES];
    let (chunks, rest) = x.as_chunks::<WIDE>();
    if !chunks.is_empty() {
        let mut wide = stepped(&chunks[..chunks.len().min(STEPS)], by, identity, 0);
        if chunks.len() > STEPS {
            for chunks in chunks[STEPS..].chunks(STEPS) {
                let more = stepped(chunks, by, identity, 0);
                for i in 0..WIDE {
                    wide[i] = by.merge(wide[i], more[i]);
                }
            }
        }
        for i in 0..LANES {
            let at = |k: usize| wide[i + k * LANES];
            sums[i] = by.merge(by.merge(at(0), at(2)), by.merge(at(1), at(3)));
        }
    }
    for chunk in rest.chunks_exact(LANES) {
        for i in 0..LANES {
            sums[i] = by.step(sums[i], chunk[i], 0);
        }
    }
    sums
}
