//! The state that `copy` and `pickle` take and give: a dictionary with PyTorch's names for the tables.

use super::class::Module;
use super::hook_kinds::attribute;
use super::hook_tables::{HookOption, HookOptions, HookView};
use super::instance_dict::{instance_dict, own_dict};
use super::tables::{NameSetView, to_dict};
use crate::nn::hooks::HookKind;
use crate::nn::module::Kind;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The kinds of hooks that a module has tables for.
const KINDS: [HookKind; 8] = [
    HookKind::ForwardPre,
    HookKind::Forward,
    HookKind::BackwardPre,
    HookKind::Backward,
    HookKind::StateDictPre,
    HookKind::StateDict,
    HookKind::LoadStateDictPre,
    HookKind::LoadStateDictPost,
];

const OPTIONS: [(&str, HookKind, HookOption); 3] = [
    ("_forward_pre_hooks_with_kwargs", HookKind::ForwardPre, HookOption::WithKwargs),
    ("_forward_hooks_with_kwargs", HookKind::Forward, HookOption::WithKwargs),
    ("_forward_hooks_always_called", HookKind::Forward, HookOption::Always),
];

/// The names under which the state has the tables that are not hooks.
const TABLES: [(&str, Kind); 3] =
    [("_parameters", Kind::Parameter), ("_buffers", Kind::Buffer), ("_modules", Kind::Child)];

/// Adds a module's tables to a dictionary. Empty hook tables are left out.
fn add_tables(slf: &Bound<'_, Module>, state: &Bound<'_, PyDict>) -> PyResult<()> {
    let py = slf.py();
    if !slf.get().is_ready() {
        return Ok(());
    }
    state.set_item(intern!(py, "training"), slf.get().read(|state| state.training))?;
    for (name, kind) in TABLES {
        state.set_item(name, to_dict(slf, kind)?)?;
    }
    let names = NameSetView::copy(&Bound::new(py, NameSetView::new(slf))?)?;
    state.set_item(intern!(py, "_non_persistent_buffers_set"), names)?;
    if slf.get().read(|state| state.hooks().is_none()) {
        return Ok(());
    }
    for kind in KINDS {
        if !slf.get().read_hooks(kind, |table| table.is_empty()) {
            let table = HookView::copy(&Bound::new(py, HookView::of_module(slf, kind))?)?;
            state.set_item(attribute(kind, false), table)?;
        }
    }
    for (name, kind, option) in OPTIONS {
        let ids = HookOptions::copy(&Bound::new(py, HookOptions::of_module(slf, kind, option))?)?;
        if !ids.is_empty()? {
            state.set_item(name, ids)?;
        }
    }
    if let Some(full) = slf.get().read(|state| state.hooks().and_then(|hooks| hooks.full_backward)) {
        state.set_item(intern!(py, "_is_full_backward_hook"), full)?;
    }
    Ok(())
}

/// Takes an entry of a state if it is a table. Says whether it is.
fn take_table(slf: &Bound<'_, Module>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Some((_, kind)) = TABLES.into_iter().find(|(table, _)| *table == name) {
        super::tables::replace(slf.get(), kind, value)?;
    } else if let Some((_, kind, option)) = OPTIONS.into_iter().find(|(table, ..)| *table == name) {
        HookOptions::of_module(slf, kind, option).replace(value)?;
    } else if let Some(kind) = KINDS.into_iter().find(|&kind| attribute(kind, false) == name) {
        HookView::of_module(slf, kind).replace(value)?;
    } else if name == "_non_persistent_buffers_set" {
        super::tables::replace_names(slf.get(), value)?;
    } else if name == "_is_full_backward_hook" {
        let full: Option<bool> = value.extract()?;
        slf.get().write_hooks(|hooks| hooks.full_backward = full);
    } else if name == "training" {
        slf.setattr(intern!(slf.py(), "training"), value)?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

#[pymethods]
impl Module {
    /// The instance's attributes and tables as a dictionary: what `copy` and `pickle` take.
    fn __getstate__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let state = match instance_dict(slf.as_any()) {
            Some(dict) => dict.copy()?,
            None => PyDict::new(slf.py()),
        };
        add_tables(slf, &state)?;
        Ok(state)
    }

    /// Takes such a dictionary.
    fn __setstate__(slf: &Bound<'_, Self>, state: &Bound<'_, PyDict>) -> PyResult<()> {
        slf.get().set_ready();
        let dict = own_dict(slf)?;
        // Options belong to hooks, so the hooks come first.
        let mut options = vec![];
        for (name, value) in state {
            let text: String = name.extract()?;
            if OPTIONS.iter().any(|(table, ..)| *table == text) {
                options.push((text, value));
            } else if !take_table(slf, &text, &value)? {
                dict.set_item(name, value)?;
            }
        }
        for (name, value) in options {
            take_table(slf, &name, &value)?;
        }
        Ok(())
    }
}
