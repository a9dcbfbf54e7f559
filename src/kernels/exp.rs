//! The exponential function and its like in a form that the compiler turns into vector code.

use super::isa::{Portable, Simd};
use super::math::{double, exponential, single};

/// Types with branch-free exponentials.
pub trait Exp: Copy {
    /// `e^self`, within 2 units in the last place; 0, infinity and nan come out as they must, denormals included.
    ///
    /// Inlined and free of branches, so that loops over it are vectorised under whatever instruction set the loop is
    /// compiled for (see [`vectorize!`](crate::vectorize)).
    fn exp_inline(self) -> Self;

    /// The same in code for an instruction set, with its multiply-add.
    fn exp_native<S: Simd>(self, simd: S) -> Self;

    /// The natural logarithm in such code.
    fn ln_native<S: Simd>(self, simd: S) -> Self;

    /// `1 / (1 + e^-self)` in such code.
    fn sigmoid_native<S: Simd>(self, simd: S) -> Self;

    /// The hyperbolic tangent in such code.
    fn tanh_native<S: Simd>(self, simd: S) -> Self;
}

impl Exp for f32 {
    #[inline(always)]
    fn exp_inline(self) -> f32 {
        single::exp(Portable, self)
    }
    #[inline(always)]
    fn exp_native<S: Simd>(self, simd: S) -> f32 {
        single::exp(simd, self)
    }
    #[inline(always)]
    fn ln_native<S: Simd>(self, simd: S) -> f32 {
        single::ln(simd, self)
    }
    #[inline(always)]
    fn sigmoid_native<S: Simd>(self, simd: S) -> f32 {
        single::sigmoid(simd, self)
    }
    #[inline(always)]
    fn tanh_native<S: Simd>(self, simd: S) -> f32 {
        single::tanh(simd, self)
    }
}

/// `ln 2` in two parts, of which the first has trailing zeros: its product with an exponent is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Added to a double, it rounds it to an integer, which is then in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Inverse factorials, from the highest power of the polynomial down.
const SERIES: [f64; 14] = {
    let mut series = [1.0; 14];
    let mut n = 0;
    while n < 14 {
        series[n] = inverse_factorial(13 - n as u32);
        n += 1;
    }
    series
};

impl Exp for f64 {
    /// `e^x = 2^n e^r` with `n` the nearest integer to `x / ln 2` and `|r| <= ln 2 / 2`, where a Taylor polynomial serves.
    #[inline(always)]
    fn exp_inline(self) -> f64 {
        self.exp_native(Portable)
    }
    #[inline(always)]
    fn exp_native<S: Simd>(self, simd: S) -> f64 {
        // Comparisons that let nan through.
        let x = if self < -746.0 { -746.0 } else { self };
        let x = if x > 710.0 { 710.0 } else { x };
        let shifted = simd.mul_add(x, std::f64::consts::LOG2_E, ROUND);
        let n = shifted - ROUND;
        let exponent = (shifted.to_bits() as i64).wrapping_sub(ROUND.to_bits() as i64);
        let r = simd.mul_add(-n, LN_2_LOW, simd.mul_add(-n, LN_2_HIGH, x));
        let mut sum = 0.0;
        for factor in SERIES {
            sum = simd.mul_add(sum, r, factor);
        }
        // Two factors: either alone may be out of range where the result is not.
        let half = exponent >> 1;
        let power = |n: i64| f64::from_bits((n.wrapping_add(1023) << 52) as u64);
        sum * power(half) * power(exponent.wrapping_sub(half))
    }
    #[inline(always)]
    fn ln_native<S: Simd>(self, _simd: S) -> f64 {
        double::ln(self)
    }
    #[inline(always)]
    fn sigmoid_native<S: Simd>(self, simd: S) -> f64 {
        1.0 / (1.0 + (-self).exp_native(simd))
    }
    #[inline(always)]
    fn tanh_native<S: Simd>(self, _simd: S) -> f64 {
        exponential::tanh(self)
    }
}

/// `1 / n!`.
const fn inverse_factorial(n: u32) -> f64 {
    let (mut product, mut i) = (1.0, 2);
    while i <= n {
        product *= i as f64;
        i += 1;
    }
    1.0 / product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singles_agree_with_the_library() {
        for i in -1_100_000..900_000 {
            let x = i as f32 * 1e-4;
            let (got, exact) = (x.exp_inline(), (x as f64).exp());
            let unit = (exact as f32).max(f32::MIN_POSITIVE) as f64 * f32::EPSILON as f64;
            assert!((got as f64 - exact).abs() <= unit || got.is_infinite() && exact > f32::MAX as f64, "{x}: {got}");
        }
    }

    #[test]
    fn doubles_agree_with_the_library() {
        for i in -760_000..715_000 {
            let x = i as f64 * 1e-3 + 1e-5;
            let (got, exact) = (x.exp_inline(), x.exp());
            let unit = exact.max(f64::MIN_POSITIVE) * f64::EPSILON;
            assert!((got - exact).abs() <= 2.0 * unit || got == exact, "{x}: {got} for {exact}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_right() {
        assert_eq!(f32::INFINITY.exp_inline(), f32::INFINITY);
        assert_eq!(f32::NEG_INFINITY.exp_inline(), 0.0);
        assert_eq!(0.0f32.exp_inline(), 1.0);
        assert!(f32::NAN.exp_inline().is_nan());
        assert_eq!(f64::INFINITY.exp_inline(), f64::INFINITY);
        assert_eq!(f64::NEG_INFINITY.exp_inline(), 0.0);
        assert_eq!((-0.0f64).exp_inline(), 1.0);
        assert!(f64::NAN.exp_inline().is_nan());
        assert_eq!(88.72283f32.exp_inline(), 88.72283f32.exp());
        assert!((-103.0f32).exp_inline() > 0.0);
    }
}
