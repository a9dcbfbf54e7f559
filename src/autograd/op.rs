//! What an operation is, and the two ways to run one: [`apply`] makes new tensors, [`apply_inplace`] writes its first
//! input. Both record for autograd and tell the tracer.

use super::node::{Edge, GradFn, Meta, Node};
use super::saved::{Context, SavedTensor};
use super::tensor::{CreationMeta, Tensor};
use super::{mode, progress, trace, view};
use crate::array::{Array, DType};
use crate::error::{Error, Result};
use crate::shape::Dims;
use parking_lot::Mutex;
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use std::sync::Arc;

/// Results of an operation, as arrays.
pub type Arrays = SmallVec<[Array; 1]>;
/// Results of an operation, as tensors.
pub type Tensors = SmallVec<[Tensor; 1]>;
/// Gradients of the inputs of an operation, in their order; `None` for one that is not wanted or is zero.
pub type Grads = SmallVec<[Option<Tensor>; 4]>;

/// Which values an operation keeps for its gradient, by number (of the first 32).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saves {
    inputs: u32,
    outputs: u32,
}

impl Saves {
    /// Nothing.
    pub const NONE: Saves = Saves { inputs: 0, outputs: 0 };

    /// These inputs.
    pub fn inputs(which: &[usize]) -> Self {
        Saves { inputs: which.iter().fold(0, |m, i| m | 1 << i), outputs: 0 }
    }

    /// This input and all behind it (of the first 32).
    pub fn inputs_from(first: usize) -> Self {
        Saves { inputs: u32::MAX.checked_shl(first as u32).unwrap_or(0), outputs: 0 }
    }

    /// These outputs.
    pub fn outputs(which: &[usize]) -> Self {
        Saves { inputs: 0, outputs: which.iter().fold(0, |m, i| m | 1 << i) }
    }

    /// Both.
    pub fn and(self, other: Saves) -> Self {
        Saves { inputs: self.inputs | other.inputs, outputs: self.outputs | other.outputs }
    }

    /// This, or nothing.
    pub fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::NONE }
    }
}

/// An operation: a struct whose fields are its attributes.
///
/// `forward` checks its inputs, infers the shape of the result and calls kernels. `backward` is written with tensor
/// operations, so that it can be differentiated in turn; it returns one gradient for each input. A gradient may have a
/// broadcast shape or another float type than its input: the engine sums and casts it.
pub trait Op: std::fmt::Debug + Send + Sync + 'static {
    /// PyTorch's name of the operation: `max_pool2d`.
    fn name(&self) -> &'static str;

    /// The struct that it is, for tools that watch operations.
    fn type_name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }

    /// The name of its node in the graph: `MaxPool2DWithIndicesBackward0`.
    fn node_name(&self) -> Cow<'static, str> {
        let mut name = String::new();
        for part in self.name().split('_') {
            let mut letters = part.chars();
            name.extend(letters.next().map(|c| c.to_ascii_uppercase()));
            name.push_str(letters.as_str());
        }
        name.push_str("Backward0");
        name.into()
    }

    /// Computes the results.
    fn forward(&self, inputs: &[&Array]) -> Result<Arrays>;

    /// Computes the result into the first input's memory. The default computes it apart and copies it.
    fn forward_inplace(&self, inputs: &[&Array]) -> Result<()> {
        let out = self.forward(inputs)?.swap_remove(0);
        check_inplace(self.name(), inputs[0], out.shape(), out.dtype())?;
        inputs[0].copy_from(&out)
    }

    /// What `backward` will ask its context for, given which inputs want a gradient.
    fn saves(&self, _needs: &[bool]) -> Saves {
        Saves::NONE
    }

    /// The gradients of the inputs from those of the outputs (`None` where no gradient came: zero).
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads>;

    /// Whether the outputs share the memory of the first input.
    fn is_view(&self) -> bool {
        false
    }

    /// Whether it may have several outputs; views of such operations are not to be written in place.
    fn is_multiple(&self) -> bool {
        false
    }

    /// Whether an output of a float type carries a gradient.
    fn is_differentiable(&self, _output: usize) -> bool {
        true
    }
}

/// Checks that a result may be written into a tensor.
///
/// # Errors
/// `RuntimeError` in PyTorch's words where the shape or the category of the dtype does not fit.
pub fn check_inplace(_op: &str, target: &Array, shape: &[usize], dtype: DType) -> Result<()> {
    crate::ensure!(
        target.shape() == shape,
        Runtime,
        "output with shape {:?} doesn't match the broadcast shape {:?}",
        target.shape(),
        shape
    );
    crate::ensure!(
        dtype.can_cast(target.dtype()),
        Runtime,
        "result type {} can't be cast to the desired output type {}",
        dtype.type_name(),
        target.dtype().type_name()
    );
    crate::ensure!(
        !target.layout().may_overlap(),
        Runtime,
        "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory \
         location. Please clone() the tensor before performing the operation."
    );
    Ok(())
}

