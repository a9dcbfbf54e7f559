//! The layout of a tensor changed in place; its memory stays where it is.

use super::View;
use super::permute::Permute;
use super::shape::{Squeeze, Unsqueeze};
use super::strided::AsStrided;
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply_metadata};
use crate::error::Result;
use crate::shape::{Layout, checked_numel};
use std::borrow::Cow;

/// A view that takes the place of its tensor, under the name that PyTorch gives the step.
#[derive(Debug)]
struct InPlace<O>(O, &'static str);

impl<O: Op> Op for InPlace<O> {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn node_name(&self) -> Cow<'static, str> {
        self.1.into()
    }
    fn is_view(&self) -> bool {
        true
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        self.0.forward(x)
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        self.0.backward(cx, grads)
    }
}

/// [`super::unsqueeze`] in place.
pub fn unsqueeze_(x: &Tensor, axis: isize) -> Result<()> {
    apply_metadata(InPlace(View(Unsqueeze::new(axis, x.ndim())?), "UnsqueezeBackward1"), x)
}

/// [`super::squeeze`] in place.
pub fn squeeze_(x: &Tensor, axes: Option<&[isize]>) -> Result<()> {
    let name = match axes {
        None => "SqueezeBackward3",
        Some([_]) => "SqueezeBackward4",
        Some(_) => "SqueezeBackward5",
    };
    apply_metadata(InPlace(View(x.with_array(|a| Squeeze::new(axes, a.shape()))?), name), x)
}

/// [`super::transpose`] in place.
pub fn transpose_(x: &Tensor, a: isize, b: isize) -> Result<()> {
    apply_metadata(InPlace(View(Permute::swap(a, b, x.ndim())?), "TransposeBackward1"), x)
}

/// [`super::t`] in place.
pub fn t_(x: &Tensor) -> Result<()> {
    apply_metadata(InPlace(View(x.with_array(|a| Permute::t(a.shape()))?), "TBackward1"), x)
}

/// [`super::as_strided`] in place.
pub fn as_strided_(x: &Tensor, size: &[isize], stride: &[isize], offset: Option<isize>) -> Result<()> {
    apply_metadata(InPlace(AsStrided::new(x, size, stride, offset)?, "AsStridedBackward1"), x)
}

/// Another shape, row-major, over the same memory. Where the memory is too small, the tensor moves to a new block, whose
/// further elements are undefined; tensors that shared the old block keep it.
///
/// # Errors
/// `RuntimeError` for a tensor that requires a gradient.
pub fn resize_(x: &Tensor, shape: &[usize]) -> Result<()> {
    crate::ensure!(!x.requires_grad(), Runtime, "cannot resize variables that require grad");
    let array = x.array();
    if array.shape() == shape {
        return Ok(());
    }
    let layout = Layout { offset: array.layout().offset, ..Layout::contiguous(shape) };
    let resized = match array.as_strided(layout) {
        Ok(resized) => resized,
        Err(_) => {
            let old = array.storage().bytes() / array.dtype().size() - array.layout().offset;
            let new = Array::empty(&[checked_numel(shape)?], array.dtype())?;
            let kept = |a: &Array, offset| a.as_strided(Layout { offset, ..Layout::contiguous(&[old]) });
            kept(&new, 0)?.copy_from(&kept(&array, array.layout().offset)?)?;
            new.reshape(shape)?
        }
    };
    x.set_array(resized);
    Ok(())
}

/// Makes `x` share the memory, shape and strides of `source`, or of nothing.
///
/// # Errors
/// `RuntimeError` for another dtype, or a tensor that requires a gradient.
pub fn set_(x: &Tensor, source: Option<&Tensor>) -> Result<()> {
    let array = match source {
        Some(source) => source.array(),
        None => Array::zeros(&[0], x.dtype())?,
    };
    crate::ensure!(
        array.dtype() == x.dtype(),
        Runtime,
        "set_: expected a tensor of dtype {}, got {}",
        x.dtype().name(),
        array.dtype().name()
    );
    crate::ensure!(!x.requires_grad(), Runtime, "set_: the tensor requires a gradient; use .data or no_grad()");
    x.set_array(array);
    x.bump_version();
    Ok(())
}
