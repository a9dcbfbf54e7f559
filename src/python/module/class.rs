//! The class `Module`: the Python object around a [`ModuleState`].

use super::lookup;
use super::paths::Paths;
use crate::kernels::lanes::prefetch;
use crate::nn::hooks::{HookKind, HookTable, Hooks};
use crate::nn::module::{Kind, ModuleState};
use crate::nn::registry::Registry;
use parking_lot::Mutex;
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};
use std::cell::RefCell;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

/// What the registries of a Python module hold: the objects themselves, so that `m.weight is m.weight`.
pub type Handle = Py<PyAny>;

/// The state of a Python module.
pub type State = ModuleState<Handle>;

/// `__init__` has run.
const READY: u8 = 1;
/// A call has hooks of the module's own to run.
const HOOKED: u8 = 2;
/// There are tables of hooks.
const TABLED: u8 = 4;

/// Base class of all neural network modules.
///
/// A subclass calls `super().__init__()`, assigns its parameters and child modules as attributes, which registers
/// them in the order of assignment, and defines `forward`. Calling the module runs its hooks and `forward`.
///
/// Example:
///     >>> import rsnn.nn as nn
///     >>> class Twice(nn.Module):
///     ...     def __init__(self):
///     ...         super().__init__()
///     ...         self.inner = nn.Identity()
///     ...     def forward(self, x):
///     ...         return 2 * self.inner(x)
///     >>> Twice()(3)
///     6
///     >>> [name for name, _ in Twice().named_modules()]
///     ['', 'inner']
#[pyclass(subclass, dict, weakref, frozen, module = "rsnn.nn.modules.module")]
pub struct Module {
    contents: Mutex<Contents>,
    flags: AtomicU8,
    /// How often the state has been changed.
    changes: AtomicU32,
    /// A bit for each kind of which there are entries.
    filled: AtomicU8,
    /// The state of `__dict__` in which it was last seen to override nothing.
    searched_dict: AtomicU64,
}

/// What is locked together.
#[derive(Default)]
struct Contents {
    state: State,
    paths: Paths,
}

impl Module {
    /// A module whose `__init__` has not run. Every `__new__` comes by here: the class gets its attribute lookup.
    pub fn allocate(class: &Bound<'_, PyType>) -> Self {
        lookup::adopt(class);
        Self {
            contents: Mutex::default(),
            flags: AtomicU8::new(0),
            changes: AtomicU32::new(0),
            filled: AtomicU8::new(0),
            searched_dict: AtomicU64::new(0),
        }
    }

