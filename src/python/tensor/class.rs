//! The class, its identity, and its plain properties.
#![allow(unsafe_code)]

use super::object::{adopt, wrap};
use crate::array::DType;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::python::arguments::check_device;
use crate::python::dtype::{PyDType, dtype_object};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

/// An n-dimensional array of one dtype that can take part in automatic differentiation.
///
/// Tensors are made by `rsnn.tensor`, `rsnn.zeros`, `rsnn.randn`, `rsnn.from_numpy` and the like.
///
/// Example:
///     >>> import rsnn
///     >>> x = rsnn.tensor([1.0, 2.0], requires_grad=True)
///     >>> (x * x).sum().backward()
///     >>> x.grad
///     tensor([2., 4.])
#[pyclass(name = "Tensor", module = "rsnn", subclass, dict, weakref, frozen)]
pub struct PyTensor {
    /// The core's handle.
    pub tensor: Tensor,
}

impl PyTensor {
    /// A new object's contents.
    pub fn new(tensor: Tensor) -> Self {
        PyTensor { tensor }
    }
}

/// A tensor on its way to Python.
pub struct Out(pub Tensor);

impl<'py> IntoPyObject<'py> for Out {
    type Target = PyTensor;
    type Output = Bound<'py, PyTensor>;
    type Error = PyErr;

    #[inline]
    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        wrap(py, self.0)
    }
}

impl From<Tensor> for Out {
    fn from(tensor: Tensor) -> Self {
        Out(tensor)
    }
}

/// `rsnn.Size` of these numbers.
pub fn size_object<'py>(py: Python<'py>, sizes: &[usize]) -> PyResult<Bound<'py, PyAny>> {
    static SIZE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    SIZE.import(py, "rsnn._size", "Size")?.call1((PyTuple::new(py, sizes)?,))
}

/// The `rsnn.device` of every tensor.
pub fn cpu(py: Python<'_>) -> PyResult<Py<PyAny>> {
    static CPU: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    CPU.get_or_try_init(py, || Ok(py.import("rsnn._device")?.getattr("CPU")?.unbind())).map(|c| c.clone_ref(py))
}

#[pymethods]
impl PyTensor {
    /// A tensor of the given sizes with undefined elements, or a tensor of the given data, in the default dtype.
    #[new]
    #[pyo3(signature = (*args, **_kwargs), text_signature = "(*args, **kwargs)")]
    fn new_py(args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        super::create::legacy(args).map(PyTensor::new)
    }

