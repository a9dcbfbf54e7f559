//! Padded planes, split by the remainders of their rows and columns modulo the stride.

use super::super::float::{Floating, Real};
use super::super::isa::Simd;
use super::super::lanes::{copy, copy_evens, copy_pairs};
use crate::shape::window::Window;
use std::ops::Range;

/// The shape of a field: for each pair of remainders that some tap needs, a plane of `size`.
pub struct Field {
    /// Rows and columns of each plane.
    pub size: [usize; 2],
    /// Strides of rows and columns.
    pub strides: [usize; 2],
    /// Which remainders taps need.
    pub used: [Vec<bool>; 2],
}

impl Field {
    /// Elements of all planes.
    pub fn len(&self) -> usize {
        self.strides[0] * self.strides[1] * self.size[0] * self.size[1]
    }

    /// Where the element `at` of the padded plane lies.
    pub fn offset(&self, at: [usize; 2]) -> usize {
        let [rows, pitch] = self.size;
        let plane = at[0] % self.strides[0] * self.strides[1] + at[1] % self.strides[1];
        (plane * rows + at[0] / self.strides[0]) * pitch + at[1] / self.strides[1]
    }

    /// Where each tap of some channels' windows, over the last two axes, lies from the place of a position in the first channel's
    /// field; fields are `step` apart.
    pub fn offsets(&self, [_, second, third]: &[Window; 3], step: usize, channels: Range<usize>) -> Vec<usize> {
        let mut offsets = Vec::with_capacity(channels.len() * second.kernel * third.kernel);
        for channel in channels {
            for i in 0..second.kernel {
                for j in 0..third.kernel {
                    offsets.push(channel * step + self.offset([i * second.dilation, j * third.dilation]));
                }
            }
        }
        offsets
    }

    /// Copies a plane of `shape` whose element `origin` (possibly outside of it, where all is zero) becomes the element 0. The
    /// field must be zero, or hold another plane of the same shape and the same first column.
    pub fn fill<T: Floating>(&self, plane: &[T], shape: [usize; 2], origin: [isize; 2], to: &mut [T::Acc]) {
        fill(self, plane, shape, origin, to);
    }
}

/// The indices `i` of `0..len` for which `origin + i * step` lies in `0..size`.
#[inline(always)]
pub fn inside(origin: isize, step: usize, size: usize, len: usize) -> Range<usize> {
    let start = (origin.min(0).unsigned_abs()).div_ceil(step).min(len);
    let end = (size as isize - origin).max(0).unsigned_abs().div_ceil(step).min(len);
    start..end.max(start)
}

/// A row to copy: `len` elements from every `step`-th place.
struct Row<'a, T> {
    from: &'a [T],
    step: usize,
}

crate::vectorize! {
    /// The body of [`Field::fill`].
    fn fill[S; T: Floating](simd: S, field: &Field, plane: &[T], shape: [usize; 2], origin: [isize; 2], to: &mut [T::Acc]) {
        let ([rows, pitch], [down, step]) = (field.size, field.strides);
        let columns: [Range<usize>; 2] = std::array::from_fn(|phase| {
            if phase < step { inside(origin[1] + phase as isize, step, shape[1], pitch) } else { 0..0 }
        });
        // Two phases at once, where columns are pairs.
        let pairs = T::IS_REAL && step == 2 && field.used[1].iter().all(|&used| used);
        for (i, &used) in field.used[0].iter().enumerate().take(down) {
            if !used {
                continue;
            }
            let (planes, size) = (&mut to[i * step * rows * pitch..][..step * rows * pitch], rows * pitch);
            let valid = inside(origin[0] + i as isize, down, shape[0], rows);
            for plane in planes.chunks_exact_mut(size.max(1)) {
                // An empty fill would still be a call.
                for outside in [0..valid.start * pitch, valid.end * pitch..plane.len()] {
                    if !outside.is_empty() {
                        plane[outside].fill(T::Acc::from_usize(0));
                    }
                }
            }
            let line = |row: usize| {
                let y = origin[0] + (row * down + i) as isize;
                &plane[y as usize * shape[1]..][..shape[1]]
            };
            if pairs {
                let (even, odd) = planes.split_at_mut(size);
                for row in valid {
                    let to = (&mut even[row * pitch..], &mut odd[row * pitch..]);
                    split_row::<S, T>(line(row), origin[1], &columns, to);
                }
                continue;
            }
            for (j, plane) in planes.chunks_exact_mut(size.max(1)).enumerate().filter(|(j, _)| field.used[1][*j]) {
                let columns = inside(origin[1] + j as isize, step, shape[1], pitch);
                if columns.is_empty() {
                    continue;
                }
                let x = (origin[1] + (columns.start * step + j) as isize) as usize;
                for row in valid.clone() {
                    copy_row::<S, T>(Row { from: &line(row)[x..], step }, &mut plane[row * pitch..][columns.clone()]);
                }
            }
        }
    }

    /// The body of [`scatter_rows`].
    fn scatter[S; T: Floating](simd: S, sums: (&[T::Acc], usize), size: [usize; 2], out: &mut [T], steps: [usize; 2]) {
        let (sums, pitch) = sums;
        for row in 0..size[0] {
            let (sums, out) = (&sums[row * pitch..][..size[1]], &mut out[row * steps[0]..]);
            if T::IS_REAL && steps[1] == 1 {
                let out = &mut out[..size[1]];
                // SAFETY: `T` is `T::Acc`, and both have as many elements.
                unsafe { copy::<T::Acc, <T::Acc as Real>::Vector<S>>(sums.as_ptr(), out.as_mut_ptr().cast(), size[1]) };
            } else {
                for (to, &sum) in out.iter_mut().step_by(steps[1]).zip(sums) {
                    *to = T::from_acc(sum);
                }
            }
        }
    }

    /// The body of [`load_rows`].
    fn load[S; T: Floating](simd: S, from: &[T], width: usize, to: &mut [T::Acc], pitch: usize) {
        for (from, to) in from.chunks_exact(width.max(1)).zip(to.chunks_exact_mut(pitch.max(1))) {
            let (to, rest) = to.split_at_mut(width);
            copy_row::<S, T>(Row { from, step: 1 }, to);
            rest.fill(T::Acc::from_usize(0));
        }
    }
}

