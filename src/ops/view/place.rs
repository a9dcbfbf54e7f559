//! A part put back into the whole: the gradient of views that leave elements out, and what `*_scatter` functions do.

use super::part::{Part, select_region, slice_region};
use super::{ViewOp, view_as};
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, add_into_layout, apply};
use crate::error::Result;
use crate::shape::{Bracketed, Dims, Layout, Region};
use smallvec::smallvec;
use std::borrow::Cow;

/// Zeros of a shape, with a value in the places that a view names; added up where several indices name one place.
#[derive(Debug)]
struct Place<V> {
    view: V,
    shape: Dims,
}

/// The gradient of a view: zeros with `grad` where the view lies.
pub(super) fn place<V: ViewOp>(view: V, grad: &Tensor, shape: &[usize]) -> Result<Tensor> {
    apply(Place { view, shape: Dims::from_slice(shape) }, &[grad])
}

impl<V: ViewOp> Op for Place<V> {
    fn name(&self) -> &'static str {
        "slice_backward"
    }
    fn node_name(&self) -> Cow<'static, str> {
        "SliceBackward0".into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::zeros(&self.shape, x[0].dtype())?;
        let target = self.view.layout(out.layout())?;
        if target.may_overlap() {
            add_into_layout(&out, &target, x[0])?;
        } else {
            out.as_strided(target)?.copy_from(x[0])?;
        }
        Ok(smallvec![out])
    }
    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| view_as(self.view.clone(), g)).transpose()?])
    }
}

/// A copy of a tensor with the places that a view names replaced.
#[derive(Debug)]
pub(super) struct Overwrite<V> {
    view: V,
    name: &'static str,
}

impl<V: ViewOp> Op for Overwrite<V> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::empty_layout(x[0].layout().dense_like(), x[0].dtype())?;
        let target = out.try_map_layout(|l: &Layout| self.view.layout(l))?;
        crate::ensure!(
            target.shape() == x[1].shape(),
            Runtime,
            "expected src to have a size equal to the slice of self. src size = {}, slice size = {}",
            Bracketed(x[1].shape()),
            Bracketed(target.shape())
        );
        out.copy_from(x[0])?;
        target.copy_from(x[1])?;
        Ok(smallvec![out])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None, None]) };
        let rest = if cx.needs(0) {
            let zeros = Tensor::new(Array::zeros(cx.shape(1), grad.dtype())?);
            Some(overwrite(self.view.clone(), self.name, grad, &zeros)?)
        } else {
            None
        };
        let part = if cx.needs(1) { Some(view_as(self.view.clone(), grad)?) } else { None };
        Ok(smallvec![rest, part])
    }
}

/// `x` with the places that a view names replaced by `source`.
pub(super) fn overwrite<V: ViewOp>(view: V, name: &'static str, x: &Tensor, source: &Tensor) -> Result<Tensor> {
    apply(Overwrite { view, name }, &[x, source])
}

/// A copy of `x` with the part that a region names replaced by `source`.
///
/// # Errors
/// `RuntimeError` where the shapes of part and source differ.
pub fn part_scatter(x: &Tensor, source: &Tensor, region: Region) -> Result<Tensor> {
    overwrite(Part { region }, "slice_scatter", x, source)
}

/// A copy of `x` with one index of an axis replaced by `source`.
///
/// # Errors
/// As [`super::select`]; `RuntimeError` where the shapes of part and source differ.
pub fn select_scatter(x: &Tensor, source: &Tensor, axis: isize, index: isize) -> Result<Tensor> {
    let region = x.with_array(|a| select_region(a.shape(), axis, index))?;
    overwrite(Part { region }, "select_scatter", x, source)
}

/// A copy of `x` with a slice of an axis replaced by `source`.
///
/// # Errors
/// As [`super::slice`]; `RuntimeError` where the shapes of part and source differ.
pub fn slice_scatter(
    x: &Tensor,
    source: &Tensor,
    axis: isize,
    start: Option<isize>,
    end: Option<isize>,
    step: isize,
) -> Result<Tensor> {
    let region = x.with_array(|a| slice_region(a.shape(), axis, start, end, step))?;
    part_scatter(x, source, region)
}
