//! Ones and zeros, each by a probability of its own.

use super::fill::check_written;
use super::{in_memory_order, source, zero_gradients};
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply, apply_inplace};
use crate::error::Result;
use crate::random::{Element, Generator, Real, SharedGenerator, fill_bernoulli_with};
use crate::{bail, dispatch_all};
use half::{bf16, f16};
use smallvec::smallvec;
use std::borrow::Cow;

/// A tensor like `p` of ones and zeros, each one with the probability of its place.
///
/// # Errors
/// `RuntimeError` for a value outside of `[0, 1]`, `NotImplementedError` for a dtype that is no float.
pub fn bernoulli(p: &Tensor, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    apply(ByProbability { generator: source(generator), inplace: false }, &[p])
}

/// Fills a tensor of any dtype with ones and zeros by a tensor of probabilities that is broadcast to it.
///
/// # Errors
/// As for [`bernoulli`], and those of [`super::fill_`]; `RuntimeError` if the shapes do not fit.
pub fn bernoulli_(target: &Tensor, p: &Tensor, generator: Option<&SharedGenerator>) -> Result<()> {
    apply_inplace(ByProbability { generator: source(generator), inplace: true }, &[target, p])
}

struct ByProbability {
    generator: SharedGenerator,
    inplace: bool,
}

impl std::fmt::Debug for ByProbability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bernoulli")
    }
}

impl ByProbability {
    fn fill(&self, target: &Array, p: &Array) -> Result<()> {
        if target.numel() == 0 {
            return Ok(());
        }
        check_written("bernoulli", target)?;
        let sizes: smallvec::SmallVec<[isize; 6]> = target.shape().iter().map(|&n| n as isize).collect();
        let axes = target.layout().axes_by_stride();
        let p = p.try_map_layout(|layout| Ok(layout.expand(&sizes)?.permute(&axes)))?.contiguous()?;
        let memory = in_memory_order(target);
        let buffer = Array::empty(memory.shape(), memory.dtype())?;
        dispatch_all!(buffer.dtype(), T => {
            draw(&mut self.generator.lock(), buffer.slice_mut::<T>(), &p)?;
        });
        memory.copy_from(&buffer)
    }
}

/// Fills `out` by probabilities of any float dtype.
fn draw<T: Element>(generator: &mut Generator, out: &mut [T], p: &Array) -> Result<()> {
    fn checked<T: Element, P: Real>(generator: &mut Generator, out: &mut [T], p: &[P]) -> Result<()> {
        fill_bernoulli_with(generator, out, p).map_err(|place| {
            crate::error!(
                Runtime,
                "bernoulli expects all probabilities to be in [0, 1], but got p={}",
                p[place].to_f64()
            )
        })
    }
    match p.dtype() {
        DType::F32 => checked(generator, out, p.slice::<f32>()),
        DType::F64 => checked(generator, out, p.slice::<f64>()),
        DType::F16 => checked(generator, out, p.slice::<f16>()),
        DType::BF16 => checked(generator, out, p.slice::<bf16>()),
        other => {
            bail!(NotImplemented, "\"bernoulli\" not implemented for probabilities of type '{}'", other.type_name())
        }
    }
}

impl Op for ByProbability {
    fn name(&self) -> &'static str {
        "bernoulli"
    }

    fn node_name(&self) -> Cow<'static, str> {
        if self.inplace { "BernoulliBackward1".into() } else { "BernoulliBackward0".into() }
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let p = x[x.len() - 1];
        let out = Array::empty(x[0].shape(), x[0].dtype())?;
        self.fill(&out, p)?;
        Ok(smallvec![out])
    }

    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        self.fill(x[0], x[1])
    }

    fn backward(&self, cx: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        zero_gradients(cx)
    }
}
