//! The family as a table. A row holds: the variant with its attributes, PyTorch's name and node, the dtypes, whether
//! loops over it become vector code, about how many simple steps an element costs, which of input `x` and result `y` the
//! derivative looks at, the function, and the gradient from that of the result, `g`.
//!
//! Functions are generic over [`Number`], gradients over [`Formula`]: see there for what they may use.

use crate::array::{Array, Scalar};
use crate::error::Result;
use crate::kernels::elementwise::{Here, Map1, Single, Vector};
use crate::kernels::isa::Simd;
use crate::kernels::math::{Native, Number};
use crate::ops::elementwise::{Side, float2, native1};
use crate::ops::formula::{Formula, Term};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LN_2, LN_10, PI};

/// On which dtypes a function works, and what it makes of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Float types; integers and `bool` are turned into the default one.
    ToFloat,
    /// Float types only.
    Float,
    /// Numbers, and sometimes `bool`, in their own dtype.
    Same,
}

/// What the gradient looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Nothing.
    Nothing,
    /// The input.
    Input,
    /// The result.
    Output,
}

macro_rules! saved {
    (-) => {
        Saved::Nothing
    };
    (x) => {
        Saved::Input
    };
    (y) => {
        Saved::Output
    };
}

macro_rules! unary {
    ($(
        $variant:ident $({ $($field:ident: $type:ty),+ })? $name:literal $node:literal $domain:ident $level:ident $cost:literal $saved:tt
        |$x:ident| $function:expr;
        |$g:ident, $v:ident| $gradient:expr;
    )*) => {
        /// A function of one float, applied to every element.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum Unary {
            $($variant $({ $($field: $type),+ })?,)*
        }

        impl Unary {
            /// PyTorch's name.
            pub fn name(self) -> &'static str {
                match self { $(Unary::$variant { .. } => $name,)* }
            }

            /// The name of its step in the graph, without the ending `Backward0`; or with another ending.
            pub fn node(self) -> &'static str {
                match self { $(Unary::$variant { .. } => $node,)* }
            }

            /// The dtypes it works on.
            pub fn domain(self) -> Domain {
                match self { $(Unary::$variant { .. } => Domain::$domain,)* }
            }

            /// What its gradient looks at.
            pub fn saved(self) -> Saved {
                match self { $(Unary::$variant { .. } => saved!($saved),)* }
            }

            /// `out = f(x)`, of one float type.
            pub(super) fn function(self, x: &Array, out: &Array) -> Result<()> {
                match self { $(
                    Unary::$variant $({ $($field),+ })? => {
                        #[inline(always)]
                        fn f<T: Number>($x: T $($(, $field: $type)+)?) -> T {
                            $function
                        }
                        #[derive(Clone, Copy)]
                        struct Row { $($($field: $type),+)? }
                        impl Map1<f32, f32> for Row {
                            #[inline(always)]
                            fn at<S: Simd>(self, simd: S, x: f32) -> f32 {
                                f(Native::new(simd, x) $($(, self.$field)+)?).get()
                            }
                        }
                        impl Map1<f64, f64> for Row {
                            #[inline(always)]
                            fn at<S: Simd>(self, _: S, x: f64) -> f64 {
                                f(x $($(, self.$field)+)?)
                            }
                        }
                        native1(($level, $cost), x, out, Row { $($($field),+)? })
                    }
                )* }
            }

            /// `out = g f'(x)` in one pass, `v` being what the gradient looks at.
            pub(super) fn fused_gradient(self, g: &Array, v: &Array, out: &Array) -> Result<()> {
                let sides = [Side::Array(g), Side::Array(v)];
                match self { $(
                    Unary::$variant $({ $($field),+ })? => {
                        #[inline(always)]
                        #[allow(unused_variables)]
                        fn f<T: Formula>($g: T, $v: T $($(, $field: $type)+)?) -> T {
                            $gradient
                        }
                        float2(
                            ($level, $cost),
                            sides,
                            out,
                            move |g, v| f::<f32>(g, v $($(, $field)+)?),
                            move |g, v| f::<f64>(g, v $($(, $field)+)?),
                        )
                    }
                )* }
            }

            /// `g f'(x)` as tensor operations.
            pub(super) fn gradient<'t>(self, g: Term<'t>, v: Term<'t>) -> Term<'t> {
                match self { $(
                    Unary::$variant $({ $($field),+ })? => {
                        #[allow(unused_variables)]
                        fn f<T: Formula>($g: T, $v: T $($(, $field: $type)+)?) -> T {
                            $gradient
                        }
                        f(g, v $($(, $field)+)?)
                    }
                )* }
            }
        }
    };
}

