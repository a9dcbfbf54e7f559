//! `RemovableHandle`: what registering a hook returns.

use super::class::Module;
use super::global;
use super::hook_kinds::{attribute, of_attribute};
use super::hook_tables::{HookView, Owner};
use crate::nn::hooks::{HookKind, next_id, reserve_id};
use parking_lot::Mutex;
use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyWeakrefReference};

/// Where a hook is registered. A handle keeps nothing alive.
enum Table {
    /// In a module's table.
    Module(Py<PyWeakrefReference>, HookKind),
    /// In a table of all modules.
    Global(HookKind),
    /// In mappings from ids that are none of ours: the hooks, then their options.
    Mappings(Vec<Py<PyWeakrefReference>>),
}

/// Removes a hook again.
///
/// Args:
///     hooks_dict: the table that the hook is to be put into, under the handle's `id`: one of a module's, or any
///         mapping that can be weakly referenced.
///     extra_dict: a mapping, or a list of mappings, whose entries of that id go together with the hook.
///
/// A handle is a context manager: leaving the block removes the hook.
///
/// Example:
///     >>> import rsnn.nn as nn
///     >>> m = nn.Identity()
///     >>> with m.register_forward_hook(lambda module, args, output: output + 1):
///     ...     m(1)
///     2
///     >>> m(1)
///     1
#[pyclass(subclass, dict, weakref, frozen, module = "rsnn.utils.hooks")]
pub struct RemovableHandle {
    table: Mutex<(Table, i64)>,
}

impl RemovableHandle {
    /// A handle for a hook in a module's table.
    pub fn of_module(module: &Bound<'_, Module>, kind: HookKind, id: i64) -> PyResult<Self> {
        Ok(Self::new(Table::Module(PyWeakrefReference::new(module)?.unbind(), kind), id))
    }

    /// A handle for a hook in a table of all modules.
    pub fn of_all(kind: HookKind, id: i64) -> Self {
        Self::new(Table::Global(kind), id)
    }

    fn new(table: Table, id: i64) -> Self {
        Self { table: Mutex::new((table, id)) }
    }

    fn table_of(hooks: &Bound<'_, PyAny>, extra: Option<&Bound<'_, PyAny>>) -> PyResult<Table> {
        if let Ok(view) = hooks.cast::<HookView>() {
            return match &view.get().owner {
                Owner::All => Ok(Table::Global(view.get().kind)),
                Owner::Module(module) => {
                    let module = PyWeakrefReference::new(module.bind(hooks.py()))?;
                    Ok(Table::Module(module.unbind(), view.get().kind))
                }
            };
        }
        let mut mappings = vec![PyWeakrefReference::new(hooks)?.unbind()];
        match extra {
            Some(extra) if extra.is_instance_of::<PyList>() || extra.is_instance_of::<PyTuple>() => {
                for extra in extra.try_iter()? {
                    mappings.push(PyWeakrefReference::new(&extra?)?.unbind());
                }
            }
            Some(extra) if !extra.is_none() => mappings.push(PyWeakrefReference::new(extra)?.unbind()),
            _ => {}
        }
        Ok(Table::Mappings(mappings))
    }
}

#[pymethods]
impl RemovableHandle {
    #[new]
    #[pyo3(signature = (hooks_dict=None, *, extra_dict=None))]
    fn py_new(hooks_dict: Option<&Bound<'_, PyAny>>, extra_dict: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        match hooks_dict {
            Some(hooks) => Ok(Self::new(Self::table_of(hooks, extra_dict)?, next_id())),
            // What a pickle makes first; its state follows.
            None => Ok(Self::new(Table::Mappings(vec![]), -1)),
        }
    }

    /// The hook's id: its key in the table. Ids rise, over all tables together.
    #[getter]
    fn id(&self) -> i64 {
        self.table.lock().1
    }

    /// Removes the hook. Does nothing if it is gone already, or its module is.
    fn remove(&self, py: Python<'_>) -> PyResult<()> {
        let (mappings, id) = {
            let table = self.table.lock();
            let weak = match &table.0 {
                Table::Global(kind) => {
                    let (kind, id) = (*kind, table.1);
                    drop(table);
                    let old = global::write(|hooks| hooks.table_mut(kind).remove(id));
                    drop(old);
                    return Ok(());
                }
                Table::Module(module, kind) => {
                    let (module, kind, id) = (module.clone_ref(py), *kind, table.1);
                    drop(table);
                    if let Some(module) = module.bind(py).upgrade_as::<Module>()? {
                        let old = module.get().write_hooks(|hooks| hooks.table_mut(kind).remove(id));
                        drop(old);
                    }
                    return Ok(());
                }
                Table::Mappings(mappings) => mappings.iter().map(|mapping| mapping.clone_ref(py)).collect::<Vec<_>>(),
            };
            (weak, table.1)
        };
        for mapping in mappings {
            if let Some(mapping) = mapping.bind(py).upgrade()
                && mapping.contains(id)?
            {
                mapping.del_item(id)?;
            }
        }
        Ok(())
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _class: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.remove(py)
    }

    /// The owner of the table, the table, the id, and the `__dict__`.
    fn __getstate__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let dict = slf.getattr(intern!(py, "__dict__"))?;
        let (owner, kind, id) = {
            let table = slf.get().table.lock();
            match &table.0 {
                Table::Global(kind) => (None, Some(attribute(*kind, true)), table.1),
                Table::Module(module, kind) => (Some(module.clone_ref(py)), Some(attribute(*kind, false)), table.1),
                Table::Mappings(mappings) => (mappings.first().map(|first| first.clone_ref(py)), None, table.1),
            }
        };
        let owner = owner.and_then(|owner| owner.bind(py).upgrade());
        (owner, kind, id, dict).into_pyobject(py)
    }

    fn __setstate__(slf: &Bound<'_, Self>, state: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = slf.py();
        let (owner, kind, id, dict): (Option<Bound<'_, PyAny>>, Option<String>, i64, Bound<'_, PyDict>) =
            state.extract()?;
        let table = match (kind, owner) {
            (Some(name), owner) => match (of_attribute(&name), owner) {
                (None, _) => return Err(PyTypeError::new_err(format!("RemovableHandle: unknown table {name}"))),
                (Some((kind, true)), _) => Table::Global(kind),
                (Some((kind, false)), Some(module)) => Table::Module(PyWeakrefReference::new(&module)?.unbind(), kind),
                (Some((_, false)), None) => Table::Mappings(vec![]),
            },
            (None, Some(mapping)) => Table::Mappings(vec![PyWeakrefReference::new(&mapping)?.unbind()]),
            (None, None) => Table::Mappings(vec![]),
        };
        slf.getattr(intern!(py, "__dict__"))?.call_method1(intern!(py, "update"), (dict,))?;
        reserve_id(id);
        let old = std::mem::replace(&mut *slf.get().table.lock(), (table, id));
        drop(old);
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(table) = self.table.try_lock() else { return Ok(()) };
        match &table.0 {
            Table::Global(_) => Ok(()),
            Table::Module(module, _) => visit.call(module),
            Table::Mappings(mappings) => mappings.iter().try_for_each(|mapping| visit.call(mapping)),
        }
    }
}
