//! The weights of a linear layer, packed once for many products.

use half::bf16;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::super::amx::Terms;
use super::super::amx::pack::{Panels, Side};
use super::super::epilogue::Epilogue;
use super::super::float::{Floating, Real};
use super::super::kept::Kept;
use super::driver::{self, Size, multiply_by_packed};
use super::kernel::tile;
use super::operand::{Packed, Strided};
use super::output::{Last, Output, Start};
use super::{Ends, SMALL, dot, finished_output, product, tiled};
use crate::error::Result;

/// Weights `[n, k]` in the form in which products `x w^T` read them.
pub struct Weights {
    numbers: Kept,
    /// `n`, `k`, and the size of a number.
    shape: [usize; 3],
    /// Planes for the matrix unit, for products of these terms; else panels of numbers.
    planes: Option<Terms>,
}

/// Weights of up to so many numbers are kept packed for products of a few rows too.
const FEW_ROWS: usize = 1 << 22;

/// Whether a product of so many rows with weights `[n, k]` is quicker with packed weights, and gives the same bits: the very
/// small ones and those of one to four rows or columns are dot products of rows where they lie, a great depth is cut into
/// parts where the output is small, and the matrix unit takes large products alone.
pub fn worth_packing<T: Floating>(rows: usize, (n, k): (usize, usize)) -> bool {
    let size = Size { rows, columns: n, depth: k };
    let many = rows > 2 * tile::<T::Acc>().1;
    if let Some(terms) = tiled::applies_to_weights::<T>((n, k)) {
        return many && tiled::applies::<T>(size) == Some(terms);
    }
    let is_blocked = rows.min(n) > dot::MAX_COLUMNS && size.work() > SMALL && driver::depth_parts(size) == 1;
    T::IS_REAL && is_blocked && (many || n * k <= FEW_ROWS)
}

impl Weights {
    /// Packs weights.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn new<T: Floating>(w: ArrayView2<'_, T>) -> Result<Weights> {
        let ((n, k), width) = (w.dim(), tile::<T::Acc>().1);
        let (shape, planes) = ([n, k, size_of::<T>()], tiled::applies_to_weights::<T>((n, k)));
        let source = Strided::left(w);
        if let Some(terms) = planes {
            let numbers = Kept::new::<bf16>(Panels::size(terms, n, k), |buffer| {
                Panels::pack::<T::Acc>(Side::Right, terms, &source, (0..n, k), buffer);
            })?;
            return Ok(Weights { numbers, shape, planes });
        }
        let numbers = Kept::new::<T::Acc>(Packed::<T::Acc>::size(n, k, width), |buffer| {
            if !buffer.is_empty() {
                Packed::pack(&source, 0..n, k, width, buffer);
            }
        })?;
        Ok(Weights { numbers, shape, planes })
    }

    /// Whether these are weights of `n` outputs and `k` inputs in `T`, as exact as is asked for.
    pub fn is_for<T: Floating>(&self, (n, k): (usize, usize)) -> bool {
        self.shape == [n, k, size_of::<T>()] && self.planes == tiled::applies_to_weights::<T>((n, k))
    }

    /// `out = start + x w^T` for `x: [m, k]` and the weights `w: [n, k]` that were packed.
    ///
    /// # Panics
    /// If the shapes or types do not fit.
    pub fn multiply<T: Floating>(
        &self,
        x: ArrayView2<'_, T>,
        w: ArrayView2<'_, T>,
        start: Start<'_, T>,
        out: ArrayViewMut2<'_, T>,
    ) {
        // SAFETY: there is no residual.
        unsafe { self.product(x, w, Ends { alpha: T::Acc::from_usize(1), start, last: Last::NONE }, out) };
    }

    /// [`gemm_with`](super::gemm_with) for `x` and the transposed weights: `out = activation(x w^T + bias + residual)`, contiguous.
    ///
    /// # Panics
    /// As [`multiply`](Weights::multiply), and if the bias or the residual has another size.
    pub fn multiply_with<T: Floating>(
        &self,
        x: ArrayView2<'_, T>,
        w: ArrayView2<'_, T>,
        epilogue: &Epilogue<'_, T>,
        out: &mut [T],
    ) {
        let out = finished_output((x.nrows(), w.nrows()), epilogue, out);
        // SAFETY: the residual is as large as the contiguous output.
        unsafe { self.product(x, w, Ends::of(epilogue), out) };
    }

    /// The product with an `alpha` of 1.
    ///
    /// # Safety
    /// The residual, if there is one, must be valid for reading in the places of the output.
    unsafe fn product<T: Floating>(
        &self,
        x: ArrayView2<'_, T>,
        w: ArrayView2<'_, T>,
        ends: Ends<'_, T>,
        mut out: ArrayViewMut2<'_, T>,
    ) {
        let size = Size { rows: x.nrows(), columns: out.ncols(), depth: x.ncols() };
        let (n, k) = (size.columns, size.depth);
        assert!(self.shape == [n, k, size_of::<T>()] && out.nrows() == size.rows, "weights of another shape");
        let output = Output::of(&mut out, ends.last);
        let left = Strided::left(x.view());
        if let Some(terms) = self.planes {
            let right = tiled::RightOperand::<Strided<'_, T>>::Packed(Panels::of(self.numbers.numbers(), terms, n, k));
            // SAFETY: `output` is the view `out`, borrowed mutably here, and the unit was there when the weights were packed; for the
            // residual by the caller's word.
            unsafe {
                // As without packing, the unit adds to nothing that the output holds.
                let adds = matches!(ends.start.simplified(), Start::Scaled(_));
                if adds || !tiled::multiply((size, terms), ends.alpha, (&left, right), ends.start, output) {
                    product((x, w.reversed_axes()), ends, out);
                }
            }
            return;
        }
        let packed = Packed::of(self.numbers.numbers(), n, k, tile::<T::Acc>().1);
        // SAFETY: as above.
        unsafe { multiply_by_packed(size, (&left, packed), ends.start, output) };
    }
}
