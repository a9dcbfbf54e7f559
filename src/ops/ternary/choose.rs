//! `where`: one of two values, by a condition.

use crate::array::{Array, DType, Promotion, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::error::Result;
use crate::ops::binary::Value;
use crate::ops::elementwise::Side;
use crate::shape::{Layout, broadcast_all};
use crate::{dispatch_all, kernels::elementwise};
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
        let values: SmallVec<[Array; 2]> =
            x[1..].iter().map(|a| Ok(a.to_dtype(dtype)?.broadcast_to(&shape))).collect::<Result<_>>()?;
        let side = |place: Place| match place {
            Place::Input(i) => Side::Array(&values[i - 1]),
            Place::Number(s) => Side::Number(s),
        };
        let [a, b] = self.places().map(side);
        dispatch_all!(dtype, T => {
            let (x, y) = (a.number::<T>(), b.number::<T>());
            elementwise::map3(
                condition.operand::<bool>(),
                a.operand(&x, out.shape()),
                b.operand(&y, out.shape()),
                out.operand_mut::<T>()?,
                |c, a, b| if c { a } else { b },
            );
        });
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
