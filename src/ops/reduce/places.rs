//! Where the largest and smallest elements are.

use super::{Axes, fold};
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, Tensors, apply, apply_many};
use crate::dispatch_all;
use crate::error::Result;
use crate::kernels::reduce::reducers::ExtremePlace;
use crate::ops::index::{pick_array, place as place_at};
use crate::ops::view::reshape_to;
use crate::shape::Dims;
use smallvec::smallvec;

/// The index of the largest element along an axis, or among all in row-major order: the first of equals, the first NaN if
/// there is one.
///
/// # Errors
/// `IndexError` for an axis that is not there and for no elements, `RuntimeError` for `bool`.
pub fn argmax(x: &Tensor, dim: Option<isize>, keepdim: bool) -> Result<Tensor> {
    place("argmax", true, x, dim, keepdim)
}

/// The index of the smallest element; otherwise as [`argmax`].
pub fn argmin(x: &Tensor, dim: Option<isize>, keepdim: bool) -> Result<Tensor> {
    place("argmin", false, x, dim, keepdim)
}

fn place(name: &'static str, largest: bool, x: &Tensor, dim: Option<isize>, keepdim: bool) -> Result<Tensor> {
    crate::ensure!(x.dtype() != DType::Bool, Runtime, "{name}(): does not support bool input");
    let axes = match dim {
        Some(dim) => Axes::one(dim, x.ndim(), keepdim)?,
        None => Axes::all(x.ndim(), keepdim),
    };
    crate::ensure!(
        !axes.is_all() || x.numel() > 0,
        Index,
        "{name}(): Expected reduction dim to be specified for input.numel() == 0."
    );
    apply(Place { name, largest, axes }, &[x])
}

/// The largest elements along an axis and their indices. The gradient goes to the element at the index.
///
/// # Errors
/// `IndexError` for an axis that is not there or of size zero.
pub fn max_along(x: &Tensor, dim: isize, keepdim: bool) -> Result<Tensors> {
    along("max", true, x, dim, keepdim)
}

/// The smallest elements along an axis and their indices; otherwise as [`max_along`].
pub fn min_along(x: &Tensor, dim: isize, keepdim: bool) -> Result<Tensors> {
    along("min", false, x, dim, keepdim)
}

fn along(name: &'static str, largest: bool, x: &Tensor, dim: isize, keepdim: bool) -> Result<Tensors> {
    let axes = Axes::one(dim, x.ndim(), keepdim)?;
    apply_many(Along { name, largest, axes }, &[x])
}

/// The index of the first extreme element over axes.
fn places(name: &str, x: &Array, axes: &Axes, largest: bool) -> Result<Array> {
    axes.check_not_empty(name, x.shape())?;
    dispatch_all!(x.dtype(), T => match largest {
        true => fold::<T, i64, _>(x, axes, &ExtremePlace::<true>, |(_, at)| at as i64),
        false => fold::<T, i64, _>(x, axes, &ExtremePlace::<false>, |(_, at)| at as i64),
    })
}

#[derive(Debug)]
struct Place {
    name: &'static str,
    largest: bool,
    axes: Axes,
}

impl Op for Place {
    fn name(&self) -> &'static str {
        self.name
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![places(self.name, x[0], &self.axes, self.largest)?])
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![None])
    }

    fn is_differentiable(&self, _: usize) -> bool {
        false
    }
}

#[derive(Debug)]
struct Along {
    name: &'static str,
    largest: bool,
    axes: Axes,
}

impl Along {
    /// The axis, and the shape in which it stays with size 1.
    fn axis(&self, shape: &[usize]) -> (usize, Dims) {
        let axis = self.axes.mask().iter().position(|&gone| gone).unwrap_or(0);
        (axis, self.axes.kept().output_shape(shape))
    }
}

impl Op for Along {
    fn name(&self) -> &'static str {
        self.name
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let indices = places(self.name, x[0], &self.axes, self.largest)?;
        let (axis, kept) = self.axis(x[0].shape());
        let values = pick_array(x[0], axis, &indices.reshape(&kept)?)?;
        Ok(smallvec![values.reshape(indices.shape())?, indices])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::outputs(&[1])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let (axis, kept) = self.axis(cx.shape(0));
        let indices = cx.output(1)?.array().reshape(&kept)?;
        Ok(smallvec![Some(place_at(&reshape_to(g, &kept)?, axis, &indices, cx.shape(0))?)])
    }

    fn is_differentiable(&self, output: usize) -> bool {
        output == 0
    }
}
