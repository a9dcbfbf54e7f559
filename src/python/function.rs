//! `rsnn.add(x, y)`: the function forms of tensor methods. One native class serves all; a call that needs nothing special
//! goes straight on to the method, with the arguments where they lie (Python's vectorcall protocol).
#![allow(unsafe_code)]

use super::tensor::PyTensor;
use crate::array::Array;
use crate::autograd::{Tensor, grad_enabled};
use crate::error::Result;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};
use std::ptr::null_mut;
use std::sync::Once;

// A tensor method as a function. (No doc string of the class: `__doc__` is that of the method.)
#[pyclass(name = "function", module = "rsnn", frozen, weakref)]
struct PyFunction {
    vectorcall: ffi::vectorcallfunc,
    method: Py<PyAny>,
    name: Py<PyString>,
    /// The method of a tensor in second place whose first argument is a number: `rsnn.pow(2, x)` is `x.__rpow__(2)`.
    reflected: Option<Py<PyAny>>,
}

/// The method of `Tensor` of this name as a function.
///
/// Args:
///     name: of the method.
///     reflected: the method to call on the second argument where the first one is a number.
///
/// Raises:
///     AttributeError: if `Tensor` has no such method.
#[pyfunction]
#[pyo3(signature = (name, reflected=None))]
fn _function<'py>(
    py: Python<'py>,
    name: Bound<'py, PyString>,
    reflected: Option<Bound<'py, PyString>>,
) -> PyResult<Bound<'py, PyFunction>> {
    let class = py.get_type::<PyTensor>();
    let method = class.getattr(&name)?.unbind();
    let reflected = reflected.map(|r| class.getattr(r).map(Bound::unbind)).transpose()?;
    let function = Bound::new(py, PyFunction { vectorcall, method, name: name.unbind(), reflected })?;
    enable_vectorcall(&function);
    Ok(function)
}

/// Tells Python where objects of the class keep the address of their vectorcall function.
fn enable_vectorcall(first: &Bound<'_, PyFunction>) {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        let offset = &first.get().vectorcall as *const _ as usize - first.as_ptr() as usize;
        let class = first.get_type().as_type_ptr();
        // SAFETY: the class is alive, and no other thread knows it yet: this is its first object. The field lies at the
        // same offset in all objects of a class, which cannot be subclassed.
        unsafe {
            (*class).tp_vectorcall_offset = offset as ffi::Py_ssize_t;
            let flags = (&raw mut (*class).tp_flags).cast::<std::ffi::c_ulong>();
            *flags |= ffi::Py_TPFLAGS_HAVE_VECTORCALL;
        }
    });
}

fn tensor_type(py: Python<'_>) -> *mut ffi::PyTypeObject {
    static TYPE: PyOnceLock<Py<pyo3::types::PyType>> = PyOnceLock::new();
    TYPE.get_or_init(py, || py.get_type::<PyTensor>().unbind()).bind(py).as_type_ptr()
}

/// # Safety
/// Python's: `callable` is a `PyFunction`, `args` holds as many objects as `nargsf` and `kwnames` say.
unsafe extern "C" fn vectorcall(
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargsf: usize,
    kwnames: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: Python calls with an attached thread and valid arguments.
    unsafe {
        let py = Python::assume_attached();
        let count = ffi::PyVectorcall_NARGS(nargsf as _) as usize;
        let function = Bound::from_borrowed_ptr(py, callable).cast_into_unchecked::<PyFunction>();
        let special = !kwnames.is_null()
            && (0..ffi::PyTuple_GET_SIZE(kwnames)).any(|i| is_special(ffi::PyTuple_GET_ITEM(kwnames, i)));
        if count > 0 && !special && ffi::PyObject_TypeCheck(*args, tensor_type(py)) != 0 {
            let result = ffi::PyObject_Vectorcall(function.get().method.as_ptr(), args, nargsf as _, kwnames);
            // Asked first, since taking a panic goes on with it, which may not cross this function.
            if result.is_null() && ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) != 0 {
                function.get().explained(py, PyErr::fetch(py)).restore(py);
            }
            return result;
        }
        let object = |i: usize| Bound::from_borrowed_ptr(py, *args.add(i));
        let result = PyTuple::new(py, (0..count).map(object)).and_then(|positional| {
            let kwargs = PyDict::new(py);
            if !kwnames.is_null() {
                for i in 0..ffi::PyTuple_GET_SIZE(kwnames) as usize {
                    let name = Bound::from_borrowed_ptr(py, ffi::PyTuple_GET_ITEM(kwnames, i as _));
                    kwargs.set_item(name, object(count + i))?;
                }
            }
            function.get().call(&positional, &kwargs)
        });
        match result {
            Ok(object) => object.into_ptr(),
            Err(error) => {
                function.get().explained(py, error).restore(py);
                null_mut()
            }
        }
    }
}

