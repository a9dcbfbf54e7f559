//! `copy.deepcopy` of modules without the detour through the states that `pickle` takes.

use super::class::{Handle, Module, State};
use super::instance_dict::{instance_dict, own_dict};
use super::lookup;
use super::natives::Method;
use crate::nn::hooks::{Hook, HookKind};
use crate::nn::module::Kind;
use crate::nn::registry::Registry;
use crate::python::tensor::{PyParameter, PyTensor};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyFunction, PyInt, PyList, PyString, PyType};

/// A copy of an object and of all that it holds, under way. The memo knows what has been copied.
struct Copying<'a, 'py> {
    memo: &'a Bound<'py, PyDict>,
    /// What was copied, kept so that no new object gets an address that the memo knows.
    kept: Bound<'py, PyList>,
}

/// The address by which the memo knows an object.
fn address(object: &Bound<'_, PyAny>) -> usize {
    object.as_ptr() as usize
}

/// Whether an object is its own copy, as numbers, texts, functions and classes are.
fn is_atomic(object: &Bound<'_, PyAny>) -> bool {
    object.is_none()
        || object.is_exact_instance_of::<PyInt>()
        || object.is_exact_instance_of::<PyString>()
        || object.is_exact_instance_of::<PyBool>()
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_exact_instance_of::<PyFunction>()
        || object.is_instance_of::<PyType>()
}

/// Whether a module's class leaves it to `Module` how its instances are copied.
fn is_plain(module: &Bound<'_, Module>) -> bool {
    let py = module.py();
    let methods = [Method::DeepCopy, Method::GetState, Method::SetState];
    if methods.into_iter().any(|method| method.is_overridden(module)) {
        return false;
    }
    let (class, object) = (module.get_type(), py.get_type::<PyAny>());
    let same = |name| match (lookup::type_attribute(&class, name), lookup::type_attribute(&object, name)) {
        (Some(own), Some(default)) => own.is(&default),
        (own, default) => own.is_none() && default.is_none(),
    };
    [
        intern!(py, "__reduce_ex__"),
        intern!(py, "__reduce__"),
        intern!(py, "__getnewargs_ex__"),
        intern!(py, "__getnewargs__"),
    ]
    .into_iter()
    .all(same)
}

impl<'py> Copying<'_, 'py> {
    fn remember(&self, object: &Bound<'py, PyAny>, twin: &Bound<'py, PyAny>) -> PyResult<()> {
        self.memo.set_item(address(object), twin)?;
        self.kept.append(object)
    }

    /// The copy of anything.
    fn copy(&self, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        static DEEPCOPY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        if is_atomic(object) {
            return Ok(object.clone());
        }
        if let Some(known) = self.memo.get_item(address(object))? {
            return Ok(known);
        }
        if let Ok(module) = object.cast::<Module>()
            && is_plain(module)
        {
            return self.copy_module(module);
        }
        if object.is_exact_instance_of::<PyParameter>() || object.is_exact_instance_of::<PyTensor>() {
            let twin = PyTensor::__deepcopy__(object.cast()?, self.memo)?;
            self.kept.append(object)?;
            return Ok(twin);
        }
        DEEPCOPY.import(object.py(), "copy", "deepcopy")?.call1((object, self.memo))
    }

    /// The copy of a module, made as unpickling makes it: without `__init__`.
    fn copy_module(&self, module: &Bound<'py, Module>) -> PyResult<Bound<'py, PyAny>> {
        let py = module.py();
        let _guard = super::recursion::enter(py)?;
        let class = module.get_type();
        let twin = class.call_method1(intern!(py, "__new__"), (&class,))?;
        self.remember(module.as_any(), &twin)?;
        let own = twin.cast::<Module>()?;
        if let Some(attributes) = instance_dict(module.as_any())
            && !attributes.is_empty()
        {
            let dict = own_dict(own)?;
            for (name, value) in attributes {
                dict.set_item(name, self.copy(&value)?)?;
            }
        }
        if module.get().is_ready() {
            self.copy_state(module, own)?;
        }
        Ok(twin)
    }

    fn copy_state(&self, module: &Bound<'py, Module>, twin: &Bound<'py, Module>) -> PyResult<()> {
        let mut state = State::default();
        for kind in [Kind::Parameter, Kind::Buffer, Kind::Child] {
            *state.registry_mut(kind) = self.copy_registry(module, kind)?;
        }
        let (training, transient) = module.get().read(|state| (state.training, state.transient().to_vec()));
        state.training = training;
        transient.iter().for_each(|name| state.set_transient(name, true));
        if module.get().read(|state| state.hooks().is_some()) {
            for kind in HookKind::ALL {
                for (id, hook) in
                    module.get().read_hooks(kind, |table| table.snapshot(|call| call.clone_ref(module.py())))
                {
                    let call = self.copy(hook.call.bind(module.py()))?.unbind();
                    drop(state.hooks_mut().table_mut(kind).insert(id, Hook { call, ..hook }, false));
                }
            }
            state.hooks_mut().full_backward =
                module.get().read(|state| state.hooks().and_then(|hooks| hooks.full_backward));
        }
        twin.get().replace(state);
        Ok(())
    }

    fn copy_registry(&self, module: &Bound<'py, Module>, kind: Kind) -> PyResult<Registry<Handle>> {
        let py = module.py();
        let entries = module.get().read(|state| super::tables::entries(py, state.registry(kind)));
        let copy = |handle: Handle| self.copy(handle.bind(py)).map(Bound::unbind);
        entries.into_iter().map(|(name, handle)| Ok((name, handle.map(copy).transpose()?))).collect()
    }
}

#[pymethods]
impl Module {
    /// A copy with copies of all that the module holds; what stands in several places does so again. A class that says
    /// how its instances are pickled is obeyed.
    fn __deepcopy__<'py>(slf: &Bound<'py, Self>, memo: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if !is_plain(slf) {
            static RECONSTRUCT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
            let reduced = slf.call_method1(intern!(py, "__reduce_ex__"), (4,))?;
            return RECONSTRUCT.import(py, "rsnn.nn.modules._copying", "reconstruct")?.call1((slf, memo, reduced));
        }
        let kept = match memo.get_item(address(memo.as_any()))? {
            Some(kept) => kept.cast_into()?,
            None => {
                let kept = PyList::empty(py);
                memo.set_item(address(memo.as_any()), &kept)?;
                kept
            }
        };
        Copying { memo, kept }.copy_module(slf)
    }
}
