//! `Parameter`: a tensor that a module registers when it is assigned to it.

use super::class::PyTensor;
use super::object::{adopt, fresh};
use crate::array::Array;
use crate::autograd::Tensor;
use crate::python::arguments::{IntList, check_device, sizes};
use crate::python::dtype::{DTypeArg, default_dtype};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// A tensor that is a module parameter: assigned to a module's attribute, it appears among its `parameters()`.
///
/// Args:
///     data: the tensor whose memory the parameter shares; an empty tensor if not given.
///     requires_grad: whether it is to be trained.
///
/// Example:
///     >>> rsnn.nn.Parameter(rsnn.zeros(2))
///     Parameter containing:
///     tensor([0., 0.], requires_grad=True)
#[pyclass(name = "Parameter", module = "rsnn.nn.parameter", extends = PyTensor, subclass, frozen)]
pub struct PyParameter;

impl PyParameter {
    /// A parameter of a new tensor.
    pub fn wrap(py: Python<'_>, tensor: Tensor) -> PyResult<Bound<'_, Self>> {
        let make = |contents| {
            let object = Bound::new(py, PyClassInitializer::from(contents).add_subclass(PyParameter))?;
            Ok(object.into_super())
        };
        Ok(fresh::<Self>(py, tensor, make)?.cast_into()?)
    }
}

/// A trained parameter of undefined values, as layers make before they draw them.
///
/// Args:
///     size: its sizes.
///     device: only `"cpu"`.
///     dtype: the element type; the default float type if not given.
#[pyfunction]
#[pyo3(signature = (size, device=None, dtype=None))]
fn _empty_parameter<'py>(
    py: Python<'py>,
    size: IntList,
    device: Option<&Bound<'py, PyAny>>,
    dtype: Option<DTypeArg>,
) -> PyResult<Bound<'py, PyParameter>> {
    check_device(device)?;
    let dtype = dtype.map_or_else(default_dtype, |dtype| dtype.0);
    let tensor = Tensor::new(Array::empty(&sizes("empty", &size.0)?, dtype)?);
    tensor.set_requires_grad(true)?;
    PyParameter::wrap(py, tensor)
}

fn contents(data: Option<&Bound<'_, PyTensor>>, requires_grad: bool) -> PyResult<PyTensor> {
    let tensor = match data {
        Some(data) => data.get().tensor.data(),
        None => Tensor::new(Array::zeros(&[0], default_dtype())?),
    };
    if requires_grad {
        if !tensor.dtype().is_float() {
            let text = "Only Tensors of floating point and complex dtype can require gradients";
            return Err(PyRuntimeError::new_err(text));
        }
        tensor.set_requires_grad(true)?;
    }
    Ok(PyTensor::new(tensor))
}

#[pymethods]
impl PyParameter {
    #[new]
    #[pyo3(signature = (data=None, requires_grad=true))]
    fn new(data: Option<&Bound<'_, PyTensor>>, requires_grad: bool) -> PyResult<PyClassInitializer<Self>> {
        Ok(PyClassInitializer::from(contents(data, requires_grad)?).add_subclass(PyParameter))
    }

    #[pyo3(signature = (*_args, **_kwargs))]
    fn __init__(slf: &Bound<'_, Self>, _args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) {
        adopt(slf.as_super());
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        super::text::parameter_text(slf.as_super())
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyParameter>()?;
    m.add_function(wrap_pyfunction!(_empty_parameter, m)?)
}
