//! Sine and cosine of arguments that are not large, without branches, which the compiler turns into vector code: right to one
//! or two last places for finite `x` up to [`NEAR`] (singles) and [`NEAR_DOUBLE`]. NaN and infinities give NaN.
//!
//! `x` is cut to `n pi/2 + r` with `|r|` a little over `pi/4` at most; the low bits of `n` say which function of `r` it is, and its
//! sign. The polynomials are Taylor's.

use crate::kernels::isa::Simd;
use std::f64::consts::FRAC_2_PI;

/// The largest single that [`sin`] and [`cos`] take.
pub const NEAR: f32 = 131_072.0;
/// The largest double that [`sin_double`] and [`cos_double`] take: multiples of the parts of `pi/2` are exact up to it, and
/// what they leave is right even next to a zero.
pub const NEAR_DOUBLE: f64 = 1e4;

/// `pi/2` in parts, of which the last is rounded: as singles, and as doubles with 33 bits each, whose products with `n` are exact.
const PARTS: [f32; 3] = [1.570_796_4, -4.371_139e-8, -1.715_124_5e-15];
const PARTS_DOUBLE: [f64; 3] = [f64::from_bits(0x3FF9_21FB_5440_0000), f64::from_bits(0x3DD0_B461_1A60_0000), TAIL];
/// What the first two doubles leave of `pi/2`.
const TAIL: f64 = f64::from_bits(0x3BA3_198A_2E03_7073);

/// `(-1)^k / n!` for `n = 2k + first`.
const fn series<const N: usize>(first: usize) -> [f64; N] {
    let mut table = [0.0; N];
    let mut k = 0;
    while k < N {
        let (mut factor, mut n) = (if k % 2 == 0 { 1.0 } else { -1.0 }, 2);
        while n <= 2 * k + first {
            factor /= n as f64;
            n += 1;
        }
        table[k] = factor;
        k += 1;
    }
    table
}

const fn singles<const N: usize>(from: [f64; N]) -> [f32; N] {
    let mut table = [0.0; N];
    let mut k = 0;
    while k < N {
        table[k] = from[k] as f32;
        k += 1;
    }
    table
}

/// `(sin(r) - r) / -r^3` in `r^2`, and `(cos(r) - 1 + r^2 / 2) / r^4`.
const SIN: [f32; 4] = singles(negated(series(3)));
const COS: [f32; 4] = singles(series(4));
const SIN_DOUBLE: [f64; 8] = negated(series(3));
const COS_DOUBLE: [f64; 7] = series(4);

const fn negated<const N: usize>(mut table: [f64; N]) -> [f64; N] {
    let mut k = 0;
    while k < N {
        table[k] = -table[k];
        k += 1;
    }
    table
}

/// `c[0] + c[1] x + ...`, with products rounded apart unless `fused`.
macro_rules! polynomial {
    ($simd:ident, $c:expr, $x:expr) => {{
        let (c, x) = ($c, $x);
        let mut sum = c[c.len() - 1];
        let mut k = c.len() - 1;
        while k > 0 {
            k -= 1;
            sum = $simd.mul_add(sum, x, c[k]);
        }
        sum
    }};
}

/// Added to a number, it rounds it to an integer, which is then in the low bits.
const ROUND: f32 = 12_582_912.0;
const ROUND_DOUBLE: f64 = 6_755_399_441_055_744.0;

/// The sine of `x` plus `quarters` right angles.
#[inline(always)]
fn turned<S: Simd>(simd: S, x: f32, quarters: u32) -> f32 {
    if !S::FMA {
        // Without exact products the reduction needs double precision.
        return turned_double(simd, x as f64, quarters as u64) as f32;
    }
    let shifted = simd.mul_add(x, FRAC_2_PI as f32, ROUND);
    let n = shifted - ROUND;
    let quarter = shifted.to_bits().wrapping_add(quarters);
    let r = PARTS.iter().fold(x, |r, &part| simd.mul_add(-n, part, r));
    let square = r * r;
    let sin = simd.mul_add(r * square, polynomial!(simd, &SIN, square), r);
    let cos = simd.mul_add(square * square, polynomial!(simd, &COS, square), simd.mul_add(square, -0.5, 1.0));
    let y = if quarter & 1 == 0 { sin } else { cos };
    f32::from_bits(y.to_bits() ^ (quarter & 2) << 30)
}

