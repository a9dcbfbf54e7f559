//! `scaled_dot_product_attention`.

use crate::ops::attention::{self, Attention};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::prelude::*;

/// `softmax(scale q k^T + mask) v`: for every query the values, weighted by how well their keys match.
///
/// Args:
///     query: `(N, ..., L, E)`.
///     key: `(N, ..., S, E)`.
///     value: `(N, ..., S, Ev)`.
///     attn_mask: broadcasts to `(N, ..., L, S)`; a float mask is added to the scores, a bool mask is true where a key is seen.
///     dropout_p: the probability of a weight to be set to zero (in training and evaluation alike).
///     is_causal: whether the query at place `i` sees the keys at places up to `i` only.
///     scale: the factor of the scores; `1 / sqrt(E)` if `None`.
///     enable_gqa: whether each head (axis -3) of `key` and `value` serves a group of heads of `query`.
///
/// Raises:
///     RuntimeError: where dtypes, ranks, sizes or `dropout_p` do not fit.
///
/// Example:
///     >>> x = rsnn.randn(2, 4, 10, 8)
///     >>> F.scaled_dot_product_attention(x, x, x, is_causal=True).shape
///     rsnn.Size([2, 4, 10, 8])
#[pyfunction]
#[pyo3(signature = (query, key, value, attn_mask=None, dropout_p=0.0, is_causal=false, *, scale=None, enable_gqa=false))]
fn scaled_dot_product_attention(
    py: Python<'_>,
    query: &Bound<'_, PyTensor>,
    key: &Bound<'_, PyTensor>,
    value: &Bound<'_, PyTensor>,
    attn_mask: Option<&Bound<'_, PyTensor>>,
    dropout_p: f64,
    is_causal: bool,
    scale: Option<f64>,
    enable_gqa: bool,
) -> PyResult<Out> {
    let inputs = [query, key, value].map(|tensor| &tensor.get().tensor);
    let mask = attn_mask.map(|mask| &mask.get().tensor);
    let options = Attention { dropout: dropout_p, causal: is_causal, scale, grouped: enable_gqa };
    let size = inputs[0].numel() + inputs[1].numel();
    without_gil(py, size, || attention::scaled_dot_product_attention(inputs, mask, options)).map(Out)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(scaled_dot_product_attention, m)?)
}
