//! Exchange with numpy, without copies both ways where dtypes and strides allow it.
#![allow(unsafe_code)]

use crate::array::{Array, DType, Storage};
use crate::autograd::Tensor;
use crate::python::tensor::{Out, PyTensor};
use crate::shape::Layout;
use numpy::npyffi::{self, PY_ARRAY_API, npy_intp};
use numpy::{PyArrayDescr, PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBool;
use std::ptr::NonNull;
use std::sync::Arc;

fn dtype_of_descr(descr: &Bound<'_, PyArrayDescr>) -> PyResult<DType> {
    let (kind, size) = (descr.kind(), descr.itemsize());
    Ok(match (kind, size) {
        (b'b', 1) => DType::Bool,
        (b'u', 1) => DType::U8,
        (b'i', 1) => DType::I8,
        (b'i', 2) => DType::I16,
        (b'i', 4) => DType::I32,
        (b'i', 8) => DType::I64,
        (b'f', 2) => DType::F16,
        (b'f', 4) => DType::F32,
        (b'f', 8) => DType::F64,
        _ => {
            return Err(PyTypeError::new_err(format!(
                "can't convert np.ndarray of type {}. The only supported types are: float64, float32, float16, int64, int32, \
                 int16, int8, uint8, and bool.",
                descr.str()?
            )));
        }
    })
}

/// An array over numpy's memory.
///
/// # Errors
/// `TypeError` for dtypes that rsnn has not, `ValueError` for negative or uneven strides and foreign byte order.
pub fn share(array: &Bound<'_, PyUntypedArray>) -> PyResult<Array> {
    let dtype = dtype_of_descr(&array.dtype())?;
    if array.dtype().is_native_byteorder() == Some(false) {
        return Err(PyValueError::new_err(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is \
             currently not supported.",
        ));
    }
    let size = dtype.size();
    let mut strides = crate::shape::Dims::new();
    for (&n, &s) in array.shape().iter().zip(array.strides()) {
        if s < 0 && n > 1 {
            return Err(PyValueError::new_err(
                "At least one stride in the given numpy array is negative, and tensors with negative strides are not \
                 currently supported. (You can probably work around this by making a copy of your array  with array.copy().) ",
            ));
        }
        if s % size as isize != 0 && n > 1 {
            return Err(PyValueError::new_err(
                "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the \
                 memory.",
            ));
        }
        strides.push(if n > 1 { s as usize / size } else { 1 });
    }
    let layout = Layout { shape: array.shape().into(), strides, offset: 0 };
    // SAFETY: the array object lives at least as long as this borrow.
    let (data, flags) = unsafe {
        let raw = array.as_array_ptr();
        ((*raw).fields.data as *mut u8, (*raw).fields.flags)
    };
    if data as usize % size != 0 {
        return Err(PyValueError::new_err("given numpy array is not aligned to its element size; copy it first"));
    }
    let keep: Box<dyn std::any::Any + Send + Sync> = Box::new(array.clone().unbind());
    let ptr = NonNull::new(data).unwrap_or(NonNull::dangling());
    // SAFETY: numpy guarantees that the array's shape and strides stay inside of its memory, which `keep` keeps alive.
    let storage =
        unsafe { Storage::foreign(ptr, layout.end() * size, flags & npyffi::flags::NPY_ARRAY_WRITEABLE != 0, keep) };
    Ok(Array::from_storage(Arc::new(storage), dtype, layout)?)
}

/// As [`share`], for an array that stays shared: warns if it is read-only.
pub fn shared(array: &Bound<'_, PyUntypedArray>) -> PyResult<Array> {
    let result = share(array)?;
    if !result.storage().writable() && result.numel() > 0 {
        let py = array.py();
        let text = c"The given NumPy array is not writable, and rsnn does not support writing to it: in-place operations on \
                     the tensor raise an error. You may want to copy the array or make it writable before converting it to \
                     a tensor.";
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), text, 1)?;
    }
    Ok(result)
}

/// A fresh array from any nested data: numpy arrays and scalars, tensors, sequences of numbers.
pub fn from_data(data: &Bound<'_, PyAny>, dtype: Option<DType>) -> PyResult<Array> {
    let py = data.py();
    if let Ok(tensor) = data.cast::<PyTensor>() {
        let array = tensor.get().tensor.array().copy_contiguous()?;
        return Ok(dtype.map_or(Ok(array.clone()), |d| array.to_dtype(d))?);
    }
    let array = super::sequence::to_array(py, data, dtype)?;
    Ok(array)
}

