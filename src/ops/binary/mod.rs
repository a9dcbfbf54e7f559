//! Operations between two operands, each a tensor or a number, with broadcasting and promotion.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `kind.rs` | the operations: names and dtypes |
//! | `compute.rs` | their kernels |
//! | `gradient.rs` | their derivatives |
//! | `power.rs` | powers and their checks |
//! | `close.rs` | `isclose`, `allclose`, `equal` |

mod close;
mod compute;
mod gradient;
mod kind;
mod power;

pub use close::{allclose, equal, isclose};
pub use power::{float_power, float_power_, pow, pow_};

use super::elementwise::Side;
use crate::array::{Array, Category, DType, Promotion, Scalar, default_float};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace, check_inplace};
use crate::error::Result;
use crate::shape::{Dims, Layout, broadcast};
pub(super) use kind::Kind;
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// One operand.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// A tensor.
    Tensor(&'a Tensor),
    /// A number, which takes the tensor's dtype unless it is of a higher category.
    Scalar(Scalar),
}

impl<'a> From<&'a Tensor> for Value<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Value::Tensor(tensor)
    }
}

impl From<f64> for Value<'_> {
    fn from(x: f64) -> Self {
        Value::Scalar(Scalar::Float(x))
    }
}

impl From<Scalar> for Value<'_> {
    fn from(x: Scalar) -> Self {
        Value::Scalar(x)
    }
}

pub(super) const ONE: Scalar = Scalar::Int(1);

/// Functions of the family: a new tensor, and in place.
macro_rules! functions {
    ($($(#[$meta:meta])* $name:ident $inplace:ident $kind:ident;)*) => {$(
        $(#[$meta])*
        pub fn $name<'a>(a: impl Into<Value<'a>>, b: impl Into<Value<'a>>) -> Result<Tensor> {
            binary(Kind::$kind, ONE, a.into(), b.into())
        }

        #[doc = concat!("[`", stringify!($name), "`] written into `a`.")]
        pub fn $inplace<'a>(a: &'a Tensor, b: impl Into<Value<'a>>) -> Result<()> {
            binary_(Kind::$kind, ONE, a, b.into())
        }
    )*};
}

functions! {
    /// `a + b`.
    add add_ Add;
    /// `a - b`.
    sub sub_ Sub;
    /// `a * b`.
    mul mul_ Mul;
    /// `a / b`, in floating point.
    div div_ Div;
    /// `a / b` rounded towards zero.
    div_trunc div_trunc_ DivTrunc;
    /// `a / b` rounded down.
    div_floor div_floor_ DivFloor;
    /// `a / b` rounded down, without a gradient.
    floor_divide floor_divide_ FloorDivide;
    /// `a - b floor(a / b)`.
    remainder remainder_ Remainder;
    /// `a - b trunc(a / b)`.
    fmod fmod_ Fmod;
    /// The larger one; NaN if either is.
    maximum maximum_ Maximum;
    /// The smaller one; NaN if either is.
    minimum minimum_ Minimum;
    /// The larger one; a number rather than NaN.
    fmax fmax_ Fmax;
    /// The smaller one; a number rather than NaN.
    fmin fmin_ Fmin;
    /// The angle of the point `(b, a)`.
    atan2 atan2_ Atan2;
    /// `sqrt(a^2 + b^2)`.
    hypot hypot_ Hypot;
    /// `|a|` with the sign of `b`.
    copysign copysign_ Copysign;
    /// The next float from `a` towards `b`.
    nextafter nextafter_ Nextafter;
    /// `ln(e^a + e^b)`.
    logaddexp logaddexp_ Logaddexp;
    /// `log2(2^a + 2^b)`.
    logaddexp2 logaddexp2_ Logaddexp2;
    /// `a ln b`, 0 where `a` is 0.
    xlogy xlogy_ Xlogy;
    /// 0 below zero, 1 above, `b` at zero.
    heaviside heaviside_ Heaviside;
    /// `a 2^b`, in floating point.
    ldexp ldexp_ Ldexp;
    /// Bits of both.
    bitwise_and bitwise_and_ BitwiseAnd;
    /// Bits of either.
    bitwise_or bitwise_or_ BitwiseOr;
    /// Bits of exactly one.
    bitwise_xor bitwise_xor_ BitwiseXor;
    /// `a 2^b`.
    shift_left shift_left_ ShiftLeft;
    /// `floor(a / 2^b)`.
    shift_right shift_right_ ShiftRight;
    /// Where `a = b`.
    eq eq_ Eq;
    /// Where `a != b`.
    ne ne_ Ne;
    /// Where `a < b`.
    lt lt_ Lt;
    /// Where `a <= b`.
    le le_ Le;
    /// Where `a > b`.
    gt gt_ Gt;
    /// Where `a >= b`.
    ge ge_ Ge;
    /// Where both are true.
    logical_and logical_and_ And;
    /// Where either is true.
    logical_or logical_or_ Or;
    /// Where exactly one is true.
    logical_xor logical_xor_ Xor;
}

