//! The linear recurrence `s[k] = g[k] + a[k] s[k - 1]` along an axis, from either end. It is closed under differentiation:
//! its own gradient is the same recurrence from the other end. All sums and products along an axis have it as gradient.

use crate::array::{Array, Float, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::scan::{Along, scan};
use crate::ops::binary::mul;
use crate::ops::compute_dtype;
use crate::shape::Layout;
use smallvec::smallvec;

/// `s[k] = g[k] + a[k] s[k - 1]` along an axis; from the end (`s[k + 1]`) in `reverse`. The first `a` is not looked at.
pub fn linear_scan(g: &Tensor, a: &Tensor, axis: usize, reverse: bool) -> Result<Tensor> {
    apply(LinearScan { axis, reverse }, &[g, a])
}

#[derive(Debug)]
struct LinearScan {
    axis: usize,
    reverse: bool,
}

fn recur<T: Float>(g: &[T], a: &[T], along: Along, reverse: bool, out: &mut [T]) {
    let first = if reverse { along.size.saturating_sub(1) } else { 0 };
    let step = |s: T, at: usize, j: usize| if j == first { g[at] } else { g[at] + a[at] * s };
    scan(along, reverse, out, T::zero(), step, |s| s);
}

impl Op for LinearScan {
    fn name(&self) -> &'static str {
        "linear_scan"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let dtype = compute_dtype(x[1].dtype());
        let (g, a) = (x[0].to_dtype(dtype)?.contiguous()?, x[1].to_dtype(dtype)?.contiguous()?);
        let out = Array::empty(a.shape(), dtype)?;
        dispatch_float!(dtype, T => {
            recur::<T>(g.slice(), a.slice(), Along::new(a.shape(), self.axis), self.reverse, out.slice_mut());
        }, else unreachable!("gradients are of a float type"));
        Ok(smallvec![out.to_dtype(x[1].dtype())?])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).and(Saves::outputs(&[0]).when(needs[1]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(h) = &grads[0] else { return Ok(smallvec![None, None]) };
        // The factor by which s[k] enters s[k + 1] is a[k + 1].
        let factors = shift(&cx.input(1)?, self.axis, !self.reverse, Scalar::Int(0))?;
        let t = linear_scan(h, &factors, self.axis, !self.reverse)?;
        let of_a = match cx.needs(1) {
            true => Some(mul(&t, &shift(&cx.output(0)?, self.axis, self.reverse, Scalar::Int(0))?)?),
            false => None,
        };
        Ok(smallvec![Some(t), of_a])
    }
}

/// The elements one place further along an axis (`out[k] = x[k - 1]`), or one place back in `back` (`out[k] = x[k + 1]`),
/// with `fill` in the place that becomes free.
pub fn shift(x: &Tensor, axis: usize, back: bool, fill: Scalar) -> Result<Tensor> {
    apply(Shift { axis, back, fill }, &[x])
}

#[derive(Debug)]
struct Shift {
    axis: usize,
    back: bool,
    fill: Scalar,
}

impl Op for Shift {
    fn name(&self) -> &'static str {
        "shift"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::full(x[0].shape(), self.fill, x[0].dtype())?;
        let size = x[0].shape().get(self.axis).copied().unwrap_or(1);
        if size > 1 {
            let (head, tail) = ((0, size - 1), (1, size));
            let (from, to) = if self.back { (tail, head) } else { (head, tail) };
            let part = |(start, end): (usize, usize)| move |l: &Layout| l.slice(self.axis, start, end, 1);
            out.map_layout(part(to)).copy_from(&x[0].map_layout(part(from)))?;
        }
        Ok(smallvec![out])
    }

    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let g = grads[0].as_ref();
        Ok(smallvec![g.map(|g| shift(g, self.axis, !self.back, Scalar::Int(0))).transpose()?])
    }
}