/// A tensor that shares the memory of a numpy array.
///
/// Raises:
///     TypeError: if `ndarray` is no numpy array, or of a dtype that rsnn has not.
///     ValueError: for negative strides or a foreign byte order.
///
/// Example:
///     >>> a = np.ones(2, dtype=np.float32)
///     >>> t = rsnn.from_numpy(a)
///     >>> a[0] = 5
///     >>> t
///     tensor([5., 1.])
///
/// Warns:
///     UserWarning: for a read-only array; in-place operations on the tensor raise an error.
#[pyfunction]
fn from_numpy(ndarray: &Bound<'_, PyAny>) -> PyResult<Out> {
    match ndarray.cast::<PyUntypedArray>() {
        Ok(array) => Ok(Out(Tensor::new(shared(array)?))),
        Err(_) => Err(PyTypeError::new_err(format!("expected np.ndarray (got {})", ndarray.get_type().name()?))),
    }
}

/// A numpy array over the memory of an array.
fn expose<'py>(py: Python<'py>, array: &Array, owner: Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
    if array.dtype() == DType::BF16 {
        return Err(PyTypeError::new_err("Got unsupported ScalarType BFloat16"));
    }
    let descr = PyArrayDescr::new(py, array.dtype().name())?;
    let size = array.dtype().size();
    let mut dims: Vec<npy_intp> = array.shape().iter().map(|&n| n as npy_intp).collect();
    let mut strides: Vec<npy_intp> = array.strides().iter().map(|&s| (s * size) as npy_intp).collect();
    let offset = if array.numel() == 0 { 0 } else { array.layout().offset * size };
    let flags = if array.storage().writable() { npyffi::flags::NPY_ARRAY_WRITEABLE } else { 0 };
    // SAFETY: the layout lies inside of the storage; the tensor object, set as the array's base, keeps it alive.
    unsafe {
        let raw = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            npyffi::get_type_object(py, npyffi::NpyTypes::PyArray_Type),
            descr.into_ptr().cast(),
            dims.len() as _,
            dims.as_mut_ptr(),
            strides.as_mut_ptr(),
            array.storage().expose().add(offset).cast(),
            flags,
            std::ptr::null_mut(),
        );
        let result = Bound::from_owned_ptr_or_err(py, raw)?;
        if PY_ARRAY_API.PyArray_SetBaseObject(py, raw.cast(), owner.into_ptr()) < 0 {
            return Err(PyErr::fetch(py));
        }
        Ok(result)
    }
}

#[pymethods]
impl PyTensor {
    /// A numpy array that shares this tensor's memory.
    ///
    /// Args:
    ///     force: detach first, if need be.
    ///
    /// Raises:
    ///     RuntimeError: if the tensor requires a gradient and `force` is not set.
    ///     TypeError: for `bfloat16`, which numpy has not.
    #[pyo3(signature = (*, force=false))]
    fn numpy<'py>(slf: &Bound<'py, Self>, force: bool) -> PyResult<Bound<'py, PyAny>> {
        let tensor = &slf.get().tensor;
        if tensor.requires_grad() && !force {
            return Err(PyRuntimeError::new_err(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
            ));
        }
        // A detached twin as owner: the array then does not keep a graph alive.
        let array = tensor.array();
        let owner = Bound::new(slf.py(), PyTensor::new(tensor.data()))?;
        expose(slf.py(), &array, owner)
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let array = Self::numpy(slf, false)?;
        let flag =
            |wanted: bool| copy.as_ref().is_some_and(|c| c.cast::<PyBool>().is_ok_and(|c| c.is_true() == wanted));
        let (copies, never) = (flag(true), flag(false));
        match dtype {
            Some(dtype) => {
                let kwargs = pyo3::types::PyDict::new(slf.py());
                kwargs.set_item("copy", copies)?;
                let result = array.call_method("astype", (dtype,), Some(&kwargs))?;
                if never && !result.is(&array) {
                    return Err(PyValueError::new_err("Unable to avoid copy while creating an array as requested."));
                }
                Ok(result)
            }
            None if copies => array.call_method0("copy"),
            None => Ok(array),
        }
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(from_numpy, m)?)
}
