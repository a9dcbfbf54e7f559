//! An ordered map from names to handles: what a module keeps its parameters, buffers and children in.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::sync::Arc;

/// A name in a registry. Cheap to share, so that a walk can take it out of a locked registry.
pub type Name = Arc<str>;

/// Names in the order of their first insertion, each with a handle or, as in PyTorch, with nothing
/// (a parameter that a layer was told to go without).
///
/// An update keeps a name's place; a removal keeps the order of the others.
#[derive(Clone, Debug)]
pub struct Registry<H> {
    entries: IndexMap<Name, Option<H>, FxBuildHasher>,
}

impl<H> Default for Registry<H> {
    fn default() -> Self {
        Self { entries: IndexMap::with_hasher(FxBuildHasher) }
    }
}

impl<H> Registry<H> {
    /// The number of names, those without a handle included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a name is here, be it with a handle or with nothing.
    pub fn contains(&self, name: &str) -> bool {
        !self.is_empty() && self.entries.contains_key(name)
    }

    /// What stands under a name: `None` if the name is unknown, `Some(None)` if it stands for nothing.
    pub fn get(&self, name: &str) -> Option<Option<&H>> {
        if self.is_empty() { None } else { self.entries.get(name).map(Option::as_ref) }
    }

    /// The entry at a position.
    pub fn at(&self, position: usize) -> Option<(&Name, Option<&H>)> {
        self.entries.get_index(position).map(|(name, handle)| (name, handle.as_ref()))
    }

    /// Where the entries lie, for those who ask for memory ahead of its use.
    pub fn address(&self) -> *const u8 {
        std::ptr::from_ref(self.entries.as_slice()).cast()
    }

    /// The position of a name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.entries.get_index_of(name)
    }

    /// Sets a name, at the end if it is new, and gives back what stood there.
    #[must_use = "dropping a handle may run foreign code: drop it where that is safe"]
    pub fn insert(&mut self, name: &str, handle: Option<H>) -> Option<Option<H>> {
        match self.entries.get_mut(name) {
            Some(slot) => Some(std::mem::replace(slot, handle)),
            None => self.entries.insert(name.into(), handle),
        }
    }

    /// Removes a name and gives back what stood there.
    #[must_use = "dropping a handle may run foreign code: drop it where that is safe"]
    pub fn remove(&mut self, name: &str) -> Option<Option<H>> {
        self.entries.shift_remove(name)
    }

    /// Removes the last entry, or the first.
    pub fn pop(&mut self, last: bool) -> Option<(Name, Option<H>)> {
        if last { self.entries.pop() } else { self.entries.shift_remove_index(0) }
    }

    /// Moves a name to the end, or to the front. Says whether the name is here.
    pub fn move_to(&mut self, name: &str, last: bool) -> bool {
        let Some(from) = self.entries.get_index_of(name) else { return false };
        self.entries.move_index(from, if last { self.entries.len() - 1 } else { 0 });
        true
    }

    /// The entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Name, Option<&H>)> + ExactSizeIterator {
        self.entries.iter().map(|(name, handle)| (name, handle.as_ref()))
    }

    /// The handles in order, without the names that stand for nothing.
    pub fn handles(&self) -> impl DoubleEndedIterator<Item = &H> {
        self.entries.values().filter_map(Option::as_ref)
    }
}

impl<H> FromIterator<(Name, Option<H>)> for Registry<H> {
    fn from_iter<I: IntoIterator<Item = (Name, Option<H>)>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(registry: &Registry<i32>) -> Vec<&str> {
        registry.iter().map(|(name, _)| &**name).collect()
    }

    fn abc() -> Registry<i32> {
        [("a", 1), ("b", 2), ("c", 3)].into_iter().map(|(name, handle)| (name.into(), Some(handle))).collect()
    }

    #[test]
    fn an_update_keeps_the_place_and_gives_back_the_old() {
        let mut registry = abc();
        assert_eq!(registry.insert("b", Some(7)), Some(Some(2)));
        assert_eq!(registry.insert("d", None), None);
        assert_eq!(names(&registry), ["a", "b", "c", "d"]);
        assert_eq!(registry.get("b"), Some(Some(&7)));
        assert_eq!(registry.get("d"), Some(None));
        assert_eq!(registry.get("e"), None);
    }

    #[test]
    fn a_removal_keeps_the_order_and_a_return_goes_to_the_end() {
        let mut registry = abc();
        assert_eq!(registry.remove("a"), Some(Some(1)));
        assert_eq!(registry.remove("a"), None);
        assert_eq!(names(&registry), ["b", "c"]);
        assert_eq!(registry.insert("a", Some(4)), None);
        assert_eq!(names(&registry), ["b", "c", "a"]);
        assert_eq!(registry.position("a"), Some(2));
    }

    #[test]
    fn names_move_to_either_end_and_pop_from_either_end() {
        let mut registry = abc();
        assert!(registry.move_to("a", true));
        assert_eq!(names(&registry), ["b", "c", "a"]);
        assert!(registry.move_to("a", false));
        assert_eq!(names(&registry), ["a", "b", "c"]);
        assert!(!registry.move_to("x", false));
        assert_eq!(registry.pop(true), Some(("c".into(), Some(3))));
        assert_eq!(registry.pop(false), Some(("a".into(), Some(1))));
        assert_eq!(names(&registry), ["b"]);
    }

    #[test]
    fn handles_skip_what_stands_for_nothing() {
        let mut registry = abc();
        assert_eq!(registry.insert("b", None), Some(Some(2)));
        assert_eq!(registry.handles().copied().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(registry.len(), 3);
        assert!(registry.contains("b"));
    }
}
