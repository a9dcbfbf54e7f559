//! `rsnn.dtype`: one object for each element type, so that `x.dtype is rsnn.float32`.

use super::arguments::Operand;
use crate::array::DType;
use crate::ops::binary::promote_arrays;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The type of a tensor's elements: `rsnn.float32`, `rsnn.int64`, `rsnn.bool` and so on.
#[pyclass(name = "dtype", module = "rsnn", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub struct PyDType(pub DType);

#[pymethods]
impl PyDType {
    /// Whether it is a floating-point type.
    #[getter]
    fn is_floating_point(&self) -> bool {
        self.0.is_float()
    }

    /// Whether it is a complex type: never.
    #[getter]
    fn is_complex(&self) -> bool {
        false
    }

    /// Whether it holds negative numbers.
    #[getter]
    fn is_signed(&self) -> bool {
        self.0.is_signed()
    }

    /// Bytes of an element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.0.size()
    }

    fn __repr__(&self) -> String {
        format!("rsnn.{}", self.0.name())
    }

    fn __reduce__(&self) -> &'static str {
        self.0.name()
    }
}

static OBJECTS: PyOnceLock<Vec<Py<PyDType>>> = PyOnceLock::new();

fn objects(py: Python<'_>) -> PyResult<&Vec<Py<PyDType>>> {
    OBJECTS.get_or_try_init(py, || DType::ALL.iter().map(|&d| Py::new(py, PyDType(d))).collect())
}

/// The one object of a dtype.
pub fn dtype_object(py: Python<'_>, dtype: DType) -> PyResult<Py<PyDType>> {
    Ok(objects(py)?[dtype as usize].clone_ref(py))
}

/// A dtype argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DTypeArg(pub DType);

impl<'a, 'py> FromPyObject<'a, 'py> for DTypeArg {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(dtype) = obj.cast::<PyDType>() {
            return Ok(DTypeArg(dtype.get().0));
        }
        // Python's own types stand for their usual dtypes, as in PyTorch.
        let py = obj.py();
        if obj.is(py.get_type::<pyo3::types::PyFloat>()) {
            return Ok(DTypeArg(DType::F64));
        }
        if obj.is(py.get_type::<pyo3::types::PyInt>()) {
            return Ok(DTypeArg(DType::I64));
        }
        if obj.is(py.get_type::<pyo3::types::PyBool>()) {
            return Ok(DTypeArg(DType::Bool));
        }
        Err(PyTypeError::new_err(format!("dtype must be rsnn.dtype, not {}", obj.get_type().name()?)))
    }
}

pub use crate::array::default_float as default_dtype;

/// The dtype of float tensors made without one.
#[pyfunction]
fn get_default_dtype(py: Python<'_>) -> PyResult<Py<PyDType>> {
    dtype_object(py, default_dtype())
}

/// Sets the dtype of float tensors made without one.
///
/// Raises:
///     TypeError: if `d` is not a floating-point dtype.
#[pyfunction]
fn set_default_dtype(d: DTypeArg) -> PyResult<()> {
    if !d.0.is_float() {
        return Err(PyTypeError::new_err(format!(
            "only floating-point types are supported as the default type, got rsnn.{}",
            d.0.name()
        )));
    }
    crate::array::set_default_float(d.0);
    Ok(())
}

/// The dtype of an operation between two dtypes.
#[pyfunction]
fn promote_types(py: Python<'_>, type1: DTypeArg, type2: DTypeArg) -> PyResult<Py<PyDType>> {
    dtype_object(py, type1.0.promote(type2.0))
}

/// The dtype of an arithmetic operation between two tensors or numbers.
///
/// Args:
///     tensor1: a tensor or a number. Numbers, and tensors without axes, give way to tensors of the same category.
///     tensor2: a tensor or a number.
///
/// Example:
///     >>> rsnn.result_type(rsnn.tensor([1, 2], dtype=rsnn.int32), 1.0)
///     rsnn.float32
#[pyfunction]
fn result_type(py: Python<'_>, tensor1: Operand<'_>, tensor2: Operand<'_>) -> PyResult<Py<PyDType>> {
    let dtype = match (&tensor1, &tensor2) {
        (Operand::Tensor(a), Operand::Tensor(b)) => promote_arrays(&a.get().tensor.array(), &b.get().tensor.array()),
        (Operand::Tensor(x), Operand::Scalar(s)) | (Operand::Scalar(s), Operand::Tensor(x)) => {
            s.promote(x.get().tensor.dtype())
        }
        (Operand::Scalar(a), Operand::Scalar(b)) => a.dtype().promote(b.dtype()),
    };
    dtype_object(py, dtype)
}

/// Whether a tensor of one dtype may be written into a tensor of the other by an in-place operation.
#[pyfunction]
fn can_cast(from_: DTypeArg, to: DTypeArg) -> bool {
    from_.0.can_cast(to.0)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyDType>()?;
    for (dtype, object) in DType::ALL.iter().zip(objects(m.py())?) {
        m.add(dtype.name(), object)?;
    }
    m.add_function(wrap_pyfunction!(get_default_dtype, m)?)?;
    m.add_function(wrap_pyfunction!(set_default_dtype, m)?)?;
    m.add_function(wrap_pyfunction!(promote_types, m)?)?;
    m.add_function(wrap_pyfunction!(result_type, m)?)?;
    m.add_function(wrap_pyfunction!(can_cast, m)?)
}
