//! Batch normalisation.

use super::moments::{Moments, Over, batch_of};
use super::{along_channels, check_float, check_kinds, input_gradient, ready};
use crate::array::{Array, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_many, grad_enabled, sum_to};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::norm::{channels, training};
use crate::ops::binary::{add_, mul, mul_, sub};
use crate::ops::{compute_dtype, view};
use crate::shape::{Bracketed, Dims};
use smallvec::smallvec;
use std::borrow::Cow;

/// Running statistics: read in evaluation, brought up to date in training.
#[derive(Clone, Copy)]
pub struct Running<'a> {
    /// The mean of each channel.
    pub mean: &'a Tensor,
    /// The variance of each channel.
    pub variance: &'a Tensor,
}

/// Normalises every channel of `x: [n, c, ...]`: by the statistics of the batch in training, by the running ones in evaluation.
/// In training running statistics move towards those of the batch by the factor `momentum` (the variance unbiased).
///
/// # Errors
/// `RuntimeError` where sizes do not fit, or in evaluation without running statistics.
pub fn batch_norm(
    x: &Tensor,
    (weight, bias): (Option<&Tensor>, Option<&Tensor>),
    running: Option<Running<'_>>,
    training: bool,
    momentum: f64,
    eps: f64,
) -> Result<Tensor> {
    let shape = x.shape();
    crate::ensure!(
        shape.len() >= 2,
        Runtime,
        "batch_norm: expected an input of at least 2 dimensions, got shape {}",
        Bracketed(&shape)
    );
    check_float("batch_norm", x)?;
    let channels = shape[1];
    let others = [
        ("weight", weight),
        ("bias", bias),
        ("running_mean", running.map(|running| running.mean)),
        ("running_var", running.map(|running| running.variance)),
    ];
    for (what, tensor) in others {
        if let Some(tensor) = tensor {
            crate::ensure!(
                tensor.numel() == channels,
                Runtime,
                "batch_norm: expected {what} to have {channels} elements, got {}",
                tensor.numel()
            );
        }
    }
    check_kinds("batch_norm", x, &others)?;
    let dtype = compute_dtype(x.dtype());
    let constant = |value: f64| Array::full(&[channels], Scalar::Float(value), dtype).map(Tensor::new);
    let weight = weight.map_or_else(|| constant(1.0), |weight| Ok(weight.clone()))?;
    let bias = bias.map_or_else(|| constant(0.0), |bias| Ok(bias.clone()))?;
    if !training {
        let Some(Running { mean, variance }) = running else {
            crate::bail!(Runtime, "batch_norm: expected running_mean and running_var in evaluation, got None")
        };
        return apply(BatchNorm { training, eps }, &[x, &weight, &bias, mean, variance]);
    }
    let mut results = apply_many(BatchNorm { training, eps }, &[x, &weight, &bias])?;
    if let Some(running) = running {
        let count = (x.numel() / channels.max(1)) as f64;
        let unbiased = count / (count - 1.0);
        for (running, batch, factor) in [(running.mean, &results[1], 1.0), (running.variance, &results[2], unbiased)] {
            mul_(running, 1.0 - momentum)?;
            add_(running, &mul(&crate::autograd::cast(batch, running.dtype())?, momentum * factor)?)?;
        }
    }
    Ok(results.swap_remove(0))
}

/// Inputs: `x`, weight, bias, and in evaluation mean and variance. Outputs: `y`, and in training mean and (biased) variance.
#[derive(Clone, Debug)]
struct BatchNorm {
    training: bool,
    eps: f64,
}

impl BatchNorm {
    /// The gradients by fused kernels, as arrays: of `x`, and of weight and bias where these are wanted or come for free.
    fn fused(
        &self,
        x: &Array,
        weight: &Array,
        (mean, variance): (&Array, &Array),
        g: &Array,
        affine: bool,
    ) -> Result<[Option<Array>; 3]> {
        let dtype = mean.dtype();
        let (x, g, w) = (ready(x, dtype)?, ready(g, dtype)?, ready(weight, dtype)?);
        let (batch, channels) = (batch_of(x.shape()), mean.numel());
        let dx = Array::empty(x.shape(), dtype)?;
        let (total, slope) = (Array::empty(&[channels], dtype)?, Array::empty(&[channels], dtype)?);
        dispatch_float!(dtype, T => {
            let rstd: Vec<T> = variance.slice::<T>().iter().map(|v| 1.0 / (v + self.eps as T).sqrt()).collect();
            let (g, x, mean, w) = (g.slice::<T>(), x.slice::<T>(), mean.slice::<T>(), w.slice::<T>());
            let (t, s) = (total.slice_mut::<T>(), slope.slice_mut::<T>());
            if self.training {
                training::gradients(batch, (g, x), (mean, &rstd), w, (&mut *t, &mut *s), dx.slice_mut::<T>());
            } else {
                if affine {
                    channels::gradient_sums(batch, g, x, mean, (&mut *t, &mut *s));
                }
                // Statistics that do not depend on `x` leave a factor for each channel.
                let scale: Vec<T> = rstd.iter().zip(w).map(|(r, w)| r * w).collect();
                let zeros = vec![0.0; channels];
                channels::normalize(batch, g, &zeros, (&scale, &zeros), dx.slice_mut::<T>());
            }
            s.iter_mut().zip(&rstd).for_each(|(s, r)| *s *= r);
        }, else unreachable!("a float type"));
        let known = affine || self.training;
        Ok([Some(dx), known.then_some(slope), known.then_some(total)])
    }
}

