//! Any layout over the same memory.

use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply, overwrite_view, put_view};
use crate::error::Result;
use crate::shape::{Bracketed, Dims, Layout};
use smallvec::smallvec;
use std::borrow::Cow;

#[derive(Debug)]
pub(super) struct AsStrided {
    /// How the tensor lay.
    base: Layout,
    view: Layout,
}

impl Op for AsStrided {
    fn name(&self) -> &'static str {
        "as_strided"
    }
    fn node_name(&self) -> Cow<'static, str> {
        "AsStridedBackward0".into()
    }
    fn is_view(&self) -> bool {
        true
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![x[0].as_strided(self.view.clone())?])
    }
    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| put_view(g, &self.base, &self.view)).transpose()?])
    }
}

impl AsStrided {
    pub(super) fn new(x: &Tensor, size: &[isize], stride: &[isize], offset: Option<isize>) -> Result<Self> {
        let base = x.layout();
        crate::ensure!(size.len() == stride.len(), Runtime, "as_strided: mismatch in length of strides and shape");
        crate::ensure!(
            stride.iter().all(|&s| s >= 0),
            Runtime,
            "as_strided: Negative strides are not supported at the moment, got strides: {}",
            Bracketed(stride)
        );
        crate::ensure!(
            size.iter().all(|&n| n >= 0),
            Runtime,
            "as_strided: sizes must not be negative, got {}",
            Bracketed(size)
        );
        let offset = match offset {
            None => base.offset,
            Some(o) => usize::try_from(o)
                .map_err(|_| crate::error!(Runtime, "as_strided: Tensor: invalid storage offset {o}"))?,
        };
        let dims = |values: &[isize]| -> Dims { values.iter().map(|&v| v as usize).collect() };
        Ok(AsStrided { base, view: Layout { shape: dims(size), strides: dims(stride), offset } })
    }
}

/// A view of the storage in any layout; `offset` counts from the start of the storage and defaults to the tensor's own.
///
/// # Errors
/// `RuntimeError` for negative sizes or strides, and for a layout that reaches beyond the storage.
pub fn as_strided(x: &Tensor, size: &[isize], stride: &[isize], offset: Option<isize>) -> Result<Tensor> {
    apply(AsStrided::new(x, size, stride, offset)?, &[x])
}

/// A copy of `x` with `source` in the places that a layout over its memory names; `offset` as for [`as_strided`].
///
/// # Errors
/// As [`as_strided`]; `RuntimeError` where `source` has another shape, `NotImplementedError` for a layout that names a place
/// twice.
pub fn as_strided_scatter(
    x: &Tensor,
    source: &Tensor,
    size: &[isize],
    stride: &[isize],
    offset: Option<isize>,
) -> Result<Tensor> {
    let AsStrided { base, view } = AsStrided::new(x, size, stride, offset)?;
    x.array().as_strided(view.clone())?;
    crate::ensure!(
        source.shape() == view.shape,
        Runtime,
        "expected src to have a size equal to the slice of self. src size = {}, slice size = {}",
        Bracketed(&source.shape()),
        Bracketed(&view.shape)
    );
    overwrite_view(x, source, &base, &view)
}
