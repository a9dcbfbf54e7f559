//! Moving rows of numbers by registers: copies, rows that become columns.

use super::super::float::Real;
use super::Vector;

/// A register from element `at` on; zeros behind the last.
#[inline(always)]
pub fn part<R, V: Vector<R>>(x: &[R], at: usize) -> V {
    let there = x.len().saturating_sub(at);
    // SAFETY: as many elements are there.
    unsafe {
        if there >= V::LANES {
            V::load(x.as_ptr().add(at))
        } else {
            V::load_part(x.as_ptr().wrapping_add(at), 0..there)
        }
    }
}

/// Copies `len` elements that do not overlap, by registers.
///
/// # Safety
/// `from` must be valid for reading `len` elements and `to` for writing them.
#[inline(always)]
pub unsafe fn copy<T, V: Vector<T>>(from: *const T, to: *mut T, len: usize) {
    let whole = len / V::LANES * V::LANES;
    // SAFETY: by the caller's word.
    unsafe {
        // The compiler makes a call of this loop, which short rows should be spared.
        if whole > 0 {
            for at in (0..whole).step_by(V::LANES) {
                V::load(from.add(at)).store(to.add(at));
            }
        }
        if whole < len {
            V::load_part(from.add(whole), 0..len - whole).store_first(to.add(whole), len - whole);
        }
    }
}

/// Copies the bytes of a row, which may be one of many: by registers where it is neither short nor very long, for the
/// instruction by which the library's function copies such rows waits for their lines, and crawls where the target is a few
/// bytes ahead of the source, pages apart.
///
/// # Safety
/// Both places must be valid for `bytes` bytes, and not overlap.
pub unsafe fn move_row(from: *const u8, to: *mut u8, bytes: usize) {
    const PAGE: usize = 4096;
    const LINE: usize = 64;
    let ahead = (to as usize).wrapping_sub(from as usize) % PAGE;
    if (256..8 * PAGE).contains(&bytes) || (1..LINE).contains(&ahead) && bytes >= LINE {
        return by_registers(from, to, bytes);
    }
    // SAFETY: by the contract above.
    unsafe { std::ptr::copy_nonoverlapping(from, to, bytes) }
}

crate::vectorize! {
    /// Copies bytes between places that do not overlap; it is to be called where they are valid.
    fn by_registers[S](simd: S, from: *const u8, to: *mut u8, bytes: usize) {
        let whole = bytes / 4;
        // SAFETY: by the caller's word; bits are moved as those of numbers.
        unsafe {
            copy::<f32, S::F32>(from.cast(), to.cast(), whole);
            for at in 4 * whole..bytes {
                *to.add(at) = *from.add(at);
            }
        }
    }
}

/// Writes a register; past the cache if it `streams` and fills a line.
///
/// # Safety
/// `to` must be valid for writing as many elements as the register has.
#[inline(always)]
pub unsafe fn put<T, V: Vector<T>>(value: V, to: *mut T, streams: bool) {
    const LINE: usize = 64;
    // SAFETY: by the caller's word.
    unsafe {
        if streams && V::LANES * size_of::<T>() == LINE && to.addr() % LINE == 0 {
            value.stream(to)
        } else {
            value.store(to)
        }
    }
}

/// Asks for the cache lines of `len` elements ahead of their use; any address will do.
#[inline(always)]
pub fn prefetch<T>(from: *const T, len: usize) {
    lines(from, len, false);
}

/// [`prefetch`] into the second-level cache: for what is used later than all that the first one has room for.
#[inline(always)]
pub fn prefetch_far<T>(from: *const T, len: usize) {
    lines(from, len, true);
}

#[inline(always)]
fn lines<T>(from: *const T, len: usize, far: bool) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..len * size_of::<T>()).step_by(64) {
        use core::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        let line = from.cast::<i8>().wrapping_add(line);
        // SAFETY: the instruction reads nothing that anybody sees, and faults nowhere.
        unsafe { if far { _mm_prefetch::<_MM_HINT_T1>(line) } else { _mm_prefetch::<_MM_HINT_T0>(line) } };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (from, len, far);
}

