//! `rand`, `randn`, `randint`, `randperm`, `normal` and the `_like` forms.

use super::generator::{PyGenerator, source};
use crate::array::DType;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::random::{self, Distribution, Parameter};
use crate::python::arguments::{IntList, sizes};
use crate::python::factory::{Factory, Takes};
use crate::python::gil::without_gil;
use crate::python::tensor::PyTensor;
use crate::random::SharedGenerator;
use crate::shape::{Layout, numel};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

type Keywords<'a, 'py> = &'a Bound<'py, PyDict>;
type New<'py> = PyResult<Bound<'py, PyTensor>>;

/// A 64-bit integer argument.
pub fn integer(op: &str, x: &Bound<'_, PyAny>) -> PyResult<i64> {
    x.extract::<i64>().map_err(|error| {
        if error.is_instance_of::<PyOverflowError>(x.py()) {
            return PyValueError::new_err(format!("{op}(): {x} does not fit int64: Overflow when unpacking long long"));
        }
        error
    })
}

/// Warns that a float dtype does not hold every integer of a range.
pub fn warn_inexact(py: Python<'_>, dtype: DType, from: i64, to: i64) -> PyResult<()> {
    let digits = match dtype {
        DType::F16 => 11,
        DType::BF16 => 8,
        DType::F32 => 24,
        DType::F64 => 53,
        _ => return Ok(()),
    };
    let exact = 1i64 << digits;
    for (name, value) in [("from", from), ("to - 1", to.saturating_sub(1))] {
        if !(-exact..=exact).contains(&value) {
            let text = format!(
                "{name} is out of bounds [-(2^{digits}), 2^{digits}]: {} does not hold every integer beyond them",
                dtype.name()
            );
            PyErr::warn(py, &py.get_type::<PyUserWarning>(), &std::ffi::CString::new(text)?, 1)?;
        }
    }
    Ok(())
}

/// The generator among the options of a factory.
fn generator(options: &Factory<'_>) -> PyResult<Option<SharedGenerator>> {
    match options.named("generator") {
        None => Ok(None),
        Some(value) if value.is_none() => Ok(None),
        Some(value) => match value.cast::<PyGenerator>() {
            Ok(generator) => Ok(source(Some(generator))),
            Err(_) => options.mistaken("generator", value, "rsnn.Generator"),
        },
    }
}

/// The common part of `rand` and `randn`.
fn floats<'py>(
    py: Python<'py>,
    op: &'static str,
    size: &Bound<'py, PyTuple>,
    options: Option<Keywords<'_, 'py>>,
    make: fn(&[usize], DType, Option<&SharedGenerator>) -> Result<Tensor>,
) -> New<'py> {
    let options = Factory::parse(op, Takes::Out, &["size", "generator"], options)?;
    let (shape, dtype, generator) = (options.size(size)?, options.float(), generator(&options)?);
    let tensor = without_gil(py, numel(&shape), || make(&shape, dtype, generator.as_ref()))?;
    options.finish_tensor(py, tensor)
}

/// A tensor of uniform random numbers of `[0, 1)`.
///
/// Args:
///     size: the sizes, one by one or as one sequence.
///     generator: where the numbers come from; `None` for the default generator.
///     out, dtype, layout, device, requires_grad, pin_memory: as for `rsnn.zeros`.
///
/// Raises:
///     NotImplementedError: for a dtype that is not floating-point.
///
/// Example:
///     >>> rsnn.rand(2, 3).shape
///     rsnn.Size([2, 3])
#[pyfunction]
#[pyo3(
    signature = (*size, **options),
    text_signature = "(*size, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, \
                      pin_memory=False)"
)]
fn rand<'py>(py: Python<'py>, size: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    floats(py, "rand", size, options, random::rand)
}

/// A tensor of normal random numbers of mean 0 and standard deviation 1. Arguments and errors are those of `rsnn.rand`.
///
/// Example:
///     >>> rsnn.randn(2, 3).shape
///     rsnn.Size([2, 3])
#[pyfunction]
#[pyo3(
    signature = (*size, **options),
    text_signature = "(*size, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, \
                      pin_memory=False)"
)]
fn randn<'py>(py: Python<'py>, size: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    floats(py, "randn", size, options, random::randn)
}

/// `([low,] high)` by position or by name.
fn range<'py>(op: &str, args: &[Bound<'py, PyAny>], options: &Factory<'py>) -> PyResult<(i64, i64)> {
    let (low, high) = match (args, options.named("low"), options.named("high")) {
        ([low, high], None, None) => (Some(low), high),
        ([high], low, None) => (low, high),
        ([low], None, Some(high)) => (Some(low), high),
        ([], low, Some(high)) => (low, high),
        _ => return Err(PyTypeError::new_err(format!("{op}(): expected ([low,] high), by position or by name"))),
    };
    Ok((low.map_or(Ok(0), |low| integer(op, low))?, integer(op, high)?))
}

