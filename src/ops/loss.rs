//! The negative log likelihood of class indices. Other losses are sums of simpler operations, written in Python.

use super::compute_dtype;
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply_many};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::parallel;
use crate::shape::{Dims, numel};
use smallvec::smallvec;
use std::ops::Range;
use std::sync::Arc;

/// What becomes of the losses of single elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// They are returned as they are.
    None,
    /// Their mean, weighted by the class weights.
    Mean,
    /// Their sum.
    Sum,
}

/// `-w[t] * x[n, t]` for log-probabilities `x` of shape `[N, C, ...]` (or `[C]`) and class indices `t` of shape `[N, ...]`.
///
/// # Errors
/// `RuntimeError` or `ValueError` where shapes or dtypes do not fit, `IndexError` for a class out of range.
pub fn nll_loss(
    x: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    ignore_index: i64,
    reduction: Reduction,
) -> Result<Tensor> {
    let rows = Rows::check(&x.shape(), &target.array(), x.dtype(), weight.map(|w| w.array()), ignore_index)?;
    Ok(apply_many(NllLoss { rows, reduction }, &[x])?.swap_remove(0))
}

/// No class.
const IGNORED: usize = usize::MAX;

/// Rows that are summed in one piece.
const GRAIN: usize = 4096;

/// Class indices and weights, checked against the log-probabilities.
#[derive(Clone, Debug)]
struct Rows {
    /// Class of each row, [`IGNORED`] for those that do not count; `[outer, inner]`.
    classes: Arc<Vec<usize>>,
    /// Weight of each class.
    weight: Option<Array>,
    /// The shape of the log-probabilities.
    shape: Dims,
    /// The shape of the losses.
    target: Dims,
    count: usize,
    inner: usize,
}

impl Rows {
    fn check(shape: &[usize], target: &Array, dtype: DType, weight: Option<Array>, ignore_index: i64) -> Result<Rows> {
        crate::ensure!(!shape.is_empty(), Runtime, "nll_loss: input tensor should be 1D or more, got a scalar");
        crate::ensure!(
            matches!(target.dtype(), DType::I64 | DType::U8),
            Runtime,
            "nll_loss: expected scalar type Long but found {} for the target",
            target.dtype().type_name()
        );
        let (class_axis, expected): (usize, Dims) = match shape.len() {
            1 => (0, smallvec![]),
            _ => (1, shape.iter().enumerate().filter(|(a, _)| *a != 1).map(|(_, &n)| n).collect()),
        };
        if shape.len() > 1 && target.shape().first() != shape.first() {
            crate::bail!(
                Value,
                "nll_loss: Expected input batch_size ({}) to match target batch_size ({}).",
                shape[0],
                target.shape().first().copied().unwrap_or(1)
            );
        }
        crate::ensure!(
            target.shape() == expected.as_slice() || (shape.len() == 1 && target.shape() == [1]),
            Runtime,
            "nll_loss: size mismatch (got input: {shape:?}, target: {:?}): expected a target of shape {:?}",
            target.shape(),
            expected.as_slice()
        );
        let count = shape[class_axis];
        if let Some(w) = &weight {
            crate::ensure!(
                w.shape() == [count],
                Runtime,
                "nll_loss: weight tensor should be defined either for all {count} classes or no classes but got weight \
                 tensor of shape: {:?}",
                w.shape()
            );
            crate::ensure!(
                w.dtype() == dtype,
                Runtime,
                "nll_loss: expected scalar type {} but found {} for the weight",
                dtype.type_name(),
                w.dtype().type_name()
            );
        }
        let indices = target.contiguous()?.to_dtype(DType::I64)?;
        let indices = indices.slice::<i64>();
        let outside = |&&t: &&i64| t != ignore_index && !(0..count as i64).contains(&t);
        if let Some(t) = indices.iter().find(outside) {
            crate::bail!(Index, "Target {t} is out of bounds.");
        }
        let classes = indices.iter().map(|&t| if t == ignore_index { IGNORED } else { t as usize }).collect();
        Ok(Rows {
            classes: Arc::new(classes),
            weight: weight.map(|w| w.contiguous()?.to_dtype(compute_dtype(dtype))).transpose()?,
            shape: Dims::from_slice(shape),
            target: Dims::from_slice(target.shape()),
            count,
            inner: numel(shape.get(2..).unwrap_or(&[])),
        })
    }

