//! A few small blocks, kept by the thread that freed them: no lock, no sharing. The pool counts them as in use.

use super::{SMALL, class, pool};
use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Blocks of one class that a thread keeps.
const SLOTS: usize = 32;

/// Bytes of one class that a thread keeps, but for the first block.
const CLASS_BYTES: usize = 256 << 10;

/// Bytes that a thread keeps in all.
const THREAD_BYTES: usize = 2 << 20;

/// Classes of small blocks: [`class::index`] of [`SMALL`] and below.
const CLASSES: usize = 8 * (SMALL.ilog2() as usize - 9) + 8;

/// Counts calls of [`empty`]: a thread whose count is older empties its cache.
static EPOCH: AtomicUsize = AtomicUsize::new(0);

struct Cache {
    lists: [Vec<NonNull<u8>>; CLASSES],
    bytes: usize,
    epoch: usize,
}

thread_local! {
    static CACHE: RefCell<Cache> =
        const { RefCell::new(Cache { lists: [const { Vec::new() }; CLASSES], bytes: 0, epoch: 0 }) };
}

impl Cache {
    fn clear(&mut self) {
        for (number, list) in self.lists.iter_mut().enumerate() {
            for start in list.drain(..) {
                pool::give(start, size_of_class(number));
            }
        }
        self.bytes = 0;
    }

    /// Follows a call of [`empty`] by some other thread.
    #[inline]
    fn refresh(&mut self) {
        let epoch = EPOCH.load(Ordering::Relaxed);
        if self.epoch != epoch {
            self.epoch = epoch;
            self.clear();
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.clear();
    }
}

fn size_of_class(number: usize) -> usize {
    let (doubling, step) = (number / 8, number % 8);
    if doubling == 0 { 64 * (step + 1) } else { (64 * (step + 8 + 1)) << (doubling - 1) }
}

/// A cached block of exactly this class.
#[inline]
pub fn take(size: usize) -> Option<NonNull<u8>> {
    let taken = CACHE.try_with(|cache| {
        let cache = &mut *cache.try_borrow_mut().ok()?;
        cache.refresh();
        let start = cache.lists[class::index(size)].pop()?;
        cache.bytes -= size;
        Some(start)
    });
    // A thread that is ending has no cache any more.
    taken.ok().flatten()
}

/// Keeps a block, if there is room.
#[inline]
pub fn give(start: NonNull<u8>, size: usize) -> bool {
    let kept = CACHE.try_with(|cache| {
        let Ok(mut cache) = cache.try_borrow_mut() else { return false };
        let cache = &mut *cache;
        cache.refresh();
        let list = &mut cache.lists[class::index(size)];
        let fits = list.len() < SLOTS && (list.is_empty() || (list.len() + 1) * size <= CLASS_BYTES);
        if !fits || cache.bytes + size > THREAD_BYTES {
            return false;
        }
        list.push(start);
        cache.bytes += size;
        true
    });
    kept.unwrap_or(false)
}

/// Empties the cache of this thread, and those of others when they next use them.
pub fn empty() {
    EPOCH.fetch_add(1, Ordering::Relaxed);
    let _ = CACHE.try_with(|cache| {
        if let Ok(mut cache) = cache.try_borrow_mut() {
            cache.refresh();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_numbers_of_classes_agree() {
        assert_eq!(class::index(SMALL) + 1, CLASSES);
        for number in 0..CLASSES {
            assert_eq!(class::index(size_of_class(number)), number);
            assert_eq!(class::round_up(size_of_class(number)), Some(size_of_class(number)));
        }
    }
}
