//! Results that are too large to stay in any cache are written past it. A store to a line that the cache does not hold first
//! reads the line from memory, and pushes out another one that somebody may still want; a streaming store does neither.
#![allow(unsafe_code)]

use std::sync::OnceLock;

/// Bytes of the last-level cache where the system does not tell.
const USUAL: usize = 32 << 20;
/// Bytes of a cache that many processors share, of which a few have a part, at most.
const MOST: usize = 64 << 20;

/// Whether a result is to be written past the cache by an operation that reads and writes so many bytes in all: more than the
/// last-level cache holds. With less, whoever reads the result next finds enough of it there to make up for the slower stores.
pub fn worthwhile(bytes: usize) -> bool {
    static CACHE: OnceLock<usize> = OnceLock::new();
    let cache = || {
        let size = std::fs::read_to_string("/sys/devices/system/cpu/cpu0/cache/index3/size").ok();
        size.and_then(|text| kilobytes(&text)).map_or(USUAL, |size| (size << 10).min(MOST))
    };
    bytes > if cfg!(test) { 1 << 20 } else { *CACHE.get_or_init(cache) }
}

/// [`worthwhile`] for operations that do little but read and write: from half as much again on, as what the operation before has left
/// of their operands in the cache is read fast.
pub fn worthwhile_beside_operands(bytes: usize) -> bool {
    worthwhile(bytes / 3 * 2)
}

/// The number in a text like `32768K`.
fn kilobytes(text: &str) -> Option<usize> {
    text.trim().strip_suffix('K')?.parse().ok().filter(|&size| size > 0 && size < 1 << 32)
}

/// Copies bytes, whole lines past the cache. [`finish`] before another thread reads them.
///
/// # Safety
/// Both must be valid for so many bytes and not overlap.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline]
pub unsafe fn copy(from: *const u8, to: *mut u8, bytes: usize) {
    use core::arch::x86_64::{_mm_loadu_ps, _mm_stream_ps};
    const LINE: usize = 64;
    let head = to.align_offset(LINE).min(bytes);
    let whole = (bytes - head) / LINE * LINE;
    // SAFETY: all places lie in the two blocks; the stores are aligned, and of an instruction set that x86-64 always has.
    unsafe {
        from.copy_to_nonoverlapping(to, head);
        for line in (head..head + whole).step_by(LINE) {
            for part in (line..line + LINE).step_by(16) {
                _mm_stream_ps(to.add(part).cast(), _mm_loadu_ps(from.add(part).cast()));
            }
        }
        let tail = head + whole;
        from.add(tail).copy_to_nonoverlapping(to.add(tail), bytes - tail);
    }
}

/// Writes an element of `size` bytes, a power of two up to 16, to all places of a block of so many bytes, whole lines past the cache.
/// [`finish`] before another thread reads them.
///
/// # Safety
/// The element must be valid for reading, the block for writing, and `to` a multiple of `size`.
pub unsafe fn fill(element: *const u8, size: usize, to: *mut u8, bytes: usize) {
    const PATTERN: usize = 4096;
    let mut pattern = [0u8; PATTERN];
    for at in (0..PATTERN).step_by(size) {
        // SAFETY: the element is valid, and `size` divides the pattern's length.
        unsafe { element.copy_to_nonoverlapping(pattern[at..].as_mut_ptr(), size) };
    }
    for at in (0..bytes).step_by(PATTERN) {
        // SAFETY: both have as many bytes.
        unsafe { copy(pattern.as_ptr(), to.add(at), PATTERN.min(bytes - at)) };
    }
}

/// Puts what was written past the cache in order with what this thread writes next.
#[inline]
pub fn finish() {
    #[cfg(test)]
    tests::FINISHED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: the instruction set is always there.
    unsafe {
        core::arch::x86_64::_mm_sfence();
    }
}

/// Elements of a part in [`write_parts`].
const PART: usize = 512;

/// Has `body(start, part)` make a slice part by part, and writes it past the cache.
pub fn write_parts<T: Copy>(out: &mut [T], blank: T, mut body: impl FnMut(usize, &mut [T])) {
    let mut buffer = [blank; PART];
    for (number, out) in out.chunks_mut(PART).enumerate() {
        let part = &mut buffer[..out.len()];
        body(number * PART, part);
        // SAFETY: both have as many bytes.
        unsafe { copy(part.as_ptr().cast(), out.as_mut_ptr().cast(), size_of_val(out)) };
    }
    finish();
}

/// Copies bytes, by stores that Miri knows too.
///
/// # Safety
/// Both must be valid for so many bytes and not overlap.
#[cfg(any(not(target_arch = "x86_64"), miri))]
pub unsafe fn copy(from: *const u8, to: *mut u8, bytes: usize) {
    // SAFETY: passed on from the caller.
    unsafe { from.copy_to_nonoverlapping(to, bytes) };
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    /// Calls of [`finish`].
    pub static FINISHED: AtomicUsize = AtomicUsize::new(0);

    #[test]
    fn any_bytes_are_copied_and_no_others() {
        let from: Vec<u8> = (0..1000).map(|i| (i % 251) as u8 + 1).collect();
        for (start, bytes) in [(0, 0), (0, 1), (3, 60), (0, 64), (64, 128), (1, 63), (17, 500), (63, 129), (5, 900)] {
            let mut to = vec![0u8; 1000];
            // SAFETY: both blocks have 1000 bytes.
            unsafe { copy(from.as_ptr().add(7), to.as_mut_ptr().add(start), bytes) };
            finish();
            let expected = |i: usize| if (start..start + bytes).contains(&i) { from[i - start + 7] } else { 0 };
            assert!((0..1000).all(|i| to[i] == expected(i)), "{bytes} bytes at {start}");
        }
    }

    #[test]
    fn blocks_are_filled_with_an_element() {
        for (start, bytes) in [(0, 0), (0, 4), (4, 5000), (64, 8192), (12, 9000)] {
            let mut to = vec![0u8; 10_000];
            // SAFETY: the block has 10,000 bytes.
            unsafe { fill([1u8, 2, 3, 4].as_ptr(), 4, to.as_mut_ptr().add(start), bytes) };
            finish();
            let expected = |i: usize| if (start..start + bytes).contains(&i) { (i % 4) as u8 + 1 } else { 0 };
            assert!((0..10_000).all(|i| to[i] == expected(i)), "{bytes} bytes at {start}");
        }
    }

    #[test]
    fn slices_are_written_in_parts() {
        let mut out = vec![0u16; 2 * PART + 100];
        write_parts(&mut out[1..], 0, |start, part| {
            part.iter_mut().enumerate().for_each(|(i, x)| *x = (start + i) as u16 + 1);
        });
        assert!(out.iter().enumerate().all(|(i, &x)| x == i as u16));
    }

    #[test]
    fn sizes_of_caches_are_read() {
        assert_eq!(kilobytes("32768K\n"), Some(32768));
        assert!(["", "K", "0K", "32M", "-1K", "99999999999999K"].iter().all(|text| kilobytes(text).is_none()));
    }
}
