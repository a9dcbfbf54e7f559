//! Pooling functions of one to three axes.

use crate::ops::pool::{self, Options};
use crate::python::arguments::{IntList, Ints};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::prelude::*;

/// An integer or a list of them, with a default; an empty list counts as not given.
fn ints(argument: Option<IntList>, default: &[isize]) -> Ints {
    argument.map_or_else(|| Ints::from_slice(default), |list| list.0)
}

/// The maxima and their places.
fn max(
    py: Python<'_>,
    rank: usize,
    input: &Bound<'_, PyTensor>,
    (kernel, stride): (IntList, Option<IntList>),
    (padding, dilation): (Option<IntList>, Option<IntList>),
    ceil_mode: bool,
) -> PyResult<(Out, Out)> {
    let x = &input.get().tensor;
    let (stride, padding, dilation) = (ints(stride, &[]), ints(padding, &[0]), ints(dilation, &[1]));
    let options = Options { kernel: &kernel.0, stride: &stride, padding: &padding, dilation: &dilation, ceil_mode };
    let mut results = without_gil(py, x.numel(), || pool::max(rank, x, options))?;
    let places = results.pop().expect("two results");
    Ok((Out(results.pop().expect("two results")), Out(places)))
}

/// The averages.
fn average(
    py: Python<'_>,
    rank: usize,
    input: &Bound<'_, PyTensor>,
    (kernel, stride, padding): (IntList, Option<IntList>, Option<IntList>),
    ceil_mode: bool,
    (count_include_pad, divisor_override): (bool, Option<i64>),
) -> PyResult<Out> {
    let x = &input.get().tensor;
    let (stride, padding) = (ints(stride, &[]), ints(padding, &[0]));
    let options = Options { kernel: &kernel.0, stride: &stride, padding: &padding, dilation: &[1], ceil_mode };
    without_gil(py, x.numel(), || pool::average(rank, x, options, count_include_pad, divisor_override)).map(Out)
}

/// The maxima of adaptive windows and their places.
fn adaptive_max(py: Python<'_>, rank: usize, input: &Bound<'_, PyTensor>, size: IntList) -> PyResult<(Out, Out)> {
    let x = &input.get().tensor;
    let mut results = without_gil(py, x.numel(), || pool::adaptive_max(rank, x, &size.0))?;
    let places = results.pop().expect("two results");
    Ok((Out(results.pop().expect("two results")), Out(places)))
}

/// The maxima under windows that begin at random places, and their indices into the flat plane.
///
/// Args:
///     input: `(N, C, ...)` or `(C, ...)` with as many axes behind the channels as there are sizes: two or three.
///     kernel_size, output_size: one for each axis.
///     samples: `(N, C, axes)` draws from 0 to 1, in the dtype of `input`.
///
/// Raises:
///     RuntimeError: where ranks, sizes or samples do not fit.
#[pyfunction]
#[pyo3(name = "_fractional_max_pool")]
fn fractional_max_pool(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    kernel_size: IntList,
    output_size: IntList,
    samples: &Bound<'_, PyTensor>,
) -> PyResult<(Out, Out)> {
    let (x, samples) = (&input.get().tensor, &samples.get().tensor);
    let mut results = without_gil(py, x.numel(), || pool::fractional_max(x, samples, &kernel_size.0, &output_size.0))?;
    let places = results.pop().expect("two results");
    Ok((Out(results.pop().expect("two results")), Out(places)))
}

/// The averages of adaptive windows.
fn adaptive_average(py: Python<'_>, rank: usize, input: &Bound<'_, PyTensor>, size: IntList) -> PyResult<Out> {
    let x = &input.get().tensor;
    without_gil(py, x.numel(), || pool::adaptive_average(rank, x, &size.0)).map(Out)
}

/// The maximum under every window; `input` is `(N, C, L)` or `(C, L)`.
///
/// Args:
///     kernel_size, stride, padding, dilation: an integer, or one for each axis; `stride` defaults to `kernel_size`.
///     ceil_mode: whether a last window may hang over the end.
///
/// Raises:
///     RuntimeError: where rank, sizes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, kernel_size, stride=None, padding=None, dilation=None, ceil_mode=false),
       text_signature = "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False)")]
fn max_pool1d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    kernel_size: IntList,
    stride: Option<IntList>,
    padding: Option<IntList>,
    dilation: Option<IntList>,
    ceil_mode: bool,
) -> PyResult<Out> {
    max(py, 1, input, (kernel_size, stride), (padding, dilation), ceil_mode).map(|(maxima, _)| maxima)
}

/// The maximum under every window and its index into the flat plane; `input` is `(N, C, L)` or `(C, L)`.
///
/// Args:
///     kernel_size, stride, padding, dilation: an integer, or one for each axis; `stride` defaults to `kernel_size`.
///     ceil_mode: whether a last window may hang over the end.
///
/// Raises:
///     RuntimeError: where rank, sizes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, kernel_size, stride=None, padding=None, dilation=None, ceil_mode=false),
       text_signature = "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False)")]
