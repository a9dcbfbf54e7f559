//! Blocks kept by the process: all but the few small ones that threads keep.
//!
//! Small ones serve requests of their class and the one below. Large ones, where they can be divided, are free memory and no more
//! blocks ([`runs`](super::runs)). Where there is room for a large request, but in pieces, some of these go back to the system
//! before it is asked, a few times: meanwhile many networks find places for all they need, and the others then get what they lack.

use super::runs::Runs;
use super::{LARGE, class, retry, stats, system};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// Slack over the most bytes that were ever in use: this, and half of them. A training step has its activations in use at one time and
/// their gradients, of other sizes, at another: with less, networks with many sizes of them would give back and take anew.
const SLACK: usize = 32 << 20;

/// How often free memory goes back to make room for a block that does not fit into it, since use last reached a new height. Each
/// time costs fresh pages (four tenths of a millisecond for a megabyte, where that was measured), so steps that go on like that
/// would be slower for ever.
const TRADES: usize = 4;

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
    /// Small blocks, and large ones that cannot be divided, by the largest class that they can serve, the longest unused first.
    free: Vec<VecDeque<Free>>,
    /// Large ones.
    runs: Runs,
    /// Bytes in use, free, and the most that were ever in use.
    used: usize,
    cached: usize,
    most: usize,
    time: u64,
    /// Since `most` last grew.
    trades: usize,
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

/// Whether a free block of this size is kept as memory that can be cut and joined.
fn divisible(size: usize) -> bool {
    system::DIVISIBLE && size >= LARGE
}

impl Pool {
    const fn new() -> Pool {
        Pool { free: Vec::new(), runs: Runs::new(), used: 0, cached: 0, most: 0, time: 0, trades: 0 }
    }

    /// Adds a free block.
    fn keep(&mut self, start: NonNull<u8>, size: usize) {
        self.time += 1;
        self.cached += size;
        if divisible(size) {
            let joined = self.runs.keep(start, size, self.time);
            stats::recut(1 + joined, 1);
            return;
        }
        let number = class::index(class::round_down(size));
        debug_assert!(number < class::COUNT);
        if self.free.len() <= number {
            self.free.resize_with(number + 1, VecDeque::new);
        }
        self.free[number].push_back(Free { start, size, time: self.time });
    }

    /// A free block of at least this size, with its size.
    fn find(&mut self, size: usize) -> Option<(NonNull<u8>, usize)> {
        let (start, size) = if divisible(size) {
            let (start, size, cut) = self.runs.take(size)?;
            stats::recut(1, 1 + usize::from(cut));
            (start, size)
        } else {
            let first = class::index(size);
            let last = (first + NEXT_CLASSES + 1).min(self.free.len());
            let found = self.free.get_mut(first..last)?.iter_mut().find_map(VecDeque::pop_back)?;
            (found.start, found.size)
        };
        self.cached -= size;
        Some((start, size))
    }

    /// Takes the longest unused memory until at most `limit` bytes are cached.
    fn evict(&mut self, limit: usize) -> Victims {
        let mut victims = Victims::new();
        while self.cached > limit {
            let age = |list: &VecDeque<Free>| list.front().map_or(u64::MAX, |block| block.time);
            let list = self.free.iter_mut().min_by_key(|list| age(list));
            let older = list.filter(|list| age(list) < self.runs.oldest()).and_then(VecDeque::pop_front);
            let Some(victim) = older.map(|block| (block.start, block.size)).or_else(|| self.runs.pop_oldest()) else {
                break;
            };
            self.cached -= victim.1;
            victims.push(victim);
        }
        victims
    }

    /// Takes what goes back to the system before it is asked for a block of this size.
    fn make_room(&mut self, size: usize) -> Victims {
        let limit = self.limit().max(self.used.saturating_add(size));
        let mut spare = limit - self.used - size;
        if divisible(size) && self.cached > 0 && self.trades < TRADES {
            self.trades += 1;
            spare = spare.min(self.cached.saturating_sub(size));
        }
        self.evict(spare)
    }

