//! Blocks kept by the process: all but the few small ones that threads keep.

use super::{class, retry, system};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// Slack over the most bytes that were ever in use: this, and half of them. A training step has its activations in use at one time and
/// their gradients, of other sizes, at another: with less, networks with many sizes of them would give back and take anew.
const SLACK: usize = 32 << 20;

/// Classes above the one asked for that may serve a request: at most a fifth of the block is then idle.
const NEXT_CLASSES: usize = 1;

/// A free block and when it was freed.
struct Free {
    start: NonNull<u8>,
    time: u64,
}

// SAFETY: a free block belongs to the pool alone.
unsafe impl Send for Free {}

struct Pool {
    /// By class, the longest unused first.
    free: Vec<(usize, VecDeque<Free>)>,
    /// Bytes in use, free, and the most that were ever in use.
    used: usize,
    cached: usize,
    most: usize,
    time: u64,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: Vec::new(), used: 0, cached: 0, most: 0, time: 0 });

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
    /// The list of a class, which exists from then on.
    fn list(&mut self, size: usize) -> &mut VecDeque<Free> {
        let number = class::index(size);
        debug_assert!(number < class::COUNT);
        if self.free.len() <= number {
            self.free.resize_with(number + 1, || (0, VecDeque::new()));
        }
        let (of, list) = &mut self.free[number];
        *of = size;
        list
    }

    /// A free block of this class, or of one little larger, with its size.
    fn find(&mut self, size: usize) -> Option<(NonNull<u8>, usize)> {
        let first = class::index(size);
        let last = (first + NEXT_CLASSES + 1).min(self.free.len());
        let (of, list) = self.free.get_mut(first..last)?.iter_mut().find(|(_, list)| !list.is_empty())?;
        let found = list.pop_back()?;
        self.cached -= *of;
        Some((found.start, *of))
    }

    /// Takes the longest unused blocks until at most `limit` bytes are cached.
    fn evict(&mut self, limit: usize) -> Victims {
        let mut victims = Victims::new();
        while self.cached > limit {
            let age = |list: &VecDeque<Free>| list.front().map_or(u64::MAX, |block| block.time);
            let Some((size, list)) = self.free.iter_mut().min_by_key(|(_, list)| age(list)) else { break };
            let Some(oldest) = list.pop_front() else { break };
            victims.push((oldest.start, *size));
            self.cached -= *size;
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
        if let Some((start, size)) = pool.find(size) {
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
        pool.cached += size;
        pool.time += 1;
        let time = pool.time;
        pool.list(size).push_back(Free { start, time });
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
