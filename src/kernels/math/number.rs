//! Functions of one floating-point number, under one set of names for `f32` and `f64`.

use super::special;
use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A float in a kernel. The names are this trait's own, so that a generic body never falls back on the standard library
/// where rsnn has a vectorising form.
pub trait Number:
    Copy
    + PartialOrd
    + Debug
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// A constant.
    fn of(x: f64) -> Self;
    /// To a double.
    fn to_f64(self) -> f64;
    /// `|x|`.
    fn abs(self) -> Self;
    /// -1, 0 or 1; 0 for NaN.
    fn sign(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// `1 / sqrt(x)`.
    fn rsqrt(self) -> Self;
    /// `e^x`.
    fn exp(self) -> Self;
    /// `2^x`.
    fn exp2(self) -> Self;
    /// `e^x - 1`.
    fn exp_m1(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Logarithm to base 2.
    fn log2(self) -> Self;
    /// Logarithm to base 10.
    fn log10(self) -> Self;
    /// `ln(1 + x)`.
    fn ln_1p(self) -> Self;
    /// Sine.
    fn sin(self) -> Self;
    /// Cosine.
    fn cos(self) -> Self;
    /// Tangent.
    fn tan(self) -> Self;
    /// Inverse sine.
    fn asin(self) -> Self;
    /// Inverse cosine.
    fn acos(self) -> Self;
    /// Inverse tangent.
    fn atan(self) -> Self;
    /// Hyperbolic sine.
    fn sinh(self) -> Self;
    /// Hyperbolic cosine.
    fn cosh(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Inverse hyperbolic sine.
    fn asinh(self) -> Self;
    /// Inverse hyperbolic cosine.
    fn acosh(self) -> Self;
    /// Inverse hyperbolic tangent.
    fn atanh(self) -> Self;
    /// `1 / (1 + e^-x)`.
    fn sigmoid(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// `1 - erf(x)`.
    fn erfc(self) -> Self;
    /// The inverse of the error function.
    fn erfinv(self) -> Self;
    /// `ln |gamma(x)|`.
    fn lgamma(self) -> Self;
    /// The logarithmic derivative of the gamma function.
    fn digamma(self) -> Self;
    /// The `n`-th derivative of [`Number::digamma`].
    fn polygamma(self, n: u32) -> Self;
    /// Down to an integer.
    fn floor(self) -> Self;
    /// Up to an integer.
    fn ceil(self) -> Self;
    /// To the nearest integer, halves to the even one.
    fn round(self) -> Self;
    /// Towards zero.
    fn trunc(self) -> Self;
    /// Whether it is NaN.
    fn is_nan(self) -> bool;
    /// Whether it is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Whether the sign bit is set.
    fn is_sign_negative(self) -> bool;

    /// The larger one of two; NaN if this is NaN.
    #[inline(always)]
    fn at_least(self, low: Self) -> Self {
        if self < low { low } else { self }
    }
    /// The smaller one of two; NaN if this is NaN.
    #[inline(always)]
    fn at_most(self, high: Self) -> Self {
        if self > high { high } else { self }
    }
}

macro_rules! number {
    ($type:ident) => {
        impl Number for $type {
            number!(methods $type:
                abs sqrt exp exp2 exp_m1 ln log2 log10 ln_1p sin cos tan asin acos atan sinh cosh tanh
                floor ceil trunc asinh acosh atanh);

            #[inline(always)]
            fn of(x: f64) -> $type {
                x as $type
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn sign(self) -> $type {
                (self > 0.0) as u8 as $type - (self < 0.0) as u8 as $type
            }
            #[inline(always)]
            fn rsqrt(self) -> $type {
                1.0 / $type::sqrt(self)
            }
            #[inline(always)]
            fn sigmoid(self) -> $type {
                1.0 / (1.0 + Number::exp(-self))
            }
            #[inline(always)]
            fn erf(self) -> $type {
                special::Special::erf(self)
            }
            #[inline(always)]
            fn erfc(self) -> $type {
                special::Special::erfc(self)
            }
            #[inline(always)]
            fn lgamma(self) -> $type {
                special::Special::lgamma(self)
            }
            #[inline(always)]
            fn erfinv(self) -> $type {
                special::erfinv(self as f64) as $type
            }
            #[inline(always)]
            fn digamma(self) -> $type {
                special::digamma(self as f64) as $type
            }
            #[inline(always)]
            fn polygamma(self, n: u32) -> $type {
                special::polygamma(n, self as f64) as $type
            }
            #[inline(always)]
            fn round(self) -> $type {
                self.round_ties_even()
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $type::is_nan(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $type::is_finite(self)
            }
            #[inline(always)]
            fn is_sign_negative(self) -> bool {
                $type::is_sign_negative(self)
            }
        }
    };
    (methods $type:ident: $($name:ident)*) => {$(
        #[inline(always)]
        fn $name(self) -> $type {
            $type::$name(self)
        }
    )*};
}
number!(f32);
number!(f64);
