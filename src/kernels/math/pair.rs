//! Functions of two floating-point numbers.

use crate::kernels::float::Real;
use std::cmp::Ordering;

/// `a / b` rounded down, exactly: computed from the remainder, as Python does.
#[inline(always)]
pub fn div_floor<T: Real>(a: T, b: T) -> T {
    if b == T::zero() {
        return a / b;
    }
    let rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest != T::zero() && (b < T::zero()) != (rest < T::zero()) {
        quotient -= T::one();
    }
    if quotient == T::zero() {
        return T::zero().copysign(a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > T::from_f64(0.5) { floor + T::one() } else { floor }
}

/// `a - b floor(a / b)`: the sign of `b`.
#[inline(always)]
pub fn remainder<T: Real>(a: T, b: T) -> T {
    let rest = a % b;
    if rest != T::zero() && (b < T::zero()) != (rest < T::zero()) { rest + b } else { rest }
}

/// The larger one; NaN if either is.
#[inline(always)]
pub fn maximum<T: Real>(a: T, b: T) -> T {
    if a.is_nan() || !(b > a || b.is_nan()) { a } else { b }
}

/// The smaller one; NaN if either is.
#[inline(always)]
pub fn minimum<T: Real>(a: T, b: T) -> T {
    if a.is_nan() || !(b < a || b.is_nan()) { a } else { b }
}

/// The larger one; a number rather than NaN.
#[inline(always)]
pub fn fmax<T: Real>(a: T, b: T) -> T {
    if a >= b || b.is_nan() { a } else { b }
}

/// The smaller one; a number rather than NaN.
#[inline(always)]
pub fn fmin<T: Real>(a: T, b: T) -> T {
    if a <= b || b.is_nan() { a } else { b }
}

/// `ln(e^a + e^b)`.
#[inline(always)]
pub fn logaddexp<T: Real>(a: T, b: T) -> T {
    if a.is_infinite() && a == b {
        return a;
    }
    maximum(a, b) + (-(a - b).abs()).exp().ln_1p()
}

/// `log2(2^a + 2^b)`.
#[inline(always)]
pub fn logaddexp2<T: Real>(a: T, b: T) -> T {
    if a.is_infinite() && a == b {
        return a;
    }
    maximum(a, b) + (-(a - b).abs()).exp2().ln_1p() * T::from_f64(std::f64::consts::LOG2_E)
}

/// `a ln b`, 0 where `a` is 0 and `b` is no NaN.
#[inline(always)]
pub fn xlogy<T: Real>(a: T, b: T) -> T {
    match () {
        _ if b.is_nan() => b,
        _ if a == T::zero() => T::zero(),
        _ => a * b.ln(),
    }
}

/// The next number of a 16-bit float type from `a` towards `b`, as bits; `zero` tells whether `a` is 0.
#[inline(always)]
fn step(bits: u16, zero: bool, up: bool) -> u16 {
    match bits {
        _ if zero => {
            if up {
                1
            } else {
                0x8001
            }
        }
        bits if (bits & 0x8000 == 0) == up => bits + 1,
        bits => bits - 1,
    }
}

/// The next `f16` or `bf16` from `a` towards `b`.
macro_rules! nextafter_half {
    ($name:ident $type:ty) => {
        /// The next number from `a` towards `b`.
        pub fn $name(a: $type, b: $type) -> $type {
            match a.partial_cmp(&b) {
                None => <$type>::NAN,
                Some(Ordering::Equal) => b,
                Some(order) => <$type>::from_bits(step(a.to_bits(), a.to_f32() == 0.0, order == Ordering::Less)),
            }
        }
    };
}
nextafter_half!(nextafter_f16 half::f16);
nextafter_half!(nextafter_bf16 half::bf16);

/// `a 2^b`, by way of double precision, which has room for most powers of two that matter to singles.
#[inline(always)]
pub fn ldexp_single(a: f32, b: f32) -> f32 {
    (a as f64 * (b as f64).exp2()) as f32
}

/// `a 2^b`; the power itself may be out of range.
#[inline(always)]
pub fn ldexp(a: f64, b: f64) -> f64 {
    let whole = b.floor();
    if whole.abs() <= i32::MAX as f64 { libm::ldexp(a * (b - whole).exp2(), whole as i32) } else { a * b.exp2() }
}

/// 0 below zero and for NaN, 1 above, `b` at zero.
#[inline(always)]
pub fn heaviside<T: PartialOrd + num_traits::Zero + num_traits::One>(a: T, b: T) -> T {
    match () {
        _ if a == T::zero() => b,
        _ if a > T::zero() => T::one(),
        _ => T::zero(),
    }
}
