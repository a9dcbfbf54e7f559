//! `Module` and what belongs to it: registries, hooks, walks, saved states.

mod apply;
mod attributes;
mod backward;
mod blame;
pub mod call;
pub mod class;
mod collector;
mod copy;
mod global;
pub mod handle;
mod hook_kinds;
pub mod hook_tables;
pub mod hooks;
mod instance_dict;
mod load;
mod load_own;
mod lookup;
pub mod natives;
mod ordered_dict;
pub mod parameter;
mod parts;
mod paths;
mod pickle;
mod python_world;
pub mod recursion;
mod state_dict;
mod table_attributes;
pub mod tables;
mod text;
mod turn;
pub mod walks;

pub use instance_dict::instance_dict;
pub use lookup::shorten_names;

use hooks::{
    register_module_backward_hook, register_module_buffer_registration_hook, register_module_forward_hook,
    register_module_forward_pre_hook, register_module_full_backward_hook, register_module_full_backward_pre_hook,
    register_module_module_registration_hook, register_module_parameter_registration_hook,
};
use pyo3::prelude::*;

/// Adds the classes and functions to the native module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    lookup::install(py)?;
    m.add_class::<class::Module>()?;
    super::containers::register(m)?;
    m.add_class::<handle::RemovableHandle>()?;
    m.add_class::<tables::RegistryView>()?;
    m.add_class::<tables::NameSetView>()?;
    m.add_class::<hook_tables::HookView>()?;
    m.add_class::<hook_tables::HookOptions>()?;
    m.add_class::<walks::WalkIterator>()?;
    m.add_function(wrap_pyfunction!(register_module_forward_pre_hook, m)?)?;
    m.add_function(wrap_pyfunction!(register_module_forward_hook, m)?)?;
    m.add_function(wrap_pyfunction!(register_module_full_backward_hook, m)?)?;
    m.add_function(wrap_pyfunction!(register_module_full_backward_pre_hook, m)?)?;
    m.add_function(wrap_pyfunction!(register_module_backward_hook, m)?)?;
    m.add_function(wrap_pyfunction!(register_module_parameter_registration_hook, m)?)?;
    m.add_function(wrap_pyfunction!(register_module_buffer_registration_hook, m)?)?;
    m.add_function(wrap_pyfunction!(register_module_module_registration_hook, m)?)?;
    m.add_function(wrap_pyfunction!(backward::_module_passage, m)?)?;
    m.add_function(wrap_pyfunction!(hook_tables::_global_table, m)?)?;
    m.add_function(wrap_pyfunction!(global::_global_full_backward, m)?)?;
    m.add_function(wrap_pyfunction!(global::_set_global_full_backward, m)?)?;
    m.add_function(wrap_pyfunction!(instance_dict::own_dict, m)?)?;
    m.add_function(wrap_pyfunction!(instance_dict::show_tables, m)?)?;
    tables::install(py)?;
    natives::install(py)
}