/// Whether a keyword is one that methods do not know.
///
/// # Safety
/// `name` must be a Python string.
unsafe fn is_special(name: *mut ffi::PyObject) -> bool {
    // SAFETY: by the contract above; the comparison of strings with C strings cannot fail.
    unsafe {
        ffi::PyUnicode_CompareWithASCIIString(name, c"input".as_ptr()) == 0
            || ffi::PyUnicode_CompareWithASCIIString(name, c"out".as_ptr()) == 0
    }
}

impl PyFunction {
    /// An error over the type of an argument, with the names of the function and the argument in its message.
    fn explained(&self, py: Python<'_>, error: PyErr) -> PyErr {
        let value = error.value(py);
        let note = value.getattr("__notes__").and_then(|notes| notes.get_item(0)?.extract::<String>());
        match note.as_deref().ok().and_then(|note| note.strip_prefix("while processing ")) {
            Some(argument) if error.is_instance_of::<PyTypeError>(py) => {
                let (name, message) = (self.name.bind(py).to_string_lossy(), value.to_string());
                PyTypeError::new_err(match message.strip_suffix("' object is not an instance of 'Tensor'") {
                    Some(got) => {
                        format!("{name}(): argument {argument} must be Tensor, not {}", got.trim_start_matches('\''))
                    }
                    None => format!("{name}(): argument {argument}: {message}"),
                })
            }
            _ => error,
        }
    }

    /// A call in any form.
    fn call<'py>(&self, args: &Bound<'py, PyTuple>, kwargs: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = args.py();
        let name = self.name.bind(py).to_string_lossy();
        let out = take(kwargs, "out")?.filter(|o| !o.is_none());
        let input = take(kwargs, "input")?;
        let mut args: Vec<Bound<'py, PyAny>> = args.iter().collect();
        match input {
            Some(_) if !args.is_empty() => {
                return Err(PyTypeError::new_err(format!("{name}() got multiple values for argument 'input'")));
            }
            Some(input) => args.push(input),
            None if args.is_empty() => {
                return Err(PyTypeError::new_err(format!(
                    "{name}() missing 1 required positional arguments: \"input\""
                )));
            }
            None => {}
        }
        let result = if args[0].is_instance_of::<PyTensor>() {
            self.method.bind(py).call(PyTuple::new(py, &args)?, Some(kwargs))?
        } else {
            self.reflect(&args, kwargs)?
        };
        match out {
            None => Ok(result),
            Some(out) => {
                write_out(&name, &result, &out)?;
                Ok(out)
            }
        }
    }

    /// A number in first place and a tensor in the second.
    fn reflect<'py>(&self, args: &[Bound<'py, PyAny>], kwargs: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = kwargs.py();
        let second = match args.get(1) {
            Some(second) => Some(second.clone()),
            None => match kwargs.iter().find(|(_, value)| value.is_instance_of::<PyTensor>()) {
                Some((key, _)) => kwargs.call_method1("pop", (key,)).ok(),
                None => None,
            },
        };
        match (&self.reflected, second) {
            (Some(reflected), Some(second)) if second.is_instance_of::<PyTensor>() => {
                reflected.bind(py).call((second, &args[0]), Some(kwargs))
            }
            _ => Err(PyTypeError::new_err(format!(
                "{}(): argument 'input' (position 1) must be Tensor, not {}",
                self.name.bind(py).to_string_lossy(),
                args[0].get_type().name()?
            ))),
        }
    }
}

/// The signature of a method that is written in Python, without annotations.
fn plain_signature<'py>(method: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let inspect = method.py().import("inspect")?;
    let signature = inspect.call_method1("signature", (method,))?;
    let kwargs = PyDict::new(method.py());
    kwargs.set_item("annotation", inspect.getattr("Parameter")?.getattr("empty")?)?;
    let parameters = signature.getattr("parameters")?.call_method0("values")?;
    let plain = parameters.try_iter()?.map(|parameter| parameter?.call_method("replace", (), Some(&kwargs)));
    let plain = plain.collect::<PyResult<Vec<_>>>()?;
    Ok(inspect.getattr("Signature")?.call1((plain,))?.str()?.into_any())
}

