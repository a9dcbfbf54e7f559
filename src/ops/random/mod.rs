//! Tensors of random numbers: factories, in-place fills, draws by probabilities, dropout.
//!
//! Every function takes the generator to draw from; `None` is the process-wide one. A call holds its lock from the first
//! draw to the last, so that concurrent calls take turns. The order of the draws is PyTorch's: that of the elements for
//! contiguous tensors, that of the memory for others, so that the same seed gives the same tensor (see
//! [`crate::random`]).
//!
//! | file | what it holds |
//! | --- | --- |
//! | `fill.rs` | [`fill_`]: a [`Distribution`] into an existing tensor |
//! | `create.rs` | [`rand`], [`randn`], [`randint`], [`random_tensor`], [`randperm`] |
//! | `bernoulli.rs` | [`bernoulli()`], [`bernoulli_`]: ones and zeros by a tensor of probabilities |
//! | `normal.rs` | [`normal()`]: normals by tensors of means and deviations |
//! | `multinomial.rs` | [`multinomial()`]: draws by rows of weights |
//! | `dropout.rs` | [`dropout()`] and its kinds |

mod bernoulli;
mod create;
mod dropout;
mod fill;
mod multinomial;
mod normal;

pub use bernoulli::{bernoulli, bernoulli_};
pub use create::{rand, randint, randn, random_tensor, randperm};
pub use dropout::{Dropout, dropout, dropout_};
pub use fill::{Distribution, fill_};
pub use multinomial::multinomial;
pub use normal::{Parameter, normal};

use crate::array::Array;
use crate::autograd::{Context, Grads, Tensor};
use crate::error::Result;
use crate::random::{SharedGenerator, default_generator};

/// The generator of a call.
fn source(generator: Option<&SharedGenerator>) -> SharedGenerator {
    generator.unwrap_or_else(|| default_generator()).clone()
}

/// The array with its axes in the order of its memory: the order in which PyTorch draws.
fn in_memory_order(target: &Array) -> Array {
    target.map_layout(|layout| layout.permute(&layout.axes_by_stride()))
}

/// Gradients of the inputs of an operation whose result does not depend on them: zeros.
fn zero_gradients(cx: &Context<'_>) -> Result<Grads> {
    let zeros = |i: usize| -> Result<Option<Tensor>> {
        let wanted = cx.needs(i).then(|| Array::zeros(cx.shape(i), cx.dtype(i)).map(Tensor::new));
        wanted.transpose()
    };
    (0..cx.len()).map(zeros).collect()
}
