//! Activations, in the forms of `nn.functional`.

use crate::error::Result;
use crate::ops::activation as ops;
use crate::ops::unary::{self, Unary, apply_unary, apply_unary_};
use crate::python::gil::without_gil;
use crate::python::random::{PyGenerator, source};
use crate::python::tensor::{Out, PyTensor, wrap};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

/// `function(input)`, written into the input and returned where `inplace`.
fn run<'py>(input: &Bound<'py, PyTensor>, inplace: bool, function: Unary) -> PyResult<Bound<'py, PyTensor>> {
    let (py, x) = (input.py(), &input.get().tensor);
    if inplace {
        without_gil(py, x.numel(), || apply_unary_(function, x))?;
        return Ok(input.clone());
    }
    wrap(py, without_gil(py, x.numel(), || apply_unary(function, x))?)
}

type Same<'py> = PyResult<Bound<'py, PyTensor>>;

/// `input` limited to the range from 0 to 6. See `rsnn.nn.ReLU6`.
#[pyfunction]
#[pyo3(signature = (input, inplace=false))]
fn relu6<'py>(input: &Bound<'py, PyTensor>, inplace: bool) -> Same<'py> {
    run(input, inplace, Unary::Hardtanh { low: 0.0, high: 6.0 })
}

/// `input` limited to the range from `min_val` to `max_val`. See `rsnn.nn.Hardtanh`.
///
/// Raises:
///     ValueError: if `min_val` exceeds `max_val`.
///     RuntimeError: for `bool`, and for unsigned integers with negative limits.
#[pyfunction]
#[pyo3(signature = (input, min_val=-1.0, max_val=1.0, inplace=false), text_signature = "(input, min_val=-1.0, max_val=1.0, inplace=False)")]
fn hardtanh<'py>(input: &Bound<'py, PyTensor>, min_val: f64, max_val: f64, inplace: bool) -> Same<'py> {
    if min_val > max_val {
        return Err(PyValueError::new_err("min_val cannot be greater than max_val"));
    }
    run(input, inplace, Unary::Hardtanh { low: min_val, high: max_val })
}

/// `input` where it is positive, `negative_slope * input` elsewhere. See `rsnn.nn.LeakyReLU`.
#[pyfunction]
#[pyo3(signature = (input, negative_slope=0.01, inplace=false))]
fn leaky_relu<'py>(input: &Bound<'py, PyTensor>, negative_slope: f64, inplace: bool) -> Same<'py> {
    let function = match inplace {
        true => unary::leaky_relu_inplace(negative_slope),
        false => Unary::LeakyRelu { slope: negative_slope },
    };
    run(input, inplace, function)
}

/// `input` where it is positive, `alpha * (exp(input) - 1)` elsewhere. See `rsnn.nn.ELU`.
#[pyfunction]
#[pyo3(signature = (input, alpha=1.0, inplace=false))]
fn elu<'py>(input: &Bound<'py, PyTensor>, alpha: f64, inplace: bool) -> Same<'py> {
    run(input, inplace, unary::elu(alpha))
}

/// `input` where it is positive, `alpha * (exp(input / alpha) - 1)` elsewhere. See `rsnn.nn.CELU`.
///
/// Raises:
///     RuntimeError: if `alpha` is 0.
#[pyfunction]
#[pyo3(signature = (input, alpha=1.0, inplace=false))]
fn celu<'py>(input: &Bound<'py, PyTensor>, alpha: f64, inplace: bool) -> Same<'py> {
    run(input, inplace, unary::celu(alpha)?)
}

/// The self-normalising exponential unit. See `rsnn.nn.SELU`.
#[pyfunction]
#[pyo3(signature = (input, inplace=false))]
fn selu<'py>(input: &Bound<'py, PyTensor>, inplace: bool) -> Same<'py> {
    run(input, inplace, unary::SELU)
}

