//! Sizes, strides and window geometry: integer arithmetic that knows no memory.

mod broadcast;
mod layout;
mod region;
mod result;
pub mod window;

pub use broadcast::{broadcast, broadcast_all, reduced_axes};
pub use layout::Layout;
pub use region::{Pick, Region, slice_range, wrap_index};

use crate::error::Result;
use smallvec::SmallVec;

/// Sizes or strides of a tensor, on the stack up to six axes.
pub type Dims = SmallVec<[usize; 6]>;

/// PyTorch's limit on the number of axes.
pub const MAX_AXES: usize = 64;

/// The number of elements, or an error where it does not fit the address space.
pub fn checked_numel(shape: &[usize]) -> Result<usize> {
    // A zero anywhere makes the tensor empty, whatever the other sizes are.
    // An empty shape must have strides that can be counted, too.
    let span = shape.iter().try_fold(1usize, |n, &s| n.checked_mul(s.max(1))).filter(|&n| n <= isize::MAX as usize);
    match span {
        Some(_) if shape.contains(&0) => Ok(0),
        Some(numel) => Ok(numel),
        None => crate::bail!(Runtime, "numel: integer multiplication overflow for shape {shape:?}"),
    }
}

/// The number of elements of a shape already checked.
#[inline]
pub fn numel(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// Row-major strides; nonsense where they overflow, which [`checked_numel`] finds.
pub fn contiguous_strides(shape: &[usize]) -> Dims {
    let mut strides: Dims = SmallVec::from_elem(1, shape.len());
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].wrapping_mul(shape[axis].max(1));
    }
    strides
}

/// An axis in `0..ndim` from one that may count from the end; a scalar counts as having one axis.
///
/// # Errors
/// `IndexError` in PyTorch's words.
pub fn normalize_axis(axis: isize, ndim: usize) -> Result<usize> {
    let n = ndim.max(1) as isize;
    crate::ensure!(
        (-n..n).contains(&axis),
        Index,
        "Dimension out of range (expected to be in range of [{}, {}], but got {axis})",
        -n,
        n - 1
    );
    Ok(if axis < 0 { axis + n } else { axis } as usize)
}

/// Normalised axes without repetition; an empty list means all axes, as in PyTorch's reductions.
pub fn normalize_axes(op: &str, axes: &[isize], ndim: usize) -> Result<SmallVec<[bool; 8]>> {
    let mut chosen: SmallVec<[bool; 8]> = SmallVec::from_elem(axes.is_empty(), ndim);
    for &axis in axes {
        let axis = normalize_axis(axis, ndim)?;
        if ndim == 0 {
            continue;
        }
        crate::ensure!(!chosen[axis], Runtime, "{op}: dim {axis} appears multiple times in the list of dims");
        chosen[axis] = true;
    }
    Ok(chosen)
}

/// Sizes with one `-1` filled in so that they hold `numel` elements.
pub fn infer_size(sizes: &[isize], numel: usize) -> Result<Dims> {
    let mut known = 1usize;
    let mut hole = None;
    for (axis, &size) in sizes.iter().enumerate() {
        match size {
            -1 if hole.is_some() => crate::bail!(Runtime, "only one dimension can be inferred"),
            -1 => hole = Some(axis),
            s if s < 0 => {
                crate::bail!(Runtime, "invalid shape dimension {s} at index {axis} of shape {}", Bracketed(sizes))
            }
            s => {
                known = known
                    .checked_mul(s as usize)
                    .ok_or_else(|| crate::error!(Runtime, "shape {sizes:?} is invalid for input of size {numel}"))?;
            }
        }
    }
    let mut shape: Dims = sizes.iter().map(|&s| s.max(0) as usize).collect();
    if let Some(axis) = hole {
        crate::ensure!(
            known != 0,
            Runtime,
            "cannot reshape tensor of {numel} elements into shape {sizes:?} because the unspecified dimension size -1 \
             can be any value and is ambiguous"
        );
        shape[axis] = numel / known;
        known *= shape[axis];
    }
    crate::ensure!(known == numel, Runtime, "shape '{}' is invalid for input of size {numel}", Bracketed(sizes));
    Ok(shape)
}

/// Prints `[2, 3]` for any list of integers, as PyTorch prints sizes.
pub struct Bracketed<'a, T>(pub &'a [T]);

impl<T: std::fmt::Display> std::fmt::Display for Bracketed<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[")?;
        for (i, x) in self.0.iter().enumerate() {
            if i > 0 {
                write!(f, ", ")?;
            }
            write!(f, "{x}")?;
        }
        write!(f, "]")
    }
}
