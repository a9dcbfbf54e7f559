//! Elements and slices read along an axis: `gather`, `index_select`, `take_along_dim`.

use super::along::{self, Combine};
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::error::Result;
use crate::ops::view;
use crate::shape::{Bracketed, Dims, broadcast};
use smallvec::smallvec;
use std::borrow::Cow;

/// The elements that an index tensor names along an axis. `vector`: the index has one axis (or none) and names whole
/// slices.
#[derive(Debug)]
pub(super) struct Gather {
    pub(super) axis: usize,
    pub(super) vector: bool,
}

/// Zeros in `shape`, to which values are added at the places that an index tensor names: the gradient of [`Gather`].
#[derive(Debug)]
struct Place {
    axis: usize,
    vector: bool,
    shape: Dims,
}

/// The elements of `x` that `index` names along an axis, in the shape of `index`.
///
/// # Errors
/// `RuntimeError` for an index of another dtype than `int64` and `int32`, of another number of axes or larger than `x`
/// along another axis, and for numbers out of range; `IndexError` for an axis out of range.
pub fn gather(x: &Tensor, axis: isize, index: &Tensor) -> Result<Tensor> {
    let axis = along::axis_of(x, axis)?;
    let index = along::as_long(index, || crate::error!(Runtime, "gather(): Expected dtype int32/int64 for index"))?;
    if index.numel() > 0 {
        // The numbers are checked as they are read.
        x.with_array(|x| index.with_array(|index| check_gather(x.shape(), axis, index)))?;
    }
    apply(Gather { axis, vector: false }, &[x, &index])
}

fn check_gather(shape: &[usize], axis: usize, index: &Array) -> Result<()> {
    crate::ensure!(
        index.ndim().max(1) == shape.len().max(1),
        Runtime,
        "Index tensor must have the same number of dimensions as input tensor"
    );
    for (a, (&n, &size)) in index.shape().iter().zip(shape).enumerate() {
        crate::ensure!(
            a == axis || n <= size,
            Runtime,
            "Size does not match at dimension {a} expected index {} to be no larger than self {} apart from dimension {axis}",
            Bracketed(index.shape()),
            Bracketed(shape)
        );
    }
    Ok(())
}

/// The slices of `x` that a vector of numbers names along an axis.
///
/// # Errors
/// `RuntimeError` for an index of another dtype than `int64` and `int32`; `IndexError` for an index that is no vector, for
/// numbers out of range and for an axis out of range.
pub fn index_select(x: &Tensor, axis: isize, index: &Tensor) -> Result<Tensor> {
    let axis = along::axis_of(x, axis)?;
    crate::ensure!(index.ndim() <= 1, Index, "index_select(): Index is supposed to be a vector");
    let index =
        along::as_long(index, || crate::error!(Runtime, "index_select(): Expected dtype int32 or int64 for index"))?;
    let size = x.with_array(|a| a.shape().get(axis).copied());
    crate::ensure!(
        size.is_some() || index.numel() == 1,
        Runtime,
        "index_select(): Index to scalar can have only 1 value, got {} value(s)",
        index.numel()
    );
    let outside = index.with_array(|i| along::first_outside(i, 0, size.unwrap_or(1) as i64));
    crate::ensure!(outside.is_none(), Index, "index out of range in self");
    apply(Gather { axis, vector: true }, &[x, &index])
}

/// The elements of `x` that `indices` names along an axis, where other axes of both broadcast; without an axis, of `x`
/// read as one row. Negative numbers count from the end of the axis.
///
/// # Errors
/// As [`gather`]; `RuntimeError` for an index of another dtype than `int64`.
pub fn take_along_dim(x: &Tensor, indices: &Tensor, axis: Option<isize>) -> Result<Tensor> {
    crate::ensure!(
        indices.dtype() == DType::I64,
        Runtime,
        "torch.take_along_dim(): dtype of indices should be Long but got {}",
        indices.dtype().type_name()
    );
    let Some(axis) = axis else {
        let (x, indices) = (view::reshape(x, &[-1])?, view::reshape(indices, &[-1])?);
        return gather(&x, 0, &indices);
    };
    crate::ensure!(
        x.ndim() == indices.ndim(),
        Runtime,
        "torch.take_along_dim(): input and indices should have the same number of dimensions, but got {} dimensions for \
         input, and {} dimensions for indices",
        x.ndim(),
        indices.ndim()
    );
    let at = along::axis_of(x, axis)?;
    let (mut x_shape, mut shape) = (x.shape(), indices.shape());
    if x_shape.is_empty() {
        return gather(x, axis, &along::wrapped(indices, 1)?);
    }
    let (size, count) = (x_shape[at], shape[at]);
    (x_shape[at], shape[at]) = (1, 1);
    let mut common = broadcast(&x_shape, &shape)?;
    common[at] = size;
    let x = view::broadcast_to(x, &common)?;
    common[at] = count;
    gather(&x, axis, &along::wrapped(&view::broadcast_to(indices, &common)?, size)?)
}

/// The elements of `x` at the indices along an axis that an operation has found, in the shape of these.
pub(crate) fn pick_array(x: &Array, axis: usize, indices: &Array) -> Result<Array> {
    along::gather(&along::with_axis(x), axis, &along::with_axis(indices))?.reshape(indices.shape())
}

/// Zeros in `shape`, to which the elements of `x` are added at indices along an axis: the gradient of [`pick_array`].
pub(crate) fn place(x: &Tensor, axis: usize, indices: &Array, shape: &[usize]) -> Result<Tensor> {
    apply(Place { axis, vector: false, shape: shape.into() }, &[x, &Tensor::new(indices.clone())])
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        if self.vector { "index_select" } else { "gather" }
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let (from, index) = (along::with_axis(x[0]), x[1]);
        if self.vector {
            let out = along::gather_slices(&from, self.axis, index)?;
            return Ok(smallvec![if x[0].ndim() == 0 { out.reshape(&[])? } else { out }]);
        }
        if index.numel() == 0 {
            return Ok(smallvec![Array::empty(index.shape(), x[0].dtype())?]);
        }
        Ok(smallvec![along::gather(&from, self.axis, &along::with_axis(index))?.reshape(index.shape())?])
    }
    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[1])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None, None]) };
        let op = Place { axis: self.axis, vector: self.vector, shape: cx.shape(0).into() };
        Ok(smallvec![Some(apply(op, &[grad, &cx.input(1)?])?), None])
    }
}

impl Op for Place {
    fn name(&self) -> &'static str {
        if self.vector { "index_add" } else { "scatter_add" }
    }
    fn node_name(&self) -> Cow<'static, str> {
        if self.vector { "IndexAddBackward0".into() } else { "ScatterAddBackward0".into() }
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::zeros(&self.shape, x[0].dtype())?;
        let (target, values) = (along::with_axis(&out), along::with_axis(x[0]));
        if values.numel() > 0 {
            let index =
                if self.vector { along::spread(x[1], self.axis, target.shape()) } else { along::with_axis(x[1]) };
            along::scatter(&target, self.axis, &index, &values, Combine::Add)?;
        }
        Ok(smallvec![out])
    }
    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[1])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None, None]) };
        Ok(smallvec![Some(apply(Gather { axis: self.axis, vector: self.vector }, &[grad, &cx.input(1)?])?), None])
    }
}
