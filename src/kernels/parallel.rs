//! Work sharing between threads: the only user of rayon.
//!
//! A call cuts its work into numbered pieces. The calling thread takes pieces itself and invites idle pool threads to take
//! pieces too, so a busy or descheduled pool thread never holds up work that it has not begun: the caller waits only for
//! pieces that someone is executing. Each thread takes pieces that are neighbours (`spans.rs`). Piece boundaries come from sizes
//! alone, never from the number of threads, and partial results are combined in piece order, so results are the same bits for
//! every thread count.
//!
//! A call from within a piece stays on its thread while all threads have pieces or some wait for one: no thread is idle then.
//!
//! The pool is built by the first call that needs it, not before. In a forked child the parent's pool has no threads, so a
//! fork handler forgets it and the child's first call builds a new one.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::thread::Thread;

use super::placement;
use super::spans::{self, Spans};

/// Work, in units of about one multiply-add, below which a call stays on its thread: waking another one costs some
/// microseconds, which is what this much work takes.
pub const PARALLEL_THRESHOLD: usize = 32 * 1024;

/// Work that one claimed piece should hold: little enough to balance threads, enough to make claiming it free.
const PIECE_WORK: usize = 16 * 1024;

/// Checks of the finished count before the caller goes to sleep.
const SPINS: usize = 200;

/// The number of threads that a call may use, the caller included; 0 until first asked for.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The pool, or null before first use and in a forked child. Never freed: callers hold plain references to it.
static POOL: AtomicPtr<rayon::ThreadPool> = AtomicPtr::new(null_mut());

/// Threads of the pool that execute pieces.
static WORKING: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The job whose piece this thread is executing, or null.
    static AROUND: Cell<*const Job> = const { Cell::new(null()) };
}

/// The number of threads that kernels use, the caller included: `RSNN_NUM_THREADS` where it is a positive number, else
/// what the affinity mask and the cgroup's CPU quota allow.
pub fn num_threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let forced = std::env::var("RSNN_NUM_THREADS").ok().and_then(|value| value.trim().parse().ok());
            let count = match forced {
                Some(count) if count > 0 => count,
                _ => std::thread::available_parallelism().map_or(1, |count| count.get()),
            };
            // A concurrent `set_num_threads` wins.
            match THREADS.compare_exchange(0, count, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => count,
                Err(set) => set,
            }
        }
        count => count,
    }
}

/// Sets the number of threads that later calls use; 0 counts as 1. Results do not depend on it.
pub fn set_num_threads(count: usize) {
    THREADS.store(count.max(1), Ordering::Relaxed);
}

/// A pool of at least `workers` threads, or `None` if the system gives us no threads.
fn pool(workers: usize) -> Option<&'static rayon::ThreadPool> {
    loop {
        let current = POOL.load(Ordering::Acquire);
        // SAFETY: a non-null pointer in POOL comes from `Box::into_raw` below and is never freed.
        if let Some(pool) = unsafe { current.as_ref() }
            && pool.current_num_threads() >= workers
        {
            return Some(pool);
        }
        forget_pool_after_fork();
        let built = rayon::ThreadPoolBuilder::new()
            .num_threads(workers)
            .thread_name(|index| format!("rsnn-{index}"))
            .build()
            .ok()?;
        let built = Box::into_raw(Box::new(built));
        if POOL.compare_exchange(current, built, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: `built` was not published, this is its only owner.
            drop(unsafe { Box::from_raw(built) });
        }
        // A smaller pool that was replaced stays allocated, its threads asleep: others may be using it.
    }
}

/// Makes forked children start without a pool.
fn forget_pool_after_fork() {
    extern "C" fn in_child() {
        POOL.store(null_mut(), Ordering::Release);
        WORKING.store(0, Ordering::Relaxed);
        placement::forget();
    }
    static REGISTER: Once = Once::new();
    // SAFETY: the handler only stores to atomics, which is allowed between fork and exec.
    REGISTER.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(in_child));
    });
}

/// One parallel call: pieces `0..pieces` of `task`.
struct Job {
    /// The caller's closure with its lifetime erased. Only read between claiming a piece and counting it finished.
    task: *const (dyn Fn(usize) + Sync),
    pieces: usize,
    spans: Spans,
    finished: AtomicUsize,
    panicked: AtomicBool,
    payload: Mutex<Option<Box<dyn Any + Send>>>,
    caller: Thread,
}

