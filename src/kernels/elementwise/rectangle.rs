//! Moving rectangles of elements between strided places: the one place that knows how to copy from any layout to any other.
//! Elements are only moved, so the code knows their size and not their type.
#![allow(unsafe_code)]

use crate::kernels::lanes::{move_row, transposed};

/// Rows and columns of elements in strided memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rectangle {
    pub ptr: *mut u8,
    /// From row to row, in elements.
    pub outer: usize,
    /// From column to column, in elements.
    pub inner: usize,
}

/// Rows up to this many bytes are moved without a call.
const SHORT: usize = 64;

/// Elements from which a row of one value is worth a call.
const LONG: usize = 256;

/// Copies `rows` times `columns` elements of `size` bytes.
///
/// # Safety
/// All places must be valid, and sources and targets not overlap.
pub(super) unsafe fn copy(size: usize, from: Rectangle, to: Rectangle, rows: usize, columns: usize) {
    // SAFETY: passed on; element types are as aligned as they are large, and an unaligned move of another type moves bits.
    unsafe {
        match size {
            _ if from.inner == 0 && to.inner == 1 && is_zero(from.ptr, size) && from.outer == 0 => {
                (0..rows).for_each(|row| to.ptr.add(row * to.outer * size).write_bytes(0, columns * size));
            }
            _ if from.inner == 1 && to.inner == 1 => copy_rows(size, from, to, rows, columns * size),
            4 if from.outer == 1 && from.inner > 1 && to.inner == 1 => {
                transposed(from.ptr.cast::<f32>(), from.inner, to.ptr.cast::<f32>(), to.outer, rows, columns);
            }
            8 if from.outer == 1 && from.inner > 1 && to.inner == 1 => {
                transposed(from.ptr.cast::<f64>(), from.inner, to.ptr.cast::<f64>(), to.outer, rows, columns);
            }
            1 => each::<u8>(from, to, rows, columns),
            2 => each::<u16>(from, to, rows, columns),
            4 => each::<u32>(from, to, rows, columns),
            8 => each::<u64>(from, to, rows, columns),
            _ => unreachable!("elements have 1, 2, 4 or 8 bytes"),
        }
    }
}

/// Whether an element has only zero bits.
///
/// # Safety
/// It must be valid for reads.
unsafe fn is_zero(ptr: *const u8, size: usize) -> bool {
    // SAFETY: by the contract above.
    (0..size).all(|i| unsafe { *ptr.add(i) } == 0)
}

/// Copies element by element, along the axis where the source's are closer, or that is much longer.
///
/// # Safety
/// As for [`copy`]; elements are aligned for `T`.
unsafe fn each<T: Copy>(from: Rectangle, to: Rectangle, rows: usize, columns: usize) {
    let lies_turned = |r: Rectangle| 0 < r.outer && r.outer < r.inner;
    let stands = from.outer == 0 && from.inner == 0;
    let turned = lies_turned(if stands { to } else { from }) || columns < 4 && rows > columns;
    let (rows, columns) = if turned { (columns, rows) } else { (rows, columns) };
    let strides = |r: Rectangle| if turned { (r.inner, r.outer) } else { (r.outer, r.inner) };
    let ((from_outer, from_inner), (to_outer, to_inner)) = (strides(from), strides(to));
    let (source, target) = (from.ptr.cast::<T>().cast_const(), to.ptr.cast::<T>());
    for row in 0..rows {
        // SAFETY: by the contract above.
        unsafe {
            let (source, target) = (source.add(row * from_outer), target.add(row * to_outer));
            match (from_inner, to_inner) {
                // One value in every place, and every second one: what vector instructions can do.
                (0, 1) if columns >= LONG => fill(*source, target, columns),
                (0, 1) => std::slice::from_raw_parts_mut(target, columns).fill(*source),
                (2, 1) => (0..columns).for_each(|i| *target.add(i) = *source.add(2 * i)),
                _ => (0..columns).for_each(|i| *target.add(i * to_inner) = *source.add(i * from_inner)),
            }
        }
    }
}

crate::vectorize! {
    /// Writes one value to `len` places side by side; it is to be called where they are valid.
    fn fill[S; T: Copy](simd: S, value: T, to: *mut T, len: usize) {
        // SAFETY: by the caller's word.
        unsafe { std::slice::from_raw_parts_mut(to, len) }.fill(value);
    }
}

