//! The loop over time.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::super::float::Real;
use super::super::gemm::Start;
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::cell::{Backward, Cell, Forward, step, step_back};
use super::steps::Steps;
use super::weighted::Weighted;

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

/// Sequences that go through all steps together where weights are few, and numbers of weights that are: a thread that has them in its
/// own cache need not wait for others at each step.
const TOGETHER: usize = 8;
const FEW: usize = 1 << 17;

/// Sequences that go through the steps together: all of them where weights are many, so that they are read once a step.
fn group(steps: &Steps, weights: usize) -> usize {
    if weights <= FEW { TOGETHER } else { steps.batch().max(1) }
}

/// Runs all steps. `x` is the input's part of the gates, `state: [batch, p]` and `memory: [batch, n]` (empty but for
/// [`Cell::Lstm`]) go from first to last, `y: [rows, p]` becomes the states.
pub fn forward<R: Real>(
    (cell, steps): (Cell, &Steps),
    weights: Weights<'_, R>,
    x: &[R],
    (state, memory): (&mut [R], &mut [R]),
    trace: Trace<'_, R>,
    y: &mut [R],
) {
    let (wide, p) = weights.hh.dim();
    let n = wide / cell.gates();
    let group = group(steps, weights.hh.len());
    let to_gates = Weighted::new(weights.hh, steps, group);
    let to_state = weights.hr.map(|hr| Weighted::new(hr, steps, group));
    let mut parts: Vec<_> = cut_rows(state, group * p)
        .zip(cut_rows(memory, group * n))
        .zip(steps.cut(trace.gates, wide, group).into_iter().zip(steps.cut(trace.inner, n, group)))
        .zip(steps.cut(trace.hidden, n, group).into_iter().zip(steps.cut(y, p, group)))
        .take(steps.batch().div_ceil(group))
        .collect();
    let cost = steps.rows() * wide * (p + GATE_COST) / parts.len().max(1);
    parallel::for_each_chunk_mut(&mut parts, 1, cost, |number, part| {
        let (((state, memory), (gates, inner)), (hidden, y)) = &mut part[0];
        let lists = gates.iter_mut().zip(inner).zip(hidden.iter_mut().zip(y));
        with_scratch::<R, _>(group * wide, |scratch| {
            for ((start, _), ((gates, inner), (hidden, y))) in steps.in_order().into_iter().zip(lists) {
                let rows = gates.len() / wide;
                let h = &mut scratch[..rows * wide];
                let begin = weights.bias.map_or(Start::Zero, Start::ColumnBias);
                to_gates.multiply(matrix(state, rows, p), begin, matrix_mut(h, rows, wide));
                let out = if to_state.is_some() { &mut **hidden } else { &mut **y };
                let mut tasks: Vec<Forward<'_, R>> = Vec::with_capacity(rows);
                let mut inners = inner.chunks_mut(n.max(1));
                let mut memories = memory.chunks_mut(n.max(1));
                for (row, (gates, out)) in gates.chunks_mut(wide).zip(out.chunks_mut(n)).enumerate() {
                    tasks.push(Forward {
                        x: &x[(start + number * group + row) * wide..][..wide],
                        h: &h[row * wide..][..wide],
                        state: &state[row * p..][..p],
                        memory: memories.next().unwrap_or_default(),
                        gates,
                        inner: inners.next().unwrap_or_default(),
                        out,
                    });
                }
                parallel::for_each_chunk_mut(&mut tasks, 1, wide * GATE_COST, |_, row| step(cell, &mut row[0]));
                if let Some(to_state) = &to_state {
                    to_state.multiply(matrix(hidden, rows, n), Start::Zero, matrix_mut(y, rows, p));
                }
                state[..rows * p].copy_from_slice(y);
            }
        });
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
pub fn backward<R: Real>(
    (cell, steps): (Cell, &Steps),
    weights: Weights<'_, R>,
    given: Given<'_, R>,
    gradients: Gradients<'_, R>,
) {
    let (wide, p) = weights.hh.dim();
    let n = wide / cell.gates();
    let group = group(steps, weights.hh.len());
    let to_gates = Weighted::new(weights.hh.reversed_axes(), steps, group);
    let to_state = weights.hr.map(|hr| Weighted::new(hr.reversed_axes(), steps, group));
    let Gradients { state, memory, x, h, states } = gradients;
    let mut parts: Vec<_> = cut_rows(state, group * p)
        .zip(cut_rows(memory, group * n))
        .zip(steps.cut(x, wide, group).into_iter().zip(steps.cut(h, wide, group)))
        .zip(steps.cut(states, p, group))
        .take(steps.batch().div_ceil(group))
        .collect();
    let cost = steps.rows() * wide * (p + GATE_COST) / parts.len().max(1);
    parallel::for_each_chunk_mut(&mut parts, 1, cost, |number, part| {
        let (((state, memory), (x, h)), states) = &mut part[0];
        let lists = x.iter_mut().zip(h).zip(states);
        with_scratch::<R, _>(group * n, |scratch| {
            for ((start, _), ((x, h), states)) in steps.in_order().into_iter().zip(lists).rev() {
                let rows = x.len() / wide;
                for (outside, back) in states.iter_mut().zip(&**state) {
                    *outside += *back;
                }
                let hidden = &mut scratch[..rows * n];
                match &to_state {
                    Some(to_state) => {
                        to_state.multiply(matrix(states, rows, p), Start::Zero, matrix_mut(hidden, rows, n));
                    }
                    None => hidden.copy_from_slice(states),
                }
                let mut tasks: Vec<Backward<'_, R>> = Vec::with_capacity(rows);
                let mut memories = memory.chunks_mut(n.max(1));
                let mut others = h.chunks_mut(wide.max(1));
                for (row, (hidden, x)) in hidden.chunks_mut(n).zip(x.chunks_mut(wide)).enumerate() {
                    let at = start + number * group + row;
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
                    (&**h, Start::Scaled(R::one()))
                } else {
                    (&**x, Start::Zero)
                };
                to_gates.multiply(matrix(gates, rows, wide), begin, matrix_mut(&mut state[..rows * p], rows, p));
            }
        });
    });
}

/// Cuts a list into parts of so many numbers, behind which empty ones go on.
fn cut_rows<R>(list: &mut [R], len: usize) -> impl Iterator<Item = &mut [R]> {
    list.chunks_mut(len.max(1)).chain(std::iter::repeat_with(Default::default))
}

fn matrix<R>(list: &[R], rows: usize, columns: usize) -> ArrayView2<'_, R> {
    ArrayView2::from_shape((rows, columns), &list[..rows * columns]).expect("as many as the sizes say")
}

fn matrix_mut<R>(list: &mut [R], rows: usize, columns: usize) -> ArrayViewMut2<'_, R> {
    ArrayViewMut2::from_shape((rows, columns), &mut list[..rows * columns]).expect("as many as the sizes say")
}
