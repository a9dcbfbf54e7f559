//! Scaled dot-product attention.

use super::binary::{add, eq, mul};
use super::random::{Dropout, dropout};
use super::reduce::amax;
use super::softmax::{softmax, softmax_gradient};
use super::ternary::where_;
use super::{compute_dtype, matmul::matmul, view};
use crate::array::{Array, DType, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, cast};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::attention::{Problem, Scoring, attention as kernel};
use crate::shape::{Dims, broadcast, numel};
use ndarray::{ArrayView2, ArrayViewD, Axis, Ix2};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// How [`scaled_dot_product_attention`] works.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
    /// The probability of a weight to be dropped.
    pub dropout: f64,
    /// Whether a query sees no key behind its own place.
    pub causal: bool,
    /// The factor of the scores; one over the square root of the last size where not given.
    pub scale: Option<f64>,
    /// Whether heads of keys and values serve groups of heads of queries.
    pub grouped: bool,
}

/// `softmax(scale q k^T + mask) v` for `q: [..., l, e]`, `k: [..., s, e]`, `v: [..., s, ev]`. The axes in front broadcast.
///
/// `mask: [..., l, s]` is added to the scores, or, of dtype bool, says which keys are seen. With a mask, a query that
/// sees no key gives zeros.
///
/// # Errors
/// `RuntimeError` where dtypes, ranks, sizes or the probability do not fit; `IndexError` for grouped heads without an axis
/// of heads.
pub fn scaled_dot_product_attention(
    [q, k, v]: [&Tensor; 3],
    mask: Option<&Tensor>,
    options: Attention,
) -> Result<Tensor> {
    check(q, k, v, mask, options)?;
    let (k, v) = if options.grouped { grouped(q, k, v)? } else { (k.clone(), v.clone()) };
    let mask = mask.map(|mask| additive(mask, q.dtype())).transpose()?;
    let scale = options.scale.unwrap_or_else(|| 1.0 / (q.shape()[q.ndim() - 1] as f64).sqrt());
    let scores = Scores { scale, causal: options.causal };
    if options.dropout == 0.0 {
        let inputs: SmallVec<[&Tensor; 4]> =
            [Some(q), Some(&k), Some(&v), mask.as_ref()].into_iter().flatten().collect();
        return apply(Fused { scores }, &inputs);
    }
    let weights = scores.weights(q, &k, mask.as_ref())?;
    let kind = Dropout { p: options.dropout, train: true, feature: false, alpha: false };
    matmul(&dropout(&weights, kind, None)?, &v)
}

fn check(q: &Tensor, k: &Tensor, v: &Tensor, mask: Option<&Tensor>, options: Attention) -> Result<()> {
    let dtype = q.dtype();
    crate::ensure!(
        dtype == k.dtype() && dtype == v.dtype(),
        Runtime,
        "Expected query, key, and value to have the same dtype, but got query.dtype: {} key.dtype: {} and value.dtype: {} \
         instead.",
        dtype.name(),
        k.dtype().name(),
        v.dtype().name()
    );
    crate::ensure!(
        q.ndim() >= 2 && k.ndim() >= 2 && v.ndim() >= 2,
        Runtime,
        "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: {} key.dim: {} and value.dim: \
         {} instead.",
        q.ndim(),
        k.ndim(),
        v.ndim()
    );
    crate::ensure!(
        dtype.is_float(),
        Runtime,
        "scaled_dot_product_attention: expected a query of a float type, got {}",
        dtype.name()
    );
    if let Some(mask) = mask {
        crate::ensure!(
            [DType::Bool, DType::F32, dtype].contains(&mask.dtype()),
            Runtime,
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: {} and  \
             query.dtype: {} instead.",
            mask.dtype().name(),
            dtype.name()
        );
    }
    crate::ensure!(
        (0.0..=1.0).contains(&options.dropout),
        Runtime,
        "dropout probability has to be between 0 and 1, but got {}",
        options.dropout
    );
    Ok(())
}

