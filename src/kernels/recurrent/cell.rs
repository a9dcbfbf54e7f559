//! One step of one sequence: from what the gates hold to the new state, and back.

use std::ops::Range;

use super::super::float::Real;

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

/// Places of the state that are computed together: lists of them are registers, whatever else lies in memory.
const PLACES: usize = 16;

/// [`PLACES`] numbers.
type Part<R> = [R; PLACES];

/// What is computed of the numbers at the same place of some lists.
#[inline(always)]
fn each<R: Real, const N: usize>(parts: [&Part<R>; N], of: impl Fn([R; N]) -> R) -> Part<R> {
    let mut result = [R::zero(); PLACES];
    for (place, result) in result.iter_mut().enumerate() {
        *result = of(parts.map(|part| part[place]));
    }
    result
}

/// The numbers of a list from `at` on; zeros behind its end.
#[inline(always)]
fn part<R: Real>(list: &[R], at: Range<usize>) -> Part<R> {
    let list = &list[at];
    list.try_into().unwrap_or_else(|_| {
        let mut part = [R::zero(); PLACES];
        part[..list.len()].copy_from_slice(list);
        part
    })
}

/// Writes numbers to a list.
#[inline(always)]
fn put<R: Real>(part: Part<R>, list: &mut [R], at: Range<usize>) {
    let list = &mut list[at];
    match <&mut Part<R>>::try_from(&mut *list) {
        Ok(list) => *list = part,
        Err(_) => list.copy_from_slice(&part[..list.len()]),
    }
}

/// The places of a state of `n` numbers, by parts.
fn parts(n: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n).step_by(PLACES).map(move |at| at..n.min(at + PLACES))
}

/// The places `at` of a gate.
fn of_gate(gate: usize, n: usize, at: &Range<usize>) -> Range<usize> {
    gate * n + at.start..gate * n + at.end
}

crate::vectorize! {
    /// One step forward.
    pub(super) fn step[S; R: Real](simd: S, cell: Cell, row: &mut Forward<'_, R>) {
        let n = row.out.len();
        let one = R::one();
        let (x, h) = (row.x, row.h);
        let sigmoid = |x: R| x.sigmoid_native(simd);
        let tanh = |x: R| x.tanh_native(simd);
        for at in parts(n) {
            let gate = |gate: usize| of_gate(gate, n, &at);
            let both = |of: usize| (part(x, gate(of)), part(h, gate(of)));
            let (first_x, first_h) = both(0);
            match cell {
                Cell::Tanh | Cell::Relu => {
                    // A nan stays one.
                    let relu = |sum: R| if sum < R::zero() { R::zero() } else { sum };
                    let out = if cell == Cell::Tanh {
                        each([&first_x, &first_h], |[x, h]| tanh(x + h))
                    } else {
                        each([&first_x, &first_h], |[x, h]| relu(x + h))
                    };
                    put(out, row.gates, at.clone());
                    put(out, row.out, at);
                }
                Cell::Lstm => {
                    let i = each([&first_x, &first_h], |[x, h]| sigmoid(x + h));
                    let [(fx, fh), (gx, gh), (ox, oh)] = [both(1), both(2), both(3)];
                    let f = each([&fx, &fh], |[x, h]| sigmoid(x + h));
                    let g = each([&gx, &gh], |[x, h]| tanh(x + h));
                    let o = each([&ox, &oh], |[x, h]| sigmoid(x + h));
                    let memory = part(row.memory, at.clone());
                    let memory = each([&f, &memory, &i, &g], |[f, memory, i, g]| f * memory + i * g);
                    let out = each([&o, &memory], |[o, memory]| o * tanh(memory));
                    [i, f, g, o].into_iter().enumerate().for_each(|(of, numbers)| put(numbers, row.gates, gate(of)));
                    put(memory, row.memory, at.clone());
                    put(memory, row.inner, at.clone());
                    put(out, row.out, at);
                }
                Cell::Gru => {
                    let reset = each([&first_x, &first_h], |[x, h]| sigmoid(x + h));
                    let [(ux, uh), (nx, inner)] = [both(1), both(2)];
                    let update = each([&ux, &uh], |[x, h]| sigmoid(x + h));
                    let new = each([&nx, &reset, &inner], |[x, reset, inner]| tanh(x + reset * inner));
                    let state = part(row.state, at.clone());
                    let out = each([&update, &new, &state], |[update, new, state]| (one - update) * new + update * state);
                    [reset, update, new].into_iter().enumerate().for_each(|(of, numbers)| put(numbers, row.gates, gate(of)));
                    put(inner, row.inner, at.clone());
                    put(out, row.out, at);
                }
            }
        }
    }

    /// One step back.
    pub(super) fn step_back[S; R: Real](simd: S, cell: Cell, row: &mut Backward<'_, R>) {
        let n = row.gates.len() / cell.gates();
        let one = R::one();
        for at in parts(n) {
            let gate = |gate: usize| of_gate(gate, n, &at);
            let gates = |of: usize| part(row.gates, gate(of));
            let (first, dh) = (gates(0), part(row.state, at.clone()));
            match cell {
                Cell::Tanh => put(each([&dh, &first], |[dh, h]| dh * (one - h * h)), row.x, at),
                Cell::Relu => {
                    let slope = |[dh, h]: [R; 2]| if h <= R::zero() { R::zero() } else { dh };
                    put(each([&dh, &first], slope), row.x, at);
                }
                Cell::Lstm => {
                    let (i, [f, g, o]) = (first, [gates(1), gates(2), gates(3)]);
                    let [memory, previous] = [part(row.memory, at.clone()), part(row.previous, at.clone())];
                    let curve = each([&part(row.inner, at.clone())], |[c]| c.tanh_native(simd));
                    let dc = each([&memory, &dh, &o, &curve], |[dc, dh, o, curve]| dc + dh * o * (one - curve * curve));
                    put(each([&dc, &g, &i], |[dc, g, i]| dc * g * i * (one - i)), row.x, gate(0));
                    put(each([&dc, &previous, &f], |[dc, c, f]| dc * c * f * (one - f)), row.x, gate(1));
                    put(each([&dc, &i, &g], |[dc, i, g]| dc * i * (one - g * g)), row.x, gate(2));
                    put(each([&dh, &curve, &o], |[dh, curve, o]| dh * curve * o * (one - o)), row.x, gate(3));
                    put(each([&dc, &f], |[dc, f]| dc * f), row.memory, at);
                }
                Cell::Gru => {
                    let (reset, [update, new]) = (first, [gates(1), gates(2)]);
                    let [previous, inner] = [part(row.previous, at.clone()), part(row.inner, at.clone())];
                    let by_new = each([&dh, &update, &new], |[dh, z, n]| dh * (one - z) * (one - n * n));
                    let by_update = each([&dh, &previous, &new, &update], |[dh, h, n, z]| dh * (h - n) * z * (one - z));
                    let by_reset = each([&by_new, &inner, &reset], |[by, inner, r]| by * inner * r * (one - r));
                    [by_reset, by_update].into_iter().enumerate().for_each(|(of, slope)| {
                        put(slope, row.x, gate(of));
                        put(slope, row.h, gate(of));
                    });
                    put(by_new, row.x, gate(2));
                    put(each([&by_new, &reset], |[by, r]| by * r), row.h, gate(2));
                    put(each([&dh, &update], |[dh, z]| dh * z), row.state, at);
                }
            }
        }
    }
}
