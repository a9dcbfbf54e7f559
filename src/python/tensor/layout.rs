//! Copies in a memory format, and the layout of a tensor changed in place.

use super::class::{Out, PyTensor};
use super::shape::ints;
use crate::ops::copy::{self, MemoryFormat};
use crate::ops::view;
use crate::python::arguments::{IntList, sizes};
use crate::python::gil::without_gil;
use pyo3::exceptions::{PyNotImplementedError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

impl<'a, 'py> FromPyObject<'a, 'py> for MemoryFormat {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match obj.str()?.to_string_lossy().as_ref() {
            "rsnn.preserve_format" => Ok(MemoryFormat::Preserve),
            "rsnn.contiguous_format" => Ok(MemoryFormat::Contiguous),
            "rsnn.channels_last" => Ok(MemoryFormat::ChannelsLast),
            "rsnn.channels_last_3d" => Ok(MemoryFormat::ChannelsLast3d),
            other => Err(PyTypeError::new_err(format!("memory_format must be rsnn.memory_format, not {other}"))),
        }
    }
}

#[pymethods]
impl PyTensor {
    /// A copy in memory of its own, through which gradients flow.
    ///
    /// Args:
    ///     memory_format: the order of the axes in memory: `rsnn.preserve_format` (the default), `rsnn.contiguous_format`,
    ///         `rsnn.channels_last` or `rsnn.channels_last_3d`.
    ///
    /// Raises:
    ///     RuntimeError: for a channels-last format and another number of axes than 4 or 5.
    #[pyo3(signature = (*, memory_format=None))]
    fn clone(&self, py: Python<'_>, memory_format: Option<MemoryFormat>) -> PyResult<Out> {
        let format = memory_format.unwrap_or_default();
        without_gil(py, self.tensor.numel(), || copy::clone(&self.tensor, format)).map(Out)
    }

