//! Basic indexing: which part of a tensor a list of integers, slices and new axes names.

use super::{Dims, Layout};
use crate::error::Result;
use smallvec::SmallVec;

/// What is taken of one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The whole axis.
    All,
    /// One index; the axis is gone.
    At(usize),
    /// `length` indices from `start`, each `step` after the one before.
    Range {
        /// The first index.
        start: usize,
        /// The distance of neighbours, at least 1.
        step: usize,
        /// The number of indices.
        length: usize,
    },
    /// A new axis of size 1, which uses up no axis of the tensor.
    New,
}

/// A part of a tensor: a pick for each of its leading axes; the axes behind are taken whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region(pub SmallVec<[Pick; 4]>);

impl Region {
    /// One pick along an axis.
    pub fn of_axis(axis: usize, pick: Pick) -> Self {
        let mut picks = SmallVec::from_elem(Pick::All, axis);
        picks.push(pick);
        Region(picks)
    }

    /// The layout of the part. Every index must lie inside its axis.
    pub fn layout(&self, x: &Layout) -> Layout {
        let mut out = Layout { shape: Dims::new(), strides: Dims::new(), offset: x.offset };
        let mut axis = 0;
        for pick in &self.0 {
            match *pick {
                Pick::New => {
                    let stride = if axis < x.shape.len() { x.shape[axis] * x.strides[axis] } else { 1 };
                    out.shape.push(1);
                    out.strides.push(stride);
                    continue;
                }
                Pick::All => {
                    out.shape.push(x.shape[axis]);
                    out.strides.push(x.strides[axis]);
                }
                Pick::At(index) => {
                    debug_assert!(index < x.shape[axis]);
                    out.offset += index * x.strides[axis];
                }
                Pick::Range { start, step, length } => {
                    debug_assert!(length == 0 || start + (length - 1) * step < x.shape[axis]);
                    out.offset += start * x.strides[axis];
                    out.shape.push(length);
                    out.strides.push(x.strides[axis].saturating_mul(step));
                }
            }
            axis += 1;
        }
        out.shape.extend_from_slice(&x.shape[axis..]);
        out.strides.extend_from_slice(&x.strides[axis..]);
        out
    }
}

/// An index in `0..size` from one that may count from the end; `None` if it lies outside.
#[inline]
pub fn wrap_index(index: isize, size: usize) -> Option<usize> {
    let wrapped = if index < 0 { index.wrapping_add(size as isize) } else { index };
    (wrapped >= 0 && (wrapped as usize) < size).then_some(wrapped as usize)
}

/// The indices that `start:end:step` names on an axis of `size`, clamped as Python's slices are.
///
/// # Errors
/// `ValueError` for a step that is not positive.
pub fn slice_range(start: Option<isize>, end: Option<isize>, step: isize, size: usize) -> Result<Pick> {
    crate::ensure!(step != 0, Value, "slice step cannot be zero");
    crate::ensure!(step > 0, Value, "step must be greater than zero");
    let clamp = |i: isize| {
        let i = if i < 0 { i.saturating_add(size as isize) } else { i };
        i.clamp(0, size as isize) as usize
    };
    // Only what says so names the whole: `x[-4:]` is a slice even of four elements, as in PyTorch.
    if start.unwrap_or(0) == 0 && step == 1 && end.is_none_or(|e| e >= size as isize) {
        return Ok(Pick::All);
    }
    let start = start.map_or(0, clamp);
    let end = end.map_or(size, clamp).max(start);
    let length = (end - start).div_ceil(step as usize);
    Ok(Pick::Range { start, step: step as usize, length })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_where_python_says() {
        let x = Layout::contiguous(&[4, 5, 6]);
        let region = Region(SmallVec::from_slice(&[
            Pick::At(1),
            Pick::New,
            slice_range(Some(-4), None, 2, 5).unwrap(),
            slice_range(None, Some(100), 1, 6).unwrap(),
        ]));
        let y = region.layout(&x);
        assert_eq!((y.shape.as_slice(), y.offset), (&[1, 2, 6][..], 36));
        assert_eq!(&y.strides[1..], [12, 1]);
    }

    #[test]
    fn slices_clamp_and_refuse_backward_steps() {
        assert_eq!(slice_range(Some(3), Some(1), 1, 5).unwrap(), Pick::Range { start: 3, step: 1, length: 0 });
        assert_eq!(slice_range(Some(-100), Some(100), 3, 5).unwrap(), Pick::Range { start: 0, step: 3, length: 2 });
        assert_eq!(
            slice_range(Some(isize::MIN), Some(isize::MAX), 1, 5).unwrap(),
            Pick::Range { start: 0, step: 1, length: 5 }
        );
        assert_eq!(slice_range(None, Some(isize::MAX), 1, 5).unwrap(), Pick::All);
        assert!(slice_range(None, None, 0, 5).is_err() && slice_range(None, None, -1, 5).is_err());
        assert_eq!((wrap_index(-1, 3), wrap_index(3, 3), wrap_index(isize::MIN, 3)), (Some(2), None, None));
    }
}
