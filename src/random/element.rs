//! What the distributions ask of an element type: conversions that round as PyTorch's casts do.

use half::{bf16, f16};

/// A type of the values that a distribution can write.
pub trait Element: Copy + Send {
    /// The value of an integer, rounded or cut off as a C++ cast does.
    fn from_i64(value: i64) -> Self;
    /// The value of a double: 16-bit floats round to `f32` first, integers cut off the fraction.
    fn from_f64(value: f64) -> Self;
}

macro_rules! primitive_elements {
    ($($type:ty),*) => {$(
        impl Element for $type {
            #[inline]
            fn from_i64(value: i64) -> Self {
                value as Self
            }
            #[inline]
            fn from_f64(value: f64) -> Self {
                value as Self
            }
        }
    )*};
}
primitive_elements!(f32, f64, i64, i32, i16, i8, u8);

macro_rules! half_elements {
    ($($type:ty),*) => {$(
        impl Element for $type {
            #[inline]
            fn from_i64(value: i64) -> Self {
                Self::from_f32(value as f32)
            }
            #[inline]
            fn from_f64(value: f64) -> Self {
                Self::from_f32(value as f32)
            }
        }
    )*};
}
half_elements!(f16, bf16);

impl Element for bool {
    #[inline]
    fn from_i64(value: i64) -> Self {
        value != 0
    }
    #[inline]
    fn from_f64(value: f64) -> Self {
        value != 0.0
    }
}

/// A type in which the arithmetic of a distribution is done: `f32` takes 24 random bits, `f64` 53.
pub trait Math: Real<Math = Self> + num_traits::Float {
    /// A word of the stream as a number in `[0, 1)`; `f32` uses the low word.
    fn unit(word: u64) -> Self;
    /// Fills a slice with numbers in `[0, 1)`, each turned by `convert`.
    fn fill_unit<T>(engine: &mut super::Mt19937, out: &mut [T], convert: impl Fn(Self) -> T);
    /// Turns uniforms into normals, in blocks of 16, by Box and Muller.
    fn box_muller(blocks: &mut [Self], mean: Self, std: Self);
}

impl Math for f32 {
    #[inline(always)]
    fn unit(word: u64) -> Self {
        (word as u32 & 0x00ff_ffff) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    #[inline]
    fn fill_unit<T>(engine: &mut super::Mt19937, out: &mut [T], convert: impl Fn(Self) -> T) {
        engine.fill(out, |word| convert(Self::unit(u64::from(word))));
    }

    fn box_muller(blocks: &mut [Self], mean: Self, std: Self) {
        super::box_muller::single(blocks, mean, std);
    }
}

impl Math for f64 {
    #[inline(always)]
    fn unit(word: u64) -> Self {
        (word & ((1 << 53) - 1)) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    #[inline]
    fn fill_unit<T>(engine: &mut super::Mt19937, out: &mut [T], convert: impl Fn(Self) -> T) {
        engine.fill64(out, |word| convert(Self::unit(word)));
    }

    fn box_muller(blocks: &mut [Self], mean: Self, std: Self) {
        super::box_muller::double(blocks, mean, std);
    }
}

/// A floating-point element.
pub trait Real: Element + PartialEq {
    /// What its arithmetic is done in: `f32` for the 16-bit types.
    type Math: Math;
    /// Bits of the significand, the implied one included.
    const DIGITS: u32;
    /// Whether the element is its own [`Real::Math`].
    const IS_MATH: bool;
    /// Rounds to the element.
    fn from_math(value: Self::Math) -> Self;
    /// The exact value.
    fn to_f64(self) -> f64;
    /// The largest finite value.
    fn largest() -> f64;
}

macro_rules! reals {
    ($($type:ty, $math:ty, $is_math:literal, $from:expr;)*) => {$(
        impl Real for $type {
            type Math = $math;
            const DIGITS: u32 = <$type>::MANTISSA_DIGITS as u32;
            const IS_MATH: bool = $is_math;
            #[inline(always)]
            fn from_math(value: $math) -> Self {
                $from(value)
            }
            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            fn largest() -> f64 {
                f64::from(<$type>::MAX)
            }
        }
    )*};
}
reals! {
    f32, f32, true, std::convert::identity;
    f64, f64, true, std::convert::identity;
    f16, f32, false, f16::from_f32;
    bf16, f32, false, bf16::from_f32;
}