/// Checks that a tensor may be written outside of the graph, by a kernel that is no operation.
///
/// # Errors
/// As [`apply_inplace`].
pub fn check_writable(target: &Tensor) -> Result<()> {
    view::check_inplace_allowed(target, false)
}

/// Runs an operation with one output.
pub fn apply<O: Op>(op: O, inputs: &[&Tensor]) -> Result<Tensor> {
    Ok(apply_many(op, inputs)?.swap_remove(0))
}

/// Runs an operation.
pub fn apply_many<O: Op>(op: O, inputs: &[&Tensor]) -> Result<Tensors> {
    let arrays: SmallVec<[Array; 4]> = inputs.iter().map(|t| t.array()).collect();
    let references: SmallVec<[&Array; 4]> = arrays.iter().collect();
    let results = op.forward(&references)?;
    let recording = mode::grad_enabled() && inputs.iter().any(|t| t.requires_grad());

    let outputs: Tensors = if op.is_view() {
        let creation = match () {
            _ if mode::inference_enabled() => CreationMeta::Inference,
            _ if !mode::grad_enabled() => CreationMeta::NoGrad,
            _ if op.is_multiple() => CreationMeta::MultipleOutputs,
            _ => CreationMeta::Default,
        };
        results.into_iter().map(|array| inputs[0].make_view(array, creation)).collect()
    } else {
        results.into_iter().map(Tensor::new).collect()
    };

    trace::record(&op, inputs, &outputs, false);
    if recording {
        record(op, inputs, &outputs)?;
    }
    Ok(outputs)
}

fn record<O: Op>(op: O, inputs: &[&Tensor], outputs: &[Tensor]) -> Result<()> {
    let carries = |i: usize, t: &Tensor| t.dtype().is_float() && op.is_differentiable(i);
    if !outputs.iter().enumerate().any(|(i, t)| carries(i, t)) {
        return Ok(());
    }
    inputs.iter().try_for_each(|t| view::check_not_stale(t))?;
    let edges: SmallVec<[Option<Edge>; 3]> = inputs.iter().map(|t| t.gradient_edge()).collect();
    let needs: SmallVec<[bool; 4]> = edges.iter().map(Option::is_some).collect();
    let saves = op.saves(&needs);
    let differentiable: SmallVec<[bool; 2]> = outputs.iter().enumerate().map(|(i, t)| carries(i, t)).collect();
    let saved = Saved::new(saves, inputs, outputs)?;
    let function = OpGrad::new(Box::new(op), inputs, saved);
    let node = Node::new(Box::new(function), edges, outputs.iter().map(Meta::of).collect());
    for (index, output) in outputs.iter().enumerate() {
        if differentiable[index] {
            output.set_grad_fn(Edge { node: node.clone(), index });
        }
    }
    Ok(())
}

/// Runs an operation that writes its result into `inputs[0]`.
///
/// # Errors
/// Besides the operation's own: `RuntimeError` for a leaf that requires a gradient, for views that may not be written,
/// for inference tensors outside of inference mode.
pub fn apply_inplace<O: Op>(op: O, inputs: &[&Tensor]) -> Result<()> {
    let target = inputs[0];
    // As in PyTorch, operations without a gradient leave the place of their target in the graph as it is.
    let recording = mode::grad_enabled() && op.is_differentiable(0) && inputs.iter().any(|t| t.requires_grad());
    view::check_inplace_allowed(target, recording)?;

    let mut arrays: SmallVec<[Array; 4]> = inputs.iter().map(|t| t.array()).collect();
    // An operand that shares the target's memory in another layout would be read half overwritten.
    for i in 1..arrays.len() {
        let a = &arrays[i];
        if Arc::ptr_eq(a.storage(), arrays[0].storage()) && a.layout() != arrays[0].layout() {
            arrays[i] = a.copy_contiguous()?;
        }
    }
    let references: SmallVec<[&Array; 4]> = arrays.iter().collect();

    if !recording || !target.dtype().is_float() {
        op.forward_inplace(&references)?;
        target.bump_version();
        trace::record(&op, inputs, std::slice::from_ref(target), true);
        return Ok(());
    }

    let edges: SmallVec<[Option<Edge>; 3]> = inputs.iter().map(|t| t.gradient_edge()).collect();
    let needs: SmallVec<[bool; 4]> = edges.iter().map(Option::is_some).collect();
    let saves = op.saves(&needs);
    let mut saved = Saved::new(Saves { inputs: saves.inputs & !1, outputs: 0 }, inputs, &[])?;
    if saves.inputs & 1 != 0 {
        saved.inputs[0] = Some(SavedTensor::copied(target)?);
    }
    op.forward_inplace(&references)?;
    target.bump_version();
    trace::record(&op, inputs, std::slice::from_ref(target), true);
    if saves.outputs & 1 != 0 {
        saved.outputs.push(Some(SavedTensor::output(target, 0)?));
    }
    let function = OpGrad::new(Box::new(op), inputs, saved);
    let node = Node::new(Box::new(function), edges, smallvec![Meta::of(target)]);
    view::rebase(target, Edge { node, index: 0 });
    Ok(())
}

