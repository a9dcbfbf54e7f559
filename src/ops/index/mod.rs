//! Elements named by numbers or masks.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `item.rs` | what stands between the brackets of `x[...]`, read as PyTorch reads it; `get` and `set` |
//! | `advanced.rs` | index tensors and masks: `index`, `index_put` |
//! | `gather.rs`, `scatter.rs` | elements along an axis: `gather`, `index_select`, `scatter`, `scatter_add` |
//! | `slices.rs` | slices along an axis: `index_add`, `index_copy`, `index_fill` |
//! | `reduce.rs` | values that meet: `scatter_reduce`, `index_reduce` |
//! | `masked.rs`, `flat.rs` | by a mask: `masked_select`, `masked_scatter`; by place: `take`, `put` |
//! | `embedding.rs` | rows of a table |
//! | `nonzero.rs` | where a tensor is not zero |
//! | `along.rs`, `combine.rs` | what lookups along an axis share; how two elements meet |

mod advanced;
mod along;
mod combine;
mod embedding;
mod flat;
mod gather;
mod item;
mod masked;
mod nonzero;
mod reduce;
mod scatter;
mod slices;

pub(crate) use along::{gather_slices, with_axis};

pub use advanced::{index, index_put, index_put_};
pub use embedding::{embedding, embedding_renorm_};
pub use flat::{put, put_, take};
pub use gather::{gather, index_select, take_along_dim};
pub(crate) use gather::{pick_array, place};
pub use item::{Item, get, set};
pub use masked::{masked_scatter, masked_scatter_, masked_select};
pub use nonzero::{nonzero, nonzero_static};
pub use reduce::{Reduction, index_reduce, index_reduce_, scatter_reduce, scatter_reduce_};
pub use scatter::{Meet, scatter, scatter_};
pub use slices::{index_add, index_add_, index_copy, index_copy_, index_fill, index_fill_};
