//! The registries of a module as Python sees them: live, ordered mappings over the Rust tables.
//!
//! What a mapping has beyond the primitives below (`get`, `pop`, `items`, `update`, `==`, ...) it takes over from
//! `collections.abc`, see [`install`].

use super::class::{Handle, Module};
use super::hook_tables::{HookOptions, HookView};
use crate::nn::module::Kind;
use crate::nn::registry::{Name, Registry};
use pyo3::exceptions::{PyKeyError, PyRuntimeError, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet, PyString, PyType};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The parameters, the buffers or the children of a module, by name.
#[pyclass(frozen, weakref, name = "Registry", module = "rsnn._C")]
pub struct RegistryView {
    module: Py<Module>,
    kind: Kind,
}

impl RegistryView {
    /// The view of a registry.
    pub fn new(module: &Bound<'_, Module>, kind: Kind) -> Self {
        Self { module: module.clone().unbind(), kind }
    }

    fn read<R>(&self, look: impl FnOnce(&Registry<Handle>) -> R) -> R {
        self.module.get().read(|state| look(state.registry(self.kind)))
    }

    fn write<R>(&self, change: impl FnOnce(&mut Registry<Handle>) -> R) -> R {
        self.module.get().write(|state| change(state.registry_mut(self.kind)))
    }

    fn names(&self) -> Vec<Name> {
        self.read(|registry| registry.iter().map(|(name, _)| name.clone()).collect())
    }
}

/// The error for a key that a registry does not have. One that cannot be hashed is a mistake of another kind.
pub fn no_key(key: &Bound<'_, PyAny>) -> PyErr {
    key.hash().map_or_else(|error| error, |_| PyKeyError::new_err((key.clone().unbind(),)))
}

/// The entries of a registry, at one time.
pub fn entries(py: Python<'_>, registry: &Registry<Handle>) -> Vec<(Name, Option<Handle>)> {
    registry.iter().map(|(name, handle)| (name.clone(), handle.map(|handle| handle.clone_ref(py)))).collect()
}

/// A dictionary of the entries of a registry.
pub fn to_dict<'py>(module: &Bound<'py, Module>, kind: Kind) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(module.py());
    for (name, handle) in module.get().read(|state| entries(module.py(), state.registry(kind))) {
        dict.set_item(&*name, handle)?;
    }
    Ok(dict)
}

/// Replaces a registry by the entries of a mapping.
pub fn replace(module: &Module, kind: Kind, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
    let mut fresh = Registry::default();
    for item in mapping.call_method0(intern!(mapping.py(), "items"))?.try_iter()? {
        let (name, value): (String, Option<Handle>) = item?.extract()?;
        drop(fresh.insert(&name, value));
    }
    let old = module.write(|state| std::mem::replace(state.registry_mut(kind), fresh));
    drop(old);
    module.set_ready();
    Ok(())
}

#[pymethods]
impl RegistryView {
    fn __len__(&self) -> usize {
        self.read(Registry::len)
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        match key.cast::<PyString>() {
            Ok(key) => key.to_str().map(|key| self.read(|registry| registry.contains(key))),
            Err(_) => key.hash().map(|_| false),
        }
    }

