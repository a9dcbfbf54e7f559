//! Functions of one floating-point number, under one set of names for `f32` and `f64`.

use super::exponential::DOUBLE;
use super::{double, erf, exponential, single, special};
use crate::kernels::exp::Exp;
use crate::kernels::isa::Portable;
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
    /// `x sigmoid(x)`.
    fn silu(self) -> Self;
    /// `ln(1 + e^x)`.
    fn softplus(self) -> Self;
    /// `ln sigmoid(x)`.
    fn logsigmoid(self) -> Self;
    /// `x tanh(ln(1 + e^x))`.
    fn mish(self) -> Self;
    /// `x (1 + erf(x / sqrt(2))) / 2`.
    fn gelu(self) -> Self;
    /// What the normal distribution has below it.
    fn normal(self) -> Self;
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
    ($type:ident: $($own:item)*) => {
        impl Number for $type {
            number!(methods $type: abs sqrt sin cos tan asin acos atan floor ceil trunc asinh acosh atanh);
            $(
                #[inline(always)]
                $own
            )*

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

number!(f32:
    fn exp(self) -> f32 { single::exp(Portable, self) }
    fn exp2(self) -> f32 { single::exp2(Portable, self) }
    fn exp_m1(self) -> f32 { single::exp_m1(Portable, self) }
    fn ln(self) -> f32 { single::ln(Portable, self) }
    fn log2(self) -> f32 { single::log2(Portable, self) }
    fn log10(self) -> f32 { single::log10(Portable, self) }
    fn ln_1p(self) -> f32 { single::ln_1p(Portable, self) }
    fn sinh(self) -> f32 { exponential::sinh(self as f64) as f32 }
    fn cosh(self) -> f32 { exponential::cosh(self as f64) as f32 }
    fn tanh(self) -> f32 { single::tanh(Portable, self) }
    fn sigmoid(self) -> f32 { single::sigmoid(Portable, self) }
    fn silu(self) -> f32 { single::silu(Portable, self) }
    fn softplus(self) -> f32 { single::softplus(Portable, self) }
    fn logsigmoid(self) -> f32 { single::logsigmoid(Portable, self) }
    fn mish(self) -> f32 { single::mish(Portable, self) }
    fn gelu(self) -> f32 { single::gelu(Portable, self) }
    fn normal(self) -> f32 { single::normal(Portable, self) }
    fn erf(self) -> f32 { single::erf(Portable, self) }
    fn erfc(self) -> f32 { erf::erfc(self as f64) as f32 }
    fn lgamma(self) -> f32 { special::lgamma(self as f64) as f32 }
);
number!(f64:
    fn exp(self) -> f64 { self.exp_inline() }
    fn exp2(self) -> f64 { f64::exp2(self) }
    fn exp_m1(self) -> f64 { exponential::exp_m1::<DOUBLE>(self) }
    fn ln(self) -> f64 { double::ln(self) }
    fn log2(self) -> f64 { f64::log2(self) }
    fn log10(self) -> f64 { f64::log10(self) }
    fn ln_1p(self) -> f64 { f64::ln_1p(self) }
    fn sinh(self) -> f64 { f64::sinh(self) }
    fn cosh(self) -> f64 { f64::cosh(self) }
    fn tanh(self) -> f64 { exponential::tanh(self) }
    fn sigmoid(self) -> f64 { 1.0 / (1.0 + (-self).exp_inline()) }
    fn silu(self) -> f64 { self / (1.0 + (-self).exp_inline()) }
    fn softplus(self) -> f64 { self.at_least(0.0) + f64::ln_1p((-f64::abs(self)).exp_inline()) }
    fn logsigmoid(self) -> f64 { self.at_most(0.0) - f64::ln_1p((-f64::abs(self)).exp_inline()) }
    fn mish(self) -> f64 { self * exponential::tanh(Number::softplus(self)) }
    fn gelu(self) -> f64 { self * 0.5 * (1.0 + double::erf(self * std::f64::consts::FRAC_1_SQRT_2)) }
    fn normal(self) -> f64 { 0.5 * (1.0 + double::erf(self * std::f64::consts::FRAC_1_SQRT_2)) }
    fn erf(self) -> f64 { double::erf(self) }
    fn erfc(self) -> f64 { libm::erfc(self) }
    fn lgamma(self) -> f64 { special::lgamma(self) }
);
