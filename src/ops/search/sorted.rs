//! Where values belong in sorted ones, and whether they are among them.

use super::keys::{Keys, Source};
use crate::array::{Array, DType, Promotion};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::kernels::parallel;
use crate::kernels::sort::places_among;
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
    let (mut rows, keys) = (Keys::of(&sorted)?, Source::of(&wanted)?);
    if let Some(sorter) = sorter {
        let order = sorter.array().contiguous()?;
        let order = order.slice::<i64>().iter().enumerate();
        rows.values = order.map(|(i, &o)| rows.values[i / size * size + o as usize]).collect();
    }
    let out = Array::empty(wanted.shape(), DType::I64)?;
    // In a row that ascends there is one place only, however it is searched for.
    let ascending = |row: &[u64]| row.is_sorted() && row.last().copied() != rows.nan;
    let ascend = rows.values.chunks(size.max(1)).all(ascending);
    let cost = size.max(2).ilog2() as usize * if ascend { 2 } else { 4 };
    parallel::for_each_chunk_mut(out.slice_mut::<i64>(), GRAIN, cost, |chunk, mut places| {
        let mut buffer = [0; GRAIN];
        let mut at = chunk * GRAIN;
        let mut values = &mut buffer[..places.len()];
        keys.fill(at, values);
        while !places.is_empty() {
            let start = at / per_row * size;
            let row = &rows.values[start..start + size];
            let count = places.len().min(per_row - at % per_row);
            let (now, later) = places.split_at_mut(count);
            let (wanted, rest) = values.split_at_mut(count);
            if ascend {
                places_among(row, wanted, search.right, now);
            } else {
                now.iter_mut()
                    .zip(wanted)
                    .for_each(|(place, &mut value)| *place = halved(row, value, rows.nan, search));
            }
            (places, values, at) = (later, rest, at + count);
        }
    });
    Ok(Tensor::new(if search.narrow { out.to_dtype(DType::I32)? } else { out }))
}

/// The place of a value in a row that need not ascend, by the steps that PyTorch takes.
fn halved(row: &[u64], value: u64, nan: Option<u64>, search: Search) -> i64 {
    // What PyTorch asks of a boundary: NaN is never at least, nor above, anything.
    let before = |boundary: u64| {
        let unordered = nan == Some(boundary) || nan == Some(value);
        unordered || if search.right { boundary <= value } else { boundary < value }
    };
    let (mut low, mut high) = (0, row.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if before(row[middle]) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low as i64
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
