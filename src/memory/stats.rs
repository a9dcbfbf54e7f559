//! Counts of blocks and bytes.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How much of something there is, has been at most, came and went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Now.
    pub current: usize,
    /// At most, since the start or [`reset_peak_stats`].
    pub peak: usize,
    /// Came, in all.
    pub allocated: usize,
    /// Went, in all.
    pub freed: usize,
}

/// What [`stats`] tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Blocks in use.
    pub allocations: Level,
    /// Their bytes.
    pub allocated_bytes: Level,
    /// Blocks taken from the system, in use or cached. Free ones that are joined go, and what is cut from them comes.
    pub segments: Level,
    /// Their bytes.
    pub reserved_bytes: Level,
    /// Blocks that the system gave.
    pub taken: usize,
    /// Blocks that it got back.
    pub returned: usize,
    /// Requests that the system refused at first.
    pub retries: usize,
    /// Requests that failed.
    pub failures: usize,
}

/// A level under change by several threads.
struct Counter {
    came: AtomicUsize,
    went: AtomicUsize,
    peak: AtomicUsize,
}

impl Counter {
    const fn new() -> Self {
        Counter { came: AtomicUsize::new(0), went: AtomicUsize::new(0), peak: AtomicUsize::new(0) }
    }

    #[inline]
    fn add(&self, amount: usize) {
        let came = self.came.fetch_add(amount, Relaxed) + amount;
        let current = came.saturating_sub(self.went.load(Relaxed));
        if current > self.peak.load(Relaxed) {
            self.peak.fetch_max(current, Relaxed);
        }
    }

    #[inline]
    fn subtract(&self, amount: usize) {
        self.went.fetch_add(amount, Relaxed);
    }

    fn level(&self) -> Level {
        // What went came before: read in this order, the difference is never negative.
        let freed = self.went.load(Relaxed);
        let allocated = self.came.load(Relaxed);
        let current = allocated.saturating_sub(freed);
        Level { current, peak: self.peak.load(Relaxed).max(current), allocated, freed }
    }

    fn reset_peak(&self) {
        self.peak.store(self.level().current, Relaxed);
    }
}

static ALLOCATIONS: Counter = Counter::new();
static ALLOCATED: Counter = Counter::new();
static SEGMENTS: Counter = Counter::new();
static RESERVED: Counter = Counter::new();
static TAKEN: AtomicUsize = AtomicUsize::new(0);
static RETURNED: AtomicUsize = AtomicUsize::new(0);
static RETRIES: AtomicUsize = AtomicUsize::new(0);
static FAILURES: AtomicUsize = AtomicUsize::new(0);

/// A block went into use.
#[inline]
pub(super) fn allocated(bytes: usize) {
    ALLOCATIONS.add(1);
    ALLOCATED.add(bytes);
}

/// A block is no longer in use.
#[inline]
pub(super) fn freed(bytes: usize) {
    ALLOCATIONS.subtract(1);
    ALLOCATED.subtract(bytes);
}

/// A block came from the system.
pub(super) fn reserved(bytes: usize) {
    TAKEN.fetch_add(1, Relaxed);
    SEGMENTS.add(1);
    RESERVED.add(bytes);
}

/// Some blocks became others, of as many bytes. The system was not asked.
pub(super) fn recut(before: usize, after: usize) {
    SEGMENTS.subtract(before);
    SEGMENTS.add(after);
}

/// A block went back to the system.
pub(super) fn returned(bytes: usize) {
    RETURNED.fetch_add(1, Relaxed);
    SEGMENTS.subtract(1);
    RESERVED.subtract(bytes);
}

/// The system refused a block, and will be asked again.
pub(super) fn retried() {
    RETRIES.fetch_add(1, Relaxed);
}

/// A request failed.
pub(super) fn refused() {
    FAILURES.fetch_add(1, Relaxed);
}

/// The counts of the process so far.
pub fn stats() -> Stats {
    Stats {
        allocations: ALLOCATIONS.level(),
        allocated_bytes: ALLOCATED.level(),
        segments: SEGMENTS.level(),
        reserved_bytes: RESERVED.level(),
        taken: TAKEN.load(Relaxed),
        returned: RETURNED.load(Relaxed),
        retries: RETRIES.load(Relaxed),
        failures: FAILURES.load(Relaxed),
    }
}

/// Lets peaks begin anew from what there is now.
pub fn reset_peak_stats() {
    [&ALLOCATIONS, &ALLOCATED, &SEGMENTS, &RESERVED].into_iter().for_each(Counter::reset_peak);
}
