//! What the walks of [`crate::nn`] have to know about Python modules.

use super::class::{Handle, Module, State};
use super::natives::Method;
use crate::nn::World;
use crate::nn::walk::{Visited, WalkError};
use pyo3::exceptions::{PyRecursionError, PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PySet};

/// The world of handles that are Python objects. Its walks live in Python objects too, which know no lifetimes; so it
/// attaches to the interpreter itself, which costs next to nothing on a thread that is attached.
pub struct Interpreter;

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

impl World for Interpreter {
    type Handle = Handle;
    type Error = PyErr;
    type Seen = Seen;
    type OwnWalk = Py<PyIterator>;

    fn identity(&self, handle: &Handle) -> usize {
        handle.as_ptr() as usize
    }

    fn share(&self, handle: &Handle) -> Handle {
        Python::attach(|py| handle.clone_ref(py))
    }

    fn read<R>(&self, module: &Handle, look: impl FnOnce(&State) -> R) -> PyResult<R> {
        Python::attach(|py| match module.bind(py).cast::<Module>() {
            Ok(module) => Ok(module.get().read(look)),
            Err(_) => {
                let class = module.bind(py).get_type().name()?;
                let text = format!("expected a module among the children of a module, got {class}");
                Err(PyTypeError::new_err(text))
            }
        })
    }

    fn is_new(&self, seen: &mut Seen, module: &Handle, mark: bool) -> PyResult<bool> {
        match seen {
            Seen::Native(visited) if mark => Ok(visited.insert(self.identity(module), || self.share(module))),
            Seen::Native(visited) => Ok(!visited.contains(self.identity(module))),
            Seen::Set(set) => Python::attach(|py| {
                let set = set.bind(py);
                let new = !set.contains(module)?;
                if new && mark {
                    set.add(module)?;
                }
                Ok(new)
            }),
        }
    }

    fn own_walk(&self, module: &Handle, path: &str, seen: &mut Seen, unique: bool) -> PyResult<Option<Py<PyIterator>>> {
        Python::attach(|py| {
            let module = module.bind(py);
            if let Ok(module) = module.cast::<Module>()
                && !Method::NamedModules.is_overridden(module)
            {
                return Ok(None);
            }
            let walk = module.call_method1(intern!(py, "named_modules"), (seen.share(py)?, path, unique))?;
            Ok(Some(walk.try_iter()?.unbind()))
        })
    }

    fn advance(&self, walk: &mut Py<PyIterator>) -> PyResult<Option<(String, Handle)>> {
        Python::attach(|py| walk.bind(py).clone().next().transpose()?.map(|pair| pair.extract()).transpose())
    }
}