/// `input` times the share of a normal distribution below it. See `rsnn.nn.GELU`.
///
/// Args:
///     approximate: `"none"`, or `"tanh"` for an approximation with a hyperbolic tangent.
///
/// Raises:
///     RuntimeError: for another `approximate`.
///
/// Example:
///     >>> rsnn.nn.functional.gelu(rsnn.tensor([-1.0, 0.0, 1.0]))
///     tensor([-0.1587,  0.0000,  0.8413])
#[pyfunction]
#[pyo3(signature = (input, *, approximate="none"))]
fn gelu<'py>(input: &Bound<'py, PyTensor>, approximate: &str) -> Same<'py> {
    let function = match approximate {
        "none" => Unary::Gelu,
        "tanh" => Unary::GeluTanh,
        _ => return Err(PyRuntimeError::new_err("approximate argument must be either none or tanh.")),
    };
    run(input, false, function)
}

/// `input * sigmoid(input)`. See `rsnn.nn.SiLU`.
#[pyfunction]
#[pyo3(signature = (input, inplace=false))]
fn silu<'py>(input: &Bound<'py, PyTensor>, inplace: bool) -> Same<'py> {
    run(input, inplace, Unary::Silu)
}

/// `input * tanh(softplus(input))`. See `rsnn.nn.Mish`.
#[pyfunction]
#[pyo3(signature = (input, inplace=false))]
fn mish<'py>(input: &Bound<'py, PyTensor>, inplace: bool) -> Same<'py> {
    run(input, inplace, Unary::Mish)
}

/// `log(1 + exp(beta * input)) / beta`; `input` itself where `beta * input` exceeds `threshold`. See `rsnn.nn.Softplus`.
#[pyfunction]
#[pyo3(signature = (input, beta=1.0, threshold=20.0))]
fn softplus<'py>(input: &Bound<'py, PyTensor>, beta: f64, threshold: f64) -> Same<'py> {
    run(input, false, Unary::Softplus { beta, threshold })
}

/// `input` moved by `lambd` towards 0, and 0 in between. See `rsnn.nn.Softshrink`.
///
/// Raises:
///     RuntimeError: if `lambd` is negative.
#[pyfunction]
#[pyo3(signature = (input, lambd=0.5))]
fn softshrink<'py>(input: &Bound<'py, PyTensor>, lambd: f64) -> Same<'py> {
    run(input, false, unary::softshrink(lambd, input.get().tensor.dtype())?)
}

/// `input - tanh(input)`.
#[pyfunction]
fn tanhshrink<'py>(input: &Bound<'py, PyTensor>) -> Same<'py> {
    run(input, false, Unary::Tanhshrink)
}

/// `input / (1 + abs(input))`.
#[pyfunction]
fn softsign<'py>(input: &Bound<'py, PyTensor>) -> Same<'py> {
    run(input, false, Unary::Softsign)
}

/// `log(sigmoid(input))`, without overflow. See `rsnn.nn.LogSigmoid`.
#[pyfunction]
fn logsigmoid<'py>(input: &Bound<'py, PyTensor>) -> Same<'py> {
    run(input, false, Unary::LogSigmoid)
}

/// `(input + 3) / 6` limited to the range from 0 to 1. See `rsnn.nn.Hardsigmoid`.
#[pyfunction]
#[pyo3(signature = (input, inplace=false))]
fn hardsigmoid<'py>(input: &Bound<'py, PyTensor>, inplace: bool) -> Same<'py> {
    run(input, inplace, Unary::Hardsigmoid)
}

/// `input * hardsigmoid(input)`. See `rsnn.nn.Hardswish`.
#[pyfunction]
#[pyo3(signature = (input, inplace=false))]
fn hardswish<'py>(input: &Bound<'py, PyTensor>, inplace: bool) -> Same<'py> {
    run(input, inplace, Unary::Hardswish)
}

