//! One of two values, by a condition: `where` and `masked_fill`.

use crate::array::{Array, DType, Promotion, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace, check_inplace};
use crate::error::Result;
use crate::ops::binary::Value;
use crate::shape::{Layout, broadcast, broadcast_all};
use crate::{dispatch_size, kernels::elementwise};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// `a` where the condition holds, else `b`; all broadcast together.
///
/// # Errors
/// `RuntimeError` if `condition` is neither `bool` nor `uint8`, or shapes do not fit.
pub fn where_<'a>(condition: &Tensor, a: impl Into<Value<'a>>, b: impl Into<Value<'a>>) -> Result<Tensor> {
    let mut inputs: SmallVec<[&Tensor; 3]> = smallvec![condition];
    let mut place = |value: Value<'a>| match value {
        Value::Tensor(x) => {
            inputs.push(x);
            Place::Input(inputs.len() - 1)
        }
        Value::Scalar(s) => Place::Number(s),
    };
    let op = Where { then: place(a.into()), other: place(b.into()) };
    apply(op, &inputs)
}

/// Writes `a` where the condition holds and `b` elsewhere; all of the shape of `out`, the values of its dtype.
fn choose(condition: &Array, a: &Array, b: &Array, out: &Array) -> Result<()> {
    dispatch_size!(out.dtype(), T => {
        let (a, b) = (a.operand_bits::<T>(), b.operand_bits::<T>());
        elementwise::map3(condition.operand::<bool>(), a, b, out.operand_bits_mut::<T>()?, |c, a, b| if c { a } else { b });
    });
    Ok(())
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug)]
enum Place {
    Input(usize),
    Number(Scalar),
}

#[derive(Debug)]
struct Where {
    then: Place,
    other: Place,
}

impl Where {
    fn places(&self) -> [Place; 2] {
        [self.then, self.other]
    }
}

impl Op for Where {
    fn name(&self) -> &'static str {
        "where"
    }

    fn node_name(&self) -> Cow<'static, str> {
        "WhereBackward0".into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        crate::ensure!(
            matches!(x[0].dtype(), DType::Bool | DType::U8),
            Runtime,
            "where expected condition to be a boolean tensor, but got a tensor with dtype {}",
            x[0].dtype().type_name()
        );
        let dtype = self
            .places()
            .iter()
            .fold(Promotion::of(x[1..].iter().copied()), |p, place| match place {
                Place::Input(_) => p,
                Place::Number(s) => p.number(*s),
            })
            .result();
        let shape = broadcast_all(x.iter().map(|a| a.shape()))?;
        let layouts: SmallVec<[&Layout; 3]> = x.iter().map(|a| a.layout()).collect();
        let out = Array::empty_layout(Layout::of_result(&shape, &layouts), dtype)?;
        let condition = x[0].to_dtype(DType::Bool)?.broadcast_to(&shape);
        let value = |place: Place| -> Result<Array> {
            let array = match place {
                Place::Input(i) => x[i].to_dtype(dtype)?,
                Place::Number(s) => {
                    // Beyond the range of a half type a number becomes infinite, as in PyTorch.
                    if dtype.size() != 2 || !dtype.is_float() {
                        s.check_fits(dtype)?;
                    }
                    Array::scalar(s, dtype)?
                }
            };
            Ok(array.broadcast_to(&shape))
        };
        choose(&condition, &value(self.then)?, &value(self.other)?, &out)?;
        Ok(smallvec![out])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut result: Grads = smallvec![None; cx.len()];
        let Some(g) = &grads[0] else { return Ok(result) };
        for (side, place) in self.places().into_iter().enumerate() {
            if let Place::Input(i) = place
                && cx.needs(i)
            {
                let zero = Scalar::Int(0);
                let condition = cx.input(0)?;
                result[i] = Some(if side == 0 { where_(&condition, g, zero)? } else { where_(&condition, zero, g)? });
            }
        }
        Ok(result)
    }
}

/// `x` with `value` where the mask holds; `x` and the mask broadcast together, the dtype is that of `x`.
///
/// # Errors
/// `RuntimeError` for a mask that is not `bool`, a tensor as value that has axes, a number that the dtype cannot hold, or
/// shapes that do not fit.
pub fn masked_fill<'a>(x: &Tensor, mask: &Tensor, value: impl Into<Value<'a>>) -> Result<Tensor> {
    match value.into() {
        Value::Tensor(value) => apply(MaskedFill { value: None }, &[x, mask, value]),
        Value::Scalar(value) => apply(MaskedFill { value: Some(value) }, &[x, mask]),
    }
}

/// [`masked_fill`] written into `x`, to whose shape the mask stretches.
pub fn masked_fill_<'a>(x: &'a Tensor, mask: &'a Tensor, value: impl Into<Value<'a>>) -> Result<()> {
    match value.into() {
        Value::Tensor(value) => apply_inplace(MaskedFill { value: None }, &[x, mask, value]),
        Value::Scalar(value) => apply_inplace(MaskedFill { value: Some(value) }, &[x, mask]),
    }
}

/// The value is a number, or the third input.
#[derive(Debug)]
struct MaskedFill {
    value: Option<Scalar>,
}

impl MaskedFill {
    /// Writes to `out`, to whose shape `x[0]` and the mask stretch.
    fn compute(&self, x: &[&Array], out: &Array) -> Result<()> {
        let value = match (self.value, x) {
            (Some(number), _) => {
                number.check_fits(out.dtype())?;
                Array::scalar(number, out.dtype())?
            }
            (None, x) => x[2].to_dtype(out.dtype())?,
        };
        let (value, shape) = (value.broadcast_to(out.shape()), out.shape());
        choose(&x[1].broadcast_to(shape), &value, &x[0].broadcast_to(shape), out)
    }

    fn check(x: &[&Array]) -> Result<()> {
        crate::ensure!(
            x[1].dtype() == DType::Bool,
            Runtime,
            "masked_fill_ only supports boolean masks, but got mask with dtype {}",
            x[1].dtype().c_name()
        );
        if let [_, _, value] = x {
            crate::ensure!(
                value.ndim() == 0,
                Runtime,
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {} dimension(s).",
                value.ndim()
            );
        }
        Ok(())
    }
}

impl Op for MaskedFill {
    fn name(&self) -> &'static str {
        "masked_fill"
    }

    fn node_name(&self) -> Cow<'static, str> {
        if self.value.is_some() { "MaskedFillBackward0".into() } else { "MaskedFillBackward1".into() }
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Self::check(x)?;
        let shape = broadcast(x[0].shape(), x[1].shape())?;
        let out = Array::empty_layout(Layout::of_result(&shape, &[x[0].layout()]), x[0].dtype())?;
        self.compute(x, &out)?;
        Ok(smallvec![out])
    }

    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        Self::check(x)?;
        check_inplace(self.name(), x[0], &broadcast(x[0].shape(), x[1].shape())?, x[0].dtype())?;
        self.compute(x, x[0])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[1])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut result: Grads = smallvec![None; cx.len()];
        let Some(g) = &grads[0] else { return Ok(result) };
        let mask = cx.input(1)?;
        if cx.needs(0) {
            result[0] = Some(masked_fill(g, &mask, Scalar::Int(0))?);
        }
        if self.value.is_none() && cx.needs(2) {
            result[2] = Some(where_(&mask, g, Scalar::Int(0))?);
        }
        Ok(result)
    }
}
