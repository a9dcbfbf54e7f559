//! Operations that are functions of `nn.functional` rather than methods of tensors.

mod activation;
mod attention;
mod conv;
mod loss;
mod norm;
mod padding;
mod pool;
mod recurrent;
mod resample;
mod sequence;
mod softmax;

use pyo3::prelude::*;

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    activation::register(m)?;
    attention::register(m)?;
    conv::register(m)?;
    norm::register(m)?;
    padding::register(m)?;
    pool::register(m)?;
    recurrent::register(m)?;
    resample::register(m)?;
    sequence::register(m)?;
    loss::register(m)
}
