//! `tril` and `triu`: the triangles of matrices.

use crate::array::{Array, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply, apply_inplace};
use crate::dispatch_size;
use crate::error::Result;
use crate::kernels::index::keep_ranges;
use smallvec::smallvec;
use std::ops::Range;

/// The elements on one side of a diagonal; zeros elsewhere.
#[derive(Clone, Copy, Debug)]
struct Triangle {
    upper: bool,
    diagonal: isize,
}

impl Triangle {
    /// The columns of a row that belong to the triangle, and the others.
    fn columns(self, row: usize, columns: usize) -> (Range<usize>, Range<usize>) {
        let border = (row as isize).saturating_add(self.diagonal);
        let clamp = |at: isize| at.clamp(0, columns as isize) as usize;
        if self.upper {
            let at = clamp(border);
            (at..columns, 0..at)
        } else {
            let at = clamp(border.saturating_add(1));
            (0..at, at..columns)
        }
    }

    fn check(self, x: &Array) -> Result<()> {
        let name = self.name();
        crate::ensure!(x.ndim() >= 2, Runtime, "{name}: input tensor must have at least 2 dimensions");
        Ok(())
    }

    fn apply(self, x: &Tensor) -> Result<Tensor> {
        apply(self, &[x])
    }
}

/// A piece of one row of every matrix.
fn piece(x: &Array, row: usize, columns: &Range<usize>) -> Array {
    let axis = x.ndim() - 2;
    x.map_layout(|l| l.select(axis, row).slice(axis, columns.start, columns.end, 1))
}

impl Op for Triangle {
    fn name(&self) -> &'static str {
        if self.upper { "triu" } else { "tril" }
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        self.check(x[0])?;
        let out = Array::empty(x[0].shape(), x[0].dtype())?;
        if out.numel() > 0 {
            let (rows, columns) = (out.shape()[out.ndim() - 2], out.shape()[out.ndim() - 1]);
            let (from, to) = (x[0].contiguous()?.bits(), out.bits());
            let kept = |row: usize| self.columns(row % rows, columns).0;
            dispatch_size!(out.dtype(), T => keep_ranges(from.slice::<T>(), columns, kept, 0, to.slice_mut::<T>()));
        }
        Ok(smallvec![out])
    }
    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        self.check(x[0])?;
        let axis = x[0].ndim() - 2;
        for row in 0..x[0].shape()[axis] {
            let (_, cleared) = self.columns(row, x[0].shape()[axis + 1]);
            if !cleared.is_empty() {
                piece(x[0], row, &cleared).fill(Scalar::Int(0))?;
            }
        }
        Ok(())
    }
    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|grad| self.apply(grad)).transpose()?])
    }
}

/// The lower triangles of matrices: what lies on and below a diagonal, `diagonal` places to the right of the main one.
///
/// # Errors
/// `RuntimeError` for fewer than two axes.
pub fn tril(x: &Tensor, diagonal: isize) -> Result<Tensor> {
    Triangle { upper: false, diagonal }.apply(x)
}

/// The upper triangles of matrices: what lies on and above a diagonal.
///
/// # Errors
/// `RuntimeError` for fewer than two axes.
pub fn triu(x: &Tensor, diagonal: isize) -> Result<Tensor> {
    Triangle { upper: true, diagonal }.apply(x)
}

/// [`tril`] in place.
///
/// # Errors
/// As [`tril`].
pub fn tril_(x: &Tensor, diagonal: isize) -> Result<()> {
    apply_inplace(Triangle { upper: false, diagonal }, &[x])
}

/// [`triu`] in place.
///
/// # Errors
/// As [`triu`].
pub fn triu_(x: &Tensor, diagonal: isize) -> Result<()> {
    apply_inplace(Triangle { upper: true, diagonal }, &[x])
}