/// Keys and values with as many heads as the queries: each head repeated for its group.
fn grouped(q: &Tensor, k: &Tensor, v: &Tensor) -> Result<(Tensor, Tensor)> {
    let heads = |t: &Tensor| -> Result<usize> {
        let n = t.ndim();
        crate::ensure!(
            n >= 3,
            Index,
            "Dimension out of range (expected to be in range of [-{n}, {}], but got -3)",
            n as isize - 1
        );
        Ok(t.shape()[n - 3])
    };
    let (of_q, of_k, of_v) = (heads(q)?, heads(k)?, heads(v)?);
    crate::ensure!(
        of_k > 0 && of_v > 0 && of_q.is_multiple_of(of_k) && of_q.is_multiple_of(of_v),
        Runtime,
        "Number of heads in key and value must divide the number of heads in query, but got {of_k} and {of_v} for {of_q}"
    );
    let repeat = |t: &Tensor, times: usize| -> Result<Tensor> {
        if times == 1 {
            return Ok(t.clone());
        }
        let mut shape = t.shape();
        let axis = shape.len() - 3;
        let mut spread = shape.clone();
        spread.insert(axis + 1, times);
        shape[axis] *= times;
        view::reshape_to(&view::broadcast_to(&view::unsqueeze(t, axis as isize + 1)?, &spread)?, &shape)
    };
    Ok((repeat(k, of_q / of_k)?, repeat(v, of_q / of_v)?))
}

/// A mask as what is added to scores of a dtype.
fn additive(mask: &Tensor, dtype: DType) -> Result<Tensor> {
    if mask.dtype() != DType::Bool {
        return cast(mask, dtype);
    }
    let number = |x: f64| Array::scalar(Scalar::Float(x), dtype).map(Tensor::new);
    where_(mask, &number(0.0)?, &number(f64::NEG_INFINITY)?)
}

/// How scores are made.
#[derive(Clone, Copy, Debug)]
struct Scores {
    scale: f64,
    causal: bool,
}

impl Scores {
    /// The softmax of the scores, by tensor operations; zeros for a query that a mask keeps from all keys.
    fn weights(self, q: &Tensor, k: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let mut scores = matmul(&mul(q, self.scale)?, &view::transpose(k, -2, -1)?)?;
        if self.causal {
            let shape = scores.shape();
            let (rows, columns) = (shape[shape.len() - 2] as i64, shape[shape.len() - 1] as i64);
            let count = |n: i64| super::create::arange(Scalar::Int(0), Scalar::Int(n), Scalar::Int(1), None);
            let (rows, columns) = (Tensor::new(count(rows)?), Tensor::new(count(columns)?));
            let seen = super::binary::le(&columns, &view::unsqueeze(&rows, 1)?)?;
            scores = add(&scores, &additive(&seen, scores.dtype())?)?;
        }
        let Some(mask) = mask else { return softmax(&scores, -1) };
        scores = add(&scores, mask)?;
        if scores.numel() == 0 {
            return softmax(&scores, -1);
        }
        let blind = eq(&amax(&scores.detach(), &[-1], true)?, f64::NEG_INFINITY)?;
        let zero = Scalar::Int(0);
        where_(&blind, zero, &softmax(&where_(&blind, zero, &scores)?, -1)?)
    }
}

/// Inputs: queries, keys, values and possibly an additive mask. The weights are computed again for the gradient.
#[derive(Debug)]
struct Fused {
    scores: Scores,
}

impl Fused {
    /// The axes before the last two, broadcast.
    fn batch(&self, inputs: &[&Array]) -> Result<Dims> {
        inputs.iter().try_fold(Dims::new(), |all, array| broadcast(&all, &array.shape()[..array.ndim() - 2]))
    }

    /// What the last two axes must be.
    fn sizes(&self, inputs: &[&Array]) -> Result<[usize; 4]> {
        let last = |array: &Array| [array.shape()[array.ndim() - 2], array.shape()[array.ndim() - 1]];
        let ([l, e], [s, ek], [sv, ev]) = (last(inputs[0]), last(inputs[1]), last(inputs[2]));
        crate::ensure!(
            e == ek && s == sv,
            Runtime,
            "scaled_dot_product_attention: expected a key of sizes [..., {s}, {e}] and a value of sizes [..., {s}, any] for \
             the query {:?}, got {:?} and {:?}",
            inputs[0].shape(),
            inputs[1].shape(),
            inputs[2].shape()
        );
        Ok([l, e, s, ev])
    }
}

