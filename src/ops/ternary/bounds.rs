//! `clamp` by tensors. (By numbers it is a function of one operand: [`Unary::Clamp`](crate::ops::unary::Unary).)

use crate::array::{Array, Promotion};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace};
use crate::error::Result;
use crate::ops::binary::{Kind, ONE, of_arrays};
use crate::ops::formula::{Formula, Tape};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// `min(max(x, low), high)`, with bounds that broadcast to `x` or beyond; NaN anywhere makes NaN.
///
/// # Errors
/// `RuntimeError` where shapes do not fit.
pub fn clamp_between(x: &Tensor, low: Option<&Tensor>, high: Option<&Tensor>) -> Result<Tensor> {
    apply(Clamp { low: low.is_some(), high: high.is_some() }, &inputs(x, low, high))
}

/// [`clamp_between`] written into `x`.
pub fn clamp_between_(x: &Tensor, low: Option<&Tensor>, high: Option<&Tensor>) -> Result<()> {
    apply_inplace(Clamp { low: low.is_some(), high: high.is_some() }, &inputs(x, low, high))
}

fn inputs<'a>(x: &'a Tensor, low: Option<&'a Tensor>, high: Option<&'a Tensor>) -> SmallVec<[&'a Tensor; 3]> {
    [Some(x), low, high].into_iter().flatten().collect()
}

/// Which bounds there are; they follow the tensor as inputs.
#[derive(Debug)]
struct Clamp {
    low: bool,
    high: bool,
}

impl Op for Clamp {
    fn name(&self) -> &'static str {
        "clamp"
    }

    fn node_name(&self) -> Cow<'static, str> {
        match (self.low, self.high) {
            (true, false) => "ClampMinBackward1",
            (false, true) => "ClampMaxBackward1",
            _ => "ClampBackward0",
        }
        .into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let dtype = Promotion::of(x.iter().copied()).result();
        let mut bounded = x[0].to_dtype(dtype)?;
        if self.low {
            bounded = of_arrays(Kind::Maximum, ONE, &bounded, &x[1].to_dtype(dtype)?)?;
        }
        if self.high {
            bounded = of_arrays(Kind::Minimum, ONE, &bounded, &x[x.len() - 1].to_dtype(dtype)?)?;
        }
        Ok(smallvec![bounded])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs_from(0)
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut result: Grads = smallvec![None; cx.len()];
        let Some(g) = &grads[0] else { return Ok(result) };
        for (i, grad) in result.iter_mut().enumerate() {
            if !cx.needs(i) {
                continue;
            }
            *grad = Some(Tape::default().run(|tape| {
                let (g, x) = (tape.tensor(g), tape.value(cx.input(0)));
                let low = self.low.then(|| tape.value(cx.input(1)));
                let high = self.high.then(|| tape.value(cx.input(cx.len() - 1)));
                match (i, low, high) {
                    (0, Some(low), Some(high)) => g.when(low.le(x) & x.le(high)),
                    (0, Some(low), None) => g.when(low.le(x)),
                    (0, None, Some(high)) => g.when(x.le(high)),
                    (1, Some(low), Some(high)) => g.when(low.lt(high) & x.lt(low)),
                    (1, Some(low), None) => g.when(x.lt(low)),
                    (_, Some(low), Some(high)) => g.when(high.lt(x) | high.lt(low)),
                    (_, _, Some(high)) => g.when(high.lt(x)),
                    (_, _, None) => g,
                }
            })?);
        }
        Ok(result)
    }
}
