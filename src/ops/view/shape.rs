//! The same elements in the same order under another shape.

use super::{ViewOp, view_as};
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::error::Result;
use crate::shape::{Bracketed, Dims, Layout, infer_size, normalize_axes, normalize_axis, numel};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// Another shape of as many elements.
#[derive(Clone, Debug)]
struct Shape {
    shape: Dims,
}

impl ViewOp for Shape {
    fn name(&self) -> &'static str {
        "view"
    }
    fn node_name(&self) -> &'static str {
        "ViewBackward0"
    }
    fn layout(&self, x: &Layout) -> Result<Layout> {
        x.view(&self.shape).ok_or_else(|| {
            crate::error!(
                Runtime,
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across two \
                 contiguous subspaces). Use .reshape(...) instead. Got size {}, strides {}, wanted size {}",
                Bracketed(&x.shape),
                Bracketed(&x.strides),
                Bracketed(&self.shape)
            )
        })
    }
    fn gradient(&self, grad: &Tensor, shape: &[usize]) -> Result<Tensor> {
        reshape_to(grad, shape)
    }
}

/// As [`Shape`], for layouts that need a copy.
#[derive(Debug)]
struct ReshapeCopy {
    shape: Dims,
}

impl Op for ReshapeCopy {
    fn name(&self) -> &'static str {
        "reshape"
    }
    fn node_name(&self) -> Cow<'static, str> {
        "UnsafeViewBackward0".into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![x[0].reshape(&self.shape)?])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| reshape_to(g, cx.shape(0))).transpose()?])
    }
}

/// A view of another shape; one size may be -1.
///
/// # Errors
/// `RuntimeError` where the number of elements differs or the strides cannot express the shape.
pub fn view(x: &Tensor, sizes: &[isize]) -> Result<Tensor> {
    let shape = infer_size(sizes, x.numel())?;
    view_as(Shape { shape }, x)
}

/// Another shape; one size may be -1. A view where strides allow it, else a copy.
///
/// # Errors
/// `RuntimeError` where the number of elements differs.
pub fn reshape(x: &Tensor, sizes: &[isize]) -> Result<Tensor> {
    let shape = infer_size(sizes, x.numel())?;
    reshape_checked(x, shape)
}

/// As [`reshape`], for sizes that are known.
///
/// # Errors
/// `RuntimeError` where the number of elements differs.
pub fn reshape_to(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let n = x.numel();
    crate::ensure!(numel(shape) == n, Runtime, "shape '{}' is invalid for input of size {n}", Bracketed(shape));
    reshape_checked(x, Dims::from_slice(shape))
}

/// All elements in one axis, as a view of the tensor or of a row-major copy.
pub fn ravel(x: &Tensor) -> Result<Tensor> {
    view(&crate::ops::copy::contiguous(x, crate::ops::copy::MemoryFormat::Contiguous)?, &[-1])
}

fn reshape_checked(x: &Tensor, shape: Dims) -> Result<Tensor> {
    match x.with_array(|a| a.layout().view(&shape).is_some()) {
        true => view_as(Shape { shape }, x),
        false => apply(ReshapeCopy { shape }, &[x]),
    }
}

/// Axes `start..=end` made one.
///
/// # Errors
/// `IndexError` for axes out of range, `RuntimeError` if `start` comes after `end`.
pub fn flatten(x: &Tensor, start: isize, end: isize) -> Result<Tensor> {
    let shape = x.shape();
    let (start, end) = (normalize_axis(start, shape.len())?, normalize_axis(end, shape.len())?);
    crate::ensure!(start <= end, Runtime, "flatten() has invalid args: start_dim cannot come after end_dim");
    if shape.is_empty() {
        return reshape_to(x, &[1]);
    }
    if start == end {
        return Ok(x.clone());
    }
    let mut flat = Dims::from_slice(&shape[..start]);
    flat.push(numel(&shape[start..=end]));
    flat.extend_from_slice(&shape[end + 1..]);
    reshape_to(x, &flat)
}

