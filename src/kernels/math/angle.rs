//! The angle of a point, `atan2`, without branches, which the compiler turns into vector code: right to one or two last places.
//!
//! The smaller of the two magnitudes over the larger one is at most 1; the angle is then turned into the octant of the point.
//! Polynomials are minimax fits over the reduced range.

use crate::kernels::elementwise::Map2;
use crate::kernels::isa::Simd;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// `(atan(q) / q - 1) / q^2` in `q^2`, for `q` up to 1.
const SINGLE: [f32; 9] = [
    -0.333_333,
    0.199_985_48,
    -0.142_642_42,
    0.109_521_88,
    -0.084_034_57,
    0.057_957_698,
    -0.031_177_943,
    0.010_914_655,
    -0.001_793_632,
];
/// The same for `q` up to 7/16.
const DOUBLE: [f64; 11] = [
    -0.333_333_333_333_329_2,
    0.199_999_999_998_735_52,
    -0.142_857_142_722_501_97,
    0.111_111_103_945_393_99,
    -0.090_908_868_616_593_49,
    0.076_918_720_131_217_3,
    -0.066_610_317_498_154_9,
    0.058_333_081_808_568_38,
    -0.049_758_499_316_251_17,
    0.036_508_794_337_087_91,
    -0.016_264_041_882_949_13,
];

/// What the doubles nearest to `pi / 2` and to `atan(1 / 2)` lack of them.
const FRAC_PI_2_LOW: f64 = 6.123_233_995_736_766e-17;
const ATAN_HALF: f64 = 0.463_647_609_000_806_1;
const ATAN_HALF_LOW: f64 = 2.269_877_745_296_168_7e-17;
/// What the singles nearest to `pi / 2` and to `pi` lack of them.
const SINGLE_PI_2_LOW: f32 = -4.371_139e-8;

/// The angle between the first axis and the point `(x, y)`, from `-pi` to `pi`.
#[derive(Clone, Copy)]
pub struct Atan2;

impl Map2<f32> for Atan2 {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, y: f32, x: f32) -> f32 {
        let (up, right) = (y.abs(), x.abs());
        let steep = up > right;
        let (low, high) = if steep { (right, up) } else { (up, right) };
        // Equal ones may be zeros or infinities; and this keeps NaN.
        let q = low / high;
        let q = if low == high { if high == 0.0 { 0.0 } else { 1.0 } } else { q };
        let square = q * q;
        let mut sum = SINGLE[8];
        let mut k = 8;
        while k > 0 {
            k -= 1;
            sum = simd.mul_add(sum, square, SINGLE[k]);
        }
        let angle = simd.mul_add(q * square, sum, q);
        // What the polynomial gives at its end is a last place off.
        let angle = if q == 1.0 { FRAC_PI_4 as f32 } else { angle };
        let angle = if steep { FRAC_PI_2 as f32 - (angle - SINGLE_PI_2_LOW) } else { angle };
        let angle = if x.is_sign_negative() { PI as f32 - (angle - 2.0 * SINGLE_PI_2_LOW) } else { angle };
        // Whether the comparisons above have kept it or not.
        let angle = if x.is_nan() { x } else { angle };
        angle.copysign(y)
    }
}

