//! The way back from a reduction.

use super::{Axes, sum_over};
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::error::Result;
use crate::shape::Dims;
use smallvec::smallvec;
use std::borrow::Cow;

/// The result of a reduction over `axes`, stretched to the shape that was reduced: a view.
pub fn spread(x: &Tensor, axes: &Axes, shape: &[usize]) -> Result<Tensor> {
    apply(Spread { axes: axes.clone(), shape: shape.into() }, &[x])
}

/// As [`spread`], for arrays.
pub(super) fn spread_array(x: &Array, axes: &Axes, shape: &[usize]) -> Array {
    x.map_layout(|layout| {
        let mut layout = layout.clone();
        if !axes.keepdim() {
            for axis in (0..shape.len()).filter(|&axis| axes.mask()[axis]) {
                layout = layout.unsqueeze(axis);
            }
        }
        layout.broadcast_to(shape)
    })
}

#[derive(Debug)]
struct Spread {
    axes: Axes,
    shape: Dims,
}

impl Op for Spread {
    fn name(&self) -> &'static str {
        "expand"
    }

    fn node_name(&self) -> Cow<'static, str> {
        "ExpandBackward0".into()
    }

    fn is_view(&self) -> bool {
        true
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![spread_array(x[0], &self.axes, &self.shape)])
    }

    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| sum_over(g, &self.axes)).transpose()?])
    }
}
