//! `ctc_loss` and `embedding_bag`.

use crate::array::DType;
use crate::ops::bag::{self, Bags, Mode};
use crate::ops::ctc::{self, Sequences};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

/// The negative log-likelihoods of sequences of labels.
///
/// Args:
///     log_probs: `(T, N, C)`.
///     labels: the labels of each sequence.
///     lengths: the steps of each sequence.
///     blank: the class that stands for no label.
///     zero_infinity: whether impossible sequences have no gradient.
///
/// Raises:
///     RuntimeError: where sizes or classes do not fit.
#[pyfunction]
fn _ctc_loss(
    py: Python<'_>,
    log_probs: &Bound<'_, PyTensor>,
    labels: Vec<Vec<i64>>,
    lengths: Vec<usize>,
    blank: i64,
    zero_infinity: bool,
) -> PyResult<Out> {
    let class = |label: i64| {
        usize::try_from(label)
            .map_err(|_| PyRuntimeError::new_err(format!("ctc_loss: expected classes from 0 on, got {label}")))
    };
    let labels = labels
        .into_iter()
        .map(|list| list.into_iter().map(class).collect::<PyResult<Vec<_>>>())
        .collect::<PyResult<Vec<_>>>()?;
    let sequences = Sequences { labels, lengths, blank: class(blank)?, zero_infinity };
    let x = &log_probs.get().tensor;
    without_gil(py, x.numel(), || ctc::ctc_loss(x, sequences)).map(Out)
}

/// Sums, means or maxima of rows of a table.
///
/// Args:
///     weight: the table, `(V, D)`.
///     indices: the rows of all bags, one after the other, `int64`.
///     starts: where each bag begins, and where the last one ends.
///     mode: `"sum"`, `"mean"` or `"max"`.
///     factors: a factor for each row, or `None`.
///     padding_idx: a row that does not count, or `None`.
///     scale_grad_by_freq: whether the gradient of a row is divided by how often it occurs.
///
/// Raises:
///     RuntimeError: for an index out of range, or where sizes do not fit.
#[pyfunction]
fn _embedding_bag(
    py: Python<'_>,
    weight: &Bound<'_, PyTensor>,
    indices: &Bound<'_, PyTensor>,
    starts: Vec<usize>,
    mode: &str,
    factors: Option<&Bound<'_, PyTensor>>,
    padding_idx: Option<usize>,
    scale_grad_by_freq: bool,
) -> PyResult<Out> {
    let mode = match mode {
        "sum" => Mode::Sum,
        "mean" => Mode::Mean,
        "max" => Mode::Max,
        _ => return Err(PyValueError::new_err("mode has to be one of sum, mean or max")),
    };
    let indices = indices.get().tensor.array().contiguous()?;
    let count = indices.numel();
    let ordered = starts.first() == Some(&0) && starts.is_sorted() && starts.last() == Some(&count);
    let fits = factors.is_none_or(|factors| factors.get().tensor.numel() == count);
    if !ordered || !fits || indices.dtype() != DType::I64 {
        let text = format!("embedding_bag: expected bags of {count} int64 indices in order and as many factors");
        return Err(PyRuntimeError::new_err(text));
    }
    // An index below zero is none of the table.
    let row = |&row: &i64| usize::try_from(row).unwrap_or(usize::MAX);
    let indices = indices.slice::<i64>().iter().map(row).collect();
    let bags = Bags { indices, starts, padding: padding_idx, mode, scale_by_frequency: scale_grad_by_freq };
    let (weight, factors) = (&weight.get().tensor, factors.map(|factors| &factors.get().tensor));
    without_gil(py, weight.numel(), || bag::embedding_bag(weight, factors, &bags)).map(Out)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_ctc_loss, m)?)?;
    m.add_function(wrap_pyfunction!(_embedding_bag, m)?)
}
