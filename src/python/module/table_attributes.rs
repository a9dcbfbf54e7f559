//! The attributes of a module that show its tables, and replace them on assignment.

use super::class::Module;
use super::hook_tables::{HookOption, HookOptions, HookView};
use super::tables::{self, NameSetView, RegistryView};
use crate::nn::hooks::HookKind;
use crate::nn::module::Kind;
use pyo3::prelude::*;

fn registry(module: &Bound<'_, Module>, kind: Kind, attribute: &str) -> PyResult<RegistryView> {
    Module::ensure_ready(module, attribute)?;
    Ok(RegistryView::new(module, kind))
}

fn hooks(module: &Bound<'_, Module>, kind: HookKind) -> PyResult<HookView> {
    Module::ensure_ready(module, &super::hook_kinds::attribute(kind, false))?;
    Ok(HookView::of_module(module, kind))
}

#[pymethods]
impl Module {
    /// The parameters of the module itself, by name.
    #[getter]
    fn _parameters(slf: &Bound<'_, Self>) -> PyResult<RegistryView> {
        registry(slf, Kind::Parameter, "_parameters")
    }

    #[setter(_parameters)]
    fn set_parameters(&self, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        tables::replace(self, Kind::Parameter, mapping)
    }

    /// The buffers of the module itself, by name.
    #[getter]
    fn _buffers(slf: &Bound<'_, Self>) -> PyResult<RegistryView> {
        registry(slf, Kind::Buffer, "_buffers")
    }

    #[setter(_buffers)]
    fn set_buffers(&self, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        tables::replace(self, Kind::Buffer, mapping)
    }

    /// The child modules, by name.
    #[getter]
    fn _modules(slf: &Bound<'_, Self>) -> PyResult<RegistryView> {
        registry(slf, Kind::Child, "_modules")
    }

    #[setter(_modules)]
    fn set_modules(&self, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        tables::replace(self, Kind::Child, mapping)
    }

    /// The names of the buffers that `state_dict` leaves out.
    #[getter]
    fn _non_persistent_buffers_set(slf: &Bound<'_, Self>) -> PyResult<NameSetView> {
        Self::ensure_ready(slf, "_non_persistent_buffers_set")?;
        Ok(NameSetView::new(slf))
    }

    #[setter(_non_persistent_buffers_set)]
    fn set_non_persistent_buffers_set(&self, names: &Bound<'_, PyAny>) -> PyResult<()> {
        tables::replace_names(self, names)
    }

    /// The hooks before `forward`, by id.
    #[getter]
    fn _forward_pre_hooks(slf: &Bound<'_, Self>) -> PyResult<HookView> {
        hooks(slf, HookKind::ForwardPre)
    }

    #[setter(_forward_pre_hooks)]
    fn set_forward_pre_hooks(slf: &Bound<'_, Self>, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        HookView::of_module(slf, HookKind::ForwardPre).replace(mapping)
    }

    /// The hooks before `forward` that get keyword arguments.
    #[getter]
    fn _forward_pre_hooks_with_kwargs(slf: &Bound<'_, Self>) -> HookOptions {
        HookOptions::of_module(slf, HookKind::ForwardPre, HookOption::WithKwargs)
    }

    #[setter(_forward_pre_hooks_with_kwargs)]
    fn set_forward_pre_hooks_with_kwargs(slf: &Bound<'_, Self>, ids: &Bound<'_, PyAny>) -> PyResult<()> {
        HookOptions::of_module(slf, HookKind::ForwardPre, HookOption::WithKwargs).replace(ids)
    }

    /// The hooks after `forward`, by id.
    #[getter]
    fn _forward_hooks(slf: &Bound<'_, Self>) -> PyResult<HookView> {
        hooks(slf, HookKind::Forward)
    }

    #[setter(_forward_hooks)]
    fn set_forward_hooks(slf: &Bound<'_, Self>, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        HookView::of_module(slf, HookKind::Forward).replace(mapping)
    }

    /// The hooks after `forward` that get keyword arguments.
    #[getter]
    fn _forward_hooks_with_kwargs(slf: &Bound<'_, Self>) -> HookOptions {
        HookOptions::of_module(slf, HookKind::Forward, HookOption::WithKwargs)
    }

