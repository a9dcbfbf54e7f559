//! Reductions over any axes of any layout by one driver. A [`Reducer`] says how one element joins an accumulator and how
//! two accumulators merge; the driver merges them pairwise, so that the rounding error of a sum grows with the logarithm
//! of its length. The order depends on sizes alone, never on the number of threads.
#![allow(unsafe_code)]

mod group;
mod lanes;
mod pairs;
pub mod reducers;
mod short;
mod walk;

use lanes::{LANES, STEPS, in_lanes};
pub use pairs::sum_of_pairs;
pub use short::Join;

use crate::kernels::elementwise::Operand;
use crate::kernels::float::Real;
use crate::kernels::lanes::prefetch;
use crate::kernels::parallel::{self, Shared};
use group::{GROUP, reduce_rows};
use reducers::Sum;
use short::TOGETHER;
use smallvec::SmallVec;
use std::ops::Range;
use walk::{Cascade, Space};

/// How elements are combined.
pub trait Reducer<T>: Sync {
    /// What is carried along.
    type Acc: Copy + Send + Sync + 'static;
    /// Whether `step` must see the reduced axes in row-major order, because it looks at the index.
    const IN_ORDER: bool = false;
    /// Whether rows may be reduced side by side, which pays where an accumulator is one number.
    const SIDE_BY_SIDE: bool = false;
    /// What this is for floating-point numbers that are their own accumulators; the identity is then the usual one.
    const JOIN: Option<Join> = None;
    /// The accumulator of no element, for the output of this number.
    fn identity(&self, output: usize) -> Self::Acc;
    /// With one more element, which is number `index` among the reduced ones (if `IN_ORDER`).
    fn step(&self, acc: Self::Acc, x: T, index: usize) -> Self::Acc;
    /// With two more elements.
    #[inline(always)]
    fn step_pair(&self, acc: Self::Acc, [x, y]: [T; 2], [first, second]: [usize; 2]) -> Self::Acc {
        self.step(self.step(acc, x, first), y, second)
    }
    /// Of both.
    fn merge(&self, a: Self::Acc, b: Self::Acc) -> Self::Acc;
    /// Of neighbours in memory, the first of which is number `index`.
    #[inline(always)]
    fn run(&self, x: &[T], identity: Self::Acc, index: usize) -> Self::Acc
    where
        T: Copy,
    {
        in_lanes(x, self, identity, index)
    }
}

/// A reducer made of three functions.
pub struct By<A, S, M> {
    /// The accumulator of no element.
    pub identity: A,
    /// With one more element.
    pub step: S,
    /// Of both.
    pub merge: M,
}

impl<T, A: Copy + Send + Sync + 'static, S: Fn(A, T) -> A + Sync, M: Fn(A, A) -> A + Sync> Reducer<T> for By<A, S, M> {
    type Acc = A;
    const SIDE_BY_SIDE: bool = true;
    #[inline(always)]
    fn identity(&self, _: usize) -> A {
        self.identity
    }
    #[inline(always)]
    fn step(&self, acc: A, x: T, _: usize) -> A {
        (self.step)(acc, x)
    }
    #[inline(always)]
    fn merge(&self, a: A, b: A) -> A {
        (self.merge)(a, b)
    }
}

/// Outputs that are accumulated side by side where the fastest axis is kept.
const TILE: usize = 512;
/// Elements of a row that become one number before pairwise merging begins.
const RUN: usize = 4 * STEPS * LANES;
/// Rows that join one after the other before pairwise merging begins.
const ROWS: usize = 16;
/// Rows of one piece, at least, where columns are reduced.
const LEAST: usize = 1024;
/// Elements of one piece of a reduction that is cut for threads.
const PIECE: usize = 64 * 1024;

/// `out = sum of a over the axes`, added pairwise. `out` is row-major over the axes that stay.
pub fn sum<T: Real>(a: Operand<'_, T>, axes: &[bool], out: &mut [T]) {
    reduce(a, axes, out, &Sum, |acc| acc);
}

