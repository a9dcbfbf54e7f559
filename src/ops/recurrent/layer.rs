//! One layer in one direction: all time steps in one operation.

use super::unrolled::unrolled;
use crate::array::Array;
use crate::autograd::{
    Arrays, BackwardOptions, Context, Grads, Op, Saves, Target, Tensor, Tensors, apply_many, grad_enabled, run_backward,
};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::recurrent::{Cell, Given, Gradients, Steps, Trace, Weights, backward, forward};
use crate::ops::matmul::mm;
use crate::ops::{compute_dtype, reduce, view};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use std::sync::Arc;

/// Inputs: the input's part of the gates, the first state and (of an LSTM) memory, weights of the state, possibly their
/// bias, possibly the projection. Outputs: states, last state and (of an LSTM) memory; then what the gradient looks at.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub cell: Cell,
    pub steps: Arc<Steps>,
    pub bias: bool,
    pub projected: bool,
}

/// Places of the inputs.
pub(super) struct Places {
    /// The first memory.
    pub memory: Option<usize>,
    /// The weights of the state.
    pub weight: usize,
    /// Their bias.
    pub bias: Option<usize>,
    /// The projection.
    pub projection: Option<usize>,
}

impl Layer {
    pub(super) fn places(&self) -> Places {
        let memory = (self.cell == Cell::Lstm).then_some(2);
        let weight = 2 + usize::from(memory.is_some());
        let bias = self.bias.then_some(weight + 1);
        let projection = self.projected.then_some(weight + 1 + usize::from(self.bias));
        Places { memory, weight, bias, projection }
    }

    /// Outputs that the caller sees.
    fn visible(&self) -> usize {
        if self.cell == Cell::Lstm { 3 } else { 2 }
    }

    pub(super) fn apply(self, inputs: &[&Tensor]) -> Result<Tensors> {
        let visible = self.visible();
        let mut outputs = apply_many(self, inputs)?;
        outputs.truncate(visible);
        Ok(outputs)
    }
}

impl Op for Layer {
    fn name(&self) -> &'static str {
        match self.cell {
            Cell::Tanh => "rnn_tanh",
            Cell::Relu => "rnn_relu",
            Cell::Lstm => "lstm",
            Cell::Gru => "gru",
        }
    }

    fn node_name(&self) -> Cow<'static, str> {
        match self.cell {
            Cell::Tanh => "RnnTanhBackward0",
            Cell::Relu => "RnnReluBackward0",
            Cell::Lstm => "LstmBackward0",
            Cell::Gru => "GruBackward0",
        }
        .into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let places = self.places();
        let result = inputs[0].dtype();
        let dtype = compute_dtype(result);
        let ready = |array: &Array| array.contiguous()?.to_dtype(dtype);
        let all: SmallVec<[Array; 6]> = inputs.iter().map(|array| ready(array)).collect::<Result<_>>()?;
        let (rows, wide, batch) = (self.steps.rows(), all[0].shape()[1], self.steps.batch());
        let (n, p) = (wide / self.cell.gates(), all[places.weight].shape()[1]);
        let y = Array::empty(&[rows, p], dtype)?;
        let state = all[1].copy_contiguous()?;
        let memory = match places.memory {
            Some(place) => all[place].copy_contiguous()?,
            None => Array::empty(&[0], dtype)?,
        };
        let gates = Array::empty(&[rows, wide], dtype)?;
        let plain = matches!(self.cell, Cell::Tanh | Cell::Relu);
        let inner = Array::empty(&[if plain { 0 } else { rows }, n], dtype)?;
        let hidden = Array::empty(&[if self.projected { rows } else { 0 }, n], dtype)?;
        debug_assert_eq!(state.shape(), [batch, p]);
        dispatch_float!(dtype, T => {
            let weights = Weights {
                hh: all[places.weight].matrix::<T>(),
                bias: places.bias.map(|place| all[place].slice::<T>()),
                hr: places.projection.map(|place| all[place].matrix::<T>()),
            };
            let trace = Trace {
                gates: gates.slice_mut::<T>(),
                inner: inner.slice_mut::<T>(),
                hidden: hidden.slice_mut::<T>(),
            };
            let states = (state.slice_mut::<T>(), memory.slice_mut::<T>());
            forward((self.cell, &self.steps), weights, all[0].slice::<T>(), states, trace, y.slice_mut::<T>());
        }, else unreachable!("a float type"));
        let mut outputs: Arrays = smallvec![y.to_dtype(result)?, state.to_dtype(result)?];
        if places.memory.is_some() {
            outputs.push(memory.to_dtype(result)?);
        }
        outputs.extend([gates, inner, hidden]);
        Ok(outputs)
    }

    fn saves(&self, _: &[bool]) -> Saves {
        let first = self.visible();
        Saves::inputs_from(0).and(Saves::outputs(&[0, first, first + 1, first + 2]))
    }

    fn is_differentiable(&self, output: usize) -> bool {
        output < self.visible()
    }

    fn is_multiple(&self) -> bool {
        true
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let grads = &grads[..self.visible()];
        if grads.iter().all(Option::is_none) {
            return Ok(smallvec![None; cx.len()]);
        }
        if grad_enabled() { self.recorded(cx, grads) } else { self.fused(cx, grads) }
    }
}

