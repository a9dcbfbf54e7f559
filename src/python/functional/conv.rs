//! `conv1d`, `conv2d`, `conv3d` and their transposed forms.

use crate::ops::conv::{self, Options, Padding};
use crate::python::arguments::{IntList, Ints};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// `padding=`: an integer, a list of them, `"valid"` or `"same"`.
enum PaddingArg {
    Numbers(Ints),
    Same,
}

impl<'a, 'py> FromPyObject<'a, 'py> for PaddingArg {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let Ok(word) = obj.cast::<PyString>() else { return Ok(PaddingArg::Numbers(obj.extract::<IntList>()?.0)) };
        match word.to_str()? {
            "same" => Ok(PaddingArg::Same),
            "valid" => Ok(PaddingArg::Numbers(smallvec::smallvec![0])),
            other => Err(PyRuntimeError::new_err(format!(
                "convolution: expected padding to be 'valid', 'same', an int or a list of ints, got '{other}'"
            ))),
        }
    }
}

/// An integer or a list of them, with a default.
fn ints(argument: Option<IntList>, default: isize) -> Ints {
    argument.map_or_else(|| smallvec::smallvec![default], |list| list.0)
}

/// The arguments that all forms share.
struct Arguments<'a, 'py> {
    input: &'a Bound<'py, PyTensor>,
    weight: &'a Bound<'py, PyTensor>,
    bias: Option<&'a Bound<'py, PyTensor>>,
    stride: Option<IntList>,
    padding: Option<PaddingArg>,
    dilation: Option<IntList>,
    groups: isize,
    /// Given for a transposed convolution.
    output_padding: Option<Ints>,
}

impl Arguments<'_, '_> {
    fn run(self, py: Python<'_>, rank: usize) -> PyResult<Out> {
        let (x, w) = (&self.input.get().tensor, &self.weight.get().tensor);
        let bias = self.bias.map(|bias| &bias.get().tensor);
        let (stride, dilation) = (ints(self.stride, 1), ints(self.dilation, 1));
        let padding = self.padding.unwrap_or(PaddingArg::Numbers(smallvec::smallvec![0]));
        let padding = match &padding {
            PaddingArg::Same => Padding::Same,
            PaddingArg::Numbers(numbers) => Padding::Symmetric(numbers),
        };
        let options = Options { stride: &stride, padding, dilation: &dilation, groups: self.groups };
        let work = x.numel().saturating_mul(w.numel());
        without_gil(py, work, || match &self.output_padding {
            Some(extra) => conv::conv_transpose(rank, x, w, bias, options, extra),
            None => conv::conv(rank, x, w, bias, options),
        })
        .map(Out)
    }
}

/// `y[o] = bias[o] + sum over c of weight[o, c] * input[c]`, where `*` is cross-correlation along one axis.
///
/// Args:
///     input: `(N, C, L)` or `(C, L)`.
///     weight: `(O, C / groups, K)`.
///     bias: `(O)`, or `None`.
///     stride: elements from one position to the next.
///     padding: zeros on both sides, or `"valid"` (none), or `"same"` (as many as keep the length, at stride 1).
///     dilation: elements from one tap to the next.
///     groups: groups of channels that know nothing of each other.
///
/// Raises:
///     RuntimeError: where ranks, sizes, dtypes or attributes do not fit.
///
/// Example:
///     >>> rsnn.conv1d(rsnn.ones(1, 1, 4), rsnn.ones(1, 1, 2))
///     tensor([[[2., 2., 2.]]])
#[pyfunction]
#[pyo3(signature = (input, weight, bias=None, stride=None, padding=None, dilation=None, groups=1),
       text_signature = "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)")]
fn conv1d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    weight: &Bound<'_, PyTensor>,
    bias: Option<&Bound<'_, PyTensor>>,
    stride: Option<IntList>,
    padding: Option<PaddingArg>,
    dilation: Option<IntList>,
    groups: isize,
) -> PyResult<Out> {
    Arguments { input, weight, bias, stride, padding, dilation, groups, output_padding: None }.run(py, 1)
}

/// The form of `conv1d` over two axes: `input` is `(N, C, H, W)` or `(C, H, W)`, `weight` is `(O, C / groups, KH, KW)`; `stride`,
/// `padding` and `dilation` are one number or a pair.
///
/// Raises:
///     RuntimeError: where ranks, sizes, dtypes or attributes do not fit.
///
/// Example:
///     >>> rsnn.conv2d(rsnn.ones(1, 1, 3, 3), rsnn.ones(1, 1, 2, 2))
///     tensor([[[[4., 4.],
///               [4., 4.]]]])
#[pyfunction]
#[pyo3(signature = (input, weight, bias=None, stride=None, padding=None, dilation=None, groups=1),
       text_signature = "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)")]
fn conv2d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    weight: &Bound<'_, PyTensor>,
    bias: Option<&Bound<'_, PyTensor>>,
    stride: Option<IntList>,
    padding: Option<PaddingArg>,
    dilation: Option<IntList>,
    groups: isize,
) -> PyResult<Out> {
    Arguments { input, weight, bias, stride, padding, dilation, groups, output_padding: None }.run(py, 2)
}

