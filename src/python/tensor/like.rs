//! Factories that follow another tensor: `zeros_like(x)` takes its shape, dtype and layout, `x.new_zeros(...)` its dtype.

use super::class::{Out, PyTensor};
use super::create::{sequence, strided};
use super::data::warn_of_tensor;
use crate::array::{Array, DType, Scalar};
use crate::ops::create as ops;
use crate::python::arguments::{IntList, sizes};
use crate::python::factory::{Factory, Takes};
use crate::python::numpy::from_data;
use crate::shape::Layout;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

type Keywords<'a, 'py> = &'a Bound<'py, PyDict>;

/// Undefined elements in the shape of a tensor, in its dtype unless another is asked for.
fn shaped_like(input: &Bound<'_, PyTensor>, options: &Factory<'_>) -> PyResult<Array> {
    let layout = input.get().tensor.layout();
    let layout = if options.contiguous { Layout::contiguous(&layout.shape) } else { layout.dense_like() };
    Ok(Array::empty_layout(layout, options.dtype_or(|| input.get().tensor.dtype()))?)
}

fn filled_like(
    op: &'static str,
    input: &Bound<'_, PyTensor>,
    value: Scalar,
    options: Option<Keywords<'_, '_>>,
) -> PyResult<Out> {
    let options = Factory::parse(op, Takes::Format, &[], options)?;
    let array = shaped_like(input, &options)?;
    value.check_fits(array.dtype())?;
    array.fill(value)?;
    options.leaf(array)
}

/// A tensor of zeros in the shape of another.
///
/// Args:
///     input: the tensor whose shape, dtype and order of the axes in memory the result takes.
///     dtype: another dtype.
///     layout, device, pin_memory: as for `rsnn.zeros`.
///     requires_grad: whether to record operations on the result; that of `input` is not taken over.
///     memory_format: `rsnn.preserve_format` (the default) or `rsnn.contiguous_format`.
///
/// Example:
///     >>> rsnn.zeros_like(rsnn.ones(2, dtype=rsnn.int64))
///     tensor([0, 0])
#[pyfunction]
#[pyo3(
    signature = (input, **options),
    text_signature = "(input, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, \
                      memory_format=None)"
)]
fn zeros_like(input: &Bound<'_, PyTensor>, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
    filled_like("zeros_like", input, Scalar::Int(0), options)
}

/// A tensor of ones in the shape of another; arguments as for `rsnn.zeros_like`.
///
/// Example:
///     >>> rsnn.ones_like(rsnn.zeros(2))
///     tensor([1., 1.])
#[pyfunction]
#[pyo3(
    signature = (input, **options),
    text_signature = "(input, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, \
                      memory_format=None)"
)]
fn ones_like(input: &Bound<'_, PyTensor>, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
    filled_like("ones_like", input, Scalar::Int(1), options)
}

/// A tensor of one value in the shape of another; other arguments as for `rsnn.zeros_like`.
///
/// Raises:
///     RuntimeError: where the dtype cannot hold the value.
///
/// Example:
///     >>> rsnn.full_like(rsnn.zeros(2), 3)
///     tensor([3., 3.])
#[pyfunction]
#[pyo3(
    signature = (input, fill_value, **options),
    text_signature = "(input, fill_value, *, dtype=None, layout=None, device=None, pin_memory=False, \
                      requires_grad=False, memory_format=None)"
)]
fn full_like(input: &Bound<'_, PyTensor>, fill_value: Scalar, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
    filled_like("full_like", input, fill_value, options)
}

/// A tensor of undefined values in the shape of another; arguments as for `rsnn.zeros_like`.
///
/// Example:
///     >>> rsnn.empty_like(rsnn.zeros(2, 3)).shape
///     rsnn.Size([2, 3])
#[pyfunction]
#[pyo3(
    signature = (input, **options),
    text_signature = "(input, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, \
                      memory_format=None)"
)]
fn empty_like(input: &Bound<'_, PyTensor>, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
    let options = Factory::parse("empty_like", Takes::Format, &[], options)?;
    let array = shaped_like(input, &options)?;
    options.leaf(array)
}

impl PyTensor {
    fn new_sized(
        &self,
        op: &'static str,
        size: &Bound<'_, PyTuple>,
        options: Option<Keywords<'_, '_>>,
        make: impl FnOnce(&[usize], DType) -> crate::error::Result<Array>,
    ) -> PyResult<Out> {
        let options = Factory::parse(op, Takes::Plain, &["size"], options)?;
        let array = make(&options.size(size)?, options.dtype_or(|| self.tensor.dtype()))?;
        options.leaf(array)
    }
}

