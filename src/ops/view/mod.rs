//! Views: tensors that share the memory of another one under another layout.
//!
//! A view is described by a [`ViewOp`]: what it does to a layout, and what its gradient is. [`View`] makes an operation of
//! it; `Place` and `Overwrite` (`place.rs`) are the gradients of all views that leave elements out.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `shape.rs` | the same elements in the same order: `view`, `reshape`, `flatten`, `squeeze`, `unsqueeze` |
//! | `permute.rs` | axes in another order |
//! | `expand.rs` | axes stretched |
//! | `part.rs` | a part: `select`, `narrow`, `slice`, basic indexing |
//! | `place.rs` | a part put back: gradients, `select_scatter`, `slice_scatter`, `diagonal_scatter` |
//! | `diagonal.rs`, `unfold.rs`, `strided.rs` | `diagonal`; `unfold`; `as_strided` |
//! | `split.rs` | several views at once: `unbind`, `split`, `chunk`, `tensor_split` |
//! | `alias.rs` | `alias`, and dtypes reinterpreted |
//! | `inplace.rs` | the layout of a tensor changed in place: `transpose_`, `unsqueeze_`, `resize_` |

mod alias;
mod diagonal;
mod expand;
mod inplace;
mod part;
mod permute;
mod place;
mod shape;
mod split;
mod strided;
mod unfold;

pub use alias::{alias, view_dtype};
pub use diagonal::{diag, diag_embed, diagonal, diagonal_scatter};
pub use expand::{broadcast_tensors, broadcast_to, expand};
pub use inplace::{as_strided_, resize_, set_, squeeze_, t_, transpose_, unsqueeze_};
pub use part::{narrow, part, select, slice};
pub use permute::{matrix_transpose, movedim, permute, reverse_axes, t, transpose};
pub use place::{part_scatter, select_scatter, slice_scatter};
pub use shape::{flatten, ravel, reshape, reshape_to, squeeze, unflatten, unsqueeze, view};
pub use split::{Sections, chunk, even_split, split, split_with_sizes, tensor_split, unbind};
pub use strided::{as_strided, as_strided_scatter};
pub use unfold::unfold;

use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::error::Result;
use crate::shape::Layout;
use smallvec::smallvec;
use std::borrow::Cow;

/// What a view does.
trait ViewOp: Clone + std::fmt::Debug + Send + Sync + 'static {
    /// PyTorch's name.
    fn name(&self) -> &'static str;
    /// The name of its node in the graph.
    fn node_name(&self) -> &'static str;
    /// The layout of the view from that of the tensor.
    fn layout(&self, x: &Layout) -> Result<Layout>;
    /// The gradient of a tensor of `shape` from that of the view.
    fn gradient(&self, grad: &Tensor, shape: &[usize]) -> Result<Tensor>;
}

/// A [`ViewOp`] as an operation.
#[derive(Debug)]
struct View<V>(V);

impl<V: ViewOp> Op for View<V> {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn node_name(&self) -> Cow<'static, str> {
        self.0.node_name().into()
    }
    fn is_view(&self) -> bool {
        true
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![x[0].try_map_layout(|l| self.0.layout(l))?])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| self.0.gradient(g, cx.shape(0))).transpose()?])
    }
}

/// The view of a tensor.
fn view_as<V: ViewOp>(op: V, x: &Tensor) -> Result<Tensor> {
    apply(View(op), &[x])
}
