//! The allocator of the extension module's small objects: what stands for a tensor, the entries of a registry, nodes.
//!
//! A model has thousands of them, made and dropped by the thousand (a `state_dict`, a copy, a step). The system's
//! allocator keeps a handful of each size at hand and gives the rest back, page by page, to ask for it again at once.
//! This one stands before it: each thread keeps what it freed, by size, up to a limit. Every block comes from the system's
//! allocator by itself, so any thread may free it, and it may go back at any time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

/// Blocks are multiples of this many bytes, and so aligned.
const STEP: usize = 16;

/// Bytes from which blocks are the system's alone.
const LARGEST: usize = 1024;

/// Bytes that a thread keeps in all.
const KEPT: usize = 4 << 20;

/// The allocator; see the module.
pub struct Heap;

/// A free block: it holds the address of the next one.
struct Free {
    next: *mut Free,
}

/// Whether a thread keeps blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not yet: nobody would give them back when it ends.
    Fresh,
    /// It does.
    Open,
    /// It gets ready, or it ends: no longer.
    Shut,
}

/// What a thread keeps. It has no destructor, so that it can be reached at any time of the thread's life.
struct Cache {
    stage: Cell<Stage>,
    bytes: Cell<usize>,
    lists: [Cell<*mut Free>; LARGEST / STEP],
}

/// Empties the cache of a thread that ends.
struct Keeper;

thread_local! {
    static CACHE: Cache = const {
        Cache {
            stage: Cell::new(Stage::Fresh),
            bytes: Cell::new(0),
            lists: [const { Cell::new(null_mut()) }; LARGEST / STEP],
        }
    };
    static KEEPER: Keeper = const { Keeper };
}

impl Drop for Keeper {
    fn drop(&mut self) {
        CACHE.with(|cache| {
            cache.stage.set(Stage::Shut);
            cache.clear();
        });
    }
}

/// The class of a small block, and its layout.
#[inline]
fn class(layout: Layout) -> Option<(usize, Layout)> {
    if layout.size() == 0 || layout.size() > LARGEST || layout.align() > STEP {
        return None;
    }
    let number = (layout.size() - 1) / STEP;
    Some((number, of_class(number)))
}

#[inline]
fn of_class(number: usize) -> Layout {
    // SAFETY: the alignment is a power of two, and the size far from overflowing.
    unsafe { Layout::from_size_align_unchecked((number + 1) * STEP, STEP) }
}

impl Cache {
    #[inline]
    fn take(&self, number: usize) -> Option<*mut u8> {
        let block = self.lists[number].get();
        if block.is_null() {
            return None;
        }
        // SAFETY: what stands in a list is free, this thread's alone, and begins with the address of the next one.
        self.lists[number].set(unsafe { (*block).next });
        self.bytes.set(self.bytes.get() - of_class(number).size());
        Some(block.cast())
    }

    /// Keeps a block, if there is room.
    ///
    /// # Safety
    ///
    /// The block must be of this class, and nobody may use it any more.
    #[inline]
    unsafe fn give(&self, number: usize, block: *mut u8) -> bool {
        let bytes = self.bytes.get() + of_class(number).size();
        if bytes > KEPT || (self.stage.get() != Stage::Open && !self.open()) {
            return false;
        }
        let block = block.cast::<Free>();
        // SAFETY: the block is the caller's, aligned, and has room for an address.
        unsafe { block.write(Free { next: self.lists[number].get() }) };
        self.lists[number].set(block);
        self.bytes.set(bytes);
        true
    }

    /// Sees to it that the cache is emptied when the thread ends. Says whether it is.
    #[cold]
    fn open(&self) -> bool {
        if self.stage.get() == Stage::Fresh {
            // What this allocates and frees itself passes by the cache.
            self.stage.set(Stage::Shut);
            if KEEPER.try_with(|_| ()).is_ok() {
                self.stage.set(Stage::Open);
            }
        }
        self.stage.get() == Stage::Open
    }

    fn clear(&self) {
        for number in 0..self.lists.len() {
            while let Some(block) = self.take(number) {
                // SAFETY: it came from the system with this layout.
                unsafe { System.dealloc(block, of_class(number)) };
            }
        }
    }
}

/// Gives what this thread keeps back to the system.
pub fn empty() {
    CACHE.with(Cache::clear);
}

