//! `x[...]` and `x[...] = value`.

use super::class::{Out, PyTensor};
use crate::array::{Array, DType, Scalar};
use crate::autograd::Tensor;
use crate::ops::{index, index::Item, view};
use crate::python::gil::without_gil;
use crate::python::sequence::to_array;
use crate::shape::{Pick, Region, slice_range, wrap_index};
use numpy::PyUntypedArray;
use pyo3::exceptions::{PyIndexError, PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyFloat, PyInt, PyList, PySequence, PySlice, PyTuple};
use smallvec::SmallVec;

type Items = SmallVec<[Item; 4]>;

/// A plain integer (or another object that stands for one), not a truth value.
fn integer(obj: &Bound<'_, PyAny>) -> PyResult<Option<isize>> {
    if obj.is_instance_of::<PyBool>() || obj.is_instance_of::<PyTensor>() {
        return Ok(None);
    }
    if !obj.is_instance_of::<PyInt>() && (obj.is_instance_of::<PyUntypedArray>() || !obj.hasattr("__index__")?) {
        return Ok(None);
    }
    match obj.extract::<isize>() {
        Ok(i) => Ok(Some(i)),
        Err(_) => Err(PyValueError::new_err("Overflow when unpacking long long")),
    }
}

/// A bound of a slice; what does not fit 64 bits is as good as the largest number that does.
fn bound(obj: &Bound<'_, PyAny>) -> PyResult<Option<isize>> {
    if obj.is_none() {
        return Ok(None);
    }
    if let Ok(i) = obj.extract::<isize>() {
        return Ok(Some(i));
    }
    if obj.is_instance_of::<PyInt>() {
        return Ok(Some(if obj.lt(0)? { isize::MIN } else { isize::MAX }));
    }
    match obj.hasattr("__index__")? {
        true => bound(&obj.call_method0("__index__")?),
        false => Err(PyTypeError::new_err("slice indices must be integers or None or have an __index__ method")),
    }
}

/// `(start, end, step)` of a slice.
fn bounds(slice: &Bound<'_, PySlice>) -> PyResult<(Option<isize>, Option<isize>, isize)> {
    let part = |name| bound(&slice.getattr(name)?);
    let step = part("step")?.unwrap_or(1);
    match step {
        0 => Err(PyValueError::new_err("slice step cannot be zero")),
        ..0 => Err(PyValueError::new_err("step must be greater than zero")),
        _ => Ok((part("start")?, part("stop")?, step)),
    }
}

/// Data that is not a tensor, as an index tensor: truth values and bytes stay, all else becomes `int64`.
fn sequence(obj: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    let array = to_array(obj.py(), obj, None)?;
    let array = match array.dtype() {
        DType::Bool | DType::U8 => array,
        _ => array.to_dtype(DType::I64)?,
    };
    Ok(Tensor::new(array))
}

fn item(obj: &Bound<'_, PyAny>) -> PyResult<Item> {
    if let Some(i) = integer(obj)? {
        return Ok(Item::At(i));
    }
    if let Ok(slice) = obj.cast::<PySlice>() {
        let (start, end, step) = bounds(slice)?;
        return Ok(Item::Slice(start, end, step));
    }
    if obj.is_none() {
        return Ok(Item::New);
    }
    if obj.is_instance_of::<PyEllipsis>() {
        return Ok(Item::Ellipsis);
    }
    if let Ok(tensor) = obj.cast::<PyTensor>() {
        let tensor = tensor.get().tensor.clone();
        if tensor.dtype() == DType::U8 {
            let text = c"indexing with dtype rsnn.uint8 is now deprecated, please use a dtype rsnn.bool instead.";
            PyErr::warn(obj.py(), &obj.py().get_type::<PyUserWarning>(), text, 1)?;
        }
        return Ok(Item::Tensor(tensor));
    }
    if let Ok(truth) = obj.cast::<PyBool>() {
        return Ok(Item::Bool(truth.is_true()));
    }
    if obj.cast::<PySequence>().is_ok() || obj.is_instance_of::<PyUntypedArray>() {
        return Ok(Item::Tensor(sequence(obj)?));
    }
    Err(PyIndexError::new_err(format!(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {})",
        obj.get_type().name()?
    )))
}