// SAFETY: the closure behind `task` is `Sync`, and it outlives every use (see `run_pieces`).
unsafe impl Send for Job {}
// SAFETY: as above; all other fields are `Sync`.
unsafe impl Sync for Job {}

impl Job {
    fn new(task: *const (dyn Fn(usize) + Sync), pieces: usize, takers: usize) -> Self {
        Job {
            task,
            pieces,
            spans: Spans::new(pieces, takers),
            finished: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            payload: Mutex::new(None),
            caller: std::thread::current(),
        }
    }

    /// Claims and executes pieces until none is left. After a panic the remaining pieces are only counted.
    fn work(&self, taker: usize) {
        let around = AROUND.replace(self);
        let helps = taker > 0;
        WORKING.fetch_add(usize::from(helps), Ordering::Relaxed);
        // Added up here: a count that all threads touch at every piece would go from core to core.
        let mut finished = 0;
        while let Some(pieces) = self.spans.claim(taker) {
            if taker == 0 {
                placement::let_begin();
            }
            finished += pieces.len();
            for piece in pieces {
                if self.panicked.load(Ordering::Relaxed) {
                    break;
                }
                // SAFETY: this piece is claimed and not yet counted finished, so the caller still waits in `run_pieces`
                // and the closure it borrows is alive.
                let task = unsafe { &*self.task };
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| task(piece))) {
                    self.panicked.store(true, Ordering::Relaxed);
                    self.payload.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(payload);
                }
            }
        }
        AROUND.set(around);
        // Before the caller goes on: it may look at once for idle threads.
        WORKING.fetch_sub(usize::from(helps), Ordering::Relaxed);
        if finished > 0 && self.finished.fetch_add(finished, Ordering::AcqRel) + finished == self.pieces {
            self.caller.unpark();
        }
    }

    /// Waits until every piece is finished.
    fn wait(&self) {
        for _ in 0..SPINS {
            if self.finished.load(Ordering::Acquire) == self.pieces {
                return;
            }
            std::hint::spin_loop();
        }
        while self.finished.load(Ordering::Acquire) != self.pieces {
            std::thread::park();
        }
    }
}

/// Whether this thread executes a piece of a call, and no other thread is idle: all execute pieces, or that call has some left.
fn threads_are_busy() -> bool {
    // SAFETY: `Job::work` sets the pointer to the job that it borrows, and sets it back before it returns.
    let around = unsafe { AROUND.get().as_ref() };
    around.is_some_and(|job| job.spans.any_left() || WORKING.load(Ordering::Relaxed) + 1 >= num_threads())
}

/// Runs `task(0)`, ..., `task(pieces - 1)`, on several threads where there are some. A panic in a piece goes on in the caller.
fn run_pieces(pieces: usize, task: &(dyn Fn(usize) + Sync)) {
    let helpers = if threads_are_busy() { 0 } else { num_threads().min(pieces).saturating_sub(1) };
    let Some(pool) = (helpers > 0 && pieces <= spans::MOST).then(|| pool(num_threads() - 1)).flatten() else {
        return (0..pieces).for_each(task);
    };
    // SAFETY: only the lifetime changes. Each use of the closure lies between claiming a piece and counting it as finished;
    // this function returns after all pieces are finished, and no piece can be claimed after that.
    let task =
        unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const (dyn Fn(usize) + Sync)>(task) };
    let job = Arc::new(Job::new(task, pieces, helpers + 1));
    let caller = placement::ask(helpers);
    for taker in 1..=helpers {
        let job = Arc::clone(&job);
        pool.spawn(move || {
            placement::begin(caller);
            job.work(taker);
        });
    }
    job.work(0);
    job.wait();
    let payload = job.payload.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
    if let Some(payload) = payload {
        resume_unwind(payload);
    }
}

/// Calls `body(index)` for every index in `0..count`. `cost` is the work of one index, in multiply-adds.
///
/// For tasks that write to places which the type system cannot split; prefer [`for_each_chunk_mut`].
pub fn for_each_index(count: usize, cost: usize, body: impl Fn(usize) + Sync) {
    let cost = cost.max(1);
    if count <= 1 || count.saturating_mul(cost) < PARALLEL_THRESHOLD {
        return (0..count).for_each(body);
    }
    let per_piece = (PIECE_WORK / cost).max(1);
    run_pieces(count.div_ceil(per_piece), &|piece| {
        let start = piece * per_piece;
        (start..(start + per_piece).min(count)).for_each(&body);
    });
}

