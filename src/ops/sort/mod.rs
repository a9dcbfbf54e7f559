//! Elements in order: sorting, the largest few, order statistics. All give values and their indices along an axis; the
//! gradient of a value goes to the element at its index.

mod choose;
mod median;

pub use choose::{kthvalue, median_along, mode, sort, topk};
pub use median::median;
