//! Normalisation: of channels over a batch, of rows (layer, root mean square), of groups of channels.
//!
//! First derivatives are fused kernels. Where they are to be differentiated in turn, they are computed again from tensor
//! operations on [`moments`], whose gradients are such operations too.

mod batch;
mod group;
mod moments;
mod row;

pub use batch::{Running, batch_norm};
pub use group::group_norm;
pub use row::{layer_norm, rms_norm};

use crate::array::{Array, DType};
use crate::autograd::{Tensor, sum_to};
use crate::error::Result;
use crate::ops::binary::mul;
use crate::ops::view;
use crate::shape::Dims;
use moments::Moments;

/// The average over the axes that `kept` has only one element of, repeated as `kept` says.
fn average(x: &Tensor, kept: &[usize]) -> Result<Tensor> {
    let count = x.numel() as f64 / kept.iter().product::<usize>() as f64;
    mul(&sum_to(x, kept)?, 1.0 / count)
}

/// A vector of channels as a tensor that broadcasts along axis 1.
fn along_channels(vector: &Tensor, ndim: usize) -> Result<Tensor> {
    let mut shape: Dims = smallvec::smallvec![1; ndim];
    shape[1] = vector.numel();
    view::reshape_to(vector, &shape)
}

/// The input gradient in tensor operations: `rstd * (h - avg(h) - z * avg(h z))`, and `z`, for `h` the gradient times the weight
/// and `z` the normalised input.
fn input_gradient(x: &Tensor, h: &Tensor, moments: Moments) -> Result<(Tensor, Tensor)> {
    use crate::ops::binary::sub;
    let centered = moments.centered;
    let (mean, rstd) = moments.apply(x)?;
    let kept = mean.shape();
    let z = mul(&sub(x, &mean)?, &rstd)?;
    let mut inner = sub(h, &mul(&z, &average(&mul(h, &z)?, &kept)?)?)?;
    if centered {
        inner = sub(&inner, &average(h, &kept)?)?;
    }
    Ok((mul(&inner, &rstd)?, z))
}

/// A contiguous array in the type of the arithmetic.
fn ready(x: &Array, dtype: DType) -> Result<Array> {
    x.to_dtype(dtype)?.contiguous()
}

/// Refuses what has no gradients.
fn check_float(name: &str, x: &Tensor) -> Result<()> {
    crate::ensure!(x.dtype().is_float(), NotImplemented, "{name}: not implemented for '{}'", x.dtype().type_name());
    Ok(())
}

/// Refuses parameters and statistics of a dtype that is neither the input's nor, for an input of 16 bits, `float32`.
fn check_kinds(name: &str, x: &Tensor, others: &[(&str, Option<&Tensor>)]) -> Result<()> {
    let others = || others.iter().filter_map(|&(what, other)| Some((what, other?.dtype())));
    if others().all(|(_, dtype)| dtype == x.dtype()) {
        return Ok(());
    }
    let wide = if matches!(x.dtype(), DType::F16 | DType::BF16) { DType::F32 } else { x.dtype() };
    if let Some((what, dtype)) = others().find(|&(_, dtype)| dtype != wide) {
        let cause = match dtype {
            DType::F32 => "all inputs must share same datatype.",
            _ => "expect parameter to have scalar type of Float",
        };
        crate::bail!(
            Runtime,
            "mixed dtype (CPU): {cause} ({name}: the input is {}, the {what} {})",
            x.dtype().name(),
            dtype.name()
        );
    }
    Ok(())
}