fn max_pool1d_with_indices(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    kernel_size: IntList,
    stride: Option<IntList>,
    padding: Option<IntList>,
    dilation: Option<IntList>,
    ceil_mode: bool,
) -> PyResult<(Out, Out)> {
    max(py, 1, input, (kernel_size, stride), (padding, dilation), ceil_mode)
}

/// The average under every window; `input` is `(N, C, L)` or `(C, L)`.
///
/// Args:
///     kernel_size, stride, padding: an integer, or one for each axis; `stride` defaults to `kernel_size`.
///     ceil_mode: whether a last window may hang over the end.
///     count_include_pad: whether padding counts as elements.
///
/// Raises:
///     RuntimeError: where rank, sizes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, kernel_size, stride=None, padding=None, ceil_mode=false, count_include_pad=true),
       text_signature = "(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)")]
fn avg_pool1d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    kernel_size: IntList,
    stride: Option<IntList>,
    padding: Option<IntList>,
    ceil_mode: bool,
    count_include_pad: bool,
) -> PyResult<Out> {
    average(py, 1, input, (kernel_size, stride, padding), ceil_mode, (count_include_pad, None))
}

/// The maxima under `output_size` windows that cover each axis, and their indices into the flat plane.
///
/// Raises:
///     RuntimeError: where rank or sizes do not fit.
#[pyfunction]
fn adaptive_max_pool1d(py: Python<'_>, input: &Bound<'_, PyTensor>, output_size: IntList) -> PyResult<(Out, Out)> {
    adaptive_max(py, 1, input, output_size)
}

/// The averages under `output_size` windows that cover each axis.
///
/// Raises:
///     RuntimeError: where rank or sizes do not fit.
#[pyfunction]
fn adaptive_avg_pool1d(py: Python<'_>, input: &Bound<'_, PyTensor>, output_size: IntList) -> PyResult<Out> {
    adaptive_average(py, 1, input, output_size)
}

/// The maximum under every window; `input` is `(N, C, H, W)` or `(C, H, W)`.
///
/// Args:
///     kernel_size, stride, padding, dilation: an integer, or one for each axis; `stride` defaults to `kernel_size`.
///     ceil_mode: whether a last window may hang over the end.
///
/// Raises:
///     RuntimeError: where rank, sizes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, kernel_size, stride=None, padding=None, dilation=None, ceil_mode=false),
       text_signature = "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False)")]
fn max_pool2d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    kernel_size: IntList,
    stride: Option<IntList>,
    padding: Option<IntList>,
    dilation: Option<IntList>,
    ceil_mode: bool,
) -> PyResult<Out> {
    max(py, 2, input, (kernel_size, stride), (padding, dilation), ceil_mode).map(|(maxima, _)| maxima)
}

/// The maximum under every window and its index into the flat plane; `input` is `(N, C, H, W)` or `(C, H, W)`.
///
/// Args:
///     kernel_size, stride, padding, dilation: an integer, or one for each axis; `stride` defaults to `kernel_size`.
///     ceil_mode: whether a last window may hang over the end.
///
/// Raises:
///     RuntimeError: where rank, sizes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, kernel_size, stride=None, padding=None, dilation=None, ceil_mode=false),
       text_signature = "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False)")]
fn max_pool2d_with_indices(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    kernel_size: IntList,
    stride: Option<IntList>,
    padding: Option<IntList>,
    dilation: Option<IntList>,
    ceil_mode: bool,
) -> PyResult<(Out, Out)> {
    max(py, 2, input, (kernel_size, stride), (padding, dilation), ceil_mode)
}

/// The average under every window; `input` is `(N, C, H, W)` or `(C, H, W)`.
///
/// Args:
///     kernel_size, stride, padding: an integer, or one for each axis; `stride` defaults to `kernel_size`.
///     ceil_mode: whether a last window may hang over the end.
///     count_include_pad: whether padding counts as elements.
///     divisor_override: what sums are divided by instead.
///
/// Raises:
///     RuntimeError: where rank, sizes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, kernel_size, stride=None, padding=None, ceil_mode=false, count_include_pad=true, divisor_override=None),
       text_signature = "(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)")]
fn avg_pool2d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    kernel_size: IntList,
    stride: Option<IntList>,
    padding: Option<IntList>,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: Option<i64>,
) -> PyResult<Out> {
    average(py, 2, input, (kernel_size, stride, padding), ceil_mode, (count_include_pad, divisor_override))
}

/// The maxima under `output_size` windows that cover each axis, and their indices into the flat plane.
///
/// Raises:
///     RuntimeError: where rank or sizes do not fit.
#[pyfunction]
fn adaptive_max_pool2d(py: Python<'_>, input: &Bound<'_, PyTensor>, output_size: IntList) -> PyResult<(Out, Out)> {
    adaptive_max(py, 2, input, output_size)
}