    fn __getitem__(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<Handle>> {
        let py = key.py();
        let found = match key.cast::<PyString>() {
            Ok(name) => {
                let name = name.to_str()?;
                self.read(|registry| registry.get(name).map(|handle| handle.map(|handle| handle.clone_ref(py))))
            }
            Err(_) => None,
        };
        found.ok_or_else(|| no_key(key))
    }

    fn __setitem__(&self, key: &Bound<'_, PyAny>, value: Option<Handle>) -> PyResult<()> {
        let Ok(name) = key.cast::<PyString>() else {
            let kind = key.get_type().name()?;
            return Err(PyTypeError::new_err(format!("names of a module's entries are strings, got {kind}")));
        };
        let name = name.to_str()?;
        let old = self.write(|registry| registry.insert(name, value));
        drop(old);
        Ok(())
    }

    fn __delitem__(&self, key: &Bound<'_, PyAny>) -> PyResult<()> {
        let removed = match key.cast::<PyString>() {
            Ok(name) => {
                let name = name.to_str()?;
                self.write(|registry| registry.remove(name))
            }
            Err(_) => None,
        };
        match removed {
            Some(_) => Ok(()),
            None => Err(no_key(key)),
        }
    }

    fn __iter__(slf: &Bound<'_, Self>) -> PyResult<KeyIterator> {
        let names = slf.get().names();
        KeyIterator::new(slf.as_any(), PyList::new(slf.py(), names.iter().map(|name| &**name))?)
    }

    fn __reversed__(slf: &Bound<'_, Self>) -> PyResult<KeyIterator> {
        let names = slf.get().names();
        KeyIterator::new(slf.as_any(), PyList::new(slf.py(), names.iter().rev().map(|name| &**name))?)
    }

    /// Moves a name to the end, or to the front. Raises `KeyError` for a name that is not there.
    #[pyo3(signature = (key, last=true))]
    fn move_to_end(&self, key: &str, last: bool) -> PyResult<()> {
        match self.write(|registry| registry.move_to(key, last)) {
            true => Ok(()),
            false => Err(PyKeyError::new_err(key.to_owned())),
        }
    }

    /// Removes the last entry, or the first, and returns it with its name. Raises `KeyError` if there is none.
    #[pyo3(signature = (last=true))]
    fn popitem(&self, last: bool) -> PyResult<(String, Option<Handle>)> {
        let popped = self.write(|registry| registry.pop(last));
        let (name, handle) = popped.ok_or_else(|| PyKeyError::new_err("popitem(): dictionary is empty"))?;
        Ok((name.to_string(), handle))
    }

    /// A dictionary of the entries as they are now.
    fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        to_dict(slf.get().module.bind(slf.py()), slf.get().kind)
    }

    fn __copy__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        Self::copy(slf)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, (Bound<'py, PyDict>,))> {
        Ok((slf.py().get_type::<PyDict>(), (Self::copy(slf)?,)))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(Self::copy(slf)?.repr()?.to_str()?.to_owned())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.module)
    }
}

/// Goes through keys as they were, and stops with an error when their number changes.
#[pyclass(frozen, module = "rsnn._C")]
pub struct KeyIterator {
    view: Handle,
    keys: Py<PyList>,
    next: AtomicUsize,
}

impl KeyIterator {
    /// An iterator over the keys of a view.
    pub fn new(view: &Bound<'_, PyAny>, keys: Bound<'_, PyList>) -> PyResult<Self> {
        Ok(Self { view: view.clone().unbind(), keys: keys.unbind(), next: AtomicUsize::new(0) })
    }
}

#[pymethods]
impl KeyIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let keys = self.keys.bind(py);
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        if position <= keys.len() && self.view.bind(py).len()? != keys.len() {
            return Err(PyRuntimeError::new_err("dictionary changed size during iteration"));
        }
        if position >= keys.len() {
            return Ok(None);
        }
        keys.get_item(position).map(Some)
    }

    fn __length_hint__(&self, py: Python<'_>) -> usize {
        self.keys.bind(py).len().saturating_sub(self.next.load(Ordering::Relaxed))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.view)?;
        visit.call(&self.keys)
    }
}

/// The names of the buffers that are left out of saved states: a live set.
#[pyclass(frozen, weakref, name = "NameSet", module = "rsnn._C")]
pub struct NameSetView {
    module: Py<Module>,
}

impl NameSetView {
    /// The view of a module's set.
    pub fn new(module: &Bound<'_, Module>) -> Self {
        Self { module: module.clone().unbind() }
    }
}