/// `input` where it exceeds `threshold`, `value` elsewhere. See `rsnn.nn.Threshold`.
#[pyfunction]
#[pyo3(signature = (input, threshold, value, inplace=false))]
fn threshold<'py>(input: &Bound<'py, PyTensor>, threshold: f64, value: f64, inplace: bool) -> Same<'py> {
    run(input, inplace, Unary::Threshold { threshold, value })
}

/// `a * sigmoid(b)` for the halves `a` and `b` of the input along `dim`. See `rsnn.nn.GLU`.
///
/// Raises:
///     RuntimeError: if the axis has an odd size, or the input no axes.
#[pyfunction]
#[pyo3(signature = (input, dim=-1), text_signature = "(input, dim=-1)")]
fn glu(input: &Bound<'_, PyTensor>, dim: isize) -> PyResult<Out> {
    let x = &input.get().tensor;
    without_gil(input.py(), x.numel(), || ops::glu(x, dim)).map(Out)
}

/// `input` where it is positive, elsewhere `input` times a slope drawn from `lower` to `upper` (in training), or times
/// the middle of that range. See `rsnn.nn.RReLU`.
///
/// Raises:
///     RuntimeError: if `lower` exceeds `upper`.
#[pyfunction]
#[pyo3(signature = (input, lower=0.125, upper=0.333_333_333_333_333_3, training=false, inplace=false, *, generator=None))]
fn rrelu<'py>(
    input: &Bound<'py, PyTensor>,
    lower: f64,
    upper: f64,
    training: bool,
    inplace: bool,
    generator: Option<&Bound<'py, PyGenerator>>,
) -> Same<'py> {
    let (py, x, generator) = (input.py(), &input.get().tensor, source(generator));
    let range = [lower, upper];
    if inplace {
        without_gil(py, x.numel(), || ops::rrelu_(x, range, training, generator.as_ref()))?;
        return Ok(input.clone());
    }
    wrap(py, without_gil(py, x.numel(), || -> Result<_> { ops::rrelu(x, range, training, generator.as_ref()) })?)
}

#[pymethods]
impl PyTensor {
    /// `self` where it is positive, `weight * self` elsewhere, with one weight or one for each channel (the second axis).
    ///
    /// Raises:
    ///     RuntimeError: for several weights but not as many as channels, and for another dtype than that of `self`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([-1.0, 2.0]).prelu(rsnn.tensor([0.5]))
    ///     tensor([-0.5000,  2.0000])
    fn prelu(slf: &Bound<'_, Self>, weight: &Bound<'_, PyTensor>) -> PyResult<Out> {
        let (x, weight) = (&slf.get().tensor, &weight.get().tensor);
        without_gil(slf.py(), x.numel(), || ops::prelu(x, weight)).map(Out)
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(relu6, m)?)?;
    m.add_function(wrap_pyfunction!(hardtanh, m)?)?;
    m.add_function(wrap_pyfunction!(leaky_relu, m)?)?;
    m.add_function(wrap_pyfunction!(elu, m)?)?;
    m.add_function(wrap_pyfunction!(celu, m)?)?;
    m.add_function(wrap_pyfunction!(selu, m)?)?;
    m.add_function(wrap_pyfunction!(gelu, m)?)?;
    m.add_function(wrap_pyfunction!(silu, m)?)?;
    m.add_function(wrap_pyfunction!(mish, m)?)?;
    m.add_function(wrap_pyfunction!(softplus, m)?)?;
    m.add_function(wrap_pyfunction!(softshrink, m)?)?;
    m.add_function(wrap_pyfunction!(tanhshrink, m)?)?;
    m.add_function(wrap_pyfunction!(softsign, m)?)?;
    m.add_function(wrap_pyfunction!(logsigmoid, m)?)?;
    m.add_function(wrap_pyfunction!(hardsigmoid, m)?)?;
    m.add_function(wrap_pyfunction!(hardswish, m)?)?;
    m.add_function(wrap_pyfunction!(threshold, m)?)?;
    m.add_function(wrap_pyfunction!(glu, m)?)?;
    m.add_function(wrap_pyfunction!(rrelu, m)?)
}
