//! Integer arithmetic with PyTorch's conventions: overflow wraps, quotients may round down, any shift is allowed.

use num_traits::{PrimInt, WrappingAdd, WrappingMul, WrappingSub};

/// The integer element types.
pub trait Whole: PrimInt + WrappingAdd + WrappingSub + WrappingMul {
    /// Bits of an element.
    const BITS: u32;

    /// `a 2^b`, dropping what overflows; 0 for `b` outside of the width.
    fn shift_left(self, by: Self) -> Self;
    /// `floor(a / 2^b)`; a `b` outside of the width counts as the width.
    fn shift_right(self, by: Self) -> Self;
}

macro_rules! whole {
    ($($type:ty)*) => {$(
        impl Whole for $type {
            const BITS: u32 = <$type>::BITS;

            #[inline(always)]
            fn shift_left(self, by: Self) -> Self {
                match u32::try_from(by) {
                    Ok(by) if by < <$type>::BITS => self.wrapping_shl(by),
                    _ => 0,
                }
            }
            #[inline(always)]
            fn shift_right(self, by: Self) -> Self {
                match u32::try_from(by) {
                    Ok(by) if by < <$type>::BITS => self.wrapping_shr(by),
                    _ if self < <$type>::default() => !0,
                    _ => 0,
                }
            }
        }
    )*};
}
whole!(u8 i8 i16 i32 i64);

#[inline(always)]
fn signs_differ<T: Whole>(a: T, b: T) -> bool {
    (a < T::zero()) != (b < T::zero())
}

/// `a / b` rounded towards zero; `b` is not 0.
#[inline(always)]
pub fn div_trunc<T: Whole + num_traits::CheckedDiv>(a: T, b: T) -> T {
    // The one quotient that overflows, MIN / -1, wraps to MIN.
    a.checked_div(&b).unwrap_or(a)
}

/// `a - b trunc(a / b)`; `b` is not 0.
#[inline(always)]
pub fn fmod<T: Whole + num_traits::CheckedDiv>(a: T, b: T) -> T {
    a.wrapping_sub(&b.wrapping_mul(&div_trunc(a, b)))
}

/// `a / b` rounded down; `b` is not 0.
#[inline(always)]
pub fn div_floor<T: Whole + num_traits::CheckedDiv>(a: T, b: T) -> T {
    let quotient = div_trunc(a, b);
    let rest = fmod(a, b);
    if rest != T::zero() && signs_differ(rest, b) { quotient.wrapping_sub(&T::one()) } else { quotient }
}

/// `a - b floor(a / b)`; `b` is not 0.
#[inline(always)]
pub fn remainder<T: Whole + num_traits::CheckedDiv>(a: T, b: T) -> T {
    let rest = fmod(a, b);
    if rest != T::zero() && signs_differ(rest, b) { rest.wrapping_add(&b) } else { rest }
}

/// `a` to the power `b`, wrapping. A negative power is 0 except for the bases 1 and -1.
#[inline(always)]
pub fn pow<T: Whole>(a: T, b: T) -> T {
    let (zero, one) = (T::zero(), T::one());
    if b < zero {
        let minus_one = zero.wrapping_sub(&one);
        return match a {
            a if a == one => one,
            a if a == minus_one && b & one == zero => one,
            a if a == minus_one => minus_one,
            _ => zero,
        };
    }
    let (mut base, mut power, mut result) = (a, b, one);
    while power != zero {
        if power & one == one {
            result = result.wrapping_mul(&base);
        }
        base = base.wrapping_mul(&base);
        power = power >> 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_round_as_asked_and_never_overflow() {
        for (a, b) in [(7i32, 2), (-7, 2), (7, -2), (-7, -2), (6, 3), (-6, 3), (0, -5)] {
            let exact = a as f64 / b as f64;
            assert_eq!(div_trunc(a, b) as f64, exact.trunc());
            assert_eq!(div_floor(a, b) as f64, exact.floor());
            assert_eq!(fmod(a, b), a - b * exact.trunc() as i32);
            assert_eq!(remainder(a, b), a - b * exact.floor() as i32);
        }
        assert_eq!((div_trunc(i8::MIN, -1), fmod(i8::MIN, -1), remainder(i8::MIN, -1)), (i8::MIN, 0, 0));
    }

    #[test]
    fn powers_wrap_and_negative_ones_vanish() {
        assert_eq!((pow(3i64, 4), pow(2u8, 9), pow(-2i8, 7)), (81, 0, i8::MIN));
        assert_eq!((pow(1, -3), pow(-1, -3), pow(-1, -2), pow(5, -1), pow(0, 0)), (1, -1, 1, 0, 1));
    }

    #[test]
    fn shifts_of_any_width() {
        assert_eq!((1i32.shift_left(31), 1i32.shift_left(32), 1i32.shift_left(-1)), (i32::MIN, 0, 0));
        assert_eq!(((-5i64).shift_right(1), (-5i64).shift_right(64), 5i64.shift_right(-1)), (-3, -1, 0));
        assert_eq!((200u8.shift_right(9), 200u8.shift_right(3)), (0, 25));
    }
}
