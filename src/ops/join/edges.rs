//! A border made of a tensor's own elements.

use crate::array::{Array, Element};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::error::Result;
use crate::kernels::index::Border;
use crate::shape::Dims;
use crate::{dispatch_floating, dispatch_size};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// Which elements a border is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Those next to the edge, without itself, from the inside out.
    Reflect,
    /// The edge.
    Replicate,
    /// Those at the other side.
    Circular,
}

impl Edge {
    /// The elements before and after an axis of `size`, which has enough of them.
    fn places(self, size: usize, (before, after): (usize, usize)) -> [Vec<usize>; 2] {
        match self {
            Edge::Reflect => [(1..=before).rev().collect(), (0..after).map(|i| size - 2 - i).collect()],
            Edge::Replicate => [vec![0; before], vec![size - 1; after]],
            Edge::Circular => [(size - before..size).collect(), (0..after).collect()],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Edge::Reflect => "reflection_pad",
            Edge::Replicate => "replication_pad",
            Edge::Circular => "circular_pad",
        }
    }
}

/// A border before and after the last axes, or the sums of what came from each element.
#[derive(Clone, Debug)]
struct Edges {
    edge: Edge,
    widths: SmallVec<[(usize, usize); 3]>,
    /// The sizes of these axes without the border.
    sizes: Dims,
    back: bool,
}

impl Edges {
    fn shape(&self, x: &Array) -> Dims {
        let leading = x.ndim() - self.sizes.len();
        let inner = self.sizes.iter().zip(&self.widths).map(
            |(&size, &(before, after))| {
                if self.back { size } else { size + before + after }
            },
        );
        x.shape()[..leading].iter().copied().chain(inner).collect()
    }

    fn border(&self) -> Border {
        Border::of_axes(&self.sizes, |axis| self.edge.places(self.sizes[axis], self.widths[axis]))
    }
}

impl Op for Edges {
    fn name(&self) -> &'static str {
        self.edge.name()
    }
    fn node_name(&self) -> Cow<'static, str> {
        let kind = match self.edge {
            Edge::Reflect => "Reflection",
            Edge::Replicate => "Replication",
            Edge::Circular => "Circular",
        };
        let back = if self.back { "Backward" } else { "" };
        format!("{kind}Pad{}D{back}Backward0", self.sizes.len()).into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::empty(&self.shape(x[0]), x[0].dtype())?;
        let x = x[0].contiguous()?;
        if out.numel() == 0 {
            return Ok(smallvec![out]);
        }
        let border = self.border();
        if self.back {
            dispatch_floating!(x.dtype(), T => border.take_back(x.slice::<T>(), T::from_f32(0.0), out.slice_mut::<T>()),
                else unreachable!("gradients are floats"));
        } else {
            let (from, to) = (x.bits(), out.bits());
            dispatch_size!(x.dtype(), T => border.put_around(from.slice::<T>(), 0, to.slice_mut::<T>()));
        }
        Ok(smallvec![out])
    }
    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let turned = Edges { back: !self.back, ..self.clone() };
        Ok(smallvec![grads[0].as_ref().map(|grad| apply(turned, &[grad])).transpose()?])
    }
}

/// A copy with a border of its own elements: `widths` are those before and after the last axes, in their order.
///
/// # Errors
/// `RuntimeError` for more widths than axes, and where an axis has too few elements.
pub fn edge_pad(x: &Tensor, widths: &[(usize, usize)], edge: Edge) -> Result<Tensor> {
    let shape = x.with_array(|a| Dims::from_slice(a.shape()));
    crate::ensure!(
        !widths.is_empty() && widths.len() <= shape.len(),
        Runtime,
        "pad: expected a pair of widths for each axis but the first ones, got {} for {} axes",
        widths.len(),
        shape.len()
    );
    let sizes = Dims::from_slice(&shape[shape.len() - widths.len()..]);
    for (&size, &(before, after)) in sizes.iter().zip(widths) {
        let enough = match edge {
            Edge::Reflect => before.max(after) < size,
            Edge::Replicate => size > 0,
            Edge::Circular => before.max(after) <= size,
        };
        crate::ensure!(enough, Runtime, "pad: a border of ({before}, {after}) asks for more than {size} elements");
    }
    apply(Edges { edge, widths: widths.iter().copied().collect(), sizes, back: false }, &[x])
}
