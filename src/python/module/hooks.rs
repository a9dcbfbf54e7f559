//! Registering hooks, with one module and with all.

use super::class::{Handle, Module};
use super::global;
use super::handle::RemovableHandle;
use crate::nn::hooks::{Hook, HookKind, next_id};
use crate::python::arguments::truth;
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;

fn add(slf: &Bound<'_, Module>, kind: HookKind, hook: Hook<Handle>, prepend: bool) -> PyResult<RemovableHandle> {
    Module::ensure_ready(slf, &super::hook_kinds::attribute(kind, false))?;
    let id = next_id();
    let old = slf.get().write_hooks(|hooks| hooks.table_mut(kind).insert(id, hook, prepend));
    drop(old);
    RemovableHandle::of_module(slf, kind, id)
}

fn add_global(kind: HookKind, hook: Hook<Handle>) -> RemovableHandle {
    let id = next_id();
    let old = global::write(|hooks| hooks.table_mut(kind).insert(id, hook, false));
    drop(old);
    RemovableHandle::of_all(kind, id)
}

const MIXED: &str = "Cannot use both regular backward hooks and full backward hooks";

#[pymethods]
impl Module {
    /// Registers a hook that runs before `forward`.
    ///
    /// Args:
    ///     hook: called as `hook(module, args)`, where `args` is the tuple of positional arguments. What it returns,
    ///         other than `None`, replaces them; a single value stands for a tuple of one.
    ///     prepend: whether it comes before the hooks that are there already.
    ///     with_kwargs: whether it is called as `hook(module, args, kwargs)` and returns `None` or a pair of both.
    #[pyo3(signature = (hook, *, prepend=false, with_kwargs=false))]
    fn register_forward_pre_hook(
        slf: &Bound<'_, Self>,
        hook: Handle,
        #[pyo3(from_py_with = truth)] prepend: bool,
        #[pyo3(from_py_with = truth)] with_kwargs: bool,
    ) -> PyResult<RemovableHandle> {
        add(slf, HookKind::ForwardPre, Hook { call: hook, with_kwargs, always: false }, prepend)
    }

    /// Registers a hook that runs after `forward`.
    ///
    /// Args:
    ///     hook: called as `hook(module, args, output)`. What it returns, other than `None`, replaces the output.
    ///     prepend: whether it comes before the hooks that are there already.
    ///     with_kwargs: whether it is called as `hook(module, args, kwargs, output)`.
    ///     always_call: whether it also runs when the call failed.
    #[pyo3(signature = (hook, *, prepend=false, with_kwargs=false, always_call=false))]
    fn register_forward_hook(
        slf: &Bound<'_, Self>,
        hook: Handle,
        #[pyo3(from_py_with = truth)] prepend: bool,
        #[pyo3(from_py_with = truth)] with_kwargs: bool,
        #[pyo3(from_py_with = truth)] always_call: bool,
    ) -> PyResult<RemovableHandle> {
        add(slf, HookKind::Forward, Hook { call: hook, with_kwargs, always: always_call }, prepend)
    }

    /// Registers a hook that runs when the gradients of the module's inputs are known.
    ///
    /// Args:
    ///     hook: called as `hook(module, grad_input, grad_output)`, two tuples of tensors or `None`. What it returns,
    ///         other than `None`, replaces `grad_input`.
    ///     prepend: whether it comes before the hooks that are there already.
    ///
    /// Raises `RuntimeError` if the module has hooks of `register_backward_hook`.
    #[pyo3(signature = (hook, prepend=false))]
    fn register_full_backward_hook(
        slf: &Bound<'_, Self>,
        hook: Handle,
        #[pyo3(from_py_with = truth)] prepend: bool,
    ) -> PyResult<RemovableHandle> {
        set_sort(slf, true)?;
        add(slf, HookKind::Backward, Hook::new(hook), prepend)
    }

    /// Registers a hook that runs when the gradients of the module's outputs are known.
    ///
    /// Args:
    ///     hook: called as `hook(module, grad_output)`. What it returns, other than `None`, replaces `grad_output`.
    ///     prepend: whether it comes before the hooks that are there already.
    #[pyo3(signature = (hook, prepend=false))]
    fn register_full_backward_pre_hook(
        slf: &Bound<'_, Self>,
        hook: Handle,
        #[pyo3(from_py_with = truth)] prepend: bool,
    ) -> PyResult<RemovableHandle> {
        add(slf, HookKind::BackwardPre, Hook::new(hook), prepend)
    }

    /// Registers a backward hook of the old kind, which sees only the last operation of `forward`. Deprecated: use
    /// `register_full_backward_hook`.
    ///
    /// Raises `RuntimeError` if the module has full backward hooks.
    fn register_backward_hook(slf: &Bound<'_, Self>, hook: Handle) -> PyResult<RemovableHandle> {
        set_sort(slf, false)?;
        add(slf, HookKind::Backward, Hook::new(hook), false)
    }

    /// Registers a hook that runs before `state_dict`, as `hook(module, prefix, keep_vars)`.
    fn register_state_dict_pre_hook(slf: &Bound<'_, Self>, hook: Handle) -> PyResult<RemovableHandle> {
        add(slf, HookKind::StateDictPre, Hook::new(hook), false)
    }

    /// Registers a hook that runs after `state_dict`, as `hook(module, state_dict, prefix, local_metadata)`. It may
    /// change the dictionary in place and must return `None`.
    fn register_state_dict_post_hook(slf: &Bound<'_, Self>, hook: &Bound<'_, PyAny>) -> PyResult<RemovableHandle> {
        hook.setattr(intern!(hook.py(), "_from_public_api"), true)?;
        add(slf, HookKind::StateDict, Hook::new(hook.clone().unbind()), false)
    }