/// `a + alpha b`.
///
/// # Errors
/// `RuntimeError` for a float `alpha` of an integer result, or a boolean one of any but a boolean result.
pub fn add_scaled<'a>(a: impl Into<Value<'a>>, b: impl Into<Value<'a>>, alpha: Scalar) -> Result<Tensor> {
    scaled(Kind::Add, a.into(), b.into(), alpha)
}

/// `a - alpha b`; errors as for [`add_scaled`].
pub fn sub_scaled<'a>(a: impl Into<Value<'a>>, b: impl Into<Value<'a>>, alpha: Scalar) -> Result<Tensor> {
    scaled(Kind::Sub, a.into(), b.into(), alpha)
}

/// [`add_scaled`] written into `a`.
pub fn add_scaled_<'a>(a: &'a Tensor, b: impl Into<Value<'a>>, alpha: Scalar) -> Result<()> {
    let b = b.into();
    check_alpha(Value::Tensor(a), b, alpha)?;
    binary_(Kind::Add, alpha, a, b)
}

/// [`sub_scaled`] written into `a`.
pub fn sub_scaled_<'a>(a: &'a Tensor, b: impl Into<Value<'a>>, alpha: Scalar) -> Result<()> {
    let b = b.into();
    check_alpha(Value::Tensor(a), b, alpha)?;
    binary_(Kind::Sub, alpha, a, b)
}

fn scaled(kind: Kind, a: Value<'_>, b: Value<'_>, alpha: Scalar) -> Result<Tensor> {
    check_alpha(a, b, alpha)?;
    binary(kind, alpha, a, b)
}

fn check_alpha(a: Value<'_>, b: Value<'_>, alpha: Scalar) -> Result<()> {
    let common = match (a, b) {
        (Value::Tensor(a), Value::Tensor(b)) => a.with_array(|a| b.with_array(|b| promote_arrays(a, b))),
        (Value::Tensor(x), Value::Scalar(s)) | (Value::Scalar(s), Value::Tensor(x)) => s.promote(x.dtype()),
        (Value::Scalar(a), Value::Scalar(b)) => a.dtype().promote(b.dtype()),
    };
    crate::ensure!(
        common.is_float() || alpha.category() != Category::Float,
        Runtime,
        "For integral input tensors, argument alpha must not be a floating point number."
    );
    crate::ensure!(
        common == DType::Bool || alpha.category() != Category::Bool,
        Runtime,
        "Boolean alpha only supported for Boolean results."
    );
    Ok(())
}

fn binary(kind: Kind, alpha: Scalar, a: Value<'_>, b: Value<'_>) -> Result<Tensor> {
    match (a, b) {
        (Value::Tensor(a), Value::Tensor(b)) => apply(Binary { kind, alpha, sides: Sides::Both }, &[a, b]),
        (Value::Tensor(a), Value::Scalar(s)) => apply(Binary { kind, alpha, sides: Sides::Left(s) }, &[a]),
        (Value::Scalar(s), Value::Tensor(b)) => apply(Binary { kind, alpha, sides: Sides::Right(s) }, &[b]),
        (Value::Scalar(_), Value::Scalar(_)) => {
            crate::bail!(Type, "{}: expected a tensor, got two numbers", kind.name())
        }
    }
}

fn binary_(kind: Kind, alpha: Scalar, a: &Tensor, b: Value<'_>) -> Result<()> {
    match b {
        Value::Tensor(b) => apply_inplace(Binary { kind, alpha, sides: Sides::Both }, &[a, b]),
        Value::Scalar(s) => apply_inplace(Binary { kind, alpha, sides: Sides::Left(s) }, &[a]),
    }
}

/// An operation between two arrays, outside of the graph.
pub(super) fn of_arrays(kind: Kind, alpha: Scalar, a: &Array, b: &Array) -> Result<Array> {
    Ok(Binary { kind, alpha, sides: Sides::Both }.forward(&[a, b])?.swap_remove(0))
}

/// Which sides are tensors.
#[derive(Clone, Copy, Debug)]
enum Sides {
    /// Both.
    Both,
    /// The left one; the right one is this number.
    Left(Scalar),
    /// The right one; the left one is this number.
    Right(Scalar),
}

/// An operation between two operands.
#[derive(Debug)]
struct Binary {
    kind: Kind,
    /// What the second operand of a sum or difference is multiplied with.
    alpha: Scalar,
    sides: Sides,
}

/// The dtype in which two arrays meet: scalars (0-d) give way to tensors of the same category.
pub fn promote_arrays(a: &Array, b: &Array) -> DType {
    let (x, y) = (a.dtype(), b.dtype());
    if x == y { x } else { Promotion::default().array(a).array(b).result() }
}

