//! The diagonal of two axes.

use super::place::{overwrite, place};
use super::{ViewOp, view_as};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::shape::{Layout, normalize_axis};
use smallvec::SmallVec;

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

/// Matrices that have the last axis of `x` as their diagonal, `offset` places to the right of the main one, and zeros
/// elsewhere; their axes come to stand at `a` and `b`.
///
/// # Errors
/// As [`diagonal`]; `IndexError` for a tensor without axes.
pub fn diag_embed(x: &Tensor, offset: isize, a: isize, b: isize) -> Result<Tensor> {
    let shape = x.shape();
    let Some((&length, rest)) = shape.split_last() else {
        crate::bail!(Index, "diag_embed: expected a tensor of at least one axis, got one without")
    };
    let diagonal = Diagonal::new(offset, a, b, shape.len() + 1)?;
    let size = crate::shape::checked_numel(&[length.saturating_add(offset.unsigned_abs())])?;
    let mut rest = rest.iter().copied();
    let whole: SmallVec<[usize; 6]> = (0..=shape.len())
        .map(|axis| if axis == diagonal.a || axis == diagonal.b { size } else { rest.next().expect("an axis") })
        .collect();
    place(diagonal, x, &whole)
}

/// The matrix with the elements of a vector as its diagonal, or the diagonal of a matrix as a copy.
///
/// # Errors
/// `RuntimeError` unless the tensor has one axis or two.
pub fn diag(x: &Tensor, offset: isize) -> Result<Tensor> {
    match x.ndim() {
        1 => diag_embed(x, offset, 0, 1),
        2 => crate::ops::copy::clone(&diagonal(x, offset, 0, 1)?, crate::ops::copy::MemoryFormat::Contiguous),
        n => crate::bail!(Runtime, "diag(): Supports 1D or 2D tensors. Got {n}D"),
    }
}
