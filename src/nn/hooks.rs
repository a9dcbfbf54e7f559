//! Tables of hooks: ordered, keyed by ids that are never given twice, safe to change while they run.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::sync::atomic::{AtomicI64, Ordering};

static NEXT_ID: AtomicI64 = AtomicI64::new(0);

/// A fresh id, higher than every id before it.
pub fn next_id() -> i64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// Makes sure that ids given from now on are higher than this one, which came from elsewhere (a pickle).
pub fn reserve_id(id: i64) {
    NEXT_ID.fetch_max(id.saturating_add(1), Ordering::Relaxed);
}

/// A hook: what to call, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Hook<H> {
    /// What to call.
    pub call: H,
    /// Whether it is also given the keyword arguments of the module's call.
    pub with_kwargs: bool,
    /// Whether it is called when the module's call failed.
    pub always: bool,
}

impl<H> Hook<H> {
    /// A hook without options.
    pub fn new(call: H) -> Self {
        Self { call, with_kwargs: false, always: false }
    }
}

/// Hooks in the order in which they are called.
#[derive(Clone, Debug)]
pub struct HookTable<H> {
    hooks: IndexMap<i64, Hook<H>, FxBuildHasher>,
}

impl<H> Default for HookTable<H> {
    fn default() -> Self {
        Self { hooks: IndexMap::with_hasher(FxBuildHasher) }
    }
}

impl<H> HookTable<H> {
    /// The number of hooks.
    pub fn len(&self) -> usize {
        self.hooks.len()
    }

    /// Whether there is no hook.
    pub fn is_empty(&self) -> bool {
        self.hooks.is_empty()
    }

    /// Adds a hook under a fresh or a chosen id, at the end or, with `prepend`, before all others. A hook under an
    /// id that is taken replaces the old one, which is given back.
    #[must_use = "dropping a handle may run foreign code: drop it where that is safe"]
    pub fn insert(&mut self, id: i64, hook: Hook<H>, prepend: bool) -> Option<Hook<H>> {
        let (position, old) = self.hooks.insert_full(id, hook);
        if prepend {
            self.hooks.move_index(position, 0);
        }
        old
    }

    /// Removes a hook and gives it back.
    #[must_use = "dropping a handle may run foreign code: drop it where that is safe"]
    pub fn remove(&mut self, id: i64) -> Option<Hook<H>> {
        self.hooks.shift_remove(&id)
    }

    /// The hook of an id.
    pub fn get(&self, id: i64) -> Option<&Hook<H>> {
        self.hooks.get(&id)
    }

    /// The hook of an id, to change its options.
    pub fn get_mut(&mut self, id: i64) -> Option<&mut Hook<H>> {
        self.hooks.get_mut(&id)
    }

    /// The hook at a position, with its id.
    pub fn at(&self, position: usize) -> Option<(i64, &Hook<H>)> {
        self.hooks.get_index(position).map(|(id, hook)| (*id, hook))
    }

    /// Moves a hook to the end, or to the front. Says whether the id is here.
    pub fn move_to(&mut self, id: i64, last: bool) -> bool {
        let Some(from) = self.hooks.get_index_of(&id) else { return false };
        self.hooks.move_index(from, if last { self.hooks.len() - 1 } else { 0 });
        true
    }

    /// The hooks in the order of their calls.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i64, &Hook<H>)> + ExactSizeIterator {
        self.hooks.iter().map(|(id, hook)| (*id, hook))
    }

    /// A copy to run: hooks that come or go meanwhile change the table, not the run.
    pub fn snapshot(&self, mut share: impl FnMut(&H) -> H) -> Vec<(i64, Hook<H>)> {
        let copy = |(id, hook): (i64, &Hook<H>)| {
            (id, Hook { call: share(&hook.call), with_kwargs: hook.with_kwargs, always: hook.always })
        };
        self.iter().map(copy).collect()
    }
}

impl<H> FromIterator<(i64, Hook<H>)> for HookTable<H> {
    fn from_iter<I: IntoIterator<Item = (i64, Hook<H>)>>(hooks: I) -> Self {
        Self { hooks: hooks.into_iter().collect() }
    }
}

/// The kinds of hooks. A module has a table for each, and so have all modules together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookKind {
    /// Before `forward`; may replace the arguments.
    ForwardPre,
    /// After `forward`; may replace the result.
    Forward,
    /// Before gradients flow into the module; may replace the gradients of its outputs.
    BackwardPre,
    /// After gradients have flowed through the module; may replace the gradients of its inputs.
    Backward,
    /// Before a module's entries are saved.
    StateDictPre,
    /// After the entries of a module and its descendants have been saved.
    StateDict,
    /// Before a module's entries are loaded.
    LoadStateDictPre,
    /// After the entries of a module and its descendants have been loaded.
    LoadStateDictPost,
    /// When a parameter is registered; may replace it. For all modules together.
    ParameterRegistration,
    /// When a buffer is registered; may replace it. For all modules together.
    BufferRegistration,
    /// When a child is registered; may replace it. For all modules together.
    ModuleRegistration,
}

