//! How far a walk has come, which hooks may ask for while it runs.

use super::Grads;
use super::node::{Edge, Node};
use smallvec::SmallVec;
use std::cell::{RefCell, RefMut};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Nodes by address. Addresses spread well enough after a shift.
#[derive(Default)]
pub(super) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only addresses are hashed");
    }
    fn write_usize(&mut self, x: usize) {
        self.0 = (x as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// Values by node.
pub(super) type ByNode<V> = HashMap<usize, V, BuildHasherDefault<AddressHasher>>;

/// The address that names a node.
pub(super) fn key(node: &Arc<Node>) -> usize {
    Arc::as_ptr(node) as usize
}

/// What a walk knows of a node.
#[derive(Default)]
pub(super) struct Progress {
    /// Gradients still to come, one for each edge that points here.
    pub waiting: usize,
    /// What has come, by output.
    pub grads: Grads,
    /// Whether a walk with targets passes here.
    pub wanted: bool,
    /// Which outputs are captured, and into which places.
    pub captures: SmallVec<[(usize, usize); 1]>,
}

struct Inner {
    number: u64,
    /// Whether only nodes that are wanted run.
    selective: bool,
    progress: RefCell<ByNode<Progress>>,
}

thread_local! {
    /// The walks of this thread, each inside of a node of the one before.
    static WALKS: RefCell<Vec<Rc<Inner>>> = const { RefCell::new(Vec::new()) };
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A walk that is under way on this thread; it ends when this is dropped.
pub(super) struct Walk(Rc<Inner>);

impl Walk {
    /// Begins a walk over the nodes that were surveyed.
    pub fn begin(selective: bool, progress: ByNode<Progress>) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let inner = Rc::new(Inner { number, selective, progress: RefCell::new(progress) });
        WALKS.with_borrow_mut(|walks| walks.push(inner.clone()));
        Walk(inner)
    }

    /// What is known of the nodes. Not to be held while a node or a hook runs.
    pub fn progress(&self) -> RefMut<'_, ByNode<Progress>> {
        self.0.progress.borrow_mut()
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        // Dropped outside of the list, since gradients that were left over may run Python code.
        let _ended = WALKS.with_borrow_mut(Vec::pop);
    }
}

fn current() -> Option<Rc<Inner>> {
    WALKS.with_borrow(|walks| walks.last().cloned())
}

/// The number of the walk under way on this thread.
pub fn current_walk() -> Option<u64> {
    current().map(|walk| walk.number)
}

/// Whether the walk under way on this thread runs a node; `None` if there is none.
pub fn will_run(node: &Arc<Node>) -> Option<bool> {
    let walk = current()?;
    let progress = walk.progress.borrow();
    Some(progress.get(&key(node)).is_some_and(|state| !walk.selective || state.wanted))
}

/// Which of the first 64 edges lead to nothing that the walk under way on this thread is for, a bit for each.
pub(super) fn unwanted(edges: &[Option<Edge>]) -> u64 {
    let Some(walk) = current().filter(|walk| walk.selective) else { return 0 };
    let progress = walk.progress.borrow();
    // A step inside of another one, as a write to a view is, has edges of its own, which the walk does not know.
    let wanted = |edge: &Edge| progress.get(&key(&edge.node)).is_none_or(|state| state.wanted);
    let bits = edges.iter().take(64).map(|edge| edge.as_ref().is_some_and(|edge| !wanted(edge)));
    bits.enumerate().fold(0, |mask, (index, unwanted)| mask | u64::from(unwanted) << index)
}
