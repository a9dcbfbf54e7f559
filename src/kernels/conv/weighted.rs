//! Convolutions with packed weights, by registers, by tiles or by the matrix unit, whichever is quicker for the geometry.

use half::bf16;

use super::super::amx::Terms;
use super::super::float::{Floating, singles, singles_mut};
use super::super::gemm::operand::Operand;
use super::super::scratch::with_scratch;
use super::channels::{self, Places};
use super::{Epilogue, Geometry, tiled, winograd};

/// How weights are packed. Not the same for every input of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In panels, for registers.
    Panels,
    /// In panels at the points of Winograd's tiles.
    Points,
    /// In planes, for the matrix unit.
    Planes(Terms),
}

/// The form for a geometry whose positions go to these places, for weights that are packed once (`kept`) or for a single use.
pub fn form<T: Floating>(geometry: &Geometry, places: Places, kept: bool) -> Form {
    match tiled::applies::<T>(geometry) {
        Some(terms) => Form::Planes(terms),
        None if places == Places::dense(geometry) && winograd::applies::<T>(geometry, kept) => Form::Points,
        None => Form::Panels,
    }
}

/// The numbers that the packed weights of a group take.
pub fn group_len<T: Floating>(geometry: &Geometry, form: Form) -> usize {
    match form {
        Form::Planes(terms) => tiled::packed_len(geometry, terms).div_ceil(size_of::<T::Acc>() / size_of::<bf16>()),
        Form::Points => winograd::packed_len(geometry),
        Form::Panels => channels::packed_len::<T::Acc>(geometry.group_out(), geometry.depth()),
    }
}

/// Packs the weights of a group (lanes: output channels; depth: taps of all input channels; `turned`: taps of a channel are stored
/// from the last to the first).
pub fn pack<T: Floating>(
    geometry: &Geometry,
    form: Form,
    (weights, turned): (&impl Operand<T::Acc>, bool),
    packed: &mut [T::Acc],
) {
    match form {
        Form::Planes(terms) => {
            let (start, len) = (packed.as_mut_ptr(), size_of_val(packed) / size_of::<bf16>());
            // SAFETY: the same memory; plain numbers both, the smaller ones in the place of the larger.
            let packed: &mut [bf16] = unsafe { std::slice::from_raw_parts_mut(start.cast(), len) };
            tiled::pack(geometry, terms, weights, &mut packed[..tiled::packed_len(geometry, terms)]);
        }
        Form::Points => winograd::pack(geometry, weights, turned, packed),
        Form::Panels => channels::pack(weights, (geometry.group_out(), geometry.depth()), packed),
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
    let plain = |packed: &[T::Acc], out: &mut [T]| {
        let weights = channels::Weights { packed, turned, first: 0 };
        channels::products(geometry, x, (group, weights), epilogue, (places, out));
    };
    let finite = match form {
        Form::Panels => return plain(packed, out),
        Form::Points => {
            assert!(places == Places::dense(geometry), "a form for positions one after the other");
            let epilogue = Epilogue {
                bias: epilogue.bias.map(singles),
                residual: epilogue.residual.map(singles),
                activation: epilogue.activation,
            };
            winograd::products(geometry, singles(x), (group, singles(packed)), &epilogue, singles_mut(out))
        }
        Form::Planes(terms) => {
            let (start, len) = (packed.as_ptr().cast(), size_of_val(packed) / size_of::<bf16>());
            // SAFETY: as in `pack`.
            let planes = unsafe { std::slice::from_raw_parts(start, len) };
            let finite =
                tiled::products((geometry, terms), x, (group, planes, turned), epilogue.bias, (places, &mut *out));
            if finite {
                epilogue.finish_group(geometry, group, out);
            }
            finite
        }
    };
    if !finite {
        // As `T` has it.
        let size = (geometry.group_out(), geometry.depth());
        with_scratch::<T::Acc, _>(channels::packed_len::<T::Acc>(size.0, size.1), |packed| {
            channels::pack(source, size, packed);
            plain(packed, out);
        });
    }
}