// SAFETY: blocks come from the system's allocator with a layout that holds the one asked for. A kept block is in one list,
// of the thread that freed it, until it is handed out again.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((number, rounded)) = class(layout) else {
            // SAFETY: the caller's promises.
            return unsafe { System.alloc(layout) };
        };
        match CACHE.with(|cache| cache.take(number)) {
            Some(block) => block,
            // SAFETY: the size is not zero.
            None => unsafe { System.alloc(rounded) },
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if class(layout).is_none() {
            // SAFETY: the caller's promises.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: as above; the block has so many bytes.
        unsafe {
            let block = self.alloc(layout);
            if !block.is_null() {
                block.write_bytes(0, layout.size());
            }
            block
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some((number, rounded)) = class(layout) else {
            // SAFETY: it came from the system with this layout.
            return unsafe { System.dealloc(block, layout) };
        };
        // SAFETY: a block of this class, which the caller gives up.
        if !CACHE.with(|cache| unsafe { cache.give(number, block) }) {
            // SAFETY: it came from the system with the rounded layout.
            unsafe { System.dealloc(block, rounded) };
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size, rounded up to the alignment, does not overflow.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (class(layout), class(wanted)) {
            // SAFETY: it came from the system with this layout.
            (None, None) => unsafe { System.realloc(block, layout, size) },
            (Some((old, _)), Some((new, _))) if old == new => block,
            // SAFETY: both blocks have as many bytes as are copied, and are not the same; the old one is given up.
            _ => unsafe {
                let moved = self.alloc(wanted);
                if !moved.is_null() {
                    block.copy_to_nonoverlapping(moved, layout.size().min(size));
                    self.dealloc(block, layout);
                }
                moved
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    /// A block whose bytes are all `fill`.
    fn filled(size: usize, align: usize, fill: u8) -> *mut u8 {
        // SAFETY: a size that is not zero; the block has so many bytes.
        unsafe {
            let block = Heap.alloc(layout(size, align));
            assert!(!block.is_null() && block as usize % align == 0);
            block.write_bytes(fill, size);
            block
        }
    }

    #[test]
    fn a_freed_block_is_handed_out_again_for_its_class_alone() {
        empty();
        let block = filled(100, 8, 1);
        // SAFETY: blocks of this test, freed once each with their layouts.
        unsafe {
            Heap.dealloc(block, layout(100, 8));
            let other = Heap.alloc(layout(128, 8));
            assert_ne!(other, block);
            let again = Heap.alloc(layout(112, 16));
            assert_eq!(again, block);
            Heap.dealloc(other, layout(128, 8));
            Heap.dealloc(again, layout(112, 16));
        }
    }

    #[test]
    fn blocks_grow_and_shrink_with_their_contents() {
        for (align, sizes) in [(8, [24, 30, 500, 1024, 1025, 5000, 700, 8]), (64, [64, 100, 1, 3000, 2, 64, 900, 65])] {
            let (mut size, mut block) = (16, filled(16, align, 7));
            for next in sizes {
                // SAFETY: the block of this test, with the size that it has.
                unsafe {
                    block = Heap.realloc(block, layout(size, align), next);
                    assert!((0..size.min(next)).all(|i| *block.add(i) == 7), "{size} to {next}");
                    block.write_bytes(7, next);
                }
                size = next;
            }
            // SAFETY: as above.
            unsafe { Heap.dealloc(block, layout(size, align)) };
        }
    }

    #[test]
    fn zeroed_blocks_are_zero_even_if_used_before() {
        for size in [1, 40, 1024, 4096] {
            let used = filled(size, 8, 255);
            // SAFETY: blocks of this test, freed once each.
            unsafe {
                Heap.dealloc(used, layout(size, 8));
                let block = Heap.alloc_zeroed(layout(size, 8));
                assert!((0..size).all(|i| *block.add(i) == 0));
                Heap.dealloc(block, layout(size, 8));
            }
        }
    }

    #[test]
    fn a_thread_keeps_no_more_than_the_limit_and_takes_blocks_of_others() {
        let blocks: Vec<usize> = (0..2 * KEPT / 1024).map(|_| filled(1024, 8, 3) as usize).collect();
        let kept = std::thread::spawn(move || {
            for block in blocks {
                // SAFETY: a block of this test, freed once.
                unsafe { Heap.dealloc(block as *mut u8, layout(1024, 8)) };
            }
            let kept = CACHE.with(|cache| cache.bytes.get());
            empty();
            (kept, CACHE.with(|cache| cache.bytes.get()))
        });
        assert_eq!(kept.join().unwrap(), (KEPT, 0));
    }
}
