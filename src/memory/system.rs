//! Where blocks come from: the allocator of the process, and mappings for large ones (none under Miri, which knows few kinds).

use super::{ALIGN, LARGE, stats};
use std::alloc::{Layout, alloc, dealloc};
use std::ptr::NonNull;
#[cfg(all(target_os = "linux", not(miri)))]
use std::sync::atomic::{AtomicUsize, Ordering};

/// The size of a huge page on the processors at hand.
#[cfg(all(target_os = "linux", not(miri)))]
const HUGE: usize = 2 << 20;

/// Fresh memory for a block of some class; zero where it is a mapping.
pub fn allocate(size: usize) -> Option<NonNull<u8>> {
    let start = if size < LARGE { plain(size) } else { map(size) };
    if start.is_some() {
        stats::reserved(size);
    }
    start
}

/// Whether large blocks are mappings, parts of which may be given back, and neighbours at once.
pub const DIVISIBLE: bool = cfg!(all(target_os = "linux", not(miri)));

/// Whether [`allocate`] gives zeroed memory for this size.
pub fn is_zeroed(size: usize) -> bool {
    DIVISIBLE && size >= LARGE
}

/// Gives a block back.
///
/// # Safety
/// The block must come from [`allocate`] with this size, or be as large as [`LARGE`] and consist of such, or parts of such, if they
/// are [`DIVISIBLE`]; and nobody may use it any more.
pub unsafe fn release(start: NonNull<u8>, size: usize) {
    stats::returned(size);
    // SAFETY: passed on from the caller; `allocate` chose by the same size.
    unsafe { if size < LARGE { free(start, size) } else { unmap(start, size) } }
}

fn plain(size: usize) -> Option<NonNull<u8>> {
    let layout = Layout::from_size_align(size, ALIGN).ok()?;
    // SAFETY: no class has size 0.
    NonNull::new(unsafe { alloc(layout) })
}

/// # Safety
/// The block must come from [`plain`] with this size.
unsafe fn free(start: NonNull<u8>, size: usize) {
    // SAFETY: the layout was valid in `plain`.
    unsafe { dealloc(start.as_ptr(), Layout::from_size_align_unchecked(size, ALIGN)) };
}

/// A mapping right below the last one, if there is room: free neighbours can be joined, and huge pages reach over their borders.
#[cfg(all(target_os = "linux", not(miri)))]
fn map(size: usize) -> Option<NonNull<u8>> {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let size = size.checked_next_multiple_of(page())?;
    let wish = LAST.load(Ordering::Relaxed).saturating_sub(size);
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new anonymous mapping, at an address that is but a wish, touches nothing that exists.
    let start = unsafe { libc::mmap(std::ptr::without_provenance_mut(wish), size, access, kind, -1, 0) };
    if start == libc::MAP_FAILED {
        return None;
    }
    LAST.store(start as usize, Ordering::Relaxed);
    if size >= HUGE {
        // SAFETY: this is the mapping just made. Whether the system takes the advice makes no difference but in time.
        unsafe { libc::madvise(start, size, libc::MADV_HUGEPAGE) };
    }
    NonNull::new(start.cast())
}

/// # Safety
/// The block must come from [`map`] with this size.
#[cfg(all(target_os = "linux", not(miri)))]
unsafe fn unmap(start: NonNull<u8>, size: usize) {
    // SAFETY: the caller owns the mapping.
    unsafe { libc::munmap(start.as_ptr().cast(), size.next_multiple_of(page())) };
}

/// The size of a page.
#[cfg(all(target_os = "linux", not(miri)))]
fn page() -> usize {
    // SAFETY: a question without preconditions; every system answers it.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

#[cfg(any(not(target_os = "linux"), miri))]
fn map(size: usize) -> Option<NonNull<u8>> {
    plain(size)
}

/// # Safety
/// As for [`free`].
#[cfg(any(not(target_os = "linux"), miri))]
unsafe fn unmap(start: NonNull<u8>, size: usize) {
    // SAFETY: passed on from the caller.
    unsafe { free(start, size) };
}
