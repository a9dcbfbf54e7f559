//! `Tensor.__dlpack__`.

use super::abi::{CPU, DataType, Device, IS_COPIED, Kind, Managed, READ_ONLY, Tensor, Versioned};
use crate::array::Array;
use crate::python::tensor::PyTensor;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt};
use std::ffi::c_void;

/// What a managed tensor owns: the array, and the numbers that it points to.
struct Owner {
    _array: Array,
    sizes: Vec<i64>,
}

/// A capsule that owns a share of the array's memory.
fn capsule<K: Kind>(py: Python<'_>, array: Array, flags: u64) -> PyResult<Bound<'_, PyAny>> {
    let ndim = array.ndim();
    let mut sizes: Vec<i64> = array.shape().iter().map(|&n| n as i64).collect();
    // The stride of an axis that is never walked along means nothing; as 1 it disturbs nobody.
    sizes.extend(array.shape().iter().zip(array.strides()).map(|(&n, &s)| if n > 1 { s as i64 } else { 1 }));
    let start = if array.numel() == 0 { 0 } else { array.layout().offset * array.dtype().size() };
    let data = array.storage().expose().wrapping_add(start).cast::<c_void>();
    let dtype = DataType::of(array.dtype());
    let mut owner = Box::new(Owner { _array: array, sizes });
    let shape = owner.sizes.as_mut_ptr();
    let device = Device { kind: CPU, index: 0 };
    let strides = shape.wrapping_add(ndim);
    let tensor = Tensor { data, device, ndim: ndim as i32, dtype, shape, strides, byte_offset: 0 };
    let managed = Box::into_raw(Box::new(K::new(tensor, Box::into_raw(owner).cast(), delete::<K>, flags)));
    // SAFETY: the name is static, and the destructor takes back exactly such a pointer from a capsule of this name.
    unsafe {
        let raw = ffi::PyCapsule_New(managed.cast(), K::NAME.as_ptr(), Some(destroy::<K>));
        if raw.is_null() {
            delete::<K>(managed);
        }
        Bound::from_owned_ptr_or_err(py, raw)
    }
}

/// Lets go of the array. Works without the interpreter, too: then a Python object that owns the memory goes later.
///
/// # Safety
/// `managed` must come from [`capsule`], and must not be used afterwards.
unsafe extern "C" fn delete<K: Kind>(managed: *mut K) {
    if managed.is_null() {
        return;
    }
    // SAFETY: both were boxed by `capsule`, and the protocol calls a deleter once.
    unsafe {
        let managed = Box::from_raw(managed);
        let owner = Box::from_raw(managed.owner().cast::<Owner>());
        // A caller that holds the interpreter may not have said so to PyO3, which would then put off giving objects back.
        let held = ffi::PyGILState_Check() != 0;
        if held {
            Python::try_attach(move |_| drop(owner));
        }
    }
}

/// The destructor of capsules: one whose contents nobody has taken deletes them.
///
/// # Safety
/// Called by Python, with a capsule that [`capsule`] has made.
unsafe extern "C" fn destroy<K: Kind>(capsule: *mut ffi::PyObject) {
    // SAFETY: the pointer of a capsule of this name is the one that was put in; a renamed capsule is left alone.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, K::NAME.as_ptr()) != 0 {
            delete::<K>(ffi::PyCapsule_GetPointer(capsule, K::NAME.as_ptr()).cast());
        }
    }
}

fn is_cpu(device: &Bound<'_, PyAny>) -> PyResult<bool> {
    let (kind, index): (Bound<'_, PyAny>, i32) = device.extract()?;
    let kind: i32 = kind.extract().or_else(|_| kind.call_method0("__int__")?.extract())?;
    Ok((kind, index) == (CPU, 0))
}

#[pymethods]
impl PyTensor {
    /// The tensor as a DLPack capsule that shares its memory. Called by `from_dlpack` of other libraries.
    ///
    /// Args:
    ///     stream: must be None or -1: a CPU has no streams.
    ///     max_version: the newest version of the protocol that the consumer understands, as a pair; None for those that
    ///         came before versions.
    ///     dl_device: the device that is wanted; only the CPU, `(1, 0)`.
    ///     copy: whether to copy the memory.
    ///
    /// Raises:
    ///     BufferError: for a tensor that requires a gradient, for another device, and for read-only memory asked for
    ///         without a version.
    ///     TypeError: for arguments of other types.
    #[pyo3(signature = (*, stream=None, max_version=None, dl_device=None, copy=None))]
    fn __dlpack__<'py>(
        &self,
        py: Python<'py>,
        stream: Option<Bound<'py, PyAny>>,
        max_version: Option<(u32, u32)>,
        dl_device: Option<Bound<'py, PyAny>>,
        copy: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if self.tensor.requires_grad() {
            return Err(PyBufferError::new_err("Can't export tensors that require gradient, use tensor.detach()"));
        }
        if let Some(stream) = stream {
            if !stream.is_instance_of::<PyInt>() {
                return Err(PyTypeError::new_err("stream must be ``int`` or ``none``"));
            }
            if !stream.eq(-1)? {
                return Err(PyBufferError::new_err(format!("stream={stream}: a CPU has no streams, expected None")));
            }
        }
        if let Some(device) = dl_device
            && !is_cpu(&device)?
        {
            return Err(PyBufferError::new_err(format!("dl_device={device}: only the CPU, (1, 0), is supported")));
        }
        let copies = match copy {
            None => false,
            Some(copy) => match copy.cast::<PyBool>() {
                Ok(copy) => copy.is_true(),
                Err(_) => return Err(PyTypeError::new_err(format!("copy must be bool or None, not {copy}"))),
            },
        };
        let array = self.tensor.array();
        let array = if copies { array.copy_contiguous()? } else { array };
        let read_only = !array.storage().writable();
        let flags = if copies { IS_COPIED } else { 0 } | if read_only { READ_ONLY } else { 0 };
        match max_version {
            Some((major, _)) if major >= 1 => capsule::<Versioned>(py, array, flags),
            _ if read_only => Err(PyBufferError::new_err(
                "Can't export read-only memory without a version of DLPack that can say so; pass max_version=(1, 0)",
            )),
            _ => capsule::<Managed>(py, array, flags),
        }
    }

    /// The device in DLPack's terms: always `(1, 0)`, the CPU.
    fn __dlpack_device__(&self) -> (i32, i32) {
        (CPU, 0)
    }
}
