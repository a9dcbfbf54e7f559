//! Elements chosen along an axis by their place in the order.

use crate::array::{Array, DType, Element};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, Tensors, apply_many};
use crate::dispatch_all;
use crate::error::Result;
use crate::kernels::order::Ordered;
use crate::kernels::sort as kernel;
use crate::ops::index::{pick_array, place};
use crate::ops::view::reshape_to;
use crate::shape::{Dims, normalize_axis};
use smallvec::smallvec;
use std::borrow::Cow;

/// The elements along an axis in ascending or descending order, and their indices. Equal elements keep their order; NaN
/// counts as the largest.
///
/// # Errors
/// `IndexError` for an axis that is not there.
pub fn sort(x: &Tensor, dim: isize, descending: bool) -> Result<Tensors> {
    choose(How::Sort { descending }, x, dim, true)
}

/// The `k` largest or smallest elements along an axis, from the most extreme on, and their indices.
///
/// # Errors
/// `IndexError` for an axis that is not there, `RuntimeError` for a `k` beyond the axis and for `bool`.
pub fn topk(x: &Tensor, k: isize, dim: isize, largest: bool) -> Result<Tensors> {
    let axis = normalize_axis(dim, x.ndim())?;
    let size = x.shape().get(axis).copied().unwrap_or(1);
    let k = usize::try_from(k).ok().filter(|&k| k <= size);
    let Some(k) = k else { crate::bail!(Runtime, "topk(): selected index k out of range for an axis of size {size}") };
    crate::ensure!(x.dtype() != DType::Bool, Runtime, "topk does not support bool dtypes on CPU");
    // A scalar is its own result, whatever `k` is.
    let k = if x.ndim() == 0 { 1 } else { k };
    choose(How::Top { k, largest }, x, dim, true)
}

/// The `k`-th smallest element along an axis (from 1 on) and its index.
///
/// # Errors
/// `IndexError` for an axis that is not there or of size zero, `RuntimeError` for a `k` beyond it, `NotImplementedError` for
/// `bool`.
pub fn kthvalue(x: &Tensor, k: isize, dim: isize, keepdim: bool) -> Result<Tensors> {
    let axis = normalize_axis(dim, x.ndim())?;
    let size = x.shape().get(axis).copied().unwrap_or(1);
    check_not_empty("kthvalue", size, axis)?;
    crate::ensure!(
        k >= 1 && k as usize <= size,
        Runtime,
        "kthvalue(): selected number k out of range for dimension {axis}"
    );
    crate::ensure!(x.dtype() != DType::Bool, NotImplemented, "kthvalue: not implemented for bool");
    choose(How::Kth { k: k as usize }, x, dim, keepdim)
}

/// The lower median along an axis and its index. A NaN is the median, unless NaN are passed over.
///
/// # Errors
/// `IndexError` for an axis that is not there or of size zero, `NotImplementedError` for `bool`.
pub fn median_along(x: &Tensor, dim: isize, keepdim: bool, skip_nan: bool) -> Result<Tensors> {
    crate::ensure!(x.dtype() != DType::Bool, NotImplemented, "median: not implemented for bool");
    choose(How::Median { skip_nan }, x, dim, keepdim)
}

/// The most frequent element along an axis (the smallest, where several are) and the last of its indices.
///
/// # Errors
/// `IndexError` for an axis that is not there or of size zero.
pub fn mode(x: &Tensor, dim: isize, keepdim: bool) -> Result<Tensors> {
    choose(How::Mode, x, dim, keepdim)
}

fn choose(how: How, x: &Tensor, dim: isize, keepdim: bool) -> Result<Tensors> {
    let axis = normalize_axis(dim, x.ndim())?;
    apply_many(Choose { how, axis, keepdim }, &[x])
}

fn check_not_empty(op: &str, size: usize, axis: usize) -> Result<()> {
    crate::ensure!(size > 0, Index, "{op}(): Expected reduction dim {axis} to have non-zero size.");
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Sort { descending: bool },
    Top { k: usize, largest: bool },
    Kth { k: usize },
    Median { skip_nan: bool },
    Mode,
}

impl How {
    fn indices<T: Ordered>(self, rows: &[T], size: usize, out: &mut [i64]) {
        match self {
            How::Sort { descending } => kernel::argsort(rows, size, descending, out),
            How::Top { k, largest } => kernel::top(rows, size, k, largest, out),
            How::Kth { k } => kernel::nth(rows, size, |_| k - 1, out),
            How::Median { skip_nan } => kernel::nth(rows, size, |row| kernel::median_place(row, skip_nan), out),
            How::Mode => kernel::mode(rows, size, out),
        }
    }
}

