//! Scaled dot-product attention a block of queries at a time: the matrix of all scores is never in memory. [`gradients`] computes
//! the weights of a block again.
#![allow(unsafe_code)]

mod gradient;

pub use gradient::{Slopes, gradients};

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, Axis, ShapeBuilder, s};

use super::float::Real;
use super::gemm::{Start, gemm};
use super::isa::Simd;
use super::lanes::transposed;
use super::parallel;
use super::scratch::with_scratch;
use super::softmax::{Kind, softmax};

/// Queries whose scores are computed together, at most,
const BLOCK: usize = 128;
/// and where they see more keys than this: half of them, so that their scores stay in the cache.
const MANY_KEYS: usize = 256;

/// Columns of scores whose largest ones and sums are kept in registers.
const SIDE: usize = 32;

/// One sequence of queries, `[l, e]`, and what it attends to.
#[derive(Clone, Copy)]
pub struct Problem<'a, R> {
    /// The queries.
    pub q: ArrayView2<'a, R>,
    /// The keys, `[s, e]`.
    pub k: ArrayView2<'a, R>,
    /// The values, `[s, ev]`.
    pub v: ArrayView2<'a, R>,
    /// Added to the scores, `[l, s]`.
    pub mask: Option<ArrayView2<'a, R>>,
}

/// How scores are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scoring<R> {
    /// The factor of the products of queries and keys.
    pub scale: R,
    /// Whether a query sees no key behind its own place.
    pub causal: bool,
}

/// `out = softmax(scale q k^T + mask) v` for every problem. A query that sees no key gives zeros.
pub fn attention<R: Real>(problems: &[Problem<'_, R>], scoring: Scoring<R>, outs: Vec<ArrayViewMut2<'_, R>>) {
    let Some(first) = problems.first() else { return };
    let (keys, width) = (first.k.nrows(), first.q.ncols() + first.v.ncols());
    let block = block(first);
    let mut tasks = Vec::new();
    for (problem, out) in problems.iter().zip(outs) {
        let mut rest = out;
        let mut start = 0;
        while rest.nrows() > block {
            let (rows, after) = rest.split_at(Axis(0), block);
            tasks.push((problem, start, rows));
            (rest, start) = (after, start + block);
        }
        tasks.push((problem, start, rest));
    }
    let rows = first.q.nrows().min(block);
    parallel::for_each_chunk_mut(&mut tasks, 1, rows * keys * (width + 16), |_, task| {
        let (problem, start, out) = &mut task[0];
        attend(problem, scoring, *start, out.view_mut());
    });
}

/// Queries of a block.
fn block<R>(problem: &Problem<'_, R>) -> usize {
    if problem.k.nrows() > MANY_KEYS { BLOCK / 2 } else { BLOCK }
}

impl<R: Real> Problem<'_, R> {
    /// Keys that some query of the block sees; those behind its last query are seen by none, if `causal`.
    fn seen(&self, causal: bool, block: &Range<usize>) -> usize {
        if causal { self.k.nrows().min(block.end) } else { self.k.nrows() }
    }

    /// The scores of a block of queries for the keys that it sees, laid out as [`ScoreLayout`] says; `room` is for as many numbers.
    /// Returns which queries a mask hides all keys from.
    fn score(&self, scoring: Scoring<R>, block: Range<usize>, scores: &mut [R], room: &mut [R]) -> [bool; BLOCK] {
        let keys = self.seen(scoring.causal, &block);
        let layout = ScoreLayout { rows: block.len(), keys };
        let start = block.start;
        let (q, k) = (self.q.slice(s![block.clone(), ..]), self.k.slice(s![..keys, ..]));
        gemm(scoring.scale, q, k.reversed_axes(), Start::Zero, layout.matrix_mut(scores));
        if let Some(mask) = &self.mask {
            // The mask's part is laid out as the scores are first.
            layout.put(mask.slice(s![block, ..keys]), room);
            scores.iter_mut().zip(room).for_each(|(score, &mut mask)| *score += mask);
        }
        let mut matrix = layout.matrix_mut(scores);
        if scoring.causal {
            for key in start + 1..keys {
                matrix.slice_mut(s![..key - start, key]).fill(R::neg_infinity());
            }
        }
        let mut blind = [false; BLOCK];
        for (blind, scores) in blind.iter_mut().zip(matrix.outer_iter()) {
            *blind = self.mask.is_some() && scores.iter().all(|&score| score == R::neg_infinity());
        }
        blind
    }

    /// The weights of a block of queries for the keys that it sees, laid out as `scores` and with as much room.
    fn weigh(&self, scoring: Scoring<R>, block: Range<usize>, scores: &mut [R], weights: &mut [R]) {
        let layout = ScoreLayout { rows: block.len(), keys: self.seen(scoring.causal, &block) };
        let blind = self.score(scoring, block, scores, weights);
        softmax(Kind::Softmax, layout.shape(), scores, weights);
        for (mut weights, _) in layout.matrix_mut(weights).outer_iter_mut().zip(blind).filter(|(_, blind)| *blind) {
            weights.fill(R::zero());
        }
    }
}