/// Exchanges rows and columns of the square of `LANES` registers (the first ones of `rows`).
///
/// [`Vector::unzip`] of neighbours moves the bits of an element's place (row, then lane) by one; as many steps as a lane has bits
/// exchange row and lane.
#[inline(always)]
pub fn transpose<T, V: Vector<T>>(rows: &mut [V; 16]) {
    let mut bits = V::LANES;
    while bits > 1 {
        let from = *rows;
        for i in 0..V::LANES / 2 {
            (rows[i], rows[i + V::LANES / 2]) = from[2 * i].unzip(from[2 * i + 1]);
        }
        bits /= 2;
    }
}

/// `to[r * to_stride + c] = from[c * from_stride + r]` for `r` in `0..rows` and `c` in `0..columns`.
///
/// # Safety
/// All these places must be valid, and the two sides not overlap.
pub unsafe fn transposed<R: Real>(
    from: *const R,
    from_stride: usize,
    to: *mut R,
    to_stride: usize,
    rows: usize,
    columns: usize,
) {
    transpose_tiles((from, from_stride), (to, to_stride), rows, columns);
}

crate::vectorize! {
    /// The loops of [`transposed`], in squares of registers. It is to be called as that is.
    fn transpose_tiles[S; R: Real](
        simd: S, from: (*const R, usize), to: (*mut R, usize), rows: usize, columns: usize
    ) {
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        for left in (0..columns).step_by(lanes) {
            let width = lanes.min(columns - left);
            for top in (0..rows).step_by(lanes) {
                let height = lanes.min(rows - top);
                // SAFETY: by the caller's word: only rows and columns that exist are read and written.
                unsafe {
                    let line = |c: usize| from.0.wrapping_add((left + c) * from.1 + top);
                    let square = if width == lanes && height == lanes {
                        <R::Vector<S> as Vector<R>>::columns(&std::array::from_fn(line))
                    } else {
                        let mut square = [<R::Vector<S> as Vector<R>>::splat(R::zero()); 16];
                        for (c, register) in square.iter_mut().enumerate().take(width) {
                            *register = if height == lanes {
                                <R::Vector<S> as Vector<R>>::load(line(c))
                            } else {
                                <R::Vector<S> as Vector<R>>::load_part(line(c), 0..height)
                            };
                        }
                        transpose::<R, R::Vector<S>>(&mut square);
                        square
                    };
                    for (r, register) in square.iter().enumerate().take(height) {
                        let to = to.0.add((top + r) * to.1 + left);
                        if width == lanes { register.store(to) } else { register.store_first(to, width) }
                    }
                }
            }
        }
    }
}

/// Numbers of a row, of which those before `start` and behind `values` are 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lane<'a, R> {
    /// The place of the first value.
    pub start: usize,
    /// The values, side by side.
    pub values: &'a [R],
}

