//! Axes of size 1 stretched, without copies.

use crate::autograd::{self, Tensor};
use crate::error::Result;
use crate::shape::broadcast_all;
use smallvec::SmallVec;

/// A view stretched to larger sizes; -1 keeps a size.
///
/// # Errors
/// `RuntimeError` where a size does not fit.
pub fn expand(x: &Tensor, sizes: &[isize]) -> Result<Tensor> {
    let layout = x.with_array(|a| a.layout().expand(sizes))?;
    crate::shape::checked_numel(&layout.shape)?;
    autograd::expand(x, &layout.shape)
}

/// A view stretched to a shape.
///
/// # Errors
/// `RuntimeError` where a size does not fit.
pub fn broadcast_to(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let sizes: SmallVec<[isize; 6]> = shape.iter().map(|&n| n as isize).collect();
    expand(x, &sizes)
}

/// All tensors stretched to their common shape.
///
/// # Errors
/// `RuntimeError` naming the first axis that does not fit.
pub fn broadcast_tensors(tensors: &[&Tensor]) -> Result<Vec<Tensor>> {
    let shapes: Vec<_> = tensors.iter().map(|t| t.shape()).collect();
    let shape = broadcast_all(shapes.iter().map(|s| s.as_slice()))?;
    tensors.iter().map(|t| autograd::expand(t, &shape)).collect()
}
