//! Dropout in its kinds; `rsnn.nn.functional` has the forms that users call.

use crate::ops::random::{self, Dropout};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::prelude::*;

fn out_of_place(py: Python<'_>, input: &Bound<'_, PyTensor>, kind: Dropout) -> PyResult<Out> {
    let input = &input.get().tensor;
    without_gil(py, input.numel(), || random::dropout(input, kind, None)).map(Out)
}

fn in_place<'py>(input: &Bound<'py, PyTensor>, kind: Dropout) -> PyResult<Bound<'py, PyTensor>> {
    let tensor = &input.get().tensor;
    without_gil(input.py(), tensor.numel(), || random::dropout_(tensor, kind, None))?;
    Ok(input.clone())
}

/// `input` with each element set to zero with probability `p`, the others multiplied by `1 / (1 - p)`.
///
/// Args:
///     input: any sizes, a floating-point dtype.
///     p: the probability to drop an element.
///     train: whether to drop at all; if not, the result is `input` itself.
///
/// Raises:
///     RuntimeError: if `p` is outside of `[0, 1]`.
#[pyfunction]
fn dropout(py: Python<'_>, input: &Bound<'_, PyTensor>, p: f64, train: bool) -> PyResult<Out> {
    out_of_place(py, input, Dropout { p, train, feature: false, alpha: false })
}

/// `dropout` in place.
#[pyfunction]
fn dropout_<'py>(input: &Bound<'py, PyTensor>, p: f64, train: bool) -> PyResult<Bound<'py, PyTensor>> {
    in_place(input, Dropout { p, train, feature: false, alpha: false })
}

/// `dropout` of whole channels: the first two axes of `input` decide, the others share their fate.
///
/// Raises:
///     RuntimeError: if `p` is outside of `[0, 1]`, or `input` has fewer than two axes.
#[pyfunction]
fn feature_dropout(py: Python<'_>, input: &Bound<'_, PyTensor>, p: f64, train: bool) -> PyResult<Out> {
    out_of_place(py, input, Dropout { p, train, feature: true, alpha: false })
}

/// `feature_dropout` in place.
#[pyfunction]
fn feature_dropout_<'py>(input: &Bound<'py, PyTensor>, p: f64, train: bool) -> PyResult<Bound<'py, PyTensor>> {
    in_place(input, Dropout { p, train, feature: true, alpha: false })
}

/// Alpha dropout: dropped elements take the value that SELU saturates at, and the result is scaled and shifted so that
/// inputs of mean 0 and variance 1 keep both.
///
/// Raises:
///     RuntimeError: if `p` is outside of `[0, 1]`.
#[pyfunction]
fn alpha_dropout(py: Python<'_>, input: &Bound<'_, PyTensor>, p: f64, train: bool) -> PyResult<Out> {
    out_of_place(py, input, Dropout { p, train, feature: false, alpha: true })
}

/// `alpha_dropout` in place.
#[pyfunction]
fn alpha_dropout_<'py>(input: &Bound<'py, PyTensor>, p: f64, train: bool) -> PyResult<Bound<'py, PyTensor>> {
    in_place(input, Dropout { p, train, feature: false, alpha: true })
}

/// `alpha_dropout` of whole channels, as in `feature_dropout`.
///
/// Raises:
///     RuntimeError: if `p` is outside of `[0, 1]`, or `input` has fewer than two axes.
#[pyfunction]
fn feature_alpha_dropout(py: Python<'_>, input: &Bound<'_, PyTensor>, p: f64, train: bool) -> PyResult<Out> {
    out_of_place(py, input, Dropout { p, train, feature: true, alpha: true })
}

/// `feature_alpha_dropout` in place.
#[pyfunction]
fn feature_alpha_dropout_<'py>(input: &Bound<'py, PyTensor>, p: f64, train: bool) -> PyResult<Bound<'py, PyTensor>> {
    in_place(input, Dropout { p, train, feature: true, alpha: true })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(dropout, m)?)?;
    m.add_function(wrap_pyfunction!(dropout_, m)?)?;
    m.add_function(wrap_pyfunction!(feature_dropout, m)?)?;
    m.add_function(wrap_pyfunction!(feature_dropout_, m)?)?;
    m.add_function(wrap_pyfunction!(alpha_dropout, m)?)?;
    m.add_function(wrap_pyfunction!(alpha_dropout_, m)?)?;
    m.add_function(wrap_pyfunction!(feature_alpha_dropout, m)?)?;
    m.add_function(wrap_pyfunction!(feature_alpha_dropout_, m)?)
}
