//! Functions with a gradient of their own making: giving the outputs of a forward step that ran outside of the graph
//! their place in it.

use super::node::{Edge, GradFn, Meta, Node};
use super::saved::SavedTensor;
use super::tensor::Tensor;
use super::view;
use crate::array::DType;
use crate::error::Result;
use smallvec::SmallVec;
use std::sync::Arc;

/// What a custom function said of its tensors.
#[derive(Default)]
pub struct Marks {
    /// Inputs that it has written.
    pub dirty: Vec<Tensor>,
    /// Outputs that carry no gradient.
    pub non_differentiable: Vec<Tensor>,
    /// Inputs and outputs that it wants back in its gradient.
    pub saved: Vec<Option<Tensor>>,
}

/// Values kept for the gradient of a custom function, in the order in which they were given.
pub type SavedValues = Vec<Option<SavedTensor>>;

fn among(tensors: &[Tensor], tensor: &Tensor) -> bool {
    tensors.iter().any(|t| t.same(tensor))
}

impl Marks {
    /// Checks the marks against the outputs, and counts the writes.
    ///
    /// # Errors
    /// `RuntimeError` where a written input is no output, or where gradients could not be right: a leaf that requires
    /// one, a view with further outputs beside it.
    pub fn check(&self, outputs: &[Option<Tensor>], recording: bool) -> Result<()> {
        for tensor in &self.dirty {
            crate::ensure!(
                outputs.iter().flatten().any(|o| o.same(tensor)),
                Runtime,
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that are \
                 modified inplace must all be outputs of the Function."
            );
            view::check_inplace_allowed(tensor, recording)?;
            crate::ensure!(
                !recording || outputs.len() == 1 || tensor.view_of().is_none(),
                Runtime,
                "a function that modifies a view in place must return that view only, got {} outputs",
                outputs.len()
            );
            tensor.bump_version();
        }
        Ok(())
    }

    fn carries(&self, tensor: &Tensor) -> bool {
        tensor.dtype().is_float() && !among(&self.non_differentiable, tensor)
    }
}

/// Makes the outputs of a custom function the results of a step. Inputs that require no gradient have no edge; outputs
/// that are no tensors (`None`) never get a gradient.
///
/// Returns the step, the outputs as callers shall see them (an input that is handed back becomes a view of itself), and
/// the values to be saved.
pub fn attach(
    function: Box<dyn GradFn>,
    inputs: &[Tensor],
    outputs: &[Option<Tensor>],
    marks: &Marks,
) -> Result<(Arc<Node>, Vec<Option<Tensor>>, SavedValues)> {
    let edges = inputs.iter().map(Tensor::gradient_edge).collect();
    let nothing = || Meta { shape: SmallVec::new(), dtype: DType::F32 };
    let metas = outputs.iter().map(|o| o.as_ref().map_or_else(nothing, Meta::of)).collect();
    let node = Node::new(function, edges, metas);

    let mut results: Vec<Option<Tensor>> = Vec::with_capacity(outputs.len());
    for (index, output) in outputs.iter().enumerate() {
        let Some(output) = output else {
            results.push(None);
            continue;
        };
        let edge = Edge { node: node.clone(), index };
        results.push(Some(match (among(&marks.dirty, output), marks.carries(output)) {
            (true, true) => {
                view::rebase(output, edge);
                output.clone()
            }
            (true, false) => output.clone(),
            (false, false) => plain(output, inputs)?,
            (false, true) => {
                let own = if among(inputs, output) || output.view_of().is_some() {
                    output.custom_view()
                } else {
                    output.clone()
                };
                own.set_grad_fn(edge);
                own
            }
        }));
    }

    let save = |tensor: &Tensor| {
        let place = outputs.iter().position(|o| o.as_ref().is_some_and(|o| o.same(tensor)));
        match place.and_then(|i| results[i].as_ref().map(|t| (i, t))) {
            Some((i, result)) if marks.carries(tensor) && (among(&marks.dirty, tensor) || !among(inputs, tensor)) => {
                SavedTensor::output(result, i)
            }
            _ => SavedTensor::input(tensor),
        }
    };
    let saved = marks.saved.iter().map(|t| t.as_ref().map(save).transpose()).collect::<Result<_>>()?;
    Ok((node, results, saved))
}

/// An output that is to carry no gradient.
pub fn plain(output: &Tensor, inputs: &[Tensor]) -> Result<Tensor> {
    if among(inputs, output) {
        return Ok(if output.requires_grad() { output.detach() } else { output.custom_view() });
    }
    if output.requires_grad() && output.view_of().is_none() {
        output.detach_in_place()?;
    }
    Ok(output.clone())
}