/// The averages under `output_size` windows that cover each axis.
///
/// Raises:
///     RuntimeError: where rank or sizes do not fit.
#[pyfunction]
fn adaptive_avg_pool2d(py: Python<'_>, input: &Bound<'_, PyTensor>, output_size: IntList) -> PyResult<Out> {
    adaptive_average(py, 2, input, output_size)
}

/// The maximum under every window; `input` is `(N, C, D, H, W)` or `(C, D, H, W)`.
///
/// Args:
///     kernel_size, stride, padding, dilation: an integer, or one for each axis; `stride` defaults to `kernel_size`.
///     ceil_mode: whether a last window may hang over the end.
///
/// Raises:
///     RuntimeError: where rank, sizes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, kernel_size, stride=None, padding=None, dilation=None, ceil_mode=false),
       text_signature = "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False)")]
fn max_pool3d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    kernel_size: IntList,
    stride: Option<IntList>,
    padding: Option<IntList>,
    dilation: Option<IntList>,
    ceil_mode: bool,
) -> PyResult<Out> {
    max(py, 3, input, (kernel_size, stride), (padding, dilation), ceil_mode).map(|(maxima, _)| maxima)
}

/// The maximum under every window and its index into the flat plane; `input` is `(N, C, D, H, W)` or `(C, D, H, W)`.
///
/// Args:
///     kernel_size, stride, padding, dilation: an integer, or one for each axis; `stride` defaults to `kernel_size`.
///     ceil_mode: whether a last window may hang over the end.
///
/// Raises:
///     RuntimeError: where rank, sizes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, kernel_size, stride=None, padding=None, dilation=None, ceil_mode=false),
       text_signature = "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False)")]
fn max_pool3d_with_indices(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    kernel_size: IntList,
    stride: Option<IntList>,
    padding: Option<IntList>,
    dilation: Option<IntList>,
    ceil_mode: bool,
) -> PyResult<(Out, Out)> {
    max(py, 3, input, (kernel_size, stride), (padding, dilation), ceil_mode)
}

/// The average under every window; `input` is `(N, C, D, H, W)` or `(C, D, H, W)`.
///
/// Args:
///     kernel_size, stride, padding: an integer, or one for each axis; `stride` defaults to `kernel_size`.
///     ceil_mode: whether a last window may hang over the end.
///     count_include_pad: whether padding counts as elements.
///     divisor_override: what sums are divided by instead.
///
/// Raises:
///     RuntimeError: where rank, sizes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, kernel_size, stride=None, padding=None, ceil_mode=false, count_include_pad=true, divisor_override=None),
       text_signature = "(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)")]
fn avg_pool3d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    kernel_size: IntList,
    stride: Option<IntList>,
    padding: Option<IntList>,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: Option<i64>,
) -> PyResult<Out> {
    average(py, 3, input, (kernel_size, stride, padding), ceil_mode, (count_include_pad, divisor_override))
}

/// The maxima under `output_size` windows that cover each axis, and their indices into the flat plane.
///
/// Raises:
///     RuntimeError: where rank or sizes do not fit.
#[pyfunction]
fn adaptive_max_pool3d(py: Python<'_>, input: &Bound<'_, PyTensor>, output_size: IntList) -> PyResult<(Out, Out)> {
    adaptive_max(py, 3, input, output_size)
}

/// The averages under `output_size` windows that cover each axis.
///
/// Raises:
///     RuntimeError: where rank or sizes do not fit.
#[pyfunction]
fn adaptive_avg_pool3d(py: Python<'_>, input: &Bound<'_, PyTensor>, output_size: IntList) -> PyResult<Out> {
    adaptive_average(py, 3, input, output_size)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(max_pool1d, m)?)?;
    m.add_function(wrap_pyfunction!(max_pool1d_with_indices, m)?)?;
    m.add_function(wrap_pyfunction!(avg_pool1d, m)?)?;
    m.add_function(wrap_pyfunction!(adaptive_max_pool1d, m)?)?;
    m.add_function(wrap_pyfunction!(adaptive_avg_pool1d, m)?)?;
    m.add_function(wrap_pyfunction!(max_pool2d, m)?)?;
    m.add_function(wrap_pyfunction!(max_pool2d_with_indices, m)?)?;
    m.add_function(wrap_pyfunction!(avg_pool2d, m)?)?;
    m.add_function(wrap_pyfunction!(adaptive_max_pool2d, m)?)?;
    m.add_function(wrap_pyfunction!(adaptive_avg_pool2d, m)?)?;
    m.add_function(wrap_pyfunction!(max_pool3d, m)?)?;
    m.add_function(wrap_pyfunction!(max_pool3d_with_indices, m)?)?;
    m.add_function(wrap_pyfunction!(avg_pool3d, m)?)?;
    m.add_function(wrap_pyfunction!(adaptive_max_pool3d, m)?)?;
    m.add_function(wrap_pyfunction!(adaptive_avg_pool3d, m)?)?;
    m.add_function(wrap_pyfunction!(fractional_max_pool, m)?)?;
    Ok(())
}
