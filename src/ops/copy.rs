//! Copies: `copy_`, `fill_`, `clone`, `contiguous`.

use crate::array::{Array, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply, apply_inplace};
use crate::error::Result;
use crate::ops::binary::Value;
use crate::shape::{Bracketed, Layout, broadcast};
use smallvec::smallvec;
use std::borrow::Cow;

/// The second input written into the first.
#[derive(Debug)]
struct Copy;

impl Op for Copy {
    fn name(&self) -> &'static str {
        "copy_"
    }
    fn node_name(&self) -> Cow<'static, str> {
        "CopyBackwards".into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::empty(x[0].shape(), x[0].dtype())?;
        out.copy_from(x[1])?;
        Ok(smallvec![out])
    }
    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        crate::ensure!(
            !x[0].layout().may_overlap(),
            Runtime,
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. \
             Please clone() the tensor before performing the operation."
        );
        x[0].copy_from(x[1])
    }
    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![None, grads[0].clone()])
    }
}

/// Writes `source`, broadcast and converted, into `x`.
///
/// # Errors
/// `RuntimeError` where the shape of `source` does not stretch to that of `x`.
pub fn copy_(x: &Tensor, source: &Tensor) -> Result<()> {
    if !x.has_shape_of(source) {
        let (to, from) = (x.shape(), source.shape());
        crate::ensure!(
            broadcast(&to, &from).is_ok_and(|s| s == to),
            Runtime,
            "The size of the source tensor {} must match, or stretch to, the size of the written tensor {}",
            Bracketed(&from),
            Bracketed(&to)
        );
    }
    apply_inplace(Copy, &[x, source])
}

/// The order of the axes in a copy's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemoryFormat {
    /// As in the original, where that fills its memory; else row-major.
    #[default]
    Preserve,
    /// Row-major.
    Contiguous,
    /// Of four axes the second is the fastest: batch, height, width, channel.
    ChannelsLast,
    /// Of five axes the second is the fastest: batch, depth, height, width, channel.
    ChannelsLast3d,
}

impl MemoryFormat {
    /// The dense layout of a copy of something that lies as `x`.
    ///
    /// # Errors
    /// `RuntimeError` for a channels-last format and another number of axes.
    pub fn layout(self, x: &Layout) -> Result<Layout> {
        let axes: usize = match self {
            MemoryFormat::Preserve => return Ok(x.dense_like()),
            MemoryFormat::Contiguous => return Ok(Layout::contiguous(&x.shape)),
            MemoryFormat::ChannelsLast => 4,
            MemoryFormat::ChannelsLast3d => 5,
        };
        crate::ensure!(
            x.shape.len() == axes,
            Runtime,
            "required rank {axes} tensor to use channels_last format, got {} axes",
            x.shape.len()
        );
        let mut shape = x.shape.clone();
        let channels = shape.remove(1);
        shape.push(channels);
        let mut back: crate::shape::Dims = smallvec![0, axes - 1];
        back.extend(1..axes - 1);
        Ok(Layout::contiguous(&shape).permute(&back))
    }

    /// Whether something lies in this format already. Axes of size 1 may have any stride.
    pub fn holds(self, x: &Layout) -> bool {
        match self {
            MemoryFormat::Preserve => true,
            MemoryFormat::Contiguous => x.is_contiguous(),
            _ => self.layout(x).is_ok_and(|wanted| {
                x.numel() == 0 || (0..x.shape.len()).all(|a| x.shape[a] == 1 || x.strides[a] == wanted.strides[a])
            }),
        }
    }
}

#[derive(Debug)]
struct CloneOp {
    format: MemoryFormat,
}

impl Op for CloneOp {
    fn name(&self) -> &'static str {
        "clone"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::empty_layout(self.format.layout(x[0].layout())?, x[0].dtype())?;
        out.copy_from(x[0])?;
        Ok(smallvec![out])
    }
    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].clone()])
    }
}

/// A copy in memory of its own.
///
/// # Errors
/// `RuntimeError` for a channels-last format and another number of axes.
pub fn clone(x: &Tensor, format: MemoryFormat) -> Result<Tensor> {
    apply(CloneOp { format }, &[x])
}

/// The tensor in a memory format: itself, or a copy.
///
/// # Errors
/// `RuntimeError` for a channels-last format and another number of axes.
pub fn contiguous(x: &Tensor, format: MemoryFormat) -> Result<Tensor> {
    if x.with_array(|a| format.holds(a.layout())) { Ok(x.clone()) } else { clone(x, format) }
}

/// One number in every place.
#[derive(Debug)]
struct Fill {
    value: Scalar,
}

impl Op for Fill {
    fn name(&self) -> &'static str {
        "fill_"
    }
    fn node_name(&self) -> Cow<'static, str> {
        "FillBackward2".into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![Array::full(x[0].shape(), self.value, x[0].dtype())?])
    }
    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        x[0].fill(self.value)
    }
    fn backward(&self, cx: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        let zeros = Array::scalar(Scalar::Int(0), cx.dtype(0))?.broadcast_to(cx.shape(0));
        Ok(smallvec![Some(Tensor::new(zeros))])
    }
}

/// Writes one value, a number or a tensor without axes, into every place.
///
/// # Errors
/// `RuntimeError` for a tensor with axes, and a number that the dtype cannot hold.
pub fn fill_(x: &Tensor, value: Value<'_>) -> Result<()> {
    match value {
        Value::Tensor(value) => {
            crate::ensure!(
                value.ndim() == 0,
                Runtime,
                "fill_ only supports 0-dimension value tensor but got tensor with {} dimensions.",
                value.ndim()
            );
            copy_(x, value)
        }
        Value::Scalar(value) => {
            value.check_fits(x.dtype())?;
            apply_inplace(Fill { value }, &[x])
        }
    }
}