    /// Calls `f(row, place in the log-probabilities, weight)` for each row of a range that counts.
    fn each<T: crate::array::Float>(&self, rows: Range<usize>, mut f: impl FnMut(usize, usize, T)) {
        let weight = self.weight.as_ref().map(|w| w.slice::<T>());
        let (mut image, mut at) = (rows.start / self.inner.max(1), rows.start % self.inner.max(1));
        for row in rows {
            let class = self.classes[row];
            if class != IGNORED {
                let place = (image * self.count + class) * self.inner + at;
                f(row, place, weight.map_or(T::one(), |w| w[class]));
            }
            at += 1;
            if at == self.inner {
                (image, at) = (image + 1, 0);
            }
        }
    }

    /// The sum of a number for each row that counts, some rows at a time, in double precision.
    fn sum<T: crate::array::Float>(&self, term: impl Fn(usize, T) -> f64 + Sync) -> f64 {
        let part = |rows| {
            let mut sum = 0.0;
            self.each::<T>(rows, |_, place, w| sum += term(place, w));
            sum
        };
        parallel::map_reduce_chunks(self.classes.len(), GRAIN, part, |a, b| a + b).unwrap_or(0.0)
    }

    /// What a row's loss is divided by.
    fn divisor<T: crate::array::Float>(&self, reduction: Reduction) -> T {
        // The sum of the weights of the rows that count.
        if reduction == Reduction::Mean { T::from_f64(self.sum::<T>(|_, w| w.to_f64())) } else { T::one() }
    }
}

#[derive(Debug)]
struct NllLoss {
    rows: Rows,
    reduction: Reduction,
}

impl Op for NllLoss {
    fn name(&self) -> &'static str {
        "nll_loss"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let dtype = x[0].dtype();
        let input = x[0].contiguous()?.to_dtype(compute_dtype(dtype))?;
        let reduced = self.reduction != Reduction::None;
        let out = Array::zeros(if reduced { &[] } else { &self.rows.target }, input.dtype())?;
        dispatch_float!(input.dtype(), T => {
            let (x, out) = (input.slice::<T>(), out.slice_mut::<T>());
            if reduced {
                let sum = self.rows.sum::<T>(|place, w| -(w * x[place]) as f64);
                out[0] = sum as T / self.rows.divisor::<T>(self.reduction);
            } else {
                self.rows.each::<T>(0..out.len(), |row, place, w| out[row] = -w * x[place]);
            }
        }, else crate::bail!(NotImplemented, "\"nll_loss_out_frame\" not implemented for '{}'", dtype.type_name()));
        Ok(smallvec![out.to_dtype(dtype)?])
    }

    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let op = NllGradient { rows: self.rows.clone(), reduction: self.reduction };
        Ok(smallvec![Some(apply_many(op, &[g])?.swap_remove(0))])
    }
}

/// The adjoint of [`NllLoss`], which is linear in the log-probabilities: each is the other's gradient.
#[derive(Debug)]
struct NllGradient {
    rows: Rows,
    reduction: Reduction,
}

impl Op for NllGradient {
    fn name(&self) -> &'static str {
        "nll_loss_backward"
    }

    fn forward(&self, g: &[&Array]) -> Result<Arrays> {
        let dtype = g[0].dtype();
        let grad = g[0].contiguous()?.to_dtype(compute_dtype(dtype))?;
        let out = Array::zeros(&self.rows.shape, grad.dtype())?;
        dispatch_float!(grad.dtype(), T => {
            let (g, out) = (grad.slice::<T>(), out.slice_mut::<T>());
            let divisor = self.rows.divisor::<T>(self.reduction);
            let single = self.reduction != Reduction::None;
            let all = 0..self.rows.classes.len();
            self.rows.each::<T>(all, |row, place, w| out[place] = -w * g[if single { 0 } else { row }] / divisor);
        }, else unreachable!("gradients are of a float type"));
        Ok(smallvec![out.to_dtype(dtype)?])
    }

    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(h) = &grads[0] else { return Ok(smallvec![None]) };
        let op = NllLoss { rows: self.rows.clone(), reduction: self.reduction };
        Ok(smallvec![Some(apply_many(op, &[h])?.swap_remove(0))])
    }
}