/// One axis made several; one size may be -1.
///
/// # Errors
/// `RuntimeError` where the sizes do not multiply up to that of the axis.
pub fn unflatten(x: &Tensor, axis: isize, sizes: &[isize]) -> Result<Tensor> {
    crate::ensure!(!sizes.is_empty(), Runtime, "unflatten: sizes must be non-empty");
    let shape = x.shape();
    let axis = normalize_axis(axis, shape.len())?;
    crate::ensure!(!shape.is_empty(), Index, "unflatten: dimension specified as 0 but tensor has no dimensions");
    let inner = infer_size(sizes, shape[axis]).map_err(|_| {
        crate::error!(
            Runtime,
            "unflatten: Provided sizes {} don't multiply up to the size of dim {axis} ({}) in the input tensor",
            Bracketed(sizes),
            shape[axis]
        )
    })?;
    let mut all = Dims::from_slice(&shape[..axis]);
    all.extend_from_slice(&inner);
    all.extend_from_slice(&shape[axis + 1..]);
    view_as(Shape { shape: all }, x)
}

/// A new axis of size 1.
#[derive(Clone, Debug)]
pub(super) struct Unsqueeze {
    axis: usize,
}

impl Unsqueeze {
    /// Before an axis that may count from the end of the result.
    pub(super) fn new(axis: isize, ndim: usize) -> Result<Self> {
        Ok(Unsqueeze { axis: normalize_axis(axis, ndim + 1)? })
    }
}

impl ViewOp for Unsqueeze {
    fn name(&self) -> &'static str {
        "unsqueeze"
    }
    fn node_name(&self) -> &'static str {
        "UnsqueezeBackward0"
    }
    fn layout(&self, x: &Layout) -> Result<Layout> {
        Ok(x.unsqueeze(self.axis))
    }
    fn gradient(&self, grad: &Tensor, _: &[usize]) -> Result<Tensor> {
        view_as(Squeeze { axes: smallvec![self.axis], node_name: "SqueezeBackward1" }, grad)
    }
}

/// A view with a new axis of size 1 before `axis`.
pub fn unsqueeze(x: &Tensor, axis: isize) -> Result<Tensor> {
    view_as(Unsqueeze::new(axis, x.ndim())?, x)
}

/// Without some axes of size 1.
#[derive(Clone, Debug)]
pub(super) struct Squeeze {
    axes: SmallVec<[usize; 4]>,
    node_name: &'static str,
}

impl Squeeze {
    /// Of the axes given (all, if none are) those of size 1 are left out.
    pub(super) fn new(axes: Option<&[isize]>, shape: &[usize]) -> Result<Self> {
        let chosen = match axes {
            None => smallvec![true; shape.len()],
            Some([]) => smallvec![false; shape.len()],
            Some(axes) => normalize_axes("squeeze", axes, shape.len())?,
        };
        let axes = (0..shape.len()).filter(|&a| chosen[a] && shape[a] == 1).collect();
        Ok(Squeeze { axes, node_name: "SqueezeBackward0" })
    }
}

impl ViewOp for Squeeze {
    fn name(&self) -> &'static str {
        "squeeze"
    }
    fn node_name(&self) -> &'static str {
        self.node_name
    }
    fn layout(&self, x: &Layout) -> Result<Layout> {
        Ok(x.squeeze(|axis| self.axes.contains(&axis)))
    }
    fn gradient(&self, grad: &Tensor, shape: &[usize]) -> Result<Tensor> {
        reshape_to(grad, shape)
    }
}

/// A view without the axes of size 1 among `axes`, or among all.
///
/// # Errors
/// `IndexError` for axes out of range, `RuntimeError` for repeated ones.
pub fn squeeze(x: &Tensor, axes: Option<&[isize]>) -> Result<Tensor> {
    let mut op = x.with_array(|a| Squeeze::new(axes, a.shape()))?;
    op.node_name = match axes {
        None => "SqueezeBackward0",
        Some([_]) => "SqueezeBackward1",
        Some(_) => "SqueezeBackward2",
    };
    view_as(op, x)
}
