//! Powers of singles, in double precision and rounded once, without branches, which the compiler turns into vector code.

use super::double::{ROUND, split};
use crate::kernels::isa::Simd;

/// `log2(1 + f) / f` for `1 + f` from `sqrt(1/2)` to `sqrt(2)`: a Chebyshev fit with a relative error of 2e-11.
const LOG2: [f64; 13] = [
    1.442_695_040_870_879_4,
    -0.721_347_520_963_155_2,
    0.480_898_360_176_245_9,
    -0.360_673_655_315_939_6,
    0.288_537_394_378_739_5,
    -0.240_454_336_964_119_98,
    0.206_172_832_267_519_85,
    -0.180_271_025_771_149_4,
    0.158_783_568_325_107_2,
    -0.143_490_393_752_809_96,
    0.144_950_529_998_158_44,
    -0.141_447_882_105_873_9,
    0.075_537_903_980_134_11,
];
/// `2^r` for `|r| <= 1/2`: with a relative error of 6e-11.
const EXP2: [f64; 8] = [
    0.999_999_999_959_561_7,
    0.693_147_180_556_832_4,
    0.240_226_512_134_980_93,
    0.055_504_109_063_258_67,
    0.009_618_025_613_318_014,
    0.001_333_347_847_368_541_5,
    1.546_972_921_411_83e-4,
    1.530_370_071_136_569_4e-5,
];

#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, c: &[f64; N], x: f64) -> f64 {
    let mut sum = c[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        sum = simd.mul_add(sum, x, c[k]);
    }
    sum
}

/// `x` to the power `y`, with the results of C for zeros, infinities and NaN.
#[inline(always)]
pub fn pow<S: Simd>(simd: S, x: f32, y: f32) -> f32 {
    let base = x.abs();
    let (e, f) = split(base as f64);
    let log = simd.mul_add(f, polynomial(simd, &LOG2, f), e);
    let log = if base == f32::INFINITY { f64::INFINITY } else { log };
    let log = if base == 0.0 { f64::NEG_INFINITY } else { log };
    // Beyond these bounds results are infinite or 0.
    let exponent = y as f64 * log;
    let exponent = if exponent > 200.0 { 200.0 } else { exponent };
    let exponent = if exponent < -200.0 { -200.0 } else { exponent };
    let shifted = exponent + ROUND;
    let r = exponent - (shifted - ROUND);
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    let power = (polynomial(simd, &EXP2, r) * scale) as f32;

    let (whole, half) = (y.trunc(), 0.5 * y);
    let odd = (whole == y) & (half.trunc() != half);
    let undefined = (x < 0.0) & (base != f32::INFINITY) & (whole != y);
    let undefined = undefined | x.is_nan() | y.is_nan();
    let power = if undefined { f32::NAN } else { power };
    let power = if odd { power.copysign(x) } else { power };
    let one = (y == 0.0) | (x == 1.0) | ((base == 1.0) & (y.abs() == f32::INFINITY));
    if one { 1.0 } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::vectorize! {
        fn pow_of[S](simd: S, x: f32, y: f32) -> f32 {
            pow(simd, x, y)
        }
    }

    #[test]
    fn powers_are_right_to_a_last_place() {
        let bits = |i: u32, k: u32| f32::from_bits(i.wrapping_mul(k));
        let wild = (0..2_000_000u32).map(|i| (bits(i, 2_654_435_761), bits(i, 40_503_977)));
        let tame = (0..2_000_000u32).map(|i| ((i % 1999) as f32 * 0.01, (i / 1999) as f32 * 0.02 - 10.0));
        let near_one = (0..100_000).map(|i| (1.0 + (i % 317 - 150) as f32 * 1e-6, (i / 317) as f32 * 1e4));
        for (x, y) in wild.chain(tame).chain(near_one) {
            for (x, y) in [(x, y), (-x, y), (x, y.trunc()), (-x, y.trunc())] {
                let (got, want) = (pow_of(x, y), (x as f64).powf(y as f64));
                let unit = want.abs().max(f32::MIN_POSITIVE as f64) * f32::EPSILON as f64;
                let near = (got as f64 - want).abs() <= 0.6 * unit;
                let same = got == want as f32 || got.is_nan() && want.is_nan();
                assert!(near || same, "{x:e}, {y:e}: {got:e} for {want:e}");
            }
        }
    }

    #[test]
    fn special_cases_are_those_of_c() {
        let special = [0.0, 1.0, 2.0, 3.0, 0.5, 2.5, 1e-40, 3e38, 16_777_215.0, 16_777_216.0, f32::INFINITY, f32::NAN];
        let all = special.into_iter().flat_map(|x| [x, -x]);
        for (x, y) in all.clone().flat_map(|x| all.clone().map(move |y| (x, y))) {
            let (got, want) = (pow_of(x, y), x.powf(y));
            let near = (got - want).abs() <= f32::EPSILON * want.abs();
            let same = got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan();
            assert!(same || near && want != 0.0, "{x:e}, {y:e}: {got:e} for {want:e}");
        }
    }
}
