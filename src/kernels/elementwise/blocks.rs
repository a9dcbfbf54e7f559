//! How tiles of any layout come to loops over elements that lie side by side: block by block, through buffers on the stack
//! where an operand's elements do not. Strided inputs are gathered, a single value is repeated, results are kept apart where an
//! input is overwritten.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::drive::{Flat, Loops};
use super::rectangle::{Rectangle, copy};
use crate::kernels::stream;

/// Elements that a buffer holds.
const BLOCK: usize = 1024;

/// Elements of a block along rows: few, for what passes through buffers then stays where the processor has just had it.
const ALONG: usize = 512;

/// Rows of a block where some operand's neighbours lie along the columns.
const TURNED_ROWS: usize = 16;

/// The largest element, in bytes.
const WIDEST: usize = 8;

#[repr(align(64))]
struct Buffer([MaybeUninit<u8>; BLOCK * WIDEST]);

impl Buffer {
    #[inline(always)]
    fn new() -> Self {
        Buffer([const { MaybeUninit::uninit() }; BLOCK * WIDEST])
    }

    #[inline(always)]
    fn ptr(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}

/// An operand's part of a tile.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub place: Rectangle,
    /// Bytes of an element.
    pub size: usize,
}

impl Part {
    /// The part that begins at a row and a column.
    ///
    /// # Safety
    /// It must lie in the same allocation.
    #[inline(always)]
    unsafe fn at(self, row: usize, column: usize) -> Rectangle {
        let Rectangle { ptr, outer, inner } = self.place;
        // SAFETY: by the contract above.
        Rectangle { ptr: unsafe { ptr.add((row * outer + column * inner) * self.size) }, outer, inner }
    }

    /// Whether the elements of `rows` rows of `columns` lie side by side.
    #[inline(always)]
    pub(super) fn is_flat(self, rows: usize, columns: usize) -> bool {
        (self.place.inner == 1 || columns == 1 && rows == 1) && (rows == 1 || self.place.outer == columns)
    }

    /// Whether one element stands for all.
    #[inline(always)]
    pub(super) fn is_single(self, rows: usize, columns: usize) -> bool {
        (self.place.inner == 0 || columns == 1) && (self.place.outer == 0 || rows == 1)
    }

    #[inline(always)]
    fn is_turned(self) -> bool {
        self.place.outer > 0 && self.place.outer < self.place.inner
    }
}

/// A rectangle whose elements lie side by side.
fn packed(ptr: *mut u8, columns: usize) -> Rectangle {
    Rectangle { ptr, outer: columns, inner: 1 }
}

/// A row of elements that lie side by side, written past the cache part by part. [`stream::finish`] before another thread reads it.
///
/// # Safety
/// As for [`blocks`].
unsafe fn streamed<const N: usize>(flat: Flat<'_, N>, from: [Part; N], out: Part, len: usize) {
    let mut buffer = Buffer::new();
    for at in (0..len).step_by(ALONG) {
        let len = ALONG.min(len - at);
        // SAFETY: the part lies in the row; the buffer has room for it.
        unsafe {
            flat(from.map(|x| x.place.ptr.add(at * x.place.inner * x.size).cast_const()), buffer.ptr(), len);
            stream::copy(buffer.ptr(), out.place.ptr.add(at * out.size), len * out.size);
        }
    }
}

/// Goes through a tile of `rows` and `columns` in blocks of elements that lie side by side. Results that are written past the cache
/// (`streams`) have no memory in common with the inputs.
///
/// # Safety
/// All elements must be valid; the output may be an input, but not overlap one otherwise.
pub(super) unsafe fn blocks<const N: usize>(
    out: Part,
    inputs: [Part; N],
    (rows, columns): (usize, usize),
    loops: Loops<'_, N>,
    streams: bool,
) {
    let flat = loops.flat;
    let same = |x: &Part| x.size == out.size && (x.place.outer, x.place.inner) == (out.place.outer, out.place.inner);
    let apart =
        inputs.iter().enumerate().any(|(k, x)| x.place.ptr == out.place.ptr && !(loops.here && k == 0 && same(x)));
    if !apart && out.is_flat(rows, columns) && inputs.iter().all(|x| x.is_flat(rows, columns)) {
        if streams {
            let adjacent = |x: Part| Part { place: packed(x.place.ptr, columns), ..x };
            // SAFETY: passed on from the caller.
            unsafe { streamed(flat, inputs.map(adjacent), out, rows * columns) };
            return stream::finish();
        }
        return flat(inputs.map(|x| x.place.ptr.cast_const()), out.place.ptr, rows * columns);
    }
    let long = !apart && columns >= BLOCK / 4 && out.place.inner == 1;
    let mut others = inputs.iter().enumerate().filter(|(_, x)| x.place.inner != 1);
    let by_rows = match (others.next(), others.next()) {
        _ if !long => None,
        (None, _) => Some(flat),
        (Some((k, x)), None) if x.place.inner == 0 => loops.single[k],
        _ => None,
    };
    if let Some(flat) = by_rows {
        for row in 0..rows {
            // SAFETY: rows of the tile.
            unsafe {
                let at = |x: Part| Part { place: x.at(row, 0), ..x };
                if streams {
                    streamed(flat, inputs.map(at), at(out), columns);
                } else {
                    flat(inputs.map(|x| at(x).place.ptr.cast_const()), at(out).place.ptr, columns);
                }
            }
        }
        if streams {
            stream::finish();
        }
        return;
    }
    let turned = rows > 1 && (out.is_turned() || inputs.iter().any(|x| x.is_turned()));
    let (block, most) = if turned { (BLOCK, BLOCK / TURNED_ROWS) } else { (ALONG, ALONG) };
    let width = columns.min(most);
    let height = rows.min(block / width);
    let mut buffers: [Buffer; N] = std::array::from_fn(|_| Buffer::new());
    let mut result = Buffer::new();
    // One value for all of a row serves every block of it; one for all rows is there since the first.
    let kept = |input: &Part| input.place.inner == 0 && (input.place.outer == 0 || height == 1);
    for top in (0..rows).step_by(height) {
        let height = height.min(rows - top);
        for (input, buffer) in inputs.iter().zip(&mut buffers) {
            if kept(input) && (top == 0 || input.place.outer > 0) {
                // SAFETY: a column and these rows exist; the buffer holds a block.
                unsafe { copy(input.size, input.at(top, 0), packed(buffer.ptr(), width), height, width) };
            }
        }
        for left in (0..columns).step_by(width) {
            let width = width.min(columns - left);
            let whole = width == columns || height == 1;
            // SAFETY: the places lie in the tile; buffers hold a block, of which `flat` writes as many elements as are copied.
            unsafe {
                let from = std::array::from_fn(|k| {
                    let (input, buffer) = (inputs[k], buffers[k].ptr());
                    if kept(&input) {
                        return buffer.cast_const();
                    }
                    let place = input.at(top, left);
                    if whole && input.is_flat(height, width) {
                        return place.ptr.cast_const();
                    }
                    copy(input.size, place, packed(buffer, width), height, width);
                    buffer.cast_const()
                });
                let to = out.at(top, left);
                if !apart && whole && out.is_flat(height, width) {
                    flat(from, to.ptr, height * width);
                } else {
                    flat(from, result.ptr(), height * width);
                    copy(out.size, packed(result.ptr(), width), to, height, width);
                }
            }
        }
    }
}
