//! Softmax and its logarithm along one axis, and their gradients.
//!
//! Tensors are contiguous `[outer, len, inner]`, the middle axis being the one that sums to 1. Where `inner` is 1 each row is in
//! one piece; else neighbouring columns are computed side by side.
#![allow(unsafe_code)]

mod short;

use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis};

use crate::kernels::float::Real;
use crate::kernels::isa::Simd;
use crate::kernels::lanes::fold;
use crate::kernels::parallel;

/// Which of the two functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `e^x / sum(e^x)`.
    Softmax,
    /// `x - log(sum(e^x))`.
    LogSoftmax,
}

/// Sums kept at once along a row.
const LANES: usize = 32;
/// Columns computed side by side.
const COLUMNS: usize = 64;
/// Elements of rows that are computed in one call, at least.
const ROW_ELEMENTS: usize = 512;
/// The work of an exponential, in multiply-adds.
const EXP_COST: usize = 16;

/// `y = softmax(x)` along the middle axis of `[outer, len, inner]`.
///
/// ```
/// use rsnn::kernels::softmax::{Kind, softmax};
///
/// let mut y = [0.0f32; 4];
/// softmax(Kind::Softmax, (1, 4, 1), &[0.0; 4], &mut y);
/// assert_eq!(y, [0.25; 4]);
/// ```
pub fn softmax<R: Real>(kind: Kind, (outer, len, inner): (usize, usize, usize), x: &[R], y: &mut [R]) {
    debug_assert!(x.len() == outer * len * inner && y.len() == x.len());
    if y.is_empty() {
        return;
    }
    if inner == 1 && len <= short::LONGEST {
        return short::softmax(kind, len, x, y);
    }
    if inner == 1 {
        let piece = ROW_ELEMENTS.div_ceil(len) * len;
        return parallel::for_each_chunk_mut(y, piece, EXP_COST, |i, y| {
            softmax_rows(kind, len, &x[i * piece..][..y.len()], y)
        });
    }
    let x = ArrayView3::from_shape((outer, len, inner), x).expect("as many elements as the shape says");
    let mut tasks = columns(ArrayViewMut3::from_shape((outer, len, inner), y).expect("as `x`"));
    parallel::for_each_chunk_mut(&mut tasks, 1, EXP_COST * len * COLUMNS.min(inner), |_, task| {
        let (row, column, y) = &mut task[0];
        let x = x.index_axis(Axis(0), *row);
        softmax_columns(kind, x.slice(ndarray::s![.., *column..*column + y.ncols()]), y.view_mut());
    });
}

/// `dx` from the gradient `g` and the result `y` of [`softmax`].
pub fn softmax_gradient<R: Real>(
    kind: Kind,
    (outer, len, inner): (usize, usize, usize),
    g: &[R],
    y: &[R],
    dx: &mut [R],
) {
    debug_assert!(g.len() == outer * len * inner && y.len() == g.len() && dx.len() == g.len());
    if dx.is_empty() {
        return;
    }
    if inner == 1 {
        let piece = ROW_ELEMENTS.div_ceil(len) * len;
        return parallel::for_each_chunk_mut(dx, piece, EXP_COST, |i, dx| {
            gradient_rows(kind, len, &g[i * piece..][..dx.len()], &y[i * piece..][..dx.len()], dx);
        });
    }
    let [g, y] = [g, y].map(|list| ArrayView3::from_shape((outer, len, inner), list).expect("as `dx`"));
    let mut tasks = columns(ArrayViewMut3::from_shape((outer, len, inner), dx).expect("as the shape says"));
    parallel::for_each_chunk_mut(&mut tasks, 1, EXP_COST * len * COLUMNS.min(inner), |_, task| {
        let (row, column, dx) = &mut task[0];
        let part = ndarray::s![*row, .., *column..*column + dx.ncols()];
        gradient_columns(kind, g.slice(part), y.slice(part), dx.view_mut());
    });
}

