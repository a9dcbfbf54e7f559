//! The forms in which Python hands arguments over: a number or a tensor, an integer or a list of them, a device.

use super::tensor::PyTensor;
use crate::array::Scalar;
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyTuple};
use smallvec::SmallVec;

/// Integers on the stack, mostly.
pub type Ints = SmallVec<[isize; 6]>;

/// A flag that may be anything true or false, as where PyTorch is written in Python: `#[pyo3(from_py_with = truth)]`.
pub fn truth(flag: &Bound<'_, PyAny>) -> PyResult<bool> {
    flag.is_truthy()
}

impl<'a, 'py> FromPyObject<'a, 'py> for Scalar {
    type Error = PyErr;

    /// A Python or numpy number, or a tensor of one element that requires no gradient.
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(x) = obj.cast::<PyFloat>() {
            return Ok(Scalar::Float(x.value()));
        }
        if obj.is_instance_of::<PyBool>() {
            return Ok(Scalar::Bool(obj.is_truthy()?));
        }
        if obj.is_instance_of::<PyInt>() {
            return match obj.extract::<i64>() {
                Ok(x) => Ok(Scalar::Int(x)),
                Err(_) => Err(PyRuntimeError::new_err(format!(
                    "value {} cannot be converted to type int64_t without overflow",
                    obj.str()?
                ))),
            };
        }
        if let Ok(tensor) = obj.cast::<PyTensor>()
            && tensor.get().tensor.numel() == 1
        {
            return Ok(tensor.get().tensor.array().item()?);
        }
        // numpy's scalars answer to the number protocols without being numbers of Python's.
        if obj.hasattr("dtype")? && obj.getattr("ndim").and_then(|n| n.extract::<usize>()).is_ok_and(|n| n == 0) {
            let item = obj.call_method0("item")?;
            if !item.hasattr("dtype")? {
                return item.extract();
            }
        }
        Err(PyTypeError::new_err(format!("expected a number, not {}", obj.get_type().name()?)))
    }
}

/// A tensor or a number: the second operand of arithmetic.
pub enum Operand<'py> {
    /// A tensor.
    Tensor(Bound<'py, PyTensor>),
    /// A number.
    Scalar(Scalar),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Operand<'py> {
    type Error = PyErr;

    #[inline]
    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match obj.cast::<PyTensor>() {
            Ok(tensor) => Ok(Operand::Tensor(tensor.to_owned())),
            Err(_) => Ok(Operand::Scalar(obj.extract()?)),
        }
    }
}

/// One integer that may be a tensor or a numpy integer.
pub fn extract_int(obj: &Bound<'_, PyAny>) -> PyResult<isize> {
    if let Ok(x) = obj.extract::<isize>() {
        // `True` is an int to Python; as a size it is a mistake.
        return if obj.is_instance_of::<PyBool>() {
            Err(PyTypeError::new_err("expected an int, not bool"))
        } else {
            Ok(x)
        };
    }
    if obj.is_instance_of::<PyInt>() {
        return Err(PyTypeError::new_err(format!("the int {} does not fit 64 bits", obj.str()?)));
    }
    if let Ok(tensor) = obj.cast::<PyTensor>()
        && let Scalar::Int(x) = tensor.get().tensor.array().item()?
    {
        return Ok(x as isize);
    }
    Err(PyTypeError::new_err(format!("expected an int, not {}", obj.get_type().name()?)))
}

/// An integer or a sequence of integers (`dim=`, `size=`).
pub struct IntList(pub Ints);

impl<'a, 'py> FromPyObject<'a, 'py> for IntList {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(tuple) = obj.cast::<PyTuple>() {
            return Ok(IntList(tuple.iter().map(|x| extract_int(&x)).collect::<PyResult<_>>()?));
        }
        if let Ok(list) = obj.cast::<PyList>() {
            return Ok(IntList(list.iter().map(|x| extract_int(&x)).collect::<PyResult<_>>()?));
        }
        Ok(IntList(smallvec::smallvec![extract_int(&obj)?]))
    }
}

