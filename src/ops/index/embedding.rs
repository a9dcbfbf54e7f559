//! Rows of a table, looked up by number.

use super::along::{self, Combine};
use super::slices::{distinct, index_copy_};
use crate::array::{Array, DType, Scalar};
use crate::autograd::{Arrays, Context, GradModeGuard, Grads, Op, Saves, Tensor, apply};
use crate::error::Result;
use crate::ops::binary::{div, mul};
use crate::ops::{reduce, view};
use crate::shape::{Dims, numel};
use smallvec::smallvec;

/// The rows of a table that `indices` names: its shape, with the length of a row behind.
///
/// # Errors
/// `RuntimeError` for a table that is no matrix, and indices of another dtype than `int64` and `int32`; `IndexError` for
/// numbers out of range.
pub fn embedding(table: &Tensor, indices: &Tensor, padding: Option<usize>, by_frequency: bool) -> Result<Tensor> {
    crate::ensure!(table.ndim() == 2, Runtime, "'weight' must be 2-D");
    let indices = numbers("embedding", table, indices)?;
    apply(Embedding { padding, by_frequency }, &[table, &indices])
}

/// Scales the rows of a table that `indices` names down to a norm, in place, where theirs is larger. Not recorded.
///
/// # Errors
/// As [`embedding`].
pub fn embedding_renorm_(table: &Tensor, indices: &Tensor, max_norm: f64, p: f64) -> Result<()> {
    crate::ensure!(
        table.ndim() == 2,
        Runtime,
        "Expected 2-dimensional tensor, but got {}-dimensional tensor for argument #1 'self' (while checking arguments for \
         embedding_renorm_)",
        table.ndim()
    );
    let indices = numbers("embedding_renorm_", table, indices)?;
    let _off = GradModeGuard::new(false);
    let table = table.detach();
    let named = distinct(&view::reshape(&indices, &[-1])?)?;
    let rows = super::index_select(&table, 0, &named)?;
    let norms = reduce::norm(&rows, p, Some(&[1]), false, None)?.array().to_dtype(DType::F64)?;
    let (mut large, mut factors) = (Vec::new(), Vec::new());
    for (i, &norm) in norms.slice::<f64>().iter().enumerate() {
        if norm > max_norm {
            large.push(i as i64);
            factors.push(max_norm / (norm + 1e-7));
        }
    }
    if large.is_empty() {
        return Ok(());
    }
    let count = large.len();
    let large = Tensor::new(Array::from_slice(&large, &[count])?);
    let factors = Tensor::new(Array::from_slice(&factors, &[count, 1])?.to_dtype(table.dtype())?);
    let scaled = mul(&super::index_select(&rows, 0, &large)?, &factors)?;
    index_copy_(&table, 0, &super::index_select(&named, 0, &large)?, &scaled)
}

/// Indices as `int64`, checked against a table.
fn numbers(op: &str, table: &Tensor, indices: &Tensor) -> Result<Tensor> {
    let long = along::as_long(indices, || {
        crate::error!(
            Runtime,
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got \
             rsnn.{}Tensor instead (while checking arguments for {op})",
            indices.dtype().type_name()
        )
    })?;
    let rows = table.with_array(|t| t.shape()[0]) as i64;
    let outside = long.with_array(|i| along::first_outside(i, 0, rows));
    crate::ensure!(outside.is_none(), Index, "index out of range in self");
    Ok(long)
}

/// The shape of the rows that were looked up, as a matrix.
fn flat(indices: &[usize], width: usize) -> [usize; 2] {
    [numel(indices), width]
}

#[derive(Debug)]
struct Embedding {
    /// A row that gets no gradient.
    padding: Option<usize>,
    /// Whether the gradient of a row is divided by how often it was named.
    by_frequency: bool,
}

impl Op for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let (table, indices) = (x[0], x[1]);
        let flat_index = indices.reshape(&[indices.numel()])?;
        let out = along::gather(table, 0, &along::spread(&flat_index, 0, table.shape()))?;
        let mut shape = indices.dims();
        shape.push(table.shape()[1]);
        Ok(smallvec![out.reshape(&shape)?])
    }
    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[1])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None, None]) };
        let indices = cx.input(1)?;
        let shape = Dims::from_slice(cx.shape(0));
        let mut rows = view::reshape_to(grad, &flat(cx.shape(1), shape[1]))?;
        if self.by_frequency {
            rows = div(&rows, &frequencies(&indices.array(), shape[0], grad.dtype())?)?;
        }
        Ok(smallvec![Some(apply(Rows { padding: self.padding, shape }, &[&rows, &indices])?), None])
    }
}

/// How often the number that each index holds occurs among all, as a column.
fn frequencies(indices: &Array, rows: usize, dtype: DType) -> Result<Tensor> {
    let indices = indices.contiguous()?;
    let mut counts = vec![0i64; rows];
    let numbers = indices.slice::<i64>();
    numbers.iter().for_each(|&i| counts[i as usize] += 1);
    let own: Vec<i64> = numbers.iter().map(|&i| counts[i as usize]).collect();
    Ok(Tensor::new(Array::from_slice(&own, &[own.len(), 1])?.to_dtype(dtype)?))
}

/// Rows added up where indices name them in a table of zeros: the gradient of [`Embedding`].
#[derive(Debug)]
struct Rows {
    padding: Option<usize>,
    shape: Dims,
}

impl Op for Rows {
    fn name(&self) -> &'static str {
        "embedding_dense_backward"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::zeros(&self.shape, x[0].dtype())?;
        let index = along::spread(&x[1].reshape(&[x[1].numel()])?, 0, &self.shape);
        along::scatter(&out, 0, &index, x[0], Combine::Add)?;
        if let Some(row) = self.padding {
            out.map_layout(|l| l.select(0, row)).fill(Scalar::Int(0))?;
        }
        Ok(smallvec![out])
    }
    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[1])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None, None]) };
        let indices = cx.input(1)?;
        let flat_index = view::reshape(&indices, &[-1])?;
        let mut rows = super::index_select(grad, 0, &flat_index)?;
        if let Some(row) = self.padding {
            let kept = |i: i64| (i != row as i64) as i64 as f64;
            let array = flat_index.array().contiguous()?;
            let kept: Vec<f64> = array.slice::<i64>().iter().map(|&i| kept(i)).collect();
            rows = mul(&rows, &Tensor::new(Array::from_slice(&kept, &[kept.len(), 1])?.to_dtype(rows.dtype())?))?;
        }
        Ok(smallvec![Some(rows), None])
    }
}
