//! Functions of single elements, free of memory and layout: what the elementwise loops apply.

pub mod integer;
mod number;
pub mod pair;
pub mod special;

pub use number::Number;
