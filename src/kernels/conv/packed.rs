//! Weights in the order in which [`channels`] reads them: packed for one call, or once for many.

use ndarray::ArrayView2;

use super::super::float::Floating;
use super::super::gemm::operand::Strided;
use super::super::kept::Kept;
use super::super::scratch::with_scratch;
use super::channels::{self, Places};
use super::weighted::{self, Form, Weights, group_len};
use super::{Algorithm, Epilogue, Geometry, direct, forward_algorithm, sampled, slices};
use crate::error::Result;

/// Positions of all images from which weights are packed for each call: packing takes a few hundredths of such a call at most, and
/// what was packed a moment ago is read from a cache. The second limit is for few numbers, which cost little to keep.
const MANY: usize = 400;
const MANY_FOR_FEW: usize = 1000;
/// Packed numbers that are few: a megabyte of `f32`.
const FEW: usize = 256 << 10;
/// Times as many for the matrix unit, whose products take less time beside packing.
const UNIT: usize = 4;

/// Whether the forward function of a convolution that is not depthwise reads weights packed: where output channels fill registers,
/// unless [`direct`] is better still.
pub fn applies<T: Floating>(geometry: &Geometry) -> bool {
    channels::fits::<T>(geometry) && !(direct::suits::<T>(geometry) && form_of::<T>(geometry) == Form::Panels)
}

/// Whether weights are worth keeping packed for such inputs: where few positions use each of them.
pub fn worth_keeping<T: Floating>(geometry: &Geometry) -> bool {
    if let Some(dense) = part_of::<T>(geometry) {
        return worth_keeping::<T>(&dense);
    }
    let form = form_of::<T>(geometry);
    let few = geometry.groups * group_len::<T>(geometry, form) <= FEW;
    let many = if few { MANY_FOR_FEW } else { MANY };
    geometry.batch * geometry.positions() < if matches!(form, Form::Planes(_)) { UNIT * many } else { many }
}

/// The weights of all groups of a convolution, for any input that has as many channels.
pub struct Packed {
    numbers: Kept,
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
        if let Some(dense) = part_of::<T>(geometry) {
            return Packed::new(&dense, w);
        }
        if forward_algorithm(geometry) == Algorithm::Depthwise || !applies::<T>(geometry) || w.is_empty() {
            return Ok(None);
        }
        let form = form_of::<T>(geometry);
        let (len, count) = (group_len::<T>(geometry, form), geometry.group_out() * geometry.depth());
        let numbers = Kept::new::<T::Acc>(geometry.groups * len, |numbers| {
            for (w, to) in w.chunks_exact(count).zip(numbers.chunks_exact_mut(len)) {
                weighted::pack::<T>(geometry, form, (&operand(geometry, w), false), to);
            }
        })?;
        Ok(Some(Packed { numbers, shape: shape::<T>(geometry), form }))
    }

    /// Whether the weights are those of a convolution with as many channels, groups and taps, in `T`, packed as it needs them. Other
    /// sizes of the input may not read them packed, and a result must not depend on what was computed before.
    pub fn is_for<T: Floating>(&self, geometry: &Geometry) -> bool {
        if let Some(dense) = part_of::<T>(geometry) {
            return self.is_for::<T>(&dense);
        }
        self.shape == shape::<T>(geometry) && applies::<T>(geometry) && self.form == form_of::<T>(geometry)
    }

    /// [`forward`](super::forward) for a geometry that this [`is_for`](Packed::is_for), with the weights that were packed.
    pub fn forward<T: Floating>(&self, geometry: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>, out: &mut [T]) {
        self.forward_with(geometry, x, w, &Epilogue::bias(bias), out);
    }

    /// [`forward_with`](super::forward_with) for such a geometry.
    pub fn forward_with<T: Floating>(
        &self,
        geometry: &Geometry,
        x: &[T],
        w: &[T],
        epilogue: &Epilogue<'_, T>,
        out: &mut [T],
    ) {
        if let Some(dense) = slices::of::<T>(geometry) {
            return slices::forward((geometry, &dense), x, epilogue, out, |geometry, x, epilogue, out| {
                self.forward_with(geometry, x, w, epilogue, out);
            });
        }
        if let Some(dense) = sampled::of::<T>(geometry) {
            return sampled::forward((geometry, &dense), x, epilogue, out, |geometry, x, epilogue, out| {
                self.forward_with(geometry, x, w, epilogue, out);
            });
        }
        let len = group_len::<T>(geometry, self.form);
        assert!(self.shape == shape::<T>(geometry), "weights packed for another convolution");
        let count = geometry.group_out() * geometry.depth();
        for group in 0..geometry.groups {
            let packed = &self.numbers.numbers::<T::Acc>()[group * len..][..len];
            group_products((geometry, self.form), x, (group, packed, &w[group * count..][..count]), epilogue, out);
        }
    }
}

/// The convolution that reads the weights in place of this one, if there is one.
fn part_of<T: Floating>(geometry: &Geometry) -> Option<Geometry> {
    slices::of::<T>(geometry).or_else(|| sampled::of::<T>(geometry))
}

/// What the packed form depends on.
fn shape<T: Floating>(geometry: &Geometry) -> [usize; 4] {
    [geometry.group_out(), geometry.depth(), geometry.groups, size_of::<T>()]
}

/// How the weights of the forward function are packed. Kept or not, they are packed alike: the second call has the first one's bits.
fn form_of<T: Floating>(geometry: &Geometry) -> Form {
    weighted::form::<T>(geometry, Places::dense(geometry), true)
}

/// The weights of a group, `[group_out, depth]`, as an operand.
fn operand<'a, T: Floating>(geometry: &Geometry, w: &'a [T]) -> Strided<'a, T> {
    let size = (geometry.group_out(), geometry.depth());
    Strided::left(ArrayView2::from_shape(size, w).expect("a weight for every tap"))
}

/// The products of a group with its packed weights.
fn group_products<T: Floating>(
    (geometry, form): (&Geometry, Form),
    x: &[T],
    (group, packed, w): (usize, &[T::Acc], &[T]),
    epilogue: &Epilogue<'_, T>,
    out: &mut [T],
) {
    let weights = Weights { form, packed, turned: false, source: &operand(geometry, w) };
    weighted::products(geometry, x, (group, weights), epilogue, (Places::dense(geometry), out));
}

/// The forward function with weights packed for this call.
pub fn forward<T: Floating>(geometry: &Geometry, x: &[T], w: &[T], epilogue: &Epilogue<'_, T>, out: &mut [T]) {
    let count = geometry.group_out() * geometry.depth();
    let form = form_of::<T>(geometry);
    with_scratch::<T::Acc, _>(group_len::<T>(geometry, form), |packed| {
        for group in 0..geometry.groups {
            let w = &w[group * count..][..count];
            weighted::pack::<T>(geometry, form, (&operand(geometry, w), false), packed);
            group_products((geometry, form), x, (group, packed, w), epilogue, out);
        }
    });
}
