//! Factories of ranges and of the unit matrix.

use super::class::PyTensor;
use crate::array::Scalar;
use crate::ops::create as ops;
use crate::python::arguments::extract_int;
use crate::python::factory::{Factory, Takes};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

type Keywords<'a, 'py> = &'a Bound<'py, PyDict>;
type New<'py> = PyResult<Bound<'py, PyTensor>>;

/// `start`, `start + step`, `start + 2 step` and so on, without `end`: `ceil((end - start) / step)` numbers.
///
/// Called as `arange(end)`, `arange(start, end)` or `arange(start, end, step)`.
///
/// Args:
///     start: the first number.
///     end: where to stop.
///     step: the distance of neighbours.
///     dtype: the element type; if not given, `int64` where all three are integers, else the default float type.
///     out, layout, device, pin_memory, requires_grad: as for `rsnn.zeros`.
///
/// Raises:
///     RuntimeError: for a zero step, a step away from `end`, infinite bounds.
///     NotImplementedError: for `bool`.
///
/// Example:
///     >>> rsnn.arange(1, 2.5, 0.5)
///     tensor([1.0000, 1.5000, 2.0000])
#[pyfunction]
#[pyo3(
    signature = (*args, **options),
    text_signature = "(start=0, end, step=1, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, \
                      requires_grad=False)"
)]
fn arange<'py>(py: Python<'py>, args: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    // A lone positional argument is the end, unless that is given by name.
    let alone = args.len() == 1 && !options.map_or(Ok(false), |o| o.contains("end"))?;
    let names: &[&str] = if alone { &["end", "start", "step"] } else { &["start", "end", "step"] };
    let options = Factory::parse("arange", Takes::Out, names, options)?;
    if args.len() > 3 {
        return Err(PyTypeError::new_err(format!(
            "arange() received an invalid combination of arguments: expected (end), (start, end) or (start, end, step), got \
             {} numbers",
            args.len()
        )));
    }
    let values = options.take(args, names)?;
    let of = |name: &str| values[names.iter().position(|n| *n == name).expect("listed")].as_ref();
    let (start, end, step) = (of("start"), of("end"), of("step"));
    let number = |name: &str, value: Option<&Bound<'py, PyAny>>, default: i64| match value {
        Some(value) => options.required::<Scalar>(name, Some(value), "Number"),
        None => Ok(Scalar::Int(default)),
    };
    let (start, step) = (number("start", start, 0)?, number("step", step, 1)?);
    let end: Scalar = options.required("end", end, "Number")?;
    let array = ops::arange(start, end, step, options.dtype)?;
    options.finish(py, array)
}

/// `steps` evenly spaced numbers from `start` to `end`, both included.
///
/// Args:
///     start: the first number, or a tensor of one element.
///     end: the last number, or a tensor of one element.
///     steps: how many.
///     dtype: the element type; the default float type if not given.
///     out, layout, device, pin_memory, requires_grad: as for `rsnn.zeros`.
///
/// Raises:
///     RuntimeError: for negative `steps`.
///     NotImplementedError: for `bool`.
///
/// Example:
///     >>> rsnn.linspace(0, 1, 5)
///     tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
#[pyfunction]
#[pyo3(
    signature = (*args, **options),
    text_signature = "(start, end, steps, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, \
                      requires_grad=False)"
)]
fn linspace<'py>(py: Python<'py>, args: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let names = ["start", "end", "steps"];
    let options = Factory::parse("linspace", Takes::Out, &names, options)?;
    let values = options.take(args, &names)?;
    let (start, end, steps) = bounds(&options, &values)?;
    let array = ops::linspace(start, end, steps, options.float())?;
    options.finish(py, array)
}

fn bounds<'py>(options: &Factory<'py>, values: &[Option<Bound<'py, PyAny>>]) -> PyResult<(Scalar, Scalar, i64)> {
    Ok((
        options.required("start", values[0].as_ref(), "Number")?,
        options.required("end", values[1].as_ref(), "Number")?,
        options.required::<Int>("steps", values[2].as_ref(), "int")?.0,
    ))
}

/// An integer, or an integer tensor of one element.
struct Int(i64);

impl<'a, 'py> FromPyObject<'a, 'py> for Int {
    type Error = PyErr;
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Int(extract_int(&obj)? as i64))
    }
}

/// `base` to the power of `steps` evenly spaced numbers from `start` to `end`.
///
/// Args:
///     start: the first exponent.
///     end: the last exponent.
///     steps: how many.
///     base: the base.
///     dtype: the element type; the default float type if not given.
///     out, layout, device, pin_memory, requires_grad: as for `rsnn.zeros`.
///
/// Raises:
///     RuntimeError: for negative `steps`.
///     NotImplementedError: for `bool`.
///
/// Example:
///     >>> rsnn.logspace(0, 2, 3)
///     tensor([  1.,  10., 100.])
#[pyfunction]
#[pyo3(
    signature = (*args, **options),
    text_signature = "(start, end, steps, base=10.0, *, out=None, dtype=None, layout=None, device=None, \
                      pin_memory=False, requires_grad=False)"
)]
fn logspace<'py>(py: Python<'py>, args: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let names = ["start", "end", "steps", "base"];
    let options = Factory::parse("logspace", Takes::Out, &names, options)?;
    let values = options.take(args, &names)?;
    let (start, end, steps) = bounds(&options, &values)?;
    let base = match values[3].as_ref() {
        Some(base) => options.required::<Scalar>("base", Some(base), "float")?.to_f64(),
        None => 10.0,
    };
    let array = ops::logspace(start, end, steps, base, options.float())?;
    options.finish(py, array)
}

/// A matrix with ones on the diagonal and zeros elsewhere.
///
/// Args:
///     n: the number of rows.
///     m: the number of columns; `n` if not given.
///     out, dtype, layout, device, pin_memory, requires_grad: as for `rsnn.zeros`.
///
/// Raises:
///     RuntimeError: for negative sizes.
///
/// Example:
///     >>> rsnn.eye(2, 3)
///     tensor([[1., 0., 0.],
///             [0., 1., 0.]])
#[pyfunction]
#[pyo3(
    signature = (*args, **options),
    text_signature = "(n, m=None, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, \
                      requires_grad=False)"
)]
fn eye<'py>(py: Python<'py>, args: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let names = ["n", "m"];
    let options = Factory::parse("eye", Takes::Out, &names, options)?;
    let values = options.take(args, &names)?;
    let rows = options.required::<Int>("n", values[0].as_ref(), "int")?.0;
    let columns = match values[1].as_ref().filter(|m| !m.is_none()) {
        Some(m) => options.required::<Int>("m", Some(m), "int")?.0,
        None => rows,
    };
    let array = ops::eye(rows, columns, options.float())?;
    options.finish(py, array)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(arange, m)?)?;
    m.add_function(wrap_pyfunction!(linspace, m)?)?;
    m.add_function(wrap_pyfunction!(logspace, m)?)?;
    m.add_function(wrap_pyfunction!(eye, m)?)
}
