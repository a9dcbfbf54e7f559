//! The hooks that all modules share.

use super::class::{Handle, Module};
use crate::nn::hooks::{HookKind, Hooks};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

static HOOKS: LazyLock<Mutex<Hooks<Handle>>> = LazyLock::new(Mutex::default);

/// A call of any module has hooks to run.
static HOOKED: AtomicBool = AtomicBool::new(false);
/// A registration in any module has hooks to run.
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// Looks at the hooks. They are locked meanwhile: `look` must not run Python code, as with a module's state.
pub fn read<R>(look: impl FnOnce(&Hooks<Handle>) -> R) -> R {
    look(&HOOKS.lock())
}

/// Changes the hooks, under the same rule.
pub fn write<R>(change: impl FnOnce(&mut Hooks<Handle>) -> R) -> R {
    let hooks = &mut *HOOKS.lock();
    let result = change(hooks);
    HOOKED.store(hooks.any_in_call(), Ordering::Release);
    REGISTERED.store(hooks.any_in_registration(), Ordering::Release);
    result
}

/// Whether a call of any module has hooks to run.
pub fn in_call() -> bool {
    HOOKED.load(Ordering::Acquire)
}

/// What the registration hooks of a kind make of a value that a module is to hold. Each gets the module, the name and
/// what the one before it returned, and may return `None` for no change.
pub fn registered<'py>(
    py: Python<'py>,
    kind: HookKind,
    module: &Bound<'py, Module>,
    name: &Bound<'py, PyString>,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut value = value.clone();
    if !REGISTERED.load(Ordering::Acquire) {
        return Ok(value);
    }
    for (_, hook) in read(|hooks| hooks.table(kind).snapshot(|call| call.clone_ref(py))) {
        let output = hook.call.bind(py).call1((module, name, &value))?;
        if !output.is_none() {
            value = output;
        }
    }
    Ok(value)
}

/// Of which sort the backward hooks of all modules are: `True` for full ones, `False` for those of the old kind, `None`
/// if there has been none.
#[pyfunction]
pub fn _global_full_backward() -> Option<bool> {
    read(|hooks| hooks.full_backward)
}

/// Says of which sort the backward hooks of all modules are. Hooks of the other sort do not run.
#[pyfunction]
pub fn _set_global_full_backward(full: Option<bool>) {
    write(|hooks| hooks.full_backward = full);
}
