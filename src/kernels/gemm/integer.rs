//! The matrix product of integers, modulo their range.

use ndarray::{ArrayView2, ArrayViewMut2};
use num_traits::{PrimInt, WrappingAdd, WrappingMul};

use super::super::parallel;

/// Depth and columns of a block: one block of the right operand stays in the nearest caches while rows run over it.
const BLOCK: usize = 128;

/// `out += a b` for `a: [m, k]`, `b: [k, n]`, `out: [m, n]`, wrapping around on overflow.
pub fn gemm_integer<T>(a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, mut out: ArrayViewMut2<'_, T>)
where
    T: PrimInt + WrappingAdd + WrappingMul + Send + Sync,
{
    let (depth, columns) = b.dim();
    debug_assert_eq!((a.nrows(), columns, a.ncols()), (out.nrows(), out.ncols(), depth));
    let mut rows: Vec<_> = out.outer_iter_mut().collect();
    parallel::for_each_chunk_mut(&mut rows, 8, depth * columns, |chunk, rows| {
        for j in (0..columns).step_by(BLOCK) {
            let width = BLOCK.min(columns - j);
            for k in (0..depth).step_by(BLOCK) {
                for (i, row) in rows.iter_mut().enumerate() {
                    let left = a.row(chunk * 8 + i);
                    let mut sums = row.slice_mut(ndarray::s![j..j + width]);
                    for k in k..(k + BLOCK).min(depth) {
                        let factor = left[k];
                        sums.zip_mut_with(&b.slice(ndarray::s![k, j..j + width]), |sum, value| {
                            *sum = sum.wrapping_add(&factor.wrapping_mul(value));
                        });
                    }
                }
            }
        }
    });
}
