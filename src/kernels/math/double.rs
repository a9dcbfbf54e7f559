//! Functions of doubles without branches, which the compiler turns into vector code: right to one or two last places, zeros,
//! infinities and NaN as they must be.

use crate::kernels::exp::Exp;
use std::f64::consts::FRAC_2_SQRT_PI;

/// Added to a double, it rounds it to an integer, which is then in the low bits.
pub(super) const ROUND: f64 = 6_755_399_441_055_744.0;
/// `ln 2` in two parts, of which the first has trailing zeros: its product with an exponent is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `2 / (2k + 3)`: the series of `ln((1 + s) / (1 - s)) / s - 2` in `s^2`, over `s^2`.
const LN: [f64; 10] = {
    let mut table = [0.0; 10];
    let mut k = 0;
    while k < 10 {
        table[k] = 2.0 / (2 * k + 3) as f64;
        k += 1;
    }
    table
};

/// `(-1)^k 2 / (sqrt(pi) k! (2k + 1))`: the series of `erf(x) / x` in `x^2`, for `|x| < 1`.
pub(super) const fn erf_series<const N: usize>() -> [f64; N] {
    let mut table = [0.0; N];
    let (mut k, mut factor) = (0, FRAC_2_SQRT_PI);
    while k < N {
        table[k] = factor / (2 * k + 1) as f64;
        k += 1;
        factor /= -(k as f64);
    }
    table
}
const ERF_NEAR: [f64; 19] = erf_series();

/// `e^(x^2) erfc(x) / u` where `u = 1 / (x + 2)`, for `x` from 1 to 6, in `u` moved and scaled to -1 .. 1: a Chebyshev fit with a
/// relative error of 1e-17.
const ERF_FAR: [f64; 17] = [
    0.966_237_993_730_611_5,
    0.267_245_572_483_285_5,
    0.046_789_047_090_211_72,
    0.003_119_813_279_754_441_4,
    -5.578_532_607_118_348e-4,
    -9.897_813_653_138_734e-5,
    1.295_871_105_628_297_8e-5,
    2.747_765_176_000_842_3e-6,
    -5.355_323_578_154_024e-7,
    -6.226_435_590_131_345e-8,
    2.573_352_033_366_396e-8,
    -2.439_818_848_296_486e-10,
    -1.061_601_768_780_231e-9,
    1.582_599_647_345_978_4e-10,
    2.465_595_762_216_644_6e-11,
    -1.004_963_899_777_332e-11,
    4.795_278_210_084_14e-13,
];

/// `c[0] + c[1] x + c[2] x^2 + ...`
#[inline(always)]
pub(super) fn polynomial<const N: usize>(c: &[f64; N], x: f64) -> f64 {
    let mut sum = c[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        sum = sum * x + c[k];
    }
    sum
}

/// A positive normal `x` as `2^e (1 + f)` with `1 + f` from `sqrt(1/2)` to `sqrt(2)`: `e` and `f`.
#[inline(always)]
pub(super) fn split(x: f64) -> (f64, f64) {
    const ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
    let e = (x.to_bits().wrapping_sub(ROOT) as i64) >> 52;
    let f = f64::from_bits(x.to_bits().wrapping_sub((e << 52) as u64)) - 1.0;
    // Conversions of 64 bits are missing from AVX2.
    (f64::from_bits(ROUND.to_bits().wrapping_add(e as u64)) - ROUND, f)
}

/// Natural logarithm.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    let tiny = x < f64::MIN_POSITIVE;
    let (e, f) = split(if tiny { x * (1u64 << 54) as f64 } else { x });
    let e = if tiny { e - 54.0 } else { e };
    // ln(1 + f) = f - f^2/2 + s (f^2/2 + rest), where s = f / (2 + f).
    let s = f / (2.0 + f);
    let square = s * s;
    let half = 0.5 * f * f;
    let rest = square * polynomial(&LN, square);
    let y = e * LN_2_HIGH - ((half - (s * (half + rest) + e * LN_2_LOW)) - f);
    let y = if x < f64::INFINITY { y } else { x };
    let y = if x > 0.0 { y } else { f64::NAN };
    if x == 0.0 { f64::NEG_INFINITY } else { y }
}

/// The error function.
#[inline(always)]
pub fn erf(x: f64) -> f64 {
    let magnitude = x.abs();
    let magnitude = if magnitude > 6.0 { 6.0 } else { magnitude };
    let square = magnitude * magnitude;
    let near = magnitude * polynomial(&ERF_NEAR, square);
    let u = 1.0 / (magnitude + 2.0);
    const LOW: f64 = 1.0 / 8.0;
    const HIGH: f64 = 1.0 / 3.0;
    let t = (u - (LOW + HIGH) / 2.0) * (2.0 / (HIGH - LOW));
    let far = 1.0 - (-square).exp_inline() * u * polynomial(&ERF_FAR, t);
    (if magnitude < 1.0 { near } else { far }).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubles() -> impl Iterator<Item = f64> {
        let step = u64::MAX / 2_000_003;
        let around_one = (0..1_000_000).map(|i| 0.3 + i as f64 * 1.7e-6);
        (0..2_000_003).map(move |i| f64::from_bits(i * step)).chain(around_one)
    }

    #[test]
    fn logarithms_are_right_to_a_last_place() {
        for x in doubles().chain([0.0, -0.0, 1.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY]) {
            let (got, want) = (ln(x), x.ln());
            let near = (got - want).abs() <= 1.1 * f64::EPSILON * want.abs();
            assert!(near || got == want || got.is_nan() && want.is_nan(), "{x:e}: {got:e} for {want:e}");
        }
    }

    #[test]
    fn errors_are_right_to_two_last_places() {
        for x in doubles().chain((-700_000..700_000).map(|i| i as f64 * 1e-5)) {
            let (got, want) = (erf(x), libm::erf(x));
            let near = (got - want).abs() <= 2.0 * f64::EPSILON * want.abs().max(f64::MIN_POSITIVE);
            assert!(near || got.is_nan() && want.is_nan(), "{x:e}: {got:e} for {want:e}");
        }
        assert!(erf(-0.0).is_sign_negative() && erf(f64::NEG_INFINITY) == -1.0);
    }
}