/// Reduces over the axes marked in `axes`; `out` is row-major over the others.
pub fn reduce<T, R, B>(a: Operand<'_, T>, axes: &[bool], out: &mut [R], by: &B, finish: impl Fn(B::Acc) -> R + Sync)
where
    T: Copy + Send + Sync + 'static,
    R: Copy + Send,
    B: Reducer<T>,
{
    let kept = Space::of(a, |axis| !axes[axis], false);
    let gone = Space::of(a, |axis| axes[axis], !B::IN_ORDER);
    assert_eq!(kept.numel, out.len(), "reduce: output of another size");
    if gone.numel == 0 {
        out.iter_mut().enumerate().for_each(|(i, place)| *place = finish(by.identity(i)));
        return;
    }
    let data = a.address();
    let (inner_size, inner_stride) = kept.inner();
    // Where the fastest axis is kept, neighbours of the output are accumulated together, row after row.
    let side_by_side = inner_size > 1 && inner_stride < gone.inner().1;
    let tile = if side_by_side { inner_size.div_ceil(inner_size.div_ceil(TILE)) } else { 1 };
    let tiles_per_row = inner_size.div_ceil(tile);
    let rows = kept.numel / inner_size.max(1);
    let tiles = rows * tiles_per_row;
    let piece = (PIECE / tile).max(LEAST);
    let pieces = gone.numel.div_ceil(piece);

    let span = |t: usize| {
        if tile == 1 {
            return t..t + 1;
        }
        let column = (t % tiles_per_row) * tile;
        let begin = (t / tiles_per_row) * inner_size + column;
        begin..begin + tile.min(inner_size - column)
    };
    let reduce_piece = |tile_index: usize, range: Range<usize>, accs: &mut [B::Acc]| {
        let output = span(tile_index).start;
        let start = kept.offset(output);
        if side_by_side {
            // SAFETY: offsets come from the operand's own axes, so they are inside of it.
            unsafe { columns(data.get().add(start), inner_stride, &gone, range, by, output, accs) }
        } else {
            // SAFETY: as above.
            accs[0] = unsafe { rows_of(data.get().add(start), &gone, range, by, output) };
        }
    };
    let target = Shared(out.as_mut_ptr());
    let write = |t: usize, accs: &[B::Acc]| {
        for (place, &acc) in span(t).zip(accs) {
            // SAFETY: tiles are disjoint parts of the output.
            unsafe { *target.get().add(place) = finish(acc) };
        }
    };
    let rows_stride = kept.only().filter(|_| B::SIDE_BY_SIDE && !side_by_side && kept.numel >= GROUP);
    if let Some(stride) = rows_stride.filter(|_| gone.only() == Some(1) && gone.numel <= RUN) {
        let len = gone.numel;
        let finished = |first: usize, accs: &[B::Acc]| {
            // SAFETY: groups are disjoint parts of the output.
            accs.iter().enumerate().for_each(|(i, &acc)| unsafe { *target.get().add(first + i) = finish(acc) });
        };
        if let Some(short) = short::by_registers::<T, B>(len) {
            return parallel::for_each_index(kept.numel.div_ceil(TOGETHER), TOGETHER * (len + 4), |group| {
                let first = group * TOGETHER;
                let mut accs = [by.identity(0); TOGETHER];
                let accs = &mut accs[..TOGETHER.min(kept.numel - first)];
                // SAFETY: offsets come from the operand's own axes, so they are inside of it.
                short(unsafe { data.get().add(first * stride) }, stride, len, accs);
                finished(first, accs);
            });
        }
        return parallel::for_each_index(kept.numel.div_ceil(GROUP), GROUP * (len + 4), |group| {
            let first = group * GROUP;
            let rows = GROUP.min(kept.numel - first);
            let mut accs: [B::Acc; GROUP] = std::array::from_fn(|i| by.identity(first + i.min(rows - 1)));
            // SAFETY: as above.
            let x = unsafe { data.get().add(first * stride) };
            reduce_rows(x as *const T, stride, len, by, &mut accs[..rows]);
            finished(first, &accs[..rows]);
        });
    }
    if pieces == 1 {
        parallel::for_each_index(tiles, tile * gone.numel, |t| {
            if tile == 1 {
                let mut acc = [by.identity(0)];
                reduce_piece(t, 0..gone.numel, &mut acc);
                return write(t, &acc);
            }
            let mut accs = [by.identity(0); TILE];
            let accs = &mut accs[..span(t).len()];
            reduce_piece(t, 0..gone.numel, accs);
            write(t, accs);
        });
        return;
    }
    let mut partial = vec![by.identity(0); tiles * pieces * tile];
    parallel::for_each_chunk_mut(&mut partial, tile, tile * piece, |job, accs| {
        let (t, p) = (job / pieces, job % pieces);
        let width = span(t).len();
        reduce_piece(t, p * piece..((p + 1) * piece).min(gone.numel), &mut accs[..width]);
    });
    for t in 0..tiles {
        let width = span(t).len();
        let all = &partial[t * pieces * tile..(t + 1) * pieces * tile];
        let merged: SmallVec<[B::Acc; 8]> = (0..width).map(|j| pairwise(all, j, tile, 0..pieces, by)).collect();
        write(t, &merged);
    }
}

fn pairwise<T, B: Reducer<T>>(all: &[B::Acc], j: usize, tile: usize, range: Range<usize>, by: &B) -> B::Acc {
    if range.len() == 1 {
        return all[range.start * tile + j];
    }
    let middle = range.start + range.len().div_ceil(2);
    by.merge(pairwise(all, j, tile, range.start..middle, by), pairwise(all, j, tile, middle..range.end, by))
}

/// One output: all elements of a range of the reduced axes.
///
/// # Safety
/// Offsets of `gone` from `data` must be valid for reads.
unsafe fn rows_of<T: Copy, B: Reducer<T>>(
    data: *const T,
    gone: &Space,
    range: Range<usize>,
    by: &B,
    output: usize,
) -> B::Acc {
    let (inner, stride) = gone.inner();
    let identity = by.identity(output);
    if stride == 1 && range.len() <= RUN && range.start % inner + range.len() <= inner {
        // SAFETY: one run, which lies inside the operand.
        return unsafe {
            let start = data.add(gone.offset(range.start));
            contiguous(std::slice::from_raw_parts(start, range.len()), by, identity, range.start)
        };
    }
    let mut cascade = Cascade::new();
    let mut index = range.start;
    gone.runs(range, |offset, len| {
        let mut at = 0;
        while at < len {
            let n = RUN.min(len - at);
            // SAFETY: the run lies inside the operand.
            let acc = unsafe {
                let start = data.add(offset + at * stride);
                if stride == 1 {
                    contiguous(std::slice::from_raw_parts(start, n), by, identity, index)
                } else {
                    strided(start, stride, n, by, identity, index)
                }
            };
            cascade.push(acc, |a, b| by.merge(a, b));
            at += n;
            index += n;
        }
    });
    cascade.finish(identity, |a, b| by.merge(a, b))
}

crate::vectorize! {
    /// A contiguous run. Its first element is number `index`.
    fn contiguous[S; T: Copy, B: Reducer<T>](simd: S, x: &[T], by: &B, identity: B::Acc, index: usize) -> B::Acc {
        by.run(x, identity, index)
    }

    /// Merges accumulators with those of elements before; `data` is not looked at.
    fn merge_rows[S; T: Copy, B: Reducer<T>](simd: S, data: *const T, by: &B, before: &[B::Acc], accs: &mut [B::Acc]) {
        for (acc, &before) in accs.iter_mut().zip(before) {
            *acc = by.merge(before, *acc);
        }
    }

    /// Adds `rows` rows of adjacent elements, `stride` apart and numbered from `index` on, to accumulators side by side. It is
    /// to be called where these elements are valid.
    fn add_rows[S; T: Copy, B: Reducer<T>](
        simd: S, first: *const T, stride: usize, rows: usize, by: &B, accs: &mut [B::Acc], index: usize
    ) {
        // Some rows at a time: as they come from memory, and with few passes over the accumulators.
        const TOGETHER: usize = 8;
        // The beginnings of the next ones, which the processor does not foresee where each row is a page of its own.
        const AHEAD: usize = 64;
        let mut row = 0;
        while row < rows {
            // SAFETY: by the caller's word.
            unsafe {
                let x = first.add(row * stride);
                if row + TOGETHER <= rows {
                    for k in TOGETHER..2 * TOGETHER {
                        prefetch(x.wrapping_add(k * stride), accs.len().min(AHEAD));
                    }
                    for (i, acc) in accs.iter_mut().enumerate() {
                        for k in (0..TOGETHER).step_by(2) {
                            let pair = [*x.add(k * stride + i), *x.add((k + 1) * stride + i)];
                            *acc = by.step_pair(*acc, pair, [index + row + k, index + row + k + 1]);
                        }
                    }
                    row += TOGETHER;
                } else {
                    for (i, acc) in accs.iter_mut().enumerate() {
                        *acc = by.step(*acc, *x.add(i), index + row);
                    }
                    row += 1;
                }
            }
        }
    }
}

/// A run of elements that are `stride` apart.
///
/// # Safety
/// `start` must be valid for reads at the `len` multiples of `stride`.
unsafe fn strided<T: Copy, B: Reducer<T>>(
    start: *const T,
    stride: usize,
    len: usize,
    by: &B,
    identity: B::Acc,
    index: usize,
) -> B::Acc {
    // SAFETY: by the caller's word.
    (0..len).fold(identity, |acc, i| by.step(acc, unsafe { *start.add(i * stride) }, index + i))
}

/// Neighbouring outputs, accumulated side by side over a range of the reduced axes.
///
/// # Safety
/// `data` plus a column times `stride` plus an offset of `gone` must be valid for reads.
unsafe fn columns<T: Copy, B: Reducer<T>>(
    data: *const T,
    stride: usize,
    gone: &Space,
    range: Range<usize>,
    by: &B,
    output: usize,
    out: &mut [B::Acc],
) {
    let renew = |out: &mut [B::Acc]| {
        out.iter_mut().enumerate().for_each(|(j, acc)| *acc = by.identity(output + j));
    };
    renew(out);
    // What rows have become, from the most to the fewest; as in a `Cascade`, two that stand for equally many are merged.
    let (width, mut levels) = (out.len(), Vec::new());
    let merge_last = |levels: &mut Vec<B::Acc>, out: &mut [B::Acc]| {
        let rest = levels.len() - width;
        merge_rows(data, by, &levels[rest..], out);
        levels.truncate(rest);
    };
    let (mut rows, mut count, mut index) = (0, 0usize, range.start);
    let gone_stride = gone.inner().1;
    gone.runs(range, |offset, len| {
        let mut at = 0;
        while at < len {
            if rows == ROWS {
                count += 1;
                (0..count.trailing_zeros()).for_each(|_| merge_last(&mut levels, out));
                levels.extend_from_slice(out);
                renew(out);
                rows = 0;
            }
            let n = (ROWS - rows).min(len - at);
            // SAFETY: by the contract above.
            unsafe {
                let row = data.add(offset + at * gone_stride);
                if stride == 1 {
                    add_rows(row, gone_stride, n, by, out, index);
                } else {
                    for (i, j) in (0..n).flat_map(|i| (0..width).map(move |j| (i, j))) {
                        out[j] = by.step(out[j], *row.add(i * gone_stride + j * stride), index + i);
                    }
                }
            }
            at += n;
            index += n;
            rows += n;
        }
    });
    while !levels.is_empty() {
        merge_last(&mut levels, out);
    }
}

#[cfg(test)]
mod tests;
