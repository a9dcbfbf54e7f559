//! Tensors of given data: copies (`tensor`), or the same memory where that can be (`as_tensor`, `asarray`).

use super::class::{Out, PyTensor};
use super::object::wrap;
use crate::array::DType;
use crate::autograd::{Tensor, cast};
use crate::python::arguments::check_device;
use crate::python::dtype::{DTypeArg, dtype_object};
use crate::python::factory::{Factory, Takes};
use crate::python::numpy::{from_data, shared};
use numpy::PyUntypedArray;
use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A tensor of the given data, always a copy.
///
/// Args:
///     data: a number, a nested sequence of numbers, a numpy array or a tensor.
///     dtype: the element type; from the data if not given (the default float type, `int64` or `bool` for Python numbers).
///     device: only `"cpu"`.
///     requires_grad: whether to record operations on it.
///     pin_memory: only `False`.
///
/// Raises:
///     ValueError: for ragged sequences, and integers of more than 64 bits.
///     TypeError: for strings, and for sequences where a number should be.
///     RuntimeError: for things that are no numbers, and numbers that do not fit the dtype.
///
/// Example:
///     >>> rsnn.tensor([[1, 2], [3, 4]])
///     tensor([[1, 2],
///             [3, 4]])
#[pyfunction]
#[pyo3(
    signature = (data, **options),
    text_signature = "(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False)"
)]
fn tensor(py: Python<'_>, data: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Out> {
    let options = Factory::parse("tensor", Takes::Plain, &[], options)?;
    warn_of_tensor(py, data, "rsnn.tensor(sourceTensor)")?;
    let array = from_data(data, options.dtype)?;
    options.leaf(array)
}

/// PyTorch's warning about copies of tensors, which `detach().clone()` makes more plainly.
pub(super) fn warn_of_tensor(py: Python<'_>, data: &Bound<'_, PyAny>, call: &str) -> PyResult<()> {
    if !data.is_instance_of::<PyTensor>() {
        return Ok(());
    }
    let text = format!(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or \
         sourceTensor.detach().clone().requires_grad_(True), rather than {call}."
    );
    let text = std::ffi::CString::new(text).unwrap_or_default();
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 1)
}

/// The data as a tensor: itself if it is one of that dtype, a view of a numpy array's memory, else a copy.
///
/// Args:
///     data: a number, a nested sequence of numbers, a numpy array or a tensor.
///     dtype: the element type; from the data if not given. A conversion is recorded for autograd.
///     device: only `"cpu"`.
///
/// Raises:
///     TypeError, ValueError, RuntimeError: as `rsnn.tensor`.
///
/// Example:
///     >>> a = np.zeros(2)
///     >>> rsnn.as_tensor(a)[0] = 1
///     >>> a
///     array([1., 0.])
#[pyfunction]
#[pyo3(signature = (data, dtype=None, device=None))]
fn as_tensor<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyAny>,
    dtype: Option<DTypeArg>,
    device: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyTensor>> {
    check_device(device)?;
    wrap(py, aliased(data, dtype.map(|d| d.0))?.0)
}

/// The data as a tensor, and whether the tensor has the memory of the data.
fn aliased(data: &Bound<'_, PyAny>, dtype: Option<DType>) -> PyResult<(Tensor, bool)> {
    let source = if let Ok(tensor) = data.cast::<PyTensor>() {
        tensor.get().tensor.clone()
    } else if let Ok(array) = data.cast::<PyUntypedArray>() {
        Tensor::new(shared(array)?)
    } else {
        return Ok((Tensor::new(from_data(data, dtype)?), false));
    };
    let dtype = dtype.unwrap_or_else(|| source.dtype());
    let aliases = dtype == source.dtype();
    Ok((cast(&source, dtype)?, aliases))
}

/// The data as a tensor, with control over copying.
///
/// Args:
///     obj: a number, a nested sequence of numbers, a numpy array or a tensor.
///     dtype: the element type; from the data if not given.
///     device: only `"cpu"`.
///     copy: `True` always copies, `False` never does, `None` only where it must.
///     requires_grad: whether to record operations on the result. The result of a tensor that requires a gradient stays in
///         its graph.
///
/// Raises:
///     ValueError: if `copy` is `False` and the data cannot be shared.
///     TypeError, RuntimeError: as `rsnn.tensor`.
///
/// Example:
///     >>> rsnn.asarray([1, 2.5])
///     tensor([1.0000, 2.5000])
#[pyfunction]
#[pyo3(signature = (obj, *, dtype=None, device=None, copy=None, requires_grad=false))]
fn asarray<'py>(
    py: Python<'py>,
    obj: &Bound<'py, PyAny>,
    dtype: Option<DTypeArg>,
    device: Option<&Bound<'py, PyAny>>,
    copy: Option<bool>,
    requires_grad: bool,
) -> PyResult<Bound<'py, PyTensor>> {
    check_device(device)?;
    let (tensor, aliases) = aliased(obj, dtype.map(|d| d.0))?;
    if !aliases && copy == Some(false) {
        let what = obj.get_type().name()?;
        let dtype = dtype_object(py, tensor.dtype())?;
        return Err(PyValueError::new_err(format!(
            "asarray(): can't alias {what} as a tensor of {dtype} without a copy"
        )));
    }
    let tensor = match aliases && copy == Some(true) {
        true if tensor.requires_grad() => {
            return wrap(py, tensor)?.call_method0("clone")?.cast_into().map_err(Into::into);
        }
        true => Tensor::new(tensor.array().copy_contiguous()?),
        false => tensor,
    };
    if requires_grad && !tensor.requires_grad() {
        let leaf = if aliases { tensor.detach() } else { tensor };
        leaf.set_requires_grad(true)?;
        return wrap(py, leaf);
    }
    wrap(py, tensor)
}

/// Whether an object is a tensor.
///
/// Example:
///     >>> rsnn.is_tensor(rsnn.zeros(2)), rsnn.is_tensor([0.0])
///     (True, False)
#[pyfunction]
fn is_tensor(obj: &Bound<'_, PyAny>) -> bool {
    obj.is_instance_of::<PyTensor>()
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(tensor, m)?)?;
    m.add_function(wrap_pyfunction!(as_tensor, m)?)?;
    m.add_function(wrap_pyfunction!(asarray, m)?)?;
    m.add_function(wrap_pyfunction!(is_tensor, m)?)
}
