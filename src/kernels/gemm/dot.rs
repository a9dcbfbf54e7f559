//! Products with very few columns: a matrix times one to four vectors, as dot products.
//!
//! Such a product reads the matrix once and does little with each element, so it is packed nowhere and runs at the speed of
//! memory: several rows are summed at once, to have several streams and several sums under way. Where there are few rows as well,
//! the depth is cut into pieces instead.

use std::borrow::Cow;
use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis, s};

use super::super::float::{Floating, Real};
use super::super::lanes::{Vector, fold_rows};
use super::super::parallel;

/// Columns up to which this is the way to go.
pub const MAX_COLUMNS: usize = 4;
/// Rows that are summed at once.
const ROWS: usize = 4;
/// Rows whose sums are joined at once, as many as the widest register has lanes.
pub const GROUP: usize = 16;
/// Depth above which rows are long: joining the lanes of a sum is little beside it.
const LONG: usize = 512;
/// Depth of a piece where the depth is cut.
const PIECE: usize = 1 << 14;

/// Whether the product of rows of `a` with columns of `b` is done by [`multiply`].
pub fn applies<T: Floating>(a: &ArrayView2<'_, T>, b: &ArrayView2<'_, T>) -> bool {
    T::IS_REAL && b.ncols() <= MAX_COLUMNS && a.strides()[1] == 1 && a.ncols() >= 16 && a.nrows() >= ROWS
}

/// Whether the depth is adjacent in both operands, as [`multiply_small`] wants it.
pub fn applies_small<T: Floating>(a: &ArrayView2<'_, T>, b: &ArrayView2<'_, T>) -> bool {
    let adjacent = |stride: isize| stride == 1 || a.ncols() == 1;
    T::IS_REAL && a.ncols() >= 4 && adjacent(a.strides()[1]) && adjacent(b.strides()[0])
}

/// A row whose elements are adjacent.
fn row<'a, R>(matrix: &ArrayView2<'a, R>, index: usize) -> &'a [R] {
    let &[step, one] = matrix.strides() else { unreachable!("two axes") };
    assert!(index < matrix.nrows() && (one == 1 || matrix.ncols() <= 1), "a row of adjacent elements");
    // SAFETY: as asserted, these are the elements of the view's row `index`, for as long as it lives.
    unsafe { std::slice::from_raw_parts(matrix.as_ptr().offset(index as isize * step), matrix.ncols()) }
}

/// As [`multiply`] for a small product whose depth is adjacent in both operands: nothing is copied.
pub fn multiply_small<R: Real>(
    a: ArrayView2<'_, R>,
    b: ArrayView2<'_, R>,
    mut out: ArrayViewMut2<'_, R>,
    finish: impl Fn((usize, usize), R, &mut R),
) {
    let columns = b.reversed_axes();
    for first in (0..columns.nrows()).step_by(GROUP) {
        let count = GROUP.min(columns.nrows() - first);
        let group = group(&columns, first..first + count);
        for (i, mut out) in out.outer_iter_mut().enumerate() {
            let out = out.iter_mut().enumerate().skip(first);
            for ((j, out), sum) in out.zip(dots(&group[..count], row(&a, i))) {
                finish((i, j), sum, out);
            }
        }
    }
}

/// Hands `finish` every element of `a b` with its row and column and its place in `out`.
///
/// `a: [m, k]` has adjacent elements in each row, `b: [k, n]` has few columns, `out: [m, n]`.
pub fn multiply<R: Real>(
    a: ArrayView2<'_, R>,
    b: ArrayView2<'_, R>,
    mut out: ArrayViewMut2<'_, R>,
    finish: impl Fn((usize, usize), R, &mut R) + Sync,
) {
    let depth = a.ncols();
    let columns: Vec<Cow<'_, [R]>> = b.columns().into_iter().map(adjacent).collect();
    // Of long rows a few are work enough.
    let count = if depth > LONG { ROWS } else { GROUP };
    let mut groups: Vec<_> = out.axis_chunks_iter_mut(Axis(0), count).collect();
    parallel::for_each_chunk_mut(&mut groups, 1, count * depth * columns.len().max(1), |index, outs| {
        let (first, out) = (index * count, &mut outs[0]);
        let count = out.nrows();
        let rows = group(&a, first..first + count);
        for (j, column) in columns.iter().enumerate() {
            for (i, (to, sum)) in out.column_mut(j).iter_mut().zip(dots(&rows[..count], column)).enumerate() {
                finish((first + i, j), sum, to);
            }
        }
    });
}

/// Some rows of a matrix, [`GROUP`] at most, whose elements are adjacent; nothing behind them.
fn group<'a, R>(matrix: &ArrayView2<'a, R>, rows: Range<usize>) -> [&'a [R]; GROUP] {
    let mut group: [&[R]; GROUP] = [&[]; GROUP];
    for (slot, index) in group.iter_mut().zip(rows) {
        *slot = row(matrix, index);
    }
    group
}