/// Copies `size` rows and columns of sums, `pitch` apart, to rows and columns that are `steps` apart.
pub fn scatter_rows<T: Floating>(sums: (&[T::Acc], usize), size: [usize; 2], out: &mut [T], steps: [usize; 2]) {
    scatter(sums, size, out, steps);
}

/// Copies rows of `width` elements to rows `pitch` apart, which are zero behind them.
pub fn load_rows<T: Floating>(from: &[T], width: usize, to: &mut [T::Acc], pitch: usize) {
    load(from, width, to, pitch);
}

/// Copies a row whose elements are `step` apart.
#[inline(always)]
fn copy_row<S: Simd, T: Floating>(row: Row<'_, T>, to: &mut [T::Acc]) {
    if row.step == 1 && T::IS_REAL {
        let from = &row.from[..to.len()];
        // SAFETY: `T` is `T::Acc`, and both have as many elements.
        unsafe { copy::<T::Acc, <T::Acc as Real>::Vector<S>>(from.as_ptr().cast(), to.as_mut_ptr(), to.len()) };
    } else if row.step == 2 && T::IS_REAL {
        // SAFETY: `T` is `T::Acc`.
        let from = unsafe { std::slice::from_raw_parts(row.from.as_ptr().cast(), row.from.len()) };
        copy_evens::<T::Acc, <T::Acc as Real>::Vector<S>>(from, to);
    } else {
        for (to, from) in to.iter_mut().zip(row.from.iter().step_by(row.step)) {
            *to = from.to_acc();
        }
    }
}

/// Copies a row to the planes of both remainders modulo 2; the columns of each are known.
#[inline(always)]
fn split_row<S: Simd, T: Floating>(
    line: &[T],
    origin: isize,
    columns: &[Range<usize>; 2],
    (first, second): (&mut [T::Acc], &mut [T::Acc]),
) {
    debug_assert!(T::IS_REAL);
    let (first, mut second) = (&mut first[columns[0].clone()], &mut second[columns[1].clone()]);
    let places = [columns[0].start * 2, columns[1].start * 2 + 1].map(|at| origin + at as isize);
    let mut x = places[0].min(places[1]).max(0) as usize;
    if !second.is_empty() && (places[1] < places[0] || first.is_empty()) {
        // The first element has the remainder 1: it goes alone, then pairs begin.
        second[0] = line[x].to_acc();
        (second, x) = (&mut second[1..], x + 1);
    }
    let (len, odds) = (first.len(), second.len());
    if len == 0 {
        return;
    }
    let from = &line[x..];
    assert!(odds <= len && len <= odds + 1 && len + odds <= from.len());
    // SAFETY: `T` is `T::Acc`; the lengths were just compared.
    unsafe {
        copy_pairs::<T::Acc, <T::Acc as Real>::Vector<S>>(
            from.as_ptr().cast(),
            first.as_mut_ptr(),
            second.as_mut_ptr(),
            len,
            odds,
        );
    }
}