/// Cuts `[outer, len, inner]` into strips of up to [`COLUMNS`] columns, each with its row and first column.
fn columns<R>(y: ArrayViewMut3<'_, R>) -> Vec<(usize, usize, ArrayViewMut2<'_, R>)> {
    let mut strips = Vec::new();
    let mut images = y;
    for row in 0..images.len_of(Axis(0)) {
        let (image, others) = images.split_at(Axis(0), 1);
        images = others;
        let (mut rest, mut column) = (image.index_axis_move(Axis(0), 0), 0);
        while rest.ncols() > COLUMNS {
            let (strip, after) = rest.split_at(Axis(1), COLUMNS);
            strips.push((row, column, strip));
            (rest, column) = (after, column + COLUMNS);
        }
        strips.push((row, column, rest));
    }
    strips
}

/// The larger of two numbers; a nan as the second is passed over, which the exponentials then bring back.
#[inline(always)]
fn larger<R: Real>(a: R, b: R) -> R {
    if b > a { b } else { a }
}

/// One row.
#[inline(always)]
fn softmax_row<S: Simd, R: Real>(simd: S, kind: Kind, x: &[R], y: &mut [R]) {
    let whole = x.len() / LANES * LANES;
    // What is over is filled up with what adds nothing, so that lanes stay in registers.
    let mut rest = [R::neg_infinity(); LANES];
    rest[..x.len() - whole].copy_from_slice(&x[whole..]);
    let mut tops = [R::neg_infinity(); LANES];
    for chunk in x[..whole].chunks_exact(LANES) {
        for i in 0..LANES {
            tops[i] = larger(tops[i], chunk[i]);
        }
    }
    for i in 0..LANES {
        tops[i] = larger(tops[i], rest[i]);
    }
    let top = fold(tops, larger);

    let mut sums = [R::zero(); LANES];
    for (from, to) in x[..whole].chunks_exact(LANES).zip(y[..whole].chunks_exact_mut(LANES)) {
        for i in 0..LANES {
            let value = (from[i] - top).exp_native(simd);
            to[i] = value;
            sums[i] += value;
        }
    }
    if whole < x.len() {
        for i in 0..LANES {
            rest[i] = (rest[i] - top).exp_native(simd);
            sums[i] += rest[i];
        }
        y[whole..].copy_from_slice(&rest[..x.len() - whole]);
    }
    let sum = fold(sums, |a, b| a + b);
    match kind {
        Kind::Softmax => {
            let factor = R::one() / sum;
            y.iter_mut().for_each(|y| *y *= factor);
        }
        Kind::LogSoftmax => {
            let log = sum.ln();
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = x - top - log);
        }
    }
}

/// The gradient of one row.
#[inline(always)]
fn gradient_row<S: Simd, R: Real>(simd: S, kind: Kind, g: &[R], y: &[R], dx: &mut [R]) {
    let whole = g.len() / LANES * LANES;
    let term = |g: R, y: R| if kind == Kind::Softmax { g * y } else { g };
    let mut sums = [R::zero(); LANES];
    for (g, y) in g[..whole].chunks_exact(LANES).zip(y[..whole].chunks_exact(LANES)) {
        for i in 0..LANES {
            sums[i] += term(g[i], y[i]);
        }
    }
    for (sum, (&g, &y)) in sums.iter_mut().zip(g[whole..].iter().zip(&y[whole..])) {
        *sum += term(g, y);
    }
    let sum = fold(sums, |a, b| a + b);
    let inputs = g.iter().zip(y);
    match kind {
        Kind::Softmax => dx.iter_mut().zip(inputs).for_each(|(dx, (&g, &y))| *dx = y * (g - sum)),
        Kind::LogSoftmax => dx.iter_mut().zip(inputs).for_each(|(dx, (&g, &y))| *dx = g - y.exp_native(simd) * sum),
    }
}

