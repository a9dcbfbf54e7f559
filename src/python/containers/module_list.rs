//! `ModuleList`: modules in a list.

use super::index::{add, as_module, children, init_super, insert, pop, position, renumber};
use crate::nn::module::Kind;
use crate::nn::repr::folded;
use crate::python::module::class::Module;
use crate::python::module::natives::Method;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyGenericAlias, PyIterator, PyRange, PySlice, PyTuple, PyType};

/// Modules in a list. They are registered, and otherwise left alone: the list itself is not called.
///
/// Args:
///     modules: an iterable of modules.
///
/// Example:
///     >>> import rsnn.nn as nn
///     >>> layers = nn.ModuleList([nn.Identity() for _ in range(3)])
///     >>> len(layers), len(layers[1:])
///     (3, 2)
#[pyclass(extends = Module, subclass, frozen, sequence, module = "rsnn.nn.modules.container")]
pub struct ModuleList;

/// The name of the child at an index.
fn key(slf: &Bound<'_, ModuleList>, idx: &Bound<'_, PyAny>) -> PyResult<String> {
    let method = Method::AbsStringIndex;
    if method.is_overridden(as_module(slf)) {
        return slf.call_method1(method.name(slf.py()), (idx,))?.extract();
    }
    ModuleList::_get_abs_string_index(slf, idx)
}

/// Adds the modules of an iterable, numbered from the present length on.
fn extend(slf: &Bound<'_, ModuleList>, modules: &Bound<'_, PyAny>) -> PyResult<()> {
    let Ok(modules) = modules.try_iter() else {
        let class = modules.get_type().name()?;
        return Err(PyTypeError::new_err(format!(
            "ModuleList.extend should be called with an iterable, but got {class}"
        )));
    };
    let modules = modules.collect::<PyResult<Vec<_>>>()?;
    let offset = slf.as_any().len()?;
    for (number, module) in modules.into_iter().enumerate() {
        add(as_module(slf), &(offset + number).to_string(), &module)?;
    }
    Ok(())
}

#[pymethods]
impl ModuleList {
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
            Some(modules) => slf.call_method1(intern!(slf.py(), "extend"), (modules,)).map(drop),
            None => Ok(()),
        }
    }

    /// `ModuleList[Linear]` in annotations.
    #[classmethod]
    fn __class_getitem__<'py>(class: &Bound<'py, PyType>, item: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyGenericAlias::new(class.py(), class, item)?.into_any())
    }

    /// The name of the module at an index, which may count from the end.
    fn _get_abs_string_index(slf: &Bound<'_, Self>, idx: &Bound<'_, PyAny>) -> PyResult<String> {
        Ok(position(idx, slf.as_any().len()?)?.to_string())
    }

    fn __len__(slf: &Bound<'_, Self>) -> usize {
        as_module(slf).get().read(|state| state.children.len())
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyIterator>> {
        children(as_module(slf))?.try_iter()
    }

    fn __getitem__<'py>(slf: &Bound<'py, Self>, idx: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if idx.is_instance_of::<PySlice>() {
            let part = children(as_module(slf))?.as_any().get_item(idx)?;
            return slf.getattr(intern!(py, "__class__"))?.call1((part,));
        }
        let key = key(slf, idx)?;
        let child = as_module(slf).get().get(py, Kind::Child, &key).ok_or_else(|| PyKeyError::new_err(key))?;
        Ok(child.map_or_else(|| py.None().into_bound(py), |child| child.into_bound(py)))
    }

    fn __setitem__(slf: &Bound<'_, Self>, idx: &Bound<'_, PyAny>, module: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.setattr(key(slf, idx)?, module)
    }

    fn __delitem__(slf: &Bound<'_, Self>, idx: &Bound<'_, PyAny>) -> PyResult<()> {
        if idx.is_instance_of::<PySlice>() {
            let len = Self::__len__(slf) as isize;
            for number in PyRange::new(slf.py(), 0, len)?.as_any().get_item(idx)?.try_iter()? {
                slf.delattr(number?.str()?)?;
            }
        } else {
            slf.delattr(key(slf, idx)?)?;
        }
        renumber(as_module(slf));
        Ok(())
    }

    fn __add__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let sum = slf.py().get_type::<Self>().call0()?;
        let modules = slf.as_any().try_iter()?.chain(other.try_iter()?).collect::<PyResult<Vec<_>>>()?;
        for (number, module) in modules.into_iter().enumerate() {
            add(sum.cast()?, &number.to_string(), &module)?;
        }
        Ok(sum)
    }

    fn __iadd__(slf: &Bound<'_, Self>, modules: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.call_method1(intern!(slf.py(), "extend"), (modules,)).map(drop)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let _guard = crate::python::module::recursion::enter(slf.py())?;
        let items = slf.as_any().try_iter()?;
        let items = items.map(|item| item?.repr()?.extract()).collect::<PyResult<Vec<String>>>()?;
        let name: String = slf.call_method0(intern!(slf.py(), "_get_name"))?.extract()?;
        Ok(folded(&name, &items))
    }

    /// Adds a module at the end. Returns the list.
    fn append<'py>(slf: &Bound<'py, Self>, module: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        add(as_module(slf), &slf.as_any().len()?.to_string(), module)?;
        Ok(slf.clone())
    }

    /// Adds the modules of an iterable at the end. Returns the list.
    ///
    /// Raises `TypeError` for anything but an iterable.
    fn extend<'py>(slf: &Bound<'py, Self>, modules: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        extend(slf, modules)?;
        Ok(slf.clone())
    }

    /// Puts a module before the one at an index; a negative index counts from the end.
    ///
    /// Raises `IndexError` for an index out of range.
    fn insert(slf: &Bound<'_, Self>, index: isize, module: &Bound<'_, PyAny>) -> PyResult<()> {
        let len = Self::__len__(slf) as isize;
        if index < -len || index > len {
            return Err(PyIndexError::new_err(format!("Index out of range: {index}")));
        }
        let at = if index < 0 { index + len } else { index };
        insert(as_module(slf), at as usize, module)
    }

    /// Takes out the module at an index, or the modules of a slice, and returns it.
    fn pop<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        pop(slf.as_any(), key)
    }
}
