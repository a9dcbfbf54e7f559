//! The Box-Muller transform of blocks of 16 uniforms: `u[j]` and `u[j + 8]` become
//! `mean + std * sqrt(-2 ln(1 - u[j])) * (cos, sin)(2 pi u[j + 8])`.
//!
//! For `f64` the functions are those of the C library. For `f32` they are the short polynomials of the Cephes library,
//! with a fused multiply-add where PyTorch's compiled AVX2 loop has one: each `mul_add` below is part of the result.
//! The result does not depend on the instruction set: where there is no fused multiply-add it is emulated.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

/// Values in a block.
pub const BLOCK: usize = 16;
const LANES: usize = BLOCK / 2;
type Lanes = [f32; LANES];

/// Turns blocks of `f64` uniforms into normals.
pub fn double(blocks: &mut [f64], mean: f64, std: f64) {
    for block in blocks.chunks_exact_mut(BLOCK) {
        let (first, second) = block.split_at_mut(LANES);
        for (a, b) in first.iter_mut().zip(second) {
            let radius = (-2.0 * (1.0 - *a).ln()).sqrt();
            let angle = 2.0 * std::f64::consts::PI * *b;
            *a = (radius * angle.cos()).mul_add(std, mean);
            *b = (radius * angle.sin()).mul_add(std, mean);
        }
    }
}

crate::vectorize! {
    /// Turns blocks of `f32` uniforms into normals.
    pub fn single[S](simd: S, blocks: &mut [f32], mean: f32, std: f32) {
        single_any(blocks, mean, std);
    }
}

#[inline(always)]
fn single_any(blocks: &mut [f32], mean: f32, std: f32) {
    for block in blocks.chunks_exact_mut(BLOCK) {
        let (first, second) = block.split_at_mut(LANES);
        let (mut cosines, mut sines): (Lanes, Lanes) = ([0.0; LANES], [0.0; LANES]);
        for j in 0..LANES {
            let radius = (-2.0 * ln(1.0 - first[j])).sqrt();
            let (sine, cosine) = sin_cos(2.0 * PI * second[j]);
            cosines[j] = (radius * cosine).mul_add(std, mean);
            sines[j] = (radius * sine).mul_add(std, mean);
        }
        first.copy_from_slice(&cosines);
        second.copy_from_slice(&sines);
    }
}

/// Coefficients of the logarithm's polynomial in `m - 1`, highest power first.
const LN: [f32; 9] = [
    7.037_683_6e-2,
    -1.151_461e-1,
    1.167_699_87e-1,
    -1.242_014_1e-1,
    1.424_932_3e-1,
    -1.666_805_8e-1,
    2.000_071_4e-1,
    -2.499_999_4e-1,
    3.333_333e-1,
];
/// `ln 2` in two parts, of which the first has few bits.
const LN2_HIGH: f32 = 355.0 / 512.0;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// The natural logarithm of a positive normal number.
#[inline(always)]
fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    // x = fraction * 2^exponent with the fraction in [1/sqrt 2, sqrt 2)
    let half_to_one = f32::from_bits(bits & 0x007f_ffff | 0x3f00_0000);
    let exponent = (bits >> 23) as i32 - 126;
    let small = half_to_one < FRAC_1_SQRT_2;
    let doubled = if small { half_to_one } else { 0.0 };
    let exponent = exponent as f32 - if small { 1.0 } else { 0.0 };
    let x = half_to_one - 1.0 + doubled;
    let square = x * x;
    let mut y = LN[0];
    for &coefficient in &LN[1..] {
        y = y.mul_add(x, coefficient);
    }
    y = (y * x).mul_add(square, exponent * LN2_LOW);
    y = (-0.5f32).mul_add(square, y);
    exponent.mul_add(LN2_HIGH, x + y)
}

/// `-pi/4` in three parts, of which the first two have few bits.
const QUARTER_PI: [f32; 3] = [-0.785_156_25, -2.418_756_5e-4, -3.774_895e-8];
const FOUR_OVER_PI: f32 = 1.273_239_5;
const SIN: [f32; 3] = [-1.951_529_6e-4, 8.332_161e-3, -1.666_665_5e-1];
const COS: [f32; 3] = [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2];

/// Sine and cosine of an angle that is not negative.
#[inline(always)]
fn sin_cos(angle: f32) -> (f32, f32) {
    // The angle is `octant` eighths of a turn, an even number, and a rest in [-pi/4, pi/4].
    let octant = ((angle * FOUR_OVER_PI) as i32 + 1) & !1;
    let turns = octant as f32;
    let mut x = angle;
    for part in QUARTER_PI {
        x = turns.mul_add(part, x);
    }
    let square = x * x;
    let high = COS[0].mul_add(square, COS[1]).mul_add(square, COS[2]);
    let cosine = square.mul_add(high * square, -0.5 * square) + 1.0;
    let high = SIN[0].mul_add(square, SIN[1]).mul_add(square, SIN[2]);
    let sine = x.mul_add(high * square, x);
    let swap = octant & 2 != 0;
    let (sine, cosine) = if swap { (cosine, sine) } else { (sine, cosine) };
    let sine_sign = ((octant & 4) as u32) << 29;
    let cosine_sign = ((!(octant - 2) & 4) as u32) << 29;
    // Adding zero turns a negative zero into a positive one before the sign is applied.
    (f32::from_bits((sine + 0.0).to_bits() ^ sine_sign), f32::from_bits((cosine + 0.0).to_bits() ^ cosine_sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomials_are_near_the_functions() {
        for i in 1..10_000u32 {
            let x = i as f32 / 10_000.0;
            assert!((f64::from(ln(x)) - f64::from(x).ln()).abs() < 2e-6, "ln {x}");
            let angle = 2.0 * PI * x;
            let (sine, cosine) = sin_cos(angle);
            assert!((f64::from(sine) - f64::from(angle).sin()).abs() < 2e-7, "sin {angle}");
            assert!((f64::from(cosine) - f64::from(angle).cos()).abs() < 2e-7, "cos {angle}");
        }
    }

    #[test]
    fn both_compilations_give_the_same_bits() {
        let uniforms: Vec<f32> = (0..4096).map(|i| i as f32 / 4096.0).collect();
        let (mut portable, mut native) = (uniforms.clone(), uniforms);
        single_any(&mut portable, 0.5, 1.5);
        single(&mut native, 0.5, 1.5);
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(portable), bits(native));
    }
}