    #[setter(_forward_hooks_with_kwargs)]
    fn set_forward_hooks_with_kwargs(slf: &Bound<'_, Self>, ids: &Bound<'_, PyAny>) -> PyResult<()> {
        HookOptions::of_module(slf, HookKind::Forward, HookOption::WithKwargs).replace(ids)
    }

    /// The hooks after `forward` that run even if the call failed.
    #[getter]
    fn _forward_hooks_always_called(slf: &Bound<'_, Self>) -> HookOptions {
        HookOptions::of_module(slf, HookKind::Forward, HookOption::Always)
    }

    #[setter(_forward_hooks_always_called)]
    fn set_forward_hooks_always_called(slf: &Bound<'_, Self>, ids: &Bound<'_, PyAny>) -> PyResult<()> {
        HookOptions::of_module(slf, HookKind::Forward, HookOption::Always).replace(ids)
    }

    /// The hooks before gradients flow into the module, by id.
    #[getter]
    fn _backward_pre_hooks(slf: &Bound<'_, Self>) -> PyResult<HookView> {
        hooks(slf, HookKind::BackwardPre)
    }

    #[setter(_backward_pre_hooks)]
    fn set_backward_pre_hooks(slf: &Bound<'_, Self>, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        HookView::of_module(slf, HookKind::BackwardPre).replace(mapping)
    }

    /// The hooks after gradients have flowed through the module, by id.
    #[getter]
    fn _backward_hooks(slf: &Bound<'_, Self>) -> PyResult<HookView> {
        hooks(slf, HookKind::Backward)
    }

    #[setter(_backward_hooks)]
    fn set_backward_hooks(slf: &Bound<'_, Self>, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        HookView::of_module(slf, HookKind::Backward).replace(mapping)
    }

    /// Whether the backward hooks are full ones; `None` before there are any.
    #[getter]
    fn _is_full_backward_hook(&self) -> Option<bool> {
        self.read(|state| state.hooks().and_then(|hooks| hooks.full_backward))
    }

    #[setter(_is_full_backward_hook)]
    fn set_is_full_backward_hook(&self, full: Option<bool>) {
        self.write_hooks(|hooks| hooks.full_backward = full);
    }

    /// The hooks after `state_dict`, by id.
    #[getter]
    fn _state_dict_hooks(slf: &Bound<'_, Self>) -> PyResult<HookView> {
        hooks(slf, HookKind::StateDict)
    }

    #[setter(_state_dict_hooks)]
    fn set_state_dict_hooks(slf: &Bound<'_, Self>, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        HookView::of_module(slf, HookKind::StateDict).replace(mapping)
    }

    /// The hooks before `state_dict`, by id.
    #[getter]
    fn _state_dict_pre_hooks(slf: &Bound<'_, Self>) -> PyResult<HookView> {
        hooks(slf, HookKind::StateDictPre)
    }

    #[setter(_state_dict_pre_hooks)]
    fn set_state_dict_pre_hooks(slf: &Bound<'_, Self>, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        HookView::of_module(slf, HookKind::StateDictPre).replace(mapping)
    }

    /// The hooks before `load_state_dict`, by id.
    #[getter]
    fn _load_state_dict_pre_hooks(slf: &Bound<'_, Self>) -> PyResult<HookView> {
        hooks(slf, HookKind::LoadStateDictPre)
    }

    #[setter(_load_state_dict_pre_hooks)]
    fn set_load_state_dict_pre_hooks(slf: &Bound<'_, Self>, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        HookView::of_module(slf, HookKind::LoadStateDictPre).replace(mapping)
    }

    /// The hooks after `load_state_dict`, by id.
    #[getter]
    fn _load_state_dict_post_hooks(slf: &Bound<'_, Self>) -> PyResult<HookView> {
        hooks(slf, HookKind::LoadStateDictPost)
    }

    #[setter(_load_state_dict_post_hooks)]
    fn set_load_state_dict_post_hooks(slf: &Bound<'_, Self>, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        HookView::of_module(slf, HookKind::LoadStateDictPost).replace(mapping)
    }
}
