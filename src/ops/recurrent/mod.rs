//! Recurrent layers: `rnn_tanh`, `rnn_relu`, `lstm`, `gru`.

mod layer;
mod network;
mod unrolled;

pub use crate::kernels::recurrent::Cell;
pub use network::{Network, run};
