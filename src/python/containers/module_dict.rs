//! `ModuleDict`: modules by name.

use super::index::{as_module, init_super};
use crate::nn::module::Kind;
use crate::python::module::class::Module;
use crate::python::module::natives::Method;
use crate::python::module::tables::{RegistryView, no_key};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyGenericAlias, PyIterator, PyMapping, PyString, PyTuple, PyType};

/// Modules by name, in the order of insertion. They are registered, and otherwise left alone.
///
/// Args:
///     modules: a mapping from names to modules, or an iterable of pairs.
///
/// Example:
///     >>> import rsnn.nn as nn
///     >>> choices = nn.ModuleDict([["a", nn.Identity()], ["b", nn.Identity()]])
///     >>> list(choices), choices["a"]
///     (['a', 'b'], Identity())
#[pyclass(extends = Module, subclass, frozen, module = "rsnn.nn.modules.container")]
pub struct ModuleDict;

fn view<'py>(slf: &Bound<'py, ModuleDict>) -> PyResult<Bound<'py, RegistryView>> {
    Bound::new(slf.py(), RegistryView::new(as_module(slf), Kind::Child))
}

/// The pair that an item of an iterable has to be.
fn pair<'py>(number: usize, item: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let what = format!("ModuleDict update sequence element #{number}");
    let Ok(items) = item.try_iter() else {
        let class = item.get_type().name()?;
        return Err(PyTypeError::new_err(format!("{what} should be Iterable; is{class}")));
    };
    let len = item.len()?;
    if len != 2 {
        return Err(PyValueError::new_err(format!("{what} has length {len}; 2 is required")));
    }
    let items = items.collect::<PyResult<Vec<_>>>()?;
    <[_; 2]>::try_from(items)
        .map(Into::into)
        .map_err(|items| PyValueError::new_err(format!("{what} has length {}; 2 is required", items.len())))
}

#[pymethods]
impl ModuleDict {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(modules=None)")]
    fn py_new(
        class: &Bound<'_, PyType>,
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Module::allocate(class)).add_subclass(Self)
    }

    #[pyo3(signature = (modules=None))]
    fn __init__(slf: &Bound<'_, Self>, modules: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        init_super(slf)?;
        match modules {
            Some(modules) => slf.call_method1(intern!(slf.py(), "update"), (modules,)).map(drop),
            None => Ok(()),
        }
    }

    /// `ModuleDict[Linear]` in annotations.
    #[classmethod]
    fn __class_getitem__<'py>(class: &Bound<'py, PyType>, item: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyGenericAlias::new(class.py(), class, item)?.into_any())
    }

    fn __len__(slf: &Bound<'_, Self>) -> usize {
        as_module(slf).get().read(|state| state.children.len())
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyIterator>> {
        view(slf)?.as_any().try_iter()
    }

    fn __contains__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        view(slf)?.as_any().contains(key)
    }

    fn __getitem__<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let found = match key.cast::<PyString>() {
            Ok(name) => as_module(slf).get().get(py, Kind::Child, name.to_str()?),
            Err(_) => None,
        };
        let child = found.ok_or_else(|| no_key(key))?;
        Ok(child.map_or_else(|| py.None().into_bound(py), |child| child.into_bound(py)))
    }

    fn __setitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>, module: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.call_method1(Method::AddModule.name(slf.py()), (key, module)).map(drop)
    }

    fn __delitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<()> {
        view(slf)?.as_any().del_item(key)
    }

    /// Removes all modules.
    fn clear(slf: &Bound<'_, Self>) {
        let old = as_module(slf).get().write(|state| std::mem::take(&mut state.children));
        drop(old);
    }

    /// Takes out the module of a name and returns it. Raises `KeyError` for an unknown name.
    fn pop<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        super::index::pop(slf.as_any(), key)
    }

    /// The names.
    fn keys<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf)?.call_method0(intern!(slf.py(), "keys"))
    }

    /// The pairs of names and modules.
    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf)?.call_method0(intern!(slf.py(), "items"))
    }

    /// The modules.
    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf)?.call_method0(intern!(slf.py(), "values"))
    }

    /// Adds the modules of a mapping, or of an iterable of pairs, in its order; a known name keeps its place.
    ///
    /// Raises `TypeError` for anything else, `ValueError` for an item that is no pair.
    fn update(slf: &Bound<'_, Self>, modules: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(items) = modules.try_iter() else {
            let class = modules.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got {class}"
            )));
        };
        if modules.is_instance_of::<Self>() || modules.cast::<PyMapping>().is_ok() {
            let pairs = modules.call_method0(intern!(slf.py(), "items"))?.try_iter()?.collect::<PyResult<Vec<_>>>()?;
            for pair in pairs {
                let (name, module): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
                slf.as_any().set_item(name, module)?;
            }
            return Ok(());
        }
        for (number, item) in items.enumerate() {
            let (name, module) = pair(number, &item?)?;
            slf.as_any().set_item(name, module)?;
        }
        Ok(())
    }
}
