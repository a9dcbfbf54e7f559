//! Nested Python sequences as arrays: `tensor([[1, 2], [3, 4]])`.

use crate::array::{Array, Category, DType, Element, Scalar};
use crate::dispatch_all;
use crate::python::dtype::default_dtype;
use crate::python::tensor::PyTensor;
use crate::shape::Dims;
use numpy::PyUntypedArray;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PySequence, PyString};

/// A fresh array of nested data.
///
/// # Errors
/// `ValueError` for ragged nesting, `TypeError` for elements that are no numbers, `RuntimeError` for numbers that do not
/// fit the dtype.
pub fn to_array(py: Python<'_>, data: &Bound<'_, PyAny>, dtype: Option<DType>) -> PyResult<Array> {
    if let Ok(array) = data.cast::<PyUntypedArray>() {
        return from_numpy_array(array, dtype);
    }
    if data.is_instance_of::<PyString>() || data.is_instance_of::<PyBytes>() {
        return Err(PyTypeError::new_err(format!("new(): invalid data type '{}'", data.get_type().name()?)));
    }
    // Anything else that knows how to be a numpy array (images, other libraries' tensors).
    if !is_sequence(data) && !is_number(data) && data.hasattr("__array__")? {
        let array = py.import("numpy")?.call_method1("asarray", (data,))?;
        return from_numpy_array(array.cast::<PyUntypedArray>()?, dtype);
    }
    let mut shape = Dims::new();
    if is_sequence(data) {
        measure(data, &mut shape)?;
    }
    let mut found = Found { wants_float: dtype.is_some_and(DType::is_float), ..Found::default() };
    collect(data, &shape, 0, &mut found)?;
    let dtype = dtype.or(found.dtype).unwrap_or_else(default_dtype);
    let out = Array::empty(&shape, dtype)?;
    dispatch_all!(dtype, T => {
        for (place, value) in out.slice_mut::<T>().iter_mut().zip(&found.values) {
            check_range(*value, dtype)?;
            *place = value.to::<T>();
        }
    });
    Ok(out)
}

/// The numbers in their order, and the dtype that holds all.
#[derive(Default)]
struct Found {
    values: Vec<Scalar>,
    dtype: Option<DType>,
    /// Whether integers of more than 64 bits may be rounded: the result is of a float type.
    wants_float: bool,
}

impl Found {
    fn push(&mut self, value: Scalar, dtype: DType) {
        self.meet(dtype);
        self.values.push(value);
    }

    fn meet(&mut self, dtype: DType) {
        if self.dtype != Some(dtype) {
            self.dtype = Some(self.dtype.map_or(dtype, |d| d.promote(dtype)));
        }
    }
}

fn from_numpy_array(array: &Bound<'_, PyUntypedArray>, dtype: Option<DType>) -> PyResult<Array> {
    let shared = match super::numpy::share(array) {
        Ok(shared) => shared,
        // Odd strides or alignment are no matter when the data is copied anyway.
        Err(error) if error.is_instance_of::<PyValueError>(array.py()) => {
            let copy = array.call_method0("copy")?;
            super::numpy::share(copy.cast::<PyUntypedArray>()?)?
        }
        Err(error) => return Err(error),
    };
    let out = Array::empty(shared.shape(), dtype.unwrap_or(shared.dtype()))?;
    out.copy_from(&shared)?;
    Ok(out)
}

fn is_sequence(x: &Bound<'_, PyAny>) -> bool {
    x.cast::<PySequence>().is_ok() && !x.is_instance_of::<PyString>() && !x.is_instance_of::<PyTensor>()
}

fn is_number(x: &Bound<'_, PyAny>) -> bool {
    x.is_instance_of::<PyFloat>() || x.is_instance_of::<PyInt>() || x.is_instance_of::<PyTensor>()
}

/// The shape that the first elements suggest; `collect` checks the others against it.
fn measure(data: &Bound<'_, PyAny>, shape: &mut Dims) -> PyResult<()> {
    let mut data = data.clone();
    loop {
        if let Ok(array) = data.cast::<PyUntypedArray>() {
            use numpy::PyUntypedArrayMethods;
            shape.extend(array.shape().iter().copied());
            return Ok(());
        }
        if !is_sequence(&data) {
            return Ok(());
        }
        let len = data.len()?;
        shape.push(len);
        if shape.len() > crate::shape::MAX_AXES {
            return Err(PyValueError::new_err(format!("too many dimensions '{}'", data.get_type().name()?)));
        }
        if len == 0 {
            return Ok(());
        }
        data = data.get_item(0)?;
    }
}

