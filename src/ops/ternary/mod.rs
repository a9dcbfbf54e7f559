//! Operations between three operands.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `choose.rs` | `where`, `masked_fill`: one of two values |
//! | `bounds.rs` | `clamp` by tensors |
//! | `lerp.rs` | `lerp`: a point between two |
//! | `product.rs` | `addcmul`, `addcdiv`: a product or quotient added |

mod bounds;
mod choose;
mod lerp;
mod product;

pub use bounds::{clamp_between, clamp_between_};
pub use choose::{masked_fill, masked_fill_, where_};
pub use lerp::{lerp, lerp_};
pub use product::{addcdiv, addcdiv_, addcmul, addcmul_};
