//! `rsnn.add(x, y)`: the function forms of tensor methods. One native class serves all; a call that needs nothing special
//! goes straight on to the method, with the arguments where they lie (Python's vectorcall protocol).
#![allow(unsafe_code)]

use super::out::write_out;
use super::tensor::PyTensor;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyString, PyTuple};
use std::ptr::null_mut;
use std::sync::Once;

// A tensor method as a function, or a native function whose errors are to name it. (No doc string of the class: `__doc__` is
// that of the method.)
#[pyclass(name = "function", module = "rsnn", frozen, weakref)]
struct PyFunction {
    vectorcall: ffi::vectorcallfunc,
    method: Py<PyAny>,
    /// Whether `method` is a native function, which takes its arguments as they come.
    plain: bool,
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
    let function = Bound::new(py, PyFunction { vectorcall, method, plain: false, name: name.unbind(), reflected })?;
    enable_vectorcall(&function);
    Ok(function)
}

/// Puts functions in the place of a module's native functions on tensors, those that take an `input` first: what is wrong
/// with an argument then is said with the names of the function and the argument.
pub fn name_natives(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    for (name, method) in m.dict() {
        let native = method.is_exact_instance_of::<PyCFunction>()
            && method.getattr("__text_signature__")?.extract::<String>().is_ok_and(|text| text.starts_with("(input"));
        if native {
            let (name, method) = (name.cast_into()?.unbind(), method.unbind());
            let function = Bound::new(py, PyFunction { vectorcall, method, plain: true, name, reflected: None })?;
            enable_vectorcall(&function);
            m.setattr(function.get().name.bind(py), &function)?;
        }
    }
    Ok(())
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
        if function.get().plain {
            let result = ffi::PyObject_Vectorcall(function.get().method.as_ptr(), args, nargsf as _, kwnames);
            if result.is_null() && ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) != 0 {
                function.get().explained(py, PyErr::fetch(py), count).restore(py);
            }
            return result;
        }
        let special = !kwnames.is_null()
            && (0..ffi::PyTuple_GET_SIZE(kwnames)).any(|i| is_special(ffi::PyTuple_GET_ITEM(kwnames, i)));
        if count > 0 && !special && ffi::PyObject_TypeCheck(*args, tensor_type(py)) != 0 {
            let result = ffi::PyObject_Vectorcall(function.get().method.as_ptr(), args, nargsf as _, kwnames);
            // Asked first, since taking a panic goes on with it, which may not cross this function.
            if result.is_null() && ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) != 0 {
                function.get().explained(py, PyErr::fetch(py), count).restore(py);
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
                function.get().explained(py, error, count).restore(py);
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
    /// `given` arguments came by position.
    fn explained(&self, py: Python<'_>, error: PyErr, given: usize) -> PyErr {
        let value = error.value(py);
        let note = value.getattr("__notes__").and_then(|notes| notes.get_item(0)?.extract::<String>());
        match note.as_deref().ok().and_then(|note| note.strip_prefix("while processing ")) {
            Some(argument) if error.is_instance_of::<PyTypeError>(py) => {
                let (name, message) = (self.name.bind(py).to_string_lossy(), value.to_string());
                PyTypeError::new_err(match wrong_object(&message) {
                    Some(got) => {
                        let place = self.place_of(py, argument.trim_matches('\''), given).unwrap_or_default();
                        format!("{name}(): argument {argument}{place} must be Tensor, not {got}")
                    }
                    None => format!("{name}(): argument {argument}: {message}"),
                })
            }
            _ => error,
        }
    }

    /// ` (position 2)`, for an argument that was given by position.
    fn place_of(&self, py: Python<'_>, argument: &str, given: usize) -> Option<String> {
        let text: String = self.method.bind(py).getattr("__text_signature__").ok()?.extract().ok()?;
        let names =
            text.split(['(', ')', ',']).map(|part| part.trim_start_matches([' ', '$'])).filter(|part| !part.is_empty());
        let at = names.map(|part| part.split('=').next().unwrap_or(part)).position(|name| name == argument)?;
        (at < given).then(|| format!(" (position {})", at + 1))
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
        if let (Some(reflected), Some(second)) = (&self.reflected, second)
            && second.is_instance_of::<PyTensor>()
        {
            let result = reflected.bind(py).call((second, &args[0]), Some(kwargs))?;
            if !result.is(py.NotImplemented()) {
                return Ok(result);
            }
        }
        let (class, name) = (args[0].get_type(), self.name.bind(py).to_string_lossy());
        // As native code sees it: only a foreign native class has its module in its name.
        let (module, class) = (class.module()?, class.name()?);
        let module = if module == "numpy" { "numpy." } else { "" };
        Err(PyTypeError::new_err(format!(
            "{name}(): argument 'input' (position 1) must be Tensor, not {module}{class}"
        )))
    }
}

/// What was given where a tensor was expected, of the interpreter's message.
fn wrong_object(message: &str) -> Option<&str> {
    let got = message.strip_suffix(" is not an instance of 'Tensor'")?;
    let got = got.strip_suffix(" object").unwrap_or(got).trim_matches('\'');
    Some(match got {
        "None" => "NoneType",
        "ndarray" => "numpy.ndarray",
        got => got,
    })
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

#[pymethods]
impl PyFunction {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if self.plain {
            return self.method.bind(py).call(args, kwargs.as_ref());
        }
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

    /// That of a native function, or the signature of the method, with `input` for `self`, and `out`.
    #[getter]
    fn __text_signature__(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let method = self.method.bind(py);
        let text = match method.getattr("__text_signature__") {
            Ok(text) if !text.is_none() => text,
            _ => plain_signature(method)?,
        };
        let text: String = text.extract()?;
        if self.plain {
            return Ok(Some(text));
        }
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
    m.add_function(wrap_pyfunction!(_function, m)?)
}