/// The form of `conv1d` over three axes: `input` is `(N, C, D, H, W)` or `(C, D, H, W)`, `weight` is
/// `(O, C / groups, KD, KH, KW)`; `stride`, `padding` and `dilation` are one number or three.
///
/// Raises:
///     RuntimeError: where ranks, sizes, dtypes or attributes do not fit.
///
/// Example:
///     >>> rsnn.conv3d(rsnn.ones(1, 1, 2, 2, 2), rsnn.ones(1, 1, 2, 2, 2)).item()
///     8.0
#[pyfunction]
#[pyo3(signature = (input, weight, bias=None, stride=None, padding=None, dilation=None, groups=1),
       text_signature = "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)")]
fn conv3d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    weight: &Bound<'_, PyTensor>,
    bias: Option<&Bound<'_, PyTensor>>,
    stride: Option<IntList>,
    padding: Option<PaddingArg>,
    dilation: Option<IntList>,
    groups: isize,
) -> PyResult<Out> {
    Arguments { input, weight, bias, stride, padding, dilation, groups, output_padding: None }.run(py, 3)
}

/// The gradient of `conv1d` with respect to its input, as a function of its own: every element of `input` adds a multiple of the
/// kernel to the output.
///
/// Args:
///     input: `(N, C, L)` or `(C, L)`.
///     weight: `(C, O / groups, K)`.
///     bias: `(O)`, or `None`.
///     stride: elements of the output from one kernel to the next.
///     padding: elements taken off both sides of the output.
///     output_padding: elements added to one side of the output.
///     groups: groups of channels that know nothing of each other.
///     dilation: elements from one tap to the next.
///
/// Raises:
///     RuntimeError: where ranks, sizes, dtypes or attributes do not fit.
///
/// Example:
///     >>> rsnn.conv_transpose1d(rsnn.ones(1, 1, 2), rsnn.ones(1, 1, 2))
///     tensor([[[1., 2., 1.]]])
#[pyfunction]
#[pyo3(signature = (input, weight, bias=None, stride=None, padding=None, output_padding=None, groups=1, dilation=None),
       text_signature = "(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)")]
fn conv_transpose1d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    weight: &Bound<'_, PyTensor>,
    bias: Option<&Bound<'_, PyTensor>>,
    stride: Option<IntList>,
    padding: Option<IntList>,
    output_padding: Option<IntList>,
    groups: isize,
    dilation: Option<IntList>,
) -> PyResult<Out> {
    let padding = padding.map(|list| PaddingArg::Numbers(list.0));
    let output_padding = Some(ints(output_padding, 0));
    Arguments { input, weight, bias, stride, padding, dilation, groups, output_padding }.run(py, 1)
}

/// The form of `conv_transpose1d` over two axes.
///
/// Raises:
///     RuntimeError: where ranks, sizes, dtypes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, weight, bias=None, stride=None, padding=None, output_padding=None, groups=1, dilation=None),
       text_signature = "(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)")]
fn conv_transpose2d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    weight: &Bound<'_, PyTensor>,
    bias: Option<&Bound<'_, PyTensor>>,
    stride: Option<IntList>,
    padding: Option<IntList>,
    output_padding: Option<IntList>,
    groups: isize,
    dilation: Option<IntList>,
) -> PyResult<Out> {
    let padding = padding.map(|list| PaddingArg::Numbers(list.0));
    let output_padding = Some(ints(output_padding, 0));
    Arguments { input, weight, bias, stride, padding, dilation, groups, output_padding }.run(py, 2)
}

/// The form of `conv_transpose1d` over three axes.
///
/// Raises:
///     RuntimeError: where ranks, sizes, dtypes or attributes do not fit.
#[pyfunction]
#[pyo3(signature = (input, weight, bias=None, stride=None, padding=None, output_padding=None, groups=1, dilation=None),
       text_signature = "(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)")]
fn conv_transpose3d(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    weight: &Bound<'_, PyTensor>,
    bias: Option<&Bound<'_, PyTensor>>,
    stride: Option<IntList>,
    padding: Option<IntList>,
    output_padding: Option<IntList>,
    groups: isize,
    dilation: Option<IntList>,
) -> PyResult<Out> {
    let padding = padding.map(|list| PaddingArg::Numbers(list.0));
    let output_padding = Some(ints(output_padding, 0));
    Arguments { input, weight, bias, stride, padding, dilation, groups, output_padding }.run(py, 3)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(conv1d, m)?)?;
    m.add_function(wrap_pyfunction!(conv2d, m)?)?;
    m.add_function(wrap_pyfunction!(conv3d, m)?)?;
    m.add_function(wrap_pyfunction!(conv_transpose1d, m)?)?;
    m.add_function(wrap_pyfunction!(conv_transpose2d, m)?)?;
    m.add_function(wrap_pyfunction!(conv_transpose3d, m)?)
}