fn take<'py>(kwargs: &Bound<'py, PyDict>, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let value = kwargs.get_item(key)?;
    if value.is_some() {
        kwargs.del_item(key)?;
    }
    Ok(value)
}

/// Writes a result, or each of several, to the tensors named by `out=`.
pub fn write_out(name: &str, result: &Bound<'_, PyAny>, out: &Bound<'_, PyAny>) -> PyResult<()> {
    if let (Ok(result), Ok(out)) = (result.cast::<PyTensor>(), out.cast::<PyTensor>()) {
        return Ok(write(name, &result.get().tensor, &out.get().tensor)?);
    }
    let wrong = || PyTypeError::new_err(format!("{name}(): argument 'out' must be a Tensor for each result"));
    let (results, outs) = (result.cast::<PyTuple>().map_err(|_| wrong())?, out.try_iter().map_err(|_| wrong())?);
    let outs: Vec<Bound<'_, PyAny>> = outs.collect::<PyResult<_>>()?;
    if outs.len() != results.len() {
        return Err(wrong());
    }
    results.iter().zip(&outs).try_for_each(|(result, out)| write_out(name, &result, out))
}

/// `out`, with a result written to it: the argument `out` of functions that are written in Python.
#[pyfunction]
fn _write_out<'py>(name: &str, result: &Bound<'py, PyAny>, out: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    write_out(name, result, &out)?;
    Ok(out)
}

/// Writes a result to a tensor of its shape, or to an empty one, which takes on the shape.
fn write(name: &str, result: &Tensor, out: &Tensor) -> Result<()> {
    crate::ensure!(
        !(grad_enabled() && (result.requires_grad() || out.requires_grad())),
        Runtime,
        "{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments \
         requires grad."
    );
    let (source, mut target) = (result.array(), out.array());
    crate::ensure!(
        source.dtype().can_cast(target.dtype()),
        Runtime,
        "result type {} can't be cast to the desired output type {}",
        source.dtype().type_name(),
        target.dtype().type_name()
    );
    if source.shape() != target.shape() {
        crate::ensure!(
            target.numel() == 0,
            Runtime,
            "{name}(): out has shape {:?}, expected {:?}; only an empty out is resized",
            target.shape(),
            source.shape()
        );
        target = Array::empty(source.shape(), target.dtype())?;
        out.set_array(target.clone());
    }
    target.copy_from(&source)?;
    out.bump_version();
    Ok(())
}

#[pymethods]
impl PyFunction {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.call(args, &kwargs.unwrap_or_else(|| PyDict::new(py)))
    }

    /// A function on a class is not bound to its objects, as in PyTorch. (With this method `inspect` and `help` see that
    /// objects of the class are functions.)
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        _object: &Bound<'py, PyAny>,
        _class: Option<&Bound<'py, PyAny>>,
    ) -> Bound<'py, Self> {
        slf.clone()
    }

    #[getter]
    fn __name__(&self, py: Python<'_>) -> Py<PyString> {
        self.name.clone_ref(py)
    }

    #[getter]
    fn __qualname__(&self, py: Python<'_>) -> Py<PyString> {
        self.name.clone_ref(py)
    }

    #[getter]
    fn __doc__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.method.bind(py).getattr("__doc__")
    }

    /// The signature of the method, with `input` for `self`, and `out`.
    #[getter]
    fn __text_signature__(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let method = self.method.bind(py);
        let text = match method.getattr("__text_signature__") {
            Ok(text) if !text.is_none() => text,
            _ => plain_signature(method)?,
        };
        let text: String = text.extract()?;
        let (parameters, rest) = match text.rsplit_once(')') {
            Some((parameters, rest)) => (parameters.trim_start_matches('('), rest),
            None => return Ok(None),
        };
        let parameters = parameters.trim_start_matches('$').replacen("self", "input", 1);
        let (separator, out) = match parameters {
            ref p if p.contains("**") || p.contains("out=") => ("", ""),
            ref p if p.contains('*') => (", ", "out=None"),
            _ => (", *, ", "out=None"),
        };
        Ok(Some(format!("({parameters}{separator}{out}){rest}")))
    }

    fn __reduce__(&self, py: Python<'_>) -> Py<PyString> {
        self.name.clone_ref(py)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("<function rsnn.{}>", self.name.bind(py).to_string_lossy())
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_write_out, m)?)?;
    m.add_function(wrap_pyfunction!(_function, m)?)
}
