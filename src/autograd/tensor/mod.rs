//! [`Tensor`]: an array, the counter of its in-place changes, and its place in the graph.

mod gradient;
mod state;

pub use state::CreationMeta;
use state::{State, ViewOf};

use super::accumulate::AccumulateGrad;
use super::node::{Edge, Meta, Node};
use super::{mode, view};
use crate::array::{Array, DType};
use crate::error::Result;
use crate::kernels::lanes::prefetch;
use crate::shape::{Dims, Layout};
use parking_lot::{Mutex, RwLock};
use smallvec::smallvec;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
use std::sync::{Arc, Weak};

/// A differentiable array. Cloning gives another handle of the same tensor.
#[derive(Clone)]
pub struct Tensor(Arc<Inner>);

/// A handle that does not keep the tensor alive.
#[derive(Clone)]
pub struct WeakTensor(Weak<Inner>);

struct Inner {
    array: RwLock<Array>,
    /// Shared by a tensor, its views and its detached aliases.
    version: Arc<AtomicU32>,
    /// Whether it was asked to require a gradient, or an operation made it so.
    requires_grad: AtomicBool,
    inference: bool,
    view: Option<ViewOf>,
    state: Mutex<State>,
    wrapper: Wrapper,
}

/// A slot in which the bindings note the one Python object that stands for a tensor or node. The core only keeps it.
#[derive(Default)]
pub struct Wrapper(AtomicPtr<()>);

impl Wrapper {
    /// What was noted, or null.
    pub fn get(&self) -> *mut () {
        self.0.load(Ordering::Acquire)
    }

    /// Notes an object, or null.
    pub fn set(&self, object: *mut ()) {
        self.0.store(object, Ordering::Release);
    }
}

impl Tensor {
    /// A leaf that does not require a gradient.
    pub fn new(array: Array) -> Self {
        Self::build(array, Arc::default(), None, mode::inference_enabled())
    }

    /// A leaf with `requires_grad` as given.
    ///
    /// # Errors
    /// `RuntimeError` where the dtype has no gradients.
    pub fn leaf(array: Array, requires_grad: bool) -> Result<Self> {
        let tensor = Self::new(array);
        if requires_grad {
            tensor.set_requires_grad(true)?;
        }
        Ok(tensor)
    }

    #[inline]
    fn build(array: Array, version: Arc<AtomicU32>, view: Option<ViewOf>, inference: bool) -> Self {
        let state = State { view_version: version.load(Ordering::Relaxed), ..Default::default() };
        Tensor(Arc::new(Inner {
            array: RwLock::new(array),
            version,
            requires_grad: AtomicBool::new(false),
            inference,
            view,
            state: Mutex::new(state),
            wrapper: Wrapper::default(),
        }))
    }

    /// A view of this tensor: shares its memory and its version counter, and knows its base.
    pub(super) fn make_view(&self, array: Array, creation: CreationMeta) -> Self {
        let creation = match &self.0.view {
            Some(parent) if parent.creation != CreationMeta::Default && creation == CreationMeta::Default => {
                parent.creation
            }
            _ => creation,
        };
        let base = self.0.view.as_ref().map_or_else(|| self.clone(), |v| v.base.clone());
        // A view that is not recorded is a leaf of its own, as in PyTorch.
        let is_leaf = creation == CreationMeta::NoGrad && array.dtype().is_float() && base.requires_grad();
        let view = Self::build(array, self.0.version.clone(), Some(ViewOf { base, creation }), self.0.inference);
        view.0.requires_grad.store(is_leaf, Ordering::Relaxed);
        view
    }

    /// A view of all of it whose gradient is a custom function's: it may not be written, and it stays as it is.
    pub(super) fn custom_view(&self) -> Self {
        let base = self.0.view.as_ref().map_or_else(|| self.clone(), |v| v.base.clone());
        let of = ViewOf { base, creation: CreationMeta::CustomFunction };
        Self::build(self.array(), self.0.version.clone(), Some(of), self.0.inference)
    }

    /// A saved value back in its place in the graph.
    pub(super) fn from_saved(array: Array, version: Arc<AtomicU32>, edge: Option<Edge>) -> Self {
        let tensor = Self::build(array, version, None, mode::inference_enabled());
        if let Some(edge) = edge {
            tensor.set_grad_fn(edge);
        }
        tensor
    }

