//! Modes, nodes, hooks and the walk, as Python sees them.

mod function;
mod mode;
mod node;
mod switches;

pub use node::{PyHookHandle, PyNode, tensor_hook};

use crate::autograd::{BackwardOptions, Target, Tensor, run_backward};
use crate::python::gil::guarded;
use crate::python::tensor::{Out, PyTensor};
use pyo3::prelude::*;

/// Walks the graph without the interpreter; hooks and custom functions take it back for themselves.
pub fn run(
    py: Python<'_>,
    roots: &[(Tensor, Option<Tensor>)],
    target: Target<'_>,
    options: BackwardOptions,
) -> PyResult<Vec<Option<Tensor>>> {
    Ok(py.detach(|| guarded(|| run_backward(roots, target, options)))?)
}

fn tensors(list: Vec<Bound<'_, PyTensor>>) -> Vec<Tensor> {
    list.iter().map(|t| t.get().tensor.clone()).collect()
}

/// The walk behind `rsnn.autograd.grad`: gradients of `inputs`, `None` where no path leads.
#[pyfunction]
fn _autograd_grad(
    py: Python<'_>,
    outputs: Vec<Bound<'_, PyTensor>>,
    grad_outputs: Vec<Option<Bound<'_, PyTensor>>>,
    inputs: Vec<Bound<'_, PyTensor>>,
    retain_graph: bool,
    create_graph: bool,
) -> PyResult<Vec<Option<Out>>> {
    let roots = pair(outputs, grad_outputs);
    let inputs = tensors(inputs);
    let options = BackwardOptions { retain_graph, create_graph };
    let grads = run(py, &roots, Target::Capture(&inputs), options)?;
    Ok(grads.into_iter().map(|g| g.map(Out)).collect())
}

/// The walk behind `rsnn.autograd.backward`: accumulates into `inputs`, or into all leaves.
#[pyfunction]
fn _autograd_backward(
    py: Python<'_>,
    outputs: Vec<Bound<'_, PyTensor>>,
    grad_outputs: Vec<Option<Bound<'_, PyTensor>>>,
    inputs: Option<Vec<Bound<'_, PyTensor>>>,
    retain_graph: bool,
    create_graph: bool,
) -> PyResult<()> {
    let roots = pair(outputs, grad_outputs);
    let inputs = inputs.map(tensors);
    let target = inputs.as_deref().map_or(Target::AllLeaves, Target::Accumulate);
    run(py, &roots, target, BackwardOptions { retain_graph, create_graph }).map(drop)
}

fn pair(outputs: Vec<Bound<'_, PyTensor>>, grads: Vec<Option<Bound<'_, PyTensor>>>) -> Vec<(Tensor, Option<Tensor>)> {
    outputs.iter().zip(grads).map(|(o, g)| (o.get().tensor.clone(), g.map(|g| g.get().tensor.clone()))).collect()
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_autograd_grad, m)?)?;
    m.add_function(wrap_pyfunction!(_autograd_backward, m)?)?;
    node::register(m)?;
    function::register(m)?;
    switches::register(m)?;
    mode::register(m)
}
