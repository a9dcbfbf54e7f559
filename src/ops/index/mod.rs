//! Elements named by numbers or masks.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `item.rs` | what stands between the brackets of `x[...]`, read as PyTorch reads it; `get` and `set` |
//! | `advanced.rs` | index tensors and masks: `index`, `index_put` |

mod advanced;
mod item;

pub use advanced::{index, index_put, index_put_};
pub use item::{Item, get, set};

use crate::array::{Category, DType, Element};

/// `a += b` in the element's own arithmetic: integers wrap, half types round each sum, `bool` is "or".
#[inline(always)]
fn add_to<T: Element>(a: &mut T, b: T) {
    *a = match T::DTYPE {
        DType::F64 => T::from_f64(a.to_f64() + b.to_f64()),
        dtype if dtype.category() == Category::Float => T::from_f32(a.to_f32() + b.to_f32()),
        DType::Bool => T::from_i64((a.truth() || b.truth()) as i64),
        _ => T::from_i64(a.to_i64().wrapping_add(b.to_i64())),
    };
}
