//! The loop over time.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::super::float::Real;
use super::super::gemm::{Start, gemm};
use super::super::math::Number;
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::cell::{Backward, Cell, Forward, step, step_back};
use super::steps::Steps;

/// The work of one gate's functions, in multiply-adds.
const GATE_COST: usize = 24;

/// What a layer computes with. `n` is the hidden size, `p` that of the state: the same, or what the state is projected to.
#[derive(Clone, Copy)]
pub struct Weights<'a, R> {
    /// From the state to the gates, `[gates n, p]`.
    pub hh: ArrayView2<'a, R>,
    /// Added to that.
    pub bias: Option<&'a [R]>,
    /// From the hidden state to the state, `[p, n]`.
    pub hr: Option<ArrayView2<'a, R>>,
}

/// What a run leaves for its gradient; each has a row for each row of the steps.
pub struct Trace<'a, R> {
    /// The gates, `gates n` wide.
    pub gates: &'a mut [R],
    /// Memory, or the state's part of the new gate, `n` wide; empty for plain cells.
    pub inner: &'a mut [R],
    /// The hidden state before its projection, `n` wide; empty without one.
    pub hidden: &'a mut [R],
}

/// Runs all steps. `x` is the input's part of the gates, `state: [batch, p]` and `memory: [batch, n]` (empty but for
/// [`Cell::Lstm`]) go from first to last, `y: [rows, p]` becomes the states.
pub fn forward<R: Real + Number>(
    (cell, steps): (Cell, &Steps),
    weights: Weights<'_, R>,
    x: &[R],
    (state, memory): (&mut [R], &mut [R]),
    trace: Trace<'_, R>,
    y: &mut [R],
) {
    let (wide, p) = weights.hh.dim();
    let n = wide / cell.gates();
    let Trace { gates, inner, hidden } = trace;
    with_scratch::<R, _>(steps.batch() * wide, |scratch| {
        for (start, rows) in steps.in_order() {
            let h = &mut scratch[..rows * wide];
            let begin = weights.bias.map_or(Start::Zero, Start::ColumnBias);
            gemm(R::one(), matrix(state, rows, p), weights.hh.reversed_axes(), begin, matrix_mut(h, rows, wide));
            let span = |width: usize| start * width..(start + rows) * width;
            let out = if weights.hr.is_some() { &mut hidden[span(n)] } else { &mut y[span(n)] };
            let mut tasks: Vec<Forward<'_, R>> = Vec::with_capacity(rows);
            let mut inners = inner.get_mut(span(n)).unwrap_or_default().chunks_mut(n.max(1));
            let mut memories = memory.chunks_mut(n.max(1));
            let lists = gates[span(wide)].chunks_mut(wide).zip(out.chunks_mut(n)).enumerate();
            for (row, (gates, out)) in lists {
                tasks.push(Forward {
                    x: &x[(start + row) * wide..][..wide],
                    h: &h[row * wide..][..wide],
                    state: &state[row * p..][..p],
                    memory: memories.next().unwrap_or_default(),
                    gates,
                    inner: inners.next().unwrap_or_default(),
                    out,
                });
            }
            parallel::for_each_chunk_mut(&mut tasks, 1, wide * GATE_COST, |_, row| step(cell, &mut row[0]));
            if let Some(hr) = weights.hr {
                let hidden = matrix(&hidden[span(n)], rows, n);
                gemm(R::one(), hidden, hr.reversed_axes(), Start::Zero, matrix_mut(&mut y[span(p)], rows, p));
            }
            state[..rows * p].copy_from_slice(&y[span(p)]);
        }
    });
}

/// What [`backward`] computes.
pub struct Gradients<'a, R> {
    /// Of the last state and then of the first, `[batch, p]`.
    pub state: &'a mut [R],
    /// Of the last memory and then of the first, `[batch, n]`; empty but for [`Cell::Lstm`].
    pub memory: &'a mut [R],
    /// Of the input's part of the gates.
    pub x: &'a mut [R],
    /// Of the state's part of the gates; empty but for [`Cell::Gru`], for others the same.
    pub h: &'a mut [R],
    /// Of every state, `[rows, p]`: what came from outside and what came back from the next step.
    pub states: &'a mut [R],
}

/// What was kept of a run.
#[derive(Clone, Copy)]
pub struct Given<'a, R> {
    /// As [`Trace::gates`].
    pub gates: &'a [R],
    /// As [`Trace::inner`].
    pub inner: &'a [R],
    /// Memory (of [`Cell::Lstm`]) or state (of [`Cell::Gru`]) before each row; else empty.
    pub previous: &'a [R],
}

/// Runs all steps back. `states` of the gradients comes filled with those of the results.
pub fn backward<R: Real + Number>(
    (cell, steps): (Cell, &Steps),
    weights: Weights<'_, R>,
    given: Given<'_, R>,
    gradients: Gradients<'_, R>,
) {
    let (wide, p) = weights.hh.dim();
    let n = wide / cell.gates();
    let Gradients { state, memory, x, h, states } = gradients;
    with_scratch::<R, _>(steps.batch() * n, |scratch| {
        for (start, rows) in steps.in_order().into_iter().rev() {
            let span = |width: usize| start * width..(start + rows) * width;
            for (outside, back) in states[span(p)].iter_mut().zip(&*state) {
                *outside += *back;
            }
            let hidden = &mut scratch[..rows * n];
            match weights.hr {
                Some(hr) => {
                    let all = matrix(&states[span(p)], rows, p);
                    gemm(R::one(), all, hr, Start::Zero, matrix_mut(hidden, rows, n));
                }
                None => hidden.copy_from_slice(&states[span(p)]),
            }
            let mut tasks: Vec<Backward<'_, R>> = Vec::with_capacity(rows);
            let mut memories = memory.chunks_mut(n.max(1));
            let mut others = h.get_mut(span(wide)).unwrap_or_default().chunks_mut(wide.max(1));
            let lists = hidden.chunks_mut(n).zip(x[span(wide)].chunks_mut(wide)).enumerate();
            for (row, (hidden, x)) in lists {
                let at = start + row;
                tasks.push(Backward {
                    gates: &given.gates[at * wide..][..wide],
                    inner: given.inner.get(at * n..(at + 1) * n).unwrap_or_default(),
                    previous: given.previous.get(at * n..(at + 1) * n).unwrap_or_default(),
                    state: hidden,
                    memory: memories.next().unwrap_or_default(),
                    x,
                    h: others.next().unwrap_or_default(),
                });
            }
            parallel::for_each_chunk_mut(&mut tasks, 1, wide * GATE_COST, |_, row| step_back(cell, &mut row[0]));
            let (gates, begin) = if cell == Cell::Gru {
                state[..rows * p].copy_from_slice(hidden);
                (&h[span(wide)], Start::Scaled(R::one()))
            } else {
                (&x[span(wide)], Start::Zero)
            };
            gemm(R::one(), matrix(gates, rows, wide), weights.hh, begin, matrix_mut(&mut state[..rows * p], rows, p));
        }
    });
}

fn matrix<R>(list: &[R], rows: usize, columns: usize) -> ArrayView2<'_, R> {
    ArrayView2::from_shape((rows, columns), &list[..rows * columns]).expect("as many as the sizes say")
}

fn matrix_mut<R>(list: &mut [R], rows: usize, columns: usize) -> ArrayViewMut2<'_, R> {
    ArrayViewMut2::from_shape((rows, columns), &mut list[..rows * columns]).expect("as many as the sizes say")
}
