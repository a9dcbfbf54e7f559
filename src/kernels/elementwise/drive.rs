//! The walk behind the maps. Nothing here depends on the function or on the types of the elements, only on their sizes.
#![allow(unsafe_code)]

use super::blocks::{Part, blocks};
use super::operand::Address;
use super::plan::{Plan, Tile};
use super::rectangle::{Rectangle, copy};
use super::run;
use crate::kernels::stream;

/// A loop over elements that lie side by side: `(inputs, output, length)`.
pub(super) type Flat<'a, const N: usize> = &'a (dyn Fn([*const u8; N], *mut u8, usize) + Sync);

/// The loops of a function.
#[derive(Clone, Copy)]
pub(super) struct Loops<'a, const N: usize> {
    pub flat: Flat<'a, N>,
    /// `flat` may be called with the output as its first input.
    pub here: bool,
    /// As `flat`, for each input: where one element of it stands for all.
    pub single: [Option<Flat<'a, N>>; N],
}

impl<'a, const N: usize> Loops<'a, N> {
    pub(super) fn new(flat: Flat<'a, N>) -> Self {
        Loops { flat, here: false, single: [None; N] }
    }
}

/// Elements up to which nobody asks whether results are too large for the cache.
const SMALL: usize = 1 << 16;

/// An operand: its memory and the size of its elements.
#[derive(Clone, Copy)]
pub(super) struct Side {
    address: Address<u8>,
    size: usize,
}

impl Side {
    pub(super) fn new<T>(address: Address<T>) -> Self {
        Self::sized(address.cast(), size_of::<T>())
    }

    /// Elements of `size` bytes.
    pub(super) fn sized(address: Address<u8>, size: usize) -> Self {
        Side { address, size }
    }

    pub(super) fn address(self) -> Address<u8> {
        self.address
    }

    /// An operand's part of a tile, of which it is number `k`.
    ///
    /// # Safety
    /// The tile must lie in the operand.
    #[inline(always)]
    unsafe fn part<const M: usize>(self, tile: &Tile<M>, k: usize) -> Part {
        // SAFETY: by the contract above.
        let ptr = unsafe { self.address.get().add(tile.offsets[k] * self.size) };
        Part { place: Rectangle { ptr, outer: tile.outer[k], inner: tile.inner[k] }, size: self.size }
    }
}

/// Walks an output and `N` inputs (`M = N + 1`, the output first), at a cost for each element.
///
/// # Safety
/// The plan must visit valid elements of all operands; an input may be the output, but not overlap it otherwise.
pub(super) unsafe fn drive<const N: usize, const M: usize>(
    plan: &Plan<M>,
    cost: usize,
    out: Side,
    inputs: [Side; N],
    loops: Loops<'_, N>,
) {
    // An operand that comes up twice is read once, and one that stands still is as good as none.
    let first = |k: usize| inputs[..k].iter().all(|x| x.address.get() != inputs[k].address.get());
    let read: usize = (0..N).filter(|&k| first(k)).map(|k| plan.elements(k + 1) * inputs[k].size).sum();
    let moved = plan.numel() * out.size + read;
    let apart = inputs.iter().all(|x| x.address.get() != out.address.get());
    let streams = apart && plan.numel() > SMALL && stream::worthwhile_beside_operands(moved);
    run(plan, cost, &|tile| {
        // SAFETY: tiles lie in the operands.
        unsafe {
            let from = std::array::from_fn(|k| inputs[k].part(tile, k + 1));
            blocks(out.part(tile, 0), from, (tile.rows, tile.columns), loops, streams);
        }
    });
}

/// Walks an output and an input of the same size, which are not the same memory, and moves the elements.
///
/// # Safety
/// As for [`drive`].
pub(super) unsafe fn drive_copy(plan: &Plan<2>, out: Side, input: Side) {
    let streams = stream::worthwhile_beside_operands((plan.elements(1) + plan.numel()) * out.size);
    run(plan, 1, &|tile| {
        // SAFETY: as in `drive`.
        unsafe {
            let (to, from) = (out.part(tile, 0), input.part(tile, 1));
            let len = tile.rows * tile.columns;
            if streams && len > 1 && to.is_flat(tile.rows, tile.columns) && from.is_single(tile.rows, tile.columns) {
                stream::fill(from.place.ptr, out.size, to.place.ptr, len * out.size);
                stream::finish();
            } else if streams && [to, from].iter().all(|x| x.is_flat(tile.rows, tile.columns)) {
                stream::copy(from.place.ptr, to.place.ptr, len * out.size);
                stream::finish();
            } else {
                copy(out.size, from.place, to.place, tile.rows, tile.columns);
            }
        }
    });
}