    /// Looks at the state. It is locked meanwhile: `look` must not run Python code, so neither make Python objects
    /// nor drop handles.
    pub fn read<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.contents.lock().state)
    }

    /// Looks at the state and at the paths that are kept of what it holds, under the same rule.
    pub fn read_with_paths<R>(&self, look: impl FnOnce(&State, &mut Paths) -> R) -> R {
        let Contents { state, paths } = &mut *self.contents.lock();
        look(state, paths)
    }

    /// Asks for the memory of the parameters and buffers and their paths ahead of its use.
    pub fn prefetch(&self) {
        if let Some(contents) = self.contents.try_lock() {
            prefetch(contents.state.parameters.address(), 64);
            if !contents.state.buffers.is_empty() {
                prefetch(contents.state.buffers.address(), 64);
            }
            contents.paths.prefetch();
        }
    }

    /// Changes the state, under the same rule: what is taken out of it is to be returned, and dropped then.
    pub fn write<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let contents = &mut *self.contents.lock();
        // Nobody else writes it: the state is locked.
        self.changes.store(self.changes.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
        let result = change(&mut contents.state);
        let filled = [Kind::Parameter, Kind::Buffer, Kind::Child]
            .into_iter()
            .fold(0, |bits, kind| bits | u8::from(!contents.state.registry(kind).is_empty()) << kind as u8);
        self.filled.store(filled, Ordering::Release);
        result
    }

    /// Whether there are entries of a kind.
    pub fn has_any(&self, kind: Kind) -> bool {
        self.filled.load(Ordering::Acquire) & (1 << kind as u8) != 0
    }

    /// The number of the state of `__dict__` that was noted last; zero if none was.
    pub fn searched_dict(&self) -> u64 {
        self.searched_dict.load(Ordering::Relaxed)
    }

    /// Notes a state of `__dict__`.
    pub fn set_searched_dict(&self, version: u64) {
        self.searched_dict.store(version, Ordering::Relaxed);
    }

    /// A number that changes with the state. It says nothing of a change under way, but what is read under the lock
    /// belongs to what is seen there.
    pub fn changes(&self) -> u32 {
        self.changes.load(Ordering::Acquire)
    }

    /// Looks at a table of hooks.
    pub fn read_hooks<R>(&self, kind: HookKind, look: impl FnOnce(&HookTable<Handle>) -> R) -> R {
        self.read(|state| match state.hook_table(kind) {
            Some(table) => look(table),
            None => look(&HookTable::default()),
        })
    }

    /// Whether there may be hooks of any kind.
    pub fn has_hooks(&self) -> bool {
        self.flags.load(Ordering::Acquire) & TABLED != 0
    }

    /// Changes the hooks.
    pub fn write_hooks<R>(&self, change: impl FnOnce(&mut Hooks<Handle>) -> R) -> R {
        self.write(|state| {
            let result = change(state.hooks_mut());
            let hooked = state.hooks().is_some_and(Hooks::any_in_call);
            match hooked {
                true => self.flags.fetch_or(HOOKED | TABLED, Ordering::Release),
                false => {
                    self.flags.fetch_and(!HOOKED, Ordering::Release);
                    self.flags.fetch_or(TABLED, Ordering::Release)
                }
            };
            result
        })
    }

    /// Whether `__init__` has run.
    pub fn is_ready(&self) -> bool {
        self.flags.load(Ordering::Acquire) & READY != 0
    }

    /// Whether the module can be called without further ado: `__init__` has run, and it has no hooks for calls.
    pub fn is_plain_call(&self) -> bool {
        self.flags.load(Ordering::Acquire) & (READY | HOOKED) == READY
    }

    /// Says that the module has its tables, as after `__init__`: they were put there one by one.
    pub fn set_ready(&self) {
        self.flags.fetch_or(READY, Ordering::AcqRel);
    }

    /// Makes the module as good as new, as `__init__` does.
    pub fn reset(&self) {
        self.replace(State::default());
    }

    /// Puts another state in the place of the module's, as `__init__` does with an empty one.
    pub fn replace(&self, fresh: State) {
        let flags = match fresh.hooks() {
            None => READY,
            Some(hooks) if hooks.any_in_call() => READY | TABLED | HOOKED,
            Some(_) => READY | TABLED,
        };
        let old = self.write(|state| {
            self.flags.store(flags, Ordering::Release);
            std::mem::replace(state, fresh)
        });
        drop(old);
    }

    /// An error unless `__init__` has run, in the words for a missing attribute.
    pub fn ensure_ready(slf: &Bound<'_, Self>, attribute: &str) -> PyResult<()> {
        if slf.get().is_ready() {
            return Ok(());
        }
        let class = slf.get_type().name()?;
        Err(PyAttributeError::new_err(format!("'{class}' object has no attribute '{attribute}'")))
    }

    /// The handle in a registry under a name.
    pub fn get(&self, py: Python<'_>, kind: Kind, name: &str) -> Option<Option<Handle>> {
        self.read(|state| state.registry(kind).get(name).map(|handle| handle.map(|handle| handle.clone_ref(py))))
    }

    /// Sets a name in a registry.
    pub fn set(&self, kind: Kind, name: &str, handle: Option<Handle>) {
        let old = self.write(|state| state.registry_mut(kind).insert(name, handle));
        drop(old);
    }
}

