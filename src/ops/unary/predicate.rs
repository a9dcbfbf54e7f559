//! Questions about every element, and negations of truth and bits.

use crate::array::{Array, Category, DType, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply, apply_inplace};
use crate::error::Result;
use crate::ops::elementwise::{SIMPLE, test1, typed1};
use crate::shape::Layout;
use crate::{dispatch_all, dispatch_integer};
use smallvec::smallvec;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Predicate {
    IsNan,
    IsInf,
    IsFinite,
    IsPosInf,
    IsNegInf,
    SignBit,
    LogicalNot,
    BitwiseNot,
}

macro_rules! predicates {
    ($($(#[$meta:meta])* $name:ident $variant:ident;)*) => {$(
        $(#[$meta])*
        pub fn $name(x: &Tensor) -> Result<Tensor> {
            apply(Predicate::$variant, &[x])
        }
    )*};
}

predicates! {
    /// Where `x` is NaN.
    isnan IsNan;
    /// Where `x` is an infinity.
    isinf IsInf;
    /// Where `x` is neither an infinity nor NaN.
    isfinite IsFinite;
    /// Where `x` is positive infinity.
    isposinf IsPosInf;
    /// Where `x` is negative infinity.
    isneginf IsNegInf;
    /// Where the sign bit of `x` is set; -0.0 has it.
    signbit SignBit;
    /// Where `x` is zero.
    logical_not LogicalNot;
    /// All bits inverted; of `bool`, the other value.
    bitwise_not BitwiseNot;
}

/// [`logical_not`] written into `x`.
pub fn logical_not_(x: &Tensor) -> Result<()> {
    apply_inplace(Predicate::LogicalNot, &[x])
}

/// [`bitwise_not`] written into `x`.
pub fn bitwise_not_(x: &Tensor) -> Result<()> {
    apply_inplace(Predicate::BitwiseNot, &[x])
}

impl Predicate {
    fn result_dtype(self, dtype: DType) -> DType {
        if self == Predicate::BitwiseNot { dtype } else { DType::Bool }
    }

    fn compute(self, x: &Array, out: &Array) -> Result<()> {
        let dtype = x.dtype();
        let float = dtype.category() == Category::Float;
        macro_rules! float {
            (|$x:ident| $body:expr) => {
                test1(dtype, x, out, |$x: f32| $body, |$x: f64| $body)
            };
        }
        match self {
            Predicate::IsNan if float => float!(|x| x.is_nan()),
            Predicate::IsInf if float => float!(|x| x.is_infinite()),
            Predicate::IsFinite if float => float!(|x| x.is_finite()),
            Predicate::IsPosInf if float => float!(|x| x.is_infinite() && x > 0.0),
            Predicate::IsNegInf if float => float!(|x| x.is_infinite() && x < 0.0),
            Predicate::SignBit if float => float!(|x| x.is_sign_negative()),
            Predicate::SignBit if dtype != DType::Bool => {
                dispatch_integer!(dtype, T => typed1(SIMPLE, x, out, |x: T| x < T::default()), else Ok(()))
            }
            Predicate::IsFinite => out.fill(Scalar::Bool(true)),
            Predicate::IsNan | Predicate::IsInf | Predicate::IsPosInf | Predicate::IsNegInf | Predicate::SignBit => {
                out.fill(Scalar::Bool(false))
            }
            Predicate::LogicalNot => {
                use crate::array::Element;
                dispatch_all!(dtype, T => typed1(SIMPLE, x, out, |x: T| !x.truth()))
            }
            Predicate::BitwiseNot if dtype == DType::Bool => typed1(SIMPLE, x, out, |x: bool| !x),
            Predicate::BitwiseNot => {
                dispatch_integer!(dtype, T => typed1(SIMPLE, x, out, |x: T| !x), else crate::bail!(
                    NotImplemented,
                    "\"bitwise_not_cpu\" not implemented for '{}'",
                    dtype.type_name()
                ))
            }
        }
    }
}

impl Op for Predicate {
    fn name(&self) -> &'static str {
        match self {
            Predicate::IsNan => "isnan",
            Predicate::IsInf => "isinf",
            Predicate::IsFinite => "isfinite",
            Predicate::IsPosInf => "isposinf",
            Predicate::IsNegInf => "isneginf",
            Predicate::SignBit => "signbit",
            Predicate::LogicalNot => "logical_not",
            Predicate::BitwiseNot => "bitwise_not",
        }
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let layout = Layout::of_result(x[0].shape(), &[x[0].layout()]);
        let out = Array::for_results(layout, self.result_dtype(x[0].dtype()))?;
        self.compute(x[0], &out)?;
        Ok(smallvec![out])
    }

    fn is_differentiable(&self, _: usize) -> bool {
        !matches!(self, Predicate::LogicalNot | Predicate::BitwiseNot)
    }

    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        // Only in place, on a float tensor, is there anything to differentiate: a step function.
        Ok(smallvec![grads[0].as_ref().map(super::zeros_like).transpose()?])
    }
}
