//! Layer and root mean square normalisation: every row by its own statistics.

use super::moments::{Moments, Over};
use super::{check_float, check_kinds, input_gradient, ready};
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply_many, grad_enabled};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::norm::rows::{self, Affine, Rows};
use crate::ops::binary::mul;
use crate::ops::compute_dtype;
use crate::shape::{Bracketed, numel};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// `(x - mean) / sqrt(variance + eps) * weight + bias` over the last axes, whose sizes are `shape`.
///
/// # Errors
/// `RuntimeError` where shapes do not fit.
pub fn layer_norm(
    x: &Tensor,
    shape: &[usize],
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor> {
    rows_norm("layer_norm", x, shape, (weight, bias), true, eps)
}

/// `x / sqrt(avg(x^2) + eps) * weight` over the last axes, whose sizes are `shape`; `eps` is the type's own if not given.
///
/// # Errors
/// As for [`layer_norm`].
pub fn rms_norm(x: &Tensor, shape: &[usize], weight: Option<&Tensor>, eps: Option<f64>) -> Result<Tensor> {
    let own = if x.dtype().size() == 8 { f64::EPSILON } else { f32::EPSILON as f64 };
    rows_norm("rms_norm", x, shape, (weight, None), false, eps.unwrap_or(own))
}

fn rows_norm(
    name: &'static str,
    x: &Tensor,
    shape: &[usize],
    (weight, bias): (Option<&Tensor>, Option<&Tensor>),
    centered: bool,
    eps: f64,
) -> Result<Tensor> {
    let sizes = x.shape();
    crate::ensure!(
        !shape.is_empty() && sizes.ends_with(shape),
        Runtime,
        "{name}: expected an input whose last sizes are normalized_shape={}, got shape {}",
        Bracketed(shape),
        Bracketed(&sizes)
    );
    check_float(name, x)?;
    for (what, tensor) in [("weight", weight), ("bias", bias)] {
        if let Some(tensor) = tensor {
            crate::ensure!(
                tensor.shape().as_slice() == shape,
                Runtime,
                "{name}: expected {what} to have shape {}, got {}",
                Bracketed(shape),
                Bracketed(&tensor.shape())
            );
        }
    }
    if centered {
        check_kinds(name, x, &[("weight", weight), ("bias", bias)])?;
    }
    let op = RowNorm { name, axes: shape.len(), centered, eps, weight: weight.is_some(), bias: bias.is_some() };
    let inputs: SmallVec<[&Tensor; 3]> = [Some(x), weight, bias].into_iter().flatten().collect();
    Ok(apply_many(op, &inputs)?.swap_remove(0))
}

/// Inputs: `x`, and possibly weight and bias. Outputs: `y`, mean, reciprocal deviation.
#[derive(Clone, Debug)]
struct RowNorm {
    name: &'static str,
    /// Axes of a row.
    axes: usize,
    centered: bool,
    eps: f64,
    weight: bool,
    bias: bool,
}

impl Op for RowNorm {
    fn name(&self) -> &'static str {
        self.name
    }

    fn node_name(&self) -> Cow<'static, str> {
        match self.name {
            "rms_norm" => "FusedRmsNormBackward0",
            _ => "NativeLayerNormBackward0",
        }
        .into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let result = inputs[0].dtype();
        let dtype = compute_dtype(result);
        let all: SmallVec<[Array; 3]> = inputs.iter().map(|array| ready(array, dtype)).collect::<Result<_>>()?;
        let x = &all[0];
        let (lead, row) = x.shape().split_at(x.ndim() - self.axes);
        let (count, len) = (numel(lead), numel(row));
        let y = Array::empty(x.shape(), dtype)?;
        let (mean, rstd) = (Array::empty(&[count], dtype)?, Array::empty(&[count], dtype)?);
        dispatch_float!(dtype, T => {
            let weight = self.weight.then(|| all[1].slice::<T>());
            let bias = self.bias.then(|| all[all.len() - 1].slice::<T>());
            let rows = Rows { len, centered: self.centered, eps: self.eps as T };
            let stats = (mean.slice_mut::<T>(), rstd.slice_mut::<T>());
            if len > 0 {
                rows::normalize(rows, x.slice::<T>(), Affine { weight, bias }, y.slice_mut::<T>(), stats);
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
        let (dx, dw, db) = if grad_enabled() {
            let h = weight.as_ref().map_or_else(|| Ok(g.clone()), |weight| mul(g, weight))?;
            let moments = Moments { over: Over::Last(self.axes), centered: self.centered, eps: self.eps };
            let (dx, z) = input_gradient(&x, &h, moments)?;
            // The engine sums over the rows.
            (Some(dx), self.weight.then(|| mul(g, &z)).transpose()?, Some(g.clone()))
        } else {
            let stats = (cx.output(1)?.array(), cx.output(2)?.array());
            let needs = [true, self.weight, self.bias].map({
                let mut at = 0..;
                move |there| there && cx.needs(at.next().unwrap_or(0))
            });
            self.fused(&x.array(), weight.map(|w| w.array()), stats, &g.array(), needs)?.into()
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

impl RowNorm {
    /// The gradients of `x`, weight and bias by fused kernels, those of them that are needed.
    fn fused(
        &self,
        x: &Array,
        weight: Option<Array>,
        (mean, rstd): (Array, Array),
        g: &Array,
        needs: [bool; 3],
    ) -> Result<[Option<Tensor>; 3]> {
        let dtype = mean.dtype();
        let (x, g) = (ready(x, dtype)?, ready(g, dtype)?);
        let weight = weight.map(|weight| ready(&weight, dtype)).transpose()?;
        let len = x.numel() / mean.numel().max(1);
        let row = &x.shape()[x.ndim() - self.axes..];
        let dx = needs[0].then(|| Array::empty(x.shape(), dtype)).transpose()?;
        let affine =
            (needs[1] || needs[2]).then(|| Ok((Array::zeros(row, dtype)?, Array::zeros(row, dtype)?))).transpose()?;
        if x.numel() > 0 {
            dispatch_float!(dtype, T => {
                let rows = Rows { len, centered: self.centered, eps: self.eps as T };
                let (inputs, stats) = ((g.slice::<T>(), x.slice::<T>()), (mean.slice::<T>(), rstd.slice::<T>()));
                let weight = weight.as_ref().map(|weight| weight.slice::<T>());
                if let Some(dx) = &dx {
                    rows::input_gradient(rows, inputs, stats, weight, dx.slice_mut::<T>());
                }
                if let Some((dw, db)) = &affine {
                    rows::affine_gradient(len, inputs, stats, (dw.slice_mut::<T>(), db.slice_mut::<T>()));
                }
            }, else unreachable!("a float type"));
        }
        let (dw, db) = affine.unzip();
        Ok([dx, dw.filter(|_| needs[1]), db.filter(|_| needs[2])].map(|array| array.map(Tensor::new)))
    }
}
