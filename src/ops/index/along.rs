//! What lookups along an axis share: index tensors checked and brought to one form, and the two kernels by dtype.

use super::combine;
use crate::array::{Array, DType};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::kernels::{elementwise, index as kernel};
use crate::shape::{Dims, Layout, normalize_axis};
use crate::{dispatch_all, dispatch_size};
use smallvec::smallvec;

/// How a value meets the element whose place it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Combine {
    Assign,
    Add,
    Multiply,
    Maximum,
    Minimum,
}

/// An index tensor as `int64`.
///
/// # Errors
/// What `wrong` makes of another dtype than `int32` and `int64`.
pub(super) fn as_long(index: &Tensor, wrong: impl FnOnce() -> crate::error::Error) -> Result<Tensor> {
    match index.dtype() {
        DType::I64 => Ok(index.clone()),
        DType::I32 => Ok(Tensor::new(index.array().to_dtype(DType::I64)?)),
        _ => Err(wrong()),
    }
}

/// The first number that does not lie in `low..high`.
pub(super) fn first_outside(index: &Array, low: i64, high: i64) -> Option<i64> {
    let outside = |i: i64| !(low..high).contains(&i);
    if !elementwise::any(index.operand::<i64>(), outside) {
        return None;
    }
    index.view::<i64>().iter().copied().find(|&i| outside(i))
}

/// Checks that every number lies on an axis.
///
/// # Errors
/// `RuntimeError` in PyTorch's words.
pub(super) fn check_range(index: &Array, axis: usize, size: usize) -> Result<()> {
    match first_outside(index, 0, size as i64) {
        None => Ok(()),
        Some(i) => crate::bail!(Runtime, "index {i} is out of bounds for dimension {axis} with size {size}"),
    }
}

/// Numbers of which the negative ones count from the end of an axis.
pub(super) fn wrapped(indices: &Tensor, size: usize) -> Result<Tensor> {
    let array = indices.array();
    if first_outside(&array, 0, i64::MAX).is_none() {
        return Ok(indices.clone());
    }
    let out = Array::empty(array.shape(), DType::I64)?;
    let size = size as i64;
    elementwise::map1(array.operand::<i64>(), out.operand_mut::<i64>()?, |i| if i < 0 { i + size } else { i });
    Ok(Tensor::new(out))
}

/// A tensor without axes as one with an axis of size 1; others as they are.
pub(crate) fn with_axis(x: &Array) -> Array {
    if x.ndim() == 0 { x.map_layout(|l| l.unsqueeze(0)) } else { x.clone() }
}

/// A vector of numbers that stands for each line along an axis of `shape`.
pub(super) fn spread(vector: &Array, axis: usize, shape: &[usize]) -> Array {
    let vector = with_axis(vector);
    let mut out = Dims::from_slice(shape);
    out[axis] = vector.shape()[0];
    let mut strides: Dims = smallvec![0; shape.len()];
    strides[axis] = vector.strides()[0];
    vector.map_layout(|l| Layout { shape: out, strides, offset: l.offset })
}

/// The beginning of a tensor that is as long as `shape` along each axis.
pub(super) fn beginning(x: &Array, shape: &[usize]) -> Array {
    x.map_layout(|l| Layout { shape: shape.into(), ..l.clone() })
}

/// The axis of a lookup in a tensor.
pub(super) fn axis_of(x: &Tensor, axis: isize) -> Result<usize> {
    normalize_axis(axis, x.ndim())
}

/// The elements of `x` that `index` names along an axis, as a fresh array in the shape of `index`. Shapes have been checked.
///
/// # Errors
/// `RuntimeError` for numbers out of range.
pub(super) fn gather(x: &Array, axis: usize, index: &Array) -> Result<Array> {
    let out = Array::empty(index.shape(), x.dtype())?;
    let (from, to) = (x.bits(), out.bits());
    let inside = dispatch_size!(x.dtype(), T => {
        kernel::gather(from.operand::<T>(), axis, index.operand::<i64>(), to.operand_mut::<T>()?)
    });
    found_inside(inside, index, axis, x)?;
    Ok(out)
}

/// What a kernel has found of an index: whether all numbers lie on the axis.
fn found_inside(inside: bool, index: &Array, axis: usize, x: &Array) -> Result<()> {
    if inside {
        return Ok(());
    }
    check_range(index, axis, x.shape()[axis])?;
    crate::bail!(Runtime, "the index tensor was written to by another thread while it was read")
}

