//! Activations that are more than a function of one element; those are in [`unary`](super::unary).

mod glu;
mod prelu;
mod rrelu;

pub use glu::glu;
pub use prelu::prelu;
pub use rrelu::{rrelu, rrelu_};
