//! One step of one sequence: from what the gates hold to the new state, and back.

use super::super::float::Real;
use super::super::math::Number;

/// What a recurrent layer computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// `h' = tanh(x + h)`.
    Tanh,
    /// `h' = max(x + h, 0)`.
    Relu,
    /// Long short-term memory; gates in the order input, forget, cell, output.
    Lstm,
    /// Gated recurrent unit; gates in the order reset, update, new.
    Gru,
}

impl Cell {
    /// Gates, each as wide as the hidden state.
    pub fn gates(self) -> usize {
        match self {
            Cell::Tanh | Cell::Relu => 1,
            Cell::Lstm => 4,
            Cell::Gru => 3,
        }
    }
}

/// The rows of one sequence in one step forward.
pub(super) struct Forward<'a, R> {
    /// The input's part of the gates.
    pub x: &'a [R],
    /// The state's part of the gates.
    pub h: &'a [R],
    /// The state before; read by [`Cell::Gru`].
    pub state: &'a [R],
    /// The cell's memory, updated; of [`Cell::Lstm`].
    pub memory: &'a mut [R],
    /// To be kept: the gates.
    pub gates: &'a mut [R],
    /// To be kept: the new memory, or the state's part of the new gate.
    pub inner: &'a mut [R],
    /// The new state.
    pub out: &'a mut [R],
}

/// The rows of one sequence in one step back.
pub(super) struct Backward<'a, R> {
    /// What was kept.
    pub gates: &'a [R],
    /// What was kept.
    pub inner: &'a [R],
    /// Memory or state before the step.
    pub previous: &'a [R],
    /// The gradient of the new state; of [`Cell::Gru`] becomes what reaches the old one beside the gates.
    pub state: &'a mut [R],
    /// The gradient of the memory, carried back; of [`Cell::Lstm`].
    pub memory: &'a mut [R],
    /// The gradient of the input's part of the gates.
    pub x: &'a mut [R],
    /// That of the state's part where it is another one; of [`Cell::Gru`].
    pub h: &'a mut [R],
}

crate::vectorize! {
    /// One step forward.
    pub(super) fn step[S; R: Real + Number](simd: S, cell: Cell, row: &mut Forward<'_, R>) {
        let n = row.out.len();
        let one = R::one();
        match cell {
            Cell::Tanh => {
                for j in 0..n {
                    row.out[j] = Number::tanh(row.x[j] + row.h[j]);
                }
                row.gates.copy_from_slice(row.out);
            }
            Cell::Relu => {
                for j in 0..n {
                    // A nan stays one.
                    let sum = row.x[j] + row.h[j];
                    row.out[j] = if sum < R::zero() { R::zero() } else { sum };
                }
                row.gates.copy_from_slice(row.out);
            }
            Cell::Lstm => {
                for j in 0..n {
                    let at = |gate: usize| row.x[gate * n + j] + row.h[gate * n + j];
                    let (i, f, g, o) =
                        (Number::sigmoid(at(0)), Number::sigmoid(at(1)), Number::tanh(at(2)), Number::sigmoid(at(3)));
                    let memory = f * row.memory[j] + i * g;
                    row.memory[j] = memory;
                    row.inner[j] = memory;
                    row.out[j] = o * Number::tanh(memory);
                    row.gates[j] = i;
                    row.gates[n + j] = f;
                    row.gates[2 * n + j] = g;
                    row.gates[3 * n + j] = o;
                }
            }
            Cell::Gru => {
                for j in 0..n {
                    let reset = Number::sigmoid(row.x[j] + row.h[j]);
                    let update = Number::sigmoid(row.x[n + j] + row.h[n + j]);
                    let inner = row.h[2 * n + j];
                    let new = Number::tanh(row.x[2 * n + j] + reset * inner);
                    row.inner[j] = inner;
                    row.out[j] = (one - update) * new + update * row.state[j];
                    row.gates[j] = reset;
                    row.gates[n + j] = update;
                    row.gates[2 * n + j] = new;
                }
            }
        }
    }

    /// One step back.
    pub(super) fn step_back[S; R: Real + Number](simd: S, cell: Cell, row: &mut Backward<'_, R>) {
        let n = row.gates.len() / cell.gates();
        let one = R::one();
        match cell {
            Cell::Tanh => {
                for j in 0..n {
                    row.x[j] = row.state[j] * (one - row.gates[j] * row.gates[j]);
                }
            }
            Cell::Relu => {
                for j in 0..n {
                    row.x[j] = if row.gates[j] <= R::zero() { R::zero() } else { row.state[j] };
                }
            }
            Cell::Lstm => {
                for j in 0..n {
                    let (i, f, g, o) = (row.gates[j], row.gates[n + j], row.gates[2 * n + j], row.gates[3 * n + j]);
                    let (dh, curve) = (row.state[j], Number::tanh(row.inner[j]));
                    let dc = row.memory[j] + dh * o * (one - curve * curve);
                    row.x[j] = dc * g * i * (one - i);
                    row.x[n + j] = dc * row.previous[j] * f * (one - f);
                    row.x[2 * n + j] = dc * i * (one - g * g);
                    row.x[3 * n + j] = dh * curve * o * (one - o);
                    row.memory[j] = dc * f;
                }
            }
            Cell::Gru => {
                for j in 0..n {
                    let (reset, update, new) = (row.gates[j], row.gates[n + j], row.gates[2 * n + j]);
                    let dh = row.state[j];
                    let by_new = dh * (one - update) * (one - new * new);
                    let by_update = dh * (row.previous[j] - new) * update * (one - update);
                    let by_reset = by_new * row.inner[j] * reset * (one - reset);
                    row.x[j] = by_reset;
                    row.x[n + j] = by_update;
                    row.x[2 * n + j] = by_new;
                    row.h[j] = by_reset;
                    row.h[n + j] = by_update;
                    row.h[2 * n + j] = by_new * reset;
                    row.state[j] = dh * update;
                }
            }
        }
    }
}
