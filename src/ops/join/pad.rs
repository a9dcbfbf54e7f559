//! A border of one number around a tensor.

use crate::array::{Array, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::dispatch_size;
use crate::error::Result;
use crate::kernels::index::{Border, NOWHERE};
use crate::ops::view;
use crate::shape::Dims;
use smallvec::{SmallVec, smallvec};

/// How wide the border is, and what it is made of.
#[derive(Debug)]
struct Pad {
    /// Before and after each axis.
    widths: SmallVec<[(usize, usize); 6]>,
    value: Scalar,
}

/// The longest list of rows that is made for one call.
const ROWS: usize = 1 << 12;

impl Pad {
    /// The result as planes, from the first axis with a border on; none where there are too many rows to list.
    fn border(&self, shape: &[usize]) -> Option<Border> {
        let last = shape.len().checked_sub(1)?;
        let first = self.widths[..last].iter().position(|&widths| widths != (0, 0)).unwrap_or(last);
        let grown = |axis: usize| shape[axis] + self.widths[axis].0 + self.widths[axis].1;
        if shape.contains(&0) || (first..last).map(grown).try_fold(1usize, usize::checked_mul)? > ROWS {
            return None;
        }
        let nowhere = |width| vec![NOWHERE; width];
        Some(Border::of_axes(&shape[first..], |axis| {
            let (before, after) = self.widths[first + axis];
            [nowhere(before), nowhere(after)]
        }))
    }
}

impl Op for Pad {
    fn name(&self) -> &'static str {
        "constant_pad_nd"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let inner = x[0].shape();
        let shape: Dims =
            inner.iter().zip(&self.widths).map(|(&size, (before, after))| before + size + after).collect();
        let out = Array::empty(&shape, x[0].dtype())?;
        if let Some(border) = self.border(inner) {
            let (from, to) = (x[0].contiguous()?.bits(), out.bits());
            let value = Array::scalar(self.value, x[0].dtype())?.bits();
            dispatch_size!(x[0].dtype(), T => {
                border.put_around(from.slice::<T>(), value.slice::<T>()[0], to.slice_mut::<T>());
            });
            return Ok(smallvec![out]);
        }
        // Each axis has its two strips; those of the next one are as long as the tensor without the border so far.
        let mut rest = out.clone();
        for (axis, (&size, &(before, after))) in inner.iter().zip(&self.widths).enumerate() {
            for (start, width) in [(0, before), (before + size, after)] {
                if width > 0 {
                    rest.map_layout(|l| l.slice(axis, start, start + width, 1)).fill(self.value)?;
                }
            }
            rest = rest.map_layout(|l| l.slice(axis, before, before + size, 1));
        }
        rest.copy_from(x[0])?;
        Ok(smallvec![out])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None]) };
        let mut grad = grad.clone();
        for (axis, (&size, &(before, after))) in cx.shape(0).iter().zip(&self.widths).enumerate() {
            if before + after > 0 {
                grad = view::narrow(&grad, axis as isize, before as isize, size as isize)?;
            }
        }
        Ok(smallvec![Some(grad)])
    }
}

/// A copy with a border of `value`: `widths` are those before and after each axis.
///
/// # Errors
/// `RuntimeError` unless there is a pair of widths for each axis.
pub fn constant_pad(x: &Tensor, widths: &[(usize, usize)], value: Scalar) -> Result<Tensor> {
    crate::ensure!(
        widths.len() == x.ndim(),
        Runtime,
        "constant_pad_nd: expected {} pairs of widths, got {}",
        x.ndim(),
        widths.len()
    );
    apply(Pad { widths: widths.iter().copied().collect(), value }, &[x])
}
