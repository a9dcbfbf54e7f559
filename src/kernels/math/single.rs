//! Functions of singles in single precision, without branches, which the compiler turns into vector code: right to one or two
//! last places. Signs of zero, infinities and nan are those of the exact functions.
//!
//! Polynomials are minimax fits over the reduced range. Each function takes the token of its instruction set, for a
//! multiply-add with one rounding where there is one.

use crate::kernels::isa::Simd;

/// Added to a single, it rounds it to an integer, which is then in the low bits.
const ROUND: f32 = 12_582_912.0;
const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// `ln 2` in two parts, of which the first has trailing zeros: its product with an exponent is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// `(e^r - 1 - r) / r^2`, where `|r| <= ln 2 / 2`: for a small error of `e^r`.
const EXP: [f32; 5] = [0.499_999_93, 0.166_665_2, 0.041_668_39, 0.008_368_745, 0.001_381_454];
/// `2^r`, where `|r| <= 1 / 2`, to a part in ten million.
const EXP2: [f32; 6] = [1.0, std::f32::consts::LN_2, 0.240_222_83, 0.055_505_585, 0.009_669_692, 0.001_330_059_6];
/// `(e^r - 1 - r) / r^2` for a small error of `e^r - 1`.
const EXP_M1: [f32; 6] = [0.5, 0.166_666_66, 0.041_666_36, 0.008_333_389, 0.001_394_066_9, 1.984_588_1e-4];
/// `(ln(1 + f) - f + f^2 / 2) / f^3` for `1 + f` from `sqrt(1/2)` to `sqrt(2)`.
const LN: [f32; 8] =
    [0.333_333_3, -0.250_008_2, 0.200_012_27, -0.166_233_57, 0.142_017_57, -0.131_601_84, 0.127_615_84, -0.076_345_02];
/// `(tanh(x) / x - 1) / x^2` in `x^2`, for `|x| < 0.55`.
const TANH: [f32; 5] = [-0.333_333_2, 0.133_325_86, -0.053_852_31, 0.021_071_676, -0.006_274_234_5];
/// `erf(x) / x - 1` in `x^2`, for `|x| < 1`.
const ERF_NEAR: [f32; 7] =
    [0.128_379_17, -0.376_126_26, 0.112_835_85, -0.026_853_812, 0.005_188_327_7, -8.010_193_6e-4, 7.853_861e-5];
/// `e^(x^2) (1 - erf(x))` for `x` from 1 to 4: the farther out, the less the error matters.
const ERF_FAR: [f32; 8] =
    [0.986_291_8, -1.048_954_5, 0.794_007, -0.433_137_8, 0.165_017_49, -0.041_312_467, 0.006_065_814, -3.937_911_8e-4];
/// Twice the normal distribution beyond `x`, over `u e^(-x^2 / 2)`, in `u = 1 / (1 + 0.275 x)`.
const NORMAL_TAIL: [f32; 6] = [
    2.0 * 0.117_569_69,
    2.0 * 0.043_622_308,
    2.0 * 0.330_151_6,
    2.0 * -0.326_299_55,
    2.0 * 0.449_106_5,
    2.0 * -0.114_150_55,
];

/// `c[0] + c[1] x + c[2] x^2 + ...`
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, c: &[f32; N], x: f32) -> f32 {
    let mut sum = c[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        sum = simd.mul_add(sum, x, c[k]);
    }
    sum
}

