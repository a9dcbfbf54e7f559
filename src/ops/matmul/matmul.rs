//! `matmul`: vectors, matrices and batches of matrices, with broadcasting of the batches.

use super::{bmm, dot, mm, mv};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::view;
use crate::shape::{Dims, broadcast, numel};

/// The matrix product of tensors of any rank.
///
/// Two vectors give a scalar, a matrix and a vector a vector; a vector in first place stands for a row. Of higher ranks,
/// the last two axes are the matrices and the others broadcast.
///
/// # Errors
/// `RuntimeError` for scalars, and where sizes do not fit.
pub fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (x, y) = (a.shape(), b.shape());
    match (x.len(), y.len()) {
        (0, _) | (_, 0) => crate::bail!(
            Runtime,
            "both arguments to matmul need to be at least 1D, but they are {}D and {}D",
            x.len(),
            y.len()
        ),
        (1, 1) => dot(a, b),
        (2, 1) => mv(a, b),
        (1, 2) => view::squeeze(&mm(&view::unsqueeze(a, 0)?, b)?, Some(&[0])),
        (2, 2) => mm(a, b),
        // The axes before the last are all rows of one matrix.
        (n, 1 | 2) if n > 2 => {
            let rows = numel(&x[..n - 1]);
            let folded = view::reshape_to(a, &[rows, x[n - 1]])?;
            let mut shape: Dims = Dims::from_slice(&x[..n - 1]);
            let product = if y.len() == 1 {
                mv(&folded, b)?
            } else {
                shape.push(y[1]);
                mm(&folded, b)?
            };
            view::reshape_to(&product, &shape)
        }
        (1, n) => {
            let product = batched(&view::unsqueeze(a, 0)?, b)?;
            view::squeeze(&product, Some(&[n as isize - 2]))
        }
        _ => batched(a, b),
    }
}

/// Both have at least two axes.
fn batched(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (x, y) = (a.shape(), b.shape());
    let (n, m) = (x.len(), y.len());
    let batch = broadcast(&x[..n - 2], &y[..m - 2])?;
    let flat = |t: &Tensor, shape: &[usize]| -> Result<Tensor> {
        let matrix = &shape[shape.len() - 2..];
        let full: Dims = batch.iter().chain(matrix).copied().collect();
        let spread = if full.as_slice() == shape { t.clone() } else { view::broadcast_to(t, &full)? };
        view::reshape_to(&spread, &[numel(&batch), matrix[0], matrix[1]])
    };
    let product = bmm(&flat(a, &x)?, &flat(b, &y)?)?;
    let shape: Dims = batch.iter().copied().chain([x[n - 2], y[m - 1]]).collect();
    view::reshape_to(&product, &shape)
}
