//! Equality of whole tensors, exact and up to a tolerance.

use super::{Value, eq, logical_and, logical_or};
use crate::array::{Array, Category, Scalar};
use crate::autograd::{GradModeGuard, Tensor};
use crate::dispatch_all;
use crate::error::Result;
use crate::kernels::elementwise;
use crate::ops::unary;

/// Whether two tensors have the same shape and the same values, whatever their dtypes. NaN differs from itself.
pub fn equal(a: &Tensor, b: &Tensor) -> Result<bool> {
    let (a, b) = (a.array(), b.array());
    if a.shape() != b.shape() {
        return Ok(false);
    }
    let common = super::promote_arrays(&a, &b);
    let (a, b) = (a.to_dtype(common)?, b.to_dtype(common)?);
    Ok(dispatch_all!(common, T => !elementwise::any2(a.operand::<T>(), b.operand::<T>(), |x, y| x != y)))
}

/// Where `|a - b| <= atol + rtol |b|`, or both are the same infinity, or (with `equal_nan`) both are NaN.
///
/// # Errors
/// `RuntimeError` for different dtypes or negative tolerances.
pub fn isclose(a: &Tensor, b: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<Tensor> {
    crate::ensure!(
        a.dtype() == b.dtype(),
        Runtime,
        "{} did not match {}",
        a.dtype().type_name(),
        b.dtype().type_name()
    );
    for (name, value) in [("rtol", rtol), ("atol", atol)] {
        crate::ensure!(value >= 0.0, Runtime, "{name} must be greater than or equal to zero, but got {value}");
    }
    let _mode = GradModeGuard::new(false);
    let close = eq(a, b)?;
    let floats = a.dtype().category() == Category::Float;
    let close = if equal_nan && floats {
        logical_or(&close, &logical_and(&super::ne(a, a)?, &super::ne(b, b)?)?)?
    } else {
        close
    };
    if rtol == 0.0 && atol == 0.0 {
        return Ok(close);
    }
    // Integers are compared in the default float type.
    let widen = |x: &Tensor| -> Result<Tensor> {
        Ok(if floats { x.clone() } else { Tensor::new(x.array().to_dtype(crate::array::default_float())?) })
    };
    let (a, b) = (widen(a)?, widen(b)?);
    let allowed = super::add(&unary::abs(&super::mul(&b, rtol)?)?, Value::Scalar(Scalar::Float(atol)))?;
    let error = unary::abs(&super::sub(&a, &b)?)?;
    let finite = unary::isfinite(&error)?;
    logical_or(&close, &logical_and(&finite, &super::le(&error, &allowed)?)?)
}

/// Whether [`isclose`] holds everywhere.
pub fn allclose(a: &Tensor, b: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<bool> {
    let close: Array = isclose(a, b, rtol, atol, equal_nan)?.array();
    Ok(!elementwise::any(close.operand::<bool>(), |x| !x))
}
