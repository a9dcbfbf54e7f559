//! Functions of one tensor.

mod powers;
mod predicates;
mod rounding;
mod special;
mod trigonometry;

pub use rounding::positive;
