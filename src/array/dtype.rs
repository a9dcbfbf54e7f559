//! The element types, their names and limits, and the promotion rules of mixed operations.

use crate::kernels::math::truncate::Truncated;
use half::{bf16, f16};

/// An element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum DType {
    Bool,
    U8,
    I8,
    I16,
    I32,
    I64,
    F16,
    BF16,
    F32,
    F64,
}

/// The coarse order of promotion: a result is of the highest category among its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Category {
    Bool,
    Integer,
    Float,
}

impl DType {
    /// Every dtype, in the order of the enum.
    pub const ALL: [DType; 10] = [
        DType::Bool,
        DType::U8,
        DType::I8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::F16,
        DType::BF16,
        DType::F32,
        DType::F64,
    ];

    /// PyTorch's attribute name: `float32`.
    pub fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::U8 => "uint8",
            DType::I8 => "int8",
            DType::I16 => "int16",
            DType::I32 => "int32",
            DType::I64 => "int64",
            DType::F16 => "float16",
            DType::BF16 => "bfloat16",
            DType::F32 => "float32",
            DType::F64 => "float64",
        }
    }

    /// PyTorch's C++ name, which its messages use: `Float`.
    pub fn type_name(self) -> &'static str {
        match self {
            DType::Bool => "Bool",
            DType::U8 => "Byte",
            DType::I8 => "Char",
            DType::I16 => "Short",
            DType::I32 => "Int",
            DType::I64 => "Long",
            DType::F16 => "Half",
            DType::BF16 => "BFloat16",
            DType::F32 => "Float",
            DType::F64 => "Double",
        }
    }

    /// The C++ type that some of PyTorch's messages name: `long int`.
    pub fn c_name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::U8 => "unsigned char",
            DType::I8 => "signed char",
            DType::I16 => "short int",
            DType::I32 => "int",
            DType::I64 => "long int",
            DType::F16 => "c10::Half",
            DType::BF16 => "c10::BFloat16",
            DType::F32 => "float",
            DType::F64 => "double",
        }
    }

    /// Bytes of an element.
    #[inline]
    pub fn size(self) -> usize {
        match self {
            DType::Bool | DType::U8 | DType::I8 => 1,
            DType::I16 | DType::F16 | DType::BF16 => 2,
            DType::I32 | DType::F32 => 4,
            DType::I64 | DType::F64 => 8,
        }
    }

    /// Where it stands in the order of promotion.
    #[inline]
    pub fn category(self) -> Category {
        match self {
            DType::Bool => Category::Bool,
            DType::F16 | DType::BF16 | DType::F32 | DType::F64 => Category::Float,
            _ => Category::Integer,
        }
    }

    /// Whether it is a floating-point type; only those carry gradients.
    #[inline]
    pub fn is_float(self) -> bool {
        self.category() == Category::Float
    }

    /// Whether PyTorch calls it signed.
    pub fn is_signed(self) -> bool {
        !matches!(self, DType::Bool | DType::U8)
    }

    /// The common type of two tensors of the same standing.
    pub fn promote(self, other: DType) -> DType {
        use DType::*;
        if self == other {
            return self;
        }
        match (self, other) {
            (Bool, x) | (x, Bool) => x,
            (F16, BF16) | (BF16, F16) => F32,
            (x, y) if x.category() != y.category() => {
                if x.category() > y.category() {
                    x
                } else {
                    y
                }
            }
            // An unsigned byte beside a signed one needs the next size.
            (U8, I8) | (I8, U8) => I16,
            (x, y) => {
                if x.size() > y.size() || (x.size() == y.size() && y == U8) {
                    x
                } else {
                    y
                }
            }
        }
    }

    /// Whether a value of this type may be written into a tensor of type `to` by an in-place operation.
    pub fn can_cast(self, to: DType) -> bool {
        self.category() <= to.category()
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that is an element type.
///
/// Its values are plain bytes; any of them may be copied bit by bit.
pub trait Element:
    Copy + Send + Sync + Default + PartialEq + PartialOrd + std::fmt::Debug + sealed::Sealed + 'static
{
    /// The tag of this type.
    const DTYPE: DType;
    /// From a double; integers truncate (see [`truncate`](crate::kernels::math::truncate)), booleans test for non-zero.
    fn from_f64(x: f64) -> Self;
    /// From an integer; narrower integers wrap.
    fn from_i64(x: i64) -> Self;
    /// To a double, rounding large integers.
    fn to_f64(self) -> f64;
    /// To an integer, truncating.
    fn to_i64(self) -> i64;
    /// To a single, directly (a double in between would round twice).
    fn to_f32(self) -> f32;
    /// From a single.
    fn from_f32(x: f32) -> Self;
    /// Whether it is NaN.
    #[inline(always)]
    fn is_nan(self) -> bool {
        false
    }
    /// Whether it differs from zero (NaN does).
    fn truth(self) -> bool;
}

macro_rules! integer_element {
    ($($t:ty => $d:ident),*) => { $(
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const DTYPE: DType = DType::$d;
            #[inline(always)]
            fn from_f64(x: f64) -> Self { Truncated::from_double(x) }
            #[inline(always)]
            fn from_i64(x: i64) -> Self { x as Self }
            #[inline(always)]
            fn to_f64(self) -> f64 { self as f64 }
            #[inline(always)]
            fn to_i64(self) -> i64 { self as i64 }
            #[inline(always)]
            fn to_f32(self) -> f32 { self as f32 }
            #[inline(always)]
            fn from_f32(x: f32) -> Self { Truncated::from_single(x) }
            #[inline(always)]
            fn truth(self) -> bool { self != 0 }
        }
    )* };
}
integer_element!(u8 => U8, i8 => I8, i16 => I16, i32 => I32, i64 => I64);

