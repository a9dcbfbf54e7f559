//! What the walks of [`crate::nn`] have to know about Python modules.

use super::class::{Handle, Module};
use super::instance_dict::may_override;
use super::lookup::as_module;
use super::natives::Method;
use crate::kernels::lanes::prefetch;
use crate::nn::module::Kind;
use crate::nn::walk::{Cursor, Found, Visited, WalkError};
use crate::nn::{Kinds, World};
use pyo3::exceptions::{PyRecursionError, PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PySet, PyString};

/// The walks through Python modules. They live in Python objects, so they know no lifetimes; the world that they are
/// taken through is the interpreter.
pub struct Objects;

/// The modules that a walk has been at.
pub enum Seen {
    /// Nobody else sees them.
    Native(Visited<Handle>),
    /// A caller, or an overridden `named_modules`, shares them.
    Set(Py<PySet>),
}

impl Seen {
    /// The set to share with Python code; from now on it is the one that counts.
    fn share<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PySet>> {
        if let Self::Native(visited) = self {
            let set = PySet::new(py, visited.handles().map(|handle| handle.bind(py)))?;
            *self = Self::Set(set.unbind());
        }
        match self {
            Self::Set(set) => Ok(set.bind(py).clone()),
            Self::Native(_) => PySet::empty(py),
        }
    }
}

impl From<WalkError> for PyErr {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::ChangedSize => PyRuntimeError::new_err(error.to_string()),
            WalkError::TooDeep => PyRecursionError::new_err(error.to_string()),
        }
    }
}

impl Kinds for Objects {
    type Handle = Handle;
    type Path = Py<PyString>;
    type Seen = Seen;
    type OwnWalk = Py<PyIterator>;
}

/// The module that a handle stands for.
fn module<'a, 'py>(py: Python<'py>, handle: &'a Handle) -> PyResult<&'a Bound<'py, Module>> {
    let object = handle.bind(py);
    as_module(object).ok_or_else(|| match object.get_type().name() {
        Ok(class) => PyTypeError::new_err(format!("expected a module among the children of a module, got {class}")),
        Err(error) => error,
    })
}

impl World<Objects> for Python<'_> {
    type Error = PyErr;

    fn identity(&self, handle: &Handle) -> usize {
        handle.as_ptr() as usize
    }

    fn share(&self, handle: &Handle) -> Handle {
        handle.clone_ref(*self)
    }

    fn entry(
        &self,
        module: &Handle,
        kind: Kind,
        cursor: &mut Cursor,
        path: Option<&Py<PyString>>,
    ) -> PyResult<Option<Found<Objects>>> {
        let py = *self;
        let module = self::module(py, module)?.get();
        if cursor.is_at_end(module.changes()) || (cursor.is_new() && !module.has_any(kind)) {
            return Ok(None);
        }
        module.read_with_paths(|state, paths| {
            cursor.note(module.changes());
            let Some((position, name, handle)) = cursor.next(state.registry(kind))? else { return Ok(None) };
            if kind == Kind::Child
                && let Some((_, Some(next))) = state.registry(kind).at(position + 1)
            {
                // A model may be larger than the processor's caches.
                prefetch(next.as_ptr().cast::<u8>(), size_of::<Module>());
            }
            let path = path.map(|path| paths.get(path.bind(py), kind, position, name)).transpose()?;
            Ok(Some((path, handle.clone_ref(py))))
        })
    }

    fn is_new(&self, seen: &mut Seen, module: &Handle, mark: bool) -> PyResult<bool> {
        match seen {
            Seen::Native(visited) if mark => Ok(visited.insert(self.identity(module), || self.share(module))),
            Seen::Native(visited) => Ok(!visited.contains(self.identity(module))),
            Seen::Set(set) => {
                let set = set.bind(*self);
                let new = !set.contains(module)?;
                if new && mark {
                    set.add(module)?;
                }
                Ok(new)
            }
        }
    }

    fn own_walk(
        &self,
        module: &Handle,
        path: &Py<PyString>,
        seen: &mut Seen,
        unique: bool,
    ) -> PyResult<Option<Py<PyIterator>>> {
        let module = module.bind(*self);
        if let Some(module) = as_module(module)
            && !Method::NamedModules.is_overridden_by_class(module)
            && !(may_override(module) && Method::NamedModules.is_overridden(module))
        {
            return Ok(None);
        }
        let walk = module.call_method1(intern!(*self, "named_modules"), (seen.share(*self)?, path, unique))?;
        Ok(Some(walk.try_iter()?.unbind()))
    }

    fn advance(&self, walk: &mut Py<PyIterator>) -> PyResult<Option<(Py<PyString>, Handle)>> {
        walk.bind(*self).clone().next().transpose()?.map(|pair| pair.extract()).transpose()
    }
}
