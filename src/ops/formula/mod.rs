//! The language in which derivatives are written. A formula is a generic function of [`Formula`] values: with numbers it
//! is the body of a fused kernel (one pass over memory, for first derivatives), with [`Term`]s it is a sequence of tensor
//! operations (which can be differentiated again).

mod term;

pub use term::{Tape, Term};

use crate::kernels::math::Number;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

/// A value of a formula: a number or a tensor.
pub trait Formula:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// Where a condition holds.
    type Mask: Copy + BitAnd<Output = Self::Mask> + BitOr<Output = Self::Mask> + Not<Output = Self::Mask>;

    /// A constant.
    fn of(x: f64) -> Self;
    /// 0, in the shape of this value.
    fn zeros(self) -> Self;
    /// `self < other`.
    fn lt(self, other: Self) -> Self::Mask;
    /// `self <= other`.
    fn le(self, other: Self) -> Self::Mask;
    /// `self = other`.
    fn is(self, other: Self) -> Self::Mask;
    /// `then` where the mask holds, else `other`.
    fn select(mask: Self::Mask, then: Self, other: Self) -> Self;

    /// `self > other`.
    #[inline(always)]
    fn gt(self, other: Self) -> Self::Mask {
        other.lt(self)
    }
    /// `self >= other`.
    #[inline(always)]
    fn ge(self, other: Self) -> Self::Mask {
        other.le(self)
    }
    /// This value where the mask holds, else 0.
    #[inline(always)]
    fn when(self, mask: Self::Mask) -> Self {
        Self::select(mask, self, Self::of(0.0))
    }

    /// `e^x`.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// `1 / sqrt(x)`.
    fn rsqrt(self) -> Self;
    /// Sine.
    fn sin(self) -> Self;
    /// Cosine.
    fn cos(self) -> Self;
    /// Hyperbolic sine.
    fn sinh(self) -> Self;
    /// Hyperbolic cosine.
    fn cosh(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// `1 / (1 + e^-x)`.
    fn sigmoid(self) -> Self;
    /// `ln(1 + x)`.
    fn ln_1p(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// What the normal distribution has below it.
    fn normal(self) -> Self {
        Self::of(0.5) * (Self::of(1.0) + (self * Self::of(std::f64::consts::FRAC_1_SQRT_2)).erf())
    }
    /// `|x|`.
    fn abs(self) -> Self;
    /// -1, 0 or 1.
    fn sign(self) -> Self;
    /// The logarithmic derivative of the gamma function.
    fn digamma(self) -> Self;
    /// The `n`-th derivative of [`Formula::digamma`].
    fn polygamma(self, n: u32) -> Self;
}

macro_rules! number_formula {
    ($type:ident: $($name:ident)*) => {
        impl Formula for $type {
            type Mask = bool;

            #[inline(always)]
            fn of(x: f64) -> $type {
                x as $type
            }
            #[inline(always)]
            fn zeros(self) -> $type {
                0.0
            }
            #[inline(always)]
            fn lt(self, other: $type) -> bool {
                self < other
            }
            #[inline(always)]
            fn le(self, other: $type) -> bool {
                self <= other
            }
            #[inline(always)]
            fn is(self, other: $type) -> bool {
                self == other
            }
            #[inline(always)]
            fn select(mask: bool, then: $type, other: $type) -> $type {
                if mask { then } else { other }
            }
            #[inline(always)]
            fn polygamma(self, n: u32) -> $type {
                Number::polygamma(self, n)
            }
            $(
                #[inline(always)]
                fn $name(self) -> $type {
                    Number::$name(self)
                }
            )*
        }
    };
}
number_formula!(f32: exp ln rsqrt sin cos sinh cosh tanh sigmoid ln_1p erf normal abs sign digamma);
number_formula!(f64: exp ln rsqrt sin cos sinh cosh tanh sigmoid ln_1p erf normal abs sign digamma);
