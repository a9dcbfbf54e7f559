//! Free memory that can be cut and joined: runs of bytes without a gap between them, in which borders of former blocks are forgotten.
//!
//! A request is served from the smallest run that has room for it, from its beginning: a layer's activations lie where those of
//! another layer were, be they larger or smaller, and large runs stay whole for large requests.

use super::LARGE;
use std::collections::{BTreeMap, BTreeSet};
use std::ptr::NonNull;

struct Run {
    start: NonNull<u8>,
    size: usize,
    /// When the last part of it was freed.
    time: u64,
}

// SAFETY: a run is free memory that nobody but its owner knows.
unsafe impl Send for Run {}

/// Free runs; see the module.
pub struct Runs {
    by_start: BTreeMap<usize, Run>,
    /// Size and start.
    by_size: BTreeSet<(usize, usize)>,
}

impl Runs {
    pub const fn new() -> Runs {
        Runs { by_start: BTreeMap::new(), by_size: BTreeSet::new() }
    }

    fn insert(&mut self, run: Run) {
        let start = run.start.addr().get();
        self.by_size.insert((run.size, start));
        self.by_start.insert(start, run);
    }

    fn remove(&mut self, start: usize) -> Option<Run> {
        let run = self.by_start.remove(&start)?;
        self.by_size.remove(&(run.size, start));
        Some(run)
    }

    /// Adds free memory, freed at this time, and tells how many neighbours it was joined with.
    pub fn keep(&mut self, start: NonNull<u8>, size: usize, time: u64) -> usize {
        let address = start.addr().get();
        let before = self.by_start.range(..address).next_back().map(|(&at, run)| (at, at + run.size));
        let before = before.and_then(|(at, end)| if end == address { self.remove(at) } else { None });
        let after = self.remove(address + size);
        let joined = usize::from(before.is_some()) + usize::from(after.is_some());
        let all = size + before.as_ref().map_or(0, |run| run.size) + after.map_or(0, |run| run.size);
        self.insert(Run { start: before.map_or(start, |run| run.start), size: all, time });
        joined
    }

    /// Memory of at least this size and less than [`LARGE`] more, with its size, and whether more of its run is left.
    pub fn take(&mut self, size: usize) -> Option<(NonNull<u8>, usize, bool)> {
        let &(_, at) = self.by_size.range((size, 0)..).next()?;
        let run = self.remove(at)?;
        let rest = run.size - size;
        if rest < LARGE {
            return Some((run.start, run.size, false));
        }
        // Several mappings may lie there, so no pointer arithmetic inside of one.
        let start = run.start.map_addr(|address| address.saturating_add(size));
        self.insert(Run { start, size: rest, time: run.time });
        Some((run.start, size, true))
    }

    /// When the run that is unused for longest was last added to; `u64::MAX` if there is none.
    pub fn oldest(&self) -> u64 {
        self.by_start.values().map(|run| run.time).min().unwrap_or(u64::MAX)
    }

    /// Takes out the run that is unused for longest.
    pub fn pop_oldest(&mut self) -> Option<(NonNull<u8>, usize)> {
        let at = *self.by_start.iter().min_by_key(|(_, run)| run.time)?.0;
        self.remove(at).map(|run| (run.start, run.size))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub const MB: usize = 1 << 20;

    /// An address, of which nothing but its place matters.
    pub fn at(place: usize) -> NonNull<u8> {
        NonNull::new(std::ptr::without_provenance_mut((1 << 30) + place)).unwrap()
    }

    /// Runs made of free memory at these places.
    fn with(parts: &[(usize, usize)]) -> Runs {
        let mut runs = Runs::new();
        parts.iter().zip(1..).for_each(|(&(place, size), time)| _ = runs.keep(at(place), size, time));
        runs
    }

    #[test]
    fn neighbours_are_joined_and_cut_anew() {
        let mut runs = with(&[(4 * MB, 4 * MB), (20 * MB, 2 * MB), (8 * MB, 4 * MB), (30 * MB, 40 * MB)]);
        assert_eq!(runs.keep(at(0), 4 * MB, 5), 1);
        assert_eq!(runs.take(10 * MB), Some((at(0), 10 * MB, true)), "of the smaller run");
        assert_eq!(runs.take(2 * MB), Some((at(10 * MB), 2 * MB, false)), "its rest, before another of this size");
        assert_eq!(runs.take(50 * MB), None);
        assert_eq!(runs.keep(at(10 * MB), 2 * MB, 6), 0);
        assert_eq!(runs.keep(at(0), 10 * MB, 7), 1);
        assert_eq!(runs.take(12 * MB), Some((at(0), 12 * MB, false)), "whole again");
        assert_eq!(runs.take(40 * MB - 1024), Some((at(30 * MB), 40 * MB, false)), "a small rest goes with it");
        assert_eq!(runs.take(MB), Some((at(20 * MB), MB, true)));
        assert_eq!(runs.keep(at(20 * MB), MB, 8), 1, "with what lies behind it");
        assert_eq!(runs.keep(at(19 * MB), MB, 9), 1);
        assert_eq!(runs.keep(at(24 * MB), MB, 10), 0);
        assert_eq!(runs.keep(at(22 * MB), 2 * MB, 11), 2, "on both sides");
        assert_eq!(runs.take(6 * MB), Some((at(19 * MB), 6 * MB, false)));
        assert!(runs.by_start.is_empty() && runs.by_size.is_empty());
    }

    #[test]
    fn what_is_unused_for_longest_goes_first() {
        let mut runs = with(&[(0, MB), (8 * MB, 2 * MB), (16 * MB, MB), (MB, MB)]);
        assert_eq!((runs.oldest(), runs.pop_oldest()), (2, Some((at(8 * MB), 2 * MB))));
        assert_eq!((runs.oldest(), runs.pop_oldest()), (3, Some((at(16 * MB), MB))));
        assert_eq!((runs.oldest(), runs.pop_oldest()), (4, Some((at(0), 2 * MB))), "as old as its youngest part");
        assert_eq!((runs.oldest(), runs.pop_oldest()), (u64::MAX, None));
    }
}
