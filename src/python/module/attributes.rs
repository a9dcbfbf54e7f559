//! Assignment and deletion of attributes: what becomes a parameter, a buffer or a child, and what does not.

use super::class::Module;
use super::global;
use super::instance_dict::instance_dict;
use super::lookup;
use super::natives::Method;
use super::parameter::{is_buffer, is_leaf, is_parameter, is_tensor_like, type_name};
use crate::nn::hooks::HookKind;
use crate::nn::module::Kind;
use crate::python::arguments::truth;
use pyo3::exceptions::{PyAttributeError, PyKeyError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

#[pymethods]
impl Module {
    /// Finds a parameter, a buffer or a child. Python calls it, as `__getattr__`, when all else has failed.
    fn _getattr(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>) -> PyResult<Option<Py<PyAny>>> {
        let py = slf.py();
        let text = name.to_str()?;
        let found =
            slf.get().read(|state| state.find(text).map(|(_, handle)| handle.map(|handle| handle.clone_ref(py))));
        found.ok_or_else(|| lookup::no_attribute(slf, name))
    }

    /// Assigns an attribute. A parameter or a module is registered as such, a tensor replaces a buffer of that name;
    /// everything else goes to the instance.
    fn _setattr(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let text = name.to_str()?;
        let ready = slf.get().is_ready();
        // A name that the tables themselves were given twice: an assignment takes a child for one before a buffer.
        let kind = slf.get().read(|state| match state.find(text) {
            Some((Kind::Buffer, _)) if state.children.contains(text) => Some(Kind::Child),
            found => found.map(|(kind, _)| kind),
        });
        if is_parameter(value) {
            if !ready {
                return Err(PyAttributeError::new_err("cannot assign parameters before Module.__init__() call"));
            }
            free_name(slf, name, Kind::Parameter)?;
            return assign_parameter(slf, name, value);
        }
        if kind == Some(Kind::Parameter) {
            if !value.is_none() {
                return Err(misfit(value, "parameter", text, "rsnn.nn.Parameter or None expected"));
            }
            return assign_parameter(slf, name, value);
        }
        if value.is_instance_of::<Module>() {
            if !ready {
                return Err(PyAttributeError::new_err("cannot assign module before Module.__init__() call"));
            }
            free_name(slf, name, Kind::Child)?;
            return assign_child(slf, name, value);
        }
        match kind {
            Some(Kind::Child) if value.is_none() => assign_child(slf, name, value),
            Some(Kind::Child) => Err(misfit(value, "child module", text, "rsnn.nn.Module or None expected")),
            Some(Kind::Buffer) => assign_buffer(slf, name, value),
            _ if is_buffer(value)? => assign_buffer(slf, name, value),
            _ => lookup::set_generic(slf, name.as_any(), Some(value)),
        }
    }

    /// Deletes an attribute, of whatever kind.
    fn _delattr(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>) -> PyResult<()> {
        let text = name.to_str()?;
        let removed = slf.get().write(|state| {
            let (kind, _) = state.find(text)?;
            if kind == Kind::Buffer {
                state.set_transient(text, false);
            }
            state.registry_mut(kind).remove(text)
        });
        match removed {
            Some(_) => Ok(()),
            None => lookup::set_generic(slf, name.as_any(), None),
        }
    }

    /// Adds a parameter, or `None` under a parameter's name.
    ///
    /// Args:
    ///     name: how the parameter is reached as an attribute; neither empty nor with a dot.
    ///     param: a `Parameter`, or `None`: then the name is known, and `state_dict` leaves it out.
    ///
    /// Raises `KeyError` for a bad or taken name, `TypeError` for anything but a parameter, `ValueError` for a
    /// parameter that was computed.
    fn register_parameter(
        slf: &Bound<'_, Self>,
        name: &Bound<'_, PyAny>,
        param: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        if !slf.get().is_ready() {
            return Err(PyAttributeError::new_err("cannot assign parameter before Module.__init__() call"));
        }
        let name = check_name(name, "parameter")?;
        check_free(slf, name, Kind::Parameter)?;
        let text = name.to_str()?;
        let Some(param) = param else {
            slf.get().set(Kind::Parameter, text, None);
            return Ok(());
        };
        if !is_parameter(param) {
            return Err(misfit(param, "object to parameter", text, "rsnn.nn.Parameter or None required"));
        }
        if !is_leaf(param)? {
            return Err(PyValueError::new_err(format!(
                "Cannot assign non-leaf Tensor to parameter '{text}'. Model parameters must be created explicitly. To \
                 express '{text}' as a function of another Tensor, compute the value in the forward() method."
            )));
        }
        let param = global::registered(py, HookKind::ParameterRegistration, slf, name, param)?;
        slf.get().set(Kind::Parameter, text, Some(param.unbind()));
        Ok(())
    }

    /// Adds a buffer: a tensor that belongs to the module's state and is not trained.
    ///
    /// Args:
    ///     name: how the buffer is reached as an attribute; neither empty nor with a dot.
    ///     tensor: a `Tensor`, or `None`.
    ///     persistent: whether it is part of the module's `state_dict`.
    ///
    /// Raises `KeyError` for a bad or taken name, `TypeError` for anything but a tensor.
    #[pyo3(signature = (name, tensor, persistent=true))]
    fn register_buffer(
        slf: &Bound<'_, Self>,
        name: &Bound<'_, PyAny>,
        tensor: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = truth)] persistent: bool,
    ) -> PyResult<()> {
        let py = slf.py();
        if !slf.get().is_ready() {
            return Err(PyAttributeError::new_err("cannot assign buffer before Module.__init__() call"));
        }
        let name = check_name(name, "buffer")?;
        check_free(slf, name, Kind::Buffer)?;
        let text = name.to_str()?;
        if let Some(tensor) = tensor
            && !is_tensor_like(tensor)
        {
            return Err(misfit(tensor, "object to buffer", text, "rsnn Tensor or None required"));
        }
        let none = py.None().into_bound(py);
        let tensor = global::registered(py, HookKind::BufferRegistration, slf, name, tensor.unwrap_or(&none))?;
        let old = slf.get().write(|state| {
            state.set_transient(text, !persistent);
            state.buffers.insert(text, (!tensor.is_none()).then(|| tensor.unbind()))
        });
        drop(old);
        Ok(())
    }

    /// Adds a child module, or `None` under a child's name.
    ///
    /// Raises `TypeError` for anything but a module, `KeyError` for a bad or taken name.
    pub fn add_module(
        slf: &Bound<'_, Self>,
        name: &Bound<'_, PyAny>,
        module: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        if let Some(module) = module
            && !module.is_instance_of::<Module>()
        {
            return Err(PyTypeError::new_err(format!("{} is not a Module subclass", type_name(module)?)));
        }
        let Ok(text) = name.cast::<PyString>() else {
            return Err(PyTypeError::new_err(format!("module name should be a string. Got {}", type_name(name)?)));
        };
        Self::ensure_ready(slf, "_modules")?;
        check_free(slf, text, Kind::Child)?;
        let text = text.to_str()?;
        if text.contains('.') {
            return Err(PyKeyError::new_err(format!("module name can't contain \".\", got: {text}")));
        }
        if text.is_empty() {
            return Err(PyKeyError::new_err("module name can't be empty string \"\""));
        }
        let none = py.None().into_bound(py);
        assign_child(slf, name.cast()?, module.unwrap_or(&none))
    }

    /// The same as `add_module`.
    fn register_module(slf: &Bound<'_, Self>, name: &Bound<'_, PyAny>, module: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.call_method1(intern!(slf.py(), "add_module"), (name, module)).map(drop)
    }

    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyList>> {
        let py = slf.py();
        let class = py.import(intern!(py, "builtins"))?.call_method1(intern!(py, "dir"), (slf.get_type(),))?;
        let names = class.cast_into::<PyList>()?;
        if let Some(dict) = instance_dict(slf.as_any()) {
            names.call_method1(intern!(py, "extend"), (dict,))?;
        }
        let own: Vec<String> = slf.get().read(|state| {
            let registries = [&state.parameters, &state.children, &state.buffers];
            registries.iter().flat_map(|registry| registry.iter().map(|(name, _)| name.to_string())).collect()
        });
        names.call_method1(intern!(py, "extend"), (own,))?;
        let all: Vec<String> = names.extract()?;
        // Numbers, as containers name their children, cannot be typed after a dot.
        let typed: Vec<String> =
            all.into_iter().filter(|name| !name.starts_with(|first: char| first.is_ascii_digit())).collect();
        let typed = PyList::new(py, typed)?;
        typed.sort()?;
        Ok(typed)
    }
}

