//! The complement of the error function of singles, in double precision and without branches: right to a last place once
//! rounded.

use super::double::{erf_series, polynomial};
use super::exponential::exp;

/// The series of `erf(x) / x` in `x^2`, for `|x| < 1`.
const NEAR: [f64; 13] = erf_series();

/// `e^(x^2) erfc(x) / u` in `u = 1 / (x + 2)`, for `x` from 1 to 10.2: a Chebyshev fit with a relative error of 3e-10.
const FAR: [f64; 10] = [
    0.564_186_230_527_7,
    1.128_562_773_158,
    1.970_448_606_679,
    2.872_733_291_076,
    2.331_140_537_213,
    0.691_037_552_469_5,
    -4.326_845_126_245,
    -48.012_979_790_04,
    110.926_788_216_5,
    -70.868_938_966_75,
];

/// `erf(x)` for `|x| < 1`.
#[inline(always)]
fn near(x: f64) -> f64 {
    x * polynomial(&NEAR, x * x)
}

/// `erfc(x)` for `x >= 1`.
#[inline(always)]
fn far(x: f64) -> f64 {
    let x = if x > 10.2 { 10.2 } else { x };
    let u = 1.0 / (x + 2.0);
    u * polynomial(&FAR, u) * exp(-x * x)
}

/// `1 - erf(x)`.
#[inline(always)]
pub fn erfc(x: f64) -> f64 {
    let magnitude = x.abs();
    let tail = far(magnitude);
    let outside = if x < 0.0 { 2.0 - tail } else { tail };
    // Computed on both sides of the choice, or the loop around it does not become vector code.
    let inside = 1.0 - near(x);
    if magnitude < 1.0 { inside } else { outside }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singles_are_right_to_a_last_place() {
        for i in -1_050_000..1_050_000 {
            let x = i as f32 * 1e-5;
            let (a, b) = (erfc(x as f64), libm::erfc(x as f64));
            let unit = (b.abs() as f32).max(f32::MIN_POSITIVE) as f64 * f32::EPSILON as f64 / 2.0;
            assert!((a as f32 as f64 - b).abs() <= 1.02 * unit, "{x}: {a}, {b}");
        }
        assert_eq!((erfc(f64::NEG_INFINITY), erfc(f64::INFINITY) as f32), (2.0, 0.0));
        assert!(erfc(f64::NAN).is_nan());
    }
}
