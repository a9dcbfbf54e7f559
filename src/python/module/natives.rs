//! The methods of `Module` that native code calls on other modules, and whether a module overrides them.

use super::class::Module;
use super::instance_dict::has_in_dict;
use super::lookup;
use crate::python::containers::{ModuleList, Sequential};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};
use std::sync::atomic::{AtomicU64, Ordering};

/// A method that a subclass may override and that native code takes a short cut for if it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    NamedModules,
    NamedMembers,
    NamedParameters,
    NamedBuffers,
    NamedChildren,
    Children,
    Modules,
    Parameters,
    Train,
    Apply,
    StateDict,
    SaveToStateDict,
    GetExtraState,
    SetExtraState,
    LoadFromStateDict,
    RegisterParameter,
    RegisterBuffer,
    ExtraRepr,
    GetName,
    AddModule,
    DeepCopy,
    GetState,
    SetState,
    /// `__iter__` of `Sequential`.
    SequentialIter,
    /// `_get_item_by_idx` of `Sequential`.
    ItemByIdx,
    /// `_get_abs_string_index` of `ModuleList`.
    AbsStringIndex,
}

const NAMES: [(Method, &str); 26] = [
    (Method::NamedModules, "named_modules"),
    (Method::NamedMembers, "_named_members"),
    (Method::NamedParameters, "named_parameters"),
    (Method::NamedBuffers, "named_buffers"),
    (Method::NamedChildren, "named_children"),
    (Method::Children, "children"),
    (Method::Modules, "modules"),
    (Method::Parameters, "parameters"),
    (Method::Train, "train"),
    (Method::Apply, "apply"),
    (Method::StateDict, "state_dict"),
    (Method::SaveToStateDict, "_save_to_state_dict"),
    (Method::GetExtraState, "get_extra_state"),
    (Method::SetExtraState, "set_extra_state"),
    (Method::LoadFromStateDict, "_load_from_state_dict"),
    (Method::RegisterParameter, "register_parameter"),
    (Method::RegisterBuffer, "register_buffer"),
    (Method::ExtraRepr, "extra_repr"),
    (Method::GetName, "_get_name"),
    (Method::AddModule, "add_module"),
    (Method::DeepCopy, "__deepcopy__"),
    (Method::GetState, "__getstate__"),
    (Method::SetState, "__setstate__"),
    (Method::SequentialIter, "__iter__"),
    (Method::ItemByIdx, "_get_item_by_idx"),
    (Method::AbsStringIndex, "_get_abs_string_index"),
];

const _: () = assert!(NAMES.len() <= 32, "a class's overridden methods are bits of a word");

static NATIVES: PyOnceLock<[(Py<PyString>, Handle); NAMES.len()]> = PyOnceLock::new();

type Handle = Py<PyAny>;

/// Remembers the methods as they are, before anybody can exchange them.
pub fn install(py: Python<'_>) -> PyResult<()> {
    let mut natives = vec![];
    for (position, (method, name)) in NAMES.into_iter().enumerate() {
        debug_assert_eq!(position, method as usize);
        let class = match method {
            Method::SequentialIter | Method::ItemByIdx => py.get_type::<Sequential>(),
            Method::AbsStringIndex => py.get_type::<ModuleList>(),
            _ => py.get_type::<Module>(),
        };
        let methods = class.getattr(intern!(py, "__dict__"))?;
        natives.push((PyString::intern(py, name).unbind(), methods.get_item(name)?.unbind()));
    }
    if let Ok(natives) = natives.try_into() {
        let _ = NATIVES.set(py, natives);
    }
    Ok(())
}

impl Method {
    fn native(self, py: Python<'_>) -> Option<&(Py<PyString>, Handle)> {
        NATIVES.get(py).map(|natives| &natives[self as usize])
    }

    /// The interned name.
    pub fn name(self, py: Python<'_>) -> Bound<'_, PyString> {
        match self.native(py) {
            Some((name, _)) => name.bind(py).clone(),
            None => PyString::intern(py, NAMES[self as usize].1),
        }
    }

    /// Whether the module's class, or the module itself, has another method in its place.
    pub fn is_overridden(self, module: &Bound<'_, Module>) -> bool {
        let py = module.py();
        self.is_overridden_by_class(module)
            || self.native(py).is_none_or(|(name, _)| has_in_dict(module, name.bind(py)))
    }

    /// Whether the module's class has another method in its place.
    pub fn is_overridden_by_class(self, module: &Bound<'_, Module>) -> bool {
        overrides(&module.get_type()) & self.bit() != 0
    }

    /// Stands for the method in what [`overrides`] gives.
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// What classes override: for each, its version, and below it a bit for each method. A class has a version as long as it
/// is what it was, and no other class ever has the same; so nothing here gets old, it is only written over.
static KNOWN: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];

/// A bit for each method that a class overrides.
#[inline]
pub fn overrides(class: &Bound<'_, PyType>) -> u32 {
    let version = lookup::class_version(class);
    if let Some(version) = version {
        let known = KNOWN[version as usize % KNOWN.len()].load(Ordering::Relaxed);
        if (known >> 32) as u32 == version {
            return known as u32;
        }
    }
    compare(class, version)
}

/// Compares a class with `Module`, and notes what comes out for its version.
#[cold]
fn compare(class: &Bound<'_, PyType>, version: Option<u32>) -> u32 {
    let py = class.py();
    let Some(natives) = NATIVES.get(py) else { return u32::MAX };
    let bits = natives.iter().enumerate().fold(0, |bits, (position, (name, native))| {
        let plain = lookup::type_attribute(class, name.bind(py)).is_some_and(|found| found.is(native));
        bits | u32::from(!plain) << position
    });
    if let Some(version) = version
        && lookup::class_version(class) == Some(version)
    {
        KNOWN[version as usize % KNOWN.len()].store(u64::from(version) << 32 | u64::from(bits), Ordering::Relaxed);
    }
    bits
}
