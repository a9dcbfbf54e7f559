//! Averages under windows.

use super::sizes::{Options, Windows};
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::pool::{self, Divisor};
use crate::ops::compute_dtype;
use crate::shape::Dims;
use smallvec::smallvec;
use std::borrow::Cow;

/// The average under every window.
///
/// # Errors
/// `RuntimeError` where rank, sizes or attributes do not fit, or for a divisor of 0.
pub fn average(
    rank: usize,
    x: &Tensor,
    options: Options<'_>,
    count_include_pad: bool,
    divisor_override: Option<i64>,
) -> Result<Tensor> {
    let name = ["avg_pool1d", "avg_pool2d", "avg_pool3d"][rank - 1];
    crate::ensure!(divisor_override != Some(0), Runtime, "{name}: expected a divisor other than 0, got 0");
    let divisor = match divisor_override {
        Some(number) => Divisor::Fixed(number),
        None if count_include_pad => Divisor::Padded,
        None => Divisor::Elements,
    };
    apply(Average { name, windows: Windows::sliding(name, rank, options)?, divisor }, &[x])
}

/// The averages under `output` windows that cover each axis.
///
/// # Errors
/// As for [`average`].
pub fn adaptive_average(rank: usize, x: &Tensor, output: &[isize]) -> Result<Tensor> {
    let name = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"][rank - 1];
    apply(Average { name, windows: Windows::adaptive(name, rank, output)?, divisor: Divisor::Elements }, &[x])
}

#[derive(Clone, Debug)]
struct Average {
    name: &'static str,
    windows: Windows,
    divisor: Divisor,
}

/// The transpose of [`Average`].
#[derive(Clone, Debug)]
struct Spread {
    average: Average,
    /// The shape of the pooling's input.
    shape: Dims,
}

impl Op for Average {
    fn name(&self) -> &'static str {
        self.name
    }

    fn node_name(&self) -> Cow<'static, str> {
        let rank = self.windows.rank();
        match self.windows {
            Windows::Sliding { .. } => format!("AvgPool{rank}DBackward0"),
            Windows::Adaptive(_) => format!("AdaptiveAvgPool{rank}DBackward0"),
        }
        .into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let (geometry, shape) = self.windows.over(self.name, inputs[0].shape())?;
        let dtype = inputs[0].dtype();
        crate::ensure!(dtype.is_float(), NotImplemented, "{}: not implemented for '{}'", self.name, dtype.type_name());
        let x = inputs[0].to_dtype(compute_dtype(dtype))?.contiguous()?;
        let out = Array::empty(&shape, x.dtype())?;
        dispatch_float!(x.dtype(), T => {
            pool::average(&geometry, self.divisor, x.slice::<T>(), out.slice_mut::<T>());
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(dtype)?])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let op = Spread { average: self.clone(), shape: Dims::from_slice(cx.shape(0)) };
        Ok(smallvec![Some(apply(op, &[g])?)])
    }
}

impl Op for Spread {
    fn name(&self) -> &'static str {
        "avg_pool_backward"
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let (geometry, _) = self.average.windows.over(self.average.name, &self.shape)?;
        let dtype = inputs[0].dtype();
        let g = inputs[0].to_dtype(compute_dtype(dtype))?.contiguous()?;
        let out = Array::empty(&self.shape, g.dtype())?;
        dispatch_float!(g.dtype(), T => {
            pool::average_gradient(&geometry, self.average.divisor, g.slice::<T>(), out.slice_mut::<T>());
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(dtype)?])
    }

    fn backward(&self, _cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        Ok(smallvec![Some(apply(self.average.clone(), &[g])?)])
    }
}