/// How the scores of a block lie in memory: those of a key side by side, which products and exponentials of many queries like best,
/// or, for few, those of a query.
#[derive(Clone, Copy)]
struct ScoreLayout {
    rows: usize,
    keys: usize,
}

impl ScoreLayout {
    /// Queries from which on the scores of a key lie side by side.
    const MANY: usize = 16;

    /// Whether the scores of a key lie side by side.
    fn by_keys(self) -> bool {
        self.rows >= ScoreLayout::MANY
    }

    /// The sizes with which a function goes along the keys of each query: those before, the keys, those behind.
    fn shape(self) -> (usize, usize, usize) {
        if self.by_keys() { (1, self.keys, self.rows) } else { (self.rows, self.keys, 1) }
    }

    /// Writes a matrix `[queries, keys]` to a list that is laid out so.
    fn put<R: Real>(self, matrix: ArrayView2<'_, R>, list: &mut [R]) {
        let &[query, key] = matrix.strides() else { unreachable!("two axes") };
        assert!(matrix.dim() == (self.rows, self.keys) && list.len() == matrix.len());
        if self.by_keys() && key == 1 && query >= 0 {
            let (from, to) = (matrix.as_ptr(), list.as_mut_ptr());
            // SAFETY: rows of so many keys, `query` elements apart, are the matrix's; the list has room for as many columns.
            unsafe { transposed(from, query as usize, to, self.rows, self.keys, self.rows) };
        } else {
            self.matrix_mut(list).assign(&matrix);
        }
    }

    /// `[queries, keys]`.
    fn matrix<R>(self, list: &[R]) -> ArrayView2<'_, R> {
        let shape = ndarray::Ix2(self.rows, self.keys).set_f(self.by_keys());
        ArrayView2::from_shape(shape, list).expect("as many as there is room for")
    }

    /// The same, for writing.
    fn matrix_mut<R>(self, list: &mut [R]) -> ArrayViewMut2<'_, R> {
        let shape = ndarray::Ix2(self.rows, self.keys).set_f(self.by_keys());
        ArrayViewMut2::from_shape(shape, list).expect("as many as there is room for")
    }
}

/// The rows of one block, of which `start` is the first.
fn attend<R: Real>(problem: &Problem<'_, R>, scoring: Scoring<R>, start: usize, mut out: ArrayViewMut2<'_, R>) {
    let block = start..start + out.nrows();
    let (rows, keys) = (block.len(), problem.seen(scoring.causal, &block));
    if keys == 0 || rows == 0 {
        return out.fill(R::zero());
    }
    let layout = ScoreLayout { rows, keys };
    let values = problem.v.slice(s![..keys, ..]);
    if layout.by_keys() {
        // Weights are not divided by their sums: the results are, which are fewer.
        let room = if problem.mask.is_some() { rows * keys } else { 0 };
        return with_scratch::<R, _>(rows * keys + room, |scratch| {
            let (scores, room) = scratch.split_at_mut(rows * keys);
            let blind = problem.score(scoring, block, scores, room);
            let mut sums = [R::zero(); BLOCK];
            exponentials(scores, &mut sums[..rows]);
            gemm(R::one(), layout.matrix(scores), values, Start::Zero, out.view_mut());
            for ((mut out, sum), blind) in out.outer_iter_mut().zip(sums).zip(blind) {
                let factor = R::one() / sum;
                if blind { out.fill(R::zero()) } else { out.mapv_inplace(|x| x * factor) }
            }
        });
    }
    with_scratch::<R, _>(2 * rows * keys, |scratch| {
        let (scores, weights) = scratch.split_at_mut(rows * keys);
        problem.weigh(scoring, block, scores, weights);
        gemm(R::one(), layout.matrix(weights), values, Start::Zero, out.view_mut());
    });
}

