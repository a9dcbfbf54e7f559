//! `state_dict`: the saved form of a module and its descendants.

use super::class::{Handle, Module};
use super::collector::Pauses;
use super::instance_dict::may_override;
use super::lookup;
use super::natives::{Method, overrides};
use super::ordered_dict::{is_ordered_dict, set_item, with_room};
use super::paths::Place;
use crate::autograd::Tensor;
use crate::kernels::lanes::prefetch;
use crate::nn::hooks::{Hook, HookKind};
use crate::nn::module::Kind;
use crate::python::arguments::truth;
use crate::python::tensor::{PyParameter, PyTensor, wrap};
use pyo3::exceptions::{PyFutureWarning, PyRuntimeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::cell::RefCell;

/// What a walk for a saved state carries along.
struct Saving<'a, 'py> {
    destination: &'a Bound<'py, PyAny>,
    /// The versions of the modules by path, where the destination has room for them.
    metadata: Option<Bound<'py, PyAny>>,
    /// Whether these are no other mappings than `OrderedDict`, so that writing to them runs nobody's code.
    ordered: bool,
    keep_vars: bool,
    /// Collections are put off while nobody's code runs, if the destination is fresh: writing to it drops nothing.
    pauses: Option<Pauses<'py>>,
    /// The last version of a class, and the dictionary made of it.
    version: RefCell<Option<Version<'py>>>,
}

/// What is written of a class.
struct Version<'py> {
    /// The interpreter's number of the class, if it has one.
    class: Option<u32>,
    number: Bound<'py, PyAny>,
    dict: Bound<'py, PyDict>,
}

fn hooks_of(slf: &Bound<'_, Module>, kind: HookKind) -> Vec<(i64, Hook<Handle>)> {
    if !slf.get().has_hooks() {
        return vec![];
    }
    slf.get().read_hooks(kind, |table| table.snapshot(|call| call.clone_ref(slf.py())))
}

/// The tensor of an object whose `detach` is ours.
fn plain_tensor<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a Tensor> {
    let plain = match object.cast_exact::<PyParameter>() {
        Ok(parameter) => parameter.as_super(),
        Err(_) => object.cast_exact::<PyTensor>().ok()?,
    };
    Some(&plain.get().tensor)
}

/// The same memory outside of the graph.
fn detached(object: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    let py = object.py();
    match plain_tensor(&object) {
        Some(tensor) => Ok(wrap(py, tensor.detach())?.into_any()),
        None => object.call_method0(intern!(py, "detach")),
    }
}

/// Writes what the module itself saves: parameters, persistent buffers and, if its class defines one, an extra state.
fn save_own<'py>(
    slf: &Bound<'py, Module>,
    destination: &Bound<'py, PyAny>,
    place: &Place<'py>,
    keep_vars: bool,
) -> PyResult<()> {
    for (key, tensor) in place.saved(slf)? {
        destination.set_item(key, if keep_vars { tensor } else { detached(tensor)? })?;
    }
    if Method::GetExtraState.is_overridden_by_class(slf) {
        let state = slf.call_method0(Method::GetExtraState.name(slf.py()))?;
        destination.set_item(place.key_of("_extra_state")?, state)?;
    }
    Ok(())
}

