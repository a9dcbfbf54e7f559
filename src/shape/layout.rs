//! A strided layout: which places of a storage the elements of a view occupy, and the algebra of views on it.

use super::{Dims, contiguous_strides, normalize_axis, numel};
use crate::error::Result;

/// Shape, strides and offset, all counted in elements. Strides are never negative, as in PyTorch.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// Size of each axis.
    pub shape: Dims,
    /// Distance between neighbours along each axis.
    pub strides: Dims,
    /// Place of the first element.
    pub offset: usize,
}

impl Clone for Layout {
    /// As the derived one, but by copying numbers at once: every tensor that is made clones a layout.
    #[inline]
    fn clone(&self) -> Self {
        Layout { shape: Dims::from_slice(&self.shape), strides: Dims::from_slice(&self.strides), offset: self.offset }
    }
}

impl Layout {
    /// Row-major from place 0.
    pub fn contiguous(shape: &[usize]) -> Self {
        Layout { shape: Dims::from_slice(shape), strides: contiguous_strides(shape), offset: 0 }
    }

    /// The number of elements.
    #[inline]
    pub fn numel(&self) -> usize {
        numel(&self.shape)
    }

    /// Whether the elements lie in row-major order without gaps. Axes of size 1 may have any stride.
    pub fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if size != 1 {
                if stride != expected {
                    // An axis of size 0 may still come: what holds no element has no gaps.
                    return self.shape.contains(&0);
                }
                expected *= size;
            }
        }
        true
    }

    /// Axes from the largest stride to the smallest; ties keep their order.
    pub fn axes_by_stride(&self) -> Dims {
        let mut axes: Dims = (0..self.shape.len()).collect();
        axes.sort_by(|&a, &b| self.strides[b].cmp(&self.strides[a]).then(a.cmp(&b)));
        axes
    }

    /// Whether the elements fill a block of memory, in some order of the axes, each place once.
    pub fn is_dense(&self) -> bool {
        if self.is_contiguous() {
            return true;
        }
        let mut expected = 1;
        for &axis in self.axes_by_stride().iter().rev().filter(|&&a| self.shape[a] != 1) {
            if self.strides[axis] != expected {
                return false;
            }
            expected *= self.shape[axis];
        }
        true
    }

    /// Whether two indices might name the same place (exact for the layouts that views make).
    pub fn may_overlap(&self) -> bool {
        if self.numel() <= 1 || self.is_contiguous() {
            return false;
        }
        let mut reach = 0;
        for &axis in self.axes_by_stride().iter().rev().filter(|&&a| self.shape[a] != 1) {
            if self.strides[axis] <= reach {
                return true;
            }
            reach += self.strides[axis] * (self.shape[axis] - 1);
        }
        false
    }

    /// The places after the last one that any index names, 0 for an empty layout.
    pub fn end(&self) -> usize {
        if self.numel() == 0 {
            return 0;
        }
        self.offset + self.shape.iter().zip(&self.strides).map(|(&n, &s)| (n - 1) * s).sum::<usize>() + 1
    }

    /// Strides of a fresh result that keeps the order of the axes in memory, from offset 0.
    pub fn dense_like(&self) -> Layout {
        if self.is_contiguous() {
            return Layout::contiguous(&self.shape);
        }
        if self.is_dense() {
            return Layout { shape: self.shape.clone(), strides: self.strides.clone(), offset: 0 };
        }
        // From the innermost axis out; an axis that stands still (stride 0) passes nobody.
        let mut order: Dims = (0..self.shape.len()).rev().collect();
        for i in 1..order.len() {
            let mut at = i;
            for j in (0..i).rev() {
                let (inner, axis) = (order[j], order[at]);
                let (a, b) = (self.strides[inner], self.strides[axis]);
                match a.cmp(&b) {
                    _ if a == 0 || b == 0 => continue,
                    std::cmp::Ordering::Less => break,
                    std::cmp::Ordering::Equal if self.shape[inner] <= self.shape[axis] => break,
                    _ => {
                        order.swap(j, at);
                        at = j;
                    }
                }
            }
        }
        let mut out = Layout::contiguous(&self.shape);
        let mut stride = 1;
        for axis in order {
            out.strides[axis] = stride;
            stride *= self.shape[axis].max(1);
        }
        out
    }

    /// Axes in another order.
    pub fn permute(&self, axes: &[usize]) -> Layout {
        Layout {
            shape: axes.iter().map(|&a| self.shape[a]).collect(),
            strides: axes.iter().map(|&a| self.strides[a]).collect(),
            offset: self.offset,
        }
    }

    /// Two axes exchanged.
    pub fn transpose(&self, a: usize, b: usize) -> Layout {
        let mut out = self.clone();
        out.shape.swap(a, b);
        out.strides.swap(a, b);
        out
    }

    /// Every `step`-th index of `start..end` along an axis.
    pub fn slice(&self, axis: usize, start: usize, end: usize, step: usize) -> Layout {
        let mut out = self.clone();
        let length = end.saturating_sub(start).div_ceil(step);
        out.shape[axis] = length;
        out.offset += start.min(self.shape[axis]) * self.strides[axis];
        out.strides[axis] = self.strides[axis].saturating_mul(step).min(isize::MAX as usize);
        out
    }

    /// One index of an axis; the axis is gone.
    pub fn select(&self, axis: usize, index: usize) -> Layout {
        let mut out = self.clone();
        out.offset += index * self.strides[axis];
        out.shape.remove(axis);
        out.strides.remove(axis);
        out
    }

    /// A new axis of size 1 before `axis`.
    pub fn unsqueeze(&self, axis: usize) -> Layout {
        let mut out = self.clone();
        let stride = if axis < self.shape.len() { self.shape[axis].wrapping_mul(self.strides[axis]) } else { 1 };
        out.shape.insert(axis, 1);
        out.strides.insert(axis, stride);
        out
    }

    /// Without the axes of size 1 among those chosen.
    pub fn squeeze(&self, chosen: impl Fn(usize) -> bool) -> Layout {
        let keep: Dims = (0..self.shape.len()).filter(|&a| !(self.shape[a] == 1 && chosen(a))).collect();
        self.permute(&keep)
    }

    /// Stretched to a larger shape: axes of size 1, and new leading axes, get stride 0. `-1` keeps a size.
    ///
    /// # Errors
    /// `RuntimeError` in PyTorch's words where a size does not fit.
    pub fn expand(&self, sizes: &[isize]) -> Result<Layout> {
        crate::ensure!(
            sizes.len() >= self.shape.len(),
            Runtime,
            "expand({:?}, size={:?}): the number of sizes provided ({}) must be greater or equal to the number of \
             dimensions in the tensor ({})",
            self.shape.as_slice(),
            sizes,
            sizes.len(),
            self.shape.len()
        );
        let lead = sizes.len() - self.shape.len();
        let mut out = Layout { shape: Dims::new(), strides: Dims::new(), offset: self.offset };
        for (axis, &wanted) in sizes.iter().enumerate() {
            let (size, stride) =
                if axis < lead { (1, 0) } else { (self.shape[axis - lead], self.strides[axis - lead]) };
            let (size, stride) = match wanted {
                -1 if axis < lead => crate::bail!(
                    Runtime,
                    "expand: the expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {axis}"
                ),
                -1 => (size, stride),
                w if w >= 0 && w as usize == size && axis >= lead => (size, stride),
                w if w >= 0 && size == 1 => (w as usize, 0),
                w => crate::bail!(
                    Runtime,
                    "The expanded size of the tensor ({w}) must match the existing size ({size}) at non-singleton \
                     dimension {axis}.  Target sizes: {:?}.  Tensor sizes: {:?}",
                    sizes,
                    self.shape.as_slice()
                ),
            };
            out.shape.push(size);
            out.strides.push(stride);
        }
        Ok(out)
    }

    /// Stretched to a shape that broadcasting has found to fit.
    pub fn broadcast_to(&self, shape: &[usize]) -> Layout {
        if self.shape.as_slice() == shape {
            return self.clone();
        }
        let lead = shape.len() - self.shape.len();
        let strides = (0..shape.len())
            .map(
                |axis| {
                    if axis < lead || self.shape[axis - lead] != shape[axis] { 0 } else { self.strides[axis - lead] }
                },
            )
            .collect();
        Layout { shape: Dims::from_slice(shape), strides, offset: self.offset }
    }

    /// The same elements under another shape, without moving them; `None` where strides cannot express it.
    pub fn view(&self, shape: &[usize]) -> Option<Layout> {
        let dense = Layout { shape: Dims::from_slice(shape), strides: contiguous_strides(shape), offset: self.offset };
        if self.is_contiguous() {
            return Some(dense);
        }
        // Walk both shapes from the end, matching runs of old axes that are contiguous among themselves.
        let mut strides = dense.strides;
        let mut new = shape.len();
        let mut run = 1usize;
        let mut run_numel = 1usize;
        let mut base_stride = self.strides.last().copied().unwrap_or(1);
        for old in (0..self.shape.len()).rev() {
            run *= self.shape[old];
            let ends = old == 0 || (self.shape[old - 1] != 1 && self.strides[old - 1] != run.wrapping_mul(base_stride));
            if !ends {
                continue;
            }
            while new > 0 && (run_numel < run || shape[new - 1] == 1) {
                new -= 1;
                strides[new] = run_numel.wrapping_mul(base_stride);
                run_numel *= shape[new];
            }
            if run_numel != run {
                return None;
            }
            if old > 0 {
                base_stride = self.strides[old - 1];
                run = 1;
                run_numel = 1;
            }
        }
        (new == 0).then(|| Layout { shape: Dims::from_slice(shape), strides, offset: self.offset })
    }

    /// The diagonal of two axes, as a new last axis.
    pub fn diagonal(&self, offset: isize, a: usize, b: usize) -> Layout {
        let (rows, columns) = (self.shape[a] as isize, self.shape[b] as isize);
        let length =
            if offset >= 0 { rows.min(columns - offset) } else { (rows + offset).min(columns) }.max(0) as usize;
        let mut out = self.clone();
        if length > 0 {
            out.offset +=
                if offset >= 0 { offset as usize * self.strides[b] } else { offset.unsigned_abs() * self.strides[a] };
        }
        let stride = self.strides[a] + self.strides[b];
        for axis in [a.max(b), a.min(b)] {
            out.shape.remove(axis);
            out.strides.remove(axis);
        }
        out.shape.push(length);
        out.strides.push(stride);
        out
    }

    /// Windows of `size` every `step` along an axis; the window is a new last axis.
    pub fn unfold(&self, axis: isize, size: usize, step: usize) -> Result<Layout> {
        let axis = normalize_axis(axis, self.shape.len())?;
        crate::ensure!(step > 0, Runtime, "unfold: step is {step} but must be > 0");
        let mut out = self.clone();
        if self.shape.is_empty() {
            crate::ensure!(
                size <= 1,
                Runtime,
                "unfold: maximum size for tensor at dimension 0 is 1 but size is {size}"
            );
            out.shape.push(size);
            out.strides.push(1);
            return Ok(out);
        }
        let max = self.shape[axis];
        crate::ensure!(
            size <= max,
            Runtime,
            "unfold: maximum size for tensor at dimension {axis} is {max} but size is {size}"
        );
        out.shape[axis] = (max - size) / step + 1;
        // Where there is a single window, the distance to the next means nothing and may be beyond counting.
        out.strides[axis] = self.strides[axis].saturating_mul(step).min(isize::MAX as usize);
        out.shape.push(size);
        out.strides.push(self.strides[axis]);
        Ok(out)
    }
}
