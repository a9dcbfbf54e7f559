//! Floating-point numbers to integers, towards zero. What an integer of 64 bits, or else one of 32, cannot hold becomes the least
//! integer of that width, of which narrower types keep their low bits: what x86's instructions do, and PyTorch's users see.
#![allow(unsafe_code)]

/// Integer element types, as results of truncation.
pub trait Truncated: Sized {
    /// From a single.
    fn from_single(x: f32) -> Self;
    /// From a double.
    fn from_double(x: f64) -> Self;
}

macro_rules! truncated {
    ($wide:ty: $($type:ty)*) => {$(
        impl Truncated for $type {
            #[inline(always)]
            fn from_single(x: f32) -> Self {
                const LEAST: f32 = <$wide>::MIN as f32;
                let inside = (LEAST..-LEAST).contains(&x);
                // SAFETY: the bounds are powers of two, which both types hold: what is inside fits, and NaN is not.
                (if inside { unsafe { x.to_int_unchecked::<$wide>() } } else { <$wide>::MIN }) as $type
            }
            #[inline(always)]
            fn from_double(x: f64) -> Self {
                const LEAST: f64 = <$wide>::MIN as f64;
                // Above the least by less than one is the least; doubles hold such numbers where the integer is narrow.
                let inside = x > LEAST - 1.0 && x < -LEAST || x == LEAST;
                // SAFETY: as above.
                (if inside { unsafe { x.to_int_unchecked::<$wide>() } } else { <$wide>::MIN }) as $type
            }
        }
    )*};
}
truncated!(i64: i64);
truncated!(i32: i32 i16 i8 u8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_off_towards_zero_and_wrap_in_narrow_types() {
        let numbers = [0.0, -0.0, 0.99, -0.99, 1.5, -1.5, 300.7, -300.7, 65_536.5, 2_147_483_000.0];
        for x in numbers {
            let whole = x as i64;
            assert_eq!((i64::from_double(x), i64::from_single(x as f32)), (whole, x as f32 as i64));
            assert_eq!((i32::from_double(x), i32::from_single(x as f32)), (whole as i32, x as f32 as i32));
            assert_eq!(
                (u8::from_double(x), i16::from_double(x), i8::from_double(x)),
                (whole as u8, whole as i16, whole as i8)
            );
        }
    }

    #[test]
    fn what_does_not_fit_becomes_the_least() {
        for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9.3e18, -9.3e18, 9_223_372_036_854_775_808.0] {
            assert_eq!((i64::from_double(x), i64::from_single(x as f32)), (i64::MIN, i64::MIN), "{x}");
        }
        for x in [f64::NAN, f64::INFINITY, 2_147_483_648.0, -2_147_483_649.0, 3e9] {
            assert_eq!((i32::from_double(x), i16::from_double(x), u8::from_double(x)), (i32::MIN, 0, 0), "{x}");
        }
        assert_eq!((i32::from_single(2_147_483_648.0), i8::from_single(-3e9)), (i32::MIN, 0));
        assert_eq!((i32::from_double(-2_147_483_648.9), i32::from_double(2_147_483_647.9)), (i32::MIN, i32::MAX));
        assert_eq!(
            (i64::from_double(-9_223_372_036_854_775_808.0), i32::from_single(-2_147_483_648.0)),
            (i64::MIN, i32::MIN)
        );
    }
}
