//! Blocks kept by the process: all but the few small ones that threads keep.
//!
//! Blocks stay as they are as long as requests find one of their class. Only if there is none, and before the system is asked for
//! a large one, free neighbours are joined and cut anew: a layer's activations lie where those of another layer were, be they
//! larger or smaller.

use super::{LARGE, class, retry, stats, system};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// Slack over the most bytes that were ever in use: this, and half of them. A training step has its activations in use at one time and
/// their gradients, of other sizes, at another: with less, networks with many sizes of them would give back and take anew.
const SLACK: usize = 32 << 20;

/// Classes above the one asked for that may serve a request: at most a fifth of the block is then idle.
const NEXT_CLASSES: usize = 1;

/// A free block, its size, and when it was freed.
struct Free {
    start: NonNull<u8>,
    size: usize,
    time: u64,
}

// SAFETY: a free block belongs to the pool alone.
unsafe impl Send for Free {}

struct Pool {
    /// By the largest class that they can serve, the longest unused first.
    free: Vec<VecDeque<Free>>,
    /// Bytes in use, free, and the most that were ever in use.
    used: usize,
    cached: usize,
    most: usize,
    time: u64,
}

static POOL: Mutex<Pool> = Mutex::new(Pool::new());

/// Blocks on their way back to the system; released after the lock is.
type Victims = Vec<(NonNull<u8>, usize)>;

fn lock() -> MutexGuard<'static, Pool> {
    hold_across_forks();
    locked()
}

fn locked() -> MutexGuard<'static, Pool> {
    // The pool is consistent whenever a panic could have happened in it.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a forked child find the pool unlocked and consistent, whatever other threads were doing.
fn hold_across_forks() {
    thread_local! {
        static HELD: RefCell<Option<MutexGuard<'static, Pool>>> = const { RefCell::new(None) };
    }
    extern "C" fn before() {
        let _ = HELD.try_with(|held| held.replace(Some(locked())));
    }
    extern "C" fn after() {
        let _ = HELD.try_with(|held| held.take());
    }
    static REGISTER: Once = Once::new();
    #[cfg(unix)]
    // SAFETY: the handlers take and release a lock on the thread that forks, and unwind nowhere.
    REGISTER.call_once(|| unsafe {
        libc::pthread_atfork(Some(before), Some(after), Some(after));
    });
    #[cfg(not(unix))]
    let _ = (&REGISTER, before as extern "C" fn(), after as extern "C" fn());
}

impl Pool {
    const fn new() -> Pool {
        Pool { free: Vec::new(), used: 0, cached: 0, most: 0, time: 0 }
    }

    /// Adds a free block.
    fn keep(&mut self, start: NonNull<u8>, size: usize) {
        let number = class::index(class::round_down(size));
        debug_assert!(number < class::COUNT);
        if self.free.len() <= number {
            self.free.resize_with(number + 1, VecDeque::new);
        }
        self.time += 1;
        self.cached += size;
        self.free[number].push_back(Free { start, size, time: self.time });
    }

    /// A free block of this class, or of one little larger, with its size.
    fn find(&mut self, size: usize) -> Option<(NonNull<u8>, usize)> {
        let first = class::index(size);
        let last = (first + NEXT_CLASSES + 1).min(self.free.len());
        let found = self.free.get_mut(first..last)?.iter_mut().find_map(VecDeque::pop_back)?;
        self.cached -= found.size;
        Some((found.start, found.size))
    }

    /// A block of at least this size, cut out of the smallest run of free neighbours that has room for it; their rest is one block.
    /// Also tells how many blocks they were, and how many they are now.
    fn cut(&mut self, size: usize) -> Option<((NonNull<u8>, usize), [usize; 2])> {
        if self.cached < size {
            return None;
        }
        let large = class::index(LARGE).min(self.free.len());
        let blocks = self.free[large..].iter().flatten();
        let mut blocks: Vec<(NonNull<u8>, usize)> = blocks.map(|block| (block.start, block.size)).collect();
        blocks.sort_unstable();
        let len = |run: &[(NonNull<u8>, usize)]| run.iter().map(|&(_, size)| size).sum::<usize>();
        let runs = blocks.chunk_by(|&(start, size), &(next, _)| start.as_ptr().wrapping_add(size) == next.as_ptr());
        let run = runs.filter(|run| len(run) >= size).min_by_key(|run| len(run))?;
        let (start, all) = (run[0].0, len(run));
        let inside = |block: &Free| run.binary_search(&(block.start, block.size)).is_ok();
        self.free[large..].iter_mut().for_each(|list| list.retain(|block| !inside(block)));
        self.cached -= all;
        // A rest that is no block of its own stays with this one.
        let rest = if all - size < LARGE { 0 } else { all - size };
        let counts = [run.len(), if rest > 0 { 2 } else { 1 }];
        if rest > 0 {
            // Several mappings may lie there, so no pointer arithmetic inside of one.
            self.keep(start.map_addr(|address| address.saturating_add(size)), rest);
        }
        Some(((start, all - rest), counts))
    }

