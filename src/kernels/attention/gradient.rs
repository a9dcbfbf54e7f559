//! The gradients of attention, a block of queries at a time: with weights `P` and the gradient `g` of the result, `dv = P^T g`,
//! `dS = P (g v^T - sum(P (g v^T)))` by rows, `dq = scale dS k` and `dk = scale dS^T q` (Dao et al., FlashAttention, 2022, appendix B).

use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::super::float::Real;
use super::super::gemm::{Start, gemm};
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::super::softmax::{Kind, softmax_gradient};
use super::{Problem, ScoreLayout, Scoring, block};

/// Where the gradients of a problem go.
#[derive(Debug)]
pub struct Slopes<'a, R> {
    /// Of the queries, `[l, e]`.
    pub q: ArrayViewMut2<'a, R>,
    /// Of the keys, `[s, e]`.
    pub k: ArrayViewMut2<'a, R>,
    /// Of the values, `[s, ev]`.
    pub v: ArrayViewMut2<'a, R>,
}

/// The gradients of every problem from those of its results, `[l, ev]`. Problems are shared between threads; the blocks of one add
/// to the gradients of its keys and values in their order.
pub fn gradients<R: Real>(
    problems: &[Problem<'_, R>],
    scoring: Scoring<R>,
    grads: &[ArrayView2<'_, R>],
    slopes: Vec<Slopes<'_, R>>,
) {
    let Some(first) = problems.first() else { return };
    let work = 4 * first.q.nrows() * first.k.nrows() * (first.q.ncols() + first.v.ncols());
    let mut tasks: Vec<_> = problems.iter().zip(grads).zip(slopes).collect();
    parallel::for_each_chunk_mut(&mut tasks, 1, work, |_, task| {
        let ((problem, g), slopes) = &mut task[0];
        descend(problem, scoring, g, slopes);
    });
}

fn descend<R: Real>(problem: &Problem<'_, R>, scoring: Scoring<R>, g: &ArrayView2<'_, R>, to: &mut Slopes<'_, R>) {
    to.k.fill(R::zero());
    to.v.fill(R::zero());
    let (all, step) = (problem.q.nrows(), block(problem));
    for start in (0..all).step_by(step) {
        let block = start..(start + step).min(all);
        let (rows, keys) = (block.len(), problem.seen(scoring.causal, &block));
        let mut dq = to.q.slice_mut(s![block.clone(), ..]);
        if keys == 0 {
            dq.fill(R::zero());
            continue;
        }
        with_scratch::<R, _>(3 * rows * keys, |scratch| {
            let (scores, rest) = scratch.split_at_mut(rows * keys);
            let (weights, by_scores) = rest.split_at_mut(rows * keys);
            problem.weigh(scoring, block.clone(), scores, weights);
            let (q, g) = (problem.q.slice(s![block.clone(), ..]), g.slice(s![block.clone(), ..]));
            let (k, v) = (problem.k.slice(s![..keys, ..]), problem.v.slice(s![..keys, ..]));
            let layout = ScoreLayout { rows, keys };
            let add = Start::Scaled(R::one());
            gemm(R::one(), layout.matrix(weights).reversed_axes(), g, add, to.v.slice_mut(s![..keys, ..]));
            gemm(R::one(), g, v.reversed_axes(), Start::Zero, layout.matrix_mut(scores));
            softmax_gradient(Kind::Softmax, layout.shape(), scores, weights, by_scores);
            gemm(scoring.scale, layout.matrix(by_scores), k, Start::Zero, dq.view_mut());
            gemm(scoring.scale, layout.matrix(by_scores).reversed_axes(), q, add, to.k.slice_mut(s![..keys, ..]));
        });
    }
}
