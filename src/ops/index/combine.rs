//! How two elements become one, in the element's own arithmetic: integers wrap, half types round each step.

use crate::array::{Category, DType, Element};

/// Half types and singles compute in `f32`, doubles in `f64`, integers in wrapping `i64`; `bool` as `i64` too.
#[inline(always)]
fn number<T: Element>(a: &mut T, b: T, f64: fn(f64, f64) -> f64, f32: fn(f32, f32) -> f32, i64: fn(i64, i64) -> i64) {
    *a = match T::DTYPE {
        DType::F64 => T::from_f64(f64(a.to_f64(), b.to_f64())),
        dtype if dtype.category() == Category::Float => T::from_f32(f32(a.to_f32(), b.to_f32())),
        _ => T::from_i64(i64(a.to_i64(), b.to_i64())),
    };
}

/// `a += b`; for `bool` "or".
#[inline(always)]
pub fn add<T: Element>(a: &mut T, b: T) {
    number(a, b, |a, b| a + b, |a, b| a + b, i64::wrapping_add);
}

/// `a *= b`; for `bool` "and".
#[inline(always)]
pub fn multiply<T: Element>(a: &mut T, b: T) {
    number(a, b, |a, b| a * b, |a, b| a * b, i64::wrapping_mul);
}

/// The larger one; NaN if either is.
#[inline(always)]
pub fn maximum<T: Element>(a: &mut T, b: T) {
    if b > *a || b.is_nan() {
        *a = b;
    }
}

/// The smaller one; NaN if either is.
#[inline(always)]
pub fn minimum<T: Element>(a: &mut T, b: T) {
    if b < *a || b.is_nan() {
        *a = b;
    }
}
