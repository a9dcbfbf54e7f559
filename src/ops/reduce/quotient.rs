//! Division by something that may be zero, where the limit is zero: gradients of roots and norms.

use crate::array::{Array, Element};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::dispatch_floating;
use crate::error::Result;
use crate::kernels::elementwise::map2;
use crate::kernels::float::Floating;
use crate::ops::binary::mul;
use smallvec::smallvec;

/// `a / b`, and zero where `b` is zero, for tensors of one shape. The result has the dtype of `b`.
pub(super) fn quotient(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(Quotient, &[a, b])
}

#[derive(Debug)]
struct Quotient;

/// `a / b`, or zero.
#[inline(always)]
fn divide<T: Element + Floating>(a: T, b: T) -> T {
    let (a, b) = (a.to_acc(), b.to_acc());
    let zero = <T::Acc as num_traits::Zero>::zero();
    T::from_acc(if b == zero { zero } else { a / b })
}

impl Op for Quotient {
    fn name(&self) -> &'static str {
        "quotient"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let dtype = x[1].dtype();
        let out = Array::empty(x[1].shape(), dtype)?;
        let a = x[0].to_dtype(dtype)?;
        dispatch_floating!(dtype, T => {
            map2(a.operand::<T>(), x[1].operand::<T>(), out.operand_mut::<T>()?, divide::<T>);
        }, else unreachable!("gradients are of a float type"));
        Ok(smallvec![out])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).and(Saves::outputs(&[0]).when(needs[1]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None, None]) };
        let over = quotient(g, &cx.input(1)?)?;
        let below = match cx.needs(1) {
            true => Some(mul(&mul(&over, &cx.output(0)?)?, -1.0)?),
            false => None,
        };
        Ok(smallvec![Some(over), below])
    }
}
