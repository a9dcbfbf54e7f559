//! `from_dlpack`.

use super::abi::{CPU, Kind, Managed, READ_ONLY, Tensor as Described, VERSION, Versioned};
use crate::array::{Array, Storage};
use crate::autograd::Tensor;
use crate::python::arguments::check_device;
use crate::python::tensor::Out;
use crate::shape::{Dims, Layout, MAX_AXES, checked_numel, contiguous_strides};
use pyo3::exceptions::{PyBufferError, PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};
use std::ptr::NonNull;
use std::sync::Arc;

/// A managed tensor taken out of its capsule; its deleter runs when this goes.
struct Taken<K: Kind>(*mut K);

// SAFETY: the protocol lets consumers call a deleter from any thread.
unsafe impl<K: Kind> Send for Taken<K> {}
// SAFETY: nothing is done through a shared reference.
unsafe impl<K: Kind> Sync for Taken<K> {}

impl<K: Kind> Drop for Taken<K> {
    fn drop(&mut self) {
        // SAFETY: taken from its capsule, so this is the one call of the deleter.
        unsafe {
            if let Some(deleter) = (*self.0).deleter() {
                deleter(self.0);
            }
        }
    }
}

/// The dtype and layout of what a capsule holds.
///
/// # Safety
/// `shape` and `strides` must point to `ndim` numbers each, or be null.
unsafe fn describe(tensor: &Described) -> PyResult<(crate::array::DType, Layout)> {
    let refuse = |text: String| Err(PyBufferError::new_err(format!("from_dlpack: {text}")));
    if tensor.device.kind != CPU {
        return refuse(format!("expected memory of the CPU (1), got device type {}", tensor.device.kind));
    }
    let kind = tensor.dtype;
    let Some(dtype) = kind.dtype() else {
        return refuse(format!(
            "unsupported element type (code {}, {} bits, {} lanes)",
            kind.code, kind.bits, kind.lanes
        ));
    };
    let ndim = match usize::try_from(tensor.ndim) {
        Ok(ndim) if ndim <= MAX_AXES => ndim,
        _ => return refuse(format!("expected 0 to {MAX_AXES} axes, got {}", tensor.ndim)),
    };
    if ndim > 0 && tensor.shape.is_null() {
        return refuse(format!("{ndim} axes, but no sizes"));
    }
    let mut layout = Layout::contiguous(&[]);
    for axis in 0..ndim {
        // SAFETY: inside of the `ndim` numbers, by the contract above.
        let size = unsafe { *tensor.shape.add(axis) };
        match usize::try_from(size) {
            Ok(size) => layout.shape.push(size),
            Err(_) => return refuse(format!("negative size {size} of axis {axis}")),
        }
    }
    let numel = checked_numel(&layout.shape)?;
    if tensor.strides.is_null() || numel == 0 {
        layout.strides = contiguous_strides(&layout.shape);
    } else {
        layout.strides = Dims::with_capacity(ndim);
        for axis in 0..ndim {
            // SAFETY: as above.
            let stride = unsafe { *tensor.strides.add(axis) };
            match usize::try_from(stride) {
                _ if layout.shape[axis] == 1 => layout.strides.push(1),
                Ok(stride) => layout.strides.push(stride),
                Err(_) => {
                    return Err(PyRuntimeError::new_err(
                        "from_dlpack: Negative strides are not supported; copy the array first",
                    ));
                }
            }
        }
    }
    Ok((dtype, layout))
}

/// The bytes from the first element to the last, where that many can be.
fn extent(layout: &Layout, size: usize) -> Option<usize> {
    let mut last = 0usize;
    for (&n, &stride) in layout.shape.iter().zip(&layout.strides) {
        last = last.checked_add(n.checked_sub(1)?.checked_mul(stride)?)?;
    }
    last.checked_add(1)?.checked_mul(size).filter(|&bytes| bytes <= isize::MAX as usize)
}