/// The slices of `x` that a vector of numbers names along an axis, as a fresh array. Everything has been checked.
pub(crate) fn gather_slices(x: &Array, axis: usize, vector: &Array) -> Result<Array> {
    gather(x, axis, &spread(vector, axis, x.shape()))
}

/// Lets values meet the elements of `x` that `index` names along an axis. Shapes have been checked.
///
/// # Errors
/// `RuntimeError` for numbers out of range; some values have been written then.
pub(super) fn scatter(x: &Array, axis: usize, index: &Array, values: &Array, how: Combine) -> Result<()> {
    scatter_onto(x, None, axis, index, values, how)
}

/// A copy of `x` in which values meet the elements that `index` names, as in [`scatter`].
pub(super) fn scattered(x: &Array, axis: usize, index: &Array, values: &Array, how: Combine) -> Result<Array> {
    if !x.is_contiguous() {
        let out = x.copy_contiguous()?;
        scatter(&with_axis(&out), axis, index, values, how)?;
        return Ok(out);
    }
    let out = Array::empty(x.shape(), x.dtype())?;
    scatter_onto(&with_axis(&out), Some(x), axis, index, values, how)?;
    Ok(out)
}

/// [`scatter`] into `x`, whose elements, where it is a new array, become those of `from` first.
fn scatter_onto(
    x: &Array,
    from: Option<&Array>,
    axis: usize,
    index: &Array,
    values: &Array,
    how: Combine,
) -> Result<()> {
    let apart = |a: &Array| {
        if std::sync::Arc::ptr_eq(x.storage(), a.storage()) { a.copy_contiguous() } else { Ok(a.clone()) }
    };
    let (index, values) = (&apart(index)?, &apart(values)?);
    let inside = if how == Combine::Assign {
        let (x, values, from) = (x.bits(), values.bits(), from.map(|from| from.bits()));
        dispatch_size!(x.dtype(), T => {
            let from = from.as_ref().map(|from| from.slice::<T>());
            kernel::scatter(x.operand_mut::<T>()?, from, axis, index.operand(), values.operand::<T>(), |a, b| *a = b)
        })
    } else {
        dispatch_all!(x.dtype(), T => {
            let (x, index, values) = (x.operand_mut::<T>()?, index.operand(), values.operand::<T>());
            let from = from.map(|from| from.slice::<T>());
            match how {
                Combine::Multiply => kernel::scatter(x, from, axis, index, values, combine::multiply::<T>),
                Combine::Maximum => kernel::scatter(x, from, axis, index, values, combine::maximum::<T>),
                Combine::Minimum => kernel::scatter(x, from, axis, index, values, combine::minimum::<T>),
                _ => kernel::scatter(x, from, axis, index, values, combine::add::<T>),
            }
        })
    };
    found_inside(inside, index, axis, x)
}

/// Refuses to write a tensor whose elements overlap.
pub(super) fn check_no_overlap(x: &Tensor) -> Result<()> {
    crate::ensure!(
        !x.with_array(|a| a.layout().may_overlap()),
        Runtime,
        "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please \
         clone() the tensor before performing the operation."
    );
    Ok(())
}

/// Refuses to write a tensor in place whose elements overlap, or that shares memory with what is read meanwhile. As in
/// PyTorch, the latter is found where both fill their memory; [`scatter`] copies what it reads in all other cases.
pub(super) fn check_apart(x: &Tensor, read: &[&Tensor]) -> Result<()> {
    check_no_overlap(x)?;
    let x = x.array();
    for other in read {
        let shared = other.with_array(|o| {
            let (a, b) = (x.layout(), o.layout());
            std::sync::Arc::ptr_eq(x.storage(), o.storage())
                && (a == b || (a.is_dense() && b.is_dense()))
                && x.numel().min(o.numel()) > 0
                && a.offset * x.dtype().size() < b.end() * o.dtype().size()
                && b.offset * o.dtype().size() < a.end() * x.dtype().size()
        });
        crate::ensure!(
            !shared,
            Runtime,
            "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory \
             location. Please clone() the tensor before performing the operation."
        );
    }
    Ok(())
}
