//! In-place operations on views. A write through a view changes its base: the base becomes the result of a step
//! ([`CopySlices`]) that routes the view's part of the gradient through the operation, and every view of that base
//! finds its own step again when it is asked ([`regenerate`]).

use super::mode;
use super::node::{Edge, GradFn, Meta, Node, short_name};
use super::op::{Arrays, Grads, Op, OpGrad, apply};
use super::saved::Context;
use super::tensor::{CreationMeta, Tensor};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::shape::Layout;
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use std::sync::Arc;

/// Whether a tensor may be written by an operation that is recorded (or not).
pub(super) fn check_inplace_allowed(target: &Tensor, recording: bool) -> Result<()> {
    crate::ensure!(
        !target.is_inference() || mode::inference_enabled(),
        Runtime,
        "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal \
         tensor before doing inplace update."
    );
    if !recording && !(mode::grad_enabled() && target.requires_grad()) {
        return Ok(());
    }
    if let Some((base, creation)) = target.view_of() {
        if creation == CreationMeta::Default {
            crate::ensure!(
                !(base.requires_grad() && base.is_leaf()),
                Runtime,
                "a view of a leaf Variable that requires grad is being used in an in-place operation."
            );
            return Ok(());
        }
        let what = match creation {
            CreationMeta::NoGrad => "was created in no_grad mode and is being modified inplace with grad mode enabled.",
            _ => "is a view and is being modified inplace.",
        };
        return Err(refusal(target, creation, what));
    }
    crate::ensure!(
        !(target.requires_grad() && target.is_leaf()),
        Runtime,
        "a leaf Variable that requires grad is being used in an in-place operation."
    );
    Ok(())
}

/// Whether a tensor may be an input of a recorded operation: not a view whose base has joined or left a graph by an
/// in-place operation, where the view's own step can say nothing of it.
pub(super) fn check_not_stale(input: &Tensor) -> Result<()> {
    match input.view_of() {
        Some((base, creation)) if creation != CreationMeta::Default && input.is_stale() && base.grad_fn().is_some() => {
            let what = "is a view and its base or another view of its base has been modified inplace.";
            Err(refusal(input, creation, what))
        }
        _ => Ok(()),
    }
}

/// Why a view of another kind than the default one may not be used so.
fn refusal(view: &Tensor, creation: CreationMeta, what: &str) -> Error {
    let how = match creation {
        CreationMeta::Default => "",
        CreationMeta::MultipleOutputs => {
            "This view is the output of a function that returns multiple views. Such functions do not allow the output \
             views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        }
        CreationMeta::NoGrad => {
            "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both \
             the view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or \
             both outside (if you want the inplace to be tracked)."
        }
        CreationMeta::Inference => {
            "This view was created in inference mode and is modified inplace in normal mode; make a clone to get a normal \
             tensor before doing the inplace update."
        }
        CreationMeta::CustomFunction => {
            "This view was created inside a custom Function (or because an input was returned as-is), whose backward the \
             change would override. Clone the output of the custom Function."
        }
    };
    let which = match view.grad_fn() {
        Some(edge) => format!("Output {} of {}", edge.index, short_name(&edge.node.name())),
        None => "A view".into(),
    };
    crate::error!(Runtime, "{which} {what} {how}")
}

/// Makes a tensor that was just written the result of a step; for a view, its base.
pub(super) fn rebase(target: &Tensor, edge: Edge) {
    let Some((base, CreationMeta::Default)) = target.view_of() else {
        target.set_grad_fn(edge);
        return;
    };
    let mut edges: SmallVec<[Option<Edge>; 3]> = smallvec![base.gradient_edge()];
    edges.extend(edge.node.edges().iter().skip(1).cloned());
    let function = CopySlices { inner: edge.node, base: base.layout(), view: target.layout() };
    let node = Node::new(Box::new(function), edges, smallvec![Meta::of(base)]);
    base.set_grad_fn(Edge { node, index: 0 });
}

/// The step of a view of a base that has changed: taking the view out of the base as it is now.
pub(super) fn regenerate(base: &Layout, view: &Layout, meta: Meta, base_edge: Edge) -> Edge {
    let op = TakeView { base: base.clone(), view: view.clone() };
    let function = OpGrad::unsaved(Box::new(op), (base.shape.clone(), meta.dtype));
    let node = Node::new(Box::new(function), smallvec![Some(base_edge)], smallvec![meta]);
    Edge { node, index: 0 }
}

/// The step of a view made by a custom function whose base has changed: what the function's gradient would be of is
/// gone, so walking it is an error.
pub(super) fn spoilt(edge: Option<Edge>, meta: Meta, base_edge: Edge) -> Edge {
    let function = edge.map_or_else(|| "a custom function".into(), |e| e.node.name());
    let node = Node::new(Box::new(Spoilt { function }), smallvec![Some(base_edge)], smallvec![meta]);
    Edge { node, index: 0 }
}

struct Spoilt {
    function: Cow<'static, str>,
}

impl GradFn for Spoilt {
    fn name(&self) -> Cow<'static, str> {
        self.function.clone()
    }

    fn backward(&self, _: &Arc<Node>, _: Grads) -> Result<Grads> {
        crate::bail!(
            Runtime,
            "Output of {} is a view and its base or another view of its base has been modified inplace. This view was \
             created inside a custom Function (or because an input was returned as-is) and the autograd logic to handle \
             view+inplace would override the custom backward associated with the custom Function, leading to incorrect \
             gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function.",
            self.function
        )
    }
}

