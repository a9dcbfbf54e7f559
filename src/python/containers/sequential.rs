//! `Sequential`: modules that run one after the other.

use super::index::{
    add, as_module, children, entries, init_super, insert, only, ordered_dict, pop, position, renumber,
};
use crate::python::module::call::call_one;
use crate::python::module::class::{Handle, Module};
use crate::python::module::natives::Method;
use pyo3::exceptions::{
    PyAssertionError, PyIndexError, PyMemoryError, PyRuntimeError, PyStopIteration, PyTypeError, PyValueError,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyIterator, PyList, PySlice, PyTuple, PyType};

/// Modules that run one after the other: each gets what the one before it returned.
///
/// Args:
///     *args: the modules, named `0`, `1`, ...; or one `OrderedDict` from names to modules.
///
/// Shape:
///     - Input: what the first module takes.
///     - Output: what the last module returns; the input itself if there is none.
///
/// Example:
///     >>> import rsnn.nn as nn
///     >>> m = nn.Sequential(nn.Identity(), nn.Identity())
///     >>> m(3), len(m), len(m[:1])
///     (3, 2, 1)
#[pyclass(extends = Module, subclass, frozen, sequence, module = "rsnn.nn.modules.container")]
pub struct Sequential;

fn check_other(other: &Bound<'_, PyAny>) -> PyResult<()> {
    if other.is_instance_of::<Sequential>() {
        return Ok(());
    }
    let class = other.get_type();
    let text = format!("add operator supports only objects of Sequential class, but {class} is given.");
    Err(PyValueError::new_err(text))
}

/// A factor that a container can be multiplied by.
fn factor(slf: &Bound<'_, Sequential>, other: &Bound<'_, PyAny>) -> PyResult<usize> {
    let class = slf.get_type();
    if !other.is_instance_of::<PyInt>() {
        let text = format!("unsupported operand type(s) for *: {class} and {}", other.get_type());
        return Err(PyTypeError::new_err(text));
    }
    if !other.gt(0)? {
        return Err(PyValueError::new_err(format!("Non-positive multiplication factor {other} for {class}")));
    }
    let too_large = || PyMemoryError::new_err(format!("multiplication factor {other} for {class} is too large"));
    let factor: usize = other.extract().map_err(|_| too_large())?;
    let bytes = factor.checked_mul(slf.as_any().len()? * size_of::<Handle>());
    bytes.filter(|&bytes| bytes < isize::MAX as usize).map(|_| factor).ok_or_else(too_large)
}

/// Adds modules at the end, numbered from the present length on.
fn extend<'py>(
    slf: &Bound<'py, Sequential>,
    modules: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
) -> PyResult<()> {
    let modules = modules.collect::<PyResult<Vec<_>>>()?;
    let offset = slf.as_any().len()?;
    for (number, module) in modules.into_iter().enumerate() {
        add(as_module(slf), &(offset + number).to_string(), &module)?;
    }
    Ok(())
}

/// The children's names.
fn names<'py>(slf: &Bound<'py, Sequential>) -> PyResult<Bound<'py, PyList>> {
    PyList::new(slf.py(), entries(as_module(slf)).into_iter().map(|(name, _)| name.to_string()))
}

/// What the container's class finds at an index in the children, or in their names.
fn item_by_idx<'py>(
    slf: &Bound<'py, Sequential>,
    items: Bound<'py, PyList>,
    idx: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    slf.call_method1(Method::ItemByIdx.name(slf.py()), (items, idx))
}

/// The name of the child at an index.
fn name_at(slf: &Bound<'_, Sequential>, idx: &Bound<'_, PyAny>) -> PyResult<String> {
    if Method::ItemByIdx.is_overridden(as_module(slf)) {
        return item_by_idx(slf, names(slf)?, idx)?.extract();
    }
    let at = position(idx, slf.as_any().len()?)?;
    let name = as_module(slf).get().read(|state| state.children.at(at).map(|(name, _)| name.to_string()));
    name.ok_or_else(|| PyIndexError::new_err(format!("index {idx} is out of range")))
}

fn empty(py: Python<'_>) -> PyResult<Bound<'_, Sequential>> {
    py.get_type::<Sequential>().call0()?.cast_into().map_err(Into::into)
}

/// Runs the modules on an input.
fn run<'py>(slf: &Bound<'py, Sequential>, input: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = slf.py();
    let module = as_module(slf);
    let mut value = input;
    if Method::SequentialIter.is_overridden(module) {
        for module in slf.as_any().try_iter()? {
            value = module?.call1((value,))?;
        }
        return Ok(value);
    }
    let len = module.get().read(|state| state.children.len());
    for position in 0..len {
        let (now, child) = module.get().read(|state| {
            let child = state.children.at(position).and_then(|(_, child)| child.map(|child| child.clone_ref(py)));
            (state.children.len(), child)
        });
        if now != len {
            return Err(PyRuntimeError::new_err("dictionary changed size during iteration"));
        }
        value = match child {
            Some(child) => call_one(child.bind(py), &value)?,
            None => return Err(PyTypeError::new_err("'NoneType' object is not callable")),
        };
    }
    Ok(value)
}

