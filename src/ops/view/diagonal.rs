//! The diagonal of two axes.

use super::place::{overwrite, place};
use super::{ViewOp, view_as};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::shape::{Layout, normalize_axis};

/// The diagonal of axes `a` and `b`, as a new last axis.
#[derive(Clone, Debug)]
struct Diagonal {
    offset: isize,
    a: usize,
    b: usize,
}

impl Diagonal {
    fn new(offset: isize, a: isize, b: isize, ndim: usize) -> Result<Self> {
        let (first, second) = (normalize_axis(a, ndim)?, normalize_axis(b, ndim)?);
        crate::ensure!(first != second, Runtime, "diagonal dimensions cannot be identical {a}, {b}");
        Ok(Diagonal { offset, a: first, b: second })
    }
}

impl ViewOp for Diagonal {
    fn name(&self) -> &'static str {
        "diagonal"
    }
    fn node_name(&self) -> &'static str {
        "DiagonalBackward0"
    }
    fn layout(&self, x: &Layout) -> Result<Layout> {
        Ok(x.diagonal(self.offset, self.a, self.b))
    }
    fn gradient(&self, grad: &Tensor, shape: &[usize]) -> Result<Tensor> {
        place(self.clone(), grad, shape)
    }
}

/// The diagonal of two axes, `offset` places to the right of the main one, as a view with a new last axis.
///
/// # Errors
/// `RuntimeError` if both axes are the same, `IndexError` for axes out of range.
pub fn diagonal(x: &Tensor, offset: isize, a: isize, b: isize) -> Result<Tensor> {
    view_as(Diagonal::new(offset, a, b, x.ndim())?, x)
}

/// A copy of `x` with a diagonal replaced by `source`.
///
/// # Errors
/// As [`diagonal`]; `RuntimeError` where the shapes of diagonal and source differ.
pub fn diagonal_scatter(x: &Tensor, source: &Tensor, offset: isize, a: isize, b: isize) -> Result<Tensor> {
    overwrite(Diagonal::new(offset, a, b, x.ndim())?, "diagonal_scatter", x, source)
}
