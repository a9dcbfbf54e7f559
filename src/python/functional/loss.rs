//! `nll_loss`, and the losses that are sums over elements.

use crate::ops::loss::{self, Reduction};
use crate::ops::pointwise_loss::{Loss, pointwise_loss};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The negative log likelihood of class indices.
///
/// Args:
///     input: log-probabilities, `(N, C, ...)` or `(C)`.
///     target: class indices, `(N, ...)` or a scalar.
///     weight: a factor for each class, `(C)`.
///     ignore_index: rows with this target do not count.
///     reduction: `"none"`, `"mean"` or `"sum"`.
///
/// Raises:
///     RuntimeError, ValueError: where shapes or dtypes do not fit.
///     IndexError: for a class out of range.
#[pyfunction]
#[pyo3(signature = (input, target, weight=None, ignore_index=-100, reduction="mean"), text_signature = "(input, target, weight=None, ignore_index=-100, reduction='mean')")]
fn _nll_loss(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    target: &Bound<'_, PyTensor>,
    weight: Option<&Bound<'_, PyTensor>>,
    ignore_index: i64,
    reduction: &str,
) -> PyResult<Out> {
    let reduction = match reduction {
        "none" => Reduction::None,
        "mean" => Reduction::Mean,
        "sum" => Reduction::Sum,
        other => return Err(PyValueError::new_err(format!("{other} is not a valid value for reduction"))),
    };
    let (x, target) = (&input.get().tensor, &target.get().tensor);
    let weight = weight.map(|w| &w.get().tensor);
    without_gil(py, x.numel(), || loss::nll_loss(x, target, weight, ignore_index, reduction)).map(Out)
}

/// The sum of a loss of each element, or its mean: `"mse"`, `"smooth_l1"`, `"huber"` (both with the `edge` of their parabola) or
/// `"logits"`.
#[pyfunction]
fn _pointwise_loss(
    kind: &str,
    input: &Bound<'_, PyTensor>,
    target: &Bound<'_, PyTensor>,
    edge: f64,
    mean: bool,
) -> PyResult<Out> {
    let kind = match kind {
        "mse" => Loss::Square,
        "smooth_l1" => Loss::SmoothL1 { beta: edge },
        "huber" => Loss::Huber { delta: edge },
        "logits" => Loss::Logits,
        other => return Err(PyValueError::new_err(format!("{other} is no loss of single elements"))),
    };
    let (x, target) = (&input.get().tensor, &target.get().tensor);
    without_gil(input.py(), x.numel(), || pointwise_loss(kind, x, target, mean)).map(Out)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_pointwise_loss, m)?)?;
    m.add_function(wrap_pyfunction!(_nll_loss, m)?)
}
