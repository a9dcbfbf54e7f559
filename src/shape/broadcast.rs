//! Broadcasting: the common shape of several, and the way back.

use super::Dims;
use crate::error::Result;
use smallvec::SmallVec;

/// The shape to which two shapes stretch.
///
/// # Errors
/// `RuntimeError` naming the first axis, from the end, that fits in neither direction.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Dims> {
    if a == b {
        return Ok(Dims::from_slice(a));
    }
    let ndim = a.len().max(b.len());
    let mut out: Dims = SmallVec::from_elem(1, ndim);
    for back in 1..=ndim {
        let x = if back <= a.len() { a[a.len() - back] } else { 1 };
        let y = if back <= b.len() { b[b.len() - back] } else { 1 };
        out[ndim - back] = match (x, y) {
            (x, y) if x == y => x,
            (1, y) => y,
            (x, 1) => x,
            (x, y) => crate::bail!(
                Runtime,
                "The size of tensor a ({x}) must match the size of tensor b ({y}) at non-singleton dimension {}",
                ndim - back
            ),
        };
    }
    Ok(out)
}

/// The shape to which any number of shapes stretch.
pub fn broadcast_all<'a>(shapes: impl IntoIterator<Item = &'a [usize]>) -> Result<Dims> {
    shapes.into_iter().try_fold(Dims::new(), |acc, shape| broadcast(&acc, shape))
}

/// For a gradient of shape `from` of a value that was stretched from shape `to`: which axes of `from` to sum.
pub fn reduced_axes(from: &[usize], to: &[usize]) -> SmallVec<[bool; 8]> {
    let lead = from.len() - to.len();
    (0..from.len()).map(|axis| axis < lead || (to[axis - lead] == 1 && from[axis] != 1)).collect()
}
