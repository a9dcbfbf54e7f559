//! Distributions with fixed parameters, filled into tensors of any layout.

use super::{in_memory_order, source, zero_gradients};
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply_inplace};
use crate::error::Result;
use crate::random::{self, Generator, IntRange, Integer, Real, SharedGenerator};
use crate::{bail, dispatch_integer, ensure};
use half::{bf16, f16};
use smallvec::smallvec;
use std::borrow::Cow;

/// A distribution and its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Numbers of `[from, to)`; float dtypes.
    Uniform {
        /// The least value.
        from: f64,
        /// The end.
        to: f64,
    },
    /// Normals; float dtypes.
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation, not negative.
        std: f64,
    },
    /// One with probability `p`, else zero; every dtype.
    Bernoulli {
        /// The probability.
        p: f64,
    },
    /// Exponentials; float dtypes.
    Exponential {
        /// The rate, positive.
        lambda: f64,
    },
    /// Cauchy values; float dtypes.
    Cauchy {
        /// The middle.
        median: f64,
        /// The half width at half height, positive.
        sigma: f64,
    },
    /// The number of the first success; every dtype but `bool`.
    Geometric {
        /// The probability of a success, between 0 and 1.
        p: f64,
    },
    /// Exponentials of normals; float dtypes.
    LogNormal {
        /// The mean of the normals.
        mean: f64,
        /// Their standard deviation, positive.
        std: f64,
    },
    /// Integers of `[from, to)`, to the last of the dtype if `to` is not given; every dtype.
    Integers {
        /// The least value.
        from: i64,
        /// The end.
        to: Option<i64>,
    },
    /// Integers from 0 to the last of the dtype (the last of an unbroken run for floats); every dtype.
    WholeRange,
}

use Distribution::{Bernoulli, Cauchy, Exponential, Geometric, Integers, LogNormal, Normal, Uniform, WholeRange};

impl Distribution {
    /// PyTorch's name of the operation, without the underscore of its in-place form.
    pub fn name(&self) -> &'static str {
        match self {
            Uniform { .. } => "uniform",
            Normal { .. } => "normal",
            Bernoulli { .. } => "bernoulli",
            Exponential { .. } => "exponential",
            Cauchy { .. } => "cauchy",
            Geometric { .. } => "geometric",
            LogNormal { .. } => "log_normal",
            Integers { .. } | WholeRange => "random",
        }
    }

    /// Checks the parameters for a tensor of a dtype.
    ///
    /// # Errors
    /// `RuntimeError` for parameters out of range, `NotImplementedError` or `RuntimeError` (as in PyTorch) for dtypes
    /// that the distribution cannot fill.
    fn check(&self, dtype: DType, empty: bool) -> Result<()> {
        let name = self.name();
        match *self {
            Uniform { from, to } => {
                self.check_dtype(dtype)?;
                let limit = largest(dtype);
                for (side, value) in [("from", from), ("to", to)] {
                    let inside = (-limit..=limit).contains(&value);
                    ensure!(inside, Runtime, "{name}_: {side}={value} is out of bounds for {}", dtype.name());
                }
                ensure!(
                    (from..).contains(&to),
                    Runtime,
                    "uniform_ expects to return a [from, to) range, but found from={from} > to={to}"
                );
                ensure!(
                    (..=limit).contains(&(to - from)),
                    Runtime,
                    "uniform_ expects to - from <= {limit}, the largest {}, but found to={to} and from={from}",
                    dtype.name()
                );
                return Ok(());
            }
            Normal { std, .. } => {
                ensure!((0.0..).contains(&std), Runtime, "normal expects std >= 0.0, but found std {std}")
            }
            Bernoulli { p } => {
                ensure!((0.0..=1.0).contains(&p), Runtime, "bernoulli_ expects p to be in [0, 1], but got p={p}");
            }
            Exponential { lambda } => {
                ensure!(positive(lambda), Runtime, "exponential_ expects lambda > 0.0, but found lambda={lambda}");
            }
            Cauchy { sigma, .. } => {
                ensure!(positive(sigma), Runtime, "cauchy_ expects sigma > 0.0, but found sigma={sigma}");
            }
            Geometric { p } => {
                ensure!(positive(p) && p < 1.0, Runtime, "geometric_ expects p to be in (0, 1), but got p={p}");
            }
            LogNormal { std, .. } => {
                ensure!(positive(std), Runtime, "log_normal_ expects std > 0.0, but found std={std}");
            }
            Integers { .. } | WholeRange => {}
        }
        if empty { Ok(()) } else { self.check_dtype(dtype) }
    }

    fn check_dtype(&self, dtype: DType) -> Result<()> {
        let name = self.name();
        match self {
            Exponential { .. } | Cauchy { .. } if !dtype.is_float() => bail!(
                Runtime,
                "{name}_: a continuous distribution, expected a floating-point dtype, got {}",
                dtype.type_name()
            ),
            Uniform { .. } | Normal { .. } | LogNormal { .. } if !dtype.is_float() => {
                bail!(NotImplemented, "\"{name}_\" not implemented for '{}'", dtype.type_name())
            }
            Geometric { .. } if dtype == DType::Bool => {
                bail!(NotImplemented, "\"geometric_\" not implemented for 'Bool'")
            }
            _ => Ok(()),
        }
    }

    /// Fills an array. `contiguous` tells what the tensor is, for the one distribution that asks.
    fn write(&self, generator: &mut Generator, memory: &Array, contiguous: bool) -> Result<()> {
        match memory.dtype() {
            DType::F32 => self.write_real(generator, memory.slice_mut::<f32>(), contiguous),
            DType::F64 => self.write_real(generator, memory.slice_mut::<f64>(), contiguous),
            DType::F16 => self.write_real(generator, memory.slice_mut::<f16>(), contiguous),
            DType::BF16 => self.write_real(generator, memory.slice_mut::<bf16>(), contiguous),
            DType::Bool => self.write_any(generator, memory.slice_mut::<bool>()),
            other => dispatch_integer!(other, T => self.write_any(generator, memory.slice_mut::<T>()), else {
                bail!(NotImplemented, "{}_: not implemented for {}", self.name(), other.name())
            }),
        }
    }

    fn write_real<T: Real + Integer>(&self, generator: &mut Generator, out: &mut [T], contiguous: bool) -> Result<()> {
        match *self {
            Uniform { from, to } => random::fill_uniform(generator, out, from, to),
            Normal { mean, std } if contiguous => random::fill_normal(generator, out, mean, std),
            Normal { mean, std } => random::fill_normal_serial(generator, out, mean, std),
            Exponential { lambda } => random::fill_exponential(generator, out, lambda),
            Cauchy { median, sigma } => random::fill_cauchy(generator, out, median, sigma),
            LogNormal { mean, std } => random::fill_log_normal(generator, out, mean, std),
            _ => self.write_any(generator, out)?,
        }
        Ok(())
    }

    fn write_any<T: Integer>(&self, generator: &mut Generator, out: &mut [T]) -> Result<()> {
        match *self {
            Bernoulli { p } => random::fill_bernoulli(generator, out, p),
            Geometric { p } => random::fill_geometric(generator, out, p),
            Integers { from, to } => random::fill_integers(generator, out, IntRange::new::<T>(from, to)?),
            WholeRange => random::fill_integers(generator, out, IntRange::Whole),
            _ => bail!(NotImplemented, "{}_: not implemented for {}", self.name(), T::NAME),
        }
        Ok(())
    }

    /// Fills an array of any layout.
    ///
    /// # Errors
    /// Those of the parameters; `RuntimeError` if two indices name one place.
    pub(super) fn fill(&self, target: &Array, generator: &SharedGenerator) -> Result<()> {
        self.check(target.dtype(), target.numel() == 0)?;
        // A range of integers is checked as it is drawn from, even for no element.
        if target.numel() == 0 && !matches!(self, Integers { .. }) {
            return Ok(());
        }
        check_written(self.name(), target)?;
        let memory = in_memory_order(target);
        let in_place = memory.is_contiguous() && memory.storage().writable();
        let buffer = if in_place { memory.clone() } else { Array::empty(memory.shape(), memory.dtype())? };
        self.write(&mut generator.lock(), &buffer, target.is_contiguous())?;
        if in_place { Ok(()) } else { memory.copy_from(&buffer) }
    }
}

