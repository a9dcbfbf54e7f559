//! Losses that are sums or means of a function of a prediction and its target, in one pass forward and one backward.

use crate::array::{Array, DType, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, grad_enabled};
use crate::error::Result;
use crate::kernels::math::Number;
use crate::kernels::reduce::sum_of_pairs;
use crate::ops::elementwise::{Side, typed3};
use crate::ops::formula::{Formula, Tape, Term};
use crate::shape::Layout;
use smallvec::smallvec;
use std::fmt::Debug;

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// `(x - t)^2`.
    Square,
    /// `(x - t)^2 / (2 beta)` where `|x - t| < beta`, `|x - t| - beta / 2` elsewhere.
    SmoothL1 {
        /// Where the parabola ends; positive.
        beta: f64,
    },
    /// `delta` times that of [`Loss::SmoothL1`].
    Huber {
        /// Where the parabola ends; positive.
        delta: f64,
    },
    /// `-(t log s(x) + (1 - t) log(1 - s(x)))` where `s` is the sigmoid.
    Logits,
}

/// The sum of the losses of all elements, or their mean.
///
/// # Errors
/// `RuntimeError` unless both are of one shape and of `float32` or `float64`.
pub fn pointwise_loss(loss: Loss, x: &Tensor, target: &Tensor, mean: bool) -> Result<Tensor> {
    crate::ensure!(
        x.shape() == target.shape() && x.dtype() == target.dtype() && matches!(x.dtype(), DType::F32 | DType::F64),
        Runtime,
        "pointwise_loss: expected float32 or float64 tensors of one shape and dtype, got {} {:?} and {} {:?}",
        x.dtype().type_name(),
        x.shape(),
        target.dtype().type_name(),
        target.shape()
    );
    let scale = if mean { 1.0 / x.numel() as f64 } else { 1.0 };
    match loss {
        Loss::Square => apply(Total { curve: Square, scale }, &[x, target]),
        Loss::SmoothL1 { beta } => {
            apply(Total { curve: Bend { name: "smooth_l1_loss", edge: beta, factor: 1.0 }, scale }, &[x, target])
        }
        Loss::Huber { delta } => {
            apply(Total { curve: Bend { name: "huber_loss", edge: delta, factor: delta }, scale }, &[x, target])
        }
        Loss::Logits => apply(Total { curve: Logits, scale }, &[x, target]),
    }
}

/// A loss of one element with its derivatives.
trait Curve: Copy + Debug + Send + Sync + 'static {
    fn name(self) -> &'static str;
    fn at<T: Number>(self, x: T, t: T) -> T;
    /// `g` times the derivative by the prediction.
    fn slope<T: Formula>(self, g: T, x: T, t: T) -> T;
    /// `g` times the derivative by the target.
    #[inline(always)]
    fn target_slope<T: Formula>(self, g: T, x: T, t: T) -> T {
        -self.slope(g, x, t)
    }
}

#[derive(Clone, Copy, Debug)]
struct Square;

impl Curve for Square {
    fn name(self) -> &'static str {
        "mse_loss"
    }
    #[inline(always)]
    fn at<T: Number>(self, x: T, t: T) -> T {
        (x - t) * (x - t)
    }
    #[inline(always)]
    fn slope<T: Formula>(self, g: T, x: T, t: T) -> T {
        g * (T::of(2.0) * (x - t))
    }
}

/// A parabola that goes on as a line.
#[derive(Clone, Copy, Debug)]
struct Bend {
    name: &'static str,
    edge: f64,
    factor: f64,
}

impl Curve for Bend {
    fn name(self) -> &'static str {
        self.name
    }
    #[inline(always)]
    fn at<T: Number>(self, x: T, t: T) -> T {
        let error = (x - t).abs();
        let near = error * error * T::of(0.5 * self.factor / self.edge);
        let far = (error - T::of(0.5 * self.edge)) * T::of(self.factor);
        if error < T::of(self.edge) { near } else { far }
    }
    #[inline(always)]
    fn slope<T: Formula>(self, g: T, x: T, t: T) -> T {
        let error = x - t;
        let (near, far) = (error * T::of(self.factor / self.edge), error.sign() * T::of(self.factor));
        // NaN goes on by way of the parabola.
        g * T::select(error.abs().ge(T::of(self.edge)), far, near)
    }
}

