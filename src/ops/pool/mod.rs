//! Pooling over one to three axes: maxima (with their places) and averages, over sliding or adaptive windows.

mod average;
mod max;
mod sizes;

pub use average::{adaptive_average, average};
pub use max::{adaptive_max, max};
pub use sizes::Options;
