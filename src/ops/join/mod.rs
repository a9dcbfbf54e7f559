//! Tensors joined, repeated, padded and turned: operations whose result is a rearranged copy.

mod cat;
mod edges;
mod pad;

pub use cat::{cat, stack};
pub use edges::{Edge, edge_pad};
pub use pad::constant_pad;
