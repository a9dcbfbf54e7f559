//! Mean and reciprocal deviation as a differentiable operation.

use super::ready;
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply_many};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::norm::channels::{self, Batch};
use crate::kernels::norm::rows::{self, Affine, Rows};
use crate::ops::binary::{add, mul, sub};
use crate::ops::compute_dtype;
use crate::shape::{Dims, numel};
use smallvec::smallvec;

/// Over what moments are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Everything but axis 1.
    AllButChannels,
    /// The last axes, so many.
    Last(usize),
}

/// `mean` and `1 / sqrt(variance + eps)`, with the reduced axes kept.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// Over what.
    pub over: Over,
    /// Whether the variance is around the mean; if not, the mean is 0.
    pub centered: bool,
    /// Added to the variance.
    pub eps: f64,
}

/// The sizes of a batch of this shape: `[images, channels, ...]`.
pub fn batch_of(shape: &[usize]) -> Batch {
    Batch { images: shape[0], channels: shape[1], positions: numel(&shape[2..]) }
}

impl Moments {
    /// Runs the operation.
    pub fn apply(self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        let mut both = apply_many(self, &[x])?;
        let rstd = both.swap_remove(1);
        Ok((both.swap_remove(0), rstd))
    }

    fn kept(&self, shape: &[usize]) -> Dims {
        let keeps = |axis: usize| match self.over {
            Over::AllButChannels => axis == 1,
            Over::Last(count) => axis < shape.len() - count,
        };
        (0..shape.len()).map(|axis| if keeps(axis) { shape[axis] } else { 1 }).collect()
    }
}

impl Op for Moments {
    fn name(&self) -> &'static str {
        "norm_moments"
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let x = ready(inputs[0], compute_dtype(inputs[0].dtype()))?;
        let kept = self.kept(x.shape());
        let (mean, rstd) = (Array::empty(&kept, x.dtype())?, Array::empty(&kept, x.dtype())?);
        dispatch_float!(x.dtype(), T => {
            let (m, r) = (mean.slice_mut::<T>(), rstd.slice_mut::<T>());
            match self.over {
                Over::AllButChannels => {
                    channels::moments(batch_of(x.shape()), x.slice::<T>(), m, r);
                    r.iter_mut().for_each(|r| *r = 1.0 / (*r + self.eps as T).sqrt());
                }
                Over::Last(_) => {
                    let len = x.numel() / mean.numel().max(1);
                    let rows = Rows { len, centered: self.centered, eps: self.eps as T };
                    let y = Array::empty(x.shape(), x.dtype())?;
                    let affine = Affine { weight: None, bias: None };
                    rows::normalize(rows, x.slice::<T>(), affine, y.slice_mut::<T>(), (m, r));
                }
            }
        }, else unreachable!("a float type"));
        Ok(smallvec![mean, rstd])
    }

    fn saves(&self, _needs: &[bool]) -> Saves {
        Saves::inputs(&[0]).and(Saves::outputs(&[0, 1]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let (x, mean, rstd) = (cx.input(0)?, cx.output(0)?, cx.output(1)?);
        let each = rstd.numel() as f64 / x.numel() as f64;
        let mut result = None;
        if let Some(g) = &grads[1] {
            let cube = mul(&mul(&rstd, &rstd)?, &rstd)?;
            result = Some(mul(&mul(&sub(&x, &mean)?, &mul(g, &cube)?)?, -each)?);
        }
        if let (Some(g), true) = (&grads[0], self.centered) {
            let share = mul(g, each)?;
            result = Some(match result {
                Some(result) => add(&result, &share)?,
                None => crate::autograd::expand(&share, &x.shape())?,
            });
        }
        Ok(smallvec![result])
    }
}
