//! Differences of neighbours.

use crate::array::DType;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::binary::{logical_xor, sub};
use crate::ops::join::cat;
use crate::ops::view;
use crate::shape::normalize_axis;

/// The differences of neighbours along an axis, `order` times; of `bool` whether they differ. What is to come before and
/// behind is joined first.
///
/// # Errors
/// `RuntimeError` for a tensor without axes, a negative order, and parts that do not fit; `IndexError` for an axis out of
/// range.
pub fn diff(x: &Tensor, order: i64, dim: isize, before: Option<&Tensor>, behind: Option<&Tensor>) -> Result<Tensor> {
    crate::ensure!(x.ndim() > 0, Runtime, "diff expects input to be at least one-dimensional");
    crate::ensure!(order >= 0, Runtime, "order must be non-negative but got {order}");
    let axis = normalize_axis(dim, x.ndim())?;
    for part in before.iter().chain(&behind) {
        check_part(x, part, axis)?;
    }
    let parts: Vec<&Tensor> = before.into_iter().chain([x]).chain(behind).collect();
    let axis = axis as isize;
    let mut out = if parts.len() == 1 || order == 0 { x.clone() } else { cat(&parts, axis)? };
    let size = out.shape()[axis as usize] as i64;
    if order >= size && size > 0 {
        return view::narrow(&out, axis, 0, 0);
    }
    for _ in 0..order.min(size) {
        let upper = view::slice(&out, axis, Some(1), None, 1)?;
        let lower = view::slice(&out, axis, None, Some(-1), 1)?;
        out = if out.dtype() == DType::Bool { logical_xor(&upper, &lower)? } else { sub(&upper, &lower)? };
    }
    Ok(out)
}

fn check_part(x: &Tensor, part: &Tensor, axis: usize) -> Result<()> {
    let (own, other) = (x.shape(), part.shape());
    crate::ensure!(
        own.len() == other.len(),
        Runtime,
        "diff expects prepend or append to be the same dimension as input"
    );
    for a in (0..own.len()).filter(|&a| a != axis) {
        crate::ensure!(
            own[a] == other[a],
            Runtime,
            "diff expects the shape of tensor to prepend or append to match that of input except along the differencing \
             dimension; input.size({a}) = {}, but got tensor.size({a}) = {}",
            own[a],
            other[a]
        );
    }
    Ok(())
}
