//! Steps of optimizers over all parameters of a group.

use super::tensor::{Out, PyTensor};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::binary;
use crate::ops::optimize::{self, AdamOptions, SgdOptions, Slot};
use crate::python::gil::without_gil;
use pyo3::prelude::*;

type Tensors<'py> = Vec<Bound<'py, PyTensor>>;

fn handles(tensors: &Tensors<'_>) -> Vec<Tensor> {
    tensors.iter().map(|tensor| tensor.get().tensor.clone()).collect()
}

/// About how many elements a step moves.
fn work(params: &[Tensor]) -> usize {
    params.iter().map(|param| 4 * param.numel()).sum()
}

/// Slots of parameters, their gradients and lists of their states, each empty or as long as the parameters.
fn slots<'a>(params: &'a [Tensor], grads: &'a [Tensor], states: [&'a [Tensor]; 3]) -> Vec<Slot<'a>> {
    let pairs = params.iter().zip(grads).enumerate();
    pairs.map(|(at, (param, grad))| Slot { param, grad, state: states.map(|list| list.get(at)) }).collect()
}

/// Moves parameters by stochastic gradient descent. `buffers` are their momentum buffers, or `None`.
///
/// Returns:
///     The momentum buffers; none without momentum.
#[pyfunction]
fn _sgd_step<'py>(
    py: Python<'py>,
    params: Tensors<'py>,
    grads: Tensors<'py>,
    buffers: Vec<Option<Bound<'py, PyTensor>>>,
    lr: f64,
    momentum: f64,
    dampening: f64,
    weight_decay: f64,
    nesterov: bool,
    maximize: bool,
) -> PyResult<Vec<Out>> {
    let (params, grads) = (handles(&params), handles(&grads));
    let buffers: Vec<Option<Tensor>> = buffers.iter().map(|b| b.as_ref().map(|b| b.get().tensor.clone())).collect();
    let options = SgdOptions { lr, momentum, dampening, weight_decay, nesterov, maximize };
    let moved = without_gil(py, work(&params), || {
        let mut slots = slots(&params, &grads, [&[], &[], &[]]);
        for (slot, buffer) in slots.iter_mut().zip(&buffers) {
            slot.state[0] = buffer.as_ref();
        }
        optimize::sgd(&slots, options)
    });
    Ok(moved?.into_iter().map(Out).collect())
}

/// Moves parameters by Adam and counts their steps. `largest` is empty, or holds the largest second averages; `lr` comes with
/// whether it is a single-precision number.
#[pyfunction]
#[pyo3(signature = (params, grads, means, squares, largest, steps, lr, betas, eps, weight_decay, decoupled, maximize))]
fn _adam_step<'py>(
    py: Python<'py>,
    params: Tensors<'py>,
    grads: Tensors<'py>,
    means: Tensors<'py>,
    squares: Tensors<'py>,
    largest: Tensors<'py>,
    steps: Tensors<'py>,
    lr: (f64, bool),
    betas: (f64, f64),
    eps: f64,
    weight_decay: f64,
    decoupled: bool,
    maximize: bool,
) -> PyResult<()> {
    let [params, grads, means, squares, largest, steps] =
        [&params, &grads, &means, &squares, &largest, &steps].map(handles);
    let (lr, single) = lr;
    let options = AdamOptions { lr, single, betas, eps, weight_decay, decoupled, maximize };
    without_gil(py, work(&params), || {
        let count = |step: &Tensor| -> Result<f64> {
            binary::add_(step, 1.0)?;
            Ok(step.array().item()?.to_f64())
        };
        let steps = steps.iter().map(count).collect::<Result<Vec<f64>>>()?;
        optimize::adam(&slots(&params, &grads, [&means, &squares, &largest]), &steps, options)
    })
}

/// Drops the gradients of parameters.
#[pyfunction]
fn _drop_grads(params: Tensors<'_>) {
    for param in &params {
        param.get().tensor.set_grad(None);
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_sgd_step, m)?)?;
    m.add_function(wrap_pyfunction!(_adam_step, m)?)?;
    m.add_function(wrap_pyfunction!(_drop_grads, m)?)
}