#[pymethods]
impl PyTensor {
    /// A tensor of zeros, of this tensor's dtype unless another is given. Arguments as for `rsnn.zeros`, without `out`.
    ///
    /// Example:
    ///     >>> rsnn.ones(3, dtype=rsnn.int32).new_zeros(2)
    ///     tensor([0, 0], dtype=rsnn.int32)
    #[pyo3(
        signature = (*size, **options),
        text_signature = "($self, *size, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False)"
    )]
    fn new_zeros(&self, size: &Bound<'_, PyTuple>, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
        self.new_sized("new_zeros", size, options, Array::zeros)
    }

    /// A tensor of ones, of this tensor's dtype unless another is given. Arguments as for `rsnn.zeros`, without `out`.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).new_ones(2)
    ///     tensor([1., 1.])
    #[pyo3(
        signature = (*size, **options),
        text_signature = "($self, *size, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False)"
    )]
    fn new_ones(&self, size: &Bound<'_, PyTuple>, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
        self.new_sized("new_ones", size, options, |shape, dtype| Array::full(shape, Scalar::Int(1), dtype))
    }

    /// A tensor of undefined values, of this tensor's dtype unless another is given. Arguments as for `rsnn.zeros`,
    /// without `out`.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).new_empty((2, 3)).shape
    ///     rsnn.Size([2, 3])
    #[pyo3(
        signature = (*size, **options),
        text_signature = "($self, *size, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False)"
    )]
    fn new_empty(&self, size: &Bound<'_, PyTuple>, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
        self.new_sized("new_empty", size, options, Array::empty)
    }

    /// A tensor of undefined values under the given sizes and strides, as `rsnn.empty_strided`, of this tensor's dtype
    /// unless another is given.
    #[pyo3(
        signature = (size, stride, **options),
        text_signature = "($self, size, stride, dtype=None, layout=None, device=None, pin_memory=False, \
                          requires_grad=False)"
    )]
    fn new_empty_strided(&self, size: IntList, stride: IntList, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
        let mut options = Factory::parse("new_empty_strided", Takes::Plain, &[], options)?;
        options.dtype = Some(options.dtype_or(|| self.tensor.dtype()));
        let array = strided("new_empty_strided", &size, &stride, &options)?;
        options.leaf(array)
    }

    /// A tensor of one value everywhere, of this tensor's dtype unless another is given. Arguments as for `rsnn.full`,
    /// without `out`.
    ///
    /// Raises:
    ///     RuntimeError: where the dtype cannot hold the value.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).new_full((2,), 7)
    ///     tensor([7., 7.])
    #[pyo3(
        signature = (size, fill_value, **options),
        text_signature = "($self, size, fill_value, *, dtype=None, device=None, requires_grad=False, layout=None, \
                          pin_memory=False)"
    )]
    fn new_full(
        &self,
        size: &Bound<'_, PyAny>,
        fill_value: Scalar,
        options: Option<Keywords<'_, '_>>,
    ) -> PyResult<Out> {
        let options = Factory::parse("new_full", Takes::Plain, &[], options)?;
        let shape = sizes("new_full", &sequence(&options, Some(size.as_any()))?.0)?;
        let array = ops::full(&shape, fill_value, options.dtype_or(|| self.tensor.dtype()))?;
        options.leaf(array)
    }

    /// A copy of data, of this tensor's dtype unless another is given. Arguments and errors as for `rsnn.tensor`.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).new_tensor([1, 2])
    ///     tensor([1., 2.])
    #[pyo3(
        signature = (data, **options),
        text_signature = "($self, data, *, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False)"
    )]
    fn new_tensor(&self, py: Python<'_>, data: &Bound<'_, PyAny>, options: Option<Keywords<'_, '_>>) -> PyResult<Out> {
        let options = Factory::parse("new_tensor", Takes::Plain, &[], options)?;
        warn_of_tensor(py, data, "tensor.new_tensor(sourceTensor)")?;
        let array = from_data(data, Some(options.dtype_or(|| self.tensor.dtype())))?;
        options.leaf(array)
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(zeros_like, m)?)?;
    m.add_function(wrap_pyfunction!(ones_like, m)?)?;
    m.add_function(wrap_pyfunction!(full_like, m)?)?;
    m.add_function(wrap_pyfunction!(empty_like, m)?)
}