/// Backward of a write through a view: the base's gradient with the view's part replaced by what the operation makes
/// of it.
struct CopySlices {
    inner: Arc<Node>,
    base: Layout,
    view: Layout,
}

impl GradFn for CopySlices {
    fn name(&self) -> Cow<'static, str> {
        "CopySlices".into()
    }

    fn backward(&self, node: &Arc<Node>, grads: Grads) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None; node.edges().len()]) };
        let part = take_view(grad, &self.base, &self.view)?;
        let mut results = self.inner.function().backward(&self.inner, smallvec![Some(part)])?;
        if node.edges()[0].is_some() {
            let part = match results[0].take() {
                Some(part) => super::engine::fit(
                    part,
                    &Meta { shape: self.view.shape.clone(), dtype: grad.dtype() },
                    "CopySlices",
                    0,
                )?,
                None => Tensor::new(Array::zeros(&self.view.shape, grad.dtype())?),
            };
            let op = Overwrite { base: self.base.clone(), view: self.view.clone() };
            results[0] = Some(apply(op, &[grad, &part])?);
        }
        Ok(results)
    }

    fn release(&self) {
        self.inner.function().release();
    }
}

/// `x` laid out as `base`, and in it the place of `view`; both over one buffer that holds them.
fn place(base: &Layout, view: &Layout) -> (Layout, Layout, usize) {
    let start = base.offset.min(view.offset);
    let mut base = base.clone();
    let mut view = view.clone();
    base.offset -= start;
    view.offset -= start;
    let end = base.end().max(view.end());
    (base, view, end)
}

/// Whether `view` lies inside of `base`, and that fills its memory: then the one can be cut out of the other as it is.
fn is_inside(base: &Layout, view: &Layout) -> bool {
    view.numel() > 0 && base.is_dense() && base.offset <= view.offset && view.end() <= base.end()
}

/// The place of `view` in an array that lies as `base`, from another offset on.
fn moved(base: &Layout, view: &Layout, offset: usize) -> Layout {
    Layout { offset: view.offset - base.offset + offset, ..view.clone() }
}

/// A copy of `x` in the strides of `base`, with the part that `view` names.
fn spread(x: &Array, base: &Layout, view: &Layout) -> Result<(Array, Array)> {
    if is_inside(base, view) {
        let whole = Array::empty_layout(Layout { offset: 0, ..base.clone() }, x.dtype())?;
        whole.copy_from(x)?;
        let part = whole.as_strided(moved(base, view, 0))?;
        return Ok((whole, part));
    }
    let (base, view, end) = place(base, view);
    let buffer = Array::zeros(&[end], x.dtype())?;
    let whole = buffer.as_strided(base)?;
    whole.copy_from(x)?;
    let part = buffer.as_strided(view)?;
    Ok((whole, part))
}

