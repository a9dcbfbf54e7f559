//! `repeat` and `tile`: copies of a tensor side by side.

use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::copy::{MemoryFormat, clone};
use crate::ops::view;
use crate::shape::{Bracketed, Dims, checked_numel};
use smallvec::SmallVec;

/// So many copies side by side along each axis; `times` may name further axes in front.
///
/// # Errors
/// `RuntimeError` for fewer numbers than axes, and for negative ones.
pub fn repeat(x: &Tensor, times: &[isize]) -> Result<Tensor> {
    let shape = x.shape();
    crate::ensure!(
        times.len() >= shape.len(),
        Runtime,
        "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
    );
    let fresh = times.len() - shape.len();
    // A repeated axis is an axis of copies in front of the axis itself; one of size 1 only needs to be stretched.
    let (mut split, mut stretched, mut joined) = (Dims::new(), Dims::new(), Dims::new());
    for (i, &count) in times.iter().enumerate() {
        let size = if i < fresh { 1 } else { shape[i - fresh] };
        let Ok(count) = usize::try_from(count) else {
            let sizes: SmallVec<[isize; 6]> = times.iter().map(|&t| t.saturating_mul(size as isize)).collect();
            crate::bail!(Runtime, "Trying to create tensor with negative dimension {}: {}", sizes[i], Bracketed(&sizes))
        };
        if count != 1 && size != 1 {
            split.push(1);
            stretched.push(count);
        }
        split.push(size);
        stretched.push(if size == 1 { count } else { size });
        joined.push(checked_numel(&[size, count])?);
    }
    checked_numel(&joined)?;
    let wide = view::broadcast_to(&view::reshape_to(x, &split)?, &stretched)?;
    view::reshape_to(&clone(&wide, MemoryFormat::Contiguous)?, &joined)
}

/// As [`repeat`], where numbers for leading axes may be missing: those are repeated once.
///
/// # Errors
/// `RuntimeError` for negative numbers.
pub fn tile(x: &Tensor, times: &[isize]) -> Result<Tensor> {
    let mut all: SmallVec<[isize; 6]> = SmallVec::from_elem(1, x.ndim().saturating_sub(times.len()));
    all.extend_from_slice(times);
    repeat(x, &all)
}