unary! {
    Abs "abs" "Abs" Same Vector 1 x |x| x.abs(); |g, x| g * x.sign();
    Neg "neg" "Neg" Same Vector 1 - |x| -x; |g, x| -g;
    Sign "sign" "Sign" Same Vector 1 - |x| x.sign(); |g, x| g.zeros();
    Sgn "sgn" "Sgn" Same Vector 1 - |x| x.sign(); |g, x| g.zeros();
    Square "square" "Pow" Same Vector 1 x |x| x * x; |g, x| g * (T::of(2.0) * x);
    Floor "floor" "Floor" Same Vector 1 - |x| x.floor(); |g, x| g.zeros();
    Ceil "ceil" "Ceil" Same Vector 1 - |x| x.ceil(); |g, x| g.zeros();
    Round { decimals: Option<i32> } "round" "Round" Same Vector 2 - |x| round_decimals(x, decimals); |g, x| g.zeros();
    Trunc "trunc" "Trunc" Same Vector 1 - |x| x.trunc(); |g, x| g.zeros();
    Frac "frac" "Frac" Float Vector 1 - |x| x - x.trunc(); |g, x| g;

    Sqrt "sqrt" "Sqrt" ToFloat Vector 3 y |x| x.sqrt(); |g, y| g / (T::of(2.0) * y);
    Rsqrt "rsqrt" "Rsqrt" ToFloat Vector 4 y |x| x.rsqrt(); |g, y| T::of(-0.5) * g * (y * y * y);
    Reciprocal "reciprocal" "Reciprocal" ToFloat Vector 2 y |x| T::of(1.0) / x; |g, y| -g * (y * y);
    Exp "exp" "Exp" ToFloat Vector 10 y |x| x.exp(); |g, y| g * y;
    Exp2 "exp2" "Exp2" ToFloat Vector 10 y |x| x.exp2(); |g, y| g * y * T::of(LN_2);
    Expm1 "expm1" "Expm1" ToFloat Vector 15 y |x| x.exp_m1(); |g, y| g * (y + T::of(1.0));
    Log "log" "Log" ToFloat Vector 10 x |x| x.ln(); |g, x| g / x;
    Log2 "log2" "Log2" ToFloat Vector 10 x |x| x.log2(); |g, x| g / (x * T::of(LN_2));
    Log10 "log10" "Log10" ToFloat Vector 10 x |x| x.log10(); |g, x| g / (x * T::of(LN_10));
    Log1p "log1p" "Log1P" ToFloat Vector 15 x |x| x.ln_1p(); |g, x| g / (x + T::of(1.0));

    Sin "sin" "Sin" ToFloat Single 20 x |x| x.sin(); |g, x| g * x.cos();
    Cos "cos" "Cos" ToFloat Single 20 x |x| x.cos(); |g, x| g * -x.sin();
    Tan "tan" "Tan" ToFloat Single 30 y |x| x.tan(); |g, y| g * (T::of(1.0) + y * y);
    Asin "asin" "Asin" ToFloat Single 20 x |x| x.asin(); |g, x| g * (T::of(1.0) - x * x).rsqrt();
    Acos "acos" "Acos" ToFloat Single 20 x |x| x.acos(); |g, x| g * -(T::of(1.0) - x * x).rsqrt();
    Atan "atan" "Atan" ToFloat Single 20 x |x| x.atan(); |g, x| g / (x * x + T::of(1.0));
    Sinh "sinh" "Sinh" ToFloat Vector 20 x |x| x.sinh(); |g, x| g * x.cosh();
    Cosh "cosh" "Cosh" ToFloat Vector 20 x |x| x.cosh(); |g, x| g * x.sinh();
    Tanh "tanh" "Tanh" ToFloat Vector 15 y |x| x.tanh(); |g, y| g * (T::of(1.0) - y * y);
    Asinh "asinh" "Asinh" ToFloat Single 30 x |x| x.asinh(); |g, x| g * (x * x + T::of(1.0)).rsqrt();
    Acosh "acosh" "Acosh" ToFloat Single 30 x |x| x.acosh(); |g, x| g * (x * x - T::of(1.0)).rsqrt();
    Atanh "atanh" "Atanh" ToFloat Single 30 x |x| x.atanh(); |g, x| g / (T::of(1.0) - x * x);
    Deg2rad "deg2rad" "Deg2Rad" ToFloat Vector 1 - |x| x * T::of(PI / 180.0); |g, x| g * T::of(PI / 180.0);
    Rad2deg "rad2deg" "Rad2Deg" ToFloat Vector 1 - |x| x * T::of(180.0 / PI); |g, x| g * T::of(180.0 / PI);
    Sinc "sinc" "Sinc" ToFloat Single 25 x |x| sinc(x); |g, x| {
        let z = x * T::of(PI);
        let slope = g * ((z * z.cos() - z.sin()) / (z * x));
        T::select((z * x).is(T::of(0.0)), T::of(0.0), slope)
    };

    Erf "erf" "Erf" ToFloat Vector 15 x |x| x.erf(); |g, x| g * (T::of(FRAC_2_SQRT_PI) * (-(x * x)).exp());
    Erfc "erfc" "Erfc" ToFloat Vector 30 x |x| x.erfc(); |g, x| g * (T::of(-FRAC_2_SQRT_PI) * (-(x * x)).exp());
    Erfinv "erfinv" "Erfinv" ToFloat Single 200 y |x| x.erfinv(); |g, y| g * (T::of(1.0 / FRAC_2_SQRT_PI) * (y * y).exp());
    Lgamma "lgamma" "Lgamma" ToFloat Single 60 x |x| x.lgamma(); |g, x| g * x.digamma();
    Digamma "digamma" "Digamma" ToFloat Single 60 x |x| x.digamma(); |g, x| g * x.polygamma(1);
    Polygamma { n: u32 } "polygamma" "Polygamma" ToFloat Single 200 x |x| x.polygamma(n); |g, x| g * x.polygamma(n + 1);
    Sigmoid "sigmoid" "Sigmoid" ToFloat Vector 12 y |x| x.sigmoid(); |g, y| g * ((T::of(1.0) - y) * y);
    Logit { eps: Option<f64> } "logit" "Logit" ToFloat Vector 20 x |x| logit(x, eps); |g, x| {
        let low = eps.unwrap_or(0.0);
        let outside = x.lt(T::of(low)) | x.gt(T::of(1.0 - low));
        let other = T::of(if eps.is_some() { 0.0 } else { f64::NAN });
        T::select(outside, other, g / (x * (T::of(1.0) - x)))
    };

    Relu "relu" "Relu" Same Here 1 y |x| x.at_least(T::of(0.0)); |g, y| T::select(y.le(T::of(0.0)), T::of(0.0), g);
    Clamp { low: Option<Scalar>, high: Option<Scalar> } "clamp" "ClampBackward1" Same Vector 1 x
        |x| clamp(x, low, high);
        |g, x| {
            let bound = |s: Option<Scalar>, none: f64| T::of(s.map_or(none, Scalar::to_f64));
            g.when(x.ge(bound(low, f64::NEG_INFINITY)) & x.le(bound(high, f64::INFINITY)))
        };
    // The same with plain bounds, neither of which is NaN in the function.
    Between { low: f64, high: f64 } "clamp" "ClampBackward1" Same Here 1 x
        |x| x.at_least(T::of(low)).at_most(T::of(high));
        |g, x| g.when(x.ge(T::of(low)) & x.le(T::of(high)));
    Hardtanh { low: f64, high: f64 } "hardtanh" "Hardtanh" Same Vector 1 x
        |x| x.at_least(T::of(low)).at_most(T::of(high));
        |g, x| g.when(x.gt(T::of(low)) & x.lt(T::of(high)));
    LeakyRelu { slope: f64 } "leaky_relu" "LeakyRelu" Float Vector 1 x
        |x| if x > T::of(0.0) { x } else { x * T::of(slope) };
        |g, x| T::select(x.gt(T::of(0.0)), g, g * T::of(slope));
    // In place, where only the result is left; right for positive slopes.
    LeakyReluInplace { slope: f64 } "leaky_relu" "LeakyReluBackward1" Float Here 1 y
        |x| if x > T::of(0.0) { x } else { x * T::of(slope) };
        |g, y| T::select(y.gt(T::of(0.0)), g, g * T::of(slope));
    // `scale` on the positive side; `alpha scale (e^(input_scale x) - 1)` on the other.
    Elu { alpha: f64, scale: f64, input_scale: f64 } "elu" "Elu" Float Vector 15 x
        |x| {
            // Both sides of a choice are computed first: a loop over a branch does not become vector code.
            let low = (x * T::of(input_scale)).exp_m1() * T::of(alpha * scale);
            if x <= T::of(0.0) { low } else { x * T::of(scale) }
        };
        |g, x| T::select(
            x.le(T::of(0.0)),
            g * T::of(input_scale) * T::of(alpha * scale) * (x * T::of(input_scale)).exp(),
            g * T::of(scale)
        );
    Gelu "gelu" "Gelu" Float Vector 20 x
        |x| x.gelu();
        |g, x| {
            let density = (x * x * T::of(-0.5)).exp() * T::of(0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
            g * (x.normal() + x * density)
        };
    GeluTanh "gelu" "Gelu" Float Vector 20 x
        |x| {
            let inner = T::of(FRAC_2_SQRT_PI * FRAC_1_SQRT_2) * (x + T::of(0.044715) * (x * x * x));
            T::of(0.5) * x * (T::of(1.0) + inner.tanh())
        };
        |g, x| {
            let beta = T::of(FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
            let t = (beta * (x + T::of(0.044715) * (x * x * x))).tanh();
            let inner_slope = beta * (T::of(1.0) + T::of(3.0 * 0.044715) * (x * x));
            let half = T::of(0.5);
            g * (half * (T::of(1.0) + t) + half * x * (T::of(1.0) - t * t) * inner_slope)
        };
    Silu "silu" "Silu" Float Vector 13 x
        |x| x.silu();
        |g, x| {
            let s = x.sigmoid();
            g * (s * (T::of(1.0) + x * (T::of(1.0) - s)))
        };
    Mish "mish" "Mish" Float Vector 40 x
        |x| x.mish();
        |g, x| {
            // With s and q the sigmoids of x and -x, tanh(ln(1 + e^x)) is s (1 + q) / (1 + q^2).
            let (one, s, q) = (T::of(1.0), x.sigmoid(), (-x).sigmoid());
            let under = one + q * q;
            let t = s * (one + q) / under;
            g * (t + x * s * (T::of(4.0) * (q * q) / (under * under)))
        };
    Softplus { beta: f64, threshold: f64 } "softplus" "Softplus" Float Vector 30 x
        |x| {
            let soft = (x * T::of(beta)).softplus() / T::of(beta);
            if x * T::of(beta) > T::of(threshold) { x } else { soft }
        };
        |g, x| T::select((x * T::of(beta)).gt(T::of(threshold)), g, g * (x * T::of(beta)).sigmoid());
    LogSigmoid "logsigmoid" "LogSigmoid" Float Vector 30 x
        |x| x.logsigmoid();
        |g, x| g * (-x).sigmoid();
    Hardswish "hardswish" "Hardswish" Float Vector 3 x
        |x| x * (x + T::of(3.0)).at_least(T::of(0.0)).at_most(T::of(6.0)) / T::of(6.0);
        |g, x| T::select(
            x.le(T::of(-3.0)),
            T::of(0.0),
            T::select(x.lt(T::of(3.0)), g * (x / T::of(3.0) + T::of(0.5)), g)
        );
    Hardsigmoid "hardsigmoid" "Hardsigmoid" Float Vector 3 x
        |x| (x + T::of(3.0)).at_least(T::of(0.0)).at_most(T::of(6.0)) / T::of(6.0);
        |g, x| (g * T::of((1.0f32 / 6.0) as f64)).when(x.gt(T::of(-3.0)) & x.lt(T::of(3.0)));
    Hardshrink { lambda: f64 } "hardshrink" "Hardshrink" Float Vector 1 x
        |x| if x >= T::of(-lambda) && x <= T::of(lambda) { T::of(0.0) } else { x };
        |g, x| g.when(x.lt(T::of(-lambda)) | x.gt(T::of(lambda)));
    Softshrink { lambda: f64 } "softshrink" "Softshrink" Float Vector 1 x
        |x| {
            if x > T::of(lambda) {
                x - T::of(lambda)
            } else if x < T::of(-lambda) {
                x + T::of(lambda)
            } else {
                x * T::of(0.0)
            }
        };
        |g, x| g.when(x.lt(T::of(-lambda)) | x.gt(T::of(lambda)));
    Softsign "softsign" "Div" ToFloat Vector 3 x
        |x| x / (T::of(1.0) + x.abs());
        |g, x| {
            let scale = T::of(1.0) + x.abs();
            g / (scale * scale)
        };
    Tanhshrink "tanhshrink" "Sub" ToFloat Vector 15 x
        |x| x - x.tanh();
        |g, x| {
            let t = x.tanh();
            g * (t * t)
        };
    Threshold { threshold: f64, value: f64 } "threshold" "Threshold" Same Vector 1 x
        |x| if x <= T::of(threshold) { T::of(value) } else { x };
        |g, x| T::select(x.le(T::of(threshold)), T::of(0.0), g);
    NanToNum { nan: f64, posinf: f64, neginf: f64 } "nan_to_num" "NanToNum" Same Vector 2 x
        |x| nan_to_num(x, nan, posinf, neginf);
        |g, x| T::select((x - x).is(T::of(0.0)), g, T::of(0.0));
}

#[inline(always)]
fn round_decimals<T: Number>(x: T, decimals: Option<i32>) -> T {
    let scale = T::of(10f64.powi(decimals.unwrap_or(0).abs()));
    match decimals.unwrap_or(0) {
        0 => x.round(),
        d if d > 0 => (x * scale).round() / scale,
        _ => (x / scale).round() * scale,
    }
}

/// A bound that is NaN makes everything NaN.
#[inline(always)]
fn clamp<T: Number>(x: T, low: Option<Scalar>, high: Option<Scalar>) -> T {
    let low = T::of(low.map_or(f64::NEG_INFINITY, Scalar::to_f64));
    let high = T::of(high.map_or(f64::INFINITY, Scalar::to_f64));
    let y = x.at_least(low).at_most(high);
    if low.is_nan() || high.is_nan() { T::of(f64::NAN) } else { y }
}

#[inline(always)]
fn sinc<T: Number>(x: T) -> T {
    let z = x * T::of(PI);
    if x == T::of(0.0) { T::of(1.0) } else { z.sin() / z }
}

#[inline(always)]
fn logit<T: Number>(x: T, eps: Option<f64>) -> T {
    let z = match eps {
        None => x,
        Some(eps) => x.at_least(T::of(eps)).at_most(T::of(1.0 - eps)),
    };
    (z / (T::of(1.0) - z)).ln()
}

#[inline(always)]
fn nan_to_num<T: Number>(x: T, nan: f64, posinf: f64, neginf: f64) -> T {
    if x.is_nan() {
        return T::of(nan);
    }
    match (x.is_finite(), x > T::of(0.0)) {
        (true, _) => x,
        (false, true) => T::of(posinf),
        (false, false) => T::of(neginf),
    }
}
