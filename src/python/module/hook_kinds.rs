//! The attributes under which Python sees the hook tables.

use crate::nn::hooks::HookKind;

/// The attribute of a module that shows its table of a kind, without the leading underscore.
fn stem(kind: HookKind) -> &'static str {
    match kind {
        HookKind::ForwardPre => "forward_pre_hooks",
        HookKind::Forward => "forward_hooks",
        HookKind::BackwardPre => "backward_pre_hooks",
        HookKind::Backward => "backward_hooks",
        HookKind::StateDictPre => "state_dict_pre_hooks",
        HookKind::StateDict => "state_dict_hooks",
        HookKind::LoadStateDictPre => "load_state_dict_pre_hooks",
        HookKind::LoadStateDictPost => "load_state_dict_post_hooks",
        HookKind::ParameterRegistration => "parameter_registration_hooks",
        HookKind::BufferRegistration => "buffer_registration_hooks",
        HookKind::ModuleRegistration => "module_registration_hooks",
    }
}

/// `_forward_hooks` and so on; `_global_forward_hooks` for the table that all modules share.
pub fn attribute(kind: HookKind, of_all: bool) -> String {
    format!("{}{}", if of_all { "_global_" } else { "_" }, stem(kind))
}

/// The table that an attribute shows, and whether all modules share it.
pub fn of_attribute(attribute: &str) -> Option<(HookKind, bool)> {
    let (of_all, wanted) = match attribute.strip_prefix("_global_") {
        Some(stem) => (true, stem),
        None => (false, attribute.strip_prefix('_')?),
    };
    HookKind::ALL.into_iter().find(|&kind| stem(kind) == wanted).map(|kind| (kind, of_all))
}
