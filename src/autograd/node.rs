//! A step of the tape. Edges point from results back to what they were computed from.

use super::hooks::{HookTable, NodeHook, NodePreHook, TensorHook};
use super::{Grads, Tensor, anomaly};
use crate::array::DType;
use crate::error::Result;
use crate::shape::Dims;
use parking_lot::Mutex;
use smallvec::SmallVec;
use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The gradient function of a node.
pub trait GradFn: Send + Sync {
    /// The name that `grad_fn` shows: `AddBackward0`.
    fn name(&self) -> Cow<'static, str>;

    /// From the gradients of the outputs to those of the inputs, one for each edge.
    fn backward(&self, node: &Arc<Node>, grads: Grads) -> Result<Grads>;

    /// Lets go of saved values; called after the node has run, unless the graph is retained.
    fn release(&self) {}

    /// What it keeps alive of the world outside, for those who look for cycles.
    fn held(&self) -> Option<&(dyn Any + Send + Sync)> {
        None
    }

    /// For callers that look for their own kind of function.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }
}

/// Where a gradient goes: an output of the forward step that a node stands for.
#[derive(Clone)]
pub struct Edge {
    /// The node.
    pub node: Arc<Node>,
    /// Which of its forward outputs.
    pub index: usize,
}

/// The operation that a step's name is made of, as messages name it: `Mul` of `MulBackward0`.
pub(super) fn short_name(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix("Backward").unwrap_or(name)
}

/// What is known of a forward output: its gradient must fit.
#[derive(Clone, Debug)]
pub struct Meta {
    /// Its shape.
    pub shape: Dims,
    /// Its dtype.
    pub dtype: DType,
}

impl Meta {
    /// Of a tensor.
    pub fn of(tensor: &Tensor) -> Self {
        Meta { shape: tensor.shape(), dtype: tensor.dtype() }
    }
}

/// Hooks of a node. Most nodes have none, so the tables are made on demand.
#[derive(Default)]
pub struct NodeHooks {
    /// Per output: hooks of the tensor.
    pub tensor: Vec<(usize, Arc<HookTable<TensorHook>>)>,
    /// Per output: a tensor that wants to keep its gradient.
    pub retain: Vec<(usize, super::tensor::WeakTensor)>,
    /// Before the node runs.
    pub pre: Arc<HookTable<NodePreHook>>,
    /// After the node has run.
    pub post: Arc<HookTable<NodeHook>>,
    /// Where in the program it was made, if anomaly detection was on.
    pub made_at: Option<Arc<str>>,
}

/// A step of the tape.
pub struct Node {
    sequence: u64,
    function: Box<dyn GradFn>,
    edges: SmallVec<[Option<Edge>; 3]>,
    outputs: SmallVec<[Meta; 1]>,
    hooks: Mutex<Option<Box<NodeHooks>>>,
}

static SEQUENCE: AtomicU64 = AtomicU64::new(0);

impl Node {
    /// A step with these inputs (edges) and outputs.
    pub fn new(
        function: Box<dyn GradFn>,
        edges: SmallVec<[Option<Edge>; 3]>,
        outputs: SmallVec<[Meta; 1]>,
    ) -> Arc<Self> {
        let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
        Self::with_sequence(sequence, function, edges, outputs)
    }

    /// A step that runs as soon as its gradient is complete, before all others: accumulation into leaves.
    pub(super) fn first(function: Box<dyn GradFn>, outputs: SmallVec<[Meta; 1]>) -> Arc<Self> {
        Self::with_sequence(u64::MAX, function, SmallVec::new(), outputs)
    }

    fn with_sequence(
        sequence: u64,
        function: Box<dyn GradFn>,
        edges: SmallVec<[Option<Edge>; 3]>,
        outputs: SmallVec<[Meta; 1]>,
    ) -> Arc<Self> {
        let node = Arc::new(Node { sequence, function, edges, outputs, hooks: Mutex::new(None) });
        if anomaly::is_on() {
            anomaly::remember(&node);
        }
        node
    }

