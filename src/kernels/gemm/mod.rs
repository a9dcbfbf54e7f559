//! The matrix product: `out = start + alpha a b` for matrices with any strides.
//!
//! [`gemm`] chooses the way; [`driver`] cuts the work into blocks and shares it between threads; [`operand`] brings blocks into
//! the order in which [`kernel`] reads them; [`output`] says where sums go and what is done to them there. [`dot`] is for
//! matrices times a few vectors, [`integer`] for integers.
#![allow(unsafe_code)]

pub mod dot;
pub(crate) mod driver;
mod integer;
pub(crate) mod kernel;
pub(crate) mod operand;
pub(crate) mod output;
pub(crate) mod size;
mod source;
mod tiled;
pub mod weights;

use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis};

use super::epilogue::Epilogue;
use super::float::{Floating, Real};
use super::parallel;
use kernel::tile;
use operand::Strided;
pub(crate) use size::Size;

pub use integer::gemm_integer;
pub use output::{Last, Output, Start};

/// Depth of a block: a panel of the right operand of this depth takes half of a 32 KB first-level cache.
pub(crate) const DEPTH_BLOCK: usize = 256;

/// Multiply-adds up to which plain loops are the quickest.
const TINY: usize = 256;
/// Multiply-adds up to which dot products one after the other are, where the depth is adjacent in both operands.
const SMALL: usize = 4096;

/// How a product is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Dot products of rows with columns, one after the other.
    Small,
    /// Plain loops.
    Tiny,
    /// Dot products of rows with a few columns.
    Dot,
    /// Dot products of a few rows with a few columns, piece by piece.
    Thin,
    /// Blocks of packed operands.
    Blocked,
    /// One of the above on the transposed problem, `out^T = b^T a^T`.
    Transposed,
}

/// The way that [`gemm`] goes for these operands.
pub fn method<T: Floating>(a: &ArrayView2<'_, T>, b: &ArrayView2<'_, T>, out: &ArrayViewMut2<'_, T>) -> Method {
    let (rows, columns, depth) = (a.nrows(), b.ncols(), a.ncols());
    let size = Size { rows, columns, depth };
    let (height, width) = tile::<T::Acc>();
    let (at, bt) = (a.t(), b.t());
    if size.work() <= SMALL && dot::applies_small(a, b) {
        Method::Small
    } else if size.work() <= TINY {
        Method::Tiny
    } else if dot::applies_thin(a, b) {
        Method::Thin
    } else if dot::applies(a, b) {
        Method::Dot
    } else if dot::applies(&bt, &at) {
        Method::Transposed
    } else {
        // A large operand whose depth is adjacent is read best as the left one, where it need not be packed.
        let few_rows = rows <= 2 * width && columns > rows && b.strides()[0] == 1 && b.strides()[1] != 1;
        let few_columns = columns <= 2 * height && rows > columns && a.strides()[0] == 1 && a.strides()[1] != 1;
        let by_column = rows > 1 && columns > 1 && out.strides()[0] == 1 && rows > height;
        if few_rows || few_columns || by_column { Method::Transposed } else { Method::Blocked }
    }
}

/// `out = start + alpha a b` for `a: [m, k]`, `b: [k, n]`, `out: [m, n]`, all with any strides (`out` not overlapping itself).
///
/// Sums are kept in `T::Acc`. With [`Start::Zero`] what `out` held does not matter, not even nan.
///
/// ```
/// use ndarray::array;
/// use rsnn::kernels::gemm::{Start, gemm};
///
/// let (a, b) = (array![[1.0f32, 2.0], [3.0, 4.0]], array![[5.0], [6.0]]);
/// let mut out = array![[f32::NAN], [f32::NAN]];
/// gemm(1.0, a.view(), b.view(), Start::ColumnBias(&[0.5]), out.view_mut());
/// assert_eq!(out, array![[17.5], [39.5]]);
/// ```
pub fn gemm<T: Floating>(
    alpha: T::Acc,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    start: Start<'_, T>,
    out: ArrayViewMut2<'_, T>,
) {
    // SAFETY: there is no residual.
    unsafe { product((a, b), Ends { alpha, start, last: Last::NONE }, out) };
}

