//! Questions about the order and the equality of elements: where a value belongs, which values there are, and how often.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `keys.rs` | elements as integers in the same order, so that one text serves all dtypes |
//! | `sorted.rs` | `searchsorted`, `bucketize`, `isin` |
//! | `unique.rs` | `unique`, `unique_consecutive`, of elements and of slices |
//! | `count.rs`, `histogram.rs` | `bincount`; `histc`, `histogram` |
//! | `repeat.rs`, `diff.rs` | `repeat_interleave`; `diff` |

mod count;
mod diff;
mod histogram;
mod keys;
mod repeat;
mod sorted;
mod unique;

pub use count::bincount;
pub use diff::diff;
pub use histogram::{Bins, histc, histogram};
pub use repeat::{Repeats, repeat_interleave, repeated_indices};
pub use sorted::{Search, isin, searchsorted};
pub use unique::{unique, unique_consecutive, unique_dim};
