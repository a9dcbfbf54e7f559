//! Running logarithms of sums of exponentials.

use super::linear::{linear_scan, shift};
use crate::array::{Array, Element, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::dispatch_floating;
use crate::error::Result;
use crate::kernels::scan::{Along, scan};
use crate::ops::binary::mul;
use crate::ops::reduce::exp_difference;
use crate::shape::normalize_axis;
use smallvec::smallvec;

/// `log(sum(exp(x)))` of all elements up to each along an axis.
///
/// # Errors
/// `IndexError` for an axis that is not there, `NotImplementedError` unless the dtype is a float type.
pub fn logcumsumexp(x: &Tensor, dim: isize) -> Result<Tensor> {
    let axis = normalize_axis(dim, x.ndim())?;
    crate::ensure!(
        x.dtype().is_float(),
        NotImplemented,
        "logcumsumexp: not implemented for {}, expected a floating point dtype",
        x.dtype().name()
    );
    apply(LogCumSumExp { axis }, &[x])
}

#[derive(Debug)]
struct LogCumSumExp {
    axis: usize,
}

/// `log(exp(a) + exp(b))`.
fn log_add_exp(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    // Equal infinities would give NaN; a real NaN must come through.
    if high.is_infinite() && low == high || low == f64::NEG_INFINITY && !high.is_nan() {
        return high;
    }
    high + (low - high).exp().ln_1p()
}

impl Op for LogCumSumExp {
    fn name(&self) -> &'static str {
        "logcumsumexp"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let x = x[0].contiguous()?;
        let along = Along::new(x.shape(), self.axis);
        let out = Array::empty(x.shape(), x.dtype())?;
        dispatch_floating!(x.dtype(), T => {
            let x = x.slice::<T>();
            let step = |acc: f64, at: usize, _| log_add_exp(acc, x[at].to_f64());
            scan(along, false, out.slice_mut::<T>(), f64::NEG_INFINITY, step, <T as Element>::from_f64);
        }, else unreachable!("checked before"));
        Ok(smallvec![out])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0]).and(Saves::outputs(&[0]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        // dx[k] = s[k] exp(x[k] - y[k]) with s[k] = g[k] + exp(y[k] - y[k + 1]) s[k + 1]: no exponent is positive.
        let (x, y) = (cx.input(0)?, cx.output(0)?);
        let next = shift(&y, self.axis, true, Scalar::Float(f64::INFINITY))?;
        let sums = linear_scan(g, &exp_difference(&y, &next)?, self.axis, true)?;
        Ok(smallvec![Some(mul(&sums, &exp_difference(&x, &y)?)?)])
    }
}
