//! Elements chosen by their index along one axis, as extrema, sorts and scans choose them. Each of the two operations is
//! the gradient of the other.

use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::error::Result;
use crate::kernels::pick::{self as kernel, Along};
use crate::shape::Dims;
use crate::{dispatch_all, dispatch_floating};
use smallvec::smallvec;
use std::borrow::Cow;

/// The elements of `x` at `indices` (row-major `int64`) along an axis; in the shape of `indices`, which differs from that of
/// `x` along the axis at most.
pub fn pick(x: &Tensor, axis: usize, indices: &Array) -> Result<Tensor> {
    apply(Pick { axis, indices: indices.clone() }, &[x])
}

/// Zeros in `shape`, to which the elements of `x` are added at `indices` along an axis.
pub fn place(x: &Tensor, axis: usize, indices: &Array, shape: &[usize]) -> Result<Tensor> {
    apply(Place { axis, indices: indices.clone(), shape: shape.into() }, &[x])
}

/// As [`pick`], for arrays.
pub fn pick_array(x: &Array, axis: usize, indices: &Array) -> Result<Array> {
    let x = x.contiguous()?;
    let (along, count) = (Along::new(x.shape(), axis), Along::new(indices.shape(), axis).size);
    let out = Array::empty(indices.shape(), x.dtype())?;
    dispatch_all!(x.dtype(), T => {
        kernel::pick(x.slice::<T>(), along, indices.slice::<i64>(), count, out.slice_mut::<T>());
    });
    Ok(out)
}

#[derive(Debug)]
struct Pick {
    axis: usize,
    indices: Array,
}

impl Op for Pick {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![pick_array(x[0], self.axis, &self.indices)?])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        Ok(smallvec![Some(place(g, self.axis, &self.indices, cx.shape(0))?)])
    }
}

#[derive(Debug)]
struct Place {
    axis: usize,
    indices: Array,
    shape: Dims,
}

impl Op for Place {
    fn name(&self) -> &'static str {
        "scatter_add"
    }

    fn node_name(&self) -> Cow<'static, str> {
        "ScatterAddBackward0".into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let x = x[0].contiguous()?;
        let (along, count) = (Along::new(&self.shape, self.axis), Along::new(x.shape(), self.axis).size);
        let out = Array::zeros(&self.shape, x.dtype())?;
        let indices = self.indices.slice::<i64>();
        dispatch_floating!(x.dtype(), T => {
            kernel::place(x.slice::<T>(), along, indices, count, out.slice_mut::<T>(), |a, b| a + b);
        }, else unreachable!("gradients are of a float type"));
        Ok(smallvec![out])
    }

    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        Ok(smallvec![Some(pick(g, self.axis, &self.indices)?)])
    }
}
