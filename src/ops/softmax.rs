//! Softmax and its logarithm along one axis.

use super::binary::{mul, sub};
use super::compute_dtype;
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, sum_to};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::softmax::{Kind, softmax as kernel, softmax_gradient as gradient_kernel};
use crate::shape::{Dims, normalize_axis, numel};
use smallvec::smallvec;
use std::borrow::Cow;

/// `exp(x_i) / sum_j exp(x_j)` along an axis.
///
/// # Errors
/// `IndexError` for an axis out of range, `NotImplementedError` for integers.
pub fn softmax(x: &Tensor, axis: isize) -> Result<Tensor> {
    apply(Softmax { kind: Kind::Softmax, axis: normalize_axis(axis, x.ndim())? }, &[x])
}

/// `log(softmax(x))`, computed stably.
///
/// # Errors
/// As for [`softmax`].
pub fn log_softmax(x: &Tensor, axis: isize) -> Result<Tensor> {
    apply(Softmax { kind: Kind::LogSoftmax, axis: normalize_axis(axis, x.ndim())? }, &[x])
}

/// The gradient of the input of [`softmax`] from that of its result and the result, of one shape.
///
/// # Errors
/// As for [`softmax`].
pub fn softmax_gradient(g: &Tensor, y: &Tensor, axis: isize) -> Result<Tensor> {
    apply(SoftmaxGradient { kind: Kind::Softmax, axis: normalize_axis(axis, y.ndim())? }, &[g, y])
}

/// The sizes before, along and after an axis.
fn split(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    if shape.is_empty() {
        return (1, 1, 1);
    }
    (numel(&shape[..axis]), shape[axis], numel(&shape[axis + 1..]))
}

/// The shape with one axis made 1.
fn collapsed(shape: &[usize], axis: usize) -> Dims {
    shape.iter().enumerate().map(|(a, &n)| if a == axis { 1 } else { n }).collect()
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Softmax => "softmax",
        Kind::LogSoftmax => "log_softmax",
    }
}

#[derive(Debug)]
struct Softmax {
    kind: Kind,
    axis: usize,
}

impl Op for Softmax {
    fn name(&self) -> &'static str {
        name(self.kind)
    }

    fn node_name(&self) -> Cow<'static, str> {
        match self.kind {
            Kind::Softmax => "SoftmaxBackward0",
            Kind::LogSoftmax => "LogSoftmaxBackward0",
        }
        .into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let dtype = x[0].dtype();
        let input = x[0].contiguous()?.to_dtype(compute_dtype(dtype))?;
        let out = Array::empty(input.shape(), input.dtype())?;
        dispatch_float!(input.dtype(), T => {
            kernel(self.kind, split(input.shape(), self.axis), input.slice::<T>(), out.slice_mut::<T>())
        }, else crate::bail!(NotImplemented, "\"{}_lastdim_kernel_impl\" not implemented for '{}'", self.name(), dtype.type_name()));
        Ok(smallvec![out.to_dtype(dtype)?])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::outputs(&[0])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let op = SoftmaxGradient { kind: self.kind, axis: self.axis };
        Ok(smallvec![Some(apply(op, &[g, &cx.output(0)?])?)])
    }
}

/// The gradient of the input from that of the result and the result `y`: `y (g - sum(g y))`, or for the logarithm
/// `g - exp(y) sum(g)`.
#[derive(Debug)]
struct SoftmaxGradient {
    kind: Kind,
    axis: usize,
}

impl Op for SoftmaxGradient {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Softmax => "softmax_backward_data",
            Kind::LogSoftmax => "log_softmax_backward_data",
        }
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let dtype = x[1].dtype();
        let wide = |a: &Array| a.contiguous()?.to_dtype(compute_dtype(a.dtype()));
        let (g, y) = (wide(x[0])?, wide(x[1])?);
        let out = Array::empty(y.shape(), y.dtype())?;
        dispatch_float!(y.dtype(), T => {
            let sizes = split(y.shape(), self.axis);
            gradient_kernel(self.kind, sizes, g.slice::<T>(), y.slice::<T>(), out.slice_mut::<T>())
        }, else unreachable!("results of softmax are of a float type"));
        Ok(smallvec![out.to_dtype(dtype)?])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0, 1])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(h) = &grads[0] else { return Ok(smallvec![None, None]) };
        let (g, y) = (cx.input(0)?, cx.input(1)?);
        let one = collapsed(cx.shape(1), self.axis);
        let total = |x: &Tensor| sum_to(x, &one);
        Ok(match self.kind {
            Kind::Softmax => {
                let dg = apply(SoftmaxGradient { kind: self.kind, axis: self.axis }, &[h, &y])?;
                let inner = sub(&g, &total(&mul(&g, &y)?)?)?;
                let dy = sub(&mul(h, &inner)?, &mul(&g, &total(&mul(h, &y)?)?)?)?;
                smallvec![Some(dg), Some(dy)]
            }
            Kind::LogSoftmax => {
                // The exponentials of log-probabilities, which are normalised already.
                let p = softmax(&y, self.axis as isize)?;
                let hp = mul(h, &p)?;
                let dg = sub(h, &total(&hp)?)?;
                let dy = mul(&mul(&hp, &total(&g)?)?, -1.0)?;
                smallvec![Some(dg), Some(dy)]
            }
        })
    }
}
