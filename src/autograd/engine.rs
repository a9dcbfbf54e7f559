//! The walk from results back to leaves: nodes in the reverse order of their making, each when all its gradients have
//! arrived. It runs on the calling thread and holds no lock while a node runs.

use super::accumulate::AccumulateGrad;
use super::hooks::{GradList, run_tensor_hooks};
use super::node::{Edge, Meta, Node};
use super::progress::{ByNode, Progress, Walk, key};
use super::{GradModeGuard, Grads, Tensor, arithmetic};
use crate::array::Array;
use crate::error::Result;
use crate::shape::broadcast;
use smallvec::{SmallVec, smallvec};
use std::collections::BinaryHeap;
use std::sync::Arc;

/// How to walk.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackwardOptions {
    /// Keep saved values, so that the graph may be walked again.
    pub retain_graph: bool,
    /// Record the walk itself, so that gradients can be differentiated.
    pub create_graph: bool,
}

/// What a walk is for.
pub enum Target<'a> {
    /// Adding to the `.grad` of every leaf.
    AllLeaves,
    /// Adding to the `.grad` of these tensors only.
    Accumulate(&'a [Tensor]),
    /// Returning the gradients of these tensors, and touching no `.grad`.
    Capture(&'a [Tensor]),
}

/// A gradient for each tensor of [`Target::Capture`], in its order; `None` where no path leads.
pub type Captured = Vec<Option<Tensor>>;

struct Ready(Arc<Node>);

impl PartialEq for Ready {
    fn eq(&self, other: &Self) -> bool {
        self.0.sequence() == other.0.sequence()
    }
}
impl Eq for Ready {}
impl PartialOrd for Ready {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ready {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.sequence().cmp(&other.0.sequence())
    }
}

/// Computes gradients from `roots` (with their own gradients; `None` stands for 1 and asks for a scalar).
///
/// # Errors
/// `RuntimeError` where a root requires no gradient, a gradient does not fit, a saved value was changed or freed; and
/// whatever an operation or hook fails with.
pub fn run_backward(
    roots: &[(Tensor, Option<Tensor>)],
    target: Target<'_>,
    options: BackwardOptions,
) -> Result<Captured> {
    let _mode = GradModeGuard::new(options.create_graph);
    let mut start: Vec<(Edge, Tensor)> = Vec::with_capacity(roots.len());
    for (i, (root, grad)) in roots.iter().enumerate() {
        let Some(edge) = root.gradient_edge() else {
            crate::bail!(Runtime, "element {i} of tensors does not require grad and does not have a grad_fn")
        };
        start.push((edge, root_gradient(i, root, grad.as_ref())?));
    }

    let mut captured: Captured = Vec::new();
    let mut progress: ByNode<Progress> = ByNode::default();
    let selective = match &target {
        Target::AllLeaves => false,
        Target::Accumulate(tensors) | Target::Capture(tensors) => {
            let capture = matches!(target, Target::Capture(_));
            captured.resize(tensors.len(), None);
            for (place, tensor) in tensors.iter().enumerate() {
                let Some(edge) = tensor.gradient_edge() else {
                    crate::bail!(Runtime, "One of the differentiated Tensors does not require grad")
                };
                let entry = progress.entry(key(&edge.node)).or_default();
                entry.wanted = true;
                // A leaf's own node adds to its `.grad`; a result's gradient is caught on its way.
                if capture || leaf_of(&edge.node).is_none() {
                    entry.captures.push((edge.index, place));
                }
            }
            true
        }
    };

    let order = survey(start.iter().map(|(edge, _)| &edge.node), &mut progress);
    if selective {
        // Children come before parents in `order` read backwards: a node is wanted if anything below it is.
        for node in order.iter().rev() {
            let below = node.edges().iter().flatten().any(|e| progress[&key(&e.node)].wanted);
            progress.get_mut(&key(node)).expect("surveyed").wanted |= below;
        }
    }
    drop(order);
    let walk = Walk::begin(selective, progress);

    let mut ready: BinaryHeap<Ready> = BinaryHeap::new();
    for (edge, grad) in start {
        let mut progress = walk.progress();
        let entry = progress.get_mut(&key(&edge.node)).expect("surveyed");
        deliver(&mut entry.grads, &edge, grad, options.create_graph)?;
        if entry.waiting == 0 && !ready.iter().any(|r| Arc::ptr_eq(&r.0, &edge.node)) {
            ready.push(Ready(edge.node));
        }
    }

    while let Some(Ready(node)) = ready.pop() {
        // Not held while hooks and operations run, which may ask for it.
        let (mut grads, captures, wanted) = {
            let mut progress = walk.progress();
            let state = progress.get_mut(&key(&node)).expect("surveyed");
            (std::mem::take(&mut state.grads), std::mem::take(&mut state.captures), state.wanted)
        };
        grads.resize(node.outputs().len(), None);
        before(&node, &mut grads)?;
        for (index, place) in captures {
            let mut grad = grads[index].clone();
            if let (Some(leaf), Some(g)) = (leaf_of(&node), &grad) {
                grad = Some(leaf.hooked(g.clone())?);
            }
            captured[place] = grad;
        }
        // Beyond the last captured node nothing is computed; leaves are not added to when capturing.
        let runs = !selective
            || (wanted
                && match target {
                    Target::Capture(_) => node.edges().iter().flatten().any(|e| walk.progress()[&key(&e.node)].wanted),
                    _ => true,
                });
        let results = if runs { run_node(&node, grads, options.retain_graph)? } else { Grads::new() };
        let mut results = results.into_iter();
        let mut progress = walk.progress();
        for (position, edge) in node.edges().iter().enumerate() {
            let result = results.next().flatten();
            let Some(edge) = edge else { continue };
            let entry = progress.get_mut(&key(&edge.node)).expect("surveyed");
            if let Some(grad) = result
                && (!selective || entry.wanted)
            {
                let grad = fit(grad, &edge.node.outputs()[edge.index], &node.name(), position)?;
                deliver(&mut entry.grads, edge, grad, options.create_graph)?;
            }
            entry.waiting -= 1;
            if entry.waiting == 0 {
                ready.push(Ready(edge.node.clone()));
            }
        }
    }
    if let Target::Accumulate(tensors) = target {
        for (tensor, grad) in tensors.iter().zip(captured.drain(..)) {
            if let Some(grad) = grad {
                keep(tensor, &grad)?;
            }
        }
    }
    Ok(captured)
}

/// Adds a gradient to the `.grad` of a tensor that is no leaf.
fn keep(tensor: &Tensor, grad: &Tensor) -> Result<()> {
    let sum = match tensor.grad() {
        Some(old) => arithmetic::add(&old, grad)?,
        None if super::grad_enabled() => grad.clone(),
        None => Tensor::new(grad.array().copy_contiguous()?),
    };
    tensor.set_grad(Some(sum));
    Ok(())
}

/// Counts, for each node that the roots reach, the edges that point to it; returns the nodes so that each stands after
/// at least one that points to it, and in an order fit for passing "wanted" from the end to the start.
fn survey<'a>(roots: impl Iterator<Item = &'a Arc<Node>>, progress: &mut ByNode<Progress>) -> Vec<Arc<Node>> {
    let mut seen: ByNode<()> = ByNode::default();
    let mut order = Vec::new();
    // Depth first with an explicit stack; `true` marks the way back up, when all below has been listed.
    let mut stack: Vec<(Arc<Node>, bool)> = roots.map(|n| (n.clone(), false)).collect();
    while let Some((node, done)) = stack.pop() {
        if done {
            order.push(node);
            continue;
        }
        if seen.insert(key(&node), ()).is_some() {
            continue;
        }
        progress.entry(key(&node)).or_default();
        for edge in node.edges().iter().flatten() {
            progress.entry(key(&edge.node)).or_default().waiting += 1;
            stack.push((edge.node.clone(), false));
        }
        // Pushed below its children: seen again only after them.
        let at = stack.len() - node.edges().iter().flatten().count();
        stack.insert(at, (node, true));
    }
    order.reverse();
    order
}

