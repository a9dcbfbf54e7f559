//! Calling a module: `forward`, and the hooks around it.

use super::blame::blame;
use super::class::{Handle, Module};
use super::global;
use super::lookup::{call_forward, call_forward_one, has_native_call};
use crate::nn::hooks::{Hook, HookKind};
use pyo3::exceptions::{PyException, PyNotImplementedError, PyRuntimeError, PyUserWarning};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::ffi::CString;

#[pymethods]
impl Module {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let result = if slf.get().is_plain_call() && !global::in_call() {
            call_forward(slf, args, kwargs)
        } else {
            call_hooked(slf, args, kwargs)
        };
        result.map_err(|error| blame(slf, error))
    }

    /// What calling the module does, under the name by which a subclass may reach it.
    #[pyo3(signature = (*args, **kwargs))]
    fn _call_impl<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::__call__(slf, args, kwargs)
    }

    /// Computes the module's output. Every subclass defines it; callers call the module, which also runs its hooks.
    ///
    /// Raises `NotImplementedError` where a subclass does not.
    #[pyo3(signature = (*_input, **_kwargs))]
    fn forward(
        slf: &Bound<'_, Self>,
        _input: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let class = slf.get_type().name()?;
        let text = format!("Module [{class}] is missing the required \"forward\" function");
        Err(PyNotImplementedError::new_err(text))
    }
}

/// Calls something with one argument, as a container calls its children.
pub fn call_one<'py>(callable: &Bound<'py, PyAny>, argument: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match callable.cast::<Module>() {
        Ok(module) if has_native_call(module) && module.get().is_plain_call() && !global::in_call() => {
            call_forward_one(module, argument).map_err(|error| blame(module, error))
        }
        _ => callable.call1((argument,)),
    }
}

type Hooks = Vec<(i64, Hook<Handle>)>;

/// The hooks of a kind that a call runs: those of all modules, then the module's own.
fn hooks_of(module: &Bound<'_, Module>, kind: HookKind) -> Hooks {
    let py = module.py();
    let mut hooks = global::read(|hooks| hooks.table(kind).snapshot(|call| call.clone_ref(py)));
    hooks.extend(module.get().read_hooks(kind, |table| table.snapshot(|call| call.clone_ref(py))));
    hooks
}

/// A call under way.
struct Call<'a, 'py> {
    module: &'a Bound<'py, Module>,
    args: Bound<'py, PyAny>,
    kwargs: Bound<'py, PyAny>,
    result: Bound<'py, PyAny>,
    /// The ids of hooks with `always_call` that have run.
    ran: Vec<i64>,
}

fn call_hooked<'py>(
    module: &Bound<'py, Module>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = module.py();
    Module::ensure_ready(module, "_backward_hooks")?;
    let kwargs = kwargs.map_or_else(|| PyDict::new(py), Bound::clone);
    let (args, kwargs, result) = (args.clone().into_any(), kwargs.into_any(), py.None().into_bound(py));
    let mut call = Call { module, args, kwargs, result, ran: vec![] };
    match call.run() {
        Ok(()) => Ok(call.result),
        Err(error) => {
            if error.is_instance_of::<PyException>(py) {
                call.run_always()?;
            }
            Err(error)
        }
    }
}

