//! Remainders of divisions, exactly, without branches, which the compiler turns into vector code. A quotient that is too large
//! for that, a zero divisor and what is not finite give NaN: there the caller asks the functions of [`pair`](super::pair).

use crate::kernels::elementwise::Map2;
use crate::kernels::isa::Simd;
use num_traits::Float;

/// Numbers that have a remainder.
pub trait Divided: Float {
    /// `a % b` with the sign of `a`, or NaN.
    fn rest<S: Simd>(self, simd: S, b: Self) -> Self;
}

/// The remainder of `a / b` by one division, where `b` is positive and `a` is not negative, or NaN.
///
/// It is exact, if the quotient has no more bits than the type. Rounding keeps the order of numbers, and integers up to `limit`
/// are numbers of the type, so the integer part `n` of the rounded quotient is the true one, `N`, or `N + 1`. Then `a - n b` lies
/// between `-b` and `b`. Where the last place of `b` is worth no more than that of `a`, it is a multiple of the former, no
/// larger than `b`, and so a number of the type. Else `a` is less than a power of two that is no more than `b`: the quotient is
/// below 1 by so much that it is not rounded to 1, and `n` is 0. Either way the one rounding of the multiply-add changes
/// nothing, and nor does the sum that makes up for `N + 1`.
#[inline(always)]
fn rest_fused<S: Simd, T: Float>(simd: S, a: T, b: T, limit: T) -> T {
    let quotient = a / b;
    let rest = simd.mul_add(-quotient.trunc(), b, a);
    let rest = if rest < T::zero() { rest + b } else { rest };
    if quotient < limit { rest } else { T::nan() }
}

impl Divided for f32 {
    #[inline(always)]
    fn rest<S: Simd>(self, simd: S, b: f32) -> f32 {
        let (a, b) = (self.abs(), b.abs());
        let rest = if S::FMA {
            rest_fused(simd, a, b, 16_777_216.0)
        } else {
            // In double precision the product of a single and an integer of 28 bits is exact. Rounding by a sum gives the integer
            // nearest to the quotient, or one next to it at a half.
            const ROUND: f64 = 6_755_399_441_055_744.0;
            let (a, b) = (a as f64, b as f64);
            let quotient = a / b;
            let rest = a - ((quotient + ROUND) - ROUND) * b;
            let rest = if rest < 0.0 { rest + b } else { rest };
            if quotient < 268_435_456.0 { rest as f32 } else { f32::NAN }
        };
        rest.copysign(self)
    }
}

impl Divided for f64 {
    #[inline(always)]
    fn rest<S: Simd>(self, simd: S, b: f64) -> f64 {
        if !S::FMA {
            return f64::NAN;
        }
        rest_fused(simd, self.abs(), b.abs(), 9_007_199_254_740_992.0).copysign(self)
    }
}

/// `a % b`: the sign of `a`.
#[derive(Clone, Copy)]
pub struct Fmod;

/// `a - b floor(a / b)`: the sign of `b`.
#[derive(Clone, Copy)]
pub struct Remainder;

/// `a / b` rounded down, from the remainder, as Python does.
#[derive(Clone, Copy)]
pub struct DivFloor;

/// Whether a remainder has the other sign than the divisor.
#[inline(always)]
fn turns<T: Float>(rest: T, b: T) -> bool {
    (rest != T::zero()) & ((b < T::zero()) != (rest < T::zero()))
}

impl<T: Divided> Map2<T> for Fmod {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, a: T, b: T) -> T {
        a.rest(simd, b)
    }
}

impl<T: Divided> Map2<T> for Remainder {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, a: T, b: T) -> T {
        let rest = a.rest(simd, b);
        if turns(rest, b) { rest + b } else { rest }
    }
}

