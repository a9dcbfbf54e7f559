//! Weights in the order in which [`channels`] reads them: packed for one call, or once for many.

use ndarray::ArrayView2;

use super::super::float::Floating;
use super::super::gemm::operand::Strided;
use super::super::scratch::with_scratch;
use super::channels::{self, Places, Weights, packed_len};
use super::{Algorithm, Geometry, forward_algorithm};
use crate::error::Result;
use crate::memory::Block;

/// The weights of all groups of a convolution, for any input that has as many channels.
pub struct Packed {
    memory: Block,
    /// Channels of a group, its depth, groups, and the size of a number.
    shape: [usize; 4],
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
        let packed = Packed { memory, shape: shape::<T>(geometry) };
        // SAFETY: the block has room for as many numbers, is aligned for them, and belongs to this function alone.
        let numbers =
            unsafe { std::slice::from_raw_parts_mut(packed.memory.as_ptr().cast::<T::Acc>(), geometry.groups * len) };
        for (w, to) in w.chunks_exact(count).zip(numbers.chunks_exact_mut(len)) {
            pack_group(geometry, w, to);
        }
        Ok(Some(packed))
    }

    /// Whether the weights are those of a convolution with as many channels, groups and taps, in `T`.
    pub fn is_for<T: Floating>(&self, geometry: &Geometry) -> bool {
        self.shape == shape::<T>(geometry)
    }

    /// [`forward`](super::forward) for a geometry of the same channels, groups and kernel, and the same type.
    pub fn forward<T: Floating>(&self, geometry: &Geometry, x: &[T], bias: Option<&[T]>, out: &mut [T]) {
        let len = group_len::<T>(geometry);
        assert!(self.is_for::<T>(geometry), "weights packed for another convolution");
        for group in 0..geometry.groups {
            // SAFETY: the block holds so many numbers, as was just compared, and nobody writes to them any more.
            let packed =
                unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast::<T::Acc>().add(group * len), len) };
            channels::products(
                geometry,
                x,
                (group, Weights { packed, turned: false }),
                bias,
                (Places::dense(geometry), out),
            );
        }
    }
}

/// What the packed form depends on.
fn shape<T: Floating>(geometry: &Geometry) -> [usize; 4] {
    [geometry.group_out(), geometry.depth(), geometry.groups, size_of::<T>()]
}

/// Numbers of the packed weights of a group.
pub fn group_len<T: Floating>(geometry: &Geometry) -> usize {
    packed_len::<T::Acc>(geometry.group_out(), geometry.depth())
}

/// Packs the weights of a group: `[group_out, depth]`.
fn pack_group<T: Floating>(geometry: &Geometry, w: &[T], packed: &mut [T::Acc]) {
    let size = (geometry.group_out(), geometry.depth());
    let weights = ArrayView2::from_shape(size, w).expect("a weight for every tap");
    channels::pack(&Strided::left(weights), size, packed);
}

/// The forward function with weights packed for this call.
pub fn forward<T: Floating>(geometry: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>, out: &mut [T]) {
    let count = geometry.group_out() * geometry.depth();
    with_scratch::<T::Acc, _>(group_len::<T>(geometry), |packed| {
        for group in 0..geometry.groups {
            pack_group(geometry, &w[group * count..][..count], packed);
            channels::products(
                geometry,
                x,
                (group, Weights { packed, turned: false }),
                bias,
                (Places::dense(geometry), out),
            );
        }
    });
}