/// An array over what a capsule of kind `K` holds. The capsule is left as it was if that cannot be.
fn take<K: Kind>(capsule: &Bound<'_, PyCapsule>) -> PyResult<Array> {
    let object = capsule.as_ptr();
    // SAFETY: a capsule of this name holds a pointer to such a structure, which is alive as long as nobody has taken it.
    // The description is checked before memory is touched; that it is true is the producer's promise.
    unsafe {
        let managed = ffi::PyCapsule_GetPointer(object, K::NAME.as_ptr()).cast::<K>();
        let Some(managed) = NonNull::new(managed) else { return Err(PyErr::fetch(capsule.py())) };
        let managed = managed.as_ptr();
        if let Some((major, minor)) = (*managed).version()
            && major != VERSION.0
        {
            let text = format!("from_dlpack: expected version {}.x of DLPack, got {major}.{minor}", VERSION.0);
            return Err(PyBufferError::new_err(text));
        }
        let tensor = (*managed).tensor();
        let (dtype, layout) = describe(tensor)?;
        let bytes = if layout.shape.contains(&0) { 0 } else { extent(&layout, dtype.size()).unwrap_or(usize::MAX) };
        let data = (tensor.data as usize).checked_add(tensor.byte_offset as usize);
        let data = match data {
            Some(data) if bytes == 0 || (data != 0 && data.checked_add(bytes).is_some()) => data as *mut u8,
            _ => return Err(PyBufferError::new_err("from_dlpack: the sizes lead out of the memory")),
        };
        if bytes > 0 && data as usize % dtype.size() != 0 {
            return Err(PyBufferError::new_err(format!(
                "from_dlpack: the memory is not aligned to elements of {} bytes; copy the array first",
                dtype.size()
            )));
        }
        let writable = (*managed).flags() & READ_ONLY == 0;
        if ffi::PyCapsule_SetName(object, K::USED.as_ptr()) != 0 {
            return Err(PyErr::fetch(capsule.py()));
        }
        let keep = Box::new(Taken(managed));
        let ptr = if bytes == 0 { NonNull::dangling() } else { NonNull::new(data).expect("checked above") };
        let storage = Storage::foreign(ptr, bytes, writable, keep);
        Ok(Array::from_storage(Arc::new(storage), dtype, layout)?)
    }
}

/// An array over what a capsule holds.
fn open(capsule: &Bound<'_, PyCapsule>) -> PyResult<Array> {
    // SAFETY: only names are asked for.
    let is = |name: &std::ffi::CStr| unsafe { ffi::PyCapsule_IsValid(capsule.as_ptr(), name.as_ptr()) != 0 };
    if is(Versioned::NAME) {
        take::<Versioned>(capsule)
    } else if is(Managed::NAME) {
        take::<Managed>(capsule)
    } else {
        Err(PyRuntimeError::new_err(
            "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might \
             have already constructed a tensor from it once.",
        ))
    }
}

/// A tensor over the memory of another library's array, by DLPack.
///
/// Args:
///     ext_tensor: an object with `__dlpack__` and `__dlpack_device__`, or a DLPack capsule, which can be used once.
///     device: only `"cpu"`.
///     copy: whether the array's library is to copy the memory; None leaves it the choice.
///
/// Raises:
///     BufferError: for memory of other devices, element types that rsnn has not, and descriptions that make no sense.
///     RuntimeError: for a capsule that was used before, and for negative strides.
///     TypeError: for an object that knows nothing of DLPack.
///
/// Example:
///     >>> a = np.zeros(2)
///     >>> rsnn.from_dlpack(a)[0] = 1
///     >>> a
///     array([1., 0.])
#[pyfunction]
#[pyo3(signature = (ext_tensor, *, device=None, copy=None))]
fn from_dlpack<'py>(
    ext_tensor: &Bound<'py, PyAny>,
    device: Option<&Bound<'py, PyAny>>,
    copy: Option<bool>,
) -> PyResult<Out> {
    check_device(device)?;
    if let Ok(capsule) = ext_tensor.cast::<PyCapsule>() {
        if copy.is_some() {
            return Err(PyRuntimeError::new_err("from_dlpack: device and copy are for objects, not for capsules"));
        }
        return Ok(Out(Tensor::new(open(capsule)?)));
    }
    if !ext_tensor.hasattr("__dlpack__")? {
        let name = ext_tensor.get_type().name()?;
        return Err(PyTypeError::new_err(format!("from_dlpack: expected an object with __dlpack__, got {name}")));
    }
    let (kind, _): (Bound<'py, PyAny>, Bound<'py, PyAny>) = ext_tensor.call_method0("__dlpack_device__")?.extract()?;
    let kind: i32 = kind.extract().or_else(|_| kind.call_method0("__int__")?.extract())?;
    if kind != CPU {
        return Err(PyBufferError::new_err(format!(
            "from_dlpack: expected memory of the CPU (1), got device type {kind}"
        )));
    }
    let py = ext_tensor.py();
    let options = PyDict::new(py);
    options.set_item("max_version", VERSION)?;
    if copy.is_some() {
        options.set_item("copy", copy)?;
    }
    let capsule = match ext_tensor.call_method("__dlpack__", (), Some(&options)) {
        // Producers from before version 1 do not know these arguments.
        Err(error) if copy.is_none() && error.is_instance_of::<PyTypeError>(py) => {
            ext_tensor.call_method0("__dlpack__")
        }
        result => result,
    }?;
    match capsule.cast::<PyCapsule>() {
        Ok(capsule) => Ok(Out(Tensor::new(open(capsule)?))),
        Err(_) => {
            let name = capsule.get_type().name()?;
            Err(PyTypeError::new_err(format!("from_dlpack: __dlpack__ returned {name}, expected a capsule")))
        }
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(from_dlpack, m)?)
}