    /// Takes the longest unused blocks until at most `limit` bytes are cached.
    fn evict(&mut self, limit: usize) -> Victims {
        let mut victims = Victims::new();
        while self.cached > limit {
            let age = |list: &VecDeque<Free>| list.front().map_or(u64::MAX, |block| block.time);
            let Some(list) = self.free.iter_mut().min_by_key(|list| age(list)) else { break };
            let Some(oldest) = list.pop_front() else { break };
            victims.push((oldest.start, oldest.size));
            self.cached -= oldest.size;
        }
        victims
    }

    /// Bytes in use and free that are not too many.
    fn limit(&self) -> usize {
        self.most.saturating_add(self.most / 2).saturating_add(SLACK)
    }

    fn use_more(&mut self, size: usize) {
        self.used += size;
        self.most = self.most.max(self.used);
    }
}

fn release(victims: Victims) {
    for (start, size) in victims {
        // SAFETY: the pool has given up these blocks, which came from `system::allocate` with this size.
        unsafe { system::release(start, size) };
    }
}

/// A block of at least this class: its address, its size, and whether it is known to be zero.
pub fn take(size: usize) -> Option<(NonNull<u8>, usize, bool)> {
    let victims = {
        let mut pool = lock();
        let mut found = pool.find(size);
        if found.is_none()
            && system::DIVISIBLE
            && size >= LARGE
            && let Some((block, [before, after])) = pool.cut(size)
        {
            stats::recut(before, after);
            found = Some(block);
        }
        if let Some((start, size)) = found {
            pool.use_more(size);
            return Some((start, size, false));
        }
        let limit = pool.limit().max(pool.used.saturating_add(size));
        let spare = limit - pool.used - size;
        pool.evict(spare)
    };
    release(victims);
    let start = retry(|| system::allocate(size))?;
    lock().use_more(size);
    Some((start, size, system::is_zeroed(size)))
}

/// Keeps a block.
pub fn give(start: NonNull<u8>, size: usize) {
    let victims = {
        let mut pool = lock();
        pool.used -= size;
        pool.keep(start, size);
        let spare = pool.limit().saturating_sub(pool.used);
        pool.evict(spare)
    };
    release(victims);
}

/// Gives every free block back to the system, and forgets how much was in use.
pub fn empty() {
    let victims = {
        let mut pool = lock();
        pool.most = pool.used;
        pool.evict(0)
    };
    release(victims);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: usize = 1 << 20;

    /// An address, of which nothing but its place matters.
    fn at(place: usize) -> NonNull<u8> {
        NonNull::new(std::ptr::without_provenance_mut((1 << 30) + place)).unwrap()
    }

    /// A pool with large free blocks at these places.
    fn with(blocks: &[(usize, usize)]) -> Pool {
        let mut pool = Pool::new();
        blocks.iter().for_each(|&(place, size)| pool.keep(at(place), size));
        pool
    }

    #[test]
    fn free_neighbours_are_joined_and_cut_anew() {
        let mut pool = with(&[(4 * MB, 4 * MB), (0, 4 * MB), (20 * MB, 2 * MB), (8 * MB, 4 * MB), (30 * MB, 40 * MB)]);
        assert!(pool.find(10 * MB).is_none(), "no block of this class");
        assert_eq!(pool.cut(10 * MB), Some(((at(0), 10 * MB), [3, 2])), "of the smaller run");
        assert_eq!(pool.cached, 44 * MB);
        assert_eq!(pool.find(2 * MB), Some((at(10 * MB), 2 * MB)), "its rest");
        assert_eq!(pool.cut(50 * MB), None);
        pool.keep(at(10 * MB), 2 * MB);
        pool.keep(at(0), 10 * MB);
        assert_eq!(pool.cut(12 * MB).map(|(block, _)| block), Some((at(0), 12 * MB)), "whole again");
        assert_eq!(
            pool.cut(40 * MB - 1024).map(|(block, _)| block),
            Some((at(30 * MB), 40 * MB)),
            "a small rest is no block"
        );
        assert_eq!(pool.cached, 2 * MB);
    }

    #[test]
    fn blocks_between_two_classes_serve_the_smaller_one() {
        let mut pool = with(&[(0, 9 * MB + 128 * 1024)]);
        assert_eq!(pool.find(10 * MB), None);
        assert_eq!(pool.find(9 * MB), Some((at(0), 9 * MB + 128 * 1024)));
        assert_eq!(pool.cached, 0);
    }

    #[test]
    fn small_blocks_have_no_neighbours() {
        let mut pool = with(&[(0, MB / 2), (MB / 2, MB / 2), (MB, MB)]);
        assert_eq!(pool.cut(2 * MB), None);
        assert_eq!(pool.cut(MB).map(|(block, _)| block), Some((at(MB), MB)));
    }

    #[test]
    fn what_is_unused_for_longest_goes_first() {
        let mut pool = with(&[(0, MB), (8 * MB, 2 * MB), (16 * MB, MB)]);
        assert_eq!(pool.evict(MB), [(at(0), MB), (at(8 * MB), 2 * MB)]);
        assert_eq!(pool.evict(MB), []);
    }
}