#[pymethods]
impl NameSetView {
    fn __len__(&self) -> usize {
        self.module.get().read(|state| state.transient().len())
    }

    fn __contains__(&self, name: &str) -> bool {
        self.module.get().read(|state| state.is_transient(name))
    }

    fn __iter__(slf: &Bound<'_, Self>) -> PyResult<KeyIterator> {
        let names: Vec<Name> = slf.get().module.get().read(|state| state.transient().to_vec());
        KeyIterator::new(slf.as_any(), PyList::new(slf.py(), names.iter().map(|name| &**name))?)
    }

    /// Adds a name.
    fn add(&self, name: &str) {
        self.module.get().write(|state| state.set_transient(name, true));
    }

    /// Removes a name, if it is there.
    fn discard(&self, name: &str) {
        self.module.get().write(|state| state.set_transient(name, false));
    }

    /// Adds every name of an iterable.
    fn update(&self, names: &Bound<'_, PyAny>) -> PyResult<()> {
        for name in names.try_iter()? {
            self.add(name?.cast::<PyString>()?.to_str()?);
        }
        Ok(())
    }

    /// A set of the names as they are now.
    pub fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PySet>> {
        let names: Vec<Name> = slf.get().module.get().read(|state| state.transient().to_vec());
        PySet::new(slf.py(), names.iter().map(|name| &**name))
    }

    #[classmethod]
    fn _from_iterable<'py>(class: &Bound<'py, PyType>, names: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        class.py().get_type::<PySet>().call1((names,))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, (Bound<'py, PyList>,))> {
        Ok((slf.py().get_type::<PySet>(), (PyList::new(slf.py(), Self::copy(slf)?)?,)))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(Self::copy(slf)?.repr()?.to_str()?.to_owned())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.module)
    }
}

/// Replaces the set of names by those of an iterable.
pub fn replace_names(module: &Module, names: &Bound<'_, PyAny>) -> PyResult<()> {
    let names: Vec<String> = names.try_iter()?.map(|name| name?.extract()).collect::<PyResult<_>>()?;
    module.write(|state| {
        for old in state.transient().to_vec() {
            state.set_transient(&old, false);
        }
        names.iter().for_each(|name| state.set_transient(name, true));
    });
    module.set_ready();
    Ok(())
}

/// Completes the views with the mixin methods of `collections.abc`, and registers them there.
pub fn install(py: Python<'_>) -> PyResult<()> {
    const MAPPING: [&str; 11] = [
        "keys",
        "items",
        "values",
        "get",
        "__eq__",
        "pop",
        "clear",
        "update",
        "setdefault",
        "popitem",
        // What `pop` asks the class for.
        "_MutableMapping__marker",
    ];
    const SET: [&str; 20] = [
        "__eq__",
        "__le__",
        "__lt__",
        "__ge__",
        "__gt__",
        "__and__",
        "__rand__",
        "__or__",
        "__ror__",
        "__sub__",
        "__rsub__",
        "__xor__",
        "__rxor__",
        "isdisjoint",
        "remove",
        "pop",
        "clear",
        "__ior__",
        "__iand__",
        "__isub__",
    ];
    let abc = py.import("collections.abc")?;
    let mapping = abc.getattr("MutableMapping")?;
    let set = abc.getattr("MutableSet")?;
    let views = [py.get_type::<RegistryView>(), py.get_type::<HookView>(), py.get_type::<HookOptions>()];
    for (view, base, names) in views.iter().map(|view| (view.clone(), &mapping, &MAPPING[..])).chain([(
        py.get_type::<NameSetView>(),
        &set,
        &SET[..],
    )]) {
        let own = view.getattr("__dict__")?;
        for name in names {
            if name.starts_with("_") || !own.contains(name)? {
                view.setattr(*name, base.getattr(*name)?)?;
            }
        }
        view.setattr("__hash__", py.None())?;
        base.call_method1("register", (&view,))?;
    }
    Ok(())
}
