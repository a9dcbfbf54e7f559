//! Convolutions with packed weights, by registers or by the matrix unit, whichever is quicker for the geometry.

use half::bf16;

use super::super::amx::Terms;
use super::super::float::Floating;
use super::super::gemm::operand::Operand;
use super::super::scratch::with_scratch;
use super::channels::{self, Places};
use super::{Epilogue, Geometry, tiled};

/// How weights are packed: in planes for the matrix unit, else in panels for registers. Not the same for every input of a
/// convolution.
pub type Form = Option<Terms>;

/// The form for a geometry.
pub fn form<T: Floating>(geometry: &Geometry) -> Form {
    tiled::applies::<T>(geometry)
}

/// The numbers that the packed weights of a group take.
pub fn group_len<T: Floating>(geometry: &Geometry, form: Form) -> usize {
    match form {
        Some(terms) => tiled::packed_len(geometry, terms).div_ceil(size_of::<T::Acc>() / size_of::<bf16>()),
        None => channels::packed_len::<T::Acc>(geometry.group_out(), geometry.depth()),
    }
}

/// Packs the weights of a group (lanes: output channels; depth: taps of all input channels).
pub fn pack<T: Floating>(geometry: &Geometry, form: Form, weights: &impl Operand<T::Acc>, packed: &mut [T::Acc]) {
    match form {
        Some(terms) => {
            let (start, len) = (packed.as_mut_ptr(), size_of_val(packed) / size_of::<bf16>());
            // SAFETY: the same memory; plain numbers both, the smaller ones in the place of the larger.
            let packed: &mut [bf16] = unsafe { std::slice::from_raw_parts_mut(start.cast(), len) };
            tiled::pack(geometry, terms, weights, &mut packed[..tiled::packed_len(geometry, terms)]);
        }
        None => channels::pack(weights, (geometry.group_out(), geometry.depth()), packed),
    }
}

/// The weights of a group, as [`pack`] leaves them and as they were.
pub struct Weights<'a, T: Floating, O> {
    /// How they are packed: as is best for the geometry, or was when they were.
    pub form: Form,
    /// As they were packed.
    pub packed: &'a [T::Acc],
    /// Whether the taps of a channel are stored from the last to the first.
    pub turned: bool,
    /// What was packed.
    pub source: &'a O,
}

/// One group of a convolution.
///
/// # Panics
/// If the places lie outside of their planes, or `T` is not summed in itself.
pub fn products<T: Floating>(
    geometry: &Geometry,
    x: &[T],
    (group, weights): (usize, Weights<'_, T, impl Operand<T::Acc>>),
    epilogue: &Epilogue<'_, T>,
    (places, out): (Places, &mut [T]),
) {
    let Weights { form, packed, turned, source } = weights;
    let Some(terms) = form else {
        return channels::products(
            geometry,
            x,
            (group, channels::Weights { packed, turned, first: 0 }),
            epilogue,
            (places, out),
        );
    };
    // SAFETY: as in `pack`.
    let planes = unsafe { std::slice::from_raw_parts(packed.as_ptr().cast(), size_of_val(packed) / size_of::<bf16>()) };
    if tiled::products((geometry, terms), x, (group, planes, turned), epilogue.bias, (places, &mut *out)) {
        return epilogue.finish_group(geometry, group, out);
    }
    // What is not finite is computed as `T` has it.
    let size = (geometry.group_out(), geometry.depth());
    with_scratch::<T::Acc, _>(channels::packed_len::<T::Acc>(size.0, size.1), |packed| {
        channels::pack(source, size, packed);
        channels::products(
            geometry,
            x,
            (group, channels::Weights { packed, turned, first: 0 }),
            epilogue,
            (places, out),
        );
    });
}