impl Binary {
    /// The dtype in which operands meet.
    fn common(&self, x: &[&Array]) -> Result<DType> {
        let promoted = match self.sides {
            Sides::Both => promote_arrays(x[0], x[1]),
            Sides::Left(s) | Sides::Right(s) => s.promote(x[0].dtype()),
        };
        match self.kind {
            Kind::Sub => self.refuse_bool(x)?,
            Kind::Ldexp => crate::ensure!(
                !(x[0].dtype().is_float() && x.get(1).is_some_and(|b| b.dtype() == DType::Bool)),
                NotImplemented,
                "\"ldexp_cpu_exp\" not implemented for 'Bool'"
            ),
            Kind::Heaviside => crate::ensure!(
                x.iter().all(|a| a.dtype() == promoted),
                Runtime,
                "heaviside is not yet implemented for tensors with different dtypes."
            ),
            _ => {}
        }
        Ok(self.kind.compute_dtype(promoted, default_float()))
    }

    fn refuse_bool(&self, x: &[&Array]) -> Result<()> {
        let number = match self.sides {
            Sides::Both => None,
            Sides::Left(s) | Sides::Right(s) => Some(s.dtype()),
        };
        let mut dtypes = x.iter().map(|a| a.dtype()).chain(number);
        let (a, b) = (dtypes.next(), dtypes.next());
        crate::ensure!(
            a != Some(DType::Bool) || b != Some(DType::Bool),
            Runtime,
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator \
             instead."
        );
        crate::ensure!(
            a != Some(DType::Bool) && b != Some(DType::Bool),
            Runtime,
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the \
             `~` or `logical_not()` operator instead."
        );
        Ok(())
    }

    /// Writes the result to `out`, whose shape the operands stretch to.
    fn compute(&self, x: &[&Array], common: DType, out: &Array) -> Result<()> {
        let half = common.is_float() && common.size() == 2;
        let number = |s: Scalar| match self.kind.keeps_numbers_wide() || !half {
            true => s,
            false => round_to_half(s, common),
        };
        // With half types, numbers and tensors without axes enter as they are.
        let wide = half && self.kind.keeps_numbers_wide() && out.ndim() > 0;
        let mut arrays: SmallVec<[Array; 2]> = SmallVec::new();
        let mut numbers: SmallVec<[Option<Scalar>; 2]> = SmallVec::new();
        for &a in x {
            let as_number = wide && a.ndim() == 0 && a.dtype() != common;
            numbers.push(if as_number { Some(a.item()?) } else { None });
            if a.dtype() == common && a.shape() == out.shape() || as_number {
                arrays.push(a.clone());
            } else {
                arrays.push(a.to_dtype(common)?.broadcast_to(out.shape()));
            }
        }
        let side = |i: usize| numbers[i].map_or(Side::Array(&arrays[i]), Side::Number);
        let sides = match self.sides {
            Sides::Both => [side(0), side(1)],
            Sides::Left(s) => [side(0), Side::Number(number(s))],
            Sides::Right(s) => [Side::Number(number(s)), side(0)],
        };
        compute::compute(self.kind, self.alpha, common, sides, out)
    }

    fn layout(&self, x: &[&Array]) -> Result<Layout> {
        Ok(match x {
            [a, b] if a.shape() != b.shape() => {
                let shape: Dims = broadcast(a.shape(), b.shape())?;
                Layout::of_result(&shape, &[a.layout(), b.layout()])
            }
            [a, b] => Layout::of_result(a.shape(), &[a.layout(), b.layout()]),
            _ => Layout::of_result(x[0].shape(), &[x[0].layout()]),
        })
    }
}

fn round_to_half(s: Scalar, dtype: DType) -> Scalar {
    let x = s.to_f64() as f32;
    Scalar::Float(match dtype {
        DType::F16 => half::f16::from_f32(x).to_f64(),
        _ => half::bf16::from_f32(x).to_f64(),
    })
}

impl Op for Binary {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    fn node_name(&self) -> Cow<'static, str> {
        let [both, left, right] = self.kind.nodes();
        match self.sides {
            Sides::Both => both,
            Sides::Left(_) => left,
            Sides::Right(_) => right,
        }
        .into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let common = self.common(x)?;
        let out = Array::for_results(self.layout(x)?, self.kind.result_dtype(common))?;
        self.compute(x, common, &out)?;
        Ok(smallvec![out])
    }

    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        let common = self.common(x)?;
        let result = self.kind.result_dtype(common);
        if let [a, b] = x
            && a.shape() != b.shape()
        {
            check_inplace(self.name(), a, &broadcast(a.shape(), b.shape())?, result)?;
        } else {
            check_inplace(self.name(), x[0], x[0].shape(), result)?;
        }
        if x[0].dtype() == result {
            return self.compute(x, common, x[0]);
        }
        let out = Array::for_results(self.layout(x)?, result)?;
        self.compute(x, common, &out)?;
        x[0].copy_from(&out)
    }

    fn is_differentiable(&self, _: usize) -> bool {
        self.kind.domain() != kind::Domain::Truth
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        self.saved(needs)
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        match &grads[0] {
            Some(g) => self.gradients(cx, g),
            None => Ok(smallvec![None; cx.len()]),
        }
    }
}
