//! `load_state_dict`: a saved state back into a module and its descendants.

use super::class::{Handle, Module};
use super::load_own::{Report, load_own};
use super::natives::Method;
use super::parts::{Part, Source};
use super::paths::Place;
use crate::nn::hooks::{Hook, HookKind};
use crate::nn::state_dict::Misfit;
use crate::python::arguments::truth;
use pyo3::exceptions::{PyAssertionError, PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PyString};

/// The key of local metadata that says that tensors are to be taken over instead of copied.
const ASSIGN: &str = "assign_to_params_buffers";

fn hooks_of(slf: &Bound<'_, Module>, kind: HookKind) -> Vec<(i64, Hook<Handle>)> {
    if !slf.get().has_hooks() {
        return vec![];
    }
    slf.get().read_hooks(kind, |table| table.snapshot(|call| call.clone_ref(slf.py())))
}

/// Whether Python code gets to see the part of a state that belongs to a module, when it is loaded.
fn shows_state(slf: &Bound<'_, Module>) -> bool {
    let hooked = || slf.get().read_hooks(HookKind::LoadStateDictPre, |table| !table.is_empty());
    Method::LoadFromStateDict.is_overridden(slf) || (slf.get().has_hooks() && hooked())
}

fn is_set(dict: &Bound<'_, PyDict>, key: &str) -> PyResult<bool> {
    dict.get_item(PyString::intern(dict.py(), key))?.map_or(Ok(false), |value| value.is_truthy())
}

/// Loads what the module itself saves out of a mapping that hooks get to see and change.
fn load_shown<'py>(
    slf: &Bound<'py, Module>,
    state: &Bound<'py, PyAny>,
    place: &Place<'py>,
    metadata: &Bound<'py, PyDict>,
    strict: bool,
    report: &Report<'py>,
) -> PyResult<()> {
    for (_, hook) in hooks_of(slf, HookKind::LoadStateDictPre) {
        let Report { missing, unexpected, errors } = report;
        let arguments = (state, place.prefix()?, metadata, strict, missing, unexpected, errors);
        hook.call.bind(slf.py()).call1(arguments)?;
    }
    load_own(slf, Source::Mapping(state), place, is_set(metadata, ASSIGN)?, strict, report)
}

/// A load of a module and its descendants.
struct Loading<'py> {
    report: Report<'py>,
    /// The versions of the saved modules by path.
    metadata: Option<Bound<'py, PyAny>>,
    assign: bool,
}

impl<'py> Loading<'py> {
    fn load(&self, slf: &Bound<'py, Module>, part: Part<'py>, place: &Place<'py>) -> PyResult<()> {
        let py = slf.py();
        let _guard = super::recursion::enter(py)?;
        Module::ensure_ready(slf, "_modules")?;
        let local = self.local_metadata(py, place)?;
        let part = match shows_state(slf) {
            true => {
                let (state, Report { missing, unexpected, errors }) = (part.into_dict(py)?, &self.report);
                if Method::LoadFromStateDict.is_overridden(slf) {
                    let arguments = (&state, place.prefix()?, local, true, missing, unexpected, errors);
                    slf.call_method1(Method::LoadFromStateDict.name(py), arguments)?;
                } else {
                    load_shown(slf, state.as_any(), place, &local, true, &self.report)?;
                }
                Part::Dict(state)
            }
            false => {
                load_own(slf, part.source(), place, is_set(&local, ASSIGN)?, true, &self.report)?;
                part
            }
        };
        let children = place.children(slf)?;
        if !children.is_empty() {
            let parts = part.split(&children, place.prefix_len()?)?;
            for ((path, child), part) in children.into_iter().zip(parts) {
                self.load(child.cast()?, part, &Place::at(path))?;
            }
        }
        self.run_post_hooks(slf)
    }

