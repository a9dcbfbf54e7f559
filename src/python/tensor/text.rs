//! Tensors as text and as lists. The text itself is written in Python (`rsnn._tensor_str`).

use super::class::{PyTensor, scalar_object};
use super::parameter::PyParameter;
use crate::array::{Category, Element, Scalar};
use crate::dispatch_all;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyList;

/// `repr(tensor)`.
fn text<'py>(tensor: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
    static TEXT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    TEXT.import(tensor.py(), "rsnn._tensor_str", "tensor_repr")?.call1((tensor,))
}

/// `repr(parameter)`.
pub(super) fn parameter_text<'py>(parameter: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
    static TEXT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    TEXT.import(parameter.py(), "rsnn._tensor_str", "parameter_repr")?.call1((parameter,))
}

fn number<T: Element>(py: Python<'_>, x: T) -> PyResult<Bound<'_, PyAny>> {
    scalar_object(
        py,
        match T::DTYPE.category() {
            Category::Bool => Scalar::Bool(x.truth()),
            Category::Integer => Scalar::Int(x.to_i64()),
            Category::Float => Scalar::Float(x.to_f64()),
        },
    )
}

/// Row-major elements as lists nested as deep as there are axes.
fn nested<'py, T: Element>(py: Python<'py>, values: &[T], shape: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    let items = match shape {
        [] => return number(py, values[0]),
        [_] => values.iter().map(|&x| number(py, x)).collect::<PyResult<Vec<_>>>()?,
        [n, rest @ ..] => {
            let step: usize = rest.iter().product();
            (0..*n).map(|i| nested(py, &values[i * step..(i + 1) * step], rest)).collect::<PyResult<_>>()?
        }
    };
    Ok(PyList::new(py, items)?.into_any())
}

#[pymethods]
impl PyTensor {
    /// The elements as Python numbers, in lists nested as deep as there are axes.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1, 2], [3, 4]]).tolist()
    ///     [[1, 2], [3, 4]]
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let array = self.tensor.array().contiguous()?;
        dispatch_all!(array.dtype(), T => nested(py, array.slice::<T>(), array.shape()))
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        text(slf)
    }

    /// A tensor without axes is formatted as its number.
    fn __format__<'py>(slf: &Bound<'py, Self>, spec: &str) -> PyResult<Bound<'py, PyAny>> {
        // A parameter shows itself as one, as in PyTorch.
        if slf.get().tensor.ndim() == 0 && !slf.is_instance_of::<PyParameter>() {
            return slf.call_method0("item")?.call_method1("__format__", (spec,));
        }
        if spec.is_empty() {
            return Ok(slf.str()?.into_any());
        }
        Err(PyTypeError::new_err(format!(
            "format: expected an empty format for a tensor of {} axes, got {spec:?}",
            slf.get().tensor.ndim()
        )))
    }
}
