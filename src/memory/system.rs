//! Where blocks come from: the allocator of the process, and mappings for large ones (none under Miri, which knows few kinds).

use super::{ALIGN, LARGE, stats};
use std::alloc::{Layout, alloc, dealloc};
use std::ptr::NonNull;

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

/// Whether [`allocate`] gives zeroed memory for this size.
pub fn is_zeroed(size: usize) -> bool {
    cfg!(all(target_os = "linux", not(miri))) && size >= LARGE
}

/// Gives a block back.
///
/// # Safety
/// The block must come from [`allocate`] with this size, and nobody may use it any more.
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

/// A mapping of its own, on huge pages as far as it holds whole ones and the system has them.
#[cfg(all(target_os = "linux", not(miri)))]
fn map(size: usize) -> Option<NonNull<u8>> {
    // Room to begin at a huge page.
    let room = if size >= HUGE { size.checked_add(HUGE)? } else { size };
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new anonymous mapping touches nothing that exists.
    let base = unsafe { libc::mmap(std::ptr::null_mut(), room, access, kind, -1, 0) };
    if base == libc::MAP_FAILED {
        return None;
    }
    let start = if size >= HUGE { (base as usize).next_multiple_of(HUGE) } else { base as usize };
    let end = (start + size).next_multiple_of(page());
    let (before, after) = (start - base as usize, base as usize + room.next_multiple_of(page()) - end);
    // SAFETY: the parts that are given back, and the one that is advised, lie in the mapping just made. Whether the system takes
    // the advice makes no difference but in time.
    unsafe {
        if before > 0 {
            libc::munmap(base, before);
        }
        if after > 0 {
            libc::munmap(end as *mut libc::c_void, after);
        }
        if size >= HUGE {
            libc::madvise(start as *mut libc::c_void, size, libc::MADV_HUGEPAGE);
        }
    }
    NonNull::new(start as *mut u8)
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