/// The matrices of a batch, in row-major order of the axes before the last two.
fn matrices<'a, T>(view: ArrayViewD<'a, T>) -> Vec<ArrayView2<'a, T>> {
    if view.ndim() == 2 {
        return vec![view.into_dimensionality::<Ix2>().expect("two axes")];
    }
    let count = view.len_of(Axis(0));
    (0..count).flat_map(|i| matrices(view.clone().index_axis_move(Axis(0), i))).collect()
}

impl Op for Fused {
    fn name(&self) -> &'static str {
        "scaled_dot_product_attention"
    }

    fn node_name(&self) -> Cow<'static, str> {
        "ScaledDotProductFlashAttentionForCpuBackward0".into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let [l, e, s, ev] = self.sizes(inputs)?;
        // The mask may only stretch; a query without batch and a mask with one give a batch.
        let mut ready: SmallVec<[Array; 4]> = inputs.iter().map(|array| (*array).clone()).collect();
        if let Some(mask) = ready.get_mut(3) {
            let target: Dims = smallvec![l, s];
            let lead = mask.ndim().saturating_sub(2);
            let own = &mask.shape()[mask.ndim().saturating_sub(2)..];
            crate::ensure!(
                broadcast(own, &target).is_ok_and(|shape| shape == target),
                Runtime,
                "scaled_dot_product_attention: expected an attn_mask that broadcasts to [..., {l}, {s}], got {:?}",
                mask.shape()
            );
            let shape: Dims = mask.shape()[..lead].iter().copied().chain(target).collect();
            *mask = mask.broadcast_to(&shape);
        }
        let batch = self.batch(&ready.iter().collect::<SmallVec<[&Array; 4]>>())?;
        let result = inputs[0].dtype();
        let dtype = compute_dtype(result);
        let full = |rows: usize, columns: usize| -> Dims { batch.iter().copied().chain([rows, columns]).collect() };
        let shapes = [full(l, e), full(s, e), full(s, ev), full(l, s)];
        let ready: SmallVec<[Array; 4]> = ready
            .iter()
            .zip(&shapes)
            .map(|(array, shape)| Ok(array.to_dtype(dtype)?.broadcast_to(shape)))
            .collect::<Result<_>>()?;
        let out = Array::empty(&full(l, ev), dtype)?;
        dispatch_float!(dtype, T => {
            let mut lists = ready.iter().map(|array| matrices(array.view::<T>()));
            let (q, k, v) = (lists.next().expect("q"), lists.next().expect("k"), lists.next().expect("v"));
            let mask = lists.next();
            let problems: Vec<_> = (0..q.len())
                .map(|i| Problem { q: q[i], k: k[i], v: v[i], mask: mask.as_ref().map(|mask| mask[i]) })
                .collect();
            let scoring = Scoring { scale: self.scores.scale as T, causal: self.scores.causal };
            let flat = out.reshape(&[numel(&batch), l, ev])?;
            let mut view = flat.view_mut::<T>().into_dimensionality::<ndarray::Ix3>().expect("three axes");
            kernel(&problems, scoring, view.outer_iter_mut().collect());
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(result)?])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs_from(0).when(needs.contains(&true))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut results: Grads = smallvec![None; cx.len()];
        let Some(g) = &grads[0] else { return Ok(results) };
        let (q, k, v) = (cx.input(0)?, cx.input(1)?, cx.input(2)?);
        let mask = if cx.len() > 3 { Some(cx.input(3)?) } else { None };
        let weights = self.scores.weights(&q, &k, mask.as_ref())?;
        let turned = |x: &Tensor| view::transpose(x, -2, -1);
        if cx.needs(2) {
            results[2] = Some(matmul(&turned(&weights)?, g)?);
        }
        if cx.needs(0) || cx.needs(1) || (cx.len() > 3 && cx.needs(3)) {
            let by_weights = matmul(g, &turned(&v)?)?;
            // A mask with a batch of its own stretches the weights.
            let by_scores = softmax_gradient(&by_weights, &view::broadcast_to(&weights, &by_weights.shape())?, -1)?;
            if cx.needs(0) {
                results[0] = Some(mul(&matmul(&by_scores, &k)?, self.scores.scale)?);
            }
            if cx.needs(1) {
                results[1] = Some(mul(&matmul(&turned(&by_scores)?, &q)?, self.scores.scale)?);
            }
            if cx.len() > 3 && cx.needs(3) {
                results[3] = Some(by_scores);
            }
        }
        Ok(results)
    }
}
