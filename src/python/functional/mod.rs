//! Operations that are functions of `nn.functional` rather than methods of tensors.

mod conv;
mod loss;
mod norm;
mod pool;
mod softmax;

use pyo3::prelude::*;

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    conv::register(m)?;
    norm::register(m)?;
    pool::register(m)?;
    loss::register(m)
}
