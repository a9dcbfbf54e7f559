//! A Python number on its way into an operation: it has a kind, but no width.

use super::dtype::{Category, DType, Element};
use crate::error::Result;

/// A number without a dtype of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Scalar {
    Bool(bool),
    Int(i64),
    Float(f64),
}

impl Scalar {
    /// Its standing in promotion.
    pub fn category(self) -> Category {
        match self {
            Scalar::Bool(_) => Category::Bool,
            Scalar::Int(_) => Category::Integer,
            Scalar::Float(_) => Category::Float,
        }
    }

    /// As a double.
    #[inline]
    pub fn to_f64(self) -> f64 {
        match self {
            Scalar::Bool(b) => b as u8 as f64,
            Scalar::Int(i) => i as f64,
            Scalar::Float(f) => f,
        }
    }

    /// As an integer, truncating.
    #[inline]
    pub fn to_i64(self) -> i64 {
        match self {
            Scalar::Bool(b) => b as i64,
            Scalar::Int(i) => i,
            Scalar::Float(f) => f as i64,
        }
    }

    /// As an element.
    #[inline]
    pub fn to<T: Element>(self) -> T {
        match self {
            Scalar::Bool(b) => T::from_i64(b as i64),
            Scalar::Int(i) => T::from_i64(i),
            Scalar::Float(f) => T::from_f64(f),
        }
    }

    /// The dtype of a tensor made of this number alone.
    pub fn dtype(self) -> DType {
        self.promote(DType::Bool)
    }

    /// Checks that a dtype can hold it. Integers may not be cut, except that a small negative one may wrap to an unsigned
    /// byte; infinities and NaN need a float type; finite numbers may not become infinite.
    ///
    /// # Errors
    /// `RuntimeError` in PyTorch's words.
    pub fn check_fits(self, dtype: DType) -> Result<()> {
        let (low, high, name) = match dtype {
            DType::Bool => return Ok(()),
            DType::U8 => (-255.0, 255.0, "uint8_t"),
            DType::I8 => (i8::MIN as f64, i8::MAX as f64, "int8_t"),
            DType::I16 => (i16::MIN as f64, i16::MAX as f64, "int16_t"),
            DType::I32 => (i32::MIN as f64, i32::MAX as f64, "int"),
            DType::I64 => (i64::MIN as f64, i64::MAX as f64, "int64_t"),
            DType::F16 => (-65504.0, 65504.0, "c10::Half"),
            DType::BF16 => (-half::bf16::MAX.to_f64(), half::bf16::MAX.to_f64(), "c10::BFloat16"),
            DType::F32 => (f32::MIN as f64, f32::MAX as f64, "float"),
            DType::F64 => return Ok(()),
        };
        let x = self.to_f64();
        let fits = (low..=high).contains(&x) || (dtype.is_float() && !x.is_finite());
        crate::ensure!(fits, Runtime, "value cannot be converted to type {name} without overflow");
        Ok(())
    }

    /// The dtype of an operation between a tensor and this number: the tensor's, unless the number is of a higher
    /// category (then the default type of that category).
    pub fn promote(self, tensor: DType) -> DType {
        if self.category() <= tensor.category() {
            return tensor;
        }
        match self.category() {
            Category::Float => super::default_float(),
            Category::Integer => DType::I64,
            Category::Bool => DType::Bool,
        }
    }
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scalar::Bool(b) => write!(f, "{}", if *b { "True" } else { "False" }),
            Scalar::Int(i) => write!(f, "{i}"),
            Scalar::Float(x) => write!(f, "{x:?}"),
        }
    }
}

impl From<f64> for Scalar {
    fn from(x: f64) -> Self {
        Scalar::Float(x)
    }
}
impl From<i64> for Scalar {
    fn from(x: i64) -> Self {
        Scalar::Int(x)
    }
}
impl From<bool> for Scalar {
    fn from(x: bool) -> Self {
        Scalar::Bool(x)
    }
}
