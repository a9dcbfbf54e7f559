//! The names that callers use.

use super::{Unary, apply_unary, apply_unary_};
use crate::array::DType;
use crate::autograd::Tensor;
use crate::error::Result;

macro_rules! functions {
    ($($(#[$meta:meta])* $name:ident $inplace:ident $variant:ident;)*) => {$(
        $(#[$meta])*
        pub fn $name(x: &Tensor) -> Result<Tensor> {
            apply_unary(Unary::$variant, x)
        }

        #[doc = concat!("[`", stringify!($name), "`] written into `x`.")]
        pub fn $inplace(x: &Tensor) -> Result<()> {
            apply_unary_(Unary::$variant, x)
        }
    )*};
}

functions! {
    /// `|x|`.
    abs abs_ Abs;
    /// `-x`.
    neg neg_ Neg;
    /// -1, 0 or 1.
    sign sign_ Sign;
    /// -1, 0 or 1, as [`sign`].
    sgn sgn_ Sgn;
    /// `x^2`.
    square square_ Square;
    /// Down to an integer.
    floor floor_ Floor;
    /// Up to an integer.
    ceil ceil_ Ceil;
    /// Towards zero.
    trunc trunc_ Trunc;
    /// `x - trunc(x)`.
    frac frac_ Frac;
    /// Square root.
    sqrt sqrt_ Sqrt;
    /// `1 / sqrt(x)`.
    rsqrt rsqrt_ Rsqrt;
    /// `1 / x`.
    reciprocal reciprocal_ Reciprocal;
    /// `e^x`.
    exp exp_ Exp;
    /// `2^x`.
    exp2 exp2_ Exp2;
    /// `e^x - 1`.
    expm1 expm1_ Expm1;
    /// Natural logarithm.
    log log_ Log;
    /// Logarithm to base 2.
    log2 log2_ Log2;
    /// Logarithm to base 10.
    log10 log10_ Log10;
    /// `ln(1 + x)`.
    log1p log1p_ Log1p;
    /// Sine.
    sin sin_ Sin;
    /// Cosine.
    cos cos_ Cos;
    /// Tangent.
    tan tan_ Tan;
    /// Inverse sine.
    asin asin_ Asin;
    /// Inverse cosine.
    acos acos_ Acos;
    /// Inverse tangent.
    atan atan_ Atan;
    /// Hyperbolic sine.
    sinh sinh_ Sinh;
    /// Hyperbolic cosine.
    cosh cosh_ Cosh;
    /// Hyperbolic tangent.
    tanh tanh_ Tanh;
    /// Inverse hyperbolic sine.
    asinh asinh_ Asinh;
    /// Inverse hyperbolic cosine.
    acosh acosh_ Acosh;
    /// Inverse hyperbolic tangent.
    atanh atanh_ Atanh;
    /// Degrees to radians.
    deg2rad deg2rad_ Deg2rad;
    /// Radians to degrees.
    rad2deg rad2deg_ Rad2deg;
    /// `sin(pi x) / (pi x)`, 1 at 0.
    sinc sinc_ Sinc;
    /// The error function.
    erf erf_ Erf;
    /// `1 - erf(x)`.
    erfc erfc_ Erfc;
    /// The inverse of [`erf`].
    erfinv erfinv_ Erfinv;
    /// `ln |gamma(x)|`.
    lgamma lgamma_ Lgamma;
    /// The derivative of [`lgamma`].
    digamma digamma_ Digamma;
    /// `1 / (1 + e^-x)`.
    sigmoid sigmoid_ Sigmoid;
    /// `max(x, 0)`.
    relu relu_ Relu;
    /// `x Phi(x)`, Phi being the normal distribution.
    gelu gelu_ Gelu;
    /// [`gelu`] by its approximation with a hyperbolic tangent.
    gelu_tanh gelu_tanh_ GeluTanh;
    /// `x sigmoid(x)`.
    silu silu_ Silu;
    /// `x tanh(ln(1 + e^x))`.
    mish mish_ Mish;
    /// `ln sigmoid(x)`.
    logsigmoid logsigmoid_ LogSigmoid;
    /// `x min(max(x + 3, 0), 6) / 6`.
    hardswish hardswish_ Hardswish;
    /// `min(max(x + 3, 0), 6) / 6`.
    hardsigmoid hardsigmoid_ Hardsigmoid;
    /// `x / (1 + |x|)`.
    softsign softsign_ Softsign;
    /// `x - tanh(x)`.
    tanhshrink tanhshrink_ Tanhshrink;
}

fn largest(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => half::f16::MAX.to_f64(),
        DType::BF16 => half::bf16::MAX.to_f64(),
        DType::F32 => f32::MAX as f64,
        _ => f64::MAX,
    }
}

/// NaN and infinities replaced; without replacements by 0 and the largest finite numbers of the dtype.
pub fn nan_to_num(nan: Option<f64>, posinf: Option<f64>, neginf: Option<f64>, dtype: DType) -> Unary {
    let largest = largest(dtype);
    Unary::NanToNum { nan: nan.unwrap_or(0.0), posinf: posinf.unwrap_or(largest), neginf: neginf.unwrap_or(-largest) }
}

/// `alpha (e^x - 1)` below 0, `x` above, both scaled so that activations normalise themselves.
pub const SELU: Unary = Unary::Elu { alpha: 1.673_263_242_354_377_2, scale: 1.050_700_987_355_480_5, input_scale: 1.0 };

/// [`Unary::LeakyRelu`] for in-place use: of a positive slope the result tells all that the gradient needs.
pub fn leaky_relu_inplace(slope: f64) -> Unary {
    if slope >= 0.0 { Unary::LeakyReluInplace { slope } } else { Unary::LeakyRelu { slope } }
}

/// `alpha (e^x - 1)` below 0, `x` above.
pub fn elu(alpha: f64) -> Unary {
    Unary::Elu { alpha, scale: 1.0, input_scale: 1.0 }
}

/// `alpha (e^(x / alpha) - 1)` below 0, `x` above.
///
/// # Errors
/// `RuntimeError` if `alpha` is 0.
pub fn celu(alpha: f64) -> Result<Unary> {
    crate::ensure!(alpha != 0.0, Runtime, "ZeroDivisionError: alpha cannot be 0 for CELU");
    Ok(Unary::Elu { alpha, scale: 1.0, input_scale: 1.0 / alpha })
}

/// `x - lambda` above `lambda`, `x + lambda` below `-lambda`, 0 between.
///
/// # Errors
/// `RuntimeError` for a `lambda` that is negative, NaN or beyond the range of the dtype.
pub fn softshrink(lambda: f64, dtype: DType) -> Result<Unary> {
    let largest = largest(dtype);
    crate::ensure!(
        !dtype.is_float() || (0.0..=largest).contains(&lambda),
        Runtime,
        "lambda must be in range [0, {largest:e}] for input dtype {}, but found {lambda}",
        dtype.type_name()
    );
    Ok(Unary::Softshrink { lambda })
}
