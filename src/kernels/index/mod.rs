//! Reading and writing at places that other numbers name.
//!
//! `blocks.rs` moves whole blocks (advanced indexing, `index_select`, rows of an embedding); `axis.rs` moves single elements
//! along an axis (`gather`, `scatter`); `positions.rs` finds the elements of a mask.

mod blocks;
mod positions;

pub use blocks::{Blocks, gather_blocks, scatter_blocks};
pub use positions::positions;
