//! The hook tables as Python sees them: live, ordered mappings from ids to hooks, and from ids to a hook's options.

use super::class::{Handle, Module};
use super::global;
use super::hook_kinds::{attribute, of_attribute};
use super::tables::KeyIterator;
use crate::nn::hooks::{Hook, HookKind, HookTable};
use pyo3::exceptions::PyKeyError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};

/// Whose hooks a table holds.
pub enum Owner {
    /// One module's.
    Module(Py<Module>),
    /// Those that all modules share.
    All,
}

impl Owner {
    fn read<R>(&self, kind: HookKind, look: impl FnOnce(&HookTable<Handle>) -> R) -> R {
        match self {
            Self::Module(module) => module.get().read_hooks(kind, look),
            Self::All => global::read(|hooks| look(hooks.table(kind))),
        }
    }

    fn write<R>(&self, kind: HookKind, change: impl FnOnce(&mut HookTable<Handle>) -> R) -> R {
        match self {
            Self::Module(module) => module.get().write_hooks(|hooks| change(hooks.table_mut(kind))),
            Self::All => global::write(|hooks| change(hooks.table_mut(kind))),
        }
    }

    fn visit(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Module(module) => visit.call(module),
            Self::All => Ok(()),
        }
    }
}

fn unknown(id: &Bound<'_, PyAny>) -> PyErr {
    PyKeyError::new_err((id.clone().unbind(),))
}

fn ordered_dict(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "collections"))?.getattr(intern!(py, "OrderedDict"))?.call0()
}

/// Hooks by id, in the order in which they run.
#[pyclass(frozen, weakref, name = "HookTable", module = "rsnn._C")]
pub struct HookView {
    pub owner: Owner,
    pub kind: HookKind,
}

impl HookView {
    /// The table of a module.
    pub fn of_module(module: &Bound<'_, Module>, kind: HookKind) -> Self {
        Self { owner: Owner::Module(module.clone().unbind()), kind }
    }

    fn ids(&self) -> Vec<i64> {
        self.owner.read(self.kind, |table| table.iter().map(|(id, _)| id).collect())
    }

    /// Replaces the table by the entries of a mapping. A hook that stays keeps its options.
    pub fn replace(&self, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = mapping.py();
        let mut hooks = vec![];
        for item in mapping.call_method0(intern!(py, "items"))?.try_iter()? {
            let (id, call): (i64, Handle) = item?.extract()?;
            crate::nn::hooks::reserve_id(id);
            hooks.push((id, Hook::new(call)));
        }
        let old = self.owner.write(self.kind, |table| {
            for (id, hook) in &mut hooks {
                if let Some(old) = table.get(*id) {
                    (hook.with_kwargs, hook.always) = (old.with_kwargs, old.always);
                }
            }
            std::mem::replace(table, hooks.into_iter().collect())
        });
        drop(old);
        Ok(())
    }
}

#[pymethods]
impl HookView {
    fn __len__(&self) -> usize {
        self.owner.read(self.kind, HookTable::len)
    }

    fn __contains__(&self, id: &Bound<'_, PyAny>) -> bool {
        id.extract().is_ok_and(|id| self.owner.read(self.kind, |table| table.get(id).is_some()))
    }

    fn __getitem__(&self, id: &Bound<'_, PyAny>) -> PyResult<Handle> {
        let py = id.py();
        let found = id
            .extract()
            .ok()
            .and_then(|id| self.owner.read(self.kind, |table| table.get(id).map(|hook| hook.call.clone_ref(py))));
        found.ok_or_else(|| unknown(id))
    }

    fn __setitem__(&self, id: i64, hook: Handle) {
        crate::nn::hooks::reserve_id(id);
        let old = self.owner.write(self.kind, |table| match table.get_mut(id) {
            Some(known) => Err(std::mem::replace(&mut known.call, hook)),
            None => Ok(table.insert(id, Hook::new(hook), false)),
        });
        drop(old);
    }

    fn __delitem__(&self, id: &Bound<'_, PyAny>) -> PyResult<()> {
        let removed = id.extract().ok().and_then(|id| self.owner.write(self.kind, |table| table.remove(id)));
        removed.map(drop).ok_or_else(|| unknown(id))
    }

    fn __iter__(slf: &Bound<'_, Self>) -> PyResult<KeyIterator> {
        KeyIterator::new(slf.as_any(), PyList::new(slf.py(), slf.get().ids())?)
    }

    fn __reversed__(slf: &Bound<'_, Self>) -> PyResult<KeyIterator> {
        KeyIterator::new(slf.as_any(), PyList::new(slf.py(), slf.get().ids().into_iter().rev())?)
    }

    /// Moves a hook to the end, or to the front, of the order. Raises `KeyError` for an id that is not there.
    #[pyo3(signature = (key, last=true))]
    fn move_to_end(&self, key: &Bound<'_, PyAny>, last: bool) -> PyResult<()> {
        let id = key.extract()?;
        match self.owner.write(self.kind, |table| table.move_to(id, last)) {
            true => Ok(()),
            false => Err(unknown(key)),
        }
    }