thread_local! {
    /// Children of modules that are being dropped, while there is somebody to drop them.
    static DROPPING: RefCell<Option<Vec<Registry<Handle>>>> = const { RefCell::new(None) };
}

impl Drop for Module {
    /// Lets the children go one after the other, not one inside of the other: a tree may be deeper than the stack.
    fn drop(&mut self) {
        let children = std::mem::take(&mut self.contents.get_mut().state.children);
        if children.is_empty() {
            return;
        }
        let mut waiting = Some(children);
        // Without a list, as when the thread ends, they go here.
        let is_first = DROPPING.try_with(|dropping| {
            let dropping = &mut *dropping.borrow_mut();
            let is_first = dropping.is_none();
            dropping.get_or_insert_default().extend(waiting.take());
            is_first
        });
        if is_first != Ok(true) {
            return;
        }
        while let Ok(Some(children)) = DROPPING.try_with(|dropping| dropping.borrow_mut().as_mut().and_then(Vec::pop)) {
            drop(children);
        }
        let _ = DROPPING.try_with(|dropping| dropping.borrow_mut().take());
    }
}

#[pymethods]
impl Module {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(*args, **kwargs)")]
    fn py_new(class: &Bound<'_, PyType>, _args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::allocate(class)
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __init__(slf: &Bound<'_, Self>, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let py = slf.py();
        let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty());
        let mut call_super = false;
        if !args.is_empty() || kwargs.is_some() || !slf.get_type().is(py.get_type::<Self>()) {
            let wish = lookup::class_attribute(slf.as_any(), intern!(py, "call_super_init"));
            call_super = wish.map_or(Ok(false), |wish| wish.is_truthy())?;
        }
        if !call_super && let Some(kwargs) = kwargs {
            let (class, name) = (slf.get_type().name()?, kwargs.keys().get_item(0)?);
            let text = format!("{class}.__init__() got an unexpected keyword argument '{name}'");
            return Err(PyTypeError::new_err(text));
        }
        if !call_super && !args.is_empty() {
            let (class, given) = (slf.get_type().name()?, args.len() + 1);
            let text = format!("{class}.__init__() takes 1 positional argument but {given} were given");
            return Err(PyTypeError::new_err(text));
        }
        slf.get().reset();
        if call_super {
            let next = py.import(intern!(py, "builtins"))?.getattr(intern!(py, "super"))?;
            next.call1((py.get_type::<Self>(), slf))?.call_method(intern!(py, "__init__"), args, kwargs)?;
        }
        Ok(())
    }

    /// Whether `Module.__init__` passes its arguments on to the next class.
    #[classattr]
    #[pyo3(name = "call_super_init")]
    const CALL_SUPER_INIT: bool = false;

    /// Whether warnings about changed source code are to be written to patches. Of no effect; PyTorch has it.
    #[classattr]
    #[pyo3(name = "dump_patches")]
    const DUMP_PATCHES: bool = false;

    /// The version of what the class saves, written to the metadata of `state_dict()`.
    #[classattr]
    #[pyo3(name = "_version")]
    const VERSION: i64 = 1;

    /// Whether the module trains (`True`) or evaluates. See `train` and `eval`.
    #[getter]
    fn training(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Self::ensure_ready(slf, "training")?;
        Ok(slf.get().read(|state| state.training))
    }

    #[setter]
    fn set_training(slf: &Bound<'_, Self>, mode: &Bound<'_, PyAny>) -> PyResult<()> {
        let mode = mode.is_truthy()?;
        slf.get().write(|state| state.training = mode);
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A collection that comes while the state is locked takes what it holds for reachable.
        match self.contents.try_lock() {
            Some(contents) => contents.state.held().try_for_each(|handle| visit.call(handle)),
            None => Ok(()),
        }
    }

    fn __clear__(&self) {
        let old = self.write(std::mem::take);
        drop(old);
    }
}