macro_rules! float_element {
    ($($t:ty => $d:ident, $from64:expr, $to64:expr, $from32:expr, $to32:expr);* $(;)?) => { $(
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const DTYPE: DType = DType::$d;
            #[inline(always)]
            fn from_f64(x: f64) -> Self { $from64(x) }
            #[inline(always)]
            fn from_i64(x: i64) -> Self { $from32(x as f32) }
            #[inline(always)]
            fn to_f64(self) -> f64 { $to64(self) }
            #[inline(always)]
            fn to_i64(self) -> i64 { $to64(self) as i64 }
            #[inline(always)]
            fn to_f32(self) -> f32 { $to32(self) }
            #[inline(always)]
            fn from_f32(x: f32) -> Self { $from32(x) }
            #[inline(always)]
            fn is_nan(self) -> bool { $to32(self).is_nan() }
            #[inline(always)]
            fn truth(self) -> bool { $to32(self) != 0.0 }
        }
    )* };
}
float_element!(
    f32 => F32, |x: f64| x as f32, |x: f32| x as f64, |x: f32| x, |x: f32| x;
    f16 => F16, |x: f64| f16::from_f32(x as f32), f16::to_f64, f16::from_f32, f16::to_f32;
    bf16 => BF16, |x: f64| bf16::from_f32(x as f32), bf16::to_f64, bf16::from_f32, bf16::to_f32;
);

impl sealed::Sealed for f64 {}
impl Element for f64 {
    const DTYPE: DType = DType::F64;
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn from_i64(x: i64) -> Self {
        x as f64
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn to_i64(self) -> i64 {
        self as i64
    }
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self as f32
    }
    #[inline(always)]
    fn from_f32(x: f32) -> Self {
        x as f64
    }
    #[inline(always)]
    fn is_nan(self) -> bool {
        f64::is_nan(self)
    }
    #[inline(always)]
    fn truth(self) -> bool {
        self != 0.0
    }
}

impl sealed::Sealed for bool {}
impl Element for bool {
    const DTYPE: DType = DType::Bool;
    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x != 0.0
    }
    #[inline(always)]
    fn from_i64(x: i64) -> Self {
        x != 0
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self as u8 as f64
    }
    #[inline(always)]
    fn to_i64(self) -> i64 {
        self as i64
    }
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self as u8 as f32
    }
    #[inline(always)]
    fn from_f32(x: f32) -> Self {
        x != 0.0
    }
    #[inline(always)]
    fn truth(self) -> bool {
        self
    }
}

/// A floating-point element in which arithmetic is done directly (`f32`, `f64`). Half types compute in `f32`.
pub trait Float: Element + num_traits::Float + num_traits::FloatConst + std::iter::Sum {}
impl Float for f32 {}
impl Float for f64 {}
