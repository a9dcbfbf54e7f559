//! `lerp`: a point on the line between two.

use crate::array::{Array, DType, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace, check_inplace};
use crate::error::Result;
use crate::ops::binary::{self, Value};
use crate::ops::elementwise::{SIMPLE, Side, float2, float3};
use crate::shape::{Dims, Layout, broadcast_all};
use num_traits::Float;
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// `a + weight (b - a)`, computed from the nearer end.
///
/// # Errors
/// `RuntimeError` for different dtypes or shapes that do not fit, `NotImplementedError` for integers.
pub fn lerp<'a>(a: &Tensor, b: &Tensor, weight: impl Into<Value<'a>>) -> Result<Tensor> {
    match weight.into() {
        Value::Tensor(weight) => apply(Lerp { weight: None }, &[a, b, weight]),
        Value::Scalar(weight) => apply(Lerp { weight: Some(weight) }, &[a, b]),
    }
}

/// [`lerp`] written into `a`.
pub fn lerp_<'a>(a: &'a Tensor, b: &'a Tensor, weight: impl Into<Value<'a>>) -> Result<()> {
    match weight.into() {
        Value::Tensor(weight) => apply_inplace(Lerp { weight: None }, &[a, b, weight]),
        Value::Scalar(weight) => apply_inplace(Lerp { weight: Some(weight) }, &[a, b]),
    }
}

/// The weight is a number, or the third input.
#[derive(Debug)]
struct Lerp {
    weight: Option<Scalar>,
}

#[inline(always)]
fn between<T: Float>(a: T, b: T, weight: T, near: bool) -> T {
    if near { a + weight * (b - a) } else { b - (b - a) * (T::one() - weight) }
}

impl Lerp {
    fn check(x: &[&Array]) -> Result<Dims> {
        let dtype = x[0].dtype();
        for (name, other) in ["end", "weight"].iter().zip(&x[1..]) {
            // A tensor without axes stands for a number.
            crate::ensure!(
                other.dtype() == dtype || *name == "weight" && other.ndim() == 0,
                Runtime,
                "expected dtype {} for `{name}` but got dtype {}",
                dtype.c_name(),
                other.dtype().c_name()
            );
        }
        crate::ensure!(
            dtype.is_float(),
            NotImplemented,
            "\"lerp_kernel_scalar\" not implemented for '{}'",
            dtype.type_name()
        );
        broadcast_all(x.iter().map(|a| a.shape()))
    }

    fn compute(&self, x: &[&Array], out: &Array) -> Result<()> {
        let (a, b) = (x[0].broadcast_to(out.shape()), x[1].broadcast_to(out.shape()));
        let sides = [Side::Array(&a), Side::Array(&b)];
        let number = match self.weight {
            Some(weight) => Some(weight),
            None if x[2].ndim() == 0 => Some(x[2].item()?),
            None => None,
        };
        if let Some(weight) = number {
            let (single, double) = (weight.to_f64() as f32, weight.to_f64());
            // Which end is nearer is known before: a loop without branches.
            let near = if out.dtype() == DType::F64 { double.abs() < 0.5 } else { single.abs() < 0.5 };
            return float2(
                SIMPLE,
                sides,
                out,
                move |a, b| between(a, b, single, near),
                move |a, b| between(a, b, double, near),
            );
        }
        let weight = x[2].broadcast_to(out.shape());
        float3(
            [sides[0], sides[1], Side::Array(&weight)],
            out,
            |a, b, w| between(a, b, w, w.abs() < 0.5),
            |a, b, w| between(a, b, w, w.abs() < 0.5),
        )
    }
}

impl Op for Lerp {
    fn name(&self) -> &'static str {
        "lerp"
    }

    fn node_name(&self) -> Cow<'static, str> {
        if self.weight.is_some() { "LerpBackward0".into() } else { "LerpBackward1".into() }
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let shape = Self::check(x)?;
        let layouts: SmallVec<[&Layout; 3]> = x.iter().map(|a| a.layout()).collect();
        let out = Array::empty_layout(Layout::of_result(&shape, &layouts), x[0].dtype())?;
        self.compute(x, &out)?;
        Ok(smallvec![out])
    }

    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        check_inplace(self.name(), x[0], &Self::check(x)?, x[0].dtype())?;
        self.compute(x, x[0])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        match self.weight {
            Some(_) => Saves::NONE,
            None => Saves::inputs(&[2]).when(needs[0] || needs[1]).and(Saves::inputs(&[0, 1]).when(needs[2])),
        }
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut result: Grads = smallvec![None; cx.len()];
        let Some(g) = &grads[0] else { return Ok(result) };
        let (near, far) = match self.weight {
            Some(w) => (Some(binary::mul(g, 1.0 - w.to_f64())?), Some(binary::mul(g, w)?)),
            None => {
                let w = if cx.needs(0) || cx.needs(1) { Some(cx.input(2)?) } else { None };
                let rest = |w: &Tensor| binary::mul(g, &binary::sub(1.0, w)?);
                (
                    w.as_ref().filter(|_| cx.needs(0)).map(rest).transpose()?,
                    w.as_ref().filter(|_| cx.needs(1)).map(|w| binary::mul(g, w)).transpose()?,
                )
            }
        };
        result[0] = near.filter(|_| cx.needs(0));
        result[1] = far.filter(|_| cx.needs(1));
        if self.weight.is_none() && cx.needs(2) {
            result[2] = Some(binary::mul(g, &binary::sub(&cx.input(1)?, &cx.input(0)?)?)?);
        }
        Ok(result)
    }
}