/// `dim` and `keepdim`, which may also come under numpy's names `axis` and `keepdims`.
///
/// # Errors
/// `TypeError` for any other name, and for an argument given twice.
pub fn aliased(
    op: &str,
    mut dim: Option<IntList>,
    mut keepdim: bool,
    aliases: Option<&Bound<'_, PyDict>>,
) -> PyResult<(Option<IntList>, bool)> {
    for (key, value) in aliases.into_iter().flatten() {
        let key: String = key.extract()?;
        match key.as_str() {
            "axis" if dim.is_none() => dim = value.extract()?,
            "keepdims" if !keepdim => keepdim = value.extract()?,
            // numpy's functions hand it on.
            "out" if value.is_none() => {}
            "axis" | "keepdims" => {
                return Err(PyTypeError::new_err(format!("{op}() got multiple values for argument '{key}'")));
            }
            _ => return Err(PyTypeError::new_err(format!("{op}() got an unexpected keyword argument '{key}'"))),
        }
    }
    Ok((dim, keepdim))
}

/// `f(2, 3)` or `f((2, 3))`: sizes given one by one or as one sequence.
pub fn variadic_ints(args: &Bound<'_, PyTuple>) -> PyResult<Ints> {
    if args.len() == 1 {
        let only = args.get_item(0)?;
        return Ok(only.extract::<IntList>()?.0);
    }
    args.iter().map(|x| extract_int(&x)).collect()
}

/// Sizes of a new tensor: none may be negative.
pub fn sizes(op: &str, ints: &[isize]) -> PyResult<crate::shape::Dims> {
    ints.iter()
        .map(|&n| {
            usize::try_from(n).map_err(|_| {
                PyRuntimeError::new_err(format!("{op}: Trying to create tensor with negative dimension {n}: {ints:?}"))
            })
        })
        .collect()
}

/// Refuses every layout but `rsnn.strided`.
pub fn check_layout(layout: &Bound<'_, PyAny>) -> PyResult<()> {
    let name = layout.str()?.to_string_lossy().into_owned();
    match name.as_str() {
        "rsnn.strided" => Ok(()),
        _ if layout.get_type().name()? == "layout" => {
            Err(PyNotImplementedError::new_err(format!("layout={name}: only rsnn.strided is supported")))
        }
        _ => Err(PyTypeError::new_err(format!("layout must be rsnn.layout, not {}", layout.get_type().name()?))),
    }
}

/// Refuses pinned memory.
pub fn check_pin_memory(pin_memory: bool) -> PyResult<()> {
    if pin_memory {
        return Err(PyRuntimeError::new_err(
            "Cannot access accelerator device when none is available: pin_memory=True",
        ));
    }
    Ok(())
}

/// Refuses every device but the CPU.
pub fn check_device(device: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let Some(device) = device else { return Ok(()) };
    let name = match device.getattr("type") {
        Ok(kind) if !device.is_instance_of::<pyo3::types::PyString>() => kind.str()?.to_string_lossy().into_owned(),
        _ if device.is_instance_of::<pyo3::types::PyString>() => device.str()?.to_string_lossy().into_owned(),
        // A number is that of an accelerator.
        _ if device.is_exact_instance_of::<pyo3::types::PyInt>() => format!("cuda:{device}"),
        _ => {
            return Err(PyTypeError::new_err(format!(
                "device must be rsnn.device or str, not {}",
                device.get_type().name()?
            )));
        }
    };
    if matches!(name.as_str(), "cpu" | "cpu:0") {
        return Ok(());
    }
    Err(PyRuntimeError::new_err(format!(
        "device '{name}' is not available: rsnn runs on the CPU, device must be 'cpu'"
    )))
}

/// An argument of any type that may be left out; `None` is an argument like others.
pub struct Given<'py>(pub Option<Bound<'py, PyAny>>);

impl<'py> Given<'py> {
    /// The argument, or else this.
    pub fn or<T>(self, default: impl std::ops::Deref<Target = Bound<'py, T>>) -> Bound<'py, PyAny> {
        self.0.unwrap_or_else(|| default.as_any().clone())
    }
}

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = std::convert::Infallible;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> Result<Self, Self::Error> {
        Ok(Self(Some(given.to_owned())))
    }
}
