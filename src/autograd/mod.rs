//! Level 3: tensors with gradients. [`Tensor`] joins an [`Array`](crate::array::Array) with its place in the graph;
//! [`apply`] runs an [`Op`] and records it; [`run_backward`] walks the tape.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `tensor.rs` | [`Tensor`]: array, version counter, gradient state |
//! | `op.rs` | [`Op`], what an operation is; [`apply`] and [`apply_inplace`], the only ways into the graph |
//! | `node.rs` | [`Node`], a step of the tape; [`GradFn`], its function; flat destruction of deep graphs |
//! | `saved.rs` | values kept for backward, guarded by version counters |
//! | `engine.rs` | the walk from results to leaves |
//! | `progress.rs` | how far a walk has come, for hooks that ask |
//! | `anomaly.rs` | finding the step whose gradient fails or is no number |
//! | `saved_hooks.rs` | packing saved values in another form |
//! | `accumulate.rs` | the end of a path: adding to a leaf's `.grad` |
//! | `custom.rs` | functions with a gradient of their own making |
//! | `view.rs` | in-place operations on views |
//! | `arithmetic.rs` | the few linear operations that the engine itself needs |
//! | `hooks.rs` | hooks of tensors and nodes |
//! | `mode.rs` | grad mode and inference mode of a thread |
//! | `trace.rs` | the listener that sees every operation |

mod accumulate;
pub mod anomaly;
mod arithmetic;
mod custom;
mod engine;
pub mod hooks;
mod mode;
mod node;
mod op;
mod progress;
mod saved;
pub mod saved_hooks;
mod tensor;
mod trace;
mod view;

pub use arithmetic::{add, add_into_layout, cast, expand, sum_to};
pub use custom::{Marks, SavedValues, attach, plain};
pub use engine::{BackwardOptions, Target, run_backward};
pub use mode::{
    GradModeGuard, InferenceGuard, grad_enabled, inference_enabled, set_grad_enabled, set_inference_enabled,
};
pub use node::{Edge, GradFn, Meta, Node};
pub use op::{
    Arrays, Grads, Op, Saves, Tensors, apply, apply_inplace, apply_many, apply_metadata, check_inplace, check_writable,
    freed,
};
pub use progress::{current_walk, will_run};
pub use saved::{Context, SavedTensor};
pub use tensor::{CreationMeta, Tensor, Wrapper};
pub use trace::{Tracer, is_traced, set_tracer};
pub use view::{overwrite_view, put_view, take_view};

#[cfg(test)]
mod tests;
