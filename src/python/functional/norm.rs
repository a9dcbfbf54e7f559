//! `batch_norm`, `layer_norm`, `group_norm`, `rms_norm`.

use crate::ops::norm::{self, Running};
use crate::python::arguments::{IntList, sizes};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::prelude::*;

type Given<'a, 'py> = Option<&'a Bound<'py, PyTensor>>;

/// Normalises every channel: `(x - mean) / sqrt(var + eps) * weight + bias`.
///
/// Args:
///     input: `(N, C, ...)`.
///     weight, bias: `(C)`, or `None` for 1 and 0.
///     running_mean, running_var: `(C)`, or `None`; moved towards the batch's in training.
///     training: whether to use the statistics of the batch; if not, the running ones.
///     momentum: how far running statistics move.
///     eps: added to the variance.
///
/// Raises:
///     RuntimeError: where sizes do not fit, or without running statistics when not training.
#[pyfunction]
#[pyo3(signature = (input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled=false))]
fn batch_norm(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    weight: Given<'_, '_>,
    bias: Given<'_, '_>,
    running_mean: Given<'_, '_>,
    running_var: Given<'_, '_>,
    training: bool,
    momentum: f64,
    eps: f64,
    cudnn_enabled: bool,
) -> PyResult<Out> {
    // There is one implementation, whatever the caller prefers.
    let _ = cudnn_enabled;
    let x = &input.get().tensor;
    let [weight, bias, mean, variance] =
        [weight, bias, running_mean, running_var].map(|given| given.map(|tensor| &tensor.get().tensor));
    let running = mean.zip(variance).map(|(mean, variance)| Running { mean, variance });
    without_gil(py, x.numel(), || norm::batch_norm(x, (weight, bias), running, training, momentum, eps)).map(Out)
}

/// Normalises every row: `(x - mean) / sqrt(var + eps) * weight + bias` over the last axes.
///
/// Args:
///     input: `(..., *normalized_shape)`.
///     normalized_shape: the sizes of the last axes.
///     weight, bias: of shape `normalized_shape`, or `None` for 1 and 0.
///     eps: added to the variance.
///
/// Raises:
///     RuntimeError: where shapes do not fit.
///
/// Example:
///     >>> rsnn.nn.functional.layer_norm(rsnn.tensor([1.0, 3.0]), (2,), eps=0.0)
///     tensor([-1.,  1.])
#[pyfunction]
#[pyo3(signature = (input, normalized_shape, weight=None, bias=None, eps=1e-5))]
fn layer_norm(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    normalized_shape: IntList,
    weight: Given<'_, '_>,
    bias: Given<'_, '_>,
    eps: f64,
) -> PyResult<Out> {
    let x = &input.get().tensor;
    let shape = sizes("layer_norm", &normalized_shape.0)?;
    let [weight, bias] = [weight, bias].map(|given| given.map(|tensor| &tensor.get().tensor));
    without_gil(py, x.numel(), || norm::layer_norm(x, &shape, weight, bias, eps)).map(Out)
}

/// Divides every row by its root mean square: `x / sqrt(mean(x^2) + eps) * weight` over the last axes.
///
/// Args:
///     input: `(..., *normalized_shape)`.
///     normalized_shape: the sizes of the last axes.
///     weight: of shape `normalized_shape`, or `None` for 1.
///     eps: added to the mean square; the machine epsilon if `None`.
///
/// Raises:
///     RuntimeError: where shapes do not fit.
#[pyfunction]
#[pyo3(signature = (input, normalized_shape, weight=None, eps=None))]
fn rms_norm(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    normalized_shape: IntList,
    weight: Given<'_, '_>,
    eps: Option<f64>,
) -> PyResult<Out> {
    let x = &input.get().tensor;
    let shape = sizes("rms_norm", &normalized_shape.0)?;
    let weight = weight.map(|tensor| &tensor.get().tensor);
    without_gil(py, x.numel(), || norm::rms_norm(x, &shape, weight, eps)).map(Out)
}

/// Normalises every group of channels by its own statistics, then scales and shifts every channel.
///
/// Args:
///     input: `(N, C, ...)`.
///     num_groups: divides `C`.
///     weight, bias: `(C)`, or `None` for 1 and 0.
///     eps: added to the variance.
///
/// Raises:
///     RuntimeError: where sizes do not fit.
#[pyfunction]
#[pyo3(signature = (input, num_groups, weight=None, bias=None, eps=1e-5))]
fn group_norm(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    num_groups: isize,
    weight: Given<'_, '_>,
    bias: Given<'_, '_>,
    eps: f64,
) -> PyResult<Out> {
    let x = &input.get().tensor;
    let [weight, bias] = [weight, bias].map(|given| given.map(|tensor| &tensor.get().tensor));
    let groups = usize::try_from(num_groups).unwrap_or(0);
    without_gil(py, x.numel(), || norm::group_norm(x, groups, weight, bias, eps)).map(Out)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(batch_norm, m)?)?;
    m.add_function(wrap_pyfunction!(layer_norm, m)?)?;
    m.add_function(wrap_pyfunction!(rms_norm, m)?)?;
    m.add_function(wrap_pyfunction!(group_norm, m)?)
}
