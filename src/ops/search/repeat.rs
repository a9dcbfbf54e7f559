//! Elements repeated where they stand.

use crate::array::{Array, DType};
use crate::autograd::Tensor;
use crate::error::{Error, Result};
use crate::ops::{index::index_select, view};
use crate::shape::normalize_axis;

/// How often elements are repeated.
#[derive(Clone, Copy)]
pub enum Repeats<'a> {
    /// All as often.
    Number(i64),
    /// Each as often as the element of a vector at its place; a single one counts for all.
    Tensor(&'a Tensor),
}

/// Each slice along an axis as often as `repeats` says, one after the other; without an axis, of `x` read as one row.
///
/// # Errors
/// `RuntimeError` for negative repeats, repeats that are no vector of the axis's size, and another number of results than
/// `length` says; `NotImplementedError` for repeats that are not `int64` or `int32`; `IndexError` for an axis out of range.
pub fn repeat_interleave(x: &Tensor, repeats: Repeats<'_>, dim: Option<isize>, length: Option<i64>) -> Result<Tensor> {
    let (x, axis) = match dim {
        None => (view::reshape(x, &[-1])?, 0),
        Some(dim) => (x.clone(), normalize_axis(dim, x.ndim())?),
    };
    let size = x.shape().get(axis).copied().unwrap_or(1);
    let indices = match repeats {
        Repeats::Number(times) => {
            crate::ensure!(times >= 0, Runtime, "Repeats must be non-negative");
            let count = (size as i64).checked_mul(times).ok_or_else(too_many)?;
            crate::ensure!(
                length.is_none_or(|n| n == count),
                Runtime,
                "repeat_interleave: Invalid output_size, expected {count} but got {}",
                length.unwrap_or(0)
            );
            let numbers: Vec<i64> = (0..count).map(|i| i / times).collect();
            Tensor::new(Array::from_slice(&numbers, &[numbers.len()])?)
        }
        Repeats::Tensor(t) => {
            let n = t.numel();
            crate::ensure!(t.ndim() <= 1, Runtime, "repeats must be 0-dim or 1-dim tensor");
            crate::ensure!(
                n == size || t.ndim() == 0 || n == 1,
                Runtime,
                "repeats must have the same size as input along dim, but got repeats.size(0) = {n} and input.size({axis}) = \
                 {size}"
            );
            let all = view::expand(&view::reshape(t, &[-1])?, &[size as isize])?;
            repeated_indices(&all, length)?
        }
    };
    index_select(&x, axis as isize, &indices)
}

fn too_many() -> Error {
    crate::error!(Runtime, "repeat_interleave: more results than can be counted")
}

/// The number of each element of a vector as often as that element says.
///
/// # Errors
/// As [`repeat_interleave`].
pub fn repeated_indices(repeats: &Tensor, length: Option<i64>) -> Result<Tensor> {
    crate::ensure!(
        matches!(repeats.dtype(), DType::I64 | DType::I32),
        NotImplemented,
        "\"repeat_interleave_cpu\" not implemented for '{}'",
        repeats.dtype().type_name()
    );
    crate::ensure!(repeats.ndim() == 1, Runtime, "repeat_interleave only accept 1D vector as repeat");
    let times = repeats.array().to_dtype(DType::I64)?.contiguous()?;
    let times = times.slice::<i64>();
    crate::ensure!(times.iter().all(|&n| n >= 0), Runtime, "repeats can not be negative");
    let count = times.iter().try_fold(0i64, |sum, &n| sum.checked_add(n)).ok_or_else(too_many)?;
    crate::ensure!(length.is_none_or(|n| n == count), Runtime, "allocated size does not match required size");
    let mut out = Vec::with_capacity(count as usize);
    for (i, &n) in times.iter().enumerate() {
        out.extend(std::iter::repeat_n(i as i64, n as usize));
    }
    let dtype = repeats.dtype();
    Ok(Tensor::new(Array::from_slice(&out, &[out.len()])?.to_dtype(dtype)?))
}
