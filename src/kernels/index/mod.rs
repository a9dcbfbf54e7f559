//! Reading and writing at places that other numbers name.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `axis.rs`, `walk.rs` | elements and slices along one axis (`gather`, `scatter`, `index_select`, rows of a table) |
//! | `grouped.rs` | values for slices of a new tensor, slice by slice |
//! | `blocks.rs` | blocks at combinations of several axes (advanced indexing) |
//! | `border.rs` | planes with a border |
//! | `positions.rs` | the elements of a mask |
//! | `ranges.rs` | rows of which a range is kept |
//! | `reverse.rs` | rows from the last element to the first |

mod axis;
mod blocks;
mod border;
mod grouped;
mod positions;
mod ranges;
mod reverse;
mod walk;

pub use axis::{gather, scatter};
pub use blocks::{Blocks, gather_blocks, scatter_blocks};
pub use border::{Border, NOWHERE};
pub use positions::Positions;
pub use ranges::keep_ranges;
pub use reverse::reverse_rows;
