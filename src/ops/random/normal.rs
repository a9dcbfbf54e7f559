//! Normals by tensors of means and standard deviations.

use super::{Distribution, source, zero_gradients};
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::ensure;
use crate::error::Result;
use crate::kernels::elementwise;
use crate::ops::binary::promote_arrays;
use crate::random::SharedGenerator;
use crate::shape::broadcast;
use smallvec::smallvec;
use std::borrow::Cow;

/// A parameter of [`normal`].
#[derive(Clone, Copy)]
pub enum Parameter<'a> {
    /// One for every place.
    Tensor(&'a Tensor),
    /// The same everywhere.
    Number(f64),
}

/// Normals `mean + std * z`, where `mean` or `std` or both are tensors; those are broadcast against each other. The dtype is
/// that of the mean if it is a tensor, else that of the deviation.
///
/// # Errors
/// `RuntimeError` for a negative deviation, or shapes that do not fit; `NotImplementedError` for a dtype that is no float.
pub fn normal(mean: Parameter<'_>, std: Parameter<'_>, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    let generator = source(generator);
    match (mean, std) {
        (Parameter::Tensor(mean), Parameter::Tensor(std)) => {
            apply(NormalOf { mean: None, std: None, generator }, &[mean, std])
        }
        (Parameter::Tensor(mean), Parameter::Number(std)) => {
            apply(NormalOf { mean: None, std: Some(std), generator }, &[mean])
        }
        (Parameter::Number(mean), Parameter::Tensor(std)) => {
            apply(NormalOf { mean: Some(mean), std: None, generator }, &[std])
        }
        (Parameter::Number(_), Parameter::Number(_)) => {
            crate::bail!(Type, "normal: expected a tensor as mean or std, or a size, got two numbers")
        }
    }
}

/// Parameters that are no tensors; those that are stand among the inputs.
struct NormalOf {
    mean: Option<f64>,
    std: Option<f64>,
    generator: SharedGenerator,
}

impl std::fmt::Debug for NormalOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Normal(mean={:?}, std={:?})", self.mean, self.std)
    }
}

impl Op for NormalOf {
    fn name(&self) -> &'static str {
        "normal"
    }

    fn node_name(&self) -> Cow<'static, str> {
        match (self.mean, self.std) {
            (None, Some(_)) => "NormalBackward1",
            (Some(_), _) => "NormalBackward2",
            (None, None) => "NormalBackward3",
        }
        .into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let mut inputs = x.iter().copied();
        let mean = if self.mean.is_none() { inputs.next() } else { None };
        let std = if self.std.is_none() { inputs.next() } else { None };
        if let Some(std) = std {
            ensure!(all_nonnegative(std)?, Runtime, "normal expects all elements of std >= 0.0");
        }
        let shape = match (mean, std) {
            (Some(mean), Some(std)) => broadcast(mean.shape(), std.shape())?,
            _ => x[0].dims(),
        };
        let out = Array::empty(&shape, x[0].dtype())?;
        Distribution::Normal { mean: 0.0, std: self.std.unwrap_or(1.0) }.fill(&out, &self.generator)?;
        if let Some(std) = std {
            combine(&out, std, |a, b| a * b)?;
        }
        match (mean, self.mean) {
            (Some(mean), _) => combine(&out, mean, |a, b| a + b)?,
            (None, Some(mean)) => {
                combine(&out, &Array::scalar(mean.into(), out.dtype())?, |a, b| a + b)?;
            }
            (None, None) => {}
        }
        Ok(smallvec![out])
    }

    fn backward(&self, cx: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        zero_gradients(cx)
    }
}

/// `out = f(out, other)` in the common dtype of the two, rounded to that of `out`. `f` is a sum or a product: of numbers of
/// at most 24 bits it is rounded once, even on its way through a double.
fn combine(out: &Array, other: &Array, f: impl Fn(f64, f64) -> f64 + Sync + std::marker::Copy) -> Result<()> {
    let common = promote_arrays(out, other);
    let a = out.to_dtype(DType::F64)?;
    let b = other.to_dtype(common)?.to_dtype(DType::F64)?.broadcast_to(out.shape());
    let result = Array::empty(out.shape(), DType::F64)?;
    elementwise::map2(a.operand::<f64>(), b.operand::<f64>(), result.operand_mut::<f64>()?, f);
    out.copy_from(&result.to_dtype(common)?)
}

fn all_nonnegative(values: &Array) -> Result<bool> {
    let wide = values.to_dtype(DType::F64)?.contiguous()?;
    Ok(wide.slice::<f64>().iter().all(|&x| x >= 0.0))
}