/// The part of `x`, laid out as `base`, that `view` names: in the memory of `x` where that lies so.
fn cut(x: &Array, base: &Layout, view: &Layout) -> Result<Array> {
    let same = (0..x.ndim()).all(|a| x.shape()[a] == 1 || x.strides()[a] == base.strides[a]);
    if same && is_inside(base, view) {
        return x.as_strided(moved(base, view, x.layout().offset));
    }
    Ok(spread(x, base, view)?.1)
}

/// Refuses layouts in which two indices name one place, where a gradient would have to be shared out.
fn refuse_overlap(layout: &Layout) -> Result<()> {
    crate::ensure!(
        !layout.may_overlap(),
        NotImplemented,
        "as_strided: the gradient through a view with overlapping elements (shape {:?}, strides {:?}) is not supported",
        layout.shape.as_slice(),
        layout.strides.as_slice()
    );
    Ok(())
}

/// The elements that `view` names of a tensor that lies as `base`. They may share its memory: not to be written.
pub fn take_view(x: &Tensor, base: &Layout, view: &Layout) -> Result<Tensor> {
    apply(TakeView { base: base.clone(), view: view.clone() }, &[x])
}

/// Zeros that lie as `base`, with `x` in the places that `view` names (added up where they overlap).
pub fn put_view(x: &Tensor, base: &Layout, view: &Layout) -> Result<Tensor> {
    apply(PutView { base: base.clone(), view: view.clone() }, &[x])
}

/// A tensor that lies as `base`, as a copy with `part` in the places that `view` names.
pub fn overwrite_view(x: &Tensor, part: &Tensor, base: &Layout, view: &Layout) -> Result<Tensor> {
    apply(Overwrite { base: base.clone(), view: view.clone() }, &[x, part])
}

#[derive(Debug)]
struct TakeView {
    base: Layout,
    view: Layout,
}

impl Op for TakeView {
    fn name(&self) -> &'static str {
        "as_strided"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![cut(x[0], &self.base, &self.view)?])
    }
    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| put_view(g, &self.base, &self.view)).transpose()?])
    }
    fn node_name(&self) -> Cow<'static, str> {
        "AsStridedBackward0".into()
    }
}

#[derive(Debug)]
struct PutView {
    base: Layout,
    view: Layout,
}

impl Op for PutView {
    fn name(&self) -> &'static str {
        "as_strided_scatter"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        refuse_overlap(&self.base)?;
        let (base, view, end) = place(&self.base, &self.view);
        let buffer = Array::zeros(&[end], x[0].dtype())?;
        super::arithmetic::add_into_layout(&buffer, &view, x[0])?;
        let whole = buffer.as_strided(base)?;
        Ok(smallvec![if whole.is_contiguous() { whole } else { whole.copy_contiguous()? }])
    }
    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| take_view(g, &self.base, &self.view)).transpose()?])
    }
}

/// `x` laid out as `base`, with the places of `view` replaced by a second input.
#[derive(Debug)]
struct Overwrite {
    base: Layout,
    view: Layout,
}

impl Op for Overwrite {
    fn name(&self) -> &'static str {
        "as_strided_scatter"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        refuse_overlap(&self.view)?;
        let (whole, part) = spread(x[0], &self.base, &self.view)?;
        part.copy_from(x[1])?;
        Ok(smallvec![whole])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None, None]) };
        let rest = if cx.needs(0) {
            let zeros = Tensor::new(Array::zeros(cx.shape(1), grad.dtype())?);
            Some(apply(Overwrite { base: self.base.clone(), view: self.view.clone() }, &[grad, &zeros])?)
        } else {
            None
        };
        let part = if cx.needs(1) { Some(take_view(grad, &self.base, &self.view)?) } else { None };
        Ok(smallvec![rest, part])
    }
}
