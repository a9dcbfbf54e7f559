//! Powers of absolute values, with the sign of the base or without: a family that is closed under differentiation.

use crate::array::{Array, Element};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::dispatch_floating;
use crate::error::Result;
use crate::kernels::elementwise::map1;
use crate::kernels::float::{Floating, Real};
use crate::ops::binary::mul;
use num_traits::Float as _;
use smallvec::smallvec;

/// `|x|^exponent`, times the sign of `x` if `signed`. Zero at zero unless the power is `|x|^0`.
pub(super) fn power(x: &Tensor, exponent: f64, signed: bool) -> Result<Tensor> {
    apply(Power { exponent, signed }, &[x])
}

#[derive(Debug)]
struct Power {
    exponent: f64,
    signed: bool,
}

impl Power {
    fn compute<T: Element + Floating>(&self, x: &Array, out: &Array) -> Result<()> {
        let exponent = <T::Acc as Real>::from_f64(self.exponent);
        let (zero, one) = (<T::Acc as num_traits::Zero>::zero(), <T::Acc as num_traits::One>::one());
        let (signed, plain) = (self.signed, self.exponent == 0.0);
        let f = move |x: T| {
            let x = x.to_acc();
            let power = match () {
                _ if x == zero && (signed || !plain) => zero,
                _ if plain => one,
                _ => x.abs().powf(exponent),
            };
            T::from_acc(if signed && x < zero { -power } else { power })
        };
        map1(x.operand::<T>(), out.operand_mut::<T>()?, f);
        Ok(())
    }
}

impl Op for Power {
    fn name(&self) -> &'static str {
        "abs_power"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::empty_layout(x[0].layout().dense_like(), x[0].dtype())?;
        dispatch_floating!(x[0].dtype(), T => self.compute::<T>(x[0], &out)?, else unreachable!("a float type"));
        Ok(smallvec![out])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0]).when(self.exponent != 0.0)
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = grads[0].as_ref().filter(|_| self.exponent != 0.0) else { return Ok(smallvec![None]) };
        let slope = mul(&power(&cx.input(0)?, self.exponent - 1.0, !self.signed)?, self.exponent)?;
        Ok(smallvec![Some(mul(g, &slope)?)])
    }
}
