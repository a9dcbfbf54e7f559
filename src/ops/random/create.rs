//! Fresh tensors of random numbers.

use super::{Distribution, source};
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::error::Result;
use crate::random::{Real, SharedGenerator, fill_permutation};
use crate::shape::Layout;
use crate::{bail, dispatch_all, ensure};
use half::f16;
use smallvec::smallvec;

/// A fresh tensor of draws from a distribution, in any dense layout.
///
/// # Errors
/// As for [`super::fill_`].
pub fn random_tensor(
    layout: Layout,
    dtype: DType,
    distribution: Distribution,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    apply(Create { layout, dtype, distribution, generator: source(generator) }, &[])
}

/// Uniform numbers of `[0, 1)`.
pub fn rand(shape: &[usize], dtype: DType, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    random_tensor(Layout::contiguous(shape), dtype, Distribution::Uniform { from: 0.0, to: 1.0 }, generator)
}

/// Normals of mean 0 and standard deviation 1.
pub fn randn(shape: &[usize], dtype: DType, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    random_tensor(Layout::contiguous(shape), dtype, Distribution::Normal { mean: 0.0, std: 1.0 }, generator)
}

/// Integers `low <= x < high`.
pub fn randint(
    low: i64,
    high: i64,
    shape: &[usize],
    dtype: DType,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    random_tensor(Layout::contiguous(shape), dtype, Distribution::Integers { from: low, to: Some(high) }, generator)
}

/// The integers `0..n` in random order.
///
/// # Errors
/// `RuntimeError` if the dtype cannot count that far, `NotImplementedError` for `bool`.
pub fn randperm(n: usize, dtype: DType, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    apply(Permutation { n, dtype, generator: source(generator) }, &[])
}

struct Create {
    layout: Layout,
    dtype: DType,
    distribution: Distribution,
    generator: SharedGenerator,
}

impl std::fmt::Debug for Create {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Create({:?}, {}, {:?})", self.layout.shape.as_slice(), self.dtype.name(), self.distribution)
    }
}

impl Op for Create {
    fn name(&self) -> &'static str {
        match self.distribution {
            Distribution::Uniform { .. } => "rand",
            Distribution::Normal { .. } => "randn",
            Distribution::Integers { .. } => "randint",
            other => other.name(),
        }
    }

    fn forward(&self, _: &[&Array]) -> Result<Arrays> {
        let out = Array::empty_layout(self.layout.clone(), self.dtype)?;
        self.distribution.fill(&out, &self.generator)?;
        Ok(smallvec![out])
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        Ok(Grads::new())
    }
}

struct Permutation {
    n: usize,
    dtype: DType,
    generator: SharedGenerator,
}

impl std::fmt::Debug for Permutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Permutation({}, {})", self.n, self.dtype.name())
    }
}

impl Op for Permutation {
    fn name(&self) -> &'static str {
        "randperm"
    }

    fn forward(&self, _: &[&Array]) -> Result<Arrays> {
        let (n, dtype) = (self.n, self.dtype);
        if dtype == DType::Bool {
            bail!(NotImplemented, "\"randperm\" not implemented for 'Bool'");
        }
        let most = most_countable(dtype);
        ensure!(
            most.is_none_or(|most| n as u64 <= most),
            Runtime,
            "randperm: n cannot be greater than {} for {} type, got {n}",
            most.unwrap_or_default(),
            dtype.type_name()
        );
        let out = Array::empty(&[n], dtype)?;
        dispatch_all!(dtype, T => fill_permutation(&mut self.generator.lock(), out.slice_mut::<T>()));
        Ok(smallvec![out])
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        Ok(Grads::new())
    }
}

/// The longest permutation whose numbers a dtype holds, where PyTorch checks it (not for `bfloat16`).
fn most_countable(dtype: DType) -> Option<u64> {
    match dtype {
        DType::U8 => Some(u8::MAX as u64 + 1),
        DType::I8 => Some(i8::MAX as u64 + 1),
        DType::I16 => Some(i16::MAX as u64 + 1),
        DType::I32 => Some(i32::MAX as u64 + 1),
        DType::F16 => Some((1 << <f16 as Real>::DIGITS) + 1),
        DType::F32 => Some((1 << <f32 as Real>::DIGITS) + 1),
        DType::F64 => Some((1 << <f64 as Real>::DIGITS) + 1),
        DType::Bool | DType::BF16 | DType::I64 => None,
    }
}
