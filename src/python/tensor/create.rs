//! Factories of tensors from sizes and from values.

use super::class::{Out, PyTensor};
use crate::array::{Array, Scalar};
use crate::autograd::Tensor;
use crate::ops::create as ops;
use crate::python::arguments::{IntList, sizes, variadic_ints};
use crate::python::dtype::default_dtype;
use crate::python::factory::{Factory, Takes};
use crate::python::numpy::from_data;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyTuple};

type Keywords<'a, 'py> = &'a Bound<'py, PyDict>;
type New<'py> = PyResult<Bound<'py, PyTensor>>;

/// `Tensor()`, `Tensor(2, 3)`, `Tensor([1.0, 2.0])`: the old constructor, always of the default dtype.
pub fn legacy(args: &Bound<'_, PyTuple>) -> PyResult<Tensor> {
    let is_size = |a: &Bound<'_, PyAny>| a.get_type().name().is_ok_and(|name| name == "Size");
    let integers = args.iter().all(|a| a.is_instance_of::<PyInt>() || is_size(&a));
    if args.len() == 1 && !integers {
        let only = args.get_item(0)?;
        if let Ok(tensor) = only.cast::<PyTensor>() {
            return Ok(tensor.get().tensor.detach());
        }
        if only.is_instance_of::<PyFloat>() {
            return Err(PyTypeError::new_err("new(): data must be a sequence (got float)"));
        }
        return Ok(Tensor::new(from_data(&only, Some(default_dtype()))?));
    }
    let ints = if args.is_empty() { smallvec::smallvec![0] } else { variadic_ints(args)? };
    Ok(Tensor::new(Array::zeros(&sizes("Tensor", &ints)?, default_dtype())?))
}

/// A tensor of zeros.
///
/// Args:
///     size: the sizes, one by one or as one sequence.
///     out: a tensor to write to; it is resized where its shape differs.
///     dtype: the element type; the default float type if not given.
///     layout: only `rsnn.strided`.
///     device: only `"cpu"`.
///     pin_memory: only `False`.
///     requires_grad: whether to record operations on it.
///
/// Raises:
///     RuntimeError: for negative sizes, more elements than memory, another device.
///     TypeError: for sizes that are no integers.
///
/// Example:
///     >>> rsnn.zeros(2, 3)
///     tensor([[0., 0., 0.],
///             [0., 0., 0.]])
#[pyfunction]
#[pyo3(
    signature = (*size, **options),
    text_signature = "(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False)"
)]
fn zeros<'py>(py: Python<'py>, size: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let options = Factory::parse("zeros", Takes::Out, &["size"], options)?;
    let array = Array::zeros(&options.size(size)?, options.float())?;
    options.finish(py, array)
}

/// A tensor of ones. Arguments and errors are those of `rsnn.zeros`.
///
/// Example:
///     >>> rsnn.ones(2, dtype=rsnn.int64)
///     tensor([1, 1])
#[pyfunction]
#[pyo3(
    signature = (*size, **options),
    text_signature = "(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False)"
)]
fn ones<'py>(py: Python<'py>, size: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let options = Factory::parse("ones", Takes::Out, &["size"], options)?;
    let array = Array::full(&options.size(size)?, Scalar::Int(1), options.float())?;
    options.finish(py, array)
}

/// A tensor of undefined values: whatever was in the memory. Arguments and errors are those of `rsnn.zeros`; besides,
/// `memory_format` may be `rsnn.contiguous_format`.
///
/// Example:
///     >>> rsnn.empty(2, 3).shape
///     rsnn.Size([2, 3])
#[pyfunction]
#[pyo3(
    signature = (*size, **options),
    text_signature = "(*size, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, \
                      memory_format=None)"
)]
fn empty<'py>(py: Python<'py>, size: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let options = Factory::parse("empty", Takes::OutAndFormat, &["size"], options)?;
    let array = Array::empty(&options.size(size)?, options.float())?;
    options.finish(py, array)
}