/// Whether a number is positive; NaN is not.
fn positive(x: f64) -> bool {
    x > 0.0
}

/// The largest finite value of a float dtype.
fn largest(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => <f16 as Real>::largest(),
        DType::BF16 => <bf16 as Real>::largest(),
        DType::F32 => <f32 as Real>::largest(),
        _ => <f64 as Real>::largest(),
    }
}

/// Refuses to write an array two of whose indices name one place.
pub(super) fn check_written(op: &str, target: &Array) -> Result<()> {
    ensure!(
        !target.layout().may_overlap(),
        Runtime,
        "{op}_: unsupported operation: more than one element of the written-to tensor refers to a single memory location. \
         Please clone() the tensor before performing the operation."
    );
    Ok(())
}

/// Fills a tensor with draws from a distribution, in place.
///
/// # Errors
/// `RuntimeError` for parameters out of range, for a leaf that requires a gradient, for a layout in which two indices name
/// one place; `NotImplementedError` for a dtype that the distribution cannot fill.
pub fn fill_(target: &Tensor, distribution: Distribution, generator: Option<&SharedGenerator>) -> Result<()> {
    apply_inplace(Fill { distribution, generator: source(generator) }, &[target])
}

/// The operation of [`fill_`] and, out of place, of the factories.
pub(super) struct Fill {
    pub(super) distribution: Distribution,
    pub(super) generator: SharedGenerator,
}

impl std::fmt::Debug for Fill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fill({:?})", self.distribution)
    }
}

impl Op for Fill {
    fn name(&self) -> &'static str {
        self.distribution.name()
    }

    fn node_name(&self) -> Cow<'static, str> {
        match self.distribution {
            Uniform { .. } => "UniformBackward0",
            Normal { .. } => "NormalBackward0",
            Bernoulli { .. } => "BernoulliBackward2",
            Exponential { .. } => "ExponentialBackward0",
            Cauchy { .. } => "CauchyBackward0",
            Geometric { .. } => "GeometricBackward0",
            LogNormal { .. } => "LogNormalBackward0",
            Integers { to: Some(_), .. } => "RandomBackward0",
            Integers { to: None, .. } => "RandomBackward1",
            WholeRange => "RandomBackward2",
        }
        .into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::empty_layout(x[0].layout().dense_like(), x[0].dtype())?;
        self.distribution.fill(&out, &self.generator)?;
        Ok(smallvec![out])
    }

    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        self.distribution.fill(x[0], &self.generator)
    }

    fn backward(&self, cx: &Context<'_>, _grads: &[Option<Tensor>]) -> Result<Grads> {
        zero_gradients(cx)
    }
}
