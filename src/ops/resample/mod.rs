//! Images resized ([`interpolate`]) and read at places of a grid ([`grid_sample`]).

mod grid;
mod resize;

pub use crate::kernels::resample::points::{Between, Outside, Reading};
pub use crate::kernels::resample::taps::Filter;
pub use grid::grid_sample;
pub use resize::{Sizing, interpolate};
