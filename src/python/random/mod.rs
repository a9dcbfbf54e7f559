//! Random numbers: `Generator`, factories, draws by probabilities, dropout, and the in-place methods of tensors.

mod dropout;
mod factories;
mod generator;
mod methods;

pub use generator::{PyGenerator, source};

use pyo3::prelude::*;

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    generator::register(m)?;
    factories::register(m)?;
    m.add_function(wrap_pyfunction!(methods::_draw_uniform, m)?)?;
    m.add_function(wrap_pyfunction!(methods::_draw_normal, m)?)?;
    m.add_function(wrap_pyfunction!(methods::_fans, m)?)?;
    dropout::register(m)
}