crate::vectorize! {
    /// Rows, one after the other.
    fn softmax_rows[S; R: Real](simd: S, kind: Kind, len: usize, x: &[R], y: &mut [R]) {
        for (x, y) in x.chunks_exact(len).zip(y.chunks_exact_mut(len)) {
            softmax_row(simd, kind, x, y);
        }
    }

    /// The gradients of rows.
    fn gradient_rows[S; R: Real](simd: S, kind: Kind, len: usize, g: &[R], y: &[R], dx: &mut [R]) {
        for ((g, y), dx) in g.chunks_exact(len).zip(y.chunks_exact(len)).zip(dx.chunks_exact_mut(len)) {
            gradient_row(simd, kind, g, y, dx);
        }
    }


    /// Some neighbouring columns.
    fn softmax_columns[S; R: Real](simd: S, kind: Kind, x: ArrayView2<'_, R>, y: ArrayViewMut2<'_, R>) {
        let mut y = y;
        let (mut tops, mut sums) = ([R::neg_infinity(); COLUMNS], [R::zero(); COLUMNS]);
        for x in x.outer_iter() {
            for (top, &x) in tops.iter_mut().zip(x.to_slice().expect("adjacent columns")) {
                *top = larger(*top, x);
            }
        }
        for (x, mut y) in x.outer_iter().zip(y.outer_iter_mut()) {
            let (x, y) = (x.to_slice().expect("adjacent columns"), y.as_slice_mut().expect("adjacent columns"));
            for ((y, &x), (&top, sum)) in y.iter_mut().zip(x).zip(tops.iter().zip(&mut sums)) {
                *y = (x - top).exp_native(simd);
                *sum += *y;
            }
        }
        match kind {
            Kind::Softmax => sums.iter_mut().for_each(|sum| *sum = R::one() / *sum),
            Kind::LogSoftmax => sums.iter_mut().for_each(|sum| *sum = sum.ln_native(simd)),
        }
        for (x, mut y) in x.outer_iter().zip(y.outer_iter_mut()) {
            let (x, y) = (x.to_slice().expect("adjacent columns"), y.as_slice_mut().expect("adjacent columns"));
            match kind {
                Kind::Softmax => y.iter_mut().zip(&sums).for_each(|(y, &sum)| *y *= sum),
                Kind::LogSoftmax => {
                    let columns = tops.iter().zip(&sums);
                    y.iter_mut().zip(x).zip(columns).for_each(|((y, &x), (&top, &sum))| *y = x - top - sum);
                }
            }
        }
    }


    /// The gradient of some neighbouring columns.
    fn gradient_columns[S; R: Real](
        simd: S, kind: Kind, g: ArrayView2<'_, R>, y: ArrayView2<'_, R>, dx: ArrayViewMut2<'_, R>
    ) {
        let mut dx = dx;
        let mut sums = [R::zero(); COLUMNS];
        for (g, y) in g.outer_iter().zip(y.outer_iter()) {
            let (g, y) = (g.to_slice().expect("adjacent columns"), y.to_slice().expect("adjacent columns"));
            for ((sum, &g), &y) in sums.iter_mut().zip(g).zip(y) {
                *sum += if kind == Kind::Softmax { g * y } else { g };
            }
        }
        for ((g, y), mut dx) in g.outer_iter().zip(y.outer_iter()).zip(dx.outer_iter_mut()) {
            let (g, y) = (g.to_slice().expect("adjacent columns"), y.to_slice().expect("adjacent columns"));
            let dx = dx.as_slice_mut().expect("adjacent columns");
            let inputs = g.iter().zip(y).zip(&sums);
            match kind {
                Kind::Softmax => dx.iter_mut().zip(inputs).for_each(|(dx, ((&g, &y), &sum))| *dx = y * (g - sum)),
                Kind::LogSoftmax => {
                    dx.iter_mut().zip(inputs).for_each(|(dx, ((&g, &y), &sum))| *dx = g - y.exp_native(simd) * sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
