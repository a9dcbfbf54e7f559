//! Dropout in its four kinds: elements or whole channels, set to zero or to the value that keeps mean and variance.

use super::{in_memory_order, source};
use crate::array::{self, Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply_many};
use crate::error::Result;
use crate::ops::binary;
use crate::random::{Element, Real, SharedGenerator, fill_either};
use crate::shape::{Dims, Layout};
use crate::{bail, ensure};
use half::{bf16, f16};
use smallvec::smallvec;

/// What [`dropout`] does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The probability of an element to be dropped.
    pub p: f64,
    /// Whether it is on; off, the input passes unchanged.
    pub train: bool,
    /// Drops whole channels: the first two axes decide, the others share their fate.
    pub feature: bool,
    /// Alpha dropout, for networks of SELU: dropped elements take the value that SELU saturates at, and an affine map keeps
    /// mean 0 and variance 1.
    pub alpha: bool,
}

/// What SELU saturates at, with the opposite sign.
const SELU_LIMIT: f64 = 1.758_099_340_847_376_6;

/// `input` with elements or channels dropped.
///
/// The kept ones are multiplied by `1 / (1 - p)`; in alpha dropout see [`Dropout::alpha`]. The mask takes two random words for
/// each of its elements. With `p = 0`, or off, the result is the input itself; with `p = 1` nothing is drawn.
///
/// # Errors
/// `RuntimeError` if `p` is outside of `[0, 1]`, or for channels of a tensor with fewer than two axes.
pub fn dropout(input: &Tensor, kind: Dropout, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    match plan(input, kind, generator)? {
        Plan::Nothing => Ok(input.clone()),
        Plan::Scale(noise) => binary::mul(input, &noise),
        Plan::Affine(noise, shift) => binary::add(&binary::mul(input, &noise)?, &shift),
    }
}

/// As [`dropout`], into the input.
///
/// # Errors
/// As [`dropout`], and those of in-place operations.
pub fn dropout_(input: &Tensor, kind: Dropout, generator: Option<&SharedGenerator>) -> Result<()> {
    match plan(input, kind, generator)? {
        Plan::Nothing => Ok(()),
        Plan::Scale(noise) => binary::mul_(input, &noise),
        Plan::Affine(noise, shift) => {
            binary::mul_(input, &noise)?;
            binary::add_(input, &shift)
        }
    }
}

enum Plan {
    Nothing,
    Scale(Tensor),
    Affine(Tensor, Tensor),
}

fn plan(input: &Tensor, kind: Dropout, generator: Option<&SharedGenerator>) -> Result<Plan> {
    let Dropout { p, train, feature, alpha } = kind;
    ensure!((0.0..=1.0).contains(&p), Runtime, "dropout probability has to be between 0 and 1, but got {p}");
    if p == 0.0 || !train || input.numel() == 0 {
        return Ok(Plan::Nothing);
    }
    if p == 1.0 {
        return Ok(Plan::Scale(Tensor::new(Array::zeros(&[], input.dtype())?)));
    }
    ensure!(
        !feature || input.ndim() >= 2,
        Runtime,
        "Feature dropout requires at least 2 dimensions in the input, got shape {:?}",
        input.shape().as_slice()
    );
    ensure!(
        input.dtype().is_float(),
        Runtime,
        "dropout: result type Float can't be cast to the desired output type {}",
        input.dtype().type_name()
    );
    let alpha = alpha.then(|| {
        let scale = 1.0 / ((SELU_LIMIT * SELU_LIMIT * p + 1.0) * (1.0 - p)).sqrt();
        Alpha { scale, limit: SELU_LIMIT * scale, shift: SELU_LIMIT * scale * p }
    });
    let mut masks = apply_many(Mask { keep: 1.0 - p, alpha, feature, generator: source(generator) }, &[input])?;
    let noise = masks.swap_remove(0);
    Ok(match masks.pop() {
        None => Plan::Scale(noise),
        Some(shift) => Plan::Affine(noise, shift),
    })
}

/// The affine map of alpha dropout: kept elements become `scale x + shift`, dropped ones `shift - limit`.
#[derive(Clone, Copy, Debug)]
struct Alpha {
    scale: f64,
    limit: f64,
    shift: f64,
}

/// Masks for an input, in its dtype. The first is a factor: zero where an element or channel is dropped, else one over the
/// probability to be kept. Alpha dropout has factors of its own, and a second mask to be added.
struct Mask {
    keep: f64,
    alpha: Option<Alpha>,
    feature: bool,
    generator: SharedGenerator,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask(keep={}, {:?}, feature={})", self.keep, self.alpha, self.feature)
    }
}

impl Mask {
    /// Draws the mask into fresh arrays.
    fn draw<T: Real + array::Element>(&self, masks: &[Array]) {
        let number = <T::Math as Element>::from_f64;
        let zero = T::from_math(number(0.0));
        let first = in_memory_order(&masks[0]);
        let factors = first.slice_mut::<T>();
        let Some(alpha) = self.alpha else {
            let value = T::from_math(number(1.0) / number(self.keep));
            return fill_either(&mut self.generator.lock(), factors, self.keep, zero, value);
        };
        let scale = T::from_math(number(alpha.scale));
        fill_either(&mut self.generator.lock(), factors, self.keep, zero, scale);
        // PyTorch rounds to the dtype after each step from the mask to the shift; a number to be added it rounds first.
        let shift = <T as Element>::from_f64(alpha.shift);
        let wide = |x: T| number(Real::to_f64(x));
        let lowest = T::from_math(number(-1.0) * number(alpha.limit));
        let dropped = T::from_math(wide(lowest) + wide(shift));
        let second = in_memory_order(&masks[1]);
        let shifts = second.slice_mut::<T>();
        shifts.iter_mut().zip(factors).for_each(|(s, f)| *s = if *f == zero { dropped } else { shift });
    }
}

impl Op for Mask {
    fn name(&self) -> &'static str {
        "dropout_mask"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let layout = if self.feature {
            let sizes: Dims = x[0].shape().iter().enumerate().map(|(axis, &n)| if axis < 2 { n } else { 1 }).collect();
            Layout::contiguous(&sizes)
        } else {
            x[0].layout().dense_like()
        };
        let count = if self.alpha.is_some() { 2 } else { 1 };
        let masks: Arrays =
            (0..count).map(|_| Array::empty_layout(layout.clone(), x[0].dtype())).collect::<Result<_>>()?;
        match x[0].dtype() {
            DType::F32 => self.draw::<f32>(&masks),
            DType::F64 => self.draw::<f64>(&masks),
            DType::F16 => self.draw::<f16>(&masks),
            DType::BF16 => self.draw::<bf16>(&masks),
            other => bail!(NotImplemented, "dropout: not implemented for {}", other.name()),
        }
        Ok(masks)
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![None])
    }

    fn is_differentiable(&self, _: usize) -> bool {
        false
    }
}
