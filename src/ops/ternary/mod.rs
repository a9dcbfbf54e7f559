//! Operations between three operands.

mod choose;

pub use choose::where_;