/// `x` within bounds; nan stays.
#[inline(always)]
fn within(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// `x` as `n ln 2 + r`: the bits of `n + bias` (in the low ones), `n`, and `r`.
#[inline(always)]
fn reduce<S: Simd>(simd: S, x: f32, bias: f32) -> (u32, f32, f32) {
    let round = ROUND + bias;
    let shifted = simd.mul_add(x, LOG2_E, round);
    let n = shifted - round;
    (shifted.to_bits(), n, simd.mul_add(n, -LN_2_LOW, simd.mul_add(n, -LN_2_HIGH, x)))
}

/// `e^r` for a reduced `r`.
#[inline(always)]
fn exp_reduced<S: Simd>(simd: S, r: f32) -> f32 {
    simd.mul_add(r * r, polynomial(simd, &EXP, r), r) + 1.0
}

/// `e^x`.
#[inline(always)]
pub fn exp<S: Simd>(simd: S, x: f32) -> f32 {
    let (bits, _, r) = reduce(simd, within(x, -104.0, 89.5), 254.0);
    scaled(exp_reduced(simd, r), bits)
}

/// `2^x`.
#[inline(always)]
pub fn exp2<S: Simd>(simd: S, x: f32) -> f32 {
    let x = within(x, -151.0, 129.0);
    let shifted = x + (ROUND + 254.0);
    let r = (x - (shifted - (ROUND + 254.0))) * std::f32::consts::LN_2;
    scaled(exp_reduced(simd, r), shifted.to_bits())
}

/// `y 2^n`, where the low bits of `bits` are `n + 254`, by two factors: one alone may be out of range where the result is not.
#[inline(always)]
fn scaled(y: f32, bits: u32) -> f32 {
    let half = bits >> 1;
    y * f32::from_bits(half << 23) * f32::from_bits(bits.wrapping_sub(half) << 23)
}

/// Half of `e^x`, infinite where that overflows, 0 from -87 down.
#[inline(always)]
fn half_exp<S: Simd>(simd: S, x: f32) -> f32 {
    let (bits, _, r) = reduce(simd, within(x, -87.0, 89.5), 126.0);
    exp_reduced(simd, r) * f32::from_bits(bits << 23)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: f32) -> f32 {
    0.5 / (0.5 + half_exp(simd, -x))
}

/// `x / (1 + e^-x)`.
#[inline(always)]
pub fn silu<S: Simd>(simd: S, x: f32) -> f32 {
    0.5 * x / (0.5 + half_exp(simd, -x))
}

/// `(e^x - 1) / 2` for `x` up to 89.
#[inline(always)]
fn half_exp_m1<S: Simd>(simd: S, x: f32) -> f32 {
    let (bits, _, r) = reduce(simd, x, 126.0);
    let half = f32::from_bits(bits << 23);
    let grown = simd.mul_add(r * r, polynomial(simd, &EXP_M1, r), r);
    simd.mul_add(grown, half, half - 0.5)
}

/// `e^x - 1`.
#[inline(always)]
pub fn exp_m1<S: Simd>(simd: S, x: f32) -> f32 {
    (2.0 * half_exp_m1(simd, within(x, -20.0, 89.0))).copysign(x)
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: f32) -> f32 {
    let magnitude = x.abs();
    let grown = half_exp_m1(simd, within(2.0 * magnitude, 0.0, 20.0));
    let far = grown / (grown + 1.0);
    let square = x * x;
    let near = simd.mul_add(magnitude * square, polynomial(simd, &TANH, square), magnitude);
    (if magnitude < 0.55 { near } else { far }).copysign(x)
}

/// `x tanh(ln(1 + e^x))`.
#[inline(always)]
pub fn mish<S: Simd>(simd: S, x: f32) -> f32 {
    // With n = e^x it is x (n^2 + 2n) / (n^2 + 2n + 2).
    let n = exp(simd, if x > 20.0 { 20.0 } else { x });
    let grown = simd.mul_add(n, n, 2.0 * n);
    x * (grown / (grown + 2.0))
}

/// A positive normal `x` as `2^e (1 + f)`: `e`, `f`, and `2^-e` for an `e` up to 126.
#[inline(always)]
fn split(x: f32) -> (f32, f32, f32) {
    // Moved so that mantissas from sqrt(1/2) to sqrt(2) share an exponent.
    const ROOT: u32 = 0x3f35_04f3;
    let e = (x.to_bits().wrapping_sub(ROOT) as i32) >> 23;
    let f = f32::from_bits(x.to_bits().wrapping_sub((e << 23) as u32)) - 1.0;
    let small = if e > 126 { 126 } else { e };
    (e as f32, f, f32::from_bits(((127 - small) << 23) as u32))
}

/// `ln(1 + f) - f`, plus `low`.
#[inline(always)]
fn ln_rest<S: Simd>(simd: S, f: f32, low: f32) -> f32 {
    let square = f * f;
    simd.mul_add(square, simd.mul_add(polynomial(simd, &LN, f), f, -0.5), low)
}

/// The value at 0, below 0, at infinity and for nan; `y` elsewhere.
#[inline(always)]
fn ends(x: f32, y: f32) -> f32 {
    let y = if x < f32::INFINITY { y } else { x };
    let y = if x > 0.0 { y } else { f32::NAN };
    if x == 0.0 { f32::NEG_INFINITY } else { y }
}

/// `x` as `2^e (1 + f)`, denormal ones included.
#[inline(always)]
fn split_any(x: f32) -> (f32, f32) {
    let tiny = x < f32::MIN_POSITIVE;
    let (e, f, _) = split(if tiny { x * 8_388_608.0 } else { x });
    (if tiny { e - 23.0 } else { e }, f)
}

/// Natural logarithm.
#[inline(always)]
pub fn ln<S: Simd>(simd: S, x: f32) -> f32 {
    let (e, f) = split_any(x);
    ends(x, simd.mul_add(e, LN_2_HIGH, f + ln_rest(simd, f, e * LN_2_LOW)))
}

/// Logarithm to base 2.
#[inline(always)]
pub fn log2<S: Simd>(simd: S, x: f32) -> f32 {
    let (e, f) = split_any(x);
    // log2(e) - 1 times the logarithm is added last but one, which keeps the error small.
    const MORE: f32 = LOG2_E - 1.0;
    let rest = ln_rest(simd, f, 0.0);
    ends(x, e + (f + simd.mul_add(f, MORE, rest * LOG2_E)))
}

/// Logarithm to base 10.
#[inline(always)]
pub fn log10<S: Simd>(simd: S, x: f32) -> f32 {
    const LOG10_2_HIGH: f32 = 0.301_025_4;
    const LOG10_2_LOW: f32 = 4.605_039e-6;
    const LOG10_E: f32 = std::f32::consts::LOG10_E;
    let (e, f) = split_any(x);
    let ln = f + ln_rest(simd, f, 0.0);
    ends(x, simd.mul_add(e, LOG10_2_HIGH, simd.mul_add(ln, LOG10_E, e * LOG10_2_LOW)))
}

/// `ln(1 + x)`.
#[inline(always)]
pub fn ln_1p<S: Simd>(simd: S, x: f32) -> f32 {
    let u = 1.0 + x;
    // What the sum has lost.
    let grown = u - 1.0;
    let lost = (1.0 - (u - grown)) + (x - grown);
    let (e, f, scale) = split(u);
    let f = simd.mul_add(lost, scale, f);
    let y = ends(u, simd.mul_add(e, LN_2_HIGH, f + ln_rest(simd, f, e * LN_2_LOW)));
    // Keeps the sign of zero.
    y.copysign(x)
}

/// `ln(1 + e^x)`.
#[inline(always)]
pub fn softplus<S: Simd>(simd: S, x: f32) -> f32 {
    (if x < 0.0 { 0.0 } else { x }) + softplus_rest(simd, x)
}

/// `-ln(1 + e^-x)`.
#[inline(always)]
pub fn logsigmoid<S: Simd>(simd: S, x: f32) -> f32 {
    (if x > 0.0 { 0.0 } else { x }) - softplus_rest(simd, x)
}

/// `ln(1 + e^-|x|)`.
#[inline(always)]
fn softplus_rest<S: Simd>(simd: S, x: f32) -> f32 {
    let t = exp(simd, -x.abs());
    // 1 + t as 2^e (1 + f), exactly.
    let large = t > 0.414_213_56;
    let (e, f) = (if large { 1.0 } else { 0.0 }, if large { 0.5 * t - 0.5 } else { t });
    simd.mul_add(e, LN_2_HIGH, f + ln_rest(simd, f, e * LN_2_LOW))
}

/// The error function.
#[inline(always)]
pub fn erf<S: Simd>(simd: S, x: f32) -> f32 {
    let magnitude = within(x.abs(), 0.0, 4.0);
    let square = magnitude * magnitude;
    let near = simd.mul_add(magnitude, polynomial(simd, &ERF_NEAR, square), magnitude);
    let (bits, _, r) = reduce(simd, -square, 127.0);
    let tail = exp_reduced(simd, r) * f32::from_bits(bits << 23) * polynomial(simd, &ERF_FAR, magnitude);
    let far = 1.0 - tail;
    (if magnitude < 1.0 { near } else { far }).copysign(x)
}

/// What the normal distribution has beyond `|x|`, by the product of its density and a polynomial in `1 / (1 + p |x|)`.
#[inline(always)]
fn normal_tail<S: Simd>(simd: S, x: f32) -> f32 {
    let u = 1.0 / simd.mul_add(x.abs(), 0.275, 1.0);
    // The density as a power of two: as exact as a difference from 1 asks for, and 0 from 2^-126 down.
    let exponent = x * (x * (-0.5 * LOG2_E));
    let exponent = if exponent < -126.0 { -126.0 } else { exponent };
    let shifted = exponent + (ROUND + 126.0);
    let rest = exponent - (shifted - (ROUND + 126.0));
    polynomial(simd, &EXP2, rest) * f32::from_bits(shifted.to_bits() << 23) * (u * polynomial(simd, &NORMAL_TAIL, u))
}

/// What the normal distribution has below `x`: `(1 + erf(x / sqrt(2))) / 2`.
#[inline(always)]
pub fn normal<S: Simd>(simd: S, x: f32) -> f32 {
    let tail = normal_tail(simd, x);
    if x < 0.0 { tail } else { 1.0 - tail }
}

/// `x (1 + erf(x / sqrt(2))) / 2`.
#[inline(always)]
pub fn gelu<S: Simd>(simd: S, x: f32) -> f32 {
    let tail = normal_tail(simd, x);
    // Zero has the sign of x, and an infinite x keeps away from the tail that is zero there.
    let above = if x < 0.0 { -0.0 } else { x };
    above - (if x > 20.0 { 0.0 } else { x.abs() }) * tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::isa::Portable;

    /// Singles of every size and sign, and their neighbours.
    fn singles() -> impl Iterator<Item = f32> {
        (0..u32::MAX / 5003).map(|i| f32::from_bits(i * 5003)).chain((-400_000..400_000).map(|i| i as f32 * 5e-5))
    }

    crate::vectorize! {
        /// All functions in code for the chosen instruction set, in the order of the table below.
        fn values[S](simd: S, x: f32) -> [f32; 15] {
            [
                exp(simd, x),
                exp2(simd, x),
                exp_m1(simd, x),
                sigmoid(simd, x),
                silu(simd, x),
                tanh(simd, x),
                mish(simd, x),
                ln(simd, x),
                log2(simd, x),
                log10(simd, x),
                ln_1p(simd, x),
                softplus(simd, x),
                logsigmoid(simd, x),
                erf(simd, x),
                gelu(simd, x),
            ]
        }
    }

    fn exact(x: f64) -> [f64; 15] {
        let soft = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        [
            x.exp(),
            x.exp2(),
            x.exp_m1(),
            1.0 / (1.0 + (-x).exp()),
            x / (1.0 + (-x).exp()),
            x.tanh(),
            x * soft(x).tanh(),
            x.ln(),
            x.log2(),
            x.log10(),
            x.ln_1p(),
            soft(x),
            -soft(-x),
            libm::erf(x),
            x * 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
        ]
    }

    /// Last places of error that each may have.
    const PLACES: [f64; 15] = [1.1, 1.1, 1.6, 2.1, 3.0, 2.1, 4.0, 1.1, 1.6, 2.1, 1.7, 2.1, 2.1, 1.7, 4.0];

    /// The size of results below which errors count as if the result had it. Sigmoid and silu give 0 where `e^-x` overflows;
    /// GELU's tail is the difference of numbers near 1 in PyTorch.
    fn floor(function: usize) -> f64 {
        match function {
            3 => 1e-31,
            4 => 1e-29,
            6 => 1e-36,
            14 => 1.0,
            _ => f32::MIN_POSITIVE as f64,
        }
    }

    #[test]
    fn values_are_right_to_a_few_last_places() {
        for x in singles() {
            for (k, (got, want)) in values(x).into_iter().zip(exact(x as f64)).enumerate() {
                if want.is_nan() || (want as f32).is_infinite() || got.is_infinite() || got.is_nan() {
                    // GELU of minus infinity is nan, as in PyTorch; silu and mish have the limit or nan there.
                    let same = got.is_nan() == want.is_nan() && (got.is_nan() || got == want as f32);
                    assert!(same || x == f32::NEG_INFINITY, "function {k} of {x:e}: {got:e} for {want:e}");
                    continue;
                }
                let unit = want.abs().max(floor(k)) * f32::EPSILON as f64;
                assert!((got as f64 - want).abs() <= PLACES[k] * unit, "function {k} of {x:e}: {got:e} for {want:e}");
            }
        }
    }

    #[test]
    fn zeros_keep_their_signs() {
        for (f, at) in [(2, "exp_m1"), (5, "tanh"), (10, "ln_1p"), (13, "erf"), (14, "gelu"), (4, "silu"), (6, "mish")]
        {
            assert!(values(-0.0)[f].is_sign_negative() && values(0.0)[f].is_sign_positive(), "{at}");
            assert!(values(-0.0)[f] == 0.0 && exp(Portable, 0.0) == 1.0, "{at}");
        }
    }
}