/// Copies rows whose elements lie side by side.
///
/// # Safety
/// As for [`copy`].
unsafe fn copy_rows(size: usize, from: Rectangle, to: Rectangle, rows: usize, bytes: usize) {
    let (from_step, to_step) = (from.outer * size, to.outer * size);
    // SAFETY: by the contract above: each row has so many bytes.
    unsafe {
        let each_row = |move_row: &dyn Fn(*const u8, *mut u8)| {
            for row in 0..rows {
                move_row(from.ptr.add(row * from_step), to.ptr.add(row * to_step));
            }
        };
        if rows == 1 || bytes > SHORT {
            return each_row(&|from, to| move_row(from, to, bytes));
        }
        let steps = (from_step, to_step);
        match bytes {
            0 => {}
            1 => ends::<u8>(from.ptr, to.ptr, steps, rows, bytes),
            2 | 3 => ends::<u16>(from.ptr, to.ptr, steps, rows, bytes),
            4..8 => ends::<u32>(from.ptr, to.ptr, steps, rows, bytes),
            8..16 => ends::<u64>(from.ptr, to.ptr, steps, rows, bytes),
            16..32 => ends::<u128>(from.ptr, to.ptr, steps, rows, bytes),
            _ => ends::<[u128; 2]>(from.ptr, to.ptr, steps, rows, bytes),
        }
    }
}

/// Copies short rows as their first and their last `T`, which may overlap.
///
/// # Safety
/// As for [`copy`]; rows are as long as one to two `T`.
unsafe fn ends<T: Copy>(from: *const u8, to: *mut u8, steps: (usize, usize), rows: usize, bytes: usize) {
    let last = bytes - size_of::<T>();
    for row in 0..rows {
        // SAFETY: both lie in the row.
        unsafe {
            let (from, to) = (from.add(row * steps.0), to.add(row * steps.1));
            let (head, tail) = (from.cast::<T>().read_unaligned(), from.add(last).cast::<T>().read_unaligned());
            to.cast::<T>().write_unaligned(head);
            to.add(last).cast::<T>().write_unaligned(tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_between_any_layouts() {
        // (from outer, from inner), (to outer, to inner), each with room for 20 rows and columns.
        let layouts = [
            ((50, 1), (40, 1)),
            ((1, 50), (40, 1)),
            ((40, 1), (1, 50)),
            ((60, 2), (40, 1)),
            ((2, 60), (3, 70)),
            ((1, 0), (40, 1)),
            ((0, 0), (40, 1)),
        ];
        // Miri, which takes a thousand times as long, sees one size.
        let sizes = if cfg!(miri) { &[4][..] } else { &[1, 2, 4, 8] };
        for (size, (from, to)) in sizes.iter().flat_map(|&size| layouts.map(|layout| (size, layout))) {
            let shapes = [(1, 1), (19, 3), (5, 0), (17, 16), (20, 20), (2, 18), (16, 7)];
            for (rows, columns) in shapes.into_iter().take(if cfg!(miri) { 4 } else { 7 }) {
                let source: Vec<u64> = (0..2000).map(|i| 0x0101_0101_0101_0101u64.wrapping_mul(i * 37 + 1)).collect();
                let mut target = vec![0u64; 2000];
                let place = |(outer, inner): (usize, usize), r: usize, c: usize| (r * outer + c * inner) * size;
                // SAFETY: 20 rows and columns of 8 bytes fit into the buffers in every layout.
                unsafe {
                    let from = Rectangle { ptr: source.as_ptr() as *mut u8, outer: from.0, inner: from.1 };
                    let to = Rectangle { ptr: target.as_mut_ptr().cast(), outer: to.0, inner: to.1 };
                    copy(size, from, to, rows, columns);
                }
                let byte = |list: &[u64], at: usize| list[at / 8].to_ne_bytes()[at % 8];
                let mut written = vec![false; 16000];
                for (r, c, b) in
                    (0..rows).flat_map(|r| (0..columns).flat_map(move |c| (0..size).map(move |b| (r, c, b))))
                {
                    let (source_at, target_at) = (place(from, r, c) + b, place(to, r, c) + b);
                    assert_eq!(
                        byte(&target, target_at),
                        byte(&source, source_at),
                        "{size} {from:?} {to:?} {rows} {columns}"
                    );
                    written[target_at] = true;
                }
                let mut all = (0..16000).step_by(if cfg!(miri) { 17 } else { 1 });
                assert!(all.all(|at| written[at] || byte(&target, at) == 0), "{size} {from:?} {to:?}: too much");
            }
        }
    }
}
