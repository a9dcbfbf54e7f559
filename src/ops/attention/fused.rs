//! Attention as one operation.

use super::Scores;
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, grad_enabled};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::attention::{Problem, Scoring, Slopes, attention, gradients};
use crate::ops::binary::mul;
use crate::ops::matmul::matmul;
use crate::ops::softmax::softmax_gradient;
use crate::ops::{compute_dtype, view};
use crate::shape::{Dims, broadcast, numel};
use ndarray::{ArrayView2, ArrayViewD, Axis, Ix2, Ix3};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// Inputs: queries, keys, values and possibly an additive mask. The weights are computed again for the gradient.
#[derive(Debug)]
pub(super) struct Fused {
    pub scores: Scores,
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

    /// The axes in front of the matrices, and the inputs with them, in the dtype of the arithmetic.
    fn ready(&self, inputs: &[&Array]) -> Result<(Dims, SmallVec<[Array; 4]>)> {
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
        let dtype = compute_dtype(inputs[0].dtype());
        let shapes = [(l, e), (s, e), (s, ev), (l, s)].map(|(rows, columns)| with_matrix(&batch, rows, columns));
        let ready = ready.iter().zip(&shapes).map(|(array, shape)| Ok(array.to_dtype(dtype)?.broadcast_to(shape)));
        Ok((batch, ready.collect::<Result<_>>()?))
    }

    fn scoring<R: num_traits::FromPrimitive>(&self) -> Scoring<R> {
        Scoring { scale: R::from_f64(self.scores.scale).expect("a float"), causal: self.scores.causal }
    }

    /// The gradients of queries, keys and values, with all axes of the result in front.
    fn slopes(&self, inputs: &[&Array], g: &Array) -> Result<[Array; 3]> {
        let (batch, ready) = self.ready(inputs)?;
        let [l, e, s, ev] = self.sizes(inputs)?;
        let dtype = ready[0].dtype();
        let make = |rows: usize, columns: usize| Array::empty(&with_matrix(&batch, rows, columns), dtype);
        let (dq, dk, dv) = (make(l, e)?, make(s, e)?, make(s, ev)?);
        let g = g.to_dtype(dtype)?;
        dispatch_float!(dtype, T => {
            let outs = [flat(&batch, &dq)?, flat(&batch, &dk)?, flat(&batch, &dv)?];
            let [mut q, mut k, mut v] =
                outs.each_ref().map(|out| out.view_mut::<T>().into_dimensionality::<Ix3>().expect("three axes"));
            let rows = q.outer_iter_mut().zip(k.outer_iter_mut()).zip(v.outer_iter_mut());
            let slopes = rows.map(|((q, k), v)| Slopes { q, k, v }).collect();
            gradients(&problems::<T>(&ready), self.scoring(), &matrices(g.view::<T>()), slopes);
        }, else unreachable!("a float type"));
        let result = inputs[0].dtype();
        Ok([dq.to_dtype(result)?, dk.to_dtype(result)?, dv.to_dtype(result)?])
    }
}

/// The axes of a batch and those of its matrices.
fn with_matrix(batch: &[usize], rows: usize, columns: usize) -> Dims {
    batch.iter().copied().chain([rows, columns]).collect()
}

/// A fresh array with its batch as one axis.
fn flat(batch: &[usize], out: &Array) -> Result<Array> {
    out.reshape(&with_matrix(&[numel(batch)], out.shape()[batch.len()], out.shape()[batch.len() + 1]))
}

/// The problems of a batch.
fn problems<T: crate::array::Element>(ready: &[Array]) -> Vec<Problem<'_, T>> {
    let mut lists = ready.iter().map(|array| matrices(array.view::<T>()));
    let (q, k, v) = (lists.next().expect("q"), lists.next().expect("k"), lists.next().expect("v"));
    let mask = lists.next();
    let mask = |i: usize| mask.as_ref().map(|mask| mask[i]);
    (0..q.len()).map(|i| Problem { q: q[i], k: k[i], v: v[i], mask: mask(i) }).collect()
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
        let (batch, ready) = self.ready(inputs)?;
        let [l, _, _, ev] = self.sizes(inputs)?;
        let out = Array::empty(&with_matrix(&batch, l, ev), ready[0].dtype())?;
        dispatch_float!(out.dtype(), T => {
            let flat = flat(&batch, &out)?;
            let mut view = flat.view_mut::<T>().into_dimensionality::<Ix3>().expect("three axes");
            attention(&problems::<T>(&ready), self.scoring(), view.outer_iter_mut().collect());
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(inputs[0].dtype())?])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs_from(0).when(needs.contains(&true))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut results: Grads = smallvec![None; cx.len()];
        let Some(g) = &grads[0] else { return Ok(results) };
        let (q, k, v) = (cx.input(0)?, cx.input(1)?, cx.input(2)?);
        let mask = if cx.len() > 3 { Some(cx.input(3)?) } else { None };
        if !grad_enabled() && !(cx.len() > 3 && cx.needs(3)) {
            let inputs = [Some(&q), Some(&k), Some(&v), mask.as_ref()].into_iter().flatten();
            let inputs: SmallVec<[Array; 4]> = inputs.map(Tensor::array).collect();
            let inputs: SmallVec<[&Array; 4]> = inputs.iter().collect();
            for (at, slope) in self.slopes(&inputs, &g.array())?.into_iter().enumerate().filter(|&(at, _)| cx.needs(at))
            {
                results[at] = Some(Tensor::new(slope));
            }
            return Ok(results);
        }
        // What is to be differentiated again is made of operations that can be.
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