/// [`gemm`] with a residual and an activation besides a bias for each column: `out = activation(alpha a b + bias + residual)` for
/// `out: [m, n]`, contiguous, finished part by part while it is in the cache.
///
/// ```
/// use ndarray::array;
/// use rsnn::kernels::epilogue::{Activation, Epilogue};
/// use rsnn::kernels::gemm::gemm_with;
///
/// let (a, b) = (array![[1.0f32, 2.0], [3.0, 4.0]], array![[5.0], [6.0]]);
/// let epilogue = Epilogue { bias: Some(&[0.5]), residual: Some(&[-20.0, 1.0]), activation: Activation::Relu };
/// let mut out = [f32::NAN; 2];
/// gemm_with(1.0, a.view(), b.view(), &epilogue, &mut out);
/// assert_eq!(out, [0.0, 40.5]);
/// ```
///
/// # Panics
/// If the bias, the residual or the output has another size.
pub fn gemm_with<T: Floating>(
    alpha: T::Acc,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    epilogue: &Epilogue<'_, T>,
    out: &mut [T],
) {
    let out = finished_output((a.nrows(), b.ncols()), epilogue, out);
    // SAFETY: the residual is as large as the contiguous output.
    unsafe { product((a, b), Ends { alpha, ..Ends::of(epilogue) }, out) };
}

/// The contiguous output of a product as a matrix, after a look at the sizes of what is added to it.
fn finished_output<'a, T: Floating>(
    (rows, columns): (usize, usize),
    epilogue: &Epilogue<'_, T>,
    out: &'a mut [T],
) -> ArrayViewMut2<'a, T> {
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == columns), "a bias for every column");
    assert!(epilogue.residual.is_none_or(|residual| residual.len() == out.len()), "a residual for every element");
    ArrayViewMut2::from_shape((rows, columns), out).expect("an output of the product's size")
}

/// How sums of products become elements of the output.
#[derive(Clone, Copy)]
struct Ends<'a, T: Floating> {
    alpha: T::Acc,
    start: Start<'a, T>,
    last: Last<T>,
}

impl<'a, T: Floating> Ends<'a, T> {
    /// Those of an epilogue, whose residual has to outlive them.
    fn of(epilogue: &Epilogue<'a, T>) -> Self {
        let start = epilogue.bias.map_or(Start::Zero, Start::ColumnBias);
        Ends { alpha: T::Acc::from_usize(1), start, last: Last::of(epilogue) }
    }

    /// What the element `to`, `offset` elements behind the output's first, becomes with the sum `sum`.
    ///
    /// # Safety
    /// The residual, if there is one, must have an element there.
    #[inline(always)]
    unsafe fn join(&self, (row, column): (usize, usize), offset: isize, sum: T::Acc, to: &mut T) {
        let sum = self.alpha * sum;
        *to = T::from_acc(match self.start {
            Start::Zero => sum,
            Start::Scaled(beta) => sum + beta.to_acc() * to.to_acc(),
            Start::RowBias(bias) => sum + bias[row].to_acc(),
            Start::ColumnBias(bias) => sum + bias[column].to_acc(),
        });
        if !self.last.is_none() {
            // SAFETY: by the caller's word.
            unsafe { self.last.finish(offset, std::slice::from_mut(to)) };
        }
    }
}

/// The product, by the [`method`] for it.
///
/// # Safety
/// The residual, if there is one, must be valid for reading in the places of the output.
unsafe fn product<T: Floating>(
    (a, b): (ArrayView2<'_, T>, ArrayView2<'_, T>),
    ends: Ends<'_, T>,
    out: ArrayViewMut2<'_, T>,
) {
    debug_assert_eq!((b.nrows(), out.dim()), (a.ncols(), (a.nrows(), b.ncols())));
    let ends = Ends { start: ends.start.simplified(), ..ends };
    // SAFETY: passed on from the caller.
    unsafe {
        match method(&a, &b, &out) {
            way @ (Method::Small | Method::Dot | Method::Thin) => by_dots(a, b, ends, out, way),
            Method::Tiny => tiny(a, b, ends, out),
            Method::Transposed => {
                let (a, b, out) = (b.reversed_axes(), a.reversed_axes(), out.reversed_axes());
                let ends = Ends { start: ends.start.transposed(), ..ends };
                if dot::applies(&a, &b) { by_dots(a, b, ends, out, Method::Dot) } else { blocked(a, b, ends, out) }
            }
            Method::Blocked => blocked(a, b, ends, out),
        }
    }
}

/// [`gemm`] for each matrix of a batch: `a: [s, m, k]`, `b: [s, k, n]`, `out: [s, m, n]`; the same start for all.
pub fn gemm_batched<T: Floating>(
    alpha: T::Acc,
    a: ArrayView3<'_, T>,
    b: ArrayView3<'_, T>,
    start: Start<'_, T>,
    mut out: ArrayViewMut3<'_, T>,
) {
    let work = a.len_of(Axis(1)) * a.len_of(Axis(2)) * b.len_of(Axis(2));
    let mut outs: Vec<_> = out.outer_iter_mut().collect();
    parallel::for_each_chunk_mut(&mut outs, 1, work, |index, out| {
        gemm(alpha, a.index_axis(Axis(0), index), b.index_axis(Axis(0), index), start, out[0].view_mut());
    });
}