/// The error for a value that cannot stand under a registered name.
fn misfit(value: &Bound<'_, PyAny>, what: &str, name: &str, wanted: &str) -> PyErr {
    let given = match type_name(value) {
        Ok(given) => given,
        Err(error) => return error,
    };
    let joint = if what.starts_with("object") { "" } else { "as " };
    PyTypeError::new_err(format!("cannot assign '{given}' {joint}{what} '{name}' ({wanted})"))
}

fn check_name<'a, 'py>(name: &'a Bound<'py, PyAny>, what: &str) -> PyResult<&'a Bound<'py, PyString>> {
    let Ok(name) = name.cast::<PyString>() else {
        return Err(PyTypeError::new_err(format!("{what} name should be a string. Got {}", type_name(name)?)));
    };
    let text = name.to_str()?;
    if text.contains('.') {
        return Err(PyKeyError::new_err(format!("{what} name can't contain \".\"")));
    }
    if text.is_empty() {
        return Err(PyKeyError::new_err(format!("{what} name can't be empty string \"\"")));
    }
    Ok(name)
}

/// An error if a name is taken by anything but the registry it is meant for.
fn check_free(slf: &Bound<'_, Module>, name: &Bound<'_, PyString>, kind: Kind) -> PyResult<()> {
    let text = name.to_str()?;
    if slf.get().read(|state| state.registry(kind).contains(text)) || !lookup::has_attribute(slf, name)? {
        return Ok(());
    }
    Err(PyKeyError::new_err(format!("attribute '{text}' already exists")))
}

