//! Products.

use super::{Axes, fold, spread, sum_dtype};
use crate::array::{Array, DType, Element};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, cast};
use crate::error::Result;
use crate::kernels::float::Floating;
use crate::kernels::reduce::By;
use crate::ops::binary::{div, mul};
use crate::ops::scan::products_of_others;
use crate::ops::view::reshape_to;
use crate::{dispatch_all, dispatch_floating};
use smallvec::smallvec;
use std::borrow::Cow;

/// The product over one axis, or of all elements; `int64` for integers and booleans unless a dtype is given. The empty
/// product is 1.
///
/// # Errors
/// `IndexError` for an axis that is not there.
pub fn prod(x: &Tensor, dim: Option<isize>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    let axes = match dim {
        Some(dim) => Axes::one(dim, x.ndim(), keepdim)?,
        None => Axes::all(x.ndim(), keepdim),
    };
    let dtype = dtype.unwrap_or_else(|| sum_dtype(x.dtype()));
    let x = if dtype.is_float() { cast(x, dtype)? } else { Tensor::new(x.array().to_dtype(dtype)?) };
    apply(Prod { axes }, &[&x])
}

#[derive(Debug)]
struct Prod {
    axes: Axes,
}

fn product<T: Element + Floating>(x: &Array, axes: &Axes) -> Result<Array> {
    let identity = <T::Acc as num_traits::One>::one();
    let by = By { identity, step: |acc: T::Acc, x: T| acc * x.to_acc(), merge: |a: T::Acc, b: T::Acc| a * b };
    fold::<T, T, _>(x, axes, &by, T::from_acc)
}

impl Op for Prod {
    fn name(&self) -> &'static str {
        "prod"
    }

    fn node_name(&self) -> Cow<'static, str> {
        if self.axes.is_all() { "ProdBackward0" } else { "ProdBackward1" }.into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let x = x[0];
        Ok(smallvec![
            dispatch_floating!(x.dtype(), T => product::<T>(x, &self.axes)?, else dispatch_all!(x.dtype(), T => {
                let step = |acc: i64, x: T| acc.wrapping_mul(x.to_i64());
                fold::<T, T, _>(x, &self.axes, &By { identity: 1, step, merge: i64::wrapping_mul }, T::from_i64)?
            }))
        ])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0]).and(Saves::outputs(&[0]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let x = cx.input(0)?;
        let shape = cx.shape(0);
        let any_zero = By { identity: false, step: |acc, zero: bool| acc | zero, merge: |a, b| a | b };
        let zeros = zeros_of(&x.array())?;
        let any_zero = fold::<bool, bool, _>(&zeros, &Axes::all(x.ndim(), false), &any_zero, |acc| acc)?;
        if !any_zero.item()?.to::<bool>() {
            let all = mul(g, &cx.output(0)?)?;
            return Ok(smallvec![Some(div(&spread(&all, &self.axes, shape)?, &x)?)]);
        }
        // A product of all others by scans from both ends: no division by the zeros.
        let others = match self.axes.is_all() {
            true => reshape_to(&products_of_others(&reshape_to(&x, &[x.numel()])?, 0)?, shape)?,
            false => products_of_others(&x, self.axes.mask().iter().position(|&gone| gone).unwrap_or(0))?,
        };
        Ok(smallvec![Some(mul(&spread(g, &self.axes, shape)?, &others)?)])
    }
}

/// Where an array is zero, as `bool`.
fn zeros_of(x: &Array) -> Result<Array> {
    let out = Array::empty(x.shape(), DType::Bool)?;
    dispatch_all!(x.dtype(), T => {
        crate::kernels::elementwise::map1(x.operand::<T>(), out.operand_mut::<bool>()?, |x: T| !x.truth());
    });
    Ok(out)
}