    /// The same, for a hook that may return another dictionary.
    fn _register_state_dict_hook(slf: &Bound<'_, Self>, hook: &Bound<'_, PyAny>) -> PyResult<RemovableHandle> {
        let public = hook.getattr_opt(intern!(hook.py(), "_from_public_api"))?;
        if public.map_or(Ok(false), |public| public.is_truthy())? {
            return Err(PyRuntimeError::new_err(
                "Cannot register the same function as the state dict post hook that was previously registered via \
                 register_state_dict_post_hook",
            ));
        }
        add(slf, HookKind::StateDict, Hook::new(hook.clone().unbind()), false)
    }

    /// Registers a hook that runs before the module's own entries are loaded: `hook(module, state_dict, prefix,
    /// local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`.
    fn register_load_state_dict_pre_hook<'py>(
        slf: &Bound<'py, Self>,
        hook: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.call_method1(intern!(slf.py(), "_register_load_state_dict_pre_hook"), (hook, true))
    }

    /// The same, with or without the module as the first argument.
    #[pyo3(signature = (hook, with_module=false))]
    fn _register_load_state_dict_pre_hook(
        slf: &Bound<'_, Self>,
        hook: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = truth)] with_module: bool,
    ) -> PyResult<RemovableHandle> {
        let py = slf.py();
        let wrap = py.import(intern!(py, "rsnn.nn.modules._wrapped_hook"))?.getattr(intern!(py, "_WrappedHook"))?;
        let hook = if with_module { wrap.call1((hook, slf)) } else { wrap.call1((hook,)) }?;
        add(slf, HookKind::LoadStateDictPre, Hook::new(hook.unbind()), false)
    }

    /// Registers a hook that runs after the module and its descendants have been loaded: `hook(module,
    /// incompatible_keys)`, which may change the lists `missing_keys` and `unexpected_keys` in place.
    fn register_load_state_dict_post_hook(slf: &Bound<'_, Self>, hook: Handle) -> PyResult<RemovableHandle> {
        add(slf, HookKind::LoadStateDictPost, Hook::new(hook), false)
    }
}

/// Says which sort of backward hooks the module has; it may have only one.
fn set_sort(slf: &Bound<'_, Module>, full: bool) -> PyResult<()> {
    Module::ensure_ready(slf, "_is_full_backward_hook")?;
    let known = slf.get().write_hooks(|hooks| *hooks.full_backward.get_or_insert(full));
    if known == full {
        return Ok(());
    }
    Err(PyRuntimeError::new_err(format!("{MIXED} on a single Module. Please use only one of them.")))
}

fn set_global_sort(full: bool) -> PyResult<()> {
    let known = global::write(|hooks| *hooks.full_backward.get_or_insert(full));
    if known == full {
        return Ok(());
    }
    Err(PyRuntimeError::new_err(format!("{MIXED} as a global Module hook. Please use only one of them.")))
}

/// Registers a hook that runs before `forward` of every module, before the module's own: `hook(module, args)`.
#[pyfunction]
pub fn register_module_forward_pre_hook(hook: Handle) -> RemovableHandle {
    add_global(HookKind::ForwardPre, Hook::new(hook))
}

/// Registers a hook that runs after `forward` of every module, before the module's own.
///
/// Args:
///     hook: called as `hook(module, args, output)`. What it returns, other than `None`, replaces the output.
///     with_kwargs: whether it is called as `hook(module, args, kwargs, output)`.
///     always_call: whether it also runs when the call failed.
#[pyfunction]
#[pyo3(signature = (hook, *, with_kwargs=false, always_call=false))]
pub fn register_module_forward_hook(
    hook: Handle,
    #[pyo3(from_py_with = truth)] with_kwargs: bool,
    #[pyo3(from_py_with = truth)] always_call: bool,
) -> RemovableHandle {
    add_global(HookKind::Forward, Hook { call: hook, with_kwargs, always: always_call })
}

/// Registers a full backward hook for every module: see `Module.register_full_backward_hook`.
#[pyfunction]
pub fn register_module_full_backward_hook(hook: Handle) -> PyResult<RemovableHandle> {
    set_global_sort(true)?;
    Ok(add_global(HookKind::Backward, Hook::new(hook)))
}

/// Registers a full backward pre-hook for every module: see `Module.register_full_backward_pre_hook`.
#[pyfunction]
pub fn register_module_full_backward_pre_hook(hook: Handle) -> RemovableHandle {
    add_global(HookKind::BackwardPre, Hook::new(hook))
}

/// Registers a backward hook of the old kind for every module. Deprecated.
#[pyfunction]
pub fn register_module_backward_hook(hook: Handle) -> PyResult<RemovableHandle> {
    set_global_sort(false)?;
    Ok(add_global(HookKind::Backward, Hook::new(hook)))
}

/// Registers a hook that runs whenever a module registers a parameter: `hook(module, name, parameter)`. What it
/// returns, other than `None`, is registered instead.
#[pyfunction]
pub fn register_module_parameter_registration_hook(hook: Handle) -> RemovableHandle {
    add_global(HookKind::ParameterRegistration, Hook::new(hook))
}

/// The same for buffers.
#[pyfunction]
pub fn register_module_buffer_registration_hook(hook: Handle) -> RemovableHandle {
    add_global(HookKind::BufferRegistration, Hook::new(hook))
}

/// The same for child modules.
#[pyfunction]
pub fn register_module_module_registration_hook(hook: Handle) -> RemovableHandle {
    add_global(HookKind::ModuleRegistration, Hook::new(hook))
}
