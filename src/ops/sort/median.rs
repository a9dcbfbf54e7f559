//! The median of all elements.

use super::choose::median_of_all;
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::error::Result;
use crate::kernels::sort::LONGEST_ROW;
use crate::ops::binary::mul;
use crate::ops::reduce::{Axes, shares, spread};
use smallvec::smallvec;
use std::borrow::Cow;

/// The lower median of all elements: NaN if there is one (unless NaN are passed over), and for no elements. The gradient is
/// shared by the elements that equal it.
///
/// # Errors
/// `NotImplementedError` for `bool`.
pub fn median(x: &Tensor, skip_nan: bool) -> Result<Tensor> {
    crate::ensure!(x.dtype() != DType::Bool, NotImplemented, "median: not implemented for bool");
    crate::ensure!(x.numel() <= LONGEST_ROW, Runtime, "median(): too many elements, expected at most {LONGEST_ROW}");
    apply(Median { skip_nan }, &[x])
}

#[derive(Debug)]
struct Median {
    skip_nan: bool,
}

impl Op for Median {
    fn name(&self) -> &'static str {
        if self.skip_nan { "nanmedian" } else { "median" }
    }

    fn node_name(&self) -> Cow<'static, str> {
        if self.skip_nan { "NanmedianBackward0" } else { "MedianBackward0" }.into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![median_of_all(x[0], self.skip_nan)?])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0]).and(Saves::outputs(&[0]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let x = cx.input(0)?.array();
        let axes = Axes::all(x.ndim(), false);
        let shares = Tensor::new(shares(&x, &cx.output(0)?.array(), &axes, true)?);
        Ok(smallvec![Some(mul(&spread(g, &axes, x.shape())?, &shares)?)])
    }
}
