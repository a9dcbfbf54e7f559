//! rsnn: `torch.nn` as a small library. Tensors, gradients, kernels and module registries in Rust;
//! `src/python/` (feature `python`) shows them to Python as `rsnn._C`.
//!
//! Levels, low to high; a level uses only what stands before it:
//! [`error`](mod@error), [`shape`], [`memory`] → [`kernels`], [`random`] → [`array`](mod@array) → [`autograd`] → [`ops`] → [`nn`] → `python`.
//! `docs/architecture.md` tells what each is for; `tests/layering.rs` fails on an arrow that points up.

#![deny(unsafe_code)]
#![warn(missing_docs)]
// Who reads this works on it, and reads `cargo doc --document-private-items`.
#![allow(rustdoc::private_intra_doc_links)]

pub mod array;
pub mod autograd;
pub mod error;
pub mod kernels;
pub mod memory;
pub mod nn;
pub mod ops;
#[cfg(feature = "python")]
mod python;
pub mod random;
pub mod shape;

/// Of the extension module only: a Rust program that uses the crate chooses its allocator itself.
#[cfg(feature = "python")]
#[global_allocator]
static HEAP: memory::heap::Heap = memory::heap::Heap;
