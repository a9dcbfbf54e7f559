//! The functions that keep integers and `bool` what they are.

use super::Unary;
use crate::array::{Array, DType, Element};
use crate::dispatch_integer;
use crate::error::Result;
use crate::kernels::math::integer::Whole;
use crate::ops::elementwise::{SIMPLE, typed1};

/// Writes `f(x)` to `out`; both are of one integer dtype or `bool`.
pub fn compute(function: Unary, x: &Array, out: &Array) -> Result<()> {
    if x.dtype() == DType::Bool {
        return booleans(function, x, out);
    }
    dispatch_integer!(x.dtype(), T => integers::<T>(function, x, out), else refuse(function, x.dtype()))
}

/// The refusal of a dtype.
pub fn refuse(function: Unary, dtype: DType) -> Result<()> {
    let kernel = match function {
        Unary::Floor | Unary::Ceil | Unary::Trunc | Unary::Round { decimals: None | Some(0) } => "vml_cpu",
        _ => "cpu",
    };
    crate::bail!(NotImplemented, "\"{}_{kernel}\" not implemented for '{}'", function.name(), dtype.type_name())
}

fn integers<T: Element + Whole>(function: Unary, x: &Array, out: &Array) -> Result<()> {
    let (zero, one) = (T::zero(), T::one());
    let minus = |x: T| zero.wrapping_sub(&x);
    match function {
        Unary::Abs => typed1(SIMPLE, x, out, |x: T| if x < zero { minus(x) } else { x }),
        Unary::Neg => typed1(SIMPLE, x, out, minus),
        Unary::Sign | Unary::Sgn => typed1(SIMPLE, x, out, |x: T| match () {
            _ if x > zero => one,
            _ if x < zero => minus(one),
            _ => zero,
        }),
        Unary::Square => typed1(SIMPLE, x, out, |x: T| x.wrapping_mul(&x)),
        Unary::Relu => typed1(SIMPLE, x, out, |x: T| x.max(zero)),
        Unary::Clamp { low, high } => {
            let low = low.map_or(T::min_value(), |s| s.to::<T>());
            let high = high.map_or(T::max_value(), |s| s.to::<T>());
            typed1(SIMPLE, x, out, |x: T| x.max(low).min(high))
        }
        Unary::Hardtanh { low, high } => {
            crate::ensure!(
                T::DTYPE != DType::U8 || (low.trunc() >= 0.0 && high.trunc() >= 0.0),
                Runtime,
                "cannot do hardtanh on an unsigned type with negative limits"
            );
            integers::<T>(Unary::Clamp { low: Some(low.into()), high: Some(high.into()) }, x, out)
        }
        Unary::Threshold { threshold, value } => {
            let (threshold, value) = (T::from_f64(threshold), T::from_f64(value));
            typed1(SIMPLE, x, out, |x: T| if x <= threshold { value } else { x })
        }
        Unary::Floor | Unary::Ceil | Unary::Trunc | Unary::Round { decimals: None } | Unary::NanToNum { .. } => {
            out.copy_from(x)
        }
        other => refuse(other, T::DTYPE),
    }
}

fn booleans(function: Unary, x: &Array, out: &Array) -> Result<()> {
    match function {
        Unary::Sign | Unary::Sgn | Unary::NanToNum { .. } => out.copy_from(x),
        Unary::Neg => crate::bail!(
            Runtime,
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` \
             or `logical_not()` operator instead."
        ),
        Unary::Relu => crate::bail!(Runtime, "Boolean inputs not supported for relu"),
        Unary::Hardtanh { .. } => crate::bail!(Runtime, "Bool inputs not supported for hardtanh"),
        other => refuse(other, DType::Bool),
    }
}
