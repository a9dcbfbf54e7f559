//! Ordered tables of callbacks, each removable by its number.

use super::Tensor;
use crate::error;
use parking_lot::Mutex;
use smallvec::SmallVec;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Sees a gradient and may replace it.
pub type TensorHook = Arc<dyn Fn(&Tensor) -> error::Result<Option<Tensor>> + Send + Sync>;
/// Sees a leaf whose `.grad` has just been added to.
pub type PostAccumulateHook = Arc<dyn Fn(&Tensor) -> error::Result<()> + Send + Sync>;
/// Gradients on their way through a node.
pub type GradList = SmallVec<[Option<Tensor>; 4]>;
/// Sees the gradients that go into a node and may replace them.
pub type NodePreHook = Arc<dyn Fn(&[Option<Tensor>]) -> error::Result<Option<GradList>> + Send + Sync>;
/// Sees the gradients that come out of a node, and those that went in; may replace the former.
pub type NodeHook = Arc<dyn Fn(&[Option<Tensor>], &[Option<Tensor>]) -> error::Result<Option<GradList>> + Send + Sync>;

/// What a callback keeps alive, for those who look for cycles.
pub type Held = Arc<dyn Any + Send + Sync>;

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

struct Entry<H> {
    id: u64,
    hook: H,
    held: Option<Held>,
}

/// Callbacks of one kind, in the order in which they were added.
pub struct HookTable<H>(Mutex<Vec<Entry<H>>>);

impl<H> Default for HookTable<H> {
    fn default() -> Self {
        HookTable(Mutex::new(Vec::new()))
    }
}

impl<H: Clone> HookTable<H> {
    /// Adds a callback and returns its number.
    pub fn add(&self, hook: H) -> u64 {
        self.push(hook, None)
    }

    /// Adds a callback together with what it keeps alive.
    pub fn add_holding(&self, hook: H, held: Held) -> u64 {
        self.push(hook, Some(held))
    }

    fn push(&self, hook: H, held: Option<Held>) -> u64 {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        self.0.lock().push(Entry { id, hook, held });
        id
    }

    /// Removes a callback; one that is gone already is no error.
    pub fn remove(&self, id: u64) {
        let gone: Vec<Entry<H>> = {
            let entries = &mut *self.0.lock();
            entries.extract_if(.., |entry| entry.id == id).collect()
        };
        // Dropped outside of the lock: it may run foreign code.
        drop(gone);
    }

    /// Removes all callbacks.
    pub fn clear(&self) {
        let gone = std::mem::take(&mut *self.0.lock());
        drop(gone);
    }

    /// Looks at what the callbacks keep alive, up to the first error. Of a table that is in use it sees nothing.
    pub fn try_for_held<E>(&self, look: &mut dyn FnMut(&(dyn Any + Send + Sync)) -> Result<(), E>) -> Result<(), E> {
        let Some(entries) = self.0.try_lock() else { return Ok(()) };
        entries.iter().filter_map(|entry| entry.held.as_deref()).try_for_each(look)
    }

    /// The callbacks as they stand now, so that one may remove itself while they run.
    pub fn snapshot(&self) -> SmallVec<[H; 2]> {
        self.0.lock().iter().map(|entry| entry.hook.clone()).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

/// Passes a gradient through the hooks of a tensor.
pub(super) fn run_tensor_hooks(table: &HookTable<TensorHook>, mut grad: Tensor) -> error::Result<Tensor> {
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