/// A tensor of undefined values under the given sizes and strides.
///
/// Args:
///     size: the sizes, a sequence of integers.
///     stride: the distance of neighbours along each axis, in elements; 0 repeats.
///     dtype, layout, device, requires_grad, pin_memory: as for `rsnn.zeros`.
///
/// Raises:
///     RuntimeError: for negative numbers, another number of strides than of sizes, more memory than there is.
///
/// Example:
///     >>> rsnn.empty_strided((2, 3), (1, 2)).stride()
///     (1, 2)
#[pyfunction]
#[pyo3(
    signature = (size, stride, **options),
    text_signature = "(size, stride, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False)"
)]
fn empty_strided(size: IntList, stride: IntList, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
    let options = Factory::parse("empty_strided", Takes::Plain, &[], options)?;
    let array = strided("empty_strided", &size, &stride, &options)?;
    options.leaf(array)
}

pub(super) fn strided(op: &str, size: &IntList, stride: &IntList, options: &Factory<'_>) -> PyResult<Array> {
    let (shape, strides) = (sizes(op, &size.0)?, sizes(op, &stride.0)?);
    Ok(ops::empty_strided(&shape, &strides, options.float())?)
}

/// A tensor of one value everywhere.
///
/// Args:
///     size: the sizes, a sequence of integers.
///     fill_value: the value: a number, or a tensor of one element.
///     dtype: the element type; that of the value if not given (`bool`, `int64` or the default float type).
///     out, layout, device, pin_memory, requires_grad: as for `rsnn.zeros`.
///
/// Raises:
///     RuntimeError: where the dtype cannot hold the value; otherwise as `rsnn.zeros`.
///
/// Example:
///     >>> rsnn.full((2,), 7)
///     tensor([7, 7])
#[pyfunction]
#[pyo3(
    signature = (*args, **options),
    text_signature = "(size, fill_value, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, \
                      requires_grad=False)"
)]
fn full<'py>(py: Python<'py>, args: &Bound<'py, PyTuple>, options: Option<Keywords<'_, 'py>>) -> New<'py> {
    let names = ["size", "fill_value"];
    let options = Factory::parse("full", Takes::Out, &names, options)?;
    let values = options.take(args, &names)?;
    let shape = sequence(&options, values[0].as_ref())?;
    let value: Scalar = options.required("fill_value", values[1].as_ref(), "Number")?;
    let array = ops::full(&sizes("full", &shape.0)?, value, options.dtype_or(|| value.dtype()))?;
    options.finish(py, array)
}

/// Sizes as a sequence: a lone integer is refused, as in PyTorch.
pub(super) fn sequence<'py>(options: &Factory<'py>, size: Option<&Bound<'py, PyAny>>) -> PyResult<IntList> {
    if let Some(size) = size.filter(|s| s.is_instance_of::<PyInt>()) {
        return options.mistaken("size", size, "tuple of ints");
    }
    options.required("size", size, "tuple of ints")
}

/// A tensor of no axes that holds one number.
///
/// Args:
///     s: the number.
///     dtype: the element type; the default float type if not given, whatever the number is.
///     layout, device, pin_memory, requires_grad: as for `rsnn.zeros`.
///
/// Example:
///     >>> rsnn.scalar_tensor(3)
///     tensor(3.)
#[pyfunction]
#[pyo3(
    signature = (s, **options),
    text_signature = "(s, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False)"
)]
fn scalar_tensor(s: Scalar, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
    let options = Factory::parse("scalar_tensor", Takes::Plain, &[], options)?;
    let array = ops::full(&[], s, options.float())?;
    options.leaf(array)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(zeros, m)?)?;
    m.add_function(wrap_pyfunction!(ones, m)?)?;
    m.add_function(wrap_pyfunction!(empty, m)?)?;
    m.add_function(wrap_pyfunction!(empty_strided, m)?)?;
    m.add_function(wrap_pyfunction!(full, m)?)?;
    m.add_function(wrap_pyfunction!(scalar_tensor, m)?)
}
