//! Logarithms of sums of exponentials.

use super::{Axes, extreme, fold, spread};
use crate::array::{Array, Float, default_float};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::elementwise::{map1, map2};
use crate::kernels::reduce::reducers::Exponentials;
use crate::ops::binary::mul;
use crate::ops::compute_dtype;
use smallvec::smallvec;

/// `log(sum(exp(x)))` over axes, without overflow on the way. Integers are taken in the default float type; the result for
/// no elements is `-inf`.
///
/// # Errors
/// `IndexError` for an axis that is not there, `RuntimeError` for one named twice.
pub fn logsumexp(x: &Tensor, dims: &[isize], keepdim: bool) -> Result<Tensor> {
    let axes = Axes::new("logsumexp", Some(dims), x.ndim(), keepdim)?;
    if x.dtype().is_float() {
        return apply(LogSumExp { axes }, &[x]);
    }
    apply(LogSumExp { axes }, &[&Tensor::new(x.array().to_dtype(default_float())?)])
}

#[derive(Debug)]
struct LogSumExp {
    axes: Axes,
}

fn compute<T: Float + crate::kernels::float::Real>(x: &Array, axes: &Axes) -> Result<Array> {
    let shape = axes.output_shape(x.shape());
    let tops = if axes.count(x.shape()) == 0 { Array::zeros(&shape, x.dtype())? } else { extreme(x, axes, true)? };
    // An infinite top would make NaN of the differences.
    map1(tops.operand::<T>(), tops.operand_mut::<T>()?, |top: T| {
        if num_traits::Float::is_infinite(top) { T::zero() } else { top }
    });
    let by = Exponentials { tops: tops.slice::<T>() };
    fold::<T, T, _>(x, axes, &by, |(top, sum)| top + num_traits::Float::ln(sum))
}

impl Op for LogSumExp {
    fn name(&self) -> &'static str {
        "logsumexp"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let dtype = x[0].dtype();
        let wide = x[0].to_dtype(compute_dtype(dtype))?;
        let out =
            dispatch_float!(wide.dtype(), T => compute::<T>(&wide, &self.axes)?, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(dtype)?])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0]).and(Saves::outputs(&[0]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let shape = cx.shape(0);
        let weights = exp_difference(&cx.input(0)?, &spread(&cx.output(0)?, &self.axes, shape)?)?;
        Ok(smallvec![Some(mul(&spread(g, &self.axes, shape)?, &weights)?)])
    }
}

/// `exp(a - b)` for tensors of one shape and float type.
pub(crate) fn exp_difference(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(ExpDifference, &[a, b])
}

#[derive(Debug)]
struct ExpDifference;

impl Op for ExpDifference {
    fn name(&self) -> &'static str {
        "exp_difference"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let dtype = x[0].dtype();
        let wide = compute_dtype(dtype);
        let (a, b) = (x[0].to_dtype(wide)?, x[1].to_dtype(wide)?);
        let out = Array::empty(a.shape(), wide)?;
        dispatch_float!(wide, T => {
            let f = |a: T, b: T| (a - b).exp();
            map2(a.operand::<T>(), b.operand::<T>(), out.operand_mut::<T>()?, f);
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(dtype)?])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::outputs(&[0])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None, None]) };
        let up = mul(g, &cx.output(0)?)?;
        let down = if cx.needs(1) { Some(mul(&up, -1.0)?) } else { None };
        Ok(smallvec![Some(up), down])
    }
}