#[pymethods]
impl Sequential {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(*args)")]
    fn py_new(
        class: &Bound<'_, PyType>,
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Module::allocate(class)).add_subclass(Self)
    }

    #[pyo3(signature = (*args))]
    fn __init__(slf: &Bound<'_, Self>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        init_super(slf)?;
        let py = slf.py();
        let ordered = py.import(intern!(py, "collections"))?.getattr(intern!(py, "OrderedDict"))?;
        if let Some(named) = only(args)
            && named.is_instance(&ordered)?
        {
            for pair in named.call_method0(intern!(py, "items"))?.try_iter()? {
                let (name, module): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
                slf.call_method1(Method::AddModule.name(py), (name, module))?;
            }
            return Ok(());
        }
        for (number, module) in args.iter().enumerate() {
            add(as_module(slf), &number.to_string(), &module)?;
        }
        Ok(())
    }

    /// What an iterable has at an index of the container, which may count from the end.
    fn _get_item_by_idx<'py>(
        slf: &Bound<'py, Self>,
        iterator: &Bound<'py, PyAny>,
        idx: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let at = position(idx, slf.as_any().len()?)?;
        iterator.try_iter()?.nth(at).unwrap_or_else(|| Err(PyStopIteration::new_err(())))
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
            let pairs = entries(as_module(slf)).into_iter().map(|(name, child)| (name.to_string(), child));
            let part = PyList::new(py, pairs)?.as_any().get_item(idx)?;
            return slf.getattr(intern!(py, "__class__"))?.call1((ordered_dict(py, &part)?,));
        }
        if Method::ItemByIdx.is_overridden(as_module(slf)) {
            return item_by_idx(slf, children(as_module(slf))?, idx);
        }
        let at = position(idx, slf.as_any().len()?)?;
        children(as_module(slf))?.get_item(at)
    }

    fn __setitem__(slf: &Bound<'_, Self>, idx: &Bound<'_, PyAny>, module: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.setattr(name_at(slf, idx)?, module)
    }

    fn __delitem__(slf: &Bound<'_, Self>, idx: &Bound<'_, PyAny>) -> PyResult<()> {
        let gone: Vec<String> = match idx.is_instance_of::<PySlice>() {
            true => names(slf)?.as_any().get_item(idx)?.extract()?,
            false => vec![name_at(slf, idx)?],
        };
        for name in gone {
            slf.delattr(name)?;
        }
        renumber(as_module(slf));
        Ok(())
    }

    fn __add__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        check_other(other)?;
        let sum = empty(slf.py())?;
        extend(&sum, slf.as_any().try_iter()?.chain(other.try_iter()?))?;
        Ok(sum)
    }

    fn __iadd__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        check_other(other)?;
        extend(slf, other.try_iter()?)
    }

    fn __mul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        let factor = factor(slf, other)?;
        let product = empty(slf.py())?;
        for _ in 0..factor {
            extend(&product, slf.as_any().try_iter()?)?;
            slf.py().check_signals()?;
        }
        Ok(product)
    }

    fn __rmul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        Self::__mul__(slf, other)
    }

    fn __imul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        let factor = factor(slf, other)?;
        let modules: Vec<_> = slf.as_any().try_iter()?.collect::<PyResult<_>>()?;
        for _ in 1..factor {
            extend(slf, modules.iter().cloned().map(Ok))?;
            slf.py().check_signals()?;
        }
        Ok(())
    }

    /// Runs the modules one after the other.
    fn forward<'py>(slf: &Bound<'py, Self>, input: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        run(slf, input)
    }

    /// Adds a module at the end. Returns the container.
    fn append<'py>(slf: &Bound<'py, Self>, module: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        add(as_module(slf), &slf.as_any().len()?.to_string(), module)?;
        Ok(slf.clone())
    }

    /// Adds the modules of an iterable at the end. Returns the container.
    fn extend<'py>(slf: &Bound<'py, Self>, sequential: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        let modules = sequential.try_iter()?.collect::<PyResult<Vec<_>>>()?;
        for module in modules {
            slf.call_method1(intern!(slf.py(), "append"), (module,))?;
        }
        Ok(slf.clone())
    }

    /// Puts a module before the one at an index. Returns the container.
    ///
    /// Raises `IndexError` for an index out of range, `AssertionError` for anything but a module.
    fn insert<'py>(
        slf: &Bound<'py, Self>,
        index: &Bound<'py, PyAny>,
        module: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        if !module.is_instance_of::<Module>() {
            let text = format!("module should be of type: {}", slf.py().get_type::<Module>());
            return Err(PyAssertionError::new_err(text));
        }
        let (py, len) = (slf.py(), Self::__len__(slf) as isize);
        // In this order, which decides what the interpreter says of an index that is no number.
        if !(-len).into_pyobject(py)?.le(index)? || !index.le(len)? {
            return Err(PyIndexError::new_err(format!("Index out of range: {index}")));
        }
        let index: isize = index.extract()?;
        let at = if index < 0 { index + len } else { index };
        insert(as_module(slf), at as usize, module)?;
        Ok(slf.clone())
    }

    /// Takes out the module at an index, or the modules of a slice, and returns it.
    fn pop<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        pop(slf.as_any(), key)
    }
}