/// Whether a list stands for a tuple of indices, as PyTorch still reads lists of tensors, sequences, slices and `None`.
fn stands_for_tuple(list: &Bound<'_, PyList>) -> PyResult<bool> {
    if list.len() >= 32 {
        return Ok(false);
    }
    let found = list.iter().any(|x| {
        x.is_none()
            || x.is_instance_of::<PyTensor>()
            || x.is_instance_of::<PyEllipsis>()
            || x.is_instance_of::<PySlice>()
            || x.cast::<PySequence>().is_ok()
    });
    if found {
        let text = c"Using a non-tuple sequence for multidimensional indexing is deprecated; use x[tuple(seq)] instead of x[seq].";
        PyErr::warn(list.py(), &list.py().get_type::<PyUserWarning>(), text, 1)?;
    }
    Ok(found)
}

fn items(index: &Bound<'_, PyAny>) -> PyResult<Items> {
    if let Ok(tuple) = index.cast::<PyTuple>() {
        return tuple.iter_borrowed().map(|obj| item(&obj)).collect();
    }
    if let Ok(list) = index.cast::<PyList>()
        && stands_for_tuple(list)?
    {
        return list.iter().map(|obj| item(&obj)).collect();
    }
    Ok(smallvec::smallvec![item(index)?])
}

/// The region of the two commonest index expressions: `x[i]` and `x[i:j:k]`.
#[inline]
fn simple(x: &Tensor, index: &Bound<'_, PyAny>) -> PyResult<Option<Region>> {
    if index.is_exact_instance_of::<PyInt>() {
        let Ok(i) = index.extract::<isize>() else { return Ok(None) };
        return Ok(x.with_array(|a| {
            let at = wrap_index(i, *a.shape().first()?)?;
            Some(Region(smallvec::smallvec![Pick::At(at)]))
        }));
    }
    if let Ok(slice) = index.cast::<PySlice>() {
        let (start, end, step) = bounds(slice)?;
        let Some(size) = x.with_array(|a| a.shape().first().copied()) else {
            return Err(PyIndexError::new_err("slice() cannot be applied to a 0-dim tensor."));
        };
        return Ok(Some(Region(smallvec::smallvec![slice_range(start, end, step, size)?])));
    }
    Ok(None)
}

/// What is assigned: a tensor as it is, a number in the dtype of the target.
fn value(target: &Tensor, value: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    if let Ok(tensor) = value.cast::<PyTensor>() {
        return Ok(tensor.get().tensor.clone());
    }
    let number = value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>();
    let numpy_scalar = !number && !value.is_instance_of::<PyUntypedArray>() && value.hasattr("dtype")?;
    if !number && !numpy_scalar {
        return Err(PyTypeError::new_err(format!(
            "can't assign a {} to a rsnn.{}Tensor",
            value.get_type().name()?,
            target.dtype().type_name()
        )));
    }
    if value.is_instance_of::<PyInt>() && value.extract::<i64>().is_err() {
        return Err(PyValueError::new_err("Overflow when unpacking long long"));
    }
    let scalar: Scalar = value.extract()?;
    // What is too large for a half type becomes infinite, as in PyTorch.
    if target.dtype().size() > 2 || !target.dtype().is_float() {
        scalar.check_fits(target.dtype())?;
    }
    Ok(Tensor::new(Array::scalar(scalar, target.dtype())?))
}

/// About as many elements as an index expression touches, where it copies.
fn work(x: &Tensor, items: &[Item]) -> usize {
    let copies = items.iter().any(|i| matches!(i, Item::Tensor(_)));
    if copies { x.numel() } else { 0 }
}

#[pymethods]
impl PyTensor {
    /// A part of the tensor: a view for integers, slices, `None` and `...`; a copy for index tensors, lists and masks.
    ///
    /// Raises:
    ///     IndexError: for indices out of range, too many of them, or masks of another shape.
    ///     ValueError: for slices that do not step forward.
    fn __getitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> PyResult<Out> {
        if let Some(region) = simple(&self.tensor, index)? {
            return Ok(Out(view::part(&self.tensor, region)?));
        }
        let items = items(index)?;
        without_gil(py, work(&self.tensor, &items), || index::get(&self.tensor, &items)).map(Out)
    }

    /// Writes a number or a tensor, broadcast, to a part of the tensor.
    ///
    /// Raises:
    ///     IndexError, ValueError: as for reading.
    ///     TypeError: for a value that is neither a number nor a tensor.
    ///     RuntimeError: if the value does not stretch to the part, or the tensor may not be written.
    fn __setitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let items = items(index)?;
        let value = self::value(&self.tensor, value)?;
        without_gil(py, self.tensor.numel(), || index::set(&self.tensor, &items, &value))
    }

    /// Tensors keep their elements.
    fn __delitem__(&self, _index: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err("Tensor does not support deleting items"))
    }
}
