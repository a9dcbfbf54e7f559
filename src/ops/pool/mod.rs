//! Pooling over one to three axes: maxima (with their places) and averages, over sliding or adaptive windows, and maxima at random
//! places.

mod average;
mod fractional;
mod max;
mod sizes;

pub use average::{adaptive_average, average};
pub use fractional::fractional_max;
pub use max::{adaptive_max, max};
pub use sizes::Options;
