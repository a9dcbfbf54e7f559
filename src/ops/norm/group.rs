//! Group normalisation: groups of channels by their own statistics.

use super::moments::{Moments, Over};
use super::{along_channels, check_float, check_kinds, input_gradient, ready};
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply_many, grad_enabled};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::norm::groups::{self, Groups};
use crate::kernels::norm::rows::Affine;
use crate::ops::binary::mul;
use crate::ops::{compute_dtype, reduce, view};
use crate::shape::{Bracketed, numel};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// Layer normalisation of `groups` groups of the channels of `x: [n, c, ...]`, then a factor and a term for each channel.
///
/// # Errors
/// `RuntimeError` where sizes do not fit.
pub fn group_norm(
    x: &Tensor,
    groups: usize,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor> {
    let shape = x.shape();
    let fits = shape.len() >= 2 && groups > 0 && shape[1].is_multiple_of(groups);
    crate::ensure!(
        fits,
        Runtime,
        "group_norm: expected an input [n, c, ...] with a multiple of num_groups={groups} channels, got shape {}",
        Bracketed(&shape)
    );
    for (what, tensor) in [("weight", weight), ("bias", bias)] {
        if let Some(tensor) = tensor {
            crate::ensure!(
                tensor.shape().as_slice() == [shape[1]],
                Runtime,
                "group_norm: expected {what} to be a vector of {} elements, got shape {}",
                shape[1],
                Bracketed(&tensor.shape())
            );
        }
    }
    check_float("group_norm", x)?;
    check_kinds("group_norm", x, &[("weight", weight), ("bias", bias)])?;
    let inputs: SmallVec<[&Tensor; 3]> = [Some(x), weight, bias].into_iter().flatten().collect();
    let op = GroupNorm { groups, eps, weight: weight.is_some(), bias: bias.is_some() };
    Ok(apply_many(op, &inputs)?.swap_remove(0))
}

/// Inputs: `x`, and possibly weight and bias. Outputs: `y`, and mean and reciprocal deviation of each group.
#[derive(Clone, Debug)]
struct GroupNorm {
    groups: usize,
    eps: f64,
    weight: bool,
    bias: bool,
}

impl GroupNorm {
    fn sizes<T>(&self, shape: &[usize], eps: T) -> Groups<T> {
        Groups { groups: self.groups, channels: shape[1] / self.groups, positions: numel(&shape[2..]), eps }
    }

    /// The gradients in tensor operations, to be differentiated again.
    fn composed(&self, x: &Tensor, weight: Option<&Tensor>, g: &Tensor) -> Result<[Option<Tensor>; 3]> {
        let shape = x.shape();
        let rows = [shape[0] * self.groups, numel(&shape[1..]) / self.groups];
        let h = weight.map_or_else(|| Ok(g.clone()), |weight| mul(g, &along_channels(weight, shape.len())?))?;
        let moments = Moments { over: Over::Last(1), centered: true, eps: self.eps };
        let (dx, z) = input_gradient(&view::reshape_to(x, &rows)?, &view::reshape_to(&h, &rows)?, moments)?;
        let others: SmallVec<[isize; 6]> = (0..shape.len() as isize).filter(|&axis| axis != 1).collect();
        let by_channel = |x: &Tensor| reduce::sum(x, Some(&others), false, None);
        let dw = self.weight.then(|| by_channel(&mul(g, &view::reshape_to(&z, &shape)?)?)).transpose()?;
        let db = self.bias.then(|| by_channel(g)).transpose()?;
        Ok([Some(view::reshape_to(&dx, &shape)?), dw, db])
    }

    /// The gradients by a fused kernel, that of the input only if it is needed.
    fn fused(
        &self,
        x: &Array,
        weight: Option<Array>,
        (mean, rstd): (Array, Array),
        g: &Array,
        needed: bool,
    ) -> Result<[Option<Tensor>; 3]> {
        let dtype = mean.dtype();
        let (x, g) = (ready(x, dtype)?, ready(g, dtype)?);
        let weight = weight.map(|weight| ready(&weight, dtype)).transpose()?;
        let dx = needed.then(|| Array::empty(x.shape(), dtype)).transpose()?;
        let channels = [x.shape()[1]];
        let (dw, db) = (Array::zeros(&channels, dtype)?, Array::zeros(&channels, dtype)?);
        if x.numel() > 0 {
            dispatch_float!(dtype, T => {
                let (inputs, stats) = ((g.slice::<T>(), x.slice::<T>()), (mean.slice::<T>(), rstd.slice::<T>()));
                let weight = weight.as_ref().map(|weight| weight.slice::<T>());
                let dx = dx.as_ref().map(|dx| dx.slice_mut::<T>());
                let sums = (dw.slice_mut::<T>(), db.slice_mut::<T>());
                groups::gradients(self.sizes(x.shape(), self.eps as T), inputs, stats, weight, dx, sums);
            }, else unreachable!("a float type"));
        }
        Ok([dx, self.weight.then_some(dw), self.bias.then_some(db)].map(|array| array.map(Tensor::new)))
    }
}

impl Op for GroupNorm {
    fn name(&self) -> &'static str {
        "group_norm"
    }

    fn node_name(&self) -> Cow<'static, str> {
        "NativeGroupNormBackward0".into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let result = inputs[0].dtype();
        let dtype = compute_dtype(result);
        let all: SmallVec<[Array; 3]> = inputs.iter().map(|array| ready(array, dtype)).collect::<Result<_>>()?;
        let x = &all[0];
        let y = Array::empty(x.shape(), dtype)?;
        let count = [x.shape()[0] * self.groups];
        let (mean, rstd) = (Array::empty(&count, dtype)?, Array::empty(&count, dtype)?);
        dispatch_float!(dtype, T => {
            let weight = self.weight.then(|| all[1].slice::<T>());
            let bias = self.bias.then(|| all[all.len() - 1].slice::<T>());
            let stats = (mean.slice_mut::<T>(), rstd.slice_mut::<T>());
            if x.numel() > 0 {
                let sizes = self.sizes(x.shape(), self.eps as T);
                groups::normalize(sizes, x.slice::<T>(), Affine { weight, bias }, y.slice_mut::<T>(), stats);
            }
        }, else unreachable!("a float type"));
        Ok(smallvec![y.to_dtype(result)?, mean, rstd])
    }

    fn saves(&self, _needs: &[bool]) -> Saves {
        Saves::inputs(if self.weight { &[0, 1] } else { &[0] }).and(Saves::outputs(&[1, 2]))
    }

    fn is_differentiable(&self, output: usize) -> bool {
        output == 0
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None; cx.len()]) };
        let x = cx.input(0)?;
        let weight = self.weight.then(|| cx.input(1)).transpose()?;
        let [dx, dw, db] = if grad_enabled() {
            self.composed(&x, weight.as_ref(), g)?
        } else {
            let stats = (cx.output(1)?.array(), cx.output(2)?.array());
            self.fused(&x.array(), weight.map(|w| w.array()), stats, &g.array(), cx.needs(0))?
        };
        let mut results: Grads = smallvec![dx];
        if self.weight {
            results.push(dw);
        }
        if self.bias {
            results.push(db);
        }
        Ok(results)
    }
}