/// The product by blocks.
///
/// # Safety
/// As for [`product`].
unsafe fn blocked<T: Floating>(
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    ends: Ends<'_, T>,
    mut out: ArrayViewMut2<'_, T>,
) {
    let size = Size { rows: out.nrows(), columns: out.ncols(), depth: a.ncols() };
    let output = Output::of(&mut out, ends.last);
    // SAFETY: `output` is the view `out`, borrowed mutably here; for the residual by the caller's word.
    unsafe { driver::multiply(size, ends.alpha, (&Strided::left(a), &Strided::right(b)), ends.start, output) };
}

/// The product as dot products of the rows of `a` with the columns of `b`.
///
/// # Safety
/// As for [`product`].
unsafe fn by_dots<T: Floating>(
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    ends: Ends<'_, T>,
    mut out: ArrayViewMut2<'_, T>,
    way: Method,
) {
    debug_assert!(T::IS_REAL);
    let &[row, column] = out.strides() else { unreachable!("two axes") };
    // SAFETY: `IS_REAL`, which `dot::applies` asks for, says that `T` and `T::Acc` are one type; shapes and strides are kept.
    let (a, b, out) = unsafe {
        let strides = ndarray::ShapeBuilder::strides(out.raw_dim(), ndarray::Ix2(row as usize, column as usize));
        (real_view(&a), real_view(&b), ArrayViewMut2::from_shape_ptr(strides, out.as_mut_ptr().cast::<T::Acc>()))
    };
    let finish = |at: (usize, usize), sum, to: &mut T::Acc| {
        let mut value = T::from_acc(*to);
        // SAFETY: the element lies in the output; for the residual by the caller's word.
        unsafe { ends.join(at, at.0 as isize * row + at.1 as isize * column, sum, &mut value) };
        *to = value.to_acc();
    };
    match way {
        Method::Small => dot::multiply_small(a, b, out, finish),
        Method::Thin => dot::multiply_thin(a, b, out, finish),
        _ => dot::multiply(a, b, out, finish),
    }
}

/// The same view with elements named by their arithmetic type.
///
/// # Safety
/// `T::IS_REAL` must hold.
unsafe fn real_view<'a, T: Floating>(view: &ArrayView2<'a, T>) -> ArrayView2<'a, T::Acc> {
    let strides = ndarray::Ix2(view.strides()[0] as usize, view.strides()[1] as usize);
    let shape = ndarray::ShapeBuilder::strides(view.raw_dim(), strides);
    // SAFETY: same memory, shape, strides and lifetime; same type by the caller's word.
    unsafe { ArrayView2::from_shape_ptr(shape, view.as_ptr().cast()) }
}

/// The product by plain loops.
///
/// # Safety
/// As for [`product`].
unsafe fn tiny<T: Floating>(
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    ends: Ends<'_, T>,
    mut out: ArrayViewMut2<'_, T>,
) {
    let &[row, column] = out.strides() else { unreachable!("two axes") };
    for ((i, j), to) in out.indexed_iter_mut() {
        let mut sum = T::Acc::from_usize(0);
        for k in 0..a.ncols() {
            sum += a[[i, k]].to_acc() * b[[k, j]].to_acc();
        }
        // SAFETY: the element lies in the output; for the residual by the caller's word.
        unsafe { ends.join((i, j), i as isize * row + j as isize * column, sum, to) };
    }
}

/// A product by the matrix unit, whatever its size; `false` if it is not finite.
#[cfg(test)]
pub(crate) fn tiled_for_tests<T: Floating>(
    terms: super::amx::Terms,
    alpha: T::Acc,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    start: Start<'_, T>,
    mut out: ArrayViewMut2<'_, T>,
) -> bool {
    let size = Size { rows: out.nrows(), columns: out.ncols(), depth: a.ncols() };
    let (output, right) = (Output::of(&mut out, Last::NONE), Strided::right(b));
    // SAFETY: `output` is the view `out`, borrowed mutably here.
    unsafe {
        tiled::multiply((size, terms), alpha, (&Strided::left(a), tiled::RightOperand::Pack(&right)), start, output)
    }
}

#[cfg(test)]
pub(crate) use tiled::applies as tiled_applies;

#[cfg(test)]
mod tests;
