//! Tensors joined, repeated, padded and turned: operations whose result is a rearranged copy.

mod cat;
mod pad;

pub use cat::{cat, stack};
pub use pad::constant_pad;