fn collect(data: &Bound<'_, PyAny>, shape: &[usize], axis: usize, found: &mut Found) -> PyResult<()> {
    if axis == shape.len() {
        return number(data, found);
    }
    if let Ok(array) = data.cast::<PyUntypedArray>() {
        return collect_array(&from_numpy_array(array, None)?, &shape[axis..], axis, found);
    }
    if !is_sequence(data) {
        return Err(PyTypeError::new_err(format!(
            "not a sequence: expected sequence of length {} at dim {axis}",
            shape[axis]
        )));
    }
    let len = data.len()?;
    if len != shape[axis] {
        return Err(PyValueError::new_err(format!(
            "expected sequence of length {} at dim {axis} (got {len})",
            shape[axis]
        )));
    }
    for item in data.try_iter()? {
        collect(&item?, shape, axis + 1, found)?;
    }
    Ok(())
}

/// A numpy array among the sequences.
fn collect_array(array: &Array, shape: &[usize], axis: usize, found: &mut Found) -> PyResult<()> {
    if array.ndim() != shape.len() {
        return Err(PyValueError::new_err(format!(
            "expected sequence of {} axes at dim {axis} (got {})",
            shape.len(),
            array.ndim()
        )));
    }
    if let Some(at) = (0..shape.len()).find(|&i| array.shape()[i] != shape[i]) {
        return Err(PyValueError::new_err(format!(
            "expected sequence of length {} at dim {} (got {})",
            shape[at],
            axis + at,
            array.shape()[at]
        )));
    }
    found.meet(array.dtype());
    dispatch_all!(array.dtype(), T => {
        found.values.extend(array.slice::<T>().iter().map(|&x| match T::DTYPE.category() {
            Category::Bool => Scalar::Bool(x.truth()),
            Category::Integer => Scalar::Int(x.to_i64()),
            Category::Float => Scalar::Float(x.to_f64()),
        }));
    });
    Ok(())
}

/// One number: of Python, of numpy, or a tensor of one element.
fn number(x: &Bound<'_, PyAny>, found: &mut Found) -> PyResult<()> {
    if let Ok(f) = x.cast_exact::<PyFloat>() {
        found.push(Scalar::Float(f.value()), default_dtype());
    } else if x.is_instance_of::<PyBool>() {
        found.push(Scalar::Bool(x.is_truthy()?), DType::Bool);
    } else if x.is_instance_of::<PyInt>() {
        let value = match x.extract::<i64>() {
            Ok(value) => Scalar::Int(value),
            Err(_) if found.wants_float => Scalar::Float(x.extract()?),
            Err(_) => return Err(PyValueError::new_err("Overflow when unpacking long long")),
        };
        found.push(value, DType::I64);
    } else if let Ok(tensor) = x.cast::<PyTensor>() {
        let array = tensor.get().tensor.array();
        let item = array.item();
        let item = item.map_err(|_| {
            PyValueError::new_err(format!(
                "only one element tensors can be converted to Python scalars, got one of {} elements",
                array.numel()
            ))
        });
        found.push(item?, array.dtype());
    } else if x.hasattr("dtype")? {
        // numpy's scalars have a dtype of their own.
        let array = x.py().import("numpy")?.call_method1("asarray", (x,))?;
        collect_array(&from_numpy_array(array.cast::<PyUntypedArray>()?, None)?, &[], 0, found)?;
    } else if let Ok(f) = x.cast::<PyFloat>() {
        found.push(Scalar::Float(f.value()), default_dtype());
    } else {
        let name = x.get_type().name()?;
        return Err(match () {
            _ if x.is_instance_of::<PyString>() => PyValueError::new_err(format!("too many dimensions '{name}'")),
            _ if is_sequence(x) => PyTypeError::new_err(format!("'{name}' object cannot be interpreted as a number")),
            _ => PyRuntimeError::new_err(format!("Could not infer dtype of {name}")),
        });
    }
    Ok(())
}

/// Numbers that an integer dtype cannot hold are mistakes, not wrap-arounds; floats beyond a float type are infinite.
fn check_range(value: Scalar, dtype: DType) -> PyResult<()> {
    Ok(if dtype.is_float() { Ok(()) } else { value.check_fits(dtype) }?)
}
