//! `rsnn.Tensor`: the class and, topic by topic, its methods.

mod arithmetic;
mod autograd;
mod bits;
mod class;
mod combine;
mod compare;
mod copy;
mod create;
mod data;
mod elementwise;
mod extrema;
mod indexing;
mod join;
mod layout;
mod like;
mod lookups;
mod masked;
mod matmul;
mod methods;
mod nonzero;
mod norms;
mod object;
mod operators;
mod pairs;
mod parameter;
mod parts;
mod ranges;
mod rearrange;
mod reduced_lookups;
mod reductions;
mod scans;
mod search;
mod shape;
mod slices;
mod sorting;
mod split;
mod text;
mod unary;

pub use class::{Out, PyTensor, check_memory_format, cpu};
pub use object::wrap;
pub use parameter::PyParameter;

use pyo3::prelude::*;

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyTensor>()?;
    parameter::register(m)?;
    object::install::<PyTensor, 0>(m.py());
    object::install::<PyParameter, 1>(m.py());
    combine::register(m)?;
    create::register(m)?;
    data::register(m)?;
    split::register(m)?;
    join::register(m)?;
    like::register(m)?;
    ranges::register(m)?;
    nonzero::register(m)?;
    search::register(m)?;
    matmul::register(m)
}
