//! A part of a tensor: basic indexing.

use super::place::place;
use super::{ViewOp, view_as};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::shape::{Layout, Pick, Region, normalize_axis, slice_range, wrap_index};

/// The part that a region names.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) region: Region,
}

impl ViewOp for Part {
    fn name(&self) -> &'static str {
        "slice"
    }
    fn node_name(&self) -> &'static str {
        match self.region.0.iter().rev().find(|p| **p != Pick::All) {
            Some(Pick::At(_)) => "SelectBackward0",
            Some(Pick::Range { .. }) => "SliceBackward0",
            Some(Pick::New) => "UnsqueezeBackward0",
            Some(Pick::All) | None => "AliasBackward0",
        }
    }
    fn layout(&self, x: &Layout) -> Result<Layout> {
        Ok(self.region.layout(x))
    }
    fn gradient(&self, grad: &Tensor, shape: &[usize]) -> Result<Tensor> {
        if self.region.0.iter().all(|p| matches!(p, Pick::All | Pick::New)) {
            return super::reshape_to(grad, shape);
        }
        place(self.clone(), grad, shape)
    }
}

/// The part that a region names, as a view. The region's indices must lie inside the tensor.
pub fn part(x: &Tensor, region: Region) -> Result<Tensor> {
    view_as(Part { region }, x)
}

/// The region of one index of an axis.
pub(super) fn select_region(shape: &[usize], axis: isize, index: isize) -> Result<Region> {
    crate::ensure!(!shape.is_empty(), Index, "select() cannot be applied to a 0-dim tensor.");
    let axis = normalize_axis(axis, shape.len())?;
    let Some(at) = wrap_index(index, shape[axis]) else {
        crate::bail!(Index, "select(): index {index} out of range for tensor of size {shape:?} at dimension {axis}")
    };
    Ok(Region::of_axis(axis, Pick::At(at)))
}

/// One index of an axis, as a view without that axis.
///
/// # Errors
/// `IndexError` for an axis or index out of range.
pub fn select(x: &Tensor, axis: isize, index: isize) -> Result<Tensor> {
    part(x, x.with_array(|a| select_region(a.shape(), axis, index))?)
}

/// The region of a slice of an axis.
pub(super) fn slice_region(
    shape: &[usize],
    axis: isize,
    start: Option<isize>,
    end: Option<isize>,
    step: isize,
) -> Result<Region> {
    crate::ensure!(!shape.is_empty(), Index, "slice() cannot be applied to a 0-dim tensor.");
    let axis = normalize_axis(axis, shape.len())?;
    Ok(Region::of_axis(axis, slice_range(start, end, step, shape[axis])?))
}

/// `start:end:step` of an axis, as a view.
///
/// # Errors
/// `IndexError` for an axis out of range, `ValueError` for a step that is not positive.
pub fn slice(x: &Tensor, axis: isize, start: Option<isize>, end: Option<isize>, step: isize) -> Result<Tensor> {
    part(x, x.with_array(|a| slice_region(a.shape(), axis, start, end, step))?)
}

/// `length` indices of an axis from `start`, as a view.
///
/// # Errors
/// `IndexError` for an axis or start out of range, `RuntimeError` where the end lies outside.
pub fn narrow(x: &Tensor, axis: isize, start: isize, length: isize) -> Result<Tensor> {
    let region = x.with_array(|a| {
        let shape = a.shape();
        crate::ensure!(!shape.is_empty(), Runtime, "narrow() cannot be applied to a 0-dim tensor.");
        crate::ensure!(length >= 0, Runtime, "narrow(): length must be non-negative.");
        let axis = normalize_axis(axis, shape.len())?;
        let size = shape[axis] as isize;
        crate::ensure!(
            (-size..=size).contains(&start),
            Index,
            "start out of range (expected to be in range of [{}, {size}], but got {start})",
            -size
        );
        let start = if start < 0 { start + size } else { start };
        crate::ensure!(
            start <= size - length.min(size) && length <= size,
            Runtime,
            "start ({start}) + length ({length}) exceeds dimension size ({size})."
        );
        Ok(Region::of_axis(axis, Pick::Range { start: start as usize, step: 1, length: length as usize }))
    })?;
    part(x, region)
}