    /// Bytes in use and free that are not too many.
    fn limit(&self) -> usize {
        self.most.saturating_add(self.most / 2).saturating_add(SLACK)
    }

    fn use_more(&mut self, size: usize) {
        self.used += size;
        if self.used > self.most {
            self.most = self.used;
            self.trades = 0;
        }
    }
}

fn release(victims: Victims) {
    for (start, size) in victims {
        // SAFETY: the pool has given up this memory: a block that came from `system::allocate` with this size, or a run of parts of
        // such, which are divisible.
        unsafe { system::release(start, size) };
    }
}

/// A block of at least this class: its address, its size, and whether it is known to be zero.
pub fn take(size: usize) -> Option<(NonNull<u8>, usize, bool)> {
    let victims = {
        let mut pool = lock();
        if let Some((start, size)) = pool.find(size) {
            pool.use_more(size);
            return Some((start, size, false));
        }
        pool.make_room(size)
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
    use super::super::runs::tests::{MB, at};
    use super::*;

    /// A pool with free blocks at these places.
    fn with(blocks: &[(usize, usize)]) -> Pool {
        let mut pool = Pool::new();
        blocks.iter().for_each(|&(place, size)| pool.keep(at(place), size));
        pool
    }

    #[test]
    fn small_blocks_serve_their_class_and_the_one_below() {
        let mut pool = with(&[(0, 576), (MB, 640), (2 * MB, 640)]);
        assert_eq!(pool.find(768), None);
        assert_eq!(pool.find(576), Some((at(0), 576)));
        assert_eq!([(); 3].map(|()| pool.find(576)), [Some((at(2 * MB), 640)), Some((at(MB), 640)), None]);
        assert_eq!(pool.cached, 0);
    }

    #[test]
    fn small_blocks_have_no_neighbours() {
        let mut pool = with(&[(0, MB / 2), (MB / 2, MB / 2), (MB, MB)]);
        assert_eq!(pool.find(2 * MB), None);
        assert_eq!(pool.find(MB), Some((at(MB), MB)));
        assert_eq!(pool.cached, MB);
    }

    #[test]
    fn what_is_unused_for_longest_goes_first() {
        let mut pool = with(&[(0, MB), (8 * MB, 2 * MB), (16 * MB, 640), (20 * MB, MB)]);
        assert_eq!(pool.evict(MB + 640), [(at(0), MB), (at(8 * MB), 2 * MB)]);
        assert_eq!(pool.evict(MB), [(at(16 * MB), 640)]);
        assert_eq!(pool.evict(MB), []);
        assert_eq!(pool.evict(0), [(at(20 * MB), MB)]);
    }

    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "large blocks are not divided there")]
    #[cfg_attr(miri, ignore = "large blocks are not divided there")]
    fn pieces_go_back_for_a_block_that_they_have_no_room_for() {
        let mut pool = with(&[(0, 4 * MB), (8 * MB, 4 * MB), (16 * MB, 4 * MB)]);
        pool.use_more(100 * MB);
        pool.trades = 0;
        assert_eq!(pool.find(6 * MB), None);
        assert_eq!(pool.make_room(6 * MB), [(at(0), 4 * MB), (at(8 * MB), 4 * MB)]);
        for trades in 1..TRADES {
            assert_eq!(pool.trades, trades);
            pool.keep(at(32 * MB), 4 * MB);
            assert_eq!(pool.make_room(6 * MB).len(), 2, "as much as is asked for, or all");
            pool.keep(at(48 * MB), 4 * MB);
        }
        assert_eq!(pool.trades, TRADES);
        pool.keep(at(32 * MB), 4 * MB);
        assert_eq!(pool.make_room(6 * MB), [], "what is held grows");
        pool.use_more(MB);
        assert_eq!(pool.trades, 0, "a new height");
    }
}
