//! Modules that hold modules: `Sequential`, `ModuleList`, `ModuleDict`.

mod index;
pub mod module_dict;
pub mod module_list;
pub mod sequential;

pub use module_dict::ModuleDict;
pub use module_list::ModuleList;
pub use sequential::Sequential;

use pyo3::prelude::*;

/// Adds the classes to the native module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Sequential>()?;
    m.add_class::<ModuleList>()?;
    m.add_class::<ModuleDict>()
}
