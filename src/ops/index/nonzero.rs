//! Where a tensor is not zero.

use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::error::Result;
use crate::kernels::index::Positions;
use crate::shape::Layout;
use smallvec::smallvec;

/// The indices of the elements that are not zero, a row for each, in row-major order; the columns lie contiguous.
///
/// # Errors
/// None but for want of memory.
pub fn nonzero(x: &Tensor) -> Result<Tensor> {
    apply(Nonzero { rows: None, fill: 0 }, &[x])
}

/// As [`nonzero`], cut or filled up to `rows` rows.
///
/// # Errors
/// `RuntimeError` for a negative number of rows.
pub fn nonzero_static(x: &Tensor, rows: i64, fill: i64) -> Result<Tensor> {
    crate::ensure!(rows >= 0, Runtime, "nonzero_static: 'size' must be an non-negative integer");
    apply(Nonzero { rows: Some(rows as usize), fill }, &[x])
}

#[derive(Debug)]
struct Nonzero {
    rows: Option<usize>,
    fill: i64,
}

impl Op for Nonzero {
    fn name(&self) -> &'static str {
        if self.rows.is_some() { "nonzero_static" } else { "nonzero" }
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let mask = x[0].to_dtype(DType::Bool)?.contiguous()?;
        let found = Positions::new(mask.slice::<bool>());
        let rows = self.rows.unwrap_or(found.count());
        let shape = [x[0].ndim(), rows];
        let out = match rows <= found.count() {
            true => Array::empty(&shape, DType::I64)?,
            false => Array::full(&shape, self.fill.into(), DType::I64)?,
        };
        found.columns(x[0].shape(), rows, out.slice_mut::<i64>());
        match self.rows {
            Some(_) => Ok(smallvec![out.map_layout(|l: &Layout| l.transpose(0, 1)).contiguous()?]),
            None => Ok(smallvec![out.map_layout(|l: &Layout| l.transpose(0, 1))]),
        }
    }
    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![None])
    }
}
