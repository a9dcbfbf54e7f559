//! A single that knows the instruction set its code is compiled for: its functions multiply and add with one rounding where
//! that is one instruction.

use super::{Number, single};
use crate::kernels::isa::Simd;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// An `f32` with the token of an instruction set.
#[derive(Clone, Copy)]
pub struct Native<S>(f32, S);

impl<S: Simd> Native<S> {
    /// A number in code for a set.
    #[inline(always)]
    pub fn new(simd: S, x: f32) -> Self {
        Native(x, simd)
    }

    /// The number.
    #[inline(always)]
    pub fn get(self) -> f32 {
        self.0
    }
}

impl<S> fmt::Debug for Native<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S> PartialEq for Native<S> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<S> PartialOrd for Native<S> {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.0.partial_cmp(&other.0)
    }
    #[inline(always)]
    fn lt(&self, other: &Self) -> bool {
        self.0 < other.0
    }
    #[inline(always)]
    fn le(&self, other: &Self) -> bool {
        self.0 <= other.0
    }
    #[inline(always)]
    fn gt(&self, other: &Self) -> bool {
        self.0 > other.0
    }
    #[inline(always)]
    fn ge(&self, other: &Self) -> bool {
        self.0 >= other.0
    }
}

macro_rules! operators {
    ($($trait:ident $name:ident)*) => {$(
        impl<S: Simd> $trait for Native<S> {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                Native($trait::$name(self.0, other.0), self.1)
            }
        }
    )*};
}
operators!(Add add Sub sub Mul mul Div div);

impl<S: Simd> Neg for Native<S> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Native(-self.0, self.1)
    }
}

macro_rules! methods {
    (native: $($native:ident)*; plain: $($plain:ident)*) => {
        $(
            #[inline(always)]
            fn $native(self) -> Self {
                Native(single::$native(self.1, self.0), self.1)
            }
        )*
        $(
            #[inline(always)]
            fn $plain(self) -> Self {
                Native(Number::$plain(self.0), self.1)
            }
        )*
    };
}

impl<S: Simd> Number for Native<S> {
    methods!(
        native:
            exp exp2 exp_m1 ln log2 log10 ln_1p tanh sigmoid silu softplus logsigmoid mish gelu normal erf;
        plain:
            abs sign sqrt rsqrt sin cos tan asin acos atan sinh cosh asinh acosh atanh erfc erfinv
            lgamma digamma floor ceil round trunc
    );

    #[inline(always)]
    fn of(x: f64) -> Self {
        Native(x as f32, S::TOKEN)
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self.0 as f64
    }
    #[inline(always)]
    fn polygamma(self, n: u32) -> Self {
        Native(Number::polygamma(self.0, n), self.1)
    }
    #[inline(always)]
    fn is_nan(self) -> bool {
        self.0.is_nan()
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        self.0.is_finite()
    }
    #[inline(always)]
    fn is_sign_negative(self) -> bool {
        self.0.is_sign_negative()
    }
}