crate::vectorize! {
    /// `e^(x - largest x of the column)` for columns as many as there are sums, which become those of the columns.
    fn exponentials[S; R: Real](simd: S, x: &mut [R], sums: &mut [R]) {
        let (width, whole) = (sums.len(), sums.len() / SIDE * SIDE);
        for at in (0..whole).step_by(SIDE) {
            // The numbers of whole columns stay in registers.
            let (mut tops, mut totals) = ([R::neg_infinity(); SIDE], [R::zero(); SIDE]);
            x.chunks_exact(width).for_each(|x| raise(&mut tops, &x[at..at + SIDE]));
            x.chunks_exact_mut(width).for_each(|x| exponentiate(simd, &mut x[at..at + SIDE], &tops, &mut totals));
            sums[at..at + SIDE].copy_from_slice(&totals);
        }
        let (mut tops, totals) = ([R::neg_infinity(); SIDE], &mut sums[whole..]);
        let tops = &mut tops[..totals.len()];
        if !tops.is_empty() {
            x.chunks_exact(width).for_each(|x| raise(tops, &x[whole..]));
            x.chunks_exact_mut(width).for_each(|x| exponentiate(simd, &mut x[whole..], tops, totals));
        }
    }
}

/// Raises each of `tops` to the element beside it, if that is larger. A nan is passed over: its exponential brings it back.
#[inline(always)]
fn raise<R: Real>(tops: &mut [R], x: &[R]) {
    for (top, &x) in tops.iter_mut().zip(x) {
        *top = if x > *top { x } else { *top };
    }
}

/// `x = e^(x - top)`, which is added to the sums.
#[inline(always)]
fn exponentiate<S: Simd, R: Real>(simd: S, x: &mut [R], tops: &[R], sums: &mut [R]) {
    for ((x, &top), sum) in x.iter_mut().zip(tops).zip(sums) {
        *x = (*x - top).exp_native(simd);
        *sum += *x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// The weights by the formula, one query at a time.
    fn plain(problem: &Problem<'_, f64>, scoring: Scoring<f64>) -> Array2<f64> {
        let mut out = Array2::zeros((problem.q.nrows(), problem.k.nrows()));
        for (i, mut out) in out.outer_iter_mut().enumerate() {
            let score = |j: usize| {
                let hidden = scoring.causal && j > i;
                let mask = if hidden { f64::NEG_INFINITY } else { problem.mask.map_or(0.0, |mask| mask[[i, j]]) };
                scoring.scale * problem.q.row(i).dot(&problem.k.row(j)) + mask
            };
            let weights: Vec<f64> = (0..problem.k.nrows()).map(|j| score(j).exp()).collect();
            let total: f64 = weights.iter().sum();
            for (to, weight) in out.iter_mut().zip(weights).filter(|_| total > 0.0) {
                *to = weight / total;
            }
        }
        out
    }

    #[test]
    fn blocks_agree_with_the_formula() {
        let numbers = |rows: usize, columns: usize, seed: usize| {
            Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17 + seed) % 23) as f64 / 11.0 - 1.0)
        };
        let close = |a: &Array2<f64>, b: &Array2<f64>| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        for (queries, keys) in [(1, 1), (3, 70), (64, 5), (130, 97), (100, 260), (65, 0)] {
            let (q, k, v) = (numbers(queries, 4, 1), numbers(keys, 4, 2), numbers(keys, 3, 3));
            let mut mask = numbers(queries, keys, 4);
            mask.row_mut(0).fill(f64::NEG_INFINITY);
            for (causal, mask) in [(false, None), (true, None), (false, Some(mask.view())), (true, Some(mask.view()))] {
                let problem = Problem { q: q.view(), k: k.view(), v: v.view(), mask };
                let scoring = Scoring { scale: 0.5, causal };
                let mut out = Array2::from_elem((queries, 3), f64::NAN);
                attention(&[problem], scoring, vec![out.view_mut()]);
                let weights = plain(&problem, scoring);
                assert!(close(&out, &weights.dot(&v)), "{queries} {keys} {causal}");

                let g = numbers(queries, 3, 5);
                let [mut dq, mut dk, mut dv] = [&q, &k, &v].map(|x| Array2::from_elem(x.dim(), f64::NAN));
                let slopes = Slopes { q: dq.view_mut(), k: dk.view_mut(), v: dv.view_mut() };
                gradients(&[problem], scoring, &[g.view()], vec![slopes]);
                let by_weights = g.dot(&v.t());
                let shared = (&weights * &by_weights).sum_axis(Axis(1)).insert_axis(Axis(1));
                let by_scores = &weights * &(by_weights - shared) * scoring.scale;
                assert!(close(&dv, &weights.t().dot(&g)), "values: {queries} {keys} {causal}");
                assert!(close(&dq, &by_scores.dot(&k)), "queries: {queries} {keys} {causal}");
                assert!(close(&dk, &by_scores.t().dot(&q)), "keys: {queries} {keys} {causal}");
            }
        }
    }
}