impl<'py> Call<'_, 'py> {
    fn py(&self) -> Python<'py> {
        self.module.py()
    }

    fn run(&mut self) -> PyResult<()> {
        // Backward hooks are those of now, whatever the other hooks and `forward` change.
        let (full, legacy) = (self.full_backward_hooks(), self.backward_hooks(false));
        self.run_forward_pre_hooks()?;
        let backward = match &full {
            Some((hooks, pre)) => Some(self.enter_backward(hooks, pre)?),
            None => None,
        };
        self.result = self.forward()?;
        self.run_forward_hooks()?;
        if let Some(backward) = backward {
            self.result = backward.call_method1(intern!(self.py(), "setup_output_hook"), (&self.result,))?;
        }
        self.attach_legacy_hooks(legacy)
    }

    fn run_forward_pre_hooks(&mut self) -> PyResult<()> {
        for (_, hook) in hooks_of(self.module, HookKind::ForwardPre) {
            let call = hook.call.bind(self.py());
            if hook.with_kwargs {
                let output = call.call1((self.module, &self.args, &self.kwargs))?;
                match output.cast::<PyTuple>() {
                    _ if output.is_none() => {}
                    Ok(pair) if pair.len() == 2 => {
                        (self.args, self.kwargs) = (pair.get_item(0)?, pair.get_item(1)?);
                    }
                    _ => {
                        return Err(PyRuntimeError::new_err(format!(
                            "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {}.",
                            output.str()?
                        )));
                    }
                }
            } else {
                let output = call.call1((self.module, &self.args))?;
                if output.is_instance_of::<PyTuple>() {
                    self.args = output;
                } else if !output.is_none() {
                    self.args = PyTuple::new(self.py(), [output])?.into_any();
                }
            }
        }
        Ok(())
    }

    fn forward(&self) -> PyResult<Bound<'py, PyAny>> {
        let args = match self.args.cast::<PyTuple>() {
            Ok(args) => args.clone(),
            Err(_) => PyTuple::new(self.py(), self.args.try_iter()?.collect::<PyResult<Vec<_>>>()?)?,
        };
        let kwargs = match self.kwargs.cast::<PyDict>() {
            Ok(kwargs) => kwargs.clone(),
            Err(_) => self.py().get_type::<PyDict>().call1((&self.kwargs,))?.cast_into()?,
        };
        call_forward(self.module, &args, Some(&kwargs))
    }

    fn call_forward_hook(&self, hook: &Hook<Handle>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let call = hook.call.bind(self.py());
        let output = match hook.with_kwargs {
            true => call.call1((self.module, &self.args, &self.kwargs, &self.result)),
            false => call.call1((self.module, &self.args, &self.result)),
        }?;
        Ok((!output.is_none()).then_some(output))
    }

    fn run_forward_hooks(&mut self) -> PyResult<()> {
        for (id, hook) in hooks_of(self.module, HookKind::Forward) {
            if hook.always {
                self.ran.push(id);
            }
            if let Some(output) = self.call_forward_hook(&hook)? {
                self.result = output;
            }
        }
        Ok(())
    }

    /// After a failure, runs the hooks that are always to be called and have not been. Their own errors become
    /// warnings.
    fn run_always(&mut self) -> PyResult<()> {
        let py = self.py();
        let of_all = global::read(|hooks| hooks.table(HookKind::Forward).len());
        for (position, (id, hook)) in hooks_of(self.module, HookKind::Forward).into_iter().enumerate() {
            if !hook.always || self.ran.contains(&id) {
                continue;
            }
            match self.call_forward_hook(&hook) {
                Ok(Some(output)) => self.result = output,
                Ok(None) => {}
                Err(error) if !error.is_instance_of::<PyException>(py) => return Err(error),
                Err(error) => {
                    let whose = if position < of_all { "global module" } else { "module" };
                    let text = format!(
                        "{whose} forward hook with ``always_call=True`` raised an exception that was silenced as \
                         another error was raised in forward: {}",
                        error.value(py).str()?
                    );
                    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &CString::new(text)?, 1)?;
                }
            }
        }
        Ok(())
    }

    /// The full backward hooks and the backward pre-hooks, if there are any of either.
    fn full_backward_hooks(&self) -> Option<(Vec<Handle>, Vec<Handle>)> {
        let calls = |hooks: Hooks| hooks.into_iter().map(|(_, hook)| hook.call).collect::<Vec<_>>();
        let full = calls(self.backward_hooks(true));
        let pre = calls(hooks_of(self.module, HookKind::BackwardPre));
        (!full.is_empty() || !pre.is_empty()).then_some((full, pre))
    }

    /// The backward hooks of one sort, full or not.
    fn backward_hooks(&self, full: bool) -> Hooks {
        let py = self.py();
        let mut hooks = global::read(|hooks| match hooks.full_backward == Some(full) {
            true => hooks.table(HookKind::Backward).snapshot(|call| call.clone_ref(py)),
            false => vec![],
        });
        hooks.extend(self.module.get().read(|state| match state.hooks() {
            Some(hooks) if hooks.full_backward == Some(full) => {
                hooks.table(HookKind::Backward).snapshot(|call| call.clone_ref(py))
            }
            _ => vec![],
        }));
        hooks
    }

    /// Puts a node around the arguments at which gradients for the module's inputs arrive.
    fn enter_backward(&mut self, full: &[Handle], pre: &[Handle]) -> PyResult<Bound<'py, PyAny>> {
        let class =
            self.py().import(intern!(self.py(), "rsnn.utils.hooks"))?.getattr(intern!(self.py(), "BackwardHook"))?;
        let backward = class.call1((self.module, full, pre))?;
        self.args = backward.call_method1(intern!(self.py(), "setup_input_hook"), (&self.args,))?;
        Ok(backward)
    }

    fn attach_legacy_hooks(&self, hooks: Hooks) -> PyResult<()> {
        if hooks.is_empty() {
            return Ok(());
        }
        let hooks: Vec<Handle> = hooks.into_iter().map(|(_, hook)| hook.call).collect();
        let attach = self.py().import(intern!(self.py(), "rsnn.nn.modules._backward"))?;
        attach
            .call_method1(intern!(self.py(), "attach_legacy"), (self.module, hooks, &self.args, &self.result))
            .map(drop)
    }
}