impl<T: Divided> Map2<T> for DivFloor {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, a: T, b: T) -> T {
        let rest = a.rest(simd, b);
        let quotient = (a - rest) / b;
        let quotient = if turns(rest, b) { quotient - T::one() } else { quotient };
        let floor = quotient.floor();
        let half = T::one() / (T::one() + T::one());
        let floor = if quotient - floor > half { floor + T::one() } else { floor };
        if quotient == T::zero() { T::zero().copysign(a / b) } else { floor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::float::Real;
    use crate::kernels::math::pair;

    crate::vectorize! {
        fn values[S; T: Divided](simd: S, a: T, b: T) -> [T; 3] {
            [Fmod.at(simd, a, b), Remainder.at(simd, a, b), DivFloor.at(simd, a, b)]
        }
    }

    /// Whether the values are those of the plain functions, or NaN; and whether they are not NaN.
    fn check<T: Divided + Real>(a: T, b: T) -> bool {
        let got = values(a, b);
        for (got, want) in got.into_iter().zip([a % b, pair::remainder(a, b), pair::div_floor(a, b)]) {
            let same = got == want && got.is_sign_negative() == want.is_sign_negative();
            assert!(same || got.is_nan(), "{a:?}, {b:?}: {got:?} for {want:?}");
        }
        !got[0].is_nan()
    }

    /// Bits of pairs whose quotient may be anything, is less than `2^limit`, or lies next to an integer.
    fn random(next: &mut impl FnMut() -> u64) -> (u64, u64, u64) {
        (next(), next(), next())
    }

    fn generator() -> impl FnMut() -> u64 {
        let mut state = 0x2545_F491_4F6C_DD1Du64;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        }
    }

    #[test]
    fn singles_are_exact() {
        let (mut next, mut found) = (generator(), 0);
        for i in 0..3_000_000 {
            let (a, b, c) = random(&mut next);
            let b = f32::from_bits(b as u32);
            let near = f32::from_bits(b.to_bits().wrapping_add((c as u32 % 40) << 23));
            let a = match i % 4 {
                0 => f32::from_bits(a as u32),
                1 => f32::from_bits(near.to_bits() ^ (a as u32 & 0x807f_ffff)),
                // Next to a multiple.
                2 => {
                    let multiple = b * ((c >> 40) >> (a % 24)) as f32;
                    f32::from_bits(multiple.to_bits().wrapping_add((a >> 32) as u32 % 5).wrapping_sub(2))
                }
                _ => b * (c % 1000) as f32 * 0.5,
            };
            found += usize::from(check(a, b));
        }
        assert!(found > 1_800_000, "{found} by vectors");
    }

    #[test]
    fn doubles_are_exact() {
        let (mut next, mut found) = (generator(), 0);
        for i in 0..3_000_000 {
            let (a, b, c) = random(&mut next);
            let b = f64::from_bits(b);
            let near = f64::from_bits(b.to_bits().wrapping_add((c % 60) << 52));
            let a = match i % 4 {
                0 => f64::from_bits(a),
                1 => f64::from_bits(near.to_bits() ^ (a & 0x800f_ffff_ffff_ffff)),
                2 => {
                    let multiple = b * ((c >> 11) >> (a % 53)) as f64;
                    f64::from_bits(multiple.to_bits().wrapping_add((a >> 32) % 5).wrapping_sub(2))
                }
                _ => b * (c % 1000) as f64 * 0.5,
            };
            found += usize::from(check(a, b));
        }
        let fused = crate::kernels::isa::isa() != crate::kernels::isa::Isa::Portable;
        assert!(found > 1_800_000 || !fused, "{found} by vectors");
    }

    #[test]
    fn ends_are_those_of_the_functions() {
        let ends =
            [0.0, 5e-324, 1e-310, f64::MIN_POSITIVE, 0.5, 1.0, 3.0, 1e38, 1e300, f64::MAX, f64::INFINITY, f64::NAN];
        let all = || ends.into_iter().flat_map(|x| [x, -x]);
        for (a, b) in all().flat_map(|a| all().map(move |b| (a, b))) {
            check(a, b);
            check(a as f32, b as f32);
        }
    }
}
