//! Running products.

use super::linear::{linear_scan, shift};
use crate::array::{Array, DType, Element, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace, cast};
use crate::error::Result;
use crate::kernels::scan::{Along, scan};
use crate::ops::binary::mul;
use crate::ops::reduce::sum_dtype;
use crate::shape::normalize_axis;
use crate::{dispatch_all, dispatch_floating};
use smallvec::smallvec;

/// The product of all elements up to each along an axis; `int64` for integers and booleans unless a dtype is given.
///
/// # Errors
/// `IndexError` for an axis that is not there, `NotImplementedError` for a result in `bool`.
pub fn cumprod(x: &Tensor, dim: isize, dtype: Option<DType>) -> Result<Tensor> {
    let dtype = dtype.unwrap_or_else(|| sum_dtype(x.dtype()));
    crate::ensure!(dtype != DType::Bool, NotImplemented, "cumprod: not implemented for bool");
    let x = if dtype.is_float() { cast(x, dtype)? } else { Tensor::new(x.array().to_dtype(dtype)?) };
    running(&x, normalize_axis(dim, x.ndim())?, false)
}

/// As [`cumprod`], in place and in the tensor's own dtype.
pub fn cumprod_(x: &Tensor, dim: isize) -> Result<()> {
    crate::ensure!(x.dtype() != DType::Bool, NotImplemented, "cumprod_: not implemented for bool");
    apply_inplace(CumProd { axis: normalize_axis(dim, x.ndim())?, reverse: false }, &[x])
}

fn running(x: &Tensor, axis: usize, reverse: bool) -> Result<Tensor> {
    apply(CumProd { axis, reverse }, &[x])
}

/// For each element the product of all others along an axis.
pub(crate) fn products_of_others(x: &Tensor, axis: usize) -> Result<Tensor> {
    let one = Scalar::Int(1);
    let before = shift(&running(x, axis, false)?, axis, false, one)?;
    let after = shift(&running(x, axis, true)?, axis, true, one)?;
    mul(&before, &after)
}

#[derive(Debug)]
struct CumProd {
    axis: usize,
    reverse: bool,
}

impl Op for CumProd {
    fn name(&self) -> &'static str {
        "cumprod"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let x = x[0].contiguous()?;
        let along = Along::new(x.shape(), self.axis);
        let out = Array::empty(x.shape(), x.dtype())?;
        dispatch_floating!(x.dtype(), T => {
            let x = x.slice::<T>();
            scan(along, self.reverse, out.slice_mut::<T>(), 1.0, |p, at, _| p * x[at].to_f64(), <T as Element>::from_f64);
        }, else dispatch_all!(x.dtype(), T => {
            let x = x.slice::<T>();
            let step = |p: i64, at: usize, _| p.wrapping_mul(x[at].to_i64());
            scan(along, self.reverse, out.slice_mut::<T>(), 1, step, T::from_i64);
        }));
        Ok(smallvec![out])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        // With P[k] the product of all before k: dx[k] = P[k] s[k], s[k] = g[k] + x[k + 1] s[k + 1]. No division, so that
        // zeros are nothing special.
        let x = cx.input(0)?;
        let before = shift(&running(&x, self.axis, self.reverse)?, self.axis, self.reverse, Scalar::Int(1))?;
        let factors = shift(&x, self.axis, !self.reverse, Scalar::Int(0))?;
        let after = linear_scan(g, &factors, self.axis, !self.reverse)?;
        Ok(smallvec![Some(mul(&before, &after)?)])
    }
}