/// Takes a name away from the instance and from every registry but one.
fn free_name(slf: &Bound<'_, Module>, name: &Bound<'_, PyString>, keep: Kind) -> PyResult<()> {
    let text = name.to_str()?;
    if let Some(dict) = instance_dict(slf.as_any())
        && dict.contains(name)?
    {
        dict.del_item(name)?;
    }
    let old = slf.get().write(|state| state.free_name(text, keep));
    drop(old);
    Ok(())
}

fn assign_parameter(slf: &Bound<'_, Module>, name: &Bound<'_, PyString>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    if Method::RegisterParameter.is_overridden(slf) {
        return slf.call_method1(Method::RegisterParameter.name(slf.py()), (name, value)).map(drop);
    }
    Module::register_parameter(slf, name.as_any(), Some(value).filter(|value| !value.is_none()))
}

fn assign_child(slf: &Bound<'_, Module>, name: &Bound<'_, PyString>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let value = global::registered(slf.py(), HookKind::ModuleRegistration, slf, name, value)?;
    slf.get().set(Kind::Child, name.to_str()?, (!value.is_none()).then(|| value.unbind()));
    Ok(())
}

fn assign_buffer(slf: &Bound<'_, Module>, name: &Bound<'_, PyString>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let (py, text) = (slf.py(), name.to_str()?);
    if !value.is_none() && !is_tensor_like(value) {
        return Err(misfit(value, "buffer", text, "rsnn.nn.Buffer, rsnn.Tensor or None expected"));
    }
    let persistent = match is_buffer(value)? {
        true => value.getattr(intern!(py, "persistent"))?.is_truthy()?,
        false => !slf.get().read(|state| state.is_transient(text)),
    };
    if !Method::RegisterBuffer.is_overridden(slf) {
        return Module::register_buffer(slf, name.as_any(), Some(value).filter(|value| !value.is_none()), persistent);
    }
    let own = slf.getattr(Method::RegisterBuffer.name(py))?;
    let signature = py.import(intern!(py, "inspect"))?.call_method1(intern!(py, "signature"), (&own,))?;
    if signature.getattr(intern!(py, "parameters"))?.contains("persistent")? {
        own.call1((name, value, persistent)).map(drop)
    } else if persistent {
        own.call1((name, value)).map(drop)
    } else {
        Err(PyRuntimeError::new_err(
            "Registering a non-persistent buffer on a Module subclass that implements register_buffer() without the \
             persistent argument is not allowed.",
        ))
    }
}