impl Layer {
    /// By kernels, outside of the graph.
    fn fused(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let places = self.places();
        let first = self.visible();
        let gates = cx.output(first)?.array();
        let dtype = gates.dtype();
        let ready = |tensor: Tensor| tensor.array().contiguous()?.to_dtype(dtype);
        let (inner, hidden) = (cx.output(first + 1)?.array(), cx.output(first + 2)?.array());
        let y = ready(cx.output(0)?)?;
        let (state0, weight) = (ready(cx.input(1)?)?, ready(cx.input(places.weight)?)?);
        let memory0 = places.memory.map(|place| ready(cx.input(place)?)).transpose()?;
        let projection = places.projection.map(|place| ready(cx.input(place)?)).transpose()?;
        let (rows, wide, p) = (y.shape()[0], gates.shape()[1], y.shape()[1]);
        let n = wide / self.cell.gates();
        // Fresh memory, which the kernel changes.
        let fresh = |grad: Option<&Option<Tensor>>, shape: &[usize]| match grad.and_then(Option::as_ref) {
            Some(grad) => grad.array().to_dtype(dtype)?.copy_contiguous(),
            None => Array::zeros(shape, dtype),
        };
        let states = fresh(grads.first(), &[rows, p])?;
        let state = fresh(grads.get(1), state0.shape())?;
        let memory = match &memory0 {
            Some(memory0) => fresh(grads.get(2), memory0.shape())?,
            None => Array::empty(&[0], dtype)?,
        };
        let dx = Array::empty(&[rows, wide], dtype)?;
        let dh = if self.cell == Cell::Gru { Array::empty(&[rows, wide], dtype)? } else { Array::empty(&[0], dtype)? };
        let before = Array::empty(&[rows, p], dtype)?;
        dispatch_float!(dtype, T => {
            self.steps.previous(y.slice::<T>(), state0.slice::<T>(), p, before.slice_mut::<T>());
            let weights = Weights {
                hh: weight.matrix::<T>(),
                bias: None,
                hr: projection.as_ref().map(|hr| hr.matrix::<T>()),
            };
            let memories = match &memory0 {
                Some(memory0) => {
                    let out = Array::empty(&[rows, n], dtype)?;
                    self.steps.previous(inner.slice::<T>(), memory0.slice::<T>(), n, out.slice_mut::<T>());
                    Some(out)
                }
                None => None,
            };
            let given = Given {
                gates: gates.slice::<T>(),
                inner: inner.slice::<T>(),
                previous: memories.as_ref().unwrap_or(&before).slice::<T>(),
            };
            let gradients = Gradients {
                state: state.slice_mut::<T>(),
                memory: memory.slice_mut::<T>(),
                x: dx.slice_mut::<T>(),
                h: dh.slice_mut::<T>(),
                states: states.slice_mut::<T>(),
            };
            backward((self.cell, &self.steps), weights, given, gradients);
        }, else unreachable!("a float type"));
        let by_gates = Tensor::new(if self.cell == Cell::Gru { dh } else { dx.clone() });
        let mut results: Grads = smallvec![None; cx.len()];
        if cx.needs(places.weight) {
            results[places.weight] = Some(mm(&view::t(&by_gates)?, &Tensor::new(before))?);
        }
        if let Some(place) = places.bias.filter(|&place| cx.needs(place)) {
            results[place] = Some(reduce::sum(&by_gates, Some(&[0]), false, None)?);
        }
        if let Some(place) = places.projection.filter(|&place| cx.needs(place)) {
            results[place] = Some(mm(&view::t(&Tensor::new(states))?, &Tensor::new(hidden))?);
        }
        results[0] = Some(Tensor::new(dx));
        results[1] = Some(Tensor::new(state));
        if let Some(place) = places.memory {
            results[place] = Some(Tensor::new(memory));
        }
        Ok(results)
    }

    /// By a walk over the layer written with tensor operations, itself recorded.
    fn recorded(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        // Views, so that the walk stops at them.
        let inputs: Vec<Tensor> = (0..cx.len()).map(|i| view::alias(&cx.input(i)?)).collect::<Result<_>>()?;
        let outputs = unrolled(self, &inputs)?;
        let roots: Vec<(Tensor, Option<Tensor>)> = outputs
            .into_iter()
            .zip(grads)
            .filter(|(_, grad)| grad.is_some())
            .map(|(y, grad)| (y, grad.clone()))
            .collect();
        let wanted: Vec<usize> = (0..cx.len()).filter(|&i| cx.needs(i)).collect();
        let targets: Vec<Tensor> = wanted.iter().map(|&i| inputs[i].clone()).collect();
        let options = BackwardOptions { retain_graph: true, create_graph: true };
        let found = run_backward(&roots, Target::Capture(&targets), options)?;
        let mut results: Grads = smallvec![None; cx.len()];
        for (i, grad) in wanted.into_iter().zip(found) {
            results[i] = grad;
        }
        Ok(results)
    }
}
