//! Scans: sums, products and extrema of all elements up to each.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `sum.rs` | `cumsum` |
//! | `product.rs` | `cumprod`, and the gradient of `prod` where an element is zero |
//! | `extrema.rs` | `cummax`, `cummin` |
//! | `exponential.rs` | `logcumsumexp` |
//! | `linear.rs` | the linear recurrence that is the gradient of all these, and shifts along an axis |

mod exponential;
mod extrema;
mod linear;
mod product;
mod sum;

pub use exponential::logcumsumexp;
pub use extrema::{cummax, cummin};
pub(crate) use product::products_of_others;
pub use product::{cumprod, cumprod_};
pub use sum::{cumsum, cumsum_};
