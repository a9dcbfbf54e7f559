//! Functions of one operand, applied to every element.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `table.rs` | the functions with their derivatives, one row each |
//! | `integer.rs` | those that keep integers what they are |
//! | `periodic.rs` | sine and cosine in vector code |
//! | `predicate.rs` | questions with a boolean answer |
//! | `functions.rs` | the names that callers use |

mod functions;
mod integer;
mod periodic;
mod predicate;
mod table;

pub use functions::*;
pub use predicate::{
    bitwise_not, bitwise_not_, isfinite, isinf, isnan, isneginf, isposinf, logical_not, logical_not_, signbit,
};
pub use table::Unary;

use super::formula::Tape;
use crate::array::{Array, DType, Scalar, default_float};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace, check_inplace, grad_enabled};
use crate::error::Result;
use crate::shape::Layout;
use smallvec::smallvec;
use std::borrow::Cow;
use table::{Domain, Saved};

/// A function of the family applied to `x`.
pub fn apply_unary(function: Unary, x: &Tensor) -> Result<Tensor> {
    apply(function, &[x])
}

/// A function of the family written into `x`.
pub fn apply_unary_(function: Unary, x: &Tensor) -> Result<()> {
    apply_inplace(function, &[x])
}

fn zeros_like(x: &Tensor) -> Result<Tensor> {
    x.with_array(|a| Ok(Tensor::new(Array::zeros(a.shape(), a.dtype())?)))
}

impl Unary {
    fn result_dtype(self, dtype: DType) -> Result<DType> {
        match self.domain() {
            _ if let Unary::Clamp { low, high } = self => {
                let common = [low, high].into_iter().flatten().fold(dtype, |d, s| s.promote(d));
                [low, high].into_iter().flatten().try_for_each(|s| s.check_fits(common))?;
                if common == DType::Bool { integer::refuse(self, common).map(|()| dtype) } else { Ok(common) }
            }
            // They are sums and quotients to PyTorch.
            _ if self == Unary::Softsign && dtype == DType::Bool => integer::refuse(Unary::Abs, dtype).map(|()| dtype),
            _ if self == Unary::Tanhshrink && dtype == DType::Bool => crate::bail!(
                Runtime,
                "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the \
                 `~` or `logical_not()` operator instead."
            ),
            Domain::ToFloat if !dtype.is_float() => Ok(default_float()),
            Domain::Float if !dtype.is_float() => integer::refuse(self, dtype).map(|()| dtype),
            // The square of a boolean is its second power, and that is an integer.
            _ if self == Unary::Square && dtype == DType::Bool => Ok(DType::I64),
            _ => Ok(dtype),
        }
    }

    fn compute(self, x: &Array, out: &Array) -> Result<()> {
        match self.plain() {
            _ if !out.dtype().is_float() => integer::compute(self, x, out),
            // A bound that is NaN makes everything NaN.
            Unary::Between { low, high } if low.is_nan() || high.is_nan() => out.fill(Scalar::Float(f64::NAN)),
            plain if periodic::function(plain, x, out)? => Ok(()),
            plain => plain.function(x, out),
        }
    }

    /// The same function without choices among its attributes, for fast loops.
    fn plain(self) -> Unary {
        let Unary::Clamp { low, high } = self else { return self };
        let bound = |bound: Option<Scalar>, none: f64| bound.map_or(none, Scalar::to_f64);
        Unary::Between { low: bound(low, f64::NEG_INFINITY), high: bound(high, f64::INFINITY) }
    }
}

impl Op for Unary {
    fn name(&self) -> &'static str {
        Unary::name(*self)
    }

    fn node_name(&self) -> Cow<'static, str> {
        let node = self.node();
        if node.contains("Backward") { node.into() } else { format!("{node}Backward0").into() }
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let dtype = self.result_dtype(x[0].dtype())?;
        let out = Array::empty_layout(Layout::of_result(x[0].shape(), &[x[0].layout()]), dtype)?;
        self.compute(&x[0].to_dtype(dtype)?, &out)?;
        Ok(smallvec![out])
    }

    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        check_inplace(Unary::name(*self), x[0], x[0].shape(), self.result_dtype(x[0].dtype())?)?;
        self.compute(x[0], x[0])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        match self.saved() {
            Saved::Nothing => Saves::NONE,
            Saved::Input => Saves::inputs(&[0]),
            Saved::Output => Saves::outputs(&[0]),
        }
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let value = match self.saved() {
            Saved::Nothing => None,
            Saved::Input => Some(cx.input(0)?),
            Saved::Output => Some(cx.output(0)?),
        };
        let grad = match value {
            Some(v) if !grad_enabled() && v.dtype() == g.dtype() => apply(Fused(*self), &[g, &v])?,
            v => Tape::default().run(|tape| {
                let g = tape.tensor(g);
                self.gradient(g, v.map_or(g, |v| tape.tensor(&v)))
            })?,
        };
        Ok(smallvec![Some(grad)])
    }
}

/// The gradient of a function in one pass, where it need not be differentiated again.
#[derive(Debug)]
struct Fused(Unary);

impl Op for Fused {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn node_name(&self) -> Cow<'static, str> {
        format!("{}Backward", self.0.node()).into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let (g, v) = (x[0].broadcast_to(x[1].shape()), x[1]);
        let out = Array::empty_layout(Layout::of_result(v.shape(), &[v.layout(), g.layout()]), g.dtype())?;
        if !periodic::gradient(self.0, &g, v, &out)? {
            self.0.plain().fused_gradient(&g, v, &out)?;
        }
        Ok(smallvec![out])
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        crate::bail!(Runtime, "{}: a fused gradient was recorded", self.0.name())
    }
}
