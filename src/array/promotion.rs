//! The dtype in which several operands meet, by PyTorch's rules: tensors with axes decide first, then tensors without
//! axes, then plain numbers; a lower rank only counts where it is of a higher category.

use super::{Array, DType, Scalar};

/// Collects operands; [`Promotion::result`] is the dtype in which they meet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Promotion {
    tensors: Option<DType>,
    zero_dim: Option<DType>,
    numbers: Option<DType>,
}

impl Promotion {
    /// Of these arrays.
    pub fn of<'a>(arrays: impl IntoIterator<Item = &'a Array>) -> Self {
        arrays.into_iter().fold(Self::default(), Self::array)
    }

    /// With one more array.
    #[inline]
    pub fn array(mut self, array: &Array) -> Self {
        let rank = if array.ndim() == 0 { &mut self.zero_dim } else { &mut self.tensors };
        *rank = Some(rank.map_or(array.dtype(), |d| d.promote(array.dtype())));
        self
    }

    /// With one more number.
    #[inline]
    pub fn number(mut self, number: Scalar) -> Self {
        let dtype = number.dtype();
        self.numbers = Some(self.numbers.map_or(dtype, |d| d.promote(dtype)));
        self
    }

    /// The common dtype; `bool` of nothing.
    #[inline]
    pub fn result(self) -> DType {
        combine(self.tensors, combine(self.zero_dim, self.numbers)).unwrap_or(DType::Bool)
    }
}

fn combine(higher: Option<DType>, lower: Option<DType>) -> Option<DType> {
    match (higher, lower) {
        (Some(high), Some(low)) if low.category() > high.category() => Some(high.promote(low)),
        (Some(high), _) => Some(high),
        (None, low) => low,
    }
}
