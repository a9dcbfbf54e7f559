//! Functions of single elements, free of memory and layout: what the elementwise loops apply.

pub mod erf;
pub mod exponential;
pub mod integer;
pub mod logarithm;
mod number;
pub mod pair;
pub mod special;

pub use number::Number;