impl<'py> Saving<'_, 'py> {
    /// Saves a module and its descendants; gives what the module's own hooks leave as destination.
    fn save(&self, slf: &Bound<'py, Module>, place: &Place<'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let _guard = super::recursion::enter(py)?;
        Module::ensure_ready(slf, "_modules")?;
        let version = self.version_of(slf)?;
        if let Some(metadata) = &self.metadata {
            metadata.set_item(place.path(), &version)?;
        }
        for (_, hook) in hooks_of(slf, HookKind::StateDictPre) {
            hook.call.bind(py).call1((slf, place.prefix()?, self.keep_vars))?;
        }
        if Method::SaveToStateDict.is_overridden(slf) {
            let arguments = (self.destination, place.prefix()?, self.keep_vars);
            slf.call_method1(Method::SaveToStateDict.name(py), arguments)?;
        } else {
            save_own(slf, self.destination, place, self.keep_vars)?;
        }
        self.save_children(slf, place)?;
        self.run_hooks(slf, place, version)
    }

    /// Saves a module that does so as `Module` says in every respect, and has no hooks.
    fn save_plain(&self, slf: &Bound<'py, Module>, place: &Place<'py>) -> PyResult<()> {
        let class = lookup::class_version(&slf.get_type());
        let is_known = class.is_some() && self.version.borrow().as_ref().is_some_and(|version| version.class == class);
        let made = if is_known { None } else { Some(self.version_of(slf)?) };
        self.pause(true);
        let saved = place.saved(slf)?;
        // What lies behind a tensor is asked for while other things are done.
        let tensors = || saved.iter().filter_map(|(_, tensor)| plain_tensor(tensor));
        tensors().for_each(Tensor::prefetch);
        let version = match (made, &*self.version.borrow()) {
            (None, Some(known)) => known.dict.copy()?,
            (Some(made), _) => made,
            (None, None) => PyDict::new(slf.py()),
        };
        tensors().for_each(Tensor::prefetch_shared);
        if let Some(metadata) = &self.metadata {
            set_item(metadata, place.path().as_any(), version.as_any())?;
        }
        for (key, tensor) in saved {
            let saved = match plain_tensor(&tensor) {
                _ if self.keep_vars => tensor,
                Some(plain) => wrap(slf.py(), plain.detach())?.into_any(),
                None => {
                    self.pause(false);
                    tensor.call_method0(intern!(slf.py(), "detach"))?
                }
            };
            set_item(self.destination, key.as_any(), &saved)?;
        }
        if slf.get().has_any(Kind::Child) {
            let _guard = super::recursion::enter(slf.py())?;
            self.save_children(slf, place)?;
        }
        // A tensor of a subclass may have run anything when it was detached.
        if slf.get().has_hooks() { self.run_hooks(slf, place, version).map(drop) } else { Ok(()) }
    }

    /// Puts collections off as long as modules are plain, or lets them go on before code of somebody else runs.
    fn pause(&self, plain: bool) {
        match &self.pauses {
            Some(pauses) if plain => pauses.pause(),
            Some(pauses) => pauses.resume(),
            None => {}
        }
    }

    /// Whether [`save_plain`](Self::save_plain) is what to do. Nothing that makes a difference may be in the class, nor
    /// in the module itself.
    fn is_plain(&self, slf: &Bound<'py, Module>) -> bool {
        const METHODS: u32 = Method::StateDict.bit() | Method::SaveToStateDict.bit() | Method::GetExtraState.bit();
        let module = slf.get();
        self.ordered
            && module.is_ready()
            && !module.has_hooks()
            && overrides(&slf.get_type()) & METHODS == 0
            && !may_override(slf)
    }

    /// A fresh dictionary with the version of a module's class.
    fn version_of(&self, slf: &Bound<'py, Module>) -> PyResult<Bound<'py, PyDict>> {
        self.pause(false);
        let py = slf.py();
        let class = lookup::class_version(&slf.get_type());
        let (number, of_class) = lookup::number(slf, intern!(py, "_version"))?;
        // Nearly all classes have the same one.
        let known = match &*self.version.borrow() {
            Some(version) if version.number.is(&number) => Some(version.dict.clone()),
            _ => None,
        };
        let dict = match known {
            Some(dict) => dict,
            None => {
                let dict = PyDict::new(py);
                dict.set_item(intern!(py, "version"), &number)?;
                dict
            }
        };
        let fresh = dict.copy();
        *self.version.borrow_mut() = Some(Version { class: class.filter(|_| of_class), number, dict });
        fresh
    }

    fn save_children(&self, slf: &Bound<'py, Module>, place: &Place<'py>) -> PyResult<()> {
        let children = place.children(slf)?;
        for (position, (path, child)) in children.iter().enumerate() {
            // A model may be larger than the processor's caches: what comes next is asked for while this one is saved.
            if let Some((_, later)) = children.get(position + 4) {
                prefetch(later.as_ptr().cast::<u8>(), size_of::<Module>());
            }
            if let Some(next) = children.get(position + 1).and_then(|(_, next)| lookup::as_module(next)) {
                next.get().prefetch();
            }
            self.save_child(child, &Place::at(path.clone()))?;
        }
        Ok(())
    }

    fn save_child(&self, child: &Bound<'py, PyAny>, place: &Place<'py>) -> PyResult<()> {
        let py = child.py();
        if let Some(child) = lookup::as_module(child) {
            if self.is_plain(child) {
                return self.save_plain(child, place);
            }
            self.pause(false);
            if !Method::StateDict.is_overridden(child) {
                return self.save(child, place).map(drop);
            }
        }
        self.pause(false);
        let kwargs = PyDict::new(py);
        kwargs.set_item(intern!(py, "destination"), self.destination)?;
        kwargs.set_item(intern!(py, "prefix"), place.prefix()?)?;
        kwargs.set_item(intern!(py, "keep_vars"), self.keep_vars)?;
        child.call_method(Method::StateDict.name(py), (), Some(&kwargs)).map(drop)
    }

    fn run_hooks(
        &self,
        slf: &Bound<'py, Module>,
        place: &Place<'py>,
        version: Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let mut destination = self.destination.clone();
        if !slf.get().has_hooks() {
            return Ok(destination);
        }
        self.pause(false);
        for (_, hook) in hooks_of(slf, HookKind::StateDict) {
            let hook = hook.call.bind(py);
            let output = hook.call1((slf, &destination, place.prefix()?, &version))?;
            if output.is_none() {
                continue;
            }
            let public = hook.getattr_opt(intern!(py, "_from_public_api"))?;
            if public.map_or(Ok(false), |public| public.is_truthy())? {
                return Err(PyRuntimeError::new_err("state_dict post-hook must return None"));
            }
            destination = output;
        }
        Ok(destination)
    }
}

