//! Powers.

use super::kind::Kind;
use super::{ONE, Value, binary, binary_};
use crate::array::{Category, DType, Scalar};
use crate::autograd::{Tensor, cast};
use crate::error::Result;

/// `a` to the power `b`.
///
/// # Errors
/// `RuntimeError` for integers to a negative number, or to one that their dtype cannot hold.
pub fn pow<'a>(a: impl Into<Value<'a>>, b: impl Into<Value<'a>>) -> Result<Tensor> {
    let (a, b) = (a.into(), b.into());
    check_exponent(a, b)?;
    binary(Kind::Pow, ONE, a, b)
}

/// [`pow`] written into `a`.
pub fn pow_<'a>(a: &'a Tensor, b: impl Into<Value<'a>>) -> Result<()> {
    let b = b.into();
    check_exponent(Value::Tensor(a), b)?;
    binary_(Kind::Pow, ONE, a, b)
}

fn check_exponent(a: Value<'_>, b: Value<'_>) -> Result<()> {
    let (Value::Tensor(a), Value::Scalar(b)) = (a, b) else { return Ok(()) };
    let common = b.promote(a.dtype());
    if common.category() == Category::Integer {
        crate::ensure!(b.to_i64() >= 0, Runtime, "Integers to negative integer powers are not allowed.");
        b.check_fits(common)?;
    }
    Ok(())
}

/// `a` to the power `b` in double precision.
pub fn float_power<'a>(a: impl Into<Value<'a>>, b: impl Into<Value<'a>>) -> Result<Tensor> {
    let (a, b) = (a.into(), b.into());
    double(a, |a| double(b, |b| pow(a, b)))
}

/// [`float_power`] written into `a`.
///
/// # Errors
/// `RuntimeError` unless `a` is of dtype `float64`.
pub fn float_power_<'a>(a: &'a Tensor, b: impl Into<Value<'a>>) -> Result<()> {
    crate::ensure!(
        a.dtype() == DType::F64,
        Runtime,
        "the base given to float_power_ has dtype {} but the operation's result requires dtype Double",
        a.dtype().type_name()
    );
    double(b.into(), |b| pow_(a, b))
}

/// Calls `f` with a value in double precision.
fn double<R>(x: Value<'_>, f: impl FnOnce(Value<'_>) -> Result<R>) -> Result<R> {
    match x {
        Value::Tensor(x) => f(Value::Tensor(&cast(x, DType::F64)?)),
        Value::Scalar(s) => f(Value::Scalar(Scalar::Float(s.to_f64()))),
    }
}
