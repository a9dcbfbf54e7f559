//! Exponentials and their relatives in forms without branches, which the compiler turns into vector code.
//!
//! Functions of doubles, by long series; and those functions of singles that are computed in double precision and rounded
//! once, from short series: they take any `f32` (as a double). See `single.rs` for the others.

use std::f64::consts::LOG2_E;

/// The degree of the series that serves single precision; its relative error is 2e-10.
pub const SINGLE: usize = 8;
/// The degree of the series that serves double precision.
pub const DOUBLE: usize = 15;
/// Up to here the long series serves as it is: with a power of two before it, `1/2` and the series nearly cancel.
const UNREDUCED: f64 = 0.55;

/// Added to a double, it rounds it to an integer, which is then in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// `ln 2` in two parts, of which the first has trailing zeros.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

const INVERSE_FACTORIALS: [f64; 16] = {
    let mut table = [1.0; 16];
    let mut n = 2;
    while n < 16 {
        table[n] = table[n - 1] / n as f64;
        n += 1;
    }
    table
};

/// `x` within bounds; NaN stays.
#[inline(always)]
fn within(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// `2^n` for `n` of a rounded number `n + ROUND`, moved by `shift`.
#[inline(always)]
fn power_of_two(rounded: f64, shift: i64) -> f64 {
    f64::from_bits(rounded.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add((1023 + shift) as u64) << 52)
}

/// `e^r - 1` for `|r| <= ln 2 / 2`. The largest term, `r`, is added last and without an error of its own.
#[inline(always)]
fn series<const DEGREE: usize>(r: f64) -> f64 {
    let mut sum = INVERSE_FACTORIALS[DEGREE];
    let mut k = DEGREE - 1;
    while k > 1 {
        sum = sum * r + INVERSE_FACTORIALS[k];
        k -= 1;
    }
    r + r * r * sum
}

/// `x` as `n ln 2 + r`: the rounded `n`, and `r`.
#[inline(always)]
fn reduce(x: f64) -> (f64, f64) {
    let rounded = x * LOG2_E + ROUND;
    let n = rounded - ROUND;
    (rounded, (x - n * LN_2_HIGH) - n * LN_2_LOW)
}

/// `e^x` of a single, to be rounded.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let (rounded, r) = reduce(within(x, -150.0, 150.0));
    (1.0 + series::<SINGLE>(r)) * power_of_two(rounded, 0)
}

/// `e^x - 1`, with small relative error everywhere.
#[inline(always)]
pub fn exp_m1<const DEGREE: usize>(x: f64) -> f64 {
    let x = within(x, -50.0, 710.0);
    let (rounded, r) = reduce(x);
    let (rounded, r) = if DEGREE == DOUBLE && x.abs() < UNREDUCED { (ROUND, x) } else { (rounded, r) };
    // Half of the power: the whole one may be out of range where the result is not.
    let half = power_of_two(rounded, -1);
    let result = 2.0 * (series::<DEGREE>(r) * half + (half - 0.5));
    result.copysign(x)
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    let twice = exp_m1::<DOUBLE>(within(2.0 * x.abs(), 0.0, 45.0));
    (twice / (twice + 2.0)).copysign(x)
}

/// The hyperbolic sine of a single, to be rounded.
#[inline(always)]
pub fn sinh(x: f64) -> f64 {
    let grown = exp_m1::<SINGLE>(within(x.abs(), 0.0, 150.0));
    (0.5 * (grown + grown / (grown + 1.0))).copysign(x)
}

/// The hyperbolic cosine of a single, to be rounded.
#[inline(always)]
pub fn cosh(x: f64) -> f64 {
    let e = exp(x.abs());
    0.5 * (e + 1.0 / e)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Singles from -`limit` to `limit`, and tiny ones.
    fn singles(limit: f32) -> impl Iterator<Item = f32> {
        let steps = 200_000;
        let even = (-steps..=steps).map(move |i| i as f32 / steps as f32 * limit);
        even.chain((0..2000).map(|i| 10f32.powf(-45.0 + i as f32 * 0.023)))
    }

    fn check(name: &str, limit: f32, ours: fn(f64) -> f64, exact: fn(f64) -> f64) {
        for x in singles(limit) {
            let (a, b) = (ours(x as f64) as f32, exact(x as f64));
            let unit = (b.abs() as f32).max(f32::MIN_POSITIVE) as f64 * f32::EPSILON as f64 / 2.0;
            assert!(
                (a as f64 - b).abs() <= 1.01 * unit || a as f64 == b || b.abs() > f32::MAX as f64,
                "{name}({x}): {a}, {b}"
            );
        }
    }

    #[test]
    fn singles_are_right_to_a_last_place() {
        check("exp", 105.0, exp, f64::exp);
        check("expm1", 90.0, exp_m1::<SINGLE>, f64::exp_m1);
        check("sinh", 90.0, sinh, f64::sinh);
        check("cosh", 90.0, cosh, f64::cosh);
    }

    #[test]
    fn doubles_are_right_to_two_last_places() {
        for i in -400_000..=400_000 {
            let x = i as f64 * 1e-4 + 1e-9;
            for (a, b) in [(tanh(x), x.tanh()), (exp_m1::<DOUBLE>(x), x.exp_m1())] {
                assert!((a - b).abs() <= 2.0 * f64::EPSILON * b.abs(), "{x}: {a}, {b}");
            }
        }
    }

    #[test]
    fn ends_signs_and_nan() {
        for f in [exp_m1::<SINGLE>, exp_m1::<DOUBLE>, tanh, sinh] {
            assert!(f(f64::NAN).is_nan() && f(-0.0).is_sign_negative() && f(-0.0) == 0.0 && f(0.0).is_sign_positive());
        }
        assert!(exp(f64::NAN).is_nan() && cosh(f64::NAN).is_nan());
        let inf = f64::INFINITY;
        assert_eq!((exp_m1::<DOUBLE>(inf), exp_m1::<DOUBLE>(-inf), exp(-inf) as f32), (inf, -1.0, 0.0));
        assert_eq!(
            (exp(inf) as f32, sinh(-inf) as f32, cosh(-inf) as f32),
            (f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY)
        );
        assert_eq!((tanh(inf), tanh(-inf)), (1.0, -1.0));
        assert_eq!(exp_m1::<DOUBLE>(709.7), 709.7f64.exp_m1());
    }
}
