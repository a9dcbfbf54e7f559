//! Where values belong in sorted ones, and whether they are among them.

use super::keys::Keys;
use crate::array::{Array, DType, Promotion};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::kernels::parallel;
use crate::ops::binary::Value;
use crate::shape::Bracketed;

/// How to search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    /// Whether a value belongs behind its equals instead of before them.
    pub right: bool,
    /// Whether the result is `int32`.
    pub narrow: bool,
}

/// Values searched at a time.
const GRAIN: usize = 1024;

/// Two operands as arrays of the dtype in which they meet.
fn promoted(a: Value<'_>, b: Value<'_>) -> Result<(Array, Array)> {
    let add = |p: Promotion, v: &Value<'_>| match v {
        Value::Tensor(t) => p.array(&t.array()),
        Value::Scalar(s) => p.number(*s),
    };
    let dtype = add(add(Promotion::default(), &a), &b).result();
    let array = |v: Value<'_>| match v {
        Value::Tensor(t) => t.array().to_dtype(dtype),
        Value::Scalar(s) => Array::scalar(s, dtype),
    };
    Ok((array(a)?, array(b)?))
}

/// For each value, the number of boundaries before its place among them: in the one row of boundaries, or in the row at its
/// leading indices. `sorter` are the indices that sort each row.
///
/// # Errors
/// `RuntimeError` for boundaries without axes, leading axes that differ, a number beside rows, and a `sorter` of another
/// dtype or shape or that is out of range.
pub fn searchsorted(boundaries: &Tensor, values: Value<'_>, sorter: Option<&Tensor>, search: Search) -> Result<Tensor> {
    let (sorted, wanted) = promoted(Value::Tensor(boundaries), values)?;
    check(sorted.shape(), wanted.shape(), wanted.numel())?;
    if let Some(sorter) = sorter {
        check_sorter(sorter, sorted.shape())?;
    }
    let size = sorted.shape().last().copied().unwrap_or(0);
    let per_row = match sorted.ndim() {
        1 => wanted.numel().max(1),
        _ => wanted.shape().last().copied().unwrap_or(1).max(1),
    };
    let (rows, keys) = (Keys::of(&sorted)?, Keys::of(&wanted)?);
    let order = sorter.map(|s| s.array().contiguous()).transpose()?;
    let order = order.as_ref().map(|o| o.slice::<i64>());
    let out = Array::zeros(wanted.shape(), DType::I64)?;
    let nan = rows.nan;
    // What PyTorch asks of a boundary: NaN is never at least, nor above, anything.
    let before = |boundary: u64, value: u64| {
        let unordered = nan == Some(boundary) || nan == Some(value);
        unordered || if search.right { boundary <= value } else { boundary < value }
    };
    let cost = size.max(2).ilog2() as usize * 4;
    parallel::for_each_chunk_mut(out.slice_mut::<i64>(), GRAIN, cost, |chunk, places| {
        for (i, place) in places.iter_mut().enumerate() {
            let at = chunk * GRAIN + i;
            let start = at / per_row * size;
            let row = &rows.values[start..start + size];
            let boundary = |k: usize| match order {
                None => row[k],
                Some(order) => row[order[start + k] as usize],
            };
            let (mut low, mut high) = (0, size);
            while low < high {
                let middle = low + (high - low) / 2;
                if before(boundary(middle), keys.values[at]) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            *place = low as i64;
        }
    });
    Ok(Tensor::new(if search.narrow { out.to_dtype(DType::I32)? } else { out }))
}

fn check(rows: &[usize], values: &[usize], numel: usize) -> Result<()> {
    crate::ensure!(
        rows.len() == 1 || !(values.is_empty() || rows.is_empty()),
        Runtime,
        "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries \
         tensor dim({}) and input value's dim({}) numel({numel})",
        rows.len(),
        values.len()
    );
    let leading = rows.len() - 1;
    crate::ensure!(
        leading == 0 || (values.len() == rows.len() && values[..leading] == rows[..leading]),
        Runtime,
        "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and \
         input value tensor must match, but we got boundaries tensor {} and input value tensor {}",
        Bracketed(rows),
        Bracketed(values)
    );
    Ok(())
}

fn check_sorter(sorter: &Tensor, shape: &[usize]) -> Result<()> {
    let array = sorter.array();
    crate::ensure!(
        array.shape() == shape,
        Runtime,
        "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor {} and got sorter \
         tensor {}",
        Bracketed(shape),
        Bracketed(array.shape())
    );
    crate::ensure!(
        array.dtype() == DType::I64,
        Runtime,
        "torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {}",
        array.dtype().type_name()
    );
    let size = shape.last().copied().unwrap_or(0) as i64;
    let inside = array.contiguous()?.slice::<i64>().iter().all(|i| (0..size).contains(i));
    crate::ensure!(inside, Runtime, "torch.searchsorted(): sorter index out of range");
    Ok(())
}

/// Whether each element equals one of `tests`.
///
/// # Errors
/// `RuntimeError` for `bool`.
pub fn isin(elements: Value<'_>, tests: Value<'_>, invert: bool) -> Result<Tensor> {
    for value in [&elements, &tests] {
        let dtype = match value {
            Value::Tensor(t) => t.dtype(),
            Value::Scalar(s) => s.dtype(),
        };
        crate::ensure!(
            dtype != DType::Bool,
            Runtime,
            "Unsupported input type encountered for isin(): {}",
            dtype.type_name()
        );
    }
    let (elements, tests) = promoted(elements, tests)?;
    let (keys, mut set) = (Keys::of(&elements)?, Keys::of(&tests)?.values);
    set.retain(|&key| Some(key) != keys.nan);
    set.sort_unstable();
    set.dedup();
    let out = Array::zeros(elements.shape(), DType::Bool)?;
    let cost = set.len().max(2).ilog2() as usize * 4;
    parallel::for_each_chunk_mut(out.slice_mut::<bool>(), GRAIN, cost, |chunk, places| {
        for (place, key) in places.iter_mut().zip(&keys.values[chunk * GRAIN..]) {
            *place = set.binary_search(key).is_ok() != invert;
        }
    });
    Ok(Tensor::new(out))
}