fn leaf_of(node: &Arc<Node>) -> Option<&AccumulateGrad> {
    node.function().as_any()?.downcast_ref()
}

fn root_gradient(i: usize, root: &Tensor, grad: Option<&Tensor>) -> Result<Tensor> {
    match grad {
        Some(grad) => {
            let (shape, expected) = (grad.shape(), root.shape());
            crate::ensure!(
                shape == expected,
                Runtime,
                "Mismatch in shape: grad_output[{i}] has a shape of torch.Size({:?}) and output[{i}] has a shape of \
                 torch.Size({:?}).",
                shape.as_slice(),
                expected.as_slice()
            );
            arithmetic::cast(grad, root.dtype())
        }
        None => {
            crate::ensure!(root.numel() == 1, Runtime, "grad can be implicitly created only for scalar outputs");
            Ok(Tensor::new(Array::full(&root.shape(), 1i64.into(), root.dtype())?))
        }
    }
}

/// Adds a gradient to what an output has got so far.
fn deliver(grads: &mut Grads, edge: &Edge, grad: Tensor, create_graph: bool) -> Result<()> {
    if grads.len() <= edge.index {
        grads.resize(edge.index + 1, None);
    }
    let slot = &mut grads[edge.index];
    *slot = Some(match slot.take() {
        None => grad,
        // The sum so far is nobody else's: add to it where it lies.
        Some(sum) if !create_graph && sum.handles() == 1 && sum.with_array(|a| a.is_unique() && a.is_contiguous()) => {
            sum.with_array(|a| arithmetic::add_into(a, &grad.array()))?;
            sum
        }
        Some(sum) => arithmetic::add(&sum, &grad)?,
    });
    Ok(())
}