#[pymethods]
impl Module {
    /// The saved form of the module: an `OrderedDict` from dotted names to tensors, parameters and persistent buffers
    /// of the module and its descendants. The tensors share memory with the module.
    ///
    /// Args:
    ///     destination: a mapping to write to instead of a fresh one.
    ///     prefix: what to put before every name, its dot included.
    ///     keep_vars: whether to give the parameters themselves, instead of detached tensors.
    ///     copy: whether to give copies, which training on does not change. PyTorch has no such option.
    ///
    /// Its attribute `_metadata` tells the version of every module's class. Positional arguments are deprecated.
    #[pyo3(
        signature = (*args, destination=None, prefix=None, keep_vars=false, copy=false),
        text_signature = "($self, *args, destination=None, prefix='', keep_vars=False, copy=False)"
    )]
    fn state_dict<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        destination: Option<Bound<'py, PyAny>>,
        prefix: Option<String>,
        #[pyo3(from_py_with = truth)] keep_vars: bool,
        #[pyo3(from_py_with = truth)] copy: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let (mut destination, mut prefix, mut keep_vars) = (destination, prefix.unwrap_or_default(), keep_vars);
        if !args.is_empty() {
            let text = c"Positional args are being deprecated, use kwargs instead.";
            PyErr::warn(py, &py.get_type::<PyFutureWarning>(), text, 1)?;
            if destination.is_none() {
                destination = Some(args.get_item(0)?).filter(|given| !given.is_none());
            }
            if args.len() > 1 && prefix.is_empty() {
                prefix = args.get_item(1)?.extract()?;
            }
            if args.len() > 2 && !keep_vars {
                keep_vars = args.get_item(2)?.is_truthy()?;
            }
        }
        let pauses = destination.is_none().then(|| Pauses::new(py));
        let destination = match destination {
            Some(destination) => destination,
            None => {
                let (entries, versions) = slf.get().read_with_paths(|_, paths| paths.saved);
                let fresh = with_room(py, entries as usize)?;
                fresh.setattr(intern!(py, "_metadata"), with_room(py, versions as usize)?)?;
                fresh
            }
        };
        let metadata = destination.getattr_opt(intern!(py, "_metadata"))?;
        let before = copy.then(|| py.get_type::<PyDict>().call1((&destination,))).transpose()?;
        let ordered = [Some(&destination), metadata.as_ref()].into_iter().flatten().all(is_ordered_dict);
        let version = RefCell::default();
        let saving = Saving { destination: &destination, metadata, ordered, keep_vars, pauses, version };
        let state = saving.save(slf, &Place::of_prefix(py, &prefix))?;
        if saving.pauses.is_some() && ordered {
            let len = |dict: Option<&Bound<'_, PyAny>>| dict.map_or(Ok(0), PyAnyMethods::len).map(|len| len as u32);
            let saved = (len(Some(saving.destination))?, len(saving.metadata.as_ref())?);
            slf.get().read_with_paths(|_, paths| paths.saved = saved);
        }
        drop(saving);
        if let Some(before) = before {
            let copying = py.import(intern!(py, "rsnn.nn.modules._copying"))?;
            copying.call_method1(intern!(py, "copy_entries"), (&state, before, keep_vars))?;
        }
        Ok(state)
    }

    /// Writes what the module itself saves, not its descendants. Subclasses override it to save more, or otherwise.
    fn _save_to_state_dict<'py>(
        slf: &Bound<'py, Self>,
        destination: &Bound<'py, PyAny>,
        prefix: &str,
        #[pyo3(from_py_with = truth)] keep_vars: bool,
    ) -> PyResult<()> {
        save_own(slf, destination, &Place::of_prefix(slf.py(), prefix), keep_vars)
    }

    /// What a subclass saves beside tensors, under the key `_extra_state`. It overrides this and `set_extra_state`.
    fn get_extra_state(&self) -> PyResult<()> {
        Err(PyRuntimeError::new_err(
            "Module.get_extra_state() is only called if a subclass overrides it: the class saves no extra state",
        ))
    }

    /// Takes what `get_extra_state` gave, when a saved state is loaded.
    fn set_extra_state(&self, state: &Bound<'_, PyAny>) -> PyResult<()> {
        let _ = state;
        Err(PyRuntimeError::new_err(
            "Module.set_extra_state() is only called if a subclass overrides it: the class loads no extra state",
        ))
    }
}
