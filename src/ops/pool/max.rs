//! Maxima under windows, and where they are.

use super::sizes::{Options, Windows};
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, Tensors, apply, apply_many};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::pool;
use crate::ops::compute_dtype;
use crate::shape::{Dims, numel};
use smallvec::smallvec;
use std::borrow::Cow;

/// The maximum under every window and its place, an index into the flat plane.
///
/// # Errors
/// `RuntimeError` where rank, sizes or attributes do not fit.
pub fn max(rank: usize, x: &Tensor, options: Options<'_>) -> Result<Tensors> {
    let name = ["max_pool1d", "max_pool2d", "max_pool3d"][rank - 1];
    apply_many(Max { name, windows: Windows::sliding(name, rank, options)? }, &[x])
}

/// The maxima under `output` windows that cover each axis, and their places.
///
/// # Errors
/// As for [`max`].
pub fn adaptive_max(rank: usize, x: &Tensor, output: &[isize]) -> Result<Tensors> {
    let name = ["adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"][rank - 1];
    apply_many(Max { name, windows: Windows::adaptive(name, rank, output)? }, &[x])
}

#[derive(Debug)]
struct Max {
    name: &'static str,
    windows: Windows,
}

/// `g` at the places of maxima, zeros elsewhere. Inputs: `g`, places.
#[derive(Debug)]
struct PutAt {
    rank: usize,
    /// The shape of the pooling's input.
    shape: Dims,
}

/// The elements of `x` at some places. Inputs: `x`, places.
#[derive(Debug)]
struct TakeAt {
    rank: usize,
}

impl Op for Max {
    fn name(&self) -> &'static str {
        self.name
    }

    fn node_name(&self) -> Cow<'static, str> {
        let rank = self.windows.rank();
        match self.windows {
            Windows::Sliding { .. } => format!("MaxPool{rank}DWithIndicesBackward0"),
            Windows::Adaptive(_) => format!("AdaptiveMaxPool{rank}DBackward0"),
        }
        .into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let (geometry, shape) = self.windows.over(self.name, inputs[0].shape())?;
        let dtype = inputs[0].dtype();
        crate::ensure!(dtype.is_float(), NotImplemented, "{}: not implemented for '{}'", self.name, dtype.type_name());
        let x = inputs[0].to_dtype(compute_dtype(dtype))?.contiguous()?;
        let (out, places) = (Array::empty(&shape, x.dtype())?, Array::empty(&shape, DType::I64)?);
        dispatch_float!(x.dtype(), T => {
            let (y, at) = (out.slice_mut::<T>(), places.slice_mut::<i64>());
            pool::max(&geometry, x.slice::<T>(), T::NEG_INFINITY, y, at);
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(dtype)?, places])
    }

    fn saves(&self, _needs: &[bool]) -> Saves {
        Saves::outputs(&[1])
    }

    fn is_differentiable(&self, output: usize) -> bool {
        output == 0
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        Ok(smallvec![Some(input_gradient(self.windows.rank(), cx, g)?)])
    }
}

/// The gradient of the input of an operation over the last `rank` axes whose outputs are maxima and their places.
pub fn input_gradient(rank: usize, cx: &Context<'_>, g: &Tensor) -> Result<Tensor> {
    apply(PutAt { rank, shape: Dims::from_slice(cx.shape(0)) }, &[g, &cx.output(1)?])
}

/// Sizes of the planes of two tensors of one rank: elements of each of the first's planes, of the second's.
fn planes(rank: usize, x: &[usize], places: &[usize]) -> (usize, usize) {
    (numel(&x[x.len() - rank..]), numel(&places[places.len() - rank..]))
}

impl Op for PutAt {
    fn name(&self) -> &'static str {
        "max_pool_backward"
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let dtype = inputs[0].dtype();
        let (g, places) = (inputs[0].to_dtype(compute_dtype(dtype))?.contiguous()?, inputs[1].contiguous()?);
        let out = Array::empty(&self.shape, g.dtype())?;
        let sizes = planes(self.rank, &self.shape, places.shape());
        dispatch_float!(g.dtype(), T => {
            pool::put_at(sizes, g.slice::<T>(), places.slice::<i64>(), out.slice_mut::<T>());
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(dtype)?])
    }

    fn saves(&self, _needs: &[bool]) -> Saves {
        Saves::inputs(&[1])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None, None]) };
        Ok(smallvec![Some(apply(TakeAt { rank: self.rank }, &[g, &cx.input(1)?])?), None])
    }
}

impl Op for TakeAt {
    fn name(&self) -> &'static str {
        "max_pool_double_backward"
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let dtype = inputs[0].dtype();
        let (x, places) = (inputs[0].to_dtype(compute_dtype(dtype))?.contiguous()?, inputs[1].contiguous()?);
        let out = Array::empty(places.shape(), x.dtype())?;
        let sizes = planes(self.rank, x.shape(), places.shape());
        dispatch_float!(x.dtype(), T => {
            pool::take_at(sizes, x.slice::<T>(), places.slice::<i64>(), out.slice_mut::<T>());
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(dtype)?])
    }

    fn saves(&self, _needs: &[bool]) -> Saves {
        Saves::inputs(&[1])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None, None]) };
        let op = PutAt { rank: self.rank, shape: Dims::from_slice(cx.shape(0)) };
        Ok(smallvec![Some(apply(op, &[g, &cx.input(1)?])?), None])
    }
}
