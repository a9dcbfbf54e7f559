//! Rows that are reduced side by side: each as vectors, which are turned so that the vectors of many rows merge at once.
#![allow(unsafe_code)]

use super::Reducer;
use crate::kernels::lanes::transposed;
use std::mem::MaybeUninit;

/// Rows of a group.
pub(super) const GROUP: usize = 16;
/// Lanes that a row is reduced to before the rows are turned.
const LANES: usize = 16;
/// Lanes along a long row, to hide the latency of a step.
const WIDE: usize = 4 * LANES;

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
        if whole > 0 {
            let mut parts = [[accs[0]; LANES]; GROUP];
            for (row, part) in parts.iter_mut().enumerate().take(rows) {
                // SAFETY: by the caller's word.
                *part = unsafe { lanes(std::slice::from_raw_parts(x.add(row * stride), whole), by, accs[row]) };
            }
            let mut turned = [[accs[0]; GROUP]; LANES];
            // SAFETY: both are squares of `GROUP` rows.
            unsafe { turn(parts.as_ptr().cast::<B::Acc>(), LANES, turned.as_mut_ptr().cast::<B::Acc>(), LANES, GROUP) };
            let mut merged = turned[0];
            for lane in 1..LANES {
                for row in 0..GROUP {
                    merged[row] = by.merge(merged[row], turned[lane][row]);
                }
            }
            accs.copy_from_slice(&merged[..rows]);
        }
        let rest = len - whole;
        if rest > 0 {
            let mut columns = [MaybeUninit::<T>::uninit(); LANES * GROUP];
            let mut all = [accs[0]; GROUP];
            all[..rows].copy_from_slice(accs);
            // SAFETY: by the caller's word; where rows are missing, the first stands in for them.
            unsafe {
                let to = columns.as_mut_ptr().cast::<T>();
                turn(x.add(whole), stride, to, rest, rows);
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
    let long = x.len() / WIDE * WIDE;
    if long > 0 {
        let mut wide = [identity; WIDE];
        for chunk in x[..long].chunks_exact(WIDE) {
            for i in 0..WIDE {
                wide[i] = by.step(wide[i], chunk[i], 0);
            }
        }
        let mut width = WIDE;
        while width > LANES {
            width /= 2;
            for i in 0..width {
                wide[i] = by.merge(wide[i], wide[i + width]);
            }
        }
        sums.copy_from_slice(&wide[..LANES]);
    }
    for chunk in x[long..].chunks_exact(LANES) {
        for i in 0..LANES {
            sums[i] = by.step(sums[i], chunk[i], 0);
        }
    }
    sums
}
