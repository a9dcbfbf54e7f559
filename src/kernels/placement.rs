//! Keeps the threads of the pool off the processor on which their caller computes.
//!
//! Linux may wake a thread on the processor of whoever wakes it, though another one is idle: in a virtual machine it takes a halted
//! processor for one that its host has taken away. The caller computes on, and both then share one processor until the next
//! balancing, some milliseconds or tens of them later: all that while two threads are no faster than one. So a thread that begins
//! to help where its caller was moves away, and a caller whose helpers have not begun for a while lets go of its processor once,
//! in case they wait for it.
//!
//! A thread that has moved keeps away from that processor until it meets a caller on another one. Affinity that somebody else has
//! given a thread since then holds.
#![allow(unsafe_code)]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long helpers may take to begin: waking one whose processor is halted takes some tens of microseconds at most.
const PATIENCE: Duration = Duration::from_micros(50);

/// Helpers that were asked for and have not begun.
static AWAITED: AtomicUsize = AtomicUsize::new(0);

/// Since when some are awaited, in nanoseconds after the first call of [`now`].
static SINCE: AtomicU64 = AtomicU64::new(0);

fn now() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    // Enough for five centuries.
    FIRST.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// The caller's side: says that it asks for helpers, each of which will call [`begin`]; returns where they should not run, `None`
/// if that is not known.
pub fn ask(helpers: usize) -> Option<usize> {
    let caller = imp::current()?;
    if AWAITED.fetch_add(helpers, Ordering::Relaxed) == 0 {
        SINCE.store(now(), Ordering::Relaxed);
    }
    Some(caller)
}

/// The caller's side, from time to time while it works: lets helpers begin that wait for this processor.
pub fn let_begin() {
    if AWAITED.load(Ordering::Relaxed) == 0 {
        return;
    }
    let now = now();
    if now.saturating_sub(SINCE.load(Ordering::Relaxed)) > PATIENCE.as_nanos() as u64 {
        // Those that do not begin now are not waited for again before as long a time.
        SINCE.store(now, Ordering::Relaxed);
        std::thread::yield_now();
    }
}

/// A helper's side, as it begins: leaves the processor of its caller, which is what [`ask`] returned.
pub fn begin(caller: Option<usize>) {
    if let Some(caller) = caller {
        AWAITED.fetch_sub(1, Ordering::Relaxed);
        if imp::current() == Some(caller) {
            imp::leave(caller);
        }
    }
}

/// For a forked child, which has no helpers.
pub fn forget() {
    AWAITED.store(0, Ordering::Relaxed);
}

// Miri does not know on which processor a thread runs.
#[cfg(all(target_os = "linux", not(miri)))]
mod imp {
    use std::cell::Cell;
    use std::mem::{size_of, zeroed};

    thread_local! {
        /// The processors that this thread was given, and those of them it was left with here.
        static GIVEN: Cell<Option<(libc::cpu_set_t, libc::cpu_set_t)>> = const { Cell::new(None) };
    }

    /// The processor that this thread runs on.
    pub fn current() -> Option<usize> {
        // SAFETY: no arguments.
        usize::try_from(unsafe { libc::sched_getcpu() }).ok()
    }

    /// The processors that this thread may run on; none for machines with more than `cpu_set_t` can tell.
    pub fn allowed() -> Option<libc::cpu_set_t> {
        // SAFETY: a set of bits, for which zeros are a value; the call writes at most as many bytes as it is told.
        unsafe {
            let mut set: libc::cpu_set_t = zeroed();
            (libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set) == 0).then_some(set)
        }
    }

    pub fn same(one: &libc::cpu_set_t, other: &libc::cpu_set_t) -> bool {
        // SAFETY: the call compares the bits of two sets.
        unsafe { libc::CPU_EQUAL(one, other) }
    }

    /// Moves this thread to another processor than this one, if it may run on any.
    pub fn leave(processor: usize) {
        let Some(now) = allowed() else { return };
        let given = match GIVEN.get() {
            Some((given, left)) if same(&left, &now) => given,
            _ => now,
        };
        let mut left = given;
        // SAFETY: the number comes from the system that made the set, and is compared with its size; the call reads the set.
        unsafe {
            if processor >= libc::CPU_SETSIZE as usize {
                return;
            }
            libc::CPU_CLR(processor, &mut left);
            if libc::CPU_COUNT(&left) > 0 && libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &left) == 0 {
                GIVEN.set(Some((given, left)));
            }
        }
    }
}

#[cfg(any(not(target_os = "linux"), miri))]
mod imp {
    pub fn current() -> Option<usize> {
        None
    }

    pub fn leave(_: usize) {}
}

#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn a_helper_leaves_the_processor_of_its_caller_and_keeps_the_others() {
        let moved = std::thread::spawn(|| {
            let given = imp::allowed().unwrap();
            // SAFETY: sets of bits and numbers below their size.
            let (count, has) =
                unsafe { (libc::CPU_COUNT(&given), |set: &libc::cpu_set_t, at| libc::CPU_ISSET(at, set)) };
            if count < 2 {
                return;
            }
            let first = imp::current().unwrap();
            imp::leave(first);
            let second = imp::current().unwrap();
            assert_ne!(first, second);
            assert!(!has(&imp::allowed().unwrap(), first));
            imp::leave(second);
            let last = imp::allowed().unwrap();
            assert!(has(&last, first) && !has(&last, second), "what it was given, without the last one alone");
        });
        moved.join().unwrap();
    }

    #[test]
    fn who_may_run_on_one_processor_stays() {
        let stayed = std::thread::spawn(|| {
            let here = imp::current().unwrap();
            // SAFETY: a set of bits; a number below its size.
            let one = unsafe {
                let mut one: libc::cpu_set_t = std::mem::zeroed();
                libc::CPU_SET(here, &mut one);
                assert_eq!(libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &one), 0);
                one
            };
            imp::leave(here);
            assert_eq!(imp::current(), Some(here));
            assert!(imp::same(&imp::allowed().unwrap(), &one));
        });
        stayed.join().unwrap();
    }
}