impl HookKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::ForwardPre,
        Self::Forward,
        Self::BackwardPre,
        Self::Backward,
        Self::StateDictPre,
        Self::StateDict,
        Self::LoadStateDictPre,
        Self::LoadStateDictPost,
        Self::ParameterRegistration,
        Self::BufferRegistration,
        Self::ModuleRegistration,
    ];

    /// Whether hooks of this kind run when a module is called.
    pub fn runs_in_call(self) -> bool {
        matches!(self, Self::ForwardPre | Self::Forward | Self::BackwardPre | Self::Backward)
    }

    /// Whether hooks of this kind run when a module is given something to hold.
    pub fn runs_in_registration(self) -> bool {
        matches!(self, Self::ParameterRegistration | Self::BufferRegistration | Self::ModuleRegistration)
    }
}

/// One table for each kind of hook.
#[derive(Clone, Debug)]
pub struct Hooks<H> {
    tables: [HookTable<H>; HookKind::ALL.len()],
    /// Whether the backward hooks are full ones (`Some(true)`) or of the old kind (`Some(false)`); a module may
    /// have only one sort.
    pub full_backward: Option<bool>,
}

impl<H> Default for Hooks<H> {
    fn default() -> Self {
        Self { tables: std::array::from_fn(|_| HookTable::default()), full_backward: None }
    }
}

impl<H> Hooks<H> {
    /// The table of a kind.
    pub fn table(&self, kind: HookKind) -> &HookTable<H> {
        &self.tables[kind as usize]
    }

    /// The table of a kind, to change it.
    pub fn table_mut(&mut self, kind: HookKind) -> &mut HookTable<H> {
        &mut self.tables[kind as usize]
    }

    /// The tables, in the order of [`HookKind::ALL`].
    pub fn tables(&self) -> impl Iterator<Item = (HookKind, &HookTable<H>)> {
        HookKind::ALL.into_iter().zip(&self.tables)
    }

    /// Whether a call of the module has hooks to run.
    pub fn any_in_call(&self) -> bool {
        self.tables().any(|(kind, table)| kind.runs_in_call() && !table.is_empty())
    }

    /// Whether a registration has hooks to run.
    pub fn any_in_registration(&self) -> bool {
        self.tables().any(|(kind, table)| kind.runs_in_registration() && !table.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(table: &HookTable<u32>) -> Vec<u32> {
        table.iter().map(|(_, hook)| hook.call).collect()
    }

    fn table(calls: &[u32]) -> HookTable<u32> {
        calls.iter().map(|&call| (i64::from(call), Hook::new(call))).collect()
    }

    #[test]
    fn hooks_run_in_order_and_prepended_ones_first() {
        let mut table = table(&[1, 2]);
        assert_eq!(table.insert(8, Hook::new(8), true), None);
        assert_eq!(table.insert(9, Hook::new(9), true), None);
        assert_eq!(table.insert(3, Hook::new(3), false), None);
        assert_eq!(calls(&table), [9, 8, 1, 2, 3]);
    }

    #[test]
    fn a_taken_id_replaces_in_place() {
        let mut table = table(&[1, 2, 3]);
        assert_eq!(table.insert(2, Hook::new(7), false), Some(Hook::new(2)));
        assert_eq!(calls(&table), [1, 7, 3]);
    }

    #[test]
    fn a_run_sees_the_table_as_it_was() {
        let mut table = table(&[1, 2, 3]);
        let run = table.snapshot(|&call| call);
        for (id, _) in &run {
            assert!(table.remove(*id).is_some());
            assert!(table.remove(*id).is_none());
        }
        assert!(table.is_empty());
        assert_eq!(run.iter().map(|(_, hook)| hook.call).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn ids_rise_past_the_reserved_ones() {
        let first = next_id();
        reserve_id(first + 10);
        assert!(next_id() > first + 10);
        reserve_id(first);
        assert!(next_id() > first + 10);
    }

    #[test]
    fn only_hooks_of_a_call_count_for_the_call() {
        let mut hooks = Hooks::<u32>::default();
        assert!(hooks.table_mut(HookKind::StateDict).insert(1, Hook::new(1), false).is_none());
        assert!(!hooks.any_in_call());
        assert!(hooks.table_mut(HookKind::BackwardPre).insert(2, Hook::new(2), false).is_none());
        assert!(hooks.any_in_call());
        assert_eq!(hooks.table(HookKind::BackwardPre).len(), 1);
    }

    #[test]
    fn tables_stand_at_their_kind() {
        for (position, kind) in HookKind::ALL.into_iter().enumerate() {
            assert_eq!(position, kind as usize);
        }
    }
}