/// Whether the product has so few elements that it is done by [`multiply_thin`].
pub fn applies_thin<T: Floating>(a: &ArrayView2<'_, T>, b: &ArrayView2<'_, T>) -> bool {
    T::IS_REAL && a.nrows() < ROWS && b.ncols() <= MAX_COLUMNS
}

/// As [`multiply`] for few rows and few columns, in any layout. Each element is the sum of its pieces' sums in their order.
pub fn multiply_thin<R: Real>(
    a: ArrayView2<'_, R>,
    b: ArrayView2<'_, R>,
    mut out: ArrayViewMut2<'_, R>,
    finish: impl Fn((usize, usize), R, &mut R),
) {
    let (count, depth) = (out.len(), a.ncols());
    if count == 0 {
        return;
    }
    let mut sums = vec![R::zero(); depth.div_ceil(PIECE) * count];
    parallel::for_each_chunk_mut(&mut sums, count, PIECE.min(depth) * count, |piece, sums| {
        let part = piece * PIECE..((piece + 1) * PIECE).min(depth);
        let (a, b) = (a.slice_move(s![.., part.clone()]), b.slice_move(s![part, ..]));
        let rows: Vec<Cow<'_, [R]>> = a.outer_iter().map(adjacent).collect();
        let mut sums = sums.iter_mut();
        for column in b.columns() {
            let column = adjacent(column);
            for (row, sum) in rows.iter().zip(&mut sums) {
                *sum = dots(&[row], &column)[0];
            }
        }
    });
    for ((i, j), out) in out.indexed_iter_mut() {
        let own = sums.iter().skip(j * a.nrows() + i).step_by(count);
        finish((i, j), own.fold(R::zero(), |total, &sum| total + sum), out);
    }
}

/// The elements side by side: where they lie, or a copy.
fn adjacent<R: Real>(vector: ArrayView1<'_, R>) -> Cow<'_, [R]> {
    match vector.to_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(vector.to_vec()),
    }
}

crate::vectorize! {
    /// The dot products of some rows, [`GROUP`] at most, with one vector of the same length; zeros behind them. Each sum has the same
    /// bits whatever rows it stands among.
    pub fn dots[S; R: Real](simd: S, rows: &[&[R]], vector: &[R]) -> [R; GROUP] {
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        let mut results = [R::zero(); GROUP];
        for (rows, results) in rows.chunks(lanes).zip(results.chunks_exact_mut(lanes)) {
            // The registers of all rows become one at once.
            let mut sums = [<R::Vector<S> as Vector<R>>::splat(R::zero()); 16];
            let (fours, others) = rows.as_chunks::<ROWS>();
            for (rows, sums) in fours.iter().zip(sums.as_chunks_mut::<ROWS>().0) {
                *sums = in_lanes::<R, R::Vector<S>, ROWS>(rows, vector);
            }
            for (row, sum) in others.iter().zip(&mut sums[ROWS * fours.len()..]) {
                [*sum] = in_lanes::<R, R::Vector<S>, 1>(&[row], vector);
            }
            // SAFETY: there is room for a register.
            unsafe { fold_rows(sums, |a, b| a.add(b)).store(results.as_mut_ptr()) };
        }
        results
    }
}

/// The products of some rows with a vector of the same length, summed in each lane of a register.
#[inline(always)]
#[allow(clippy::needless_range_loop)] // loops of constant length over several arrays, which are to be unrolled
fn in_lanes<R: Real, V: Vector<R>, const N: usize>(rows: &[&[R]; N], vector: &[R]) -> [V; N] {
    /// Registers of sums for each row: enough to hide the latency of an addition.
    const UNROLL: usize = 2;
    let mut sums = [[V::splat(R::zero()); UNROLL]; N];
    let step = UNROLL * V::LANES;
    let (whole, registers) = (vector.len() / step * step, vector.len() / V::LANES * V::LANES);
    for row in rows {
        assert!(row.len() == vector.len(), "rows and vector of one length");
    }
    let rows = rows.map(|row| row.as_ptr());
    // SAFETY: what is read lies in the vector, than which no row is shorter.
    unsafe {
        for at in (0..whole).step_by(step) {
            for u in 0..UNROLL {
                let from = at + u * V::LANES;
                let factor = V::load(vector.as_ptr().add(from));
                for i in 0..N {
                    sums[i][u] = V::load(rows[i].add(from)).mul_add(factor, sums[i][u]);
                }
            }
        }
        if whole < registers {
            let factor = V::load(vector.as_ptr().add(whole));
            for i in 0..N {
                sums[i][0] = V::load(rows[i].add(whole)).mul_add(factor, sums[i][0]);
            }
        }
        if registers < vector.len() {
            // Zeros stand behind the last elements.
            let rest = 0..vector.len() - registers;
            let factor = V::load_part(vector.as_ptr().add(registers), rest.clone());
            for i in 0..N {
                sums[i][1] = V::load_part(rows[i].add(registers), rest.clone()).mul_add(factor, sums[i][1]);
            }
        }
    }
    sums.map(|[first, second]| first.add(second))
}