    /// An `OrderedDict` of the hooks as they are now.
    pub fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let dict = ordered_dict(py)?;
        for (id, hook) in slf.get().owner.read(slf.get().kind, |table| table.snapshot(|call| call.clone_ref(py))) {
            dict.set_item(id, hook.call)?;
        }
        Ok(dict)
    }

    fn __copy__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::copy(slf)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, (Bound<'py, PyDict>,))> {
        let copy = Self::copy(slf)?;
        let dict = PyDict::new(slf.py());
        dict.update(copy.cast()?)?;
        Ok((copy.get_type(), (dict,)))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(Self::copy(slf)?.repr()?.to_str()?.to_owned())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.owner.visit(visit)
    }
}

/// A table that all modules share, by the name of PyTorch's variable for it: hooks by id, or the ids of those with an
/// option.
#[pyfunction]
pub fn _global_table<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let options = [
        ("_global_forward_hooks_with_kwargs", HookKind::Forward, HookOption::WithKwargs),
        ("_global_forward_hooks_always_called", HookKind::Forward, HookOption::Always),
    ];
    if let Some((_, kind, option)) = options.into_iter().find(|(known, ..)| *known == name) {
        return Ok(Bound::new(py, HookOptions::of_all(kind, option))?.into_any());
    }
    match of_attribute(name) {
        Some((kind, true)) => Ok(Bound::new(py, HookView { owner: Owner::All, kind })?.into_any()),
        _ => Err(PyKeyError::new_err(name.to_owned())),
    }
}

/// What a hook may be registered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookOption {
    /// It also gets the keyword arguments.
    WithKwargs,
    /// It also runs when the call failed.
    Always,
}

impl HookOption {
    fn get(self, hook: &Hook<Handle>) -> bool {
        match self {
            Self::WithKwargs => hook.with_kwargs,
            Self::Always => hook.always,
        }
    }

    fn set(self, hook: &mut Hook<Handle>, value: bool) {
        match self {
            Self::WithKwargs => hook.with_kwargs = value,
            Self::Always => hook.always = value,
        }
    }
}

/// The hooks that were registered with an option: their ids, each with `True`.
#[pyclass(frozen, weakref, name = "HookOptions", module = "rsnn._C")]
pub struct HookOptions {
    owner: Owner,
    kind: HookKind,
    option: HookOption,
}

impl HookOptions {
    /// The hooks of a module with an option.
    pub fn of_module(module: &Bound<'_, Module>, kind: HookKind, option: HookOption) -> Self {
        Self { owner: Owner::Module(module.clone().unbind()), kind, option }
    }

    /// The hooks of all modules with an option.
    pub fn of_all(kind: HookKind, option: HookOption) -> Self {
        Self { owner: Owner::All, kind, option }
    }

    fn ids(&self) -> Vec<i64> {
        self.owner
            .read(self.kind, |table| table.iter().filter(|(_, hook)| self.option.get(hook)).map(|(id, _)| id).collect())
    }

    fn set(&self, id: i64, value: bool) -> bool {
        self.owner.write(self.kind, |table| match table.get_mut(id) {
            Some(hook) => {
                self.option.set(hook, value);
                true
            }
            None => false,
        })
    }

    fn has(&self, id: &Bound<'_, PyAny>) -> bool {
        id.extract()
            .is_ok_and(|id| self.owner.read(self.kind, |table| table.get(id).is_some_and(|hook| self.option.get(hook))))
    }

    /// Gives the option to the hooks whose ids a mapping has, and takes it from the others.
    pub fn replace(&self, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        let ids: Vec<i64> = mapping.try_iter()?.map(|id| id?.extract()).collect::<PyResult<_>>()?;
        for id in self.ids() {
            self.set(id, false);
        }
        for id in ids {
            self.set(id, true);
        }
        Ok(())
    }
}

#[pymethods]
impl HookOptions {
    fn __len__(&self) -> usize {
        self.ids().len()
    }

    fn __contains__(&self, id: &Bound<'_, PyAny>) -> bool {
        self.has(id)
    }

    fn __getitem__(&self, id: &Bound<'_, PyAny>) -> PyResult<bool> {
        if self.has(id) { Ok(true) } else { Err(unknown(id)) }
    }

    fn __setitem__(&self, id: &Bound<'_, PyAny>, value: bool) -> PyResult<()> {
        if self.set(id.extract()?, value) {
            return Ok(());
        }
        let table = attribute(self.kind, matches!(self.owner, Owner::All));
        Err(PyKeyError::new_err(format!("{table} has no hook {id}: register the hook before its options")))
    }

    fn __delitem__(&self, id: &Bound<'_, PyAny>) -> PyResult<()> {
        if !self.has(id) {
            return Err(unknown(id));
        }
        self.set(id.extract()?, false);
        Ok(())
    }

    fn __iter__(slf: &Bound<'_, Self>) -> PyResult<KeyIterator> {
        KeyIterator::new(slf.as_any(), PyList::new(slf.py(), slf.get().ids())?)
    }

    /// An `OrderedDict` of the entries as they are now.
    pub fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let dict = ordered_dict(slf.py())?;
        for id in slf.get().ids() {
            dict.set_item(id, true)?;
        }
        Ok(dict)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, (Bound<'py, PyDict>,))> {
        let copy = Self::copy(slf)?;
        let dict = PyDict::new(slf.py());
        dict.update(copy.cast()?)?;
        Ok((copy.get_type(), (dict,)))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(Self::copy(slf)?.repr()?.to_str()?.to_owned())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.owner.visit(visit)
    }
}
