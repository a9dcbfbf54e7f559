//! The elements of floating-point kernels.
#![allow(unsafe_code)]

use std::any::TypeId;
use std::fmt::Debug;
use std::iter::Sum;

use half::{bf16, f16};
use num_traits::{Float, NumAssign};

use super::exp::Exp;
use super::isa::Simd;
use super::lanes::Vector;
use super::math::truncate::Truncated;

/// A floating-point number as it is stored; arithmetic is done in [`Acc`](Floating::Acc).
pub trait Floating: Copy + Default + PartialOrd + Debug + Send + Sync + 'static {
    /// What sums and products are computed in: `f32` for the two 16-bit types, the type itself for the others.
    type Acc: Real;
    /// Whether `Acc` is the type itself.
    const IS_REAL: bool;

    /// The number in the type of the arithmetic.
    fn to_acc(self) -> Self::Acc;
    /// The nearest number that can be stored.
    fn from_acc(value: Self::Acc) -> Self;
}

/// `f32` and `f64`: stored as they are computed.
pub trait Real: Floating<Acc = Self> + Float + NumAssign + Sum + Exp {
    /// The register of this type in instruction set `S`.
    type Vector<S: Simd>: Vector<Self>;

    /// A line of infinities, as long as any register.
    const INFINITIES: &'static [Self; 16];

    /// A count or a length as a number.
    fn from_usize(value: usize) -> Self;
    /// A constant or an attribute as a number.
    fn from_f64(value: f64) -> Self;
    /// A whole number that the mantissa holds, from 0 on. No instruction of its own is needed, so vectors can be made of it.
    fn to_place(self) -> i64;
    /// A whole number to an integer; see [`truncate`](super::math::truncate).
    fn to_whole(self) -> i32;
}

macro_rules! real {
    ($type:ident, $register:ident, $truncated:ident) => {
        impl Floating for $type {
            type Acc = $type;
            const IS_REAL: bool = true;

            #[inline(always)]
            fn to_acc(self) -> $type {
                self
            }
            #[inline(always)]
            fn from_acc(value: $type) -> $type {
                value
            }
        }

        impl Real for $type {
            type Vector<S: Simd> = S::$register;
            const INFINITIES: &'static [$type; 16] = &[$type::INFINITY; 16];

            #[inline(always)]
            fn from_usize(value: usize) -> $type {
                value as $type
            }
            #[inline(always)]
            fn from_f64(value: f64) -> $type {
                value as $type
            }
            #[inline(always)]
            fn to_place(self) -> i64 {
                let low = 1u64 << ($type::MANTISSA_DIGITS - 1);
                (u64::from((self + low as $type).to_bits()) & (low - 1)) as i64
            }
            #[inline(always)]
            fn to_whole(self) -> i32 {
                i32::$truncated(self)
            }
        }
    };
}

real!(f32, F32, from_single);
real!(f64, F64, from_double);

macro_rules! stored_in_16_bits {
    ($($type:ident)*) => {$(
        impl Floating for $type {
            type Acc = f32;
            const IS_REAL: bool = false;

            #[inline(always)]
            fn to_acc(self) -> f32 {
                self.to_f32()
            }
            #[inline(always)]
            fn from_acc(value: f32) -> $type {
                $type::from_f32(value)
            }
        }
    )*};
}

stored_in_16_bits!(f16 bf16);

/// Numbers that are `f32`, by that name.
///
/// # Panics
/// If they are not.
pub(crate) fn singles<R: 'static>(numbers: &[R]) -> &[f32] {
    assert!(TypeId::of::<R>() == TypeId::of::<f32>());
    // SAFETY: the types are one.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), numbers.len()) }
}

/// [`singles`], for writing.
pub(crate) fn singles_mut<R: 'static>(numbers: &mut [R]) -> &mut [f32] {
    assert!(TypeId::of::<R>() == TypeId::of::<f32>());
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), numbers.len()) }
}