/// A tensor of random integers `low <= x < high`: `randint([low,] high, size)`.
///
/// Args:
///     low: the least value; 0 if not given.
///     high: the end.
///     size: the sizes, as a sequence.
///     generator: where the numbers come from; `None` for the default generator.
///     dtype: any dtype that holds the range; `int64` if not given.
///     out, layout, device, requires_grad, pin_memory: as for `rsnn.zeros`.
///
/// Raises:
///     RuntimeError: if the range is empty, or the dtype does not hold it.
///
/// Example:
///     >>> rsnn.randint(3, 10, (2, 2)).dtype
///     rsnn.int64
#[pyfunction]
#[pyo3(
    signature = (*args, **options),
    text_signature = "(*args, low=0, high=None, size=None, generator=None, out=None, dtype=None, layout=None, \
                      device=None, requires_grad=False, pin_memory=False)"
)]
fn randint<'py>(py: Python<'py>, args: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let options = Factory::parse("randint", Takes::Out, &["low", "high", "size", "generator"], options)?;
    let mut numbers: Vec<_> = args.iter().collect();
    let size = match options.named("size") {
        Some(size) => Some(size.clone()),
        None => numbers.pop().filter(|size| size.try_iter().is_ok()),
    };
    let (low, high) = range("randint", &numbers, &options)?;
    let shape = sizes("randint", &options.required::<IntList>("size", size.as_ref(), "tuple of ints")?.0)?;
    let (dtype, generator) = (options.dtype_or(|| DType::I64), generator(&options)?);
    let tensor = without_gil(py, numel(&shape), || random::randint(low, high, &shape, dtype, generator.as_ref()))?;
    warn_inexact(py, dtype, low, high)?;
    options.finish_tensor(py, tensor)
}

/// The integers `0 .. n - 1` in random order.
///
/// Args:
///     n: how many.
///     generator: where the random numbers come from; `None` for the default generator.
///     dtype: any dtype but `bool` that counts so far; `int64` if not given.
///     out, layout, device, requires_grad, pin_memory: as for `rsnn.zeros`.
///
/// Raises:
///     RuntimeError: for a negative `n`, or one that the dtype does not count to.
///
/// Example:
///     >>> rsnn.randperm(4).sum()
///     tensor(6)
#[pyfunction]
#[pyo3(
    signature = (n, **options),
    text_signature = "(n, *, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, \
                      pin_memory=False)"
)]
fn randperm<'py>(py: Python<'py>, n: &Bound<'py, PyAny>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let options = Factory::parse("randperm", Takes::Out, &["generator"], options)?;
    let n = sizes("randperm", &[integer("randperm", n)? as isize])?[0];
    let (dtype, generator) = (options.dtype_or(|| DType::I64), generator(&options)?);
    let tensor = without_gil(py, n, || random::randperm(n, dtype, generator.as_ref()))?;
    options.finish_tensor(py, tensor)
}

/// A number, or a tensor with a number for each place.
#[derive(FromPyObject)]
pub enum NumberOrTensor<'py> {
    /// A tensor.
    Tensor(Bound<'py, PyTensor>),
    /// A number.
    Number(f64),
}

impl NumberOrTensor<'_> {
    fn parameter(&self) -> Parameter<'_> {
        match self {
            NumberOrTensor::Tensor(tensor) => Parameter::Tensor(&tensor.get().tensor),
            NumberOrTensor::Number(number) => Parameter::Number(*number),
        }
    }
}

/// Normal random numbers `mean + std * z`.
///
/// Args:
///     mean: a number, or a tensor with the mean of each place.
///     std: a number, or a tensor with the standard deviation of each place; not negative.
///     size: the sizes; needed, and allowed, only if both are numbers.
///     generator: where the numbers come from; `None` for the default generator.
///     dtype: a floating-point dtype, if both are numbers; else that of the tensor decides.
///     out, layout, device, requires_grad, pin_memory: as for `rsnn.zeros`.
///
/// Raises:
///     RuntimeError: for a negative `std`, or tensors that cannot be broadcast against each other.
///
/// Example:
///     >>> rsnn.normal(rsnn.tensor([0.0, 100.0]), 0.0)
///     tensor([  0., 100.])
#[pyfunction]
#[pyo3(
    signature = (mean, std=NumberOrTensor::Number(1.0), size=None, **options),
    text_signature = "(mean, std=1.0, size=None, *, generator=None, out=None, dtype=None, layout=None, device=None, \
                      requires_grad=False, pin_memory=False)"
)]
fn normal<'py>(
    py: Python<'py>,
    mean: NumberOrTensor<'py>,
    std: NumberOrTensor<'py>,
    size: Option<IntList>,
    options: Option<Keywords<'_, 'py>>,
) -> New<'py> {
    let options = Factory::parse("normal", Takes::Out, &["generator"], options)?;
    let generator = generator(&options)?;
    let tensor = match (mean.parameter(), std.parameter(), size) {
        (Parameter::Number(mean), Parameter::Number(std), Some(size)) => {
            let (shape, dtype) = (sizes("normal", &size.0)?, options.float());
            let layout = Layout::contiguous(&shape);
            let distribution = Distribution::Normal { mean, std };
            without_gil(py, numel(&shape), || random::random_tensor(layout, dtype, distribution, generator.as_ref()))?
        }
        (mean, std, None) if options.dtype.is_none() => {
            let count = |p: Parameter<'_>| if let Parameter::Tensor(t) = p { t.numel() } else { 0 };
            without_gil(py, count(mean).max(count(std)), || random::normal(mean, std, generator.as_ref()))?
        }
        (_, _, size) => {
            let name = if size.is_some() { "size" } else { "dtype" };
            return Err(PyTypeError::new_err(format!("normal(): {name}= goes only with two numbers as mean and std")));
        }
    };
    options.finish_tensor(py, tensor)
}