    /// The same memory out of the graph; in-place changes of either are seen by the other's version counter.
    #[inline]
    pub fn detach(&self) -> Self {
        Self::build(self.array(), self.0.version.clone(), None, self.0.inference)
    }

    /// The same memory out of the graph, with a counter of its own (`.data`).
    pub fn data(&self) -> Self {
        Self::new(self.array())
    }

    /// A handle of its current array.
    #[inline]
    pub fn array(&self) -> Array {
        self.0.array.read().clone()
    }

    /// Looks at its current array without a handle.
    #[inline]
    pub fn with_array<R>(&self, f: impl FnOnce(&Array) -> R) -> R {
        f(&self.0.array.read())
    }

    /// Puts another array in its place (`.data = ...`, `resize_`, `t_`); its place in the graph stays.
    pub fn set_array(&self, array: Array) {
        *self.0.array.write() = array;
    }

    /// Size of each axis.
    pub fn shape(&self) -> Dims {
        self.with_array(|a| a.dims())
    }

    /// Whether both have the same sizes.
    pub fn has_shape_of(&self, other: &Tensor) -> bool {
        // One lock is not taken twice: a writer in between would wait for the first, and the second for the writer.
        self.same(other) || self.with_array(|a| other.with_array(|b| a.shape() == b.shape()))
    }

