//! Tests of `parallel`: coverage of the index space, nesting, panics, forks, independence of the thread count.

use super::*;

/// Elements that are many: for Miri, enough for several pieces.
const MANY: usize = if cfg!(miri) { 5_000 } else { 100_000 };

/// Thread counts are global: tests that set them take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Runs `body` with a number of threads.
pub fn with_threads<R>(count: usize, body: impl FnOnce() -> R) -> R {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let before = num_threads();
    set_num_threads(count);
    let result = catch_unwind(AssertUnwindSafe(body));
    set_num_threads(before);
    result.unwrap_or_else(|payload| resume_unwind(payload))
}

#[test]
fn every_index_comes_up_once() {
    for threads in [1, 2, 4] {
        with_threads(threads, || {
            for count in [0, 1, 2, 63, 1000] {
                let hits: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
                for_each_index(count, PARALLEL_THRESHOLD, |index| {
                    hits[index].fetch_add(1, Ordering::Relaxed);
                });
                assert!(hits.iter().all(|hit| hit.load(Ordering::Relaxed) == 1));
            }
        });
    }
}

#[test]
fn chunks_are_disjoint_and_cover_the_output() {
    with_threads(4, || {
        for (len, chunk) in [(0, 3), (1, 3), (10, 3), (9, 3), (MANY, 7), (5, 0)] {
            let mut out = vec![usize::MAX; len];
            for_each_chunk_mut(&mut out, chunk, 1000, |index, slice| slice.fill(index));
            let chunk = chunk.max(1);
            assert!(out.iter().enumerate().all(|(at, &index)| index == at / chunk));
        }
    });
}

#[test]
fn sums_have_the_same_bits_for_every_thread_count() {
    let values: Vec<f32> = (0..2 * MANY).map(|i| (i as f32 * 0.37).sin()).collect();
    let sum = |threads| {
        with_threads(threads, || {
            map_reduce_chunks(values.len(), 4096, |range| values[range].iter().sum::<f32>(), |a, b| a + b)
        })
    };
    let bits = sum(1).map(f32::to_bits);
    assert_eq!(bits, sum(2).map(f32::to_bits));
    assert_eq!(bits, sum(4).map(f32::to_bits));
    assert_eq!(map_reduce_chunks(0, 8, |_| 1, |a, b| a + b), None);
}

#[test]
fn nested_calls_finish() {
    with_threads(4, || {
        const EACH: usize = if cfg!(miri) { 2 } else { 8 };
        let count = AtomicUsize::new(0);
        for_each_chunk(EACH, 1, |_| {
            for_each_chunk(EACH, 1, |_| {
                for_each_chunk(EACH, 1, |_| {
                    count.fetch_add(1, Ordering::Relaxed);
                });
            });
        });
        assert_eq!(count.into_inner(), EACH.pow(3));
    });
}

#[test]
fn a_call_within_a_piece_gets_help_only_when_no_piece_is_left() {
    with_threads(2, || {
        let helped = |left: bool| {
            let job = Job::new(&|_| (), 2, 1);
            (0..if left { 1 } else { 2 }).for_each(|_| assert!(job.spans.claim(0).is_some()));
            let around = AROUND.replace(&job);
            let threads = Mutex::new(std::collections::HashSet::new());
            for_each_chunk(100, 1, |_| {
                threads.lock().unwrap().insert(std::thread::current().id());
                std::thread::sleep(std::time::Duration::from_millis(1));
            });
            AROUND.set(around);
            threads.into_inner().unwrap().len() > 1
        };
        assert!(!helped(true));
        // Other tests may keep the threads of the pool busy for a while.
        assert!((0..100).any(|_| helped(false)));
    });
}

#[test]
fn calls_from_many_threads_finish() {
    with_threads(3, || {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..if cfg!(miri) { 2 } else { 200 } {
                        let mut out = vec![0; 64];
                        for_each_chunk_mut(&mut out, 1, PARALLEL_THRESHOLD, |index, slot| slot[0] = index);
                        assert!(out.iter().enumerate().all(|(at, &index)| at == index));
                    }
                });
            }
        });
    });
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
    for threads in [1, 4] {
        with_threads(threads, || {
            let caught = catch_unwind(|| for_each_chunk(100, 1, |range| assert!(range.start != 57, "piece 57")));
            let payload = caught.expect_err("the panic must not be swallowed");
            let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
            assert_eq!(text.or(payload.downcast_ref::<String>().cloned()).as_deref(), Some("piece 57"));
            let mut out = vec![0; 100];
            for_each_chunk_mut(&mut out, 1, PARALLEL_THRESHOLD, |index, slot| slot[0] = index);
            assert_eq!(out[99], 99);
        });
    }
}

#[test]
#[cfg_attr(miri, ignore = "forks")]
fn a_forked_child_builds_its_own_pool() {
    with_threads(4, || {
        let work = || map_reduce_chunks(1 << 20, 1 << 12, |range| range.sum::<usize>(), |a, b| a + b);
        let expected = work();
        // SAFETY: the child only runs kernels and leaves by `_exit`; SIGALRM ends it if it hangs.
        let status = unsafe {
            let child = libc::fork();
            if child == 0 {
                libc::alarm(20);
                libc::_exit(if work() == expected { 0 } else { 1 });
            }
            let mut status = -1;
            libc::waitpid(child, &mut status, 0);
            status
        };
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "child ended with {status}");
    });
}
