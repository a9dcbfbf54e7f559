//! A recurrent network: layers one upon the other, each in one or both directions.

use super::layer::Layer;
use crate::autograd::{Tensor, Tensors};
use crate::error::Result;
use crate::kernels::recurrent::{Cell, Steps};
use crate::ops::binary::add;
use crate::ops::join::{cat, stack};
use crate::ops::matmul::linear;
use crate::ops::random::{Dropout, dropout};
use crate::ops::view;
use smallvec::smallvec;
use std::sync::Arc;

/// What [`run`] builds.
#[derive(Clone, Debug)]
pub struct Network {
    /// What its layers compute.
    pub cell: Cell,
    /// The number of layers.
    pub layers: usize,
    /// Whether there are biases.
    pub biases: bool,
    /// The probability of dropout between layers.
    pub dropout: f64,
    /// Whether to drop.
    pub train: bool,
    /// Whether layers run in both directions.
    pub bidirectional: bool,
}

/// Runs a network on `x: [rows, features]`, the time steps one after the other, `sizes` rows each.
///
/// `states` are the first states of all layers and directions `[layers directions, batch, p]`, of an LSTM also memories;
/// `parameters` are, for each of them, the weights of input and state, their biases, and of an LSTM possibly a projection.
/// Returns all states of the last layer, and the last ones (and memories) of all.
///
/// # Errors
/// `RuntimeError` where sizes or dtypes do not fit.
pub fn run(net: &Network, x: &Tensor, sizes: &[usize], states: &[&Tensor], parameters: &[&Tensor]) -> Result<Tensors> {
    let directions = if net.bidirectional { 2 } else { 1 };
    let cells = net.layers * directions;
    let each = check(net, cells, x, sizes, states, parameters)?;
    let mut input = x.clone();
    let mut last: [Vec<Tensor>; 2] = [Vec::new(), Vec::new()];
    for layer in 0..net.layers {
        let mut outputs = Vec::with_capacity(directions);
        for direction in 0..directions {
            let index = layer * directions + direction;
            let steps = Arc::new(Steps::new(sizes.to_vec(), direction == 1));
            let first: Vec<Tensor> =
                states.iter().map(|state| view::select(state, 0, index as isize)).collect::<Result<_>>()?;
            let part = &parameters[index * each..(index + 1) * each];
            let mut results = one(net, &input, steps, &first, part)?.into_iter();
            outputs.extend(results.next());
            last.iter_mut().zip(results).for_each(|(list, result)| list.push(result));
        }
        input = if directions == 1 { outputs.swap_remove(0) } else { cat(&[&outputs[0], &outputs[1]], 1)? };
        if net.dropout != 0.0 && net.train && layer + 1 < net.layers {
            let kind = Dropout { p: net.dropout, train: true, feature: false, alpha: false };
            input = dropout(&input, kind, None)?;
        }
    }
    let mut results: Tensors = smallvec![input];
    for list in last.iter().take(states.len()) {
        results.push(stack(&list.iter().collect::<Vec<_>>(), 0)?);
    }
    Ok(results)
}

/// One layer in one direction.
fn one(net: &Network, x: &Tensor, steps: Arc<Steps>, first: &[Tensor], parameters: &[&Tensor]) -> Result<Tensors> {
    let [ih, hh, rest @ ..] = parameters else { unreachable!("at least two weights") };
    let (biases, projection) = if net.biases { rest.split_at(2) } else { rest.split_at(0) };
    // The two biases are added at once; only the GRU's gate for the new state tells them apart.
    let separate = net.cell == Cell::Gru;
    let bias = match biases {
        [input, state] if !separate => Some(add(*input, *state)?),
        [input, _] => Some((*input).clone()),
        _ => None,
    };
    let gates = linear(x, ih, bias.as_ref())?;
    let mut inputs: Vec<&Tensor> = vec![&gates];
    inputs.extend(first);
    inputs.push(hh);
    if separate && let [_, state] = biases {
        inputs.push(state);
    }
    inputs.extend(projection);
    let layer = Layer { cell: net.cell, steps, bias: separate && net.biases, projected: !projection.is_empty() };
    layer.apply(&inputs)
}