#[derive(Clone, Copy, Debug)]
struct Logits;

impl Curve for Logits {
    fn name(self) -> &'static str {
        "binary_cross_entropy_with_logits"
    }
    #[inline(always)]
    fn at<T: Number>(self, x: T, t: T) -> T {
        (T::of(1.0) - t) * x + (-x).softplus()
    }
    #[inline(always)]
    fn slope<T: Formula>(self, g: T, x: T, t: T) -> T {
        g * (x.sigmoid() - t)
    }
    #[inline(always)]
    fn target_slope<T: Formula>(self, g: T, x: T, _: T) -> T {
        -(g * x)
    }
}

/// `scale` times the sum of all losses.
#[derive(Debug)]
struct Total<C> {
    curve: C,
    scale: f64,
}

impl<C: Curve> Op for Total<C> {
    fn name(&self) -> &'static str {
        self.curve.name()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let (x, t, curve) = (inputs[0].contiguous()?, inputs[1].contiguous()?, self.curve);
        let sum = match x.dtype() {
            DType::F32 => sum_of_pairs(x.slice::<f32>(), t.slice::<f32>(), |x, t| curve.at(x, t)),
            _ => sum_of_pairs(x.slice::<f64>(), t.slice::<f64>(), |x, t| curve.at(x, t)),
        };
        // The mean of nothing is NaN.
        let total = if self.scale.is_infinite() { f64::NAN } else { sum * self.scale };
        Ok(smallvec![Array::scalar(Scalar::Float(total), x.dtype())?])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0, 1])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None, None]) };
        let (x, t) = (cx.input(0)?, cx.input(1)?);
        let by = |by_target: bool| {
            if !grad_enabled() {
                return apply(Slope { curve: self.curve, scale: self.scale, by_target }, &[g, &x, &t]);
            }
            Tape::default().run(|tape| {
                let (g, x, t) = (tape.tensor(g) * Term::of(self.scale), tape.tensor(&x), tape.tensor(&t));
                if by_target { self.curve.target_slope(g, x, t) } else { self.curve.slope(g, x, t) }
            })
        };
        let wanted = |side: usize| cx.needs(side).then(|| by(side == 1)).transpose();
        Ok(smallvec![wanted(0)?, wanted(1)?])
    }
}

/// The gradient in one pass, where it need not be differentiated again.
#[derive(Debug)]
struct Slope<C> {
    curve: C,
    scale: f64,
    by_target: bool,
}

impl<C: Curve> Op for Slope<C> {
    fn name(&self) -> &'static str {
        "pointwise_loss_backward"
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let (g, x, t, curve) = (inputs[0].broadcast_to(inputs[1].shape()), inputs[1], inputs[2], self.curve);
        let out = Array::empty_layout(Layout::of_result(x.shape(), &[x.layout(), t.layout()]), x.dtype())?;
        let sides = [Side::Array(&g), Side::Array(x), Side::Array(t)];
        let scale = self.scale;
        match (x.dtype(), self.by_target) {
            (DType::F32, false) => typed3(sides, &out, |g: f32, x, t| curve.slope(g * scale as f32, x, t))?,
            (DType::F32, true) => typed3(sides, &out, |g: f32, x, t| curve.target_slope(g * scale as f32, x, t))?,
            (_, false) => typed3(sides, &out, |g: f64, x, t| curve.slope(g * scale, x, t))?,
            (_, true) => typed3(sides, &out, |g: f64, x, t| curve.target_slope(g * scale, x, t))?,
        }
        Ok(smallvec![out])
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        crate::bail!(Runtime, "pointwise_loss: a fused gradient was recorded")
    }
}
