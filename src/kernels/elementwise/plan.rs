//! The order of a walk over several layouts of one shape: axes sorted by the first operand's strides, neighbours
//! merged where every operand allows it.

use smallvec::SmallVec;
use std::ops::Range;

/// A simplified common shape with the strides of `N` operands. The last axis is the row.
pub struct Plan<const N: usize> {
    axes: SmallVec<[Axis<N>; 4]>,
    numel: usize,
}

#[derive(Clone, Copy)]
struct Axis<const N: usize> {
    size: usize,
    strides: [usize; N],
}

impl<const N: usize> Plan<N> {
    /// For operands of one shape; `strides[0]` decides the order of the axes.
    pub fn new(shape: &[usize], strides: [&[usize]; N]) -> Self {
        if let Some(flat) = Self::flat(shape, strides) {
            return flat;
        }
        let mut axes: SmallVec<[Axis<N>; 4]> = SmallVec::new();
        let mut numel = 1;
        for (axis, &size) in shape.iter().enumerate() {
            numel *= size;
            if size != 1 {
                axes.push(Axis { size, strides: std::array::from_fn(|k| strides[k][axis]) });
            }
        }
        if numel == 0 {
            axes.clear();
        }
        // An insertion sort: few axes, mostly in order, and equal strides keep row-major order. Ties look at the inputs.
        for i in 1..axes.len() {
            for k in (1..=i).rev() {
                if axes[k - 1].strides >= axes[k].strides {
                    break;
                }
                axes.swap(k - 1, k);
            }
        }
        let mut merged: SmallVec<[Axis<N>; 4]> = SmallVec::new();
        for axis in axes {
            match merged.last_mut() {
                Some(outer) if (0..N).all(|k| outer.strides[k] == axis.strides[k] * axis.size) => {
                    *outer = Axis { size: outer.size * axis.size, strides: axis.strides };
                }
                _ => merged.push(axis),
            }
        }
        if merged.is_empty() {
            merged.push(Axis { size: numel, strides: [1; N] });
        }
        Plan { axes: merged, numel }
    }

    /// The plan of the most common case: every operand is contiguous or stands still.
    #[inline]
    fn flat(shape: &[usize], strides: [&[usize]; N]) -> Option<Self> {
        let mut numel = 1;
        let mut row = [0; N];
        for axis in (0..shape.len()).rev() {
            let size = shape[axis];
            if size == 1 {
                continue;
            }
            for k in 0..N {
                let stride = strides[k][axis];
                match stride {
                    s if s == row[k] * numel && (s != 0 || numel != 1) => {}
                    0 if numel == 1 => {}
                    1 if numel == 1 => row[k] = 1,
                    _ => return None,
                }
            }
            numel *= size;
        }
        let mut axes = SmallVec::new();
        axes.push(Axis { size: numel, strides: if numel == 1 { [1; N] } else { row } });
        Some(Plan { axes, numel })
    }

    /// The number of elements to visit.
    pub fn numel(&self) -> usize {
        self.numel
    }

    /// Visits the elements of a range of the walk's order, a row or part of a row at a time:
    /// `row(offsets of its first element, strides, length)`.
    pub fn walk(&self, range: Range<usize>, row: &(dyn Fn([usize; N], [usize; N], usize) + Sync)) {
        if range.is_empty() {
            return;
        }
        let inner = self.axes[self.axes.len() - 1];
        let outer = &self.axes[..self.axes.len() - 1];
        let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, outer.len());
        let mut base = [0; N];
        let mut rest = range.start / inner.size;
        for (axis, i) in outer.iter().zip(&mut index).rev() {
            *i = rest % axis.size;
            rest /= axis.size;
            for k in 0..N {
                base[k] += *i * axis.strides[k];
            }
        }
        let mut column = range.start % inner.size;
        let mut left = range.len();
        loop {
            let len = left.min(inner.size - column);
            row(std::array::from_fn(|k| base[k] + column * inner.strides[k]), inner.strides, len);
            left -= len;
            if left == 0 {
                return;
            }
            column = 0;
            for (axis, i) in outer.iter().zip(&mut index).rev() {
                *i += 1;
                for k in 0..N {
                    base[k] += axis.strides[k];
                }
                if *i < axis.size {
                    break;
                }
                for k in 0..N {
                    base[k] -= axis.size * axis.strides[k];
                }
                *i = 0;
            }
        }
    }
}