crate::vectorize! {
    /// Writes rows as columns: element `d` of `lanes[l]` goes to `panel[d * width + l]` for `d` in `0..depth`; the rest of each
    /// `width` becomes 0.
    pub fn interleave[S; R: Real](simd: S, lanes: &[Lane<'_, R>], depth: usize, width: usize, panel: &mut [R]) {
        let count = <R::Vector<S> as Vector<R>>::LANES;
        assert!(panel.len() >= depth * width && lanes.len() <= width);
        for first in (0..width).step_by(count) {
            let (lanes, columns) = (&lanes[first.min(lanes.len())..], count.min(width - first));
            let lanes = &lanes[..lanes.len().min(count)];
            // Squares of which everything is there go without a question in between, which keeps them in registers. Rows from
            // the last one on are not stored.
            let mut starts = [lanes.last().map_or(std::ptr::null(), |lane| lane.values.as_ptr().wrapping_sub(lane.start)); 16];
            for (start, lane) in starts.iter_mut().zip(lanes) {
                *start = lane.values.as_ptr().wrapping_sub(lane.start);
            }
            let begin = lanes.iter().map(|lane| lane.start).max().unwrap_or(0);
            let end = lanes.iter().map(|lane| lane.start + lane.values.len()).min().unwrap_or(0).min(depth);
            // Where nothing is missing, the last square overlaps the one before.
            let last = if begin == 0 && end == depth && depth >= count { depth - count } else { depth };
            // Registers that are wider than a row of the panel go over the beginning of the next one, which is written after it.
            let over = columns == width && columns < count;
            for top in (0..depth).step_by(count) {
                let top = top.min(last);
                let to = panel.as_mut_ptr().wrapping_add(top * width + first);
                if lanes.len() == columns && begin <= top && top + count <= end {
                    // SAFETY: a register of values begins there.
                    let rows = unsafe { <R::Vector<S> as Vector<R>>::columns(&starts.map(|start| start.wrapping_add(top))) };
                    let whole = columns == count || over && (top + count - 1) * width + count <= depth * width;
                    for d in 0..count {
                        // SAFETY: `columns` elements follow in this row of the panel, whose length was asserted.
                        unsafe {
                            let to = to.add(d * width);
                            if whole { rows[d].store(to) } else { rows[d].store_first(to, columns) }
                        }
                    }
                    continue;
                }
                let mut rows = [<R::Vector<S> as Vector<R>>::splat(R::zero()); 16];
                for (row, lane) in rows.iter_mut().zip(lanes) {
                    let start = lane.start.saturating_sub(top).min(count);
                    let end = (lane.start + lane.values.len()).saturating_sub(top).min(count).max(start);
                    let from = lane.values.as_ptr().wrapping_add(top).wrapping_sub(lane.start);
                    // SAFETY: `start..end` are places of values.
                    *row = unsafe {
                        if end - start == count {
                            <R::Vector<S> as Vector<R>>::load(from)
                        } else {
                            <R::Vector<S> as Vector<R>>::load_part(from, start..end)
                        }
                    };
                }
                transpose::<R, R::Vector<S>>(&mut rows);
                for (d, row) in rows.iter().enumerate().take(count.min(depth - top)) {
                    // SAFETY: as above.
                    unsafe {
                        let to = to.add(d * width);
                        if columns == count { row.store(to) } else { row.store_first(to, columns) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::vectorize! {
        fn copied[S; R: Real](simd: S, from: &[R], to: &mut [R]) {
            // SAFETY: both have as many elements.
            unsafe { copy::<R, R::Vector<S>>(from.as_ptr(), to.as_mut_ptr(), to.len()) };
        }
    }

    fn copies_of_any_length<R: Real>() {
        for len in 0..80 {
            let from: Vec<R> = (1..=len).map(R::from_usize).collect();
            // One more than is copied, to see that it is left alone.
            let mut to = vec![R::zero(); len + 1];
            copied(&from, &mut to[..len]);
            assert!(to[..len] == from && to[len] == R::zero());
        }
    }

    #[test]
    fn rows_are_moved_at_any_distance() {
        let source: Vec<u8> = (0..20_000).map(|i| (i * 31 % 251) as u8).collect();
        for (from, to, bytes) in
            [(0, 1, 100), (64, 68, 4093), (0, 63, 8001), (4096, 4, 517), (5, 5, 77), (9, 2, 65), (7, 100, 3000)]
        {
            let mut target = vec![0u8; 20_000];
            let ahead = (source.as_ptr() as usize).wrapping_sub(target.as_ptr() as usize) % 4096;
            // SAFETY: all lie in the buffers.
            unsafe { move_row(source.as_ptr().add(from), target.as_mut_ptr().add(to + ahead), bytes) };
            assert!(
                target[to + ahead..][..bytes] == source[from..][..bytes]
                    && target[..to + ahead].iter().all(|&x| x == 0)
            );
            assert!(target[to + ahead + bytes..].iter().all(|&x| x == 0), "{from} {to} {bytes}");
        }
    }

    #[test]
    fn rows_are_copied_exactly() {
        copies_of_any_length::<f32>();
        copies_of_any_length::<f64>();
    }

    fn columns_of_rows<R: Real>() {
        for (count, width, depth) in [(14, 14, 256), (32, 32, 40), (5, 32, 17), (6, 6, 3), (0, 4, 5), (1, 8, 1)] {
            let values: Vec<R> = (1..=depth).map(R::from_usize).collect();
            let lane = |l: usize| Lane { start: l % 4, values: &values[..depth.saturating_sub(l % 5 + l % 4)] };
            let lanes: Vec<Lane<'_, R>> = (0..count).map(lane).collect();
            let mut panel = vec![R::nan(); depth * width];
            interleave(&lanes, depth, width, &mut panel);
            for (at, &got) in panel.iter().enumerate() {
                let value =
                    lanes.get(at % width).and_then(|lane| lane.values.get((at / width).wrapping_sub(lane.start)));
                assert!(got == value.copied().unwrap_or(R::zero()), "{at} of {count} {width} {depth}");
            }
        }
    }

    #[test]
    fn rows_become_columns() {
        columns_of_rows::<f32>();
        columns_of_rows::<f64>();
    }
}