impl Op for BatchNorm {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn node_name(&self) -> Cow<'static, str> {
        "NativeBatchNormBackward0".into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let result = inputs[0].dtype();
        let dtype = compute_dtype(result);
        let (x, w, b) = (ready(inputs[0], dtype)?, ready(inputs[1], dtype)?, ready(inputs[2], dtype)?);
        let batch = batch_of(x.shape());
        let y = Array::empty(x.shape(), dtype)?;
        let (mean, variance) = match inputs {
            [.., mean, variance] if !self.training => (ready(mean, dtype)?, ready(variance, dtype)?),
            _ => (Array::empty(&[batch.channels], dtype)?, Array::empty(&[batch.channels], dtype)?),
        };
        dispatch_float!(dtype, T => {
            let (x, y, w, b) = (x.slice::<T>(), y.slice_mut::<T>(), w.slice::<T>(), b.slice::<T>());
            if self.training {
                let statistics = (mean.slice_mut::<T>(), variance.slice_mut::<T>());
                training::normalize(batch, x, (w, b, self.eps as T), statistics, y);
            } else {
                let variances = variance.slice::<T>().iter().zip(w);
                let scale: Vec<T> = variances.map(|(v, w)| w / (v + self.eps as T).sqrt()).collect();
                channels::normalize(batch, x, mean.slice::<T>(), (&scale, b), y);
            }
        }, else unreachable!("a float type"));
        let y = y.to_dtype(result)?;
        Ok(if self.training { smallvec![y, mean, variance] } else { smallvec![y] })
    }

    fn saves(&self, _needs: &[bool]) -> Saves {
        match self.training {
            true => Saves::inputs(&[0, 1]).and(Saves::outputs(&[1, 2])),
            false => Saves::inputs(&[0, 1, 3, 4]),
        }
    }

    fn is_differentiable(&self, output: usize) -> bool {
        output == 0
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None; cx.len()]) };
        let (x, w) = (cx.input(0)?, cx.input(1)?);
        if !grad_enabled() {
            let dtype = compute_dtype(x.dtype());
            let (mean, variance) = match self.training {
                true => (cx.output(1)?.array(), cx.output(2)?.array()),
                false => (ready(&cx.input(3)?.array(), dtype)?, ready(&cx.input(4)?.array(), dtype)?),
            };
            let affine = cx.needs(1) || cx.needs(2);
            let all = self.fused(&x.array(), &w.array(), (&mean, &variance), &g.array(), affine)?;
            let mut grads: Grads = all.into_iter().map(|array| array.map(Tensor::new)).collect();
            grads.resize(cx.len(), None);
            return Ok(grads);
        }
        let ndim = x.ndim();
        let weight = along_channels(&w, ndim)?;
        let (dx, z) = if self.training {
            let moments = Moments { over: Over::AllButChannels, centered: true, eps: self.eps };
            input_gradient(&x, &mul(g, &weight)?, moments)?
        } else {
            let variance = ready(&cx.input(4)?.array(), compute_dtype(x.dtype()))?;
            let rstd = Array::empty(variance.shape(), variance.dtype())?;
            dispatch_float!(variance.dtype(), T => {
                for (r, v) in rstd.slice_mut::<T>().iter_mut().zip(variance.slice::<T>()) {
                    *r = 1.0 / (v + self.eps as T).sqrt();
                }
            }, else unreachable!("a float type"));
            let rstd = along_channels(&Tensor::new(rstd), ndim)?;
            let z = mul(&sub(&x, &along_channels(&cx.input(3)?, ndim)?)?, &rstd)?;
            (mul(g, &mul(&rstd, &weight)?)?, z)
        };
        let kept: Dims = weight.shape();
        let flat = |sum: Tensor| view::reshape_to(&sum, &[kept[1]]);
        let mut results: Grads = smallvec![None; cx.len()];
        results[0] = Some(dx);
        if cx.needs(1) {
            results[1] = Some(flat(sum_to(&mul(g, &z)?, &kept)?)?);
        }
        if cx.needs(2) {
            results[2] = Some(flat(sum_to(g, &kept)?)?);
        }
        Ok(results)
    }
}