/// Gives a tensor another layout of its own memory, in place: `op` is a view with one output.
///
/// # Errors
/// As [`apply_inplace`].
pub fn apply_metadata<O: Op>(op: O, target: &Tensor) -> Result<()> {
    let recording = mode::grad_enabled() && target.requires_grad();
    view::check_inplace_allowed(target, recording)?;
    let edge = if recording { target.gradient_edge() } else { None };
    let array = target.array();
    let viewed = op.forward(&[&array])?.swap_remove(0);
    trace::record(&op, &[target], std::slice::from_ref(target), true);
    let function = recording.then(|| OpGrad::new(Box::new(op), &[target], Saved::default()));
    target.set_array(viewed);
    target.bump_version();
    if let Some(function) = function {
        let node = Node::new(Box::new(function), smallvec![edge], smallvec![Meta::of(target)]);
        target.set_grad_fn(Edge { node, index: 0 });
    }
    Ok(())
}

/// The values that an operation has kept.
#[derive(Default)]
struct Saved {
    inputs: SmallVec<[Option<SavedTensor>; 3]>,
    outputs: SmallVec<[Option<SavedTensor>; 1]>,
}

impl Saved {
    fn new(saves: Saves, inputs: &[&Tensor], outputs: &[Tensor]) -> Result<Self> {
        let bit = |mask: u32, i: usize| i < 32 && mask & (1 << i) != 0;
        Ok(Saved {
            inputs: inputs
                .iter()
                .enumerate()
                .map(|(i, t)| bit(saves.inputs, i).then(|| SavedTensor::input(t)).transpose())
                .collect::<Result<_>>()?,
            outputs: outputs
                .iter()
                .enumerate()
                .map(|(i, t)| bit(saves.outputs, i).then(|| SavedTensor::output(t, i)).transpose())
                .collect::<Result<_>>()?,
        })
    }
}

/// The error of a second walk over a graph whose saved values were let go.
pub fn freed() -> Error {
    Error::Runtime(
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already been \
         freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify \
         retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors \
         after calling backward."
            .into(),
    )
}

/// The gradient function of a recorded operation.
pub(super) struct OpGrad {
    op: Box<dyn Op>,
    metas: SmallVec<[(Dims, DType); 3]>,
    saved: Mutex<Option<Arc<Saved>>>,
}

impl OpGrad {
    fn new(op: Box<dyn Op>, inputs: &[&Tensor], saved: Saved) -> Self {
        let metas = inputs.iter().map(|t| t.with_array(|a| (a.dims(), a.dtype()))).collect();
        OpGrad { op, metas, saved: Mutex::new(Some(Arc::new(saved))) }
    }

    /// Of an operation with one input of which nothing is kept.
    pub(super) fn unsaved(op: Box<dyn Op>, input: (Dims, DType)) -> Self {
        OpGrad { op, metas: smallvec![input], saved: Mutex::new(Some(Arc::default())) }
    }
}

impl GradFn for OpGrad {
    fn name(&self) -> Cow<'static, str> {
        self.op.node_name()
    }

    fn backward(&self, node: &Arc<Node>, grads: Grads) -> Result<Grads> {
        // A clone of the handle, so that a retained graph may be walked by several threads.
        let saved = self.saved.lock().clone();
        let Some(saved) = saved else {
            return Err(freed());
        };
        let unwanted = progress::unwanted(node.edges());
        let cx = Context { node, inputs: &saved.inputs, outputs: &saved.outputs, metas: &self.metas, unwanted };
        let mut results = self.op.backward(&cx, &grads)?;
        if unwanted != 0 {
            // Some operations compute all at once; hooks see what the walk is for.
            results.iter_mut().enumerate().filter(|&(i, _)| !cx.needs(i)).for_each(|(_, grad)| *grad = None);
        }
        Ok(results)
    }

    fn release(&self) {
        let saved = self.saved.lock().take();
        // PyTorch lets a graph that saved nothing be walked again.
        if saved.as_ref().is_some_and(|s| s.inputs.iter().chain(&s.outputs).all(Option::is_none)) {
            *self.saved.lock() = saved;
        }
    }
}