/// The common part of the `_like` forms: the sizes and, if it is dense, the order in memory of another tensor.
fn like<'py>(
    py: Python<'py>,
    input: &Bound<'py, PyTensor>,
    options: Factory<'py>,
    distribution: Distribution,
) -> New<'py> {
    let input = &input.get().tensor;
    let layout = if options.contiguous { Layout::contiguous(&input.shape()) } else { input.layout().dense_like() };
    let (dtype, generator) = (options.dtype_or(|| input.dtype()), generator(&options)?);
    let tensor =
        without_gil(py, input.numel(), || random::random_tensor(layout, dtype, distribution, generator.as_ref()))?;
    if let Distribution::Integers { from, to: Some(to) } = distribution {
        warn_inexact(py, dtype, from, to)?;
    }
    options.finish_tensor(py, tensor)
}

/// A tensor like another one of uniform random numbers of `[0, 1)`.
///
/// Args:
///     input: the tensor whose shape, dtype and order of the axes in memory the result takes.
///     generator: where the numbers come from; `None` for the default generator.
///     dtype, layout, device, requires_grad, pin_memory, memory_format: as for `rsnn.zeros_like`.
///
/// Example:
///     >>> rsnn.rand_like(rsnn.zeros(2, 3)).shape
///     rsnn.Size([2, 3])
#[pyfunction]
#[pyo3(
    signature = (input, **options),
    text_signature = "(input, *, generator=None, dtype=None, layout=None, device=None, pin_memory=False, \
                      requires_grad=False, memory_format=None)"
)]
fn rand_like<'py>(py: Python<'py>, input: &Bound<'py, PyTensor>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let options = Factory::parse("rand_like", Takes::Format, &["generator"], options)?;
    like(py, input, options, Distribution::Uniform { from: 0.0, to: 1.0 })
}

/// A tensor like another one of normal random numbers of mean 0 and standard deviation 1. Arguments and errors are those
/// of `rsnn.rand_like`.
#[pyfunction]
#[pyo3(
    signature = (input, **options),
    text_signature = "(input, *, generator=None, dtype=None, layout=None, device=None, pin_memory=False, \
                      requires_grad=False, memory_format=None)"
)]
fn randn_like<'py>(py: Python<'py>, input: &Bound<'py, PyTensor>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let options = Factory::parse("randn_like", Takes::Format, &["generator"], options)?;
    like(py, input, options, Distribution::Normal { mean: 0.0, std: 1.0 })
}

/// A tensor like another one of random integers `low <= x < high`: `randint_like(input, [low,] high)`. Other arguments are
/// those of `rsnn.rand_like`; the dtype is that of `input` unless given.
///
/// Raises:
///     RuntimeError: if the range is empty, or the dtype does not hold it.
#[pyfunction]
#[pyo3(
    signature = (input, *args, **options),
    text_signature = "(input, *args, low=0, high=None, generator=None, dtype=None, layout=None, device=None, \
                      pin_memory=False, requires_grad=False, memory_format=None)"
)]
fn randint_like<'py>(
    py: Python<'py>,
    input: &Bound<'py, PyTensor>,
    args: &Bound<'py, PyTuple>,
    options: Option<Keywords<'_, 'py>>,
) -> New<'py> {
    let options = Factory::parse("randint_like", Takes::Format, &["low", "high", "generator"], options)?;
    let (low, high) = range("randint_like", &args.iter().collect::<Vec<_>>(), &options)?;
    like(py, input, options, Distribution::Integers { from: low, to: Some(high) })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(rand, m)?)?;
    m.add_function(wrap_pyfunction!(randn, m)?)?;
    m.add_function(wrap_pyfunction!(randint, m)?)?;
    m.add_function(wrap_pyfunction!(randperm, m)?)?;
    m.add_function(wrap_pyfunction!(normal, m)?)?;
    m.add_function(wrap_pyfunction!(rand_like, m)?)?;
    m.add_function(wrap_pyfunction!(randn_like, m)?)?;
    m.add_function(wrap_pyfunction!(randint_like, m)?)
}
