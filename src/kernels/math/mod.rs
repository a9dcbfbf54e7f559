//! Functions of single elements, free of memory and layout: what the elementwise loops apply.

pub mod angle;
pub mod double;
pub mod erf;
pub mod exponential;
pub mod integer;
mod native;
mod number;
pub mod pair;
pub mod power;
pub mod quotient;
pub mod single;
pub mod special;
pub mod trig;
pub mod truncate;

pub use native::Native;
pub use number::Number;