#[derive(Debug)]
struct Choose {
    how: How,
    axis: usize,
    keepdim: bool,
}

impl Choose {
    /// How many elements are chosen along the axis.
    fn count(&self, size: usize) -> usize {
        match self.how {
            How::Sort { .. } => size,
            How::Top { k, .. } => k,
            _ => 1,
        }
    }

    /// The shape of the indices, with the axis.
    fn full_shape(&self, shape: &[usize]) -> Dims {
        let mut out = Dims::from_slice(shape);
        if let Some(size) = out.get_mut(self.axis) {
            *size = self.count(*size);
        }
        out
    }

    /// The shape of the results.
    fn output_shape(&self, shape: &[usize]) -> Dims {
        let mut out = self.full_shape(shape);
        if !self.keepdim && self.axis < out.len() {
            out.remove(self.axis);
        }
        out
    }
}

/// The axes with one of them last, and the way back.
fn axis_last(ndim: usize, axis: usize) -> (Dims, Dims) {
    let mut there: Dims = (0..ndim).filter(|&a| a != axis).collect();
    let mut back: Dims = (0..ndim.saturating_sub(1)).collect();
    if axis < ndim {
        there.push(axis);
        back.insert(axis, ndim - 1);
    }
    (there, back)
}

impl Op for Choose {
    fn name(&self) -> &'static str {
        match self.how {
            How::Sort { .. } => "sort",
            How::Top { .. } => "topk",
            How::Kth { .. } => "kthvalue",
            How::Median { skip_nan: false } => "median",
            How::Median { skip_nan: true } => "nanmedian",
            How::Mode => "mode",
        }
    }

    fn node_name(&self) -> Cow<'static, str> {
        match self.how {
            How::Sort { .. } => "SortBackward0",
            How::Top { .. } => "TopkBackward0",
            How::Kth { .. } => "KthvalueBackward0",
            How::Median { skip_nan: false } => "MedianBackward1",
            How::Median { skip_nan: true } => "NanmedianBackward1",
            How::Mode => "ModeBackward0",
        }
        .into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let x = x[0];
        let size = x.shape().get(self.axis).copied().unwrap_or(1);
        if !matches!(self.how, How::Sort { .. } | How::Top { .. }) {
            check_not_empty(self.name(), size, self.axis)?;
        }
        crate::ensure!(
            size <= kernel::LONGEST_ROW,
            Runtime,
            "{}(): an axis of size {size} is too long, expected at most {}",
            self.name(),
            kernel::LONGEST_ROW
        );
        let (there, back) = axis_last(x.ndim(), self.axis);
        let rows = x.map_layout(|l| l.permute(&there)).contiguous()?;
        let shape = self.full_shape(x.shape());
        let moved: Dims = there.iter().map(|&a| shape[a]).collect();
        let indices = Array::empty(&moved, DType::I64)?;
        dispatch_all!(x.dtype(), T => self.how.indices::<T>(rows.slice::<T>(), size, indices.slice_mut::<i64>()));
        let indices = indices.map_layout(|l| l.permute(&back)).contiguous()?;
        let values = pick_array(x, self.axis, &indices)?;
        let shape = self.output_shape(x.shape());
        Ok(smallvec![values.reshape(&shape)?, indices.reshape(&shape)?])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::outputs(&[1])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let full = self.full_shape(cx.shape(0));
        let indices = cx.output(1)?.array().reshape(&full)?;
        Ok(smallvec![Some(place(&reshape_to(g, &full)?, self.axis, &indices, cx.shape(0))?)])
    }

    fn is_differentiable(&self, output: usize) -> bool {
        output == 0
    }
}

/// The lower median of all elements as an array without axes; NaN for no elements of a float type, and for a NaN unless
/// these are passed over.
pub(super) fn median_of_all(x: &Array, skip_nan: bool) -> Result<Array> {
    let out = Array::empty(&[], x.dtype())?;
    let x = x.contiguous()?;
    dispatch_all!(x.dtype(), T => {
        let row = x.slice::<T>();
        let mut index = [0];
        if row.is_empty() {
            out.slice_mut::<T>()[0] = if T::DTYPE.is_float() { T::from_f64(f64::NAN) } else { T::from_i64(i64::MIN) };
        } else {
            How::Median { skip_nan }.indices::<T>(row, row.len(), &mut index);
            out.slice_mut::<T>()[0] = row[index[0] as usize];
        }
    });
    Ok(out)
}
