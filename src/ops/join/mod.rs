//! Tensors joined, repeated, padded and turned: operations whose result is a rearranged copy.

mod cat;

pub use cat::{cat, stack};