    /// The element type.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.with_array(Array::dtype)
    }

    /// The number of axes.
    #[inline]
    pub fn ndim(&self) -> usize {
        self.with_array(Array::ndim)
    }

    /// The number of elements.
    #[inline]
    pub fn numel(&self) -> usize {
        self.with_array(Array::numel)
    }

    /// Shape, strides and offset.
    pub fn layout(&self) -> Layout {
        self.with_array(|a| a.layout().clone())
    }

    /// Whether both handles are the same tensor.
    #[inline]
    pub fn same(&self, other: &Tensor) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// An address that names this tensor as long as it lives.
    pub fn id(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// The number of handles, for deciding whether memory may be reused.
    pub(super) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Whether to drop this handle, which nobody else has, runs nobody's code: the tensor stands outside of the graph, has
    /// no gradient and no hooks, and its memory is the core's own or goes on living.
    pub fn drops_quietly(&mut self) -> bool {
        Arc::get_mut(&mut self.0).is_some_and(|inner| {
            let state = inner.state.get_mut();
            inner.view.is_none()
                && state.grad_fn.is_none()
                && state.rare.is_none()
                && inner.array.get_mut().drops_quietly()
        })
    }

    /// Asks for the memory of the tensor itself ahead of its use, as where thousands are gone through.
    #[inline]
    pub fn prefetch(&self) {
        prefetch(Arc::as_ptr(&self.0), 1);
    }

    /// Asks for the memory of what its detached aliases share with it, which the tensor itself leads to.
    #[inline]
    pub fn prefetch_shared(&self) {
        prefetch(Arc::as_ptr(&self.0.version), 1);
        if let Some(array) = self.0.array.try_read() {
            array.prefetch();
        }
    }

    /// A handle that does not keep it alive.
    pub fn downgrade(&self) -> WeakTensor {
        WeakTensor(Arc::downgrade(&self.0))
    }

    /// A slot for the one Python object that stands for this tensor.
    pub fn wrapper(&self) -> &Wrapper {
        &self.0.wrapper
    }

    // --- versions -------------------------------------------------------------------------------------------------

    /// How often its memory was changed in place.
    pub fn version(&self) -> u32 {
        self.0.version.load(Ordering::Acquire)
    }

    pub(super) fn version_counter(&self) -> &Arc<AtomicU32> {
        &self.0.version
    }

    /// Counts an in-place change.
    pub fn bump_version(&self) {
        self.0.version.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether it is a view whose memory was changed since its place in the graph was last looked at.
    pub(super) fn is_stale(&self) -> bool {
        self.0.view.is_some() && self.0.state.lock().view_version != self.version()
    }

    /// Whether it was made in inference mode.
    pub fn is_inference(&self) -> bool {
        self.0.inference
    }

    // --- its place in the graph -----------------------------------------------------------------------------------

    /// Whether gradients flow to it.
    #[inline]
    pub fn requires_grad(&self) -> bool {
        self.0.requires_grad.load(Ordering::Acquire) || (self.0.view.is_some() && self.grad_fn().is_some())
    }

    /// Asks for a gradient, or declines one.
    ///
    /// # Errors
    /// `RuntimeError` for a result of an operation, or a dtype without gradients.
    pub fn set_requires_grad(&self, on: bool) -> Result<()> {
        crate::ensure!(
            self.grad_fn().is_none() || on,
            Runtime,
            "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a \
             subgraph that doesn't require differentiation use var_no_grad = var.detach()."
        );
        crate::ensure!(
            !on || self.dtype().is_float(),
            Runtime,
            "only Tensors of floating point and complex dtype can require gradients"
        );
        crate::ensure!(
            !on || !self.0.inference || mode::inference_enabled(),
            Runtime,
            "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
        );
        self.0.requires_grad.store(on, Ordering::Release);
        Ok(())
    }

    /// Whether it is no operation's result.
    pub fn is_leaf(&self) -> bool {
        self.grad_fn().is_none()
    }

    /// The step that computed it. For a view whose base was changed in place since, the step is made anew.
    pub fn grad_fn(&self) -> Option<Edge> {
        if let Some(of) = &self.0.view
            && of.creation == CreationMeta::Default
        {
            let version = self.version();
            let mut state = self.0.state.lock();
            if state.view_version != version && self.dtype().is_float() {
                if let Some(base_edge) = of.base.grad_fn() {
                    state.grad_fn = Some(match of.creation {
                        CreationMeta::CustomFunction => view::spoilt(state.grad_fn.take(), Meta::of(self), base_edge),
                        _ => view::regenerate(&of.base.layout(), &self.layout(), Meta::of(self), base_edge),
                    });
                    self.0.requires_grad.store(true, Ordering::Release);
                }
                state.view_version = version;
            }
            return state.grad_fn.clone();
        }
        self.0.state.lock().grad_fn.clone()
    }

    /// Makes it the result of a step.
    pub(super) fn set_grad_fn(&self, edge: Edge) {
        let mut state = self.0.state.lock();
        let old = state.grad_fn.replace(edge);
        state.view_version = self.version();
        if state.retains_grad() {
            // What was asked of the old value holds for the new one instead, as in PyTorch.
            if let Some(old) = &old {
                old.node.with_hooks(|h| h.retain.retain(|(_, tensor)| !tensor.is(self)));
            }
            let edge = state.grad_fn.clone().expect("just set");
            edge.node.with_hooks(|h| h.retain.push((edge.index, self.downgrade())));
        }
        self.0.requires_grad.store(true, Ordering::Release);
    }

    /// Takes it out of the graph for good (`detach_`).
    ///
    /// # Errors
    /// `RuntimeError` for views, whose place in the graph is their base's.
    pub fn detach_in_place(&self) -> Result<()> {
        crate::ensure!(
            self.0.view.is_none(),
            Runtime,
            "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for \
             training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() \
             cannot be called on these gradients."
        );
        let mut state = self.0.state.lock();
        state.grad_fn = None;
        if let Some(rare) = &mut state.rare {
            rare.retains_grad = false;
        }
        self.0.requires_grad.store(false, Ordering::Release);
        Ok(())
    }

    /// Where gradients for it go: its step, or the accumulation into its `.grad`; `None` if it requires none.
    pub fn gradient_edge(&self) -> Option<Edge> {
        if !self.requires_grad() {
            return None;
        }
        if let Some(edge) = self.grad_fn() {
            return Some(edge);
        }
        let mut state = self.0.state.lock();
        if let Some(node) = state.rare().and_then(|rare| rare.accumulator.as_ref()?.upgrade()) {
            return Some(Edge { node, index: 0 });
        }
        let node = Node::first(Box::new(AccumulateGrad::new(self.clone())), smallvec![Meta::of(self)]);
        state.rare_mut().accumulator = Some(Arc::downgrade(&node));
        Some(Edge { node, index: 0 })
    }

    /// The tensor it is a view of, and how that view was made.
    pub fn view_of(&self) -> Option<(&Tensor, CreationMeta)> {
        self.0.view.as_ref().map(|v| (&v.base, v.creation))
    }
}

impl WeakTensor {
    /// Whether it is this tensor.
    pub(super) fn is(&self, tensor: &Tensor) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&tensor.0))
    }

    /// The tensor, if it still lives.
    pub fn upgrade(&self) -> Option<Tensor> {
        self.0.upgrade().map(Tensor)
    }
}

impl std::fmt::Debug for Tensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.with_array(|a| write!(f, "Tensor({}, {:?})", a.dtype().name(), a.shape()))
    }
}
