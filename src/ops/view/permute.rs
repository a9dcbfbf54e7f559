//! Axes in another order.

use super::{ViewOp, view_as};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::shape::{Bracketed, Dims, Layout, normalize_axis};

/// Axis `i` of the view is axis `axes[i]` of the tensor.
#[derive(Clone, Debug)]
pub(super) struct Permute {
    axes: Dims,
    node_name: &'static str,
}

impl Permute {
    /// Two axes of `ndim` exchanged.
    pub(super) fn swap(a: isize, b: isize, ndim: usize) -> Result<Self> {
        let (a, b) = (normalize_axis(a, ndim)?, normalize_axis(b, ndim)?);
        let mut axes: Dims = (0..ndim).collect();
        if ndim > 0 {
            axes.swap(a, b);
        }
        Ok(Permute { axes, node_name: "TransposeBackward0" })
    }

    /// The transpose of a matrix; fewer axes stay as they are.
    pub(super) fn t(shape: &[usize]) -> Result<Self> {
        let ndim = shape.len();
        crate::ensure!(ndim <= 2, Runtime, "t() expects a tensor with <= 2 dimensions, but self is {ndim}D");
        Ok(Permute { axes: (0..ndim).rev().collect(), node_name: "TBackward0" })
    }
}

impl ViewOp for Permute {
    fn name(&self) -> &'static str {
        "permute"
    }
    fn node_name(&self) -> &'static str {
        self.node_name
    }
    fn layout(&self, x: &Layout) -> Result<Layout> {
        Ok(x.permute(&self.axes))
    }
    fn gradient(&self, grad: &Tensor, _: &[usize]) -> Result<Tensor> {
        let mut back = self.axes.clone();
        for (to, &from) in self.axes.iter().enumerate() {
            back[from] = to;
        }
        view_as(Permute { axes: back, node_name: self.node_name }, grad)
    }
}

/// A view with the axes in the order given.
///
/// # Errors
/// `RuntimeError` unless every axis is named once, `IndexError` for axes out of range.
pub fn permute(x: &Tensor, axes: &[isize]) -> Result<Tensor> {
    let ndim = x.ndim();
    crate::ensure!(
        axes.len() == ndim,
        Runtime,
        "permute: number of dimensions in the tensor input does not match the length of the desired ordering of dimensions \
         i.e. input.dim() = {ndim} is not equal to len(dims) = {}",
        axes.len()
    );
    let axes = axes.iter().map(|&a| normalize_axis(a, ndim)).collect::<Result<Dims>>()?;
    for (i, axis) in axes.iter().enumerate() {
        crate::ensure!(!axes[..i].contains(axis), Runtime, "permute(): duplicate dims are not allowed.");
    }
    view_as(Permute { axes, node_name: "PermuteBackward0" }, x)
}

/// A view with two axes exchanged.
pub fn transpose(x: &Tensor, a: isize, b: isize) -> Result<Tensor> {
    view_as(Permute::swap(a, b, x.ndim())?, x)
}

/// The transpose of a matrix, as a view; a tensor of fewer axes is its own.
pub fn t(x: &Tensor) -> Result<Tensor> {
    view_as(x.with_array(|a| Permute::t(a.shape()))?, x)
}

/// A view with all axes in reverse order.
pub fn reverse_axes(x: &Tensor) -> Result<Tensor> {
    view_as(Permute { axes: (0..x.ndim()).rev().collect(), node_name: "PermuteBackward0" }, x)
}

/// Each matrix of a batch transposed, as a view; `name` is what the caller asked for.
///
/// # Errors
/// `RuntimeError` for fewer than two axes.
pub fn matrix_transpose(x: &Tensor, name: &str) -> Result<Tensor> {
    let ndim = x.ndim();
    if ndim == 0 {
        return Ok(x.clone());
    }
    crate::ensure!(
        ndim >= 2,
        Runtime,
        "{name} is only supported on matrices or batches of matrices. Got {ndim}-D tensor."
    );
    transpose(x, -2, -1)
}

/// A view with axes moved to other places; the others keep their order.
///
/// # Errors
/// `RuntimeError` where the lists differ in length or repeat an axis.
pub fn movedim(x: &Tensor, source: &[isize], destination: &[isize]) -> Result<Tensor> {
    let ndim = x.ndim();
    crate::ensure!(
        source.len() == destination.len(),
        Runtime,
        "movedim: Invalid source or destination dims: source ({} dims) should contain the same number of dims as \
         destination ({} dims)",
        Bracketed(source),
        Bracketed(destination)
    );
    let normal = |which: &str, axes: &[isize]| -> Result<Dims> {
        let found = axes.iter().map(|&a| normalize_axis(a, ndim)).collect::<Result<Dims>>()?;
        for (i, axis) in found.iter().enumerate() {
            crate::ensure!(
                !found[..i].contains(axis),
                Runtime,
                "movedim: repeated dim in `{which}` ({})",
                Bracketed(axes)
            );
        }
        Ok(found)
    };
    let (source, destination) = (normal("source", source)?, normal("destination", destination)?);
    if ndim == 0 {
        return super::alias(x);
    }
    let mut rest = (0..ndim).filter(|a| !source.contains(a));
    let axes = (0..ndim)
        .map(|place| match destination.iter().position(|&d| d == place) {
            Some(i) => source[i],
            None => rest.next().expect("as many axes remain as places"),
        })
        .collect();
    view_as(Permute { axes, node_name: "PermuteBackward0" }, x)
}
