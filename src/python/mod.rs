//! The bindings: the only place that names PyO3. `rsnn._C` is flat; each topic's file registers its own names.
//!
//! Comments on functions that Python sees are Python's docstrings: their brackets are lists, not links.
#![allow(rustdoc::broken_intra_doc_links)]

mod arguments;
mod autograd;
mod containers;
mod dlpack;
mod dtype;
mod error;
mod factory;
mod function;
mod functional;
mod gil;
mod memory;
mod module;
mod numpy;
mod optimize;
mod out;
mod random;
mod results;
mod sequence;
mod tensor;
mod threads;

use pyo3::prelude::*;

/// The native module behind the `rsnn` package.
#[pymodule(gil_used = false)]
#[allow(non_snake_case)]
mod _C {
    use super::*;

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        if let Some(text) = crate::kernels::isa::forced_isa_error() {
            return Err(pyo3::exceptions::PyRuntimeError::new_err(text));
        }
        m.add("__version__", env!("CARGO_PKG_VERSION"))?;
        dtype::register(m)?;
        tensor::register(m)?;
        numpy::register(m)?;
        dlpack::register(m)?;
        function::register(m)?;
        out::register(m)?;
        autograd::register(m)?;
        optimize::register(m)?;
        random::register(m)?;
        functional::register(m)?;
        memory::register(m)?;
        module::register(m)?;
        threads::register(m)?;
        function::name_natives(m)?;
        module::shorten_names(m)
    }
}
