//! Sliding windows along an axis.

use super::place::place;
use super::{ViewOp, view_as};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::shape::Layout;

#[derive(Clone, Debug)]
struct Unfold {
    axis: isize,
    size: usize,
    step: usize,
}

impl ViewOp for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }
    fn node_name(&self) -> &'static str {
        "UnfoldBackward0"
    }
    fn layout(&self, x: &Layout) -> Result<Layout> {
        x.unfold(self.axis, self.size, self.step)
    }
    fn gradient(&self, grad: &Tensor, shape: &[usize]) -> Result<Tensor> {
        place(self.clone(), grad, shape)
    }
}

/// All windows of `size` along an axis, each `step` after the one before, as a view; the window is a new last axis.
///
/// # Errors
/// `RuntimeError` for a window larger than the axis, a negative size, or a step that is not positive.
pub fn unfold(x: &Tensor, axis: isize, size: isize, step: isize) -> Result<Tensor> {
    crate::ensure!(size >= 0, Runtime, "unfold: size is {size} but must be >= 0");
    crate::ensure!(step > 0, Runtime, "unfold: step is {step} but must be > 0");
    view_as(Unfold { axis, size: size as usize, step: step as usize }, x)
}
