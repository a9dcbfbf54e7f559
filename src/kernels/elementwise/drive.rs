//! The walk behind the maps. Nothing here depends on the function or on the types of the elements, only on their sizes.
#![allow(unsafe_code)]

use super::blocks::{Input, Strided, blocks};
use super::operand::Address;
use super::plan::Plan;
use super::run;

/// A loop over elements that lie side by side: `(inputs, output, length)`.
pub(super) type Flat<'a, const N: usize> = &'a (dyn Fn([*const u8; N], *mut u8, usize) + Sync);

/// An operand: its memory and the size of its elements.
#[derive(Clone, Copy)]
pub(super) struct Side {
    address: Address<u8>,
    size: usize,
}

impl Side {
    pub(super) fn new<T>(address: Address<T>) -> Self {
        Side { address: address.cast(), size: size_of::<T>() }
    }

    /// # Safety
    /// The offset must lie in the operand.
    #[inline(always)]
    unsafe fn row(self, offset: usize, stride: usize) -> Strided {
        // SAFETY: by the contract above.
        Strided { ptr: unsafe { self.address.get().add(offset * self.size) }, stride, size: self.size }
    }
}

/// Walks an output and `N` inputs (`M = N + 1`, the output first).
///
/// # Safety
/// The plan must visit valid elements of all operands; an input may be the output, but not overlap it otherwise.
pub(super) unsafe fn drive<const N: usize, const M: usize>(
    plan: &Plan<M>,
    cost: usize,
    out: Side,
    inputs: [Side; N],
    flat: Flat<'_, N>,
) {
    run(plan, cost, &|offsets, strides, len| {
        // SAFETY: the plan visits valid elements.
        let (to, from): (Strided, [Strided; N]) = unsafe {
            (out.row(offsets[0], strides[0]), std::array::from_fn(|k| inputs[k].row(offsets[k + 1], strides[k + 1])))
        };
        let apart = from.iter().any(|x| x.ptr == to.ptr);
        if strides == [1; M] && !apart {
            return flat(from.map(|x| x.ptr.cast_const()), to.ptr, len);
        }
        // SAFETY: as above; the walk has no empty rows.
        unsafe {
            let mut buffered: [Input; N] = std::array::from_fn(|k| Input::new(from[k], len));
            blocks(to, apart, len, |start, to, n| flat(std::array::from_fn(|k| buffered[k].block(start, n)), to, n));
        }
    });
}
