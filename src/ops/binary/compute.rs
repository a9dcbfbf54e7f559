//! The kernels of each operation, by dtype.

use super::kind::{Domain, Kind};
use crate::array::{Array, Category, DType, Element, Scalar};
use crate::error::Result;
use crate::kernels::elementwise::{self, Here, Map1, Single, Vector};
use crate::kernels::isa::{Portable, Simd};
use crate::kernels::math::angle::Atan2;
use crate::kernels::math::integer::{self, Whole};
use crate::kernels::math::pair;
use crate::kernels::math::power::pow;
use crate::kernels::math::quotient::{DivFloor, Fmod, Remainder};
use crate::ops::elementwise::{SIMPLE, Side, float2, float2_or, native1, test2, typed2};
use crate::{dispatch_integer, ensure};
use std::cmp::Ordering;

/// Writes `kind(a, b)` to `out`; arrays have the dtype `common` and the shape of `out`.
pub fn compute(kind: Kind, alpha: Scalar, common: DType, sides: [Side<'_>; 2], out: &Array) -> Result<()> {
    match (kind.domain(), common.category()) {
        (Domain::Compare, _) => compare(kind, common, sides, out),
        (_, Category::Float) => floats(kind, alpha, sides, out),
        (_, Category::Bool) => booleans(kind, sides, out),
        (_, Category::Integer) => dispatch_integer!(common, T => integers::<T>(kind, alpha, sides, out),
            else unreachable!("an integer category")),
    }
}

fn refuse(kind: Kind, dtype: DType) -> Result<()> {
    crate::bail!(NotImplemented, "\"{}_cpu\" not implemented for '{}'", kind.name(), dtype.type_name())
}

fn floats(kind: Kind, alpha: Scalar, sides: [Side<'_>; 2], out: &Array) -> Result<()> {
    // One text for `f32` and `f64`; `cost` counts simple steps.
    macro_rules! run {
        ($cost:expr, |$a:ident, $b:ident| $body:expr) => {
            float2($cost, sides, out, |$a: f32, $b: f32| $body, |$a: f64, $b: f64| $body)
        };
    }
    let scaled = alpha.to_f64() != 1.0;
    let (alpha32, alpha64) = (alpha.to_f64() as f32, alpha.to_f64());
    match kind {
        Kind::Add if scaled => float2((Here, 1), sides, out, |a, b| a + alpha32 * b, |a, b| a + alpha64 * b),
        Kind::Sub if scaled => float2((Here, 1), sides, out, |a, b| a - alpha32 * b, |a, b| a - alpha64 * b),
        Kind::Add => run!((Here, 1), |a, b| a + b),
        Kind::Sub => run!((Here, 1), |a, b| a - b),
        Kind::Mul => run!((Here, 1), |a, b| a * b),
        Kind::Div => run!((Here, 2), |a, b| a / b),
        Kind::DivTrunc => run!((Vector, 3), |a, b| (a / b).trunc()),
        Kind::DivFloor | Kind::FloorDivide => float2_or(8, sides, out, DivFloor, pair::div_floor, pair::div_floor),
        Kind::Remainder => float2_or(4, sides, out, Remainder, pair::remainder, pair::remainder),
        Kind::Fmod => float2_or(4, sides, out, Fmod, |a, b| a % b, |a, b| a % b),
        Kind::Pow => power(sides, out),
        Kind::Maximum => run!(SIMPLE, |a, b| pair::maximum(a, b)),
        Kind::Minimum => run!(SIMPLE, |a, b| pair::minimum(a, b)),
        Kind::Fmax => run!(SIMPLE, |a, b| pair::fmax(a, b)),
        Kind::Fmin => run!(SIMPLE, |a, b| pair::fmin(a, b)),
        Kind::Atan2 => float2_or(12, sides, out, Atan2, f32::atan2, f64::atan2),
        Kind::Hypot => run!((Single, 10), |a, b| a.hypot(b)),
        Kind::Copysign => run!(SIMPLE, |a, b| a.copysign(b)),
        Kind::Nextafter if out.dtype() == DType::F16 => typed2((Single, 5), sides, out, pair::nextafter_f16),
        Kind::Nextafter if out.dtype() == DType::BF16 => typed2((Single, 5), sides, out, pair::nextafter_bf16),
        Kind::Nextafter => run!((Single, 5), |a, b| match a.partial_cmp(&b) {
            Some(Ordering::Less) => a.next_up(),
            Some(Ordering::Greater) => a.next_down(),
            Some(Ordering::Equal) => b,
            None => a + b,
        }),
        Kind::Logaddexp => run!((Single, 30), |a, b| pair::logaddexp(a, b)),
        Kind::Logaddexp2 => run!((Single, 30), |a, b| pair::logaddexp2(a, b)),
        Kind::Xlogy => run!((Single, 15), |a, b| pair::xlogy(a, b)),
        Kind::Ldexp => float2((Single, 20), sides, out, pair::ldexp_single, pair::ldexp),
        Kind::Heaviside => run!(SIMPLE, |a, b| pair::heaviside(a, b)),
        _ => refuse(kind, out.dtype()),
    }
}

/// A power with one exponent for all.
#[derive(Clone, Copy)]
struct PowerOf(f64);

impl Map1<f32, f32> for PowerOf {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, x: f32) -> f32 {
        pow(simd, x, self.0 as f32)
    }
}

impl Map1<f64, f64> for PowerOf {
    #[inline(always)]
    fn at<S: Simd>(self, _: S, x: f64) -> f64 {
        x.powf(self.0)
    }
}

/// Powers of floats; the exponents that are cheap by other means go there, as in PyTorch.
fn power(sides: [Side<'_>; 2], out: &Array) -> Result<()> {
    macro_rules! run {
        ($cost:expr, |$a:ident, $b:ident| $body:expr) => {
            float2($cost, sides, out, |$a: f32, $b: f32| $body, |$a: f64, $b: f64| $body)
        };
    }
    match sides[1] {
        Side::Number(e) if e.to_f64() == 1.0 => run!(SIMPLE, |a, _b| a),
        Side::Number(e) if e.to_f64() == 2.0 => run!(SIMPLE, |a, _b| a * a),
        Side::Number(e) if e.to_f64() == 3.0 => run!(SIMPLE, |a, _b| a * a * a),
        Side::Number(e) if e.to_f64() == 0.5 => run!((Vector, 3), |a, _b| a.sqrt()),
        Side::Number(e) if e.to_f64() == -0.5 => run!((Vector, 5), |a, _b| 1.0 / a.sqrt()),
        Side::Number(e) if e.to_f64() == -1.0 => run!((Vector, 2), |a, _b| 1.0 / a),
        Side::Number(e) if e.to_f64() == -2.0 => run!((Vector, 3), |a, _b| 1.0 / (a * a)),
        Side::Number(e) if let Side::Array(a) = sides[0] => native1((Vector, 20), a, out, PowerOf(e.to_f64())),
        _ => float2((Vector, 30), sides, out, |a, b| pow(Portable, a, b), f64::powf),
    }
}

fn integers<T>(kind: Kind, alpha: Scalar, sides: [Side<'_>; 2], out: &Array) -> Result<()>
where
    T: Element + Whole + num_traits::CheckedDiv,
{
    if matches!(kind, Kind::DivTrunc | Kind::DivFloor | Kind::FloorDivide | Kind::Remainder | Kind::Fmod) {
        let divides_by_zero = out.numel() > 0
            && match sides[1] {
                Side::Array(b) => elementwise::any(b.operand::<T>(), |b| b == T::zero()),
                Side::Number(b) => b.to::<T>() == T::zero(),
            };
        ensure!(!divides_by_zero, Runtime, "ZeroDivisionError");
    }
    let alpha: T = alpha.to();
    match kind {
        Kind::Add if alpha != T::one() => {
            typed2(SIMPLE, sides, out, |a: T, b: T| a.wrapping_add(&alpha.wrapping_mul(&b)))
        }
        Kind::Sub if alpha != T::one() => {
            typed2(SIMPLE, sides, out, |a: T, b: T| a.wrapping_sub(&alpha.wrapping_mul(&b)))
        }
        Kind::Add => typed2(SIMPLE, sides, out, |a: T, b: T| a.wrapping_add(&b)),
        Kind::Sub => typed2(SIMPLE, sides, out, |a: T, b: T| a.wrapping_sub(&b)),
        Kind::Mul => typed2(SIMPLE, sides, out, |a: T, b: T| a.wrapping_mul(&b)),
        Kind::DivTrunc => typed2((Single, 10), sides, out, integer::div_trunc::<T>),
        Kind::DivFloor | Kind::FloorDivide => typed2((Single, 10), sides, out, integer::div_floor::<T>),
        Kind::Remainder => typed2((Single, 10), sides, out, integer::remainder::<T>),
        Kind::Fmod => typed2((Single, 10), sides, out, integer::fmod::<T>),
        Kind::Pow => typed2((Single, 10), sides, out, integer::pow::<T>),
        Kind::Maximum | Kind::Fmax => typed2(SIMPLE, sides, out, |a: T, b: T| a.max(b)),
        Kind::Minimum | Kind::Fmin => typed2(SIMPLE, sides, out, |a: T, b: T| a.min(b)),
        Kind::Heaviside => typed2((Single, 2), sides, out, pair::heaviside::<T>),
        Kind::BitwiseAnd => typed2(SIMPLE, sides, out, |a: T, b: T| a & b),
        Kind::BitwiseOr => typed2(SIMPLE, sides, out, |a: T, b: T| a | b),
        Kind::BitwiseXor => typed2(SIMPLE, sides, out, |a: T, b: T| a ^ b),
        Kind::ShiftLeft => typed2((Single, 2), sides, out, T::shift_left),
        Kind::ShiftRight => typed2((Single, 2), sides, out, T::shift_right),
        _ => refuse(kind, T::DTYPE),
    }
}

fn booleans(kind: Kind, sides: [Side<'_>; 2], out: &Array) -> Result<()> {
    match kind {
        Kind::Add | Kind::Maximum | Kind::Fmax | Kind::BitwiseOr | Kind::Or => {
            typed2(SIMPLE, sides, out, |a: bool, b: bool| a | b)
        }
        Kind::Mul | Kind::Minimum | Kind::Fmin | Kind::BitwiseAnd | Kind::And => {
            typed2(SIMPLE, sides, out, |a: bool, b: bool| a & b)
        }
        Kind::BitwiseXor | Kind::Xor => typed2(SIMPLE, sides, out, |a: bool, b: bool| a ^ b),
        Kind::Heaviside => typed2((Single, 2), sides, out, |a: bool, b: bool| a | b),
        Kind::Pow if matches!(sides[1], Side::Number(_)) => typed2(SIMPLE, sides, out, |a: bool, b: bool| a | !b),
        _ => refuse(kind, DType::Bool),
    }
}

/// Comparisons; an integer beyond the range of the dtype compares as what it is.
fn compare(kind: Kind, common: DType, sides: [Side<'_>; 2], out: &Array) -> Result<()> {
    if common.category() == Category::Integer {
        for (i, side) in sides.iter().enumerate() {
            if let Side::Number(Scalar::Int(x)) = side
                && let Some(beyond) = beyond(*x, common)
            {
                let order = if i == 0 { beyond } else { beyond.reverse() };
                return out.fill(Scalar::Bool(holds(kind, order)));
            }
        }
    }
    // `a > b` is `b < a`.
    let [a, b] = sides;
    let (kind, sides) = match kind {
        Kind::Gt => (Kind::Lt, [b, a]),
        Kind::Ge => (Kind::Le, [b, a]),
        _ => (kind, sides),
    };
    macro_rules! run {
        (|$a:ident, $b:ident| $body:expr) => {
            match common.category() {
                Category::Float => test2(common, sides, out, |$a: f32, $b: f32| $body, |$a: f64, $b: f64| $body),
                Category::Bool => typed2(SIMPLE, sides, out, |$a: bool, $b: bool| $body),
                Category::Integer => dispatch_integer!(common, T => typed2(SIMPLE, sides, out, |$a: T, $b: T| $body),
                    else unreachable!("an integer category")),
            }
        };
    }
    match kind {
        Kind::Eq => run!(|a, b| a == b),
        Kind::Ne => run!(|a, b| a != b),
        Kind::Lt => run!(|a, b| a < b),
        _ => run!(|a, b| a <= b),
    }
}

/// On which side of an integer dtype's range a number lies, if outside.
fn beyond(x: i64, dtype: DType) -> Option<Ordering> {
    dispatch_integer!(dtype, T => match T::from_i64(x).to_i64() == x {
        true => None,
        false => Some(x.cmp(&0)),
    }, else None)
}

fn holds(kind: Kind, order: Ordering) -> bool {
    match kind {
        Kind::Eq => order.is_eq(),
        Kind::Ne => order.is_ne(),
        Kind::Lt => order.is_lt(),
        Kind::Le => order.is_le(),
        Kind::Gt => order.is_gt(),
        _ => order.is_ge(),
    }
}