/// Checks all sizes and dtypes; returns the number of parameters for each layer and direction.
fn check(
    net: &Network,
    cells: usize,
    x: &Tensor,
    sizes: &[usize],
    states: &[&Tensor],
    parameters: &[&Tensor],
) -> Result<usize> {
    let name = match net.cell {
        Cell::Tanh => "rnn_tanh",
        Cell::Relu => "rnn_relu",
        Cell::Lstm => "lstm",
        Cell::Gru => "gru",
    };
    crate::ensure!(x.ndim() == 2, Runtime, "{name}: expected an input of rows, got shape {:?}", x.shape().as_slice());
    crate::ensure!(!sizes.is_empty(), Runtime, "{name}: Expected sequence length to be larger than 0 in RNN");
    crate::ensure!(
        sizes.windows(2).all(|pair| pair[1] <= pair[0]) && sizes.iter().sum::<usize>() == x.shape()[0],
        Runtime,
        "{name}: expected batch sizes that never grow and sum to the {} rows of the input, got {sizes:?}",
        x.shape()[0]
    );
    let base = if net.biases { 4 } else { 2 };
    let each = parameters.len() / cells.max(1);
    let fits = each * cells == parameters.len() && (each == base || (net.cell == Cell::Lstm && each == base + 1));
    crate::ensure!(
        fits && cells > 0,
        Runtime,
        "{name}: expected {base} parameters for each of {cells} layers and directions, got {} in all",
        parameters.len()
    );
    let expected = if net.cell == Cell::Lstm { 2 } else { 1 };
    crate::ensure!(states.len() == expected, Runtime, "{name} expects {expected} hidden states, got {}", states.len());
    let float = x.dtype().is_float();
    for tensor in states.iter().chain(parameters) {
        crate::ensure!(
            float && tensor.dtype() == x.dtype(),
            Runtime,
            "{name}: Input and parameter tensors are not the same dtype, found input tensor with {} and parameter tensor \
             with {}",
            x.dtype().type_name(),
            tensor.dtype().type_name()
        );
    }
    let directions = if net.bidirectional { 2 } else { 1 };
    for cell in 0..cells {
        let part = &parameters[cell * each..(cell + 1) * each];
        let shape = |i: usize| part[i].shape();
        crate::ensure!(shape(0).len() == 2 && shape(1).len() == 2, Runtime, "{name}: expected weights to be matrices");
        let wide = shape(0)[0];
        let (n, p) = (wide / net.cell.gates(), shape(1)[1]);
        let features = if cell < directions { x.shape()[1] } else { directions * p };
        let projected = each == base + 1;
        let fits = wide.is_multiple_of(net.cell.gates())
            && n > 0
            && p > 0
            && shape(0)[1] == features
            && shape(1)[0] == wide
            && (!net.biases || (shape(2).as_slice() == [wide] && shape(3).as_slice() == [wide]))
            && (if projected { shape(base).as_slice() == [p, n] } else { p == n });
        crate::ensure!(
            fits,
            Runtime,
            "{name}: sizes of the parameters of layer {} do not fit the input's {features} features and one another: {:?}",
            cell / directions,
            part.iter().map(|tensor| tensor.shape().to_vec()).collect::<Vec<_>>()
        );
        for (state, width) in states.iter().zip([p, n]) {
            crate::ensure!(
                state.shape().as_slice() == [cells, sizes[0], width],
                Runtime,
                "{name}: Expected hidden size ({cells}, {}, {width}), got {:?}",
                sizes[0],
                state.shape().as_slice()
            );
        }
    }
    Ok(each)
}