    /// What was saved beside a module's tensors. With `assign` a copy, so that the option does not stay in the state.
    fn local_metadata(&self, py: Python<'py>, place: &Place<'py>) -> PyResult<Bound<'py, PyDict>> {
        let path = place.path();
        let saved = match &self.metadata {
            None => None,
            Some(metadata) => match metadata.cast::<PyDict>() {
                Ok(metadata) => metadata.get_item(path)?,
                Err(_) => Some(metadata.call_method1(intern!(py, "get"), (path, PyDict::new(py)))?),
            },
        };
        let local = match saved.map(Bound::cast_into::<PyDict>) {
            Some(Ok(saved)) if !self.assign => return Ok(saved),
            Some(Ok(saved)) => saved.copy()?,
            Some(Err(other)) => {
                let local = PyDict::new(py);
                local.update(other.into_inner().cast::<PyMapping>()?)?;
                local
            }
            None => PyDict::new(py),
        };
        if self.assign {
            local.set_item(ASSIGN, true)?;
        }
        Ok(local)
    }

    fn run_post_hooks(&self, slf: &Bound<'py, Module>) -> PyResult<()> {
        for (_, hook) in hooks_of(slf, HookKind::LoadStateDictPost) {
            let output = hook.call.bind(slf.py()).call1((slf, self.incompatible(slf.py())?))?;
            if !output.is_none() {
                return Err(PyAssertionError::new_err(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new \
                     values, if incompatible_keys need to be modified, it should be done inplace.",
                ));
            }
        }
        Ok(())
    }

    fn incompatible(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let class = py.import(intern!(py, "rsnn.nn.modules._incompatible_keys"))?;
        let Report { missing, unexpected, .. } = &self.report;
        class.call_method1(intern!(py, "_IncompatibleKeys"), (missing, unexpected))
    }

    /// All that does not fit, as one error.
    fn check(&self, slf: &Bound<'py, Module>, strict: bool) -> PyResult<()> {
        let Report { missing, unexpected, errors } = &self.report;
        if errors.is_empty() && (!strict || missing.is_empty() && unexpected.is_empty()) {
            return Ok(());
        }
        let texts = |list: &Bound<'py, PyList>| {
            list.iter().map(|item| item.str()?.extract()).collect::<PyResult<Vec<String>>>()
        };
        let (missing, unexpected) = if strict { (texts(missing)?, texts(unexpected)?) } else { (vec![], vec![]) };
        let messages = texts(errors)?;
        let misfit = Misfit { missing: &missing, unexpected: &unexpected, messages: &messages };
        match misfit.report(slf.get_type().name()?.to_str()?) {
            Some(text) => Err(PyRuntimeError::new_err(text)),
            None => Ok(()),
        }
    }
}

/// A copy of a state that a module's own code gets to see.
fn ordered<'py>(state: &Bound<'py, PyAny>, metadata: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyDict>> {
    let copy = super::ordered_dict::ordered_dict_type(state.py())?.call1((state,))?;
    if let Some(metadata) = metadata {
        copy.setattr(intern!(state.py(), "_metadata"), metadata)?;
    }
    Ok(copy.cast_into()?)
}

#[pymethods]
impl Module {
    /// Copies a saved state into the module and its descendants.
    ///
    /// Args:
    ///     state_dict: a mapping from dotted names to tensors, as `state_dict()` gives it.
    ///     strict: whether its keys must be exactly the module's.
    ///     assign: whether to take its tensors over, with their dtypes, instead of copying into the module's.
    ///
    /// Returns a pair of lists, `missing_keys` and `unexpected_keys`.
    ///
    /// Raises `TypeError` for anything but a mapping, and one `RuntimeError` that lists all keys that are missing,
    /// unexpected, or have tensors of another shape, and proposes a cure where one can be seen.
    #[pyo3(signature = (state_dict, strict=true, assign=false))]
    fn load_state_dict<'py>(
        slf: &Bound<'py, Self>,
        state_dict: &Bound<'py, PyAny>,
        #[pyo3(from_py_with = truth)] strict: bool,
        #[pyo3(from_py_with = truth)] assign: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if state_dict.cast::<PyMapping>().is_err() {
            let text = format!("Expected state_dict to be dict-like, got {}.", state_dict.get_type());
            return Err(PyTypeError::new_err(text));
        }
        let metadata = state_dict.getattr_opt(intern!(py, "_metadata"))?.filter(|metadata| !metadata.is_none());
        let part = match shows_state(slf) {
            true => Part::Dict(ordered(state_dict, metadata.as_ref())?),
            false => Part::of_mapping(state_dict)?,
        };
        let report = Report { missing: PyList::empty(py), unexpected: PyList::empty(py), errors: PyList::empty(py) };
        let loading = Loading { report, metadata, assign };
        loading.load(slf, part, &Place::of_prefix(py, ""))?;
        loading.check(slf, strict)?;
        loading.incompatible(py)
    }

    /// Copies what the module itself saves, not its descendants, out of a state. Subclasses override it to read older
    /// versions of what they save.
    ///
    /// Args:
    ///     state_dict: the entries of the module and its descendants; may be changed.
    ///     prefix: what the module's keys start with.
    ///     local_metadata: the saved version, under `"version"`.
    ///     strict: whether to report keys that do not fit.
    ///     missing_keys: a list to add missing keys to.
    ///     unexpected_keys: a list to add unexpected keys to.
    ///     error_msgs: a list to add other messages to.
    fn _load_from_state_dict<'py>(
        slf: &Bound<'py, Self>,
        state_dict: &Bound<'py, PyAny>,
        prefix: &str,
        local_metadata: &Bound<'py, PyDict>,
        #[pyo3(from_py_with = truth)] strict: bool,
        missing_keys: Bound<'py, PyList>,
        unexpected_keys: Bound<'py, PyList>,
        error_msgs: Bound<'py, PyList>,
    ) -> PyResult<()> {
        let report = Report { missing: missing_keys, unexpected: unexpected_keys, errors: error_msgs };
        load_shown(slf, state_dict, &Place::of_prefix(slf.py(), prefix), local_metadata, strict, &report)
    }
}
