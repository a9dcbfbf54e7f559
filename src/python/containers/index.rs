//! What `Sequential` and `ModuleList` share: positions, slices, numbered names.

use crate::nn::module::Kind;
use crate::nn::registry::{Name, Registry};
use crate::python::module::class::{Handle, Module};
use crate::python::module::natives::Method;
use pyo3::PyClass;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyOverflowError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

/// A container as the module that it is.
pub fn as_module<'a, 'py, T>(container: &'a Bound<'py, T>) -> &'a Bound<'py, Module>
where
    T: PyClass<BaseType = Module>,
{
    container.as_super()
}

/// Runs `super().__init__()`: usually the one of `Module`, which for an exact container needs no lookup.
pub fn init_super<T>(container: &Bound<'_, T>) -> PyResult<()>
where
    T: PyClass<BaseType = Module>,
{
    let py = container.py();
    let class = py.get_type::<T>();
    if as_module(container).get_type().is(&class) {
        as_module(container).get().reset();
        return Ok(());
    }
    let next = py.import(intern!(py, "builtins"))?.getattr(intern!(py, "super"))?.call1((class, container))?;
    next.call_method0(intern!(py, "__init__")).map(drop)
}

/// Adds a child under a name, by the class's own `add_module` if it has one.
pub fn add(container: &Bound<'_, Module>, name: &str, module: &Bound<'_, PyAny>) -> PyResult<()> {
    if !Method::AddModule.is_overridden(container) {
        let name = PyString::new(container.py(), name);
        return Module::add_module(container, name.as_any(), Some(module).filter(|module| !module.is_none()));
    }
    container.call_method1(Method::AddModule.name(container.py()), (name, module)).map(drop)
}

/// The children of a container, with their names.
pub fn entries(container: &Bound<'_, Module>) -> Vec<(Name, Option<Handle>)> {
    let py = container.py();
    container.get().read(|state| crate::python::module::tables::entries(py, &state.children))
}

/// The children of a container.
pub fn children<'py>(container: &Bound<'py, Module>) -> PyResult<Bound<'py, PyList>> {
    PyList::new(container.py(), entries(container).into_iter().map(|(_, child)| child))
}

/// An index as a position in something of a length. Negative ones count from the end.
pub fn position(index: &Bound<'_, PyAny>, len: usize) -> PyResult<usize> {
    let out_of_range = || PyIndexError::new_err(format!("index {index} is out of range"));
    let given: isize = match index.extract() {
        Ok(given) => given,
        Err(error) if error.is_instance_of::<PyOverflowError>(index.py()) => return Err(out_of_range()),
        Err(error) => return Err(error),
    };
    let at = if given < 0 { given + len as isize } else { given };
    usize::try_from(at).ok().filter(|&at| at < len).ok_or_else(out_of_range)
}

/// Names the children `0`, `1`, ... in their order.
pub fn renumber(container: &Bound<'_, Module>) {
    let numbered: Registry<Handle> = entries(container)
        .into_iter()
        .enumerate()
        .map(|(number, (_, child))| (Name::from(number.to_string()), child))
        .collect();
    let old = container.get().write(|state| std::mem::replace(&mut state.children, numbered));
    drop(old);
}

/// Puts a child before the one at a position, and numbers the later ones anew. Raises `KeyError` if one of those is not
/// named by its number.
pub fn insert(container: &Bound<'_, Module>, at: usize, module: &Bound<'_, PyAny>) -> PyResult<()> {
    let (py, state) = (container.py(), container.get());
    let len = state.read(|state| state.children.len());
    let mut children = vec![(!module.is_none()).then(|| module.clone().unbind())];
    for number in (at..len).rev() {
        let name = number.to_string();
        children.push(state.get(py, Kind::Child, &name).ok_or_else(|| PyKeyError::new_err(name))?);
    }
    children[1..].reverse();
    for (number, child) in (at..).zip(children) {
        state.set(Kind::Child, &number.to_string(), child);
    }
    Ok(())
}

/// `pop`: an item, or a slice, that is taken out.
pub fn pop<'py>(container: &Bound<'py, PyAny>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let value = container.get_item(key)?;
    container.del_item(key)?;
    Ok(value)
}

/// An `OrderedDict` of pairs.
pub fn ordered_dict<'py>(py: Python<'py>, pairs: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "collections"))?.getattr(intern!(py, "OrderedDict"))?.call1((pairs,))
}

/// The only argument, if there is one.
pub fn only<'py>(args: &Bound<'py, PyTuple>) -> Option<Bound<'py, PyAny>> {
    if args.len() == 1 { args.get_item(0).ok() } else { None }
}
