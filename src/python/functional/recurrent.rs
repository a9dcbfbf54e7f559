//! Recurrent networks.

use crate::autograd::Tensor;
use crate::ops::recurrent::{Cell, Network, run};
use crate::python::arguments::{IntList, sizes};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Runs a recurrent network on time steps that lie one after the other.
///
/// Args:
///     mode: `"RNN_TANH"`, `"RNN_RELU"`, `"LSTM"` or `"GRU"`.
///     input: `(rows, input_size)`: the rows of the first step, then those of the second, ...
///     batch_sizes: the number of rows of each step; never more than of the step before.
///     hx: the first states `(num_layers * num_directions, N, H)`, of an LSTM also the memories.
///     params: for each layer and direction the weights of input and state, their biases, and possibly a projection.
///     has_biases, num_layers, dropout, train, bidirectional: what the network is like.
///
/// Returns:
///     All states of the last layer, and the last ones (and memories) of all layers and directions.
///
/// Raises:
///     RuntimeError: where sizes or dtypes do not fit.
#[pyfunction]
fn _recurrent(
    py: Python<'_>,
    mode: &str,
    input: &Bound<'_, PyTensor>,
    batch_sizes: IntList,
    hx: Vec<Bound<'_, PyTensor>>,
    params: Vec<Bound<'_, PyTensor>>,
    has_biases: bool,
    num_layers: usize,
    dropout: f64,
    train: bool,
    bidirectional: bool,
) -> PyResult<Vec<Out>> {
    let cell = match mode {
        "RNN_TANH" => Cell::Tanh,
        "RNN_RELU" => Cell::Relu,
        "LSTM" => Cell::Lstm,
        "GRU" => Cell::Gru,
        other => return Err(PyValueError::new_err(format!("Unrecognized RNN mode: {other}"))),
    };
    let net = Network { cell, layers: num_layers, biases: has_biases, dropout, train, bidirectional };
    let steps = sizes("rnn", &batch_sizes.0)?;
    let tensors =
        |list: &[Bound<'_, PyTensor>]| -> Vec<Tensor> { list.iter().map(|t| t.get().tensor.clone()).collect() };
    let (x, states, parameters) = (&input.get().tensor, tensors(&hx), tensors(&params));
    let results = without_gil(py, x.numel() * 8, || {
        let (states, parameters): (Vec<&Tensor>, Vec<&Tensor>) = (states.iter().collect(), parameters.iter().collect());
        run(&net, x, &steps, &states, &parameters)
    })?;
    Ok(results.into_iter().map(Out).collect())
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_recurrent, m)?)
}
