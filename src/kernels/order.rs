//! The order of elements, in which NaN stands above everything.

use half::{bf16, f16};

/// An element that can be ordered, of any dtype.
pub trait Ordered: Copy + Send + Sync + 'static {
    /// An integer in the same order: all NaN are one key, and so are the two zeros.
    type Key: Key;
    /// What no element is below.
    const LOWEST: Self;
    /// What no element but NaN is above.
    const HIGHEST: Self;
    /// NaN; of types that have none, any value.
    const NAN: Self;
    /// Whether it is NaN.
    fn is_nan(self) -> bool;
    /// Whether it is above `other`, NaN apart.
    fn above(self, other: Self) -> bool;
    /// Whether it is above `other` or equal, and neither is NaN.
    fn reaches(self, other: Self) -> bool;
    /// Its place in the order.
    fn key(self) -> Self::Key;
}

/// An integer key that can be joined with an index.
pub trait Key: Ord + Copy + Send + Sync + std::ops::Not<Output = Self> {
    /// As the widest key.
    fn wide(self) -> u64;
    /// Key and index as one integer, the key in front.
    type Joined: Ord + Copy + Send;
    /// Joins both.
    fn join(self, index: u32) -> Self::Joined;
    /// The index again.
    fn index(joined: Self::Joined) -> u32;
    /// The key again.
    fn key(joined: Self::Joined) -> Self;
}

macro_rules! key {
    ($narrow:ident, $wide:ident) => {
        impl Key for $narrow {
            type Joined = $wide;
            #[inline(always)]
            fn wide(self) -> u64 {
                u64::from(self)
            }
            #[inline(always)]
            fn join(self, index: u32) -> $wide {
                (self as $wide) << 32 | index as $wide
            }
            #[inline(always)]
            fn index(joined: $wide) -> u32 {
                joined as u32
            }
            #[inline(always)]
            fn key(joined: $wide) -> $narrow {
                (joined >> 32) as $narrow
            }
        }
    };
}
key!(u32, u64);
key!(u64, u128);

macro_rules! ordered_integer {
    ($($type:ident => $key:ident),*) => {$(
        impl Ordered for $type {
            type Key = $key;
            const LOWEST: $type = $type::MIN;
            const HIGHEST: $type = $type::MAX;
            const NAN: $type = $type::MAX;
            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }
            #[inline(always)]
            fn above(self, other: $type) -> bool {
                self > other
            }
            #[inline(always)]
            fn reaches(self, other: $type) -> bool {
                self >= other
            }
            #[inline(always)]
            fn key(self) -> $key {
                // The lowest number becomes zero.
                (self as $key).wrapping_sub($type::MIN as $key)
            }
        }
    )*};
}
ordered_integer!(u8 => u32, i8 => u32, i16 => u32, i32 => u32, i64 => u64);

impl Ordered for bool {
    type Key = u32;
    const LOWEST: bool = false;
    const HIGHEST: bool = true;
    const NAN: bool = true;
    #[inline(always)]
    fn is_nan(self) -> bool {
        false
    }
    #[inline(always)]
    fn above(self, other: bool) -> bool {
        self & !other
    }
    #[inline(always)]
    fn reaches(self, other: bool) -> bool {
        self | !other
    }
    #[inline(always)]
    fn key(self) -> u32 {
        self as u32
    }
}

macro_rules! ordered_float {
    ($($type:ident, $bits:ident, $key:ident, $zero:expr);* $(;)?) => {$(
        impl Ordered for $type {
            type Key = $key;
            const LOWEST: $type = $type::NEG_INFINITY;
            const HIGHEST: $type = $type::INFINITY;
            const NAN: $type = $type::NAN;
            #[inline(always)]
            #[allow(clippy::eq_op)]
            fn is_nan(self) -> bool {
                self != self
            }
            #[inline(always)]
            fn above(self, other: $type) -> bool {
                self > other
            }
            #[inline(always)]
            fn reaches(self, other: $type) -> bool {
                self >= other
            }
            #[inline(always)]
            fn key(self) -> $key {
                if Ordered::is_nan(self) {
                    return $key::MAX;
                }
                const SIGN: $bits = 1 << ($bits::BITS - 1);
                let bits = if self == $zero { 0 } else { self.to_bits() };
                // Negative numbers are ordered the other way round, below the positive ones.
                (if bits & SIGN == 0 { bits | SIGN } else { !bits }) as $key
            }
        }
    )*};
}
ordered_float!(
    f16, u16, u32, f16::ZERO;
    bf16, u16, u32, bf16::ZERO;
    f32, u32, u32, 0.0;
    f64, u64, u64, 0.0;
);

#[cfg(test)]
mod tests {
    use super::*;

    fn ascending<T: Ordered + std::fmt::Debug>(values: &[T]) {
        for pair in values.windows(2) {
            assert!(pair[0].key() < pair[1].key(), "{pair:?}");
        }
    }

    #[test]
    fn keys_follow_the_order() {
        ascending(&[f32::NEG_INFINITY, -2.0, -f32::MIN_POSITIVE, 0.0, 1e-45, 3.0, f32::INFINITY, f32::NAN]);
        ascending(&[f64::NEG_INFINITY, -2.0, 0.0, 3.0, f64::INFINITY, f64::NAN]);
        ascending(&[f16::NEG_INFINITY, f16::from_f32(-2.0), f16::ZERO, f16::ONE, f16::INFINITY, f16::NAN]);
        ascending(&[bf16::NEG_INFINITY, bf16::ZERO, bf16::ONE, bf16::INFINITY, bf16::NAN]);
        ascending(&[i64::MIN, -1, 0, 1, i64::MAX]);
        ascending(&[i8::MIN, -1, 0, 1, i8::MAX]);
        ascending(&[false, true]);
    }

    #[test]
    fn equal_values_have_one_key() {
        assert_eq!((-0.0f32).key(), 0.0f32.key());
        assert_eq!(f64::NAN.key(), (-f64::NAN).key());
    }
}