impl Map2<f64> for Atan2 {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, y: f64, x: f64) -> f64 {
        let (up, right) = (y.abs(), x.abs());
        let steep = up > right;
        let (low, high) = if steep { (right, up) } else { (up, right) };
        // Sums of very large ones would overflow; a quarter of the other is exact enough, as the two then differ by far or not at all.
        let scale = if high > 1e300 { 0.25 } else { 1.0 };
        let (small, large) = (low * scale, high * scale);
        // atan(q) = atan(c) + atan((q - c) / (1 + c q)), with c = 0, 1/2 or 1: both differences are exact.
        let (middle, far) = (small > 0.4375 * large, small > 0.6875 * large);
        let (above, below) = if middle { (2.0 * small - large, 2.0 * large + small) } else { (low, high) };
        let (above, below) = if far { (small - large, large + small) } else { (above, below) };
        let (base, lack) = if middle { (ATAN_HALF, ATAN_HALF_LOW) } else { (0.0, 0.0) };
        let (base, lack) = if far { (FRAC_PI_4, 0.5 * FRAC_PI_2_LOW) } else { (base, lack) };
        // Equal ones may be zeros or infinities; and this keeps NaN.
        let q = above / below;
        let q = if low == high { 0.0 } else { q };
        let (base, lack) = if low == high && high > 0.0 { (FRAC_PI_4, 0.5 * FRAC_PI_2_LOW) } else { (base, lack) };
        let square = q * q;
        let mut sum = DOUBLE[10];
        let mut k = 10;
        while k > 0 {
            k -= 1;
            sum = simd.mul_add(sum, square, DOUBLE[k]);
        }
        let rest = simd.mul_add(q * square, sum, lack) + q;
        let angle = base + rest;
        let angle = if steep { FRAC_PI_2 - (angle - FRAC_PI_2_LOW) } else { angle };
        let angle = if x.is_sign_negative() { PI - (angle - 2.0 * FRAC_PI_2_LOW) } else { angle };
        let angle = if x.is_nan() { x } else { angle };
        angle.copysign(y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::vectorize! {
        fn single[S](simd: S, y: f32, x: f32) -> f32 {
            Atan2.at(simd, y, x)
        }
        fn double[S](simd: S, y: f64, x: f64) -> f64 {
            Atan2.at(simd, y, x)
        }
    }

    /// Numbers of all bits, then pairs of like size.
    fn pairs(bits: u32) -> impl Iterator<Item = (u64, u64)> {
        let mut state = 0x9E37_79B9_7F4A_7C15u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let like = if bits == 32 { 0x017f_ffff } else { 0x001f_ffff_ffff_ffff };
        (0..2_000_000).map(move |i| {
            let (a, b) = (next() >> (64 - bits), next() >> (64 - bits));
            if i % 2 == 0 { (a, b) } else { (a, a ^ (b & like)) }
        })
    }

    #[test]
    fn singles_are_right_to_two_last_places() {
        for (y, x) in pairs(32).map(|(y, x)| (f32::from_bits(y as u32), f32::from_bits(x as u32))) {
            let (got, want) = (single(y, x), (y as f64).atan2(x as f64));
            let unit = want.abs().max(f32::MIN_POSITIVE as f64) * f32::EPSILON as f64;
            let near = (got as f64 - want).abs() <= 1.5 * unit || got.is_nan() && want.is_nan();
            assert!(near, "{y:e}, {x:e}: {got:e} for {want:e}");
        }
    }

    #[test]
    fn doubles_are_right_to_two_last_places() {
        for (y, x) in pairs(64).map(|(y, x)| (f64::from_bits(y), f64::from_bits(x))) {
            let (got, want) = (double(y, x), y.atan2(x));
            let unit = want.abs().max(f64::MIN_POSITIVE) * f64::EPSILON;
            let near = (got - want).abs() <= 1.5 * unit || got.is_nan() && want.is_nan();
            assert!(near, "{y:e}, {x:e}: {got:e} for {want:e}");
        }
    }

    #[test]
    fn ends_are_those_of_the_function() {
        let ends = [0.0, 5e-324, f64::MIN_POSITIVE, 1e-30, 1.0, 3.0, 1e300, f64::MAX, f64::INFINITY, f64::NAN];
        let all = || ends.into_iter().flat_map(|x| [x, -x]);
        for (y, x) in all().flat_map(|y| all().map(move |x| (y, x))) {
            let same = |got: f64, want: f64, unit: f64| {
                got.is_nan() && want.is_nan()
                    || got.is_sign_negative() == want.is_sign_negative() && (got - want).abs() <= unit * want.abs()
            };
            assert!(same(double(y, x), y.atan2(x), f64::EPSILON), "{y:e}, {x:e}: {:e}", double(y, x));
            let (y, x) = (y as f32, x as f32);
            assert!(same(single(y, x) as f64, y.atan2(x) as f64, f32::EPSILON as f64), "{y:e}, {x:e}");
        }
        for x in [1.0, 1e-320, 1e-310, f64::MAX, f64::INFINITY] {
            for (y, x) in [(x, x), (-x, x), (x, -x), (-x, -x), (0.0, -x), (x, 0.0)] {
                assert_eq!(double(y, x), y.atan2(x), "{y:e}, {x:e}");
                assert_eq!(single(y as f32, x as f32), (y as f32).atan2(x as f32), "{y:e}, {x:e}");
            }
        }
    }
}
