//! The exponential function in a form that the compiler turns into vector code.

/// Types with a branch-free exponential.
pub trait Exp: Copy {
    /// `e^self`, within 2 units in the last place; 0, infinity and nan come out as they must, denormals included.
    ///
    /// Inlined and free of branches, so that loops over it are vectorised under whatever instruction set the loop is
    /// compiled for (see [`vectorize!`](crate::vectorize)).
    fn exp_inline(self) -> Self;
}

/// `e^x = 2^n e^r` with `n` the nearest integer to `x / ln 2` and `|r| <= ln 2 / 2`, where a Taylor polynomial serves.
macro_rules! exponential {
    ($float:ident, $bits:ident, $signed:ident, mantissa $mantissa:literal, bias $bias:literal,
     range $low:literal..$high:literal, round $round:literal, ln2 $ln2_high:literal + $ln2_low:literal,
     inverse factorials from $($degree:literal)*) => {
        impl Exp for $float {
            #[inline(always)]
            fn exp_inline(self) -> $float {
                // Comparisons that let nan through.
                let x = if self < $low { $low } else { self };
                let x = if x > $high { $high } else { x };
                // Adding a number whose last place is 1 rounds to an integer, which is then in the low bits.
                let shifted = x * std::$float::consts::LOG2_E + $round;
                let n = shifted - $round;
                let exponent = (shifted.to_bits() as $signed).wrapping_sub(($round as $float).to_bits() as $signed);
                // The high part of ln 2 has trailing zeros, so that its product with `n` is exact.
                let r = (x - n * $ln2_high) - n * $ln2_low;
                let mut sum: $float = 0.0;
                $( sum = sum * r + const { inverse_factorial($degree) as $float }; )*
                // Two factors: either alone may be out of range where the result is not.
                let half = exponent >> 1;
                let power = |n: $signed| $float::from_bits((n.wrapping_add($bias) << $mantissa) as $bits);
                sum * power(half) * power(exponent.wrapping_sub(half))
            }
        }
    };
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

exponential!(f32, u32, i32, mantissa 23, bias 127, range -104.0..89.0, round 12582912.0,
    ln2 0.693_359_4 + -2.121_944_4e-4, inverse factorials from 7 6 5 4 3 2 1 0);
exponential!(f64, u64, i64, mantissa 52, bias 1023, range -746.0..710.0, round 6755399441055744.0,
    ln2 0.693_147_180_369_123_8 + 1.908_214_929_270_587_7e-10,
    inverse factorials from 13 12 11 10 9 8 7 6 5 4 3 2 1 0);

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
