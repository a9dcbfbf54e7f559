//! Scaled dot-product attention.

mod fused;

use super::binary::{add, eq, mul};
use super::random::{Dropout, dropout};
use super::reduce::amax;
use super::softmax::softmax;
use super::ternary::where_;
use super::{matmul::matmul, view};
use crate::array::{Array, DType, Scalar};
use crate::autograd::{Tensor, apply, cast};
use crate::error::Result;
use fused::Fused;
use smallvec::SmallVec;

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
