//! The step of the graph at which backward hooks of modules run: it hands gradients through.

use crate::array::Array;
use crate::autograd::{GradFn, Grads, Marks, Meta, Node, Tensor, attach};
use crate::error::Result;
use crate::python::autograd::PyNode;
use crate::python::tensor::{Out, PyTensor};
use pyo3::prelude::*;
use std::borrow::Cow;
use std::sync::Arc;

struct Passage {
    /// Of the tensors that pass. One that gets no gradient hands on zeros.
    metas: Vec<Meta>,
}

impl GradFn for Passage {
    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("BackwardHookFunctionBackward")
    }

    fn backward(&self, _node: &Arc<Node>, grads: Grads) -> Result<Grads> {
        let zeros = |meta: &Meta| Ok(Some(Tensor::new(Array::zeros(&meta.shape, meta.dtype)?)));
        grads
            .into_iter()
            .zip(&self.metas)
            .map(|(grad, meta)| if grad.is_some() { Ok(grad) } else { zeros(meta) })
            .collect()
    }
}

/// Views of tensors that require gradients, and the step of the graph through which all their gradients go.
#[pyfunction]
pub fn _module_passage<'py>(
    py: Python<'py>,
    tensors: Vec<Bound<'py, PyTensor>>,
) -> PyResult<(Vec<Bound<'py, PyTensor>>, Bound<'py, PyNode>)> {
    let inputs: Vec<Tensor> = tensors.iter().map(|tensor| tensor.get().tensor.clone()).collect();
    let passage = Passage { metas: inputs.iter().map(Meta::of).collect() };
    let handed_back: Vec<Option<Tensor>> = inputs.iter().cloned().map(Some).collect();
    let (node, outputs, _) = attach(Box::new(passage), &inputs, &handed_back, &Marks::default())?;
    let outputs = outputs.into_iter().flatten().map(|output| Out(output).into_pyobject(py)).collect::<PyResult<_>>()?;
    Ok((outputs, PyNode::wrap(py, node)?))
}
