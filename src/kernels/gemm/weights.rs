//! The weights of a linear layer, packed once for many products.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::super::float::Floating;
use super::driver::{Size, multiply_by_packed};
use super::kernel::{Output, Start, tile};
use super::operand::{Packed, Strided};
use crate::error::Result;
use crate::memory::Block;

/// Weights `[n, k]` in the form in which products `x w^T` read them.
pub struct Weights {
    memory: Block,
    /// `n`, `k`, and the size of a number.
    shape: [usize; 3],
}

/// Whether a product of so many rows is quicker with packed weights: with fewer it reads them where they lie.
pub fn worth_packing<T: Floating>(rows: usize) -> bool {
    T::IS_REAL && rows > 2 * tile::<T::Acc>().1
}

impl Weights {
    /// Packs weights.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn new<T: Floating>(w: ArrayView2<'_, T>) -> Result<Weights> {
        let ((n, k), width) = (w.dim(), tile::<T::Acc>().1);
        let len = Packed::<T::Acc>::size(n, k, width);
        let weights = Weights { memory: Block::new(len * size_of::<T::Acc>())?, shape: [n, k, size_of::<T>()] };
        // SAFETY: the block has room for as many numbers, is aligned for them, and belongs to this function alone.
        let numbers = unsafe { std::slice::from_raw_parts_mut(weights.memory.as_ptr().cast::<T::Acc>(), len) };
        if len > 0 {
            Packed::pack(&Strided::left(w), 0..n, k, width, numbers);
        }
        Ok(weights)
    }

    /// Whether these are weights of `n` outputs and `k` inputs in `T`.
    pub fn is_for<T: Floating>(&self, (n, k): (usize, usize)) -> bool {
        self.shape == [n, k, size_of::<T>()]
    }

    /// `out = start + x w^T` for `x: [m, k]`.
    ///
    /// # Panics
    /// If the shapes or types do not fit.
    pub fn multiply<T: Floating>(&self, x: ArrayView2<'_, T>, start: Start<'_, T>, mut out: ArrayViewMut2<'_, T>) {
        let size = Size { rows: x.nrows(), columns: out.ncols(), depth: x.ncols() };
        assert!(self.is_for::<T>((size.columns, size.depth)) && out.nrows() == size.rows, "weights of another shape");
        let width = tile::<T::Acc>().1;
        let len = Packed::<T::Acc>::size(size.columns, size.depth, width);
        // SAFETY: the block holds so many numbers, and nobody writes to them any more.
        let numbers = unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast::<T::Acc>(), len) };
        let packed = Packed::of(numbers, size.columns, size.depth, width);
        let &[row, column] = out.strides() else { unreachable!("two axes") };
        let output = Output { start: out.as_mut_ptr(), row, column, span: size.columns.max(1), group: 0 };
        // SAFETY: `output` is the view `out`, borrowed mutably here, with its shape and strides.
        unsafe { multiply_by_packed(size, (&Strided::left(x), packed), start, output) };
    }
}
