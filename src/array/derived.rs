//! Something made of a storage's bytes, kept as long as nobody writes them: the packed weights of a convolution.
//!
//! Version counters do not serve here: `p.data` has one of its own, and memory that numpy shares has none. So every access for
//! writing counts (`access.rs`), and memory whose address has left the library is never trusted. What is made is kept from the
//! second time on that it is asked for between two writes, so that weights which change with every step are not packed twice.

use crate::shape::Layout;
use parking_lot::Mutex;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The count of memory that may be written unseen.
const EXPOSED: u64 = u64::MAX;

/// What was made of a storage, and the number of accesses for writing.
#[derive(Default)]
pub struct Derived {
    writes: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The count when it was last asked for, plus one.
    seen: u64,
    value: Option<(Layout, Arc<dyn Any + Send + Sync>)>,
}

impl Derived {
    /// Says that somebody is about to write.
    #[inline]
    pub fn written(&self) {
        // A store suffices: who writes one tensor from two threads at once races on its numbers as well.
        let count = self.writes.load(Ordering::Acquire);
        if count != EXPOSED {
            self.writes.store(count + 1, Ordering::Release);
        }
    }

    /// Says that somebody may write at any time.
    pub fn give_up(&self) {
        self.writes.store(EXPOSED, Ordering::Release);
        self.kept.lock().value = None;
    }

    /// The value that `make` makes of the bytes under `layout`, if it is kept or worth keeping; otherwise nothing is made.
    pub fn get<V: Any + Send + Sync>(&self, layout: &Layout, make: impl FnOnce() -> Option<V>) -> Option<Arc<V>> {
        let count = self.writes.load(Ordering::Acquire);
        if count == EXPOSED {
            return None;
        }
        {
            let mut kept = self.kept.lock();
            if kept.seen != count + 1 {
                *kept = Kept { seen: count + 1, value: None };
                return None;
            }
            if let Some((known, value)) = &kept.value
                && known == layout
            {
                return value.clone().downcast().ok();
            }
        }
        let value = Arc::new(make()?);
        let mut kept = self.kept.lock();
        if self.writes.load(Ordering::Acquire) == count {
            kept.value = Some((layout.clone(), value.clone()));
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Dims;

    fn layout(offset: usize) -> Layout {
        Layout { shape: Dims::from_slice(&[2]), strides: Dims::from_slice(&[1]), offset }
    }

    #[test]
    fn a_value_is_kept_until_the_next_write() {
        let derived = Derived::default();
        let mut made = 0;
        let mut get = |offset| {
            let value = derived.get(&layout(offset), || {
                made += 1;
                Some(made)
            });
            value.map(|value| *value)
        };
        assert_eq!([get(0), get(0), get(0)], [None, Some(1), Some(1)]);
        assert_eq!(get(1), Some(2), "another layout");
        derived.written();
        assert_eq!([get(1), get(1)], [None, Some(3)]);
        derived.give_up();
        derived.written();
        assert_eq!([get(1), get(1)], [None, None], "memory that others may write");
    }

    #[test]
    fn a_value_is_freed_with_the_memory_it_was_made_of() {
        let derived = Derived::default();
        let value = Arc::new(());
        derived.get(&layout(0), || Some(value.clone()));
        derived.get(&layout(0), || Some(value.clone()));
        assert_eq!(Arc::strong_count(&value), 2);
        derived.give_up();
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
