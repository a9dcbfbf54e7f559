//! Recurrent layers: the loop over time of one layer in one direction, and its gradient.
//!
//! Sequences lie time step by time step, the longest first: step `t` has one row for each sequence that is that long. The
//! state of a sequence that has ended, or in the other direction not begun, waits in its row.

mod cell;
mod run;
mod steps;
mod weighted;

pub use cell::Cell;
pub use run::{Given, Gradients, Trace, Weights, backward, forward};
pub use steps::Steps;

#[cfg(test)]
mod tests;
