//! Draws of places by rows of weights.

use super::{Distribution, source};
use crate::array::{self, Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::error::Result;
use crate::random::{Element, Real, SharedGenerator, sample_with_replacement};
use crate::{bail, ensure};
use half::{bf16, f16};
use smallvec::smallvec;

/// The largest number of weights: PyTorch's limit.
const MOST_WEIGHTS: usize = 1 << 24;

/// For each row of weights (or the only one), `count` places drawn with probabilities in proportion to them, as `int64`.
///
/// Without replacement no place comes twice: each weight is divided by an exponential, and the largest quotients win.
///
/// # Errors
/// `RuntimeError` unless `weights` has one or two axes and a float dtype, its values are finite, not negative and not all
/// zero in any row, and there are enough places to draw from.
pub fn multinomial(
    weights: &Tensor,
    count: isize,
    replacement: bool,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    apply(Multinomial { count, replacement, generator: source(generator) }, &[weights])
}

struct Multinomial {
    count: isize,
    replacement: bool,
    generator: SharedGenerator,
}

impl std::fmt::Debug for Multinomial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Multinomial(count={}, replacement={})", self.count, self.replacement)
    }
}

impl Op for Multinomial {
    fn name(&self) -> &'static str {
        "multinomial"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let weights = x[0];
        ensure!(
            matches!(weights.ndim(), 1 | 2),
            Runtime,
            "multinomial: prob_dist must be 1 or 2 dim, got shape {:?}",
            weights.shape()
        );
        ensure!(
            weights.dtype().is_float(),
            Runtime,
            "multinomial only supports floating-point dtypes for input, got: {}",
            weights.dtype().type_name()
        );
        ensure!(self.count > 0, Runtime, "multinomial: cannot sample n_sample <= 0 samples, got {}", self.count);
        let (count, width) = (self.count as usize, weights.shape()[weights.ndim() - 1]);
        ensure!(
            self.replacement || count <= width,
            Runtime,
            "multinomial: cannot sample n_sample > prob_dist.size(-1) samples without replacement, got {count} > {width}"
        );
        ensure!(width <= MOST_WEIGHTS, Runtime, "multinomial: number of categories cannot exceed 2^24, got {width}");
        let mut shape = weights.dims();
        *shape.last_mut().expect("one or two axes") = count;
        let out = Array::empty(&shape, DType::I64)?;
        if out.numel() == 0 {
            return Ok(smallvec![out]);
        }
        let places = out.slice_mut::<i64>();
        match weights.dtype() {
            DType::F32 => self.draw::<f32>(weights, width, places)?,
            DType::F64 => self.draw::<f64>(weights, width, places)?,
            DType::F16 => self.draw::<f16>(weights, width, places)?,
            DType::BF16 => self.draw::<bf16>(weights, width, places)?,
            other => bail!(NotImplemented, "multinomial: not implemented for {}", other.name()),
        }
        Ok(smallvec![out])
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![None])
    }

    fn is_differentiable(&self, _: usize) -> bool {
        false
    }
}

impl Multinomial {
    /// Draws for every row of `weights`, of `width` each, into the row of `places`.
    fn draw<T: Real + array::Element>(&self, weights: &Array, width: usize, places: &mut [i64]) -> Result<()> {
        let contiguous = weights.contiguous()?;
        let values = contiguous.slice::<T>();
        ensure!(
            values.iter().all(|&w| (0.0..f64::INFINITY).contains(&Real::to_f64(w))),
            Runtime,
            "multinomial: probability tensor contains either `inf`, `nan` or element < 0"
        );
        let positive = |row: &[T]| row.iter().any(|&w| Real::to_f64(w) > 0.0);
        ensure!(
            width > 0 && values.chunks_exact(width).all(positive),
            Runtime,
            "multinomial: invalid multinomial distribution (sum of probabilities <= 0)"
        );
        let count = self.count as usize;
        let pairs = values.chunks_exact(width).zip(places.chunks_exact_mut(count));
        // PyTorch draws a single place by the way that needs no replacement.
        if self.replacement && count > 1 {
            let generator = &mut *self.generator.lock();
            pairs.for_each(|(row, places)| sample_with_replacement(generator, row, places));
            return Ok(());
        }
        let keys = Array::empty_layout(weights.layout().dense_like(), T::DTYPE)?;
        Distribution::Exponential { lambda: 1.0 }.fill(&keys, &self.generator)?;
        let keys = keys.contiguous()?;
        let mut quotients = vec![0.0; width];
        let mut order: Vec<i64> = Vec::with_capacity(width);
        for ((row, places), keys) in pairs.zip(keys.slice::<T>().chunks_exact(width)) {
            quotients.iter_mut().zip(row.iter().zip(keys)).for_each(|(q, (&weight, &key))| *q = quotient(weight, key));
            largest(&quotients, count, &mut order);
            places.copy_from_slice(&order);
        }
        Ok(())
    }
}

/// The places of the `count` largest values in descending order; of equal ones the first comes first.
fn largest(values: &[f64], count: usize, order: &mut Vec<i64>) {
    order.clear();
    order.extend(0..values.len() as i64);
    let descending = |&a: &i64, &b: &i64| values[b as usize].total_cmp(&values[a as usize]).then(a.cmp(&b));
    if count < values.len() {
        order.select_nth_unstable_by(count - 1, descending);
        order.truncate(count);
    }
    order.sort_unstable_by(descending);
}

/// `a / b`, computed as PyTorch does (in `f32` for the 16-bit types). NaN, of a zero weight over a zero key, counts as zero.
fn quotient<T: Real>(a: T, b: T) -> f64 {
    let number = |x: T| <T::Math as Element>::from_f64(Real::to_f64(x));
    let ratio = Real::to_f64(T::from_math(number(a) / number(b)));
    if ratio.is_nan() { 0.0 } else { ratio }
}