    /// The tensor in row-major order without gaps, or in another memory format: itself if it lies so, else a copy.
    ///
    /// Raises:
    ///     RuntimeError: for `preserve_format`, or a channels-last format and another number of axes than 4 or 5.
    #[pyo3(signature = (memory_format=None))]
    fn contiguous<'py>(slf: &Bound<'py, Self>, memory_format: Option<MemoryFormat>) -> PyResult<Bound<'py, PyTensor>> {
        let (py, tensor) = (slf.py(), &slf.get().tensor);
        let format = memory_format.unwrap_or(MemoryFormat::Contiguous);
        if format == MemoryFormat::Preserve {
            return Err(pyo3::exceptions::PyRuntimeError::new_err(
                "preserve memory format is unsupported by the contiguous operator",
            ));
        }
        if tensor.with_array(|a| format.holds(a.layout())) {
            return Ok(slf.clone());
        }
        let copy = without_gil(py, tensor.numel(), || copy::clone(tensor, format))?;
        Out(copy).into_pyobject(py)
    }

    /// Whether the elements lie in row-major order without gaps, or in another memory format.
    #[pyo3(signature = (memory_format=None))]
    fn is_contiguous(&self, memory_format: Option<MemoryFormat>) -> bool {
        let format = memory_format.unwrap_or(MemoryFormat::Contiguous);
        self.tensor.with_array(|a| format.holds(a.layout()))
    }

    /// Writes `other`, broadcast and converted to this dtype, into this tensor, and returns it. Gradients flow to `other`.
    ///
    /// Raises:
    ///     RuntimeError: if the shape of `other` does not stretch to this one, or the tensor may not be written.
    #[pyo3(signature = (other, non_blocking=false))]
    fn copy_<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyTensor>,
        non_blocking: bool,
    ) -> PyResult<Bound<'py, Self>> {
        // On one device every copy is done when it returns.
        let _ = non_blocking;
        let (x, y) = (&slf.get().tensor, &other.get().tensor);
        without_gil(slf.py(), x.numel(), || copy::copy_(x, y))?;
        Ok(slf.clone())
    }

    /// `unsqueeze` in place.
    fn unsqueeze_<'py>(slf: &Bound<'py, Self>, dim: isize) -> PyResult<Bound<'py, Self>> {
        view::unsqueeze_(&slf.get().tensor, dim)?;
        Ok(slf.clone())
    }

    /// `squeeze` in place.
    #[pyo3(signature = (dim=None))]
    fn squeeze_<'py>(slf: &Bound<'py, Self>, dim: Option<IntList>) -> PyResult<Bound<'py, Self>> {
        view::squeeze_(&slf.get().tensor, dim.as_ref().map(|d| d.0.as_slice()))?;
        Ok(slf.clone())
    }

    /// `transpose` in place.
    fn transpose_<'py>(slf: &Bound<'py, Self>, dim0: isize, dim1: isize) -> PyResult<Bound<'py, Self>> {
        view::transpose_(&slf.get().tensor, dim0, dim1)?;
        Ok(slf.clone())
    }

    /// As `transpose_`.
    fn swapdims_<'py>(slf: &Bound<'py, Self>, dim0: isize, dim1: isize) -> PyResult<Bound<'py, Self>> {
        Self::transpose_(slf, dim0, dim1)
    }

    /// As `transpose_`.
    fn swapaxes_<'py>(slf: &Bound<'py, Self>, axis0: isize, axis1: isize) -> PyResult<Bound<'py, Self>> {
        Self::transpose_(slf, axis0, axis1)
    }

    /// `t` in place.
    fn t_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        view::t_(&slf.get().tensor)?;
        Ok(slf.clone())
    }

    /// `as_strided` in place.
    #[pyo3(signature = (size, stride, storage_offset=None))]
    fn as_strided_<'py>(
        slf: &Bound<'py, Self>,
        size: IntList,
        stride: IntList,
        storage_offset: Option<isize>,
    ) -> PyResult<Bound<'py, Self>> {
        view::as_strided_(&slf.get().tensor, &size.0, &stride.0, storage_offset)?;
        Ok(slf.clone())
    }

    /// Gives the tensor another shape, row-major, over its memory. Where that is too small, the tensor moves to a new
    /// block, whose further elements are undefined; tensors that shared the old block keep it.
    ///
    /// Raises:
    ///     RuntimeError: if the tensor requires a gradient.
    ///     NotImplementedError: for another `memory_format` than `contiguous_format`.
    #[pyo3(signature = (*args, size=None, memory_format=None), text_signature = "($self, *sizes, memory_format=None)")]
    fn resize_<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        size: Option<IntList>,
        memory_format: Option<MemoryFormat>,
    ) -> PyResult<Bound<'py, Self>> {
        if memory_format.is_some_and(|f| f != MemoryFormat::Contiguous) {
            return Err(PyNotImplementedError::new_err("resize_: only memory_format=contiguous_format is supported"));
        }
        view::resize_(&slf.get().tensor, &sizes("resize_", &ints("resize_", args, size)?)?)?;
        Ok(slf.clone())
    }

    /// `resize_` to the shape of another tensor.
    fn resize_as_<'py>(slf: &Bound<'py, Self>, the_template: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, Self>> {
        view::resize_(&slf.get().tensor, &the_template.get().tensor.shape())?;
        Ok(slf.clone())
    }

    /// Makes this tensor share the memory, sizes and strides of `source`; without one it becomes empty.
    ///
    /// Raises:
    ///     RuntimeError: for another dtype, or if the tensor requires a gradient.
    #[pyo3(signature = (source=None))]
    fn set_<'py>(slf: &Bound<'py, Self>, source: Option<&Bound<'py, PyTensor>>) -> PyResult<Bound<'py, Self>> {
        view::set_(&slf.get().tensor, source.map(|s| &s.get().tensor))?;
        Ok(slf.clone())
    }
}
