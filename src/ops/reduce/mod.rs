//! Reductions: sums, means, products, moments, extrema and their places, norms and questions about all elements.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `axes.rs` | [`Axes`]: which axes go, and what shape stays |
//! | `spread.rs` | [`spread()`], the way back: a result stretched over the axes that went |
//! | `sum.rs` | `sum`, `nansum`, `mean`, `nanmean` |
//! | `moments.rs` | `var`, `std` and both with the mean |
//! | `extrema.rs` | `amax`, `amin`, `aminmax`, `max` and `min` over everything |
//! | `places.rs` | `argmax`, `argmin`, `max` and `min` along an axis |
//! | `product.rs` | `prod` |
//! | `norm.rs`, `power.rs`, `quotient.rs` | `norm`, `dist`, and what their gradients are made of |
//! | `logsumexp.rs` | `logsumexp` |
//! | `logic.rs` | `all`, `any`, `count_nonzero` |

mod axes;
mod extrema;
mod logic;
mod logsumexp;
mod moments;
mod norm;
mod places;
mod power;
mod product;
mod quotient;
mod spread;
mod sum;

pub use axes::Axes;
use extrema::extreme;
pub(crate) use extrema::shares;
pub use extrema::{amax, amin, aminmax, max, min};
pub use logic::{all, any, count_nonzero};
pub(crate) use logsumexp::exp_difference;
pub use logsumexp::logsumexp;
pub use moments::{std, std_mean, var, var_mean};
pub use norm::{dist, norm};
pub use places::{argmax, argmin, max_along, min_along};
pub use product::prod;
pub use spread::spread;
pub(crate) use sum::sum_dtype;
pub use sum::{mean, nanmean, nansum, sum, sum_over};

use crate::array::{Array, Element};
use crate::error::Result;
use crate::kernels::reduce::{Reducer, reduce};

/// Runs a reducer over axes of an array of type `T`, to a fresh row-major array of type `R`.
fn fold<T, R, B>(x: &Array, axes: &Axes, by: &B, finish: impl Fn(B::Acc) -> R + Sync) -> Result<Array>
where
    T: Element,
    R: Element,
    B: Reducer<T>,
{
    let out = Array::empty(&axes.output_shape(x.shape()), R::DTYPE)?;
    reduce(x.operand::<T>(), axes.mask(), out.slice_mut::<R>(), by, finish);
    Ok(out)
}