/// A gradient brought to the shape and dtype of what it belongs to.
pub(super) fn fit(grad: Tensor, meta: &Meta, function: &str, index: usize) -> Result<Tensor> {
    let shape = grad.shape();
    let grad = if shape == meta.shape {
        grad
    } else {
        let fits = broadcast(&meta.shape, &shape).is_ok_and(|s| s == shape);
        crate::ensure!(
            fits,
            Runtime,
            "Function {function} returned an invalid gradient at index {index} - got {:?} but expected shape compatible \
             with {:?}",
            shape.as_slice(),
            meta.shape.as_slice()
        );
        arithmetic::sum_to(&grad, &meta.shape)?
    };
    arithmetic::cast(&grad, meta.dtype)
}

/// Hooks of the node's outputs, then those of the node.
fn before(node: &Arc<Node>, grads: &mut Grads) -> Result<()> {
    type Tables = (
        Vec<(usize, Arc<super::hooks::HookTable<super::hooks::TensorHook>>)>,
        Vec<(usize, super::tensor::WeakTensor)>,
        SmallVec<[super::hooks::NodePreHook; 2]>,
    );
    let tables: Option<Tables> = node.if_hooks(|h| (h.tensor.clone(), h.retain.clone(), h.pre.snapshot()));
    let Some((tensor, retain, pre)) = tables else { return Ok(()) };
    for (index, table) in tensor {
        if let Some(grad) = grads[index].take() {
            grads[index] = Some(run_tensor_hooks(&table, grad)?);
        }
    }
    for (index, weak) in retain {
        if let (Some(tensor), Some(grad)) = (weak.upgrade(), &grads[index]) {
            keep(&tensor, grad)?;
        }
    }
    for hook in pre {
        if let Some(replaced) = hook(grads)? {
            *grads = replaced;
        }
    }
    Ok(())
}

/// Runs a node and its hooks, and lets go of what it saved.
fn run_node(node: &Arc<Node>, grads: Grads, retain: bool) -> Result<Grads> {
    if grads.iter().all(Option::is_none) {
        return Ok(smallvec![None; node.edges().len()]);
    }
    let post = node.if_hooks(|h| h.post.snapshot()).unwrap_or_default();
    let before: GradList = if post.is_empty() { GradList::new() } else { grads.clone() };
    let mut results = node.function().backward(node, grads);
    if super::anomaly::is_on() {
        results = super::anomaly::examined(node, results);
    }
    let mut results = results?;
    if !node.edges().is_empty() {
        crate::ensure!(
            results.len() == node.edges().len(),
            Runtime,
            "function {} returned an incorrect number of gradients (expected {}, got {})",
            node.name(),
            node.edges().len(),
            results.len()
        );
    }
    if !post.is_empty() {
        // Hooks see gradients as they arrive.
        for (position, edge) in node.edges().iter().enumerate() {
            let Some(edge) = edge else { continue };
            if let Some(grad) = results[position].take() {
                results[position] = Some(fit(grad, &edge.node.outputs()[edge.index], &node.name(), position)?);
            }
        }
    }
    for hook in post {
        if let Some(replaced) = hook(&results, &before)? {
            results = replaced;
        }
    }
    if !retain {
        node.function().release();
    }
    Ok(results)
}
