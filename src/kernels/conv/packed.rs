//! Weights in the order in which [`channels`] reads them: packed for one call, or once for many.

use ndarray::ArrayView2;

use super::super::float::Floating;
use super::super::gemm::operand::Strided;
use super::super::scratch::with_scratch;
use super::channels::{self, Places};
use super::weighted::{self, Form, Weights, form, group_len};
use super::{Algorithm, Geometry, forward_algorithm};
use crate::error::Result;
use crate::memory::Block;

/// The weights of all groups of a convolution, for any input that has as many channels.
pub struct Packed {
    memory: Block,
    /// Channels of a group, its depth, groups, and the size of a number.
    shape: [usize; 4],
    form: Form,
}

impl Packed {
    /// Packs the weights of a convolution, if it reads them packed.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn new<T: Floating>(geometry: &Geometry, w: &[T]) -> Result<Option<Packed>> {
        if forward_algorithm(geometry) == Algorithm::Depthwise || !channels::fits::<T>(geometry) || w.is_empty() {
            return Ok(None);
        }
        let (len, count) = (group_len::<T>(geometry), geometry.group_out() * geometry.depth());
        let memory = Block::new(geometry.groups * len * size_of::<T::Acc>())?;
        let packed = Packed { memory, shape: shape::<T>(geometry), form: form::<T>(geometry) };
        // SAFETY: the block has room for as many numbers, is aligned for them, and belongs to this function alone.
        let numbers =
            unsafe { std::slice::from_raw_parts_mut(packed.memory.as_ptr().cast::<T::Acc>(), geometry.groups * len) };
        for (w, to) in w.chunks_exact(count).zip(numbers.chunks_exact_mut(len)) {
            weighted::pack::<T>(geometry, &operand(geometry, w), to);
        }
        Ok(Some(packed))
    }

    /// Whether the weights are those of a convolution with as many channels, groups and taps, in `T`, packed as it needs them.
    pub fn is_for<T: Floating>(&self, geometry: &Geometry) -> bool {
        self.shape == shape::<T>(geometry) && self.form == form::<T>(geometry)
    }

    /// [`forward`](super::forward) for a geometry that this [`is_for`](Packed::is_for), with the weights that were packed.
    pub fn forward<T: Floating>(&self, geometry: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>, out: &mut [T]) {
        let len = group_len::<T>(geometry);
        assert!(self.is_for::<T>(geometry), "weights packed for another convolution");
        let count = geometry.group_out() * geometry.depth();
        for group in 0..geometry.groups {
            // SAFETY: the block holds so many numbers, as was just compared, and nobody writes to them any more.
            let packed =
                unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast::<T::Acc>().add(group * len), len) };
            group_products(geometry, x, (group, packed, &w[group * count..][..count]), bias, out);
        }
    }
}

/// What the packed form depends on.
fn shape<T: Floating>(geometry: &Geometry) -> [usize; 4] {
    [geometry.group_out(), geometry.depth(), geometry.groups, size_of::<T>()]
}

/// The weights of a group, `[group_out, depth]`, as an operand.
fn operand<'a, T: Floating>(geometry: &Geometry, w: &'a [T]) -> Strided<'a, T> {
    let size = (geometry.group_out(), geometry.depth());
    Strided::left(ArrayView2::from_shape(size, w).expect("a weight for every tap"))
}

/// The products of a group with its packed weights.
fn group_products<T: Floating>(
    geometry: &Geometry,
    x: &[T],
    (group, packed, w): (usize, &[T::Acc], &[T]),
    bias: Option<&[T]>,
    out: &mut [T],
) {
    let weights = Weights { packed, turned: false, source: &operand(geometry, w) };
    weighted::products(geometry, x, (group, weights), bias, (Places::dense(geometry), out));
}

/// The forward function with weights packed for this call.
pub fn forward<T: Floating>(geometry: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>, out: &mut [T]) {
    let count = geometry.group_out() * geometry.depth();
    with_scratch::<T::Acc, _>(group_len::<T>(geometry), |packed| {
        for group in 0..geometry.groups {
            let w = &w[group * count..][..count];
            weighted::pack::<T>(geometry, &operand(geometry, w), packed);
            group_products(geometry, x, (group, packed, w), bias, out);
        }
    });
}
