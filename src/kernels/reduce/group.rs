//! Rows that are reduced side by side: each to the lanes of a vector, and then the vectors of many rows to one.
#![allow(unsafe_code)]

use super::Reducer;
use crate::kernels::isa::Simd;
use crate::kernels::lanes::{Vector, transposed};
use std::mem::MaybeUninit;

/// Rows of a group.
pub(super) const GROUP: usize = 16;
/// Lanes that a row is reduced to before it meets the others.
const LANES: usize = 16;
/// Lanes along a long row, to hide the latency of a step.
const WIDE: usize = 4 * LANES;
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

/// The elements at even places of `a` and `b` laid side by side, and those at odd places.
#[inline(always)]
fn paired<S: Simd, A: Copy>(_: S, a: &[A; LANES], b: &[A; LANES]) -> ([A; LANES], [A; LANES]) {
    let (mut even, mut odd) = (*a, *b);
    let list = [a.as_ptr(), b.as_ptr()];
    let to = [even.as_mut_ptr(), odd.as_mut_ptr()];
    // SAFETY: all are lists of `LANES` elements; bits of numbers of one size are moved as those of another.
    unsafe {
        match size_of::<A>() {
            4 => unzip::<f32, S::F32>(list.map(|x| x.cast()), to.map(|x| x.cast())),
            8 => unzip::<f64, S::F64>(list.map(|x| x.cast()), to.map(|x| x.cast())),
            _ => {
                for i in 0..LANES {
                    *to[i % 2].add(i / 2) = a[i];
                    *to[i % 2].add(LANES / 2 + i / 2) = b[i];
                }
            }
        }
    }
    (even, odd)
}

/// [`paired`] by registers.
///
/// # Safety
/// `from` and `to` must be lists of [`LANES`] elements.
#[inline(always)]
unsafe fn unzip<T, V: Vector<T>>(from: [*const T; 2], to: [*mut T; 2]) {
    let count = LANES / V::LANES;
    for i in 0..count {
        // SAFETY: by the contract above.
        unsafe {
            let load = |k: usize| V::load(from[k / count].add(k % count * V::LANES));
            let (even, odd) = load(2 * i).unzip(load(2 * i + 1));
            even.store(to[0].add(i * V::LANES));
            odd.store(to[1].add(i * V::LANES));
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
            // Neighbours of all rows merge, until each row is one lane.
            let mut count = GROUP;
            while count > 1 {
                count /= 2;
                for i in 0..count {
                    let (even, odd) = paired(simd, &parts[2 * i], &parts[2 * i + 1]);
                    for lane in 0..LANES {
                        parts[i][lane] = by.merge(even[lane], odd[lane]);
                    }
                }
            }
            accs.copy_from_slice(&parts[0][..rows]);
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