/// Calls `body` with consecutive ranges of `grain` indices (the last may be shorter) that cover `0..len`.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// let sum = AtomicUsize::new(0);
/// rsnn::kernels::parallel::for_each_chunk(1000, 64, |range| {
///     sum.fetch_add(range.sum::<usize>(), Ordering::Relaxed);
/// });
/// assert_eq!(sum.into_inner(), 499_500);
/// ```
pub fn for_each_chunk(len: usize, grain: usize, body: impl Fn(Range<usize>) + Sync) {
    let grain = grain.max(1);
    run_pieces(len.div_ceil(grain), &|piece| body(piece * grain..((piece + 1) * grain).min(len)));
}

/// A pointer that may go to other threads; each user says why its accesses are disjoint.
#[derive(Clone, Copy)]
pub(crate) struct Shared<T>(pub(crate) *mut T);

// SAFETY: whoever uses the pointer, which takes an `unsafe` block, sees to it that threads reach disjoint elements of `T: Send`.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The pointer; a method, so that closures capture the wrapper and not its field.
    pub(crate) fn get(&self) -> *mut T {
        self.0
    }
}

/// Splits `out` into chunks of `chunk_len` elements (the last may be shorter) and calls `body(index, chunk)` for each.
/// `cost` is the work of one element, in multiply-adds.
///
/// ```
/// let mut squares = vec![0; 10];
/// rsnn::kernels::parallel::for_each_chunk_mut(&mut squares, 4, 1, |index, chunk| {
///     for (offset, value) in chunk.iter_mut().enumerate() {
///         *value = (index * 4 + offset).pow(2);
///     }
/// });
/// assert_eq!(squares[9], 81);
/// ```
pub fn for_each_chunk_mut<T: Send>(
    out: &mut [T],
    chunk_len: usize,
    cost: usize,
    body: impl Fn(usize, &mut [T]) + Sync,
) {
    let (len, chunk_len) = (out.len(), chunk_len.max(1));
    let base = Shared(out.as_mut_ptr());
    for_each_index(len.div_ceil(chunk_len), cost.max(1).saturating_mul(chunk_len), |index| {
        let start = index * chunk_len;
        let count = chunk_len.min(len - start);
        // SAFETY: `start..start + count` lies in `out`, which this call borrows mutably, and each index comes up once, so
        // no two slices overlap.
        let chunk = unsafe { std::slice::from_raw_parts_mut(base.get().add(start), count) };
        body(index, chunk);
    });
}

/// [`for_each_chunk_mut`] over two outputs at once: chunk `index` of `first` (`first_len` elements each) goes with chunk
/// `index` of `second` (`second_len` elements each). Both must hold the same number of chunks.
pub fn for_each_chunk_pair<A: Send, B: Send>(
    (first, first_len): (&mut [A], usize),
    (second, second_len): (&mut [B], usize),
    cost: usize,
    body: impl Fn(usize, &mut [A], &mut [B]) + Sync,
) {
    let mut pairs: Vec<_> = first.chunks_mut(first_len.max(1)).zip(second.chunks_mut(second_len.max(1))).collect();
    for_each_chunk_mut(&mut pairs, 1, cost.max(1).saturating_mul(first_len), |index, pair| {
        let (first, second) = &mut pair[0];
        body(index, first, second);
    });
}

/// Maps ranges of `grain` indices of `0..len` to partial results and folds these from the first to the last; `None` for
/// `len == 0`.
///
/// ```
/// let sum = rsnn::kernels::parallel::map_reduce_chunks(1000, 64, |range| range.sum::<usize>(), |a, b| a + b);
/// assert_eq!(sum, Some(499_500));
/// ```
pub fn map_reduce_chunks<A: Send>(
    len: usize,
    grain: usize,
    map: impl Fn(Range<usize>) -> A + Sync,
    reduce: impl FnMut(A, A) -> A,
) -> Option<A> {
    let grain = grain.max(1);
    let mut partial: Vec<Option<A>> = (0..len.div_ceil(grain)).map(|_| None).collect();
    for_each_chunk_mut(&mut partial, 1, grain, |index, slot| {
        slot[0] = Some(map(index * grain..((index + 1) * grain).min(len)));
    });
    partial.into_iter().flatten().reduce(reduce)
}

#[cfg(test)]
#[path = "parallel_tests.rs"]
pub(crate) mod tests;
