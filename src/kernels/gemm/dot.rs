//! Products with very few columns: a matrix times one to four vectors, as dot products.
//!
//! Such a product reads the matrix once and does little with each element, so it is packed nowhere and runs at the speed of
//! memory: several rows are summed at once, to have several streams and several sums under way. Where there are few rows as well,
//! the depth is cut into pieces instead.

use std::borrow::Cow;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis, s};

use super::super::float::{Floating, Real};
use super::super::lanes::{Vector, fold};
use super::super::parallel;

/// Columns up to which this is the way to go.
pub const MAX_COLUMNS: usize = 4;
/// Rows that are summed at once.
const ROWS: usize = 4;
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

/// As [`multiply`] for a small product whose depth is adjacent in both operands: nothing is copied.
pub fn multiply_small<R: Real>(
    a: ArrayView2<'_, R>,
    b: ArrayView2<'_, R>,
    mut out: ArrayViewMut2<'_, R>,
    finish: impl Fn((usize, usize), R, &mut R),
) {
    let column = |j: usize| b.index_axis_move(Axis(1), j).to_slice().expect("adjacent elements");
    for (i, mut out) in out.outer_iter_mut().enumerate() {
        let row = a.index_axis_move(Axis(0), i).to_slice().expect("adjacent elements");
        let whole = b.ncols() / ROWS * ROWS;
        for j in (0..whole).step_by(ROWS) {
            let sums = dots::<R, ROWS>(std::array::from_fn(|n| column(j + n)), row);
            for (n, sum) in sums.into_iter().enumerate() {
                finish((i, j + n), sum, &mut out[j + n]);
            }
        }
        for j in whole..b.ncols() {
            finish((i, j), dots([column(j)], row)[0], &mut out[j]);
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
    // Adjacent copies of the few columns.
    let columns: Vec<Vec<R>> = b.columns().into_iter().map(|column| column.to_vec()).collect();
    let mut groups: Vec<_> = out.axis_chunks_iter_mut(Axis(0), ROWS).collect();
    parallel::for_each_chunk_mut(&mut groups, 1, ROWS * depth * columns.len().max(1), |group, outs| {
        let (first, out) = (group * ROWS, &mut outs[0]);
        let row = |i: usize| a.index_axis_move(Axis(0), first + i).to_slice().expect("adjacent elements");
        for (j, column) in columns.iter().enumerate() {
            let mut sums = [R::zero(); ROWS];
            if out.nrows() == ROWS {
                sums = dots::<R, ROWS>(std::array::from_fn(row), column);
            } else {
                (0..out.nrows()).for_each(|i| sums[i] = dots([row(i)], column)[0]);
            }
            for (i, to) in out.column_mut(j).iter_mut().enumerate() {
                finish((first + i, j), sums[i], to);
            }
        }
    });
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
                [*sum] = dots([row], &column);
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
    #[allow(clippy::needless_range_loop)] // loops of constant length over several arrays, which are to be unrolled
    /// The dot products of some rows with one vector of the same length.
    pub fn dots[S; R: Real, const N: usize](simd: S, rows: [&[R]; N], vector: &[R]) -> [R; N] {
        /// Registers of sums for each row: enough to hide the latency of an addition.
        const UNROLL: usize = 2;
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        let zero = <R::Vector<S> as Vector<R>>::splat(R::zero());
        let mut sums = [[zero; UNROLL]; N];
        let step = UNROLL * lanes;
        let whole = vector.len() / step * step;
        for row in rows {
            assert!(row.len() == vector.len(), "rows and vector of one length");
        }
        for at in (0..whole).step_by(step) {
            for u in 0..UNROLL {
                let from = at + u * lanes;
                // SAFETY: `from + lanes <= whole`, which no row is shorter than.
                unsafe {
                    let factor = <R::Vector<S> as Vector<R>>::load(vector.as_ptr().add(from));
                    for i in 0..N {
                        let row = <R::Vector<S> as Vector<R>>::load(rows[i].as_ptr().add(from));
                        sums[i][u] = row.mul_add(factor, sums[i][u]);
                    }
                }
            }
        }
        // Registers that are left.
        let registers = vector.len() / lanes * lanes;
        for at in (whole..registers).step_by(lanes) {
            // SAFETY: `at + lanes <= registers`, which no row is shorter than.
            unsafe {
                let factor = <R::Vector<S> as Vector<R>>::load(vector.as_ptr().add(at));
                for i in 0..N {
                    let row = <R::Vector<S> as Vector<R>>::load(rows[i].as_ptr().add(at));
                    sums[i][0] = row.mul_add(factor, sums[i][0]);
                }
            }
        }
        let mut totals = [R::zero(); N];
        for i in 0..N {
            let mut line = [R::zero(); 16];
            let sum = sums[i].into_iter().fold(zero, |total, sum| total.add(sum));
            // SAFETY: a register has at most 16 elements.
            unsafe { sum.store(line.as_mut_ptr()) };
            // Zeros stand behind the elements of a shorter one.
            let mut total = fold(line, |a, b| a + b);
            for at in registers..vector.len() {
                total = simd.mul_add(rows[i][at], vector[at], total);
            }
            totals[i] = total;
        }
        totals
    }
}
