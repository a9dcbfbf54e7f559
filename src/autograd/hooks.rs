//! Ordered tables of callbacks, each removable by its number.

use super::Tensor;
use crate::error::Result;
use parking_lot::Mutex;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Sees a gradient and may replace it.
pub type TensorHook = Arc<dyn Fn(&Tensor) -> Result<Option<Tensor>> + Send + Sync>;
/// Sees a leaf whose `.grad` has just been added to.
pub type PostAccumulateHook = Arc<dyn Fn(&Tensor) -> Result<()> + Send + Sync>;
/// Gradients on their way through a node.
pub type GradList = SmallVec<[Option<Tensor>; 4]>;
/// Sees the gradients that go into a node and may replace them.
pub type NodePreHook = Arc<dyn Fn(&[Option<Tensor>]) -> Result<Option<GradList>> + Send + Sync>;
/// Sees the gradients that come out of a node, and those that went in; may replace the former.
pub type NodeHook = Arc<dyn Fn(&[Option<Tensor>], &[Option<Tensor>]) -> Result<Option<GradList>> + Send + Sync>;

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// Callbacks of one kind, in the order in which they were added.
pub struct HookTable<H>(Mutex<Vec<(u64, H)>>);

impl<H> Default for HookTable<H> {
    fn default() -> Self {
        HookTable(Mutex::new(Vec::new()))
    }
}

impl<H: Clone> HookTable<H> {
    /// Adds a callback and returns its number.
    pub fn add(&self, hook: H) -> u64 {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        self.0.lock().push((id, hook));
        id
    }

    /// Removes a callback; one that is gone already is no error.
    pub fn remove(&self, id: u64) {
        self.0.lock().retain(|(other, _)| *other != id);
    }

    /// The callbacks as they stand now, so that one may remove itself while they run.
    pub fn snapshot(&self) -> SmallVec<[H; 2]> {
        self.0.lock().iter().map(|(_, hook)| hook.clone()).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

/// Passes a gradient through the hooks of a tensor.
pub(super) fn run_tensor_hooks(table: &HookTable<TensorHook>, mut grad: Tensor) -> Result<Tensor> {
    for hook in table.snapshot() {
        if let Some(replacement) = hook(&grad)? {
            crate::ensure!(
                replacement.shape() == grad.shape(),
                Runtime,
                "hook: expected a gradient of shape {:?}, got {:?}",
                grad.shape().as_slice(),
                replacement.shape().as_slice()
            );
            grad = replacement;
        }
    }
    Ok(grad)
}
