//! A layer written with tensor operations, one step after the other: slow, but every derivative has one in turn.

use super::layer::Layer;
use crate::autograd::{Tensor, Tensors};
use crate::error::Result;
use crate::kernels::recurrent::Cell;
use crate::ops::binary::{add, mul, sub};
use crate::ops::join::cat;
use crate::ops::matmul::linear;
use crate::ops::unary::{Unary, apply_unary};
use crate::ops::view;
use smallvec::smallvec;

/// States, last state and (of an LSTM) last memory.
pub(super) fn unrolled(layer: &Layer, inputs: &[Tensor]) -> Result<Tensors> {
    let places = layer.places();
    let weight = &inputs[places.weight];
    let bias = places.bias.map(|place| &inputs[place]);
    let rows_of = |x: &Tensor, start: usize, rows: usize| view::narrow(x, 0, start as isize, rows as isize);
    let mut state = inputs[1].clone();
    let mut memory = places.memory.map(|place| inputs[place].clone());
    let mut steps: Vec<(usize, Tensor)> = Vec::new();
    for (start, rows) in layer.steps.in_order() {
        let h = rows_of(&state, 0, rows)?;
        let c = memory.as_ref().map(|memory| rows_of(memory, 0, rows)).transpose()?;
        let (mut next, carried) =
            step(layer.cell, &rows_of(&inputs[0], start, rows)?, &h, c, &linear(&h, weight, bias)?)?;
        if let Some(place) = places.projection {
            next = linear(&next, &inputs[place], None)?;
        }
        let waiting = |old: &Tensor, new: &Tensor| -> Result<Tensor> {
            let all = old.shape()[0];
            if all == rows { Ok(new.clone()) } else { cat(&[new, &rows_of(old, rows, all - rows)?], 0) }
        };
        state = waiting(&state, &next)?;
        if let (Some(old), Some(new)) = (&memory, &carried) {
            memory = Some(waiting(old, new)?);
        }
        steps.push((start, next));
    }
    steps.sort_by_key(|(start, _)| *start);
    let all: Vec<&Tensor> = steps.iter().map(|(_, y)| y).collect();
    let mut outputs: Tensors = smallvec![cat(&all, 0)?, state];
    outputs.extend(memory);
    Ok(outputs)
}

/// The new hidden state and memory.
fn step(cell: Cell, x: &Tensor, h: &Tensor, c: Option<Tensor>, by_state: &Tensor) -> Result<(Tensor, Option<Tensor>)> {
    let (tanh, sigmoid) = (|x: &Tensor| apply_unary(Unary::Tanh, x), |x: &Tensor| apply_unary(Unary::Sigmoid, x));
    let chunk = |x: &Tensor| view::chunk(x, cell.gates() as isize, 1);
    Ok(match (cell, c) {
        (Cell::Tanh, _) => (tanh(&add(x, by_state)?)?, None),
        (Cell::Relu, _) => (apply_unary(Unary::Relu, &add(x, by_state)?)?, None),
        (Cell::Lstm, Some(c)) => {
            let gates = chunk(&add(x, by_state)?)?;
            let kept = mul(&sigmoid(&gates[1])?, &c)?;
            let c = add(&kept, &mul(&sigmoid(&gates[0])?, &tanh(&gates[2])?)?)?;
            (mul(&sigmoid(&gates[3])?, &tanh(&c)?)?, Some(c))
        }
        (Cell::Gru, _) => {
            let (x, by_state) = (chunk(x)?, chunk(by_state)?);
            let reset = sigmoid(&add(&x[0], &by_state[0])?)?;
            let update = sigmoid(&add(&x[1], &by_state[1])?)?;
            let new = tanh(&add(&x[2], &mul(&reset, &by_state[2])?)?)?;
            (add(&new, &mul(&update, &sub(h, &new)?)?)?, None)
        }
        (Cell::Lstm, None) => unreachable!("an LSTM has a memory"),
    })
}