    /// Subclasses may take further arguments; the class itself takes none.
    #[pyo3(signature = (*_args, **kwargs))]
    fn __init__(slf: &Bound<'_, Self>, _args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        if slf.get_type().is(slf.py().get_type::<PyTensor>()) {
            for (key, value) in kwargs.into_iter().flatten() {
                if key.eq("device")? {
                    check_device(Some(&value).filter(|v| !v.is_none()))?;
                } else {
                    return Err(pyo3::exceptions::PyTypeError::new_err(format!(
                        "new() got an unexpected keyword argument '{key}'; rsnn.tensor has dtype and requires_grad"
                    )));
                }
            }
        }
        adopt(slf);
        Ok(())
    }

    /// The sizes, as a `Size`.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.tensor.with_array(|a| size_object(py, a.shape()))
    }

    /// The sizes, or the size of one axis.
    #[pyo3(signature = (dim=None))]
    fn size<'py>(&self, py: Python<'py>, dim: Option<isize>) -> PyResult<Bound<'py, PyAny>> {
        self.tensor.with_array(|a| match dim {
            None => size_object(py, a.shape()),
            Some(dim) => Ok(of_axis(a.shape(), dim)?.into_pyobject(py)?.into_any()),
        })
    }

    /// The distances of neighbours in elements, or that along one axis.
    #[pyo3(signature = (dim=None))]
    fn stride<'py>(&self, py: Python<'py>, dim: Option<isize>) -> PyResult<Bound<'py, PyAny>> {
        self.tensor.with_array(|a| match dim {
            None => Ok(PyTuple::new(py, a.strides())?.into_any()),
            Some(dim) => Ok(of_axis(a.strides(), dim)?.into_pyobject(py)?.into_any()),
        })
    }

    /// The place of the first element in the storage, in elements.
    fn storage_offset(&self) -> usize {
        self.tensor.layout().offset
    }

    /// The element type.
    #[getter]
    fn dtype(&self, py: Python<'_>) -> PyResult<Py<PyDType>> {
        dtype_object(py, self.tensor.dtype())
    }

    /// Where it lies: always `device(type='cpu')`.
    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        cpu(py)
    }

    /// The number of axes.
    #[getter]
    fn ndim(&self) -> usize {
        self.tensor.ndim()
    }

    /// The number of axes.
    fn dim(&self) -> usize {
        self.tensor.ndim()
    }

    /// The number of axes.
    fn ndimension(&self) -> usize {
        self.tensor.ndim()
    }

    /// The number of elements.
    fn numel(&self) -> usize {
        self.tensor.numel()
    }

    /// The number of elements.
    fn nelement(&self) -> usize {
        self.tensor.numel()
    }

    /// Bytes of an element.
    fn element_size(&self) -> usize {
        self.tensor.dtype().size()
    }

    /// Bytes of an element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.tensor.dtype().size()
    }

    /// Bytes of all elements.
    #[getter]
    fn nbytes(&self) -> usize {
        self.tensor.numel() * self.tensor.dtype().size()
    }

    /// The address of the first element.
    fn data_ptr(&self) -> usize {
        self.tensor.with_array(|a| {
            if a.numel() == 0 { 0 } else { a.storage().expose() as usize + a.layout().offset * a.dtype().size() }
        })
    }

    /// Whether the dtype is a floating-point type.
    fn is_floating_point(&self) -> bool {
        self.tensor.dtype().is_float()
    }

    /// Whether the dtype is complex: never.
    fn is_complex(&self) -> bool {
        false
    }

    /// Whether the dtype holds negative numbers.
    fn is_signed(&self) -> bool {
        self.tensor.dtype().is_signed()
    }

    /// Whether the only element differs from zero.
    ///
    /// Raises:
    ///     RuntimeError: unless there is exactly one.
    fn is_nonzero(&self) -> PyResult<bool> {
        self.__bool__()
    }

    /// The only element as a Python number.
    ///
    /// Raises:
    ///     RuntimeError: unless there is exactly one.
    fn item<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        scalar_object(py, self.tensor.with_array(|a| a.item())?)
    }

    fn __len__(&self) -> PyResult<usize> {
        self.tensor
            .with_array(|a| a.shape().first().copied())
            .ok_or_else(|| pyo3::exceptions::PyTypeError::new_err("len() of a 0-d tensor"))
    }

    fn __bool__(&self) -> PyResult<bool> {
        Ok(self.single("Boolean value of Tensor with {} is ambiguous")?.to_f64() != 0.0)
    }

    fn __float__(&self) -> PyResult<f64> {
        Ok(self.number()?.to_f64())
    }

    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let number = scalar_object(py, self.number()?)?;
        py.get_type::<pyo3::types::PyInt>().call1((number,))
    }

    fn __index__(&self) -> PyResult<i64> {
        let scalar = self.tensor.with_array(|a| a.item());
        match scalar {
            Ok(s) if self.tensor.dtype().category() != crate::array::Category::Float => Ok(s.to_i64()),
            _ => Err(pyo3::exceptions::PyTypeError::new_err(
                "only integer tensors of a single element can be converted to an index",
            )),
        }
    }

    fn __hash__(&self) -> isize {
        self.tensor.id() as isize >> 4
    }

    /// Shows the collector what hooks and the context of a custom function keep alive; the interpreter adds the `__dict__`.
    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        // Before 3.13 the interpreter makes the `__dict__` of a new object, and may collect then, before the contents are
        // there: the address of the tensor still is zero.
        const { assert!(size_of::<PyTensor>() == size_of::<usize>()) };
        // SAFETY: the contents are one address, read as a number from the object's own memory.
        if unsafe { std::ptr::from_ref(self).cast::<usize>().read_volatile() } == 0 {
            return Ok(());
        }
        self.tensor.try_for_held(&mut |held| match held.downcast_ref::<Py<PyAny>>() {
            Some(object) => visit.call(object),
            None => Ok(()),
        })
    }

    fn __clear__(&self) {
        self.tensor.clear_hooks();
    }
}

impl PyTensor {
    /// The only element, for `int` and `float`.
    fn number(&self) -> PyResult<crate::array::Scalar> {
        let text = "only one element tensors can be converted to Python scalars";
        self.tensor.with_array(|a| a.item()).map_err(|_| pyo3::exceptions::PyValueError::new_err(text))
    }

    fn single(&self, text: &str) -> PyResult<crate::array::Scalar> {
        let n = self.tensor.numel();
        if n == 1 {
            return Ok(self.tensor.with_array(|a| a.item())?);
        }
        let what = if n == 0 { "no values" } else { "more than one value" };
        Err(pyo3::exceptions::PyRuntimeError::new_err(text.replace("{}", what)))
    }

    /// The dtype, for bindings.
    pub fn dtype_of(&self) -> DType {
        self.tensor.dtype()
    }
}

fn of_axis(values: &[usize], dim: isize) -> Result<usize> {
    crate::ensure!(!values.is_empty(), Index, "Dimension specified as {dim} but tensor has no dimensions");
    Ok(values[crate::shape::normalize_axis(dim, values.len())?])
}

/// A number as a Python object.
pub fn scalar_object(py: Python<'_>, scalar: crate::array::Scalar) -> PyResult<Bound<'_, PyAny>> {
    use crate::array::Scalar;
    Ok(match scalar {
        Scalar::Bool(x) => pyo3::types::PyBool::new(py, x).to_owned().into_any(),
        Scalar::Int(x) => x.into_pyobject(py)?.into_any(),
        Scalar::Float(x) => x.into_pyobject(py)?.into_any(),
    })
}

/// Refuses memory formats that are not supported here.
pub fn check_memory_format(format: Option<&Bound<'_, PyAny>>, known: &[&str]) -> PyResult<()> {
    let Some(format) = format else { return Ok(()) };
    let name = format.str()?.to_string_lossy().into_owned();
    if known.iter().any(|k| name == format!("rsnn.{k}")) {
        return Ok(());
    }
    Err(pyo3::exceptions::PyNotImplementedError::new_err(format!("memory_format={name} is not supported")))
}
