//! Where the tasks of a product find its operands.

use std::ops::Range;

use super::super::float::Real;
use super::operand::{Operand, Packed, Strided};

/// Where tasks find the left operand.
pub(super) enum LeftSource<'a, R> {
    Packed(Packed<'a, R>),
    Memory(Strided<'a, R>),
}

/// Where tasks find the right operand: packed by all, to be packed by each, or in memory (the last few columns packed).
pub(super) enum RightSource<'a, R, B> {
    Packed(Packed<'a, R>),
    Pack(&'a B),
    Memory(Strided<'a, R>, &'a B),
}

impl<R: Real, B> Clone for RightSource<'_, R, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Real, B> Copy for RightSource<'_, R, B> {}

/// Packs some columns of the right operand, one block deep.
pub(super) fn pack_columns<R: Real>(
    operand: &impl Operand<R>,
    depth: Range<usize>,
    columns: Range<usize>,
    width: usize,
    buffer: &mut [R],
) {
    for (at, panel) in buffer.chunks_mut(width * depth.len()).enumerate().take(columns.len().div_ceil(width)) {
        let start = columns.start + at * width;
        operand.pack_panel(depth.clone(), start..(start + width).min(columns.end), width, panel);
    }
}
