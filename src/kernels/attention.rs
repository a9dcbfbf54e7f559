//! Scaled dot-product attention a block of queries at a time: the matrix of all scores is never in memory.

use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use super::float::Real;
use super::gemm::{Start, gemm};
use super::parallel;
use super::scratch::with_scratch;
use super::softmax::{Kind, softmax};

/// Queries whose scores are computed together, at most,
const BLOCK: usize = 128;
/// and where they see more keys than this: half of them, so that their scores stay in the cache.
const MANY_KEYS: usize = 256;

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
    let block = if keys > MANY_KEYS { BLOCK / 2 } else { BLOCK };
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

/// The rows of one block, of which `start` is the first.
fn attend<R: Real>(problem: &Problem<'_, R>, scoring: Scoring<R>, start: usize, mut out: ArrayViewMut2<'_, R>) {
    let rows = out.nrows();
    // Keys behind the last query of the block are seen by none of them.
    let all = problem.k.nrows();
    let keys = if scoring.causal { all.min(start + rows) } else { all };
    if keys == 0 || rows == 0 {
        return out.fill(R::zero());
    }
    let seen = ndarray::s![..keys, ..];
    with_scratch::<R, _>(2 * rows * keys, |scratch| {
        let (scores, weights) = scratch.split_at_mut(rows * keys);
        let to = ArrayViewMut2::from_shape((rows, keys), scores).expect("as many as asked for");
        let q = problem.q.slice(ndarray::s![start..start + rows, ..]);
        gemm(scoring.scale, q, problem.k.slice(seen).reversed_axes(), Start::Zero, to);
        let mut blind = [false; BLOCK];
        for (row, scores) in scores.chunks_exact_mut(keys).enumerate() {
            if let Some(mask) = &problem.mask {
                scores.iter_mut().zip(mask.row(start + row)).for_each(|(score, &mask)| *score += mask);
            }
            if scoring.causal {
                scores[(start + row + 1).min(keys)..].fill(R::neg_infinity());
            }
            blind[row] = problem.mask.is_some() && scores.iter().all(|&score| score == R::neg_infinity());
        }
        softmax(Kind::Softmax, (rows, keys, 1), scores, weights);
        for (weights, _) in weights.chunks_exact_mut(keys).zip(blind).filter(|(_, blind)| *blind) {
            weights.fill(R::zero());
        }
        let weights = ArrayView2::from_shape((rows, keys), &*weights).expect("as above");
        gemm(R::one(), weights, problem.v.slice(seen), Start::Zero, out.view_mut());
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// By the formula, one query at a time.
    fn plain(problem: &Problem<'_, f64>, scoring: Scoring<f64>) -> Array2<f64> {
        let mut out = Array2::zeros((problem.q.nrows(), problem.v.ncols()));
        for (i, mut out) in out.outer_iter_mut().enumerate() {
            let score = |j: usize| {
                let hidden = scoring.causal && j > i;
                let mask = if hidden { f64::NEG_INFINITY } else { problem.mask.map_or(0.0, |mask| mask[[i, j]]) };
                scoring.scale * problem.q.row(i).dot(&problem.k.row(j)) + mask
            };
            let weights: Vec<f64> = (0..problem.k.nrows()).map(|j| score(j).exp()).collect();
            let total: f64 = weights.iter().sum();
            for (j, weight) in weights.iter().enumerate().filter(|_| total > 0.0) {
                out.scaled_add(weight / total, &problem.v.row(j));
            }
        }
        out
    }

    #[test]
    fn blocks_agree_with_the_formula() {
        let numbers = |rows: usize, columns: usize, seed: usize| {
            Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 31 + j * 17 + seed) % 23) as f64 / 11.0 - 1.0)
        };
        for (queries, keys) in [(1, 1), (3, 70), (64, 5), (130, 97), (65, 0)] {
            let (q, k, v) = (numbers(queries, 4, 1), numbers(keys, 4, 2), numbers(keys, 3, 3));
            let mut mask = numbers(queries, keys, 4);
            mask.row_mut(0).fill(f64::NEG_INFINITY);
            for (causal, mask) in [(false, None), (true, None), (false, Some(mask.view())), (true, Some(mask.view()))] {
                let problem = Problem { q: q.view(), k: k.view(), v: v.view(), mask };
                let scoring = Scoring { scale: 0.5, causal };
                let mut out = Array2::from_elem((queries, 3), f64::NAN);
                attention(&[problem], scoring, vec![out.view_mut()]);
                let expected = plain(&problem, scoring);
                assert!(out.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{queries} {keys} {causal}");
            }
        }
    }
}