    /// Its place in time; later steps run first.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// What it computes.
    pub fn function(&self) -> &dyn GradFn {
        &*self.function
    }

    /// The name that `grad_fn` shows.
    pub fn name(&self) -> Cow<'static, str> {
        self.function.name()
    }

    /// Where the gradients of the inputs go.
    pub fn edges(&self) -> &[Option<Edge>] {
        &self.edges
    }

    /// The forward outputs.
    pub fn outputs(&self) -> &[Meta] {
        &self.outputs
    }

    /// The leaf whose `.grad` this step adds to, if it is such a step.
    pub fn leaf(&self) -> Option<Tensor> {
        self.function.as_any()?.downcast_ref::<super::accumulate::AccumulateGrad>().map(|a| a.leaf().clone())
    }

    /// Reads or changes the hooks, making the tables if there are none.
    pub fn with_hooks<R>(&self, f: impl FnOnce(&mut NodeHooks) -> R) -> R {
        f(self.hooks.lock().get_or_insert_with(Default::default))
    }

    /// Reads the hooks if there are any.
    pub(super) fn if_hooks<R>(&self, f: impl FnOnce(&NodeHooks) -> R) -> Option<R> {
        self.hooks.lock().as_deref().map(f)
    }

    /// Looks at what its function and its hooks keep alive, up to the first error. Of hooks that are in use it sees nothing.
    pub(super) fn try_for_held<E>(
        &self,
        look: &mut dyn FnMut(&(dyn Any + Send + Sync)) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.function.held().map_or(Ok(()), &mut *look)?;
        let Some(hooks) = self.hooks.try_lock() else { return Ok(()) };
        let Some(hooks) = hooks.as_deref() else { return Ok(()) };
        hooks.tensor.iter().try_for_each(|(_, table)| table.try_for_held(look))?;
        hooks.pre.try_for_held(look)?;
        hooks.post.try_for_held(look)
    }

    /// Removes all hooks.
    pub(super) fn clear_hooks(&self) {
        // Cleared outside of the lock: what goes may run foreign code.
        let Some(hooks) = self.hooks.lock().take() else { return };
        hooks.tensor.iter().for_each(|(_, table)| table.clear());
        hooks.pre.clear();
        hooks.post.clear();
    }

    /// The table of hooks for the gradient of one output.
    pub fn tensor_hooks(&self, index: usize) -> Arc<HookTable<TensorHook>> {
        self.with_hooks(|hooks| {
            if let Some((_, table)) = hooks.tensor.iter().find(|(i, _)| *i == index) {
                return table.clone();
            }
            let table = Arc::new(HookTable::default());
            hooks.tensor.push((index, table.clone()));
            table
        })
    }
}

/// The function of a node that is being taken apart.
struct Gone;

impl GradFn for Gone {
    fn name(&self) -> Cow<'static, str> {
        "Gone".into()
    }
    fn backward(&self, _: &Arc<Node>, _: Grads) -> Result<Grads> {
        Ok(Grads::new())
    }
}

type Parts = (Box<dyn GradFn>, SmallVec<[Option<Edge>; 3]>);

thread_local! {
    static DRAINING: Cell<bool> = const { Cell::new(false) };
    static PARTS: RefCell<Vec<Parts>> = const { RefCell::new(Vec::new()) };
}

impl Drop for Node {
    /// Takes a graph apart in a loop. Left to itself, dropping a node would drop its neighbours inside of its own drop, and
    /// a chain of 100,000 nodes would exhaust the stack.
    fn drop(&mut self) {
        let function = std::mem::replace(&mut self.function, Box::new(Gone));
        let parts = (function, std::mem::take(&mut self.edges));
        // The thread-local is gone only while the thread itself ends; then plain recursion has to do.
        let draining = DRAINING.try_with(|d| d.replace(true));
        let Ok(draining) = draining else { return };
        if draining {
            let _ = PARTS.try_with(|p| p.borrow_mut().push(parts));
            return;
        }
        drop(parts);
        while let Some(next) = PARTS.with(|p| p.borrow_mut().pop()) {
            drop(next);
        }
        DRAINING.set(false);
    }
}
