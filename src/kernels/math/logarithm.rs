//! Logarithms of singles, in double precision and without branches: right to a last place once they are rounded.

use std::f64::consts::{LN_2, LOG2_E, LOG10_E};

/// The bits of `sqrt(1/2)`.
const ROOT: u64 = 0x3fe6_a09e_667f_3bcd;

/// `ln x` as `e ln 2 + rest` with an integer `e`, for a positive normal number.
#[inline(always)]
fn parts(x: f64) -> (f64, f64) {
    // Moved so that mantissas from sqrt(1/2) to sqrt(2) share an exponent.
    let moved = x.to_bits().wrapping_add((1023u64 << 52).wrapping_sub(ROOT));
    let e = ((moved >> 52) as i32 - 1023) as f64;
    let mantissa = f64::from_bits((moved & ((1 << 52) - 1)).wrapping_add(ROOT));
    let f = mantissa - 1.0;
    // ln(1 + f) = 2 artanh(f / (2 + f)), |f / (2 + f)| < 0.172.
    let s = f / (2.0 + f);
    let z = s * s;
    let series = 1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0)))));
    (e, 2.0 * s * series)
}

/// The value at 0, below 0, at infinity and for NaN; `y` elsewhere.
#[inline(always)]
fn ends(x: f64, y: f64) -> f64 {
    let y = if x == f64::INFINITY { x } else { y };
    let y = if x > 0.0 { y } else { f64::NAN };
    if x == 0.0 { f64::NEG_INFINITY } else { y }
}

/// Natural logarithm.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    let (e, rest) = parts(x);
    ends(x, e * LN_2 + rest)
}

/// Logarithm to base 2.
#[inline(always)]
pub fn log2(x: f64) -> f64 {
    let (e, rest) = parts(x);
    ends(x, e + rest * LOG2_E)
}

/// Logarithm to base 10.
#[inline(always)]
pub fn log10(x: f64) -> f64 {
    ln(x) * LOG10_E
}

/// `ln(1 + x)`.
#[inline(always)]
pub fn ln_1p(x: f64) -> f64 {
    let u = 1.0 + x;
    let (e, rest) = parts(u);
    // What the sum has lost of x.
    let lost = (x - (u - 1.0)) / u;
    let y = ends(u, e * LN_2 + (rest + lost));
    // Keeps the sign of zero.
    if x == 0.0 { x } else { y }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, x: f32, a: f64, b: f64) {
        let unit = (b.abs() as f32).max(f32::MIN_POSITIVE) as f64 * f32::EPSILON as f64 / 2.0;
        assert!((a as f32 as f64 - b).abs() <= 1.01 * unit, "{name}({x}): {a}, {b}");
    }

    #[test]
    fn singles_are_right_to_a_last_place() {
        for i in 0..2_000_000u32 {
            let x = f32::from_bits(i * 1069 + 1);
            let d = x as f64;
            check("ln", x, ln(d), d.ln());
            check("log2", x, log2(d), d.log2());
            check("log10", x, log10(d), d.log10());
            check("ln_1p", x, ln_1p(d), d.ln_1p());
            if x < 1.0 {
                check("ln_1p", -x, ln_1p(-d), (-d).ln_1p());
            }
        }
    }

    #[test]
    fn ends_and_exact_values() {
        for f in [ln, log2, log10] {
            assert!(f(-1.0).is_nan() && f(f64::NAN).is_nan() && f(f64::NEG_INFINITY).is_nan());
            assert_eq!(
                (f(0.0), f(-0.0), f(f64::INFINITY), f(1.0)),
                (f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY, 0.0)
            );
        }
        assert!(ln_1p(-1.5).is_nan() && ln_1p(f64::NAN).is_nan() && ln_1p(-0.0).is_sign_negative());
        assert_eq!((ln_1p(-1.0), ln_1p(f64::INFINITY)), (f64::NEG_INFINITY, f64::INFINITY));
        assert_eq!((log2(8.0), log2(1e-45f32 as f64), log10(1000.0) as f32), (3.0, -149.0, 3.0));
    }
}