/// [`turned`] in double precision.
#[inline(always)]
fn turned_double<S: Simd>(simd: S, x: f64, quarters: u64) -> f64 {
    let shifted = x * FRAC_2_PI + ROUND_DOUBLE;
    let n = shifted - ROUND_DOUBLE;
    let quarter = shifted.to_bits().wrapping_add(quarters);
    let [a, b, c] = PARTS_DOUBLE;
    // `r` and what its rounding has lost.
    let first = x - n * a;
    let second = n * b;
    let rough = first - second;
    let low = ((first - rough) - second) - n * c;
    let r = rough + low;
    let low = (rough - r) + low;
    let square = r * r;
    let sin = r + simd.mul_add(r * square, polynomial!(simd, &SIN_DOUBLE, square), low * (1.0 - 0.5 * square));
    let half = 0.5 * square;
    let top = 1.0 - half;
    let rest = simd.mul_add(square * square, polynomial!(simd, &COS_DOUBLE, square), -(r * low));
    let cos = top + (((1.0 - top) - half) + rest);
    let y = if quarter & 1 == 0 { sin } else { cos };
    f64::from_bits(y.to_bits() ^ (quarter & 2) << 62)
}

/// Sine.
#[inline(always)]
pub fn sin<S: Simd>(simd: S, x: f32) -> f32 {
    // A zero keeps its sign.
    if x == 0.0 { x } else { turned(simd, x, 0) }
}

/// Cosine.
#[inline(always)]
pub fn cos<S: Simd>(simd: S, x: f32) -> f32 {
    turned(simd, x, 1)
}

/// Sine of a double.
#[inline(always)]
pub fn sin_double<S: Simd>(simd: S, x: f64) -> f64 {
    if x == 0.0 { x } else { turned_double(simd, x, 0) }
}

/// Cosine of a double.
#[inline(always)]
pub fn cos_double<S: Simd>(simd: S, x: f64) -> f64 {
    turned_double(simd, x, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::vectorize! {
        fn singles_of[S](simd: S, x: f32) -> [f32; 2] {
            [sin(simd, x), cos(simd, x)]
        }
        fn doubles_of[S](simd: S, x: f64) -> [f64; 2] {
            [sin_double(simd, x), cos_double(simd, x)]
        }
    }

    #[test]
    fn singles_are_right_to_two_last_places() {
        let all = (0..NEAR.to_bits() / 509).map(|i| f32::from_bits(i * 509));
        // Next to zeros of both.
        let multiples = (0..80_000).flat_map(|n| {
            let x = (n as f64 * std::f64::consts::FRAC_PI_2) as f32;
            [x.next_down(), x, x.next_up()]
        });
        for x in all.chain(multiples).flat_map(|x| [x, -x]).filter(|x| x.abs() <= NEAR) {
            for (got, want) in singles_of(x).into_iter().zip([(x as f64).sin(), (x as f64).cos()]) {
                let unit = want.abs().max(f32::MIN_POSITIVE as f64) * f32::EPSILON as f64;
                assert!((got as f64 - want).abs() <= 1.6 * unit, "{x:e}: {got:e} for {want:e}");
            }
        }
    }

    #[test]
    fn doubles_are_right_to_two_last_places() {
        let all = (0..1_000_000u64).map(|i| f64::from_bits(i * (NEAR_DOUBLE.to_bits() / 1_000_003)));
        let even = (0..1_000_000).map(|i| i as f64 * 0.01);
        let multiples = (0..6000).flat_map(|n| {
            let x = n as f64 * std::f64::consts::FRAC_PI_2;
            [x.next_down(), x, x.next_up()]
        });
        for x in all.chain(even).chain(multiples).flat_map(|x| [x, -x]).filter(|x| x.abs() <= NEAR_DOUBLE) {
            for (got, want) in doubles_of(x).into_iter().zip([x.sin(), x.cos()]) {
                let unit = want.abs().max(f64::MIN_POSITIVE) * f64::EPSILON;
                assert!((got - want).abs() <= 2.0 * unit, "{x:e}: {got:e} for {want:e}");
            }
        }
    }

    #[test]
    fn ends_are_those_of_the_functions() {
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(singles_of(x).into_iter().all(f32::is_nan) && doubles_of(x as f64).into_iter().all(f64::is_nan));
        }
        assert!(singles_of(-0.0)[0].to_bits() == (-0.0f32).to_bits() && doubles_of(-0.0)[0].is_sign_negative());
        assert_eq!((singles_of(0.0), doubles_of(0.0)), ([0.0, 1.0], [0.0, 1.0]));
    }
}
