//! How many elements fall into each of several intervals.

use crate::array::{Array, DType, Element, Float, Scalar};
use crate::autograd::Tensor;
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::bins;
use crate::ops::create;
use crate::shape::Bracketed;

/// The intervals of a histogram.
#[derive(Clone, Copy)]
pub enum Bins<'a> {
    /// So many of equal width.
    Count(i64),
    /// Those between neighbours of an ascending vector.
    Edges(&'a Tensor),
}

/// How many elements fall into each of `bins` intervals of equal width between `low` and `high` (between the least and the
/// largest element, where these are equal). Elements outside, and NaN, do not count.
///
/// # Errors
/// `NotImplementedError` unless the dtype is a float type; `RuntimeError` for no bins, and bounds that are not finite or
/// the wrong way round.
pub fn histc(x: &Tensor, bins: i64, low: f64, high: f64) -> Result<Tensor> {
    let x = x.array();
    crate::ensure!(
        x.dtype().is_float(),
        NotImplemented,
        "\"histogram_cpu\" not implemented for '{}'",
        x.dtype().type_name()
    );
    check_count(bins)?;
    let dtype = x.dtype();
    let wide = crate::ops::compute_dtype(dtype);
    let values = x.to_dtype(wide)?.contiguous()?;
    let (low, high) = bounds("torch.histc", &values, (low, high))?;
    let out = Array::zeros(&[bins as usize], wide)?;
    dispatch_float!(wide, T => {
        // As if all were done in the dtype itself.
        let round = |x: T| match dtype {
            DType::BF16 => T::from_f64(half::bf16::from_f64(x.to_f64()).to_f64()),
            DType::F16 => T::from_f64(half::f16::from_f64(x.to_f64()).to_f64()),
            _ => x,
        };
        let (low, high) = (round(T::from_f64(low)), round(T::from_f64(high)));
        let (counts, values) = (out.slice_mut::<T>(), values.slice::<T>());
        let bins = counts.len();
        if bins <= bins::MOST_EVEN.min(values.len()) {
            let found = bins::count_bins(values.len(), bins, |range, out| match wide == dtype {
                true => bins::even_bins(&values[range], low, high, bins, out),
                false => values[range].iter().zip(out).for_each(|(&x, out)| {
                    *out = even_bin(x, low, high, bins, round).map_or(u32::MAX, |bin| bin as u32);
                }),
            });
            // Counted in numbers of the dtype one by one, it would have gone no further.
            let most = 1u64 << T::MANTISSA_DIGITS;
            counts.iter_mut().zip(found).for_each(|(count, found)| *count = found.min(most) as T);
        } else {
            for &x in values {
                if let Some(bin) = even_bin(x, low, high, bins, round) {
                    counts[bin] += 1.0;
                }
            }
        }
    }, else unreachable!("a float type"));
    Ok(Tensor::new(out.to_dtype(x.dtype())?))
}

/// The interval of a number among `count` of equal width.
fn even_bin<T: Float>(x: T, low: T, high: T, count: usize, round: impl Fn(T) -> T) -> Option<usize> {
    if !(x >= low && x <= high) {
        return None;
    }
    let whole = round(round(x - low) * round(num_traits::cast::<usize, T>(count)?));
    let place = round(whole / round(high - low));
    num_traits::cast::<T, usize>(place).map(|bin| bin.min(count - 1))
}

fn check_count(bins: i64) -> Result<()> {
    crate::ensure!(bins > 0, Runtime, "torch.histogram(): bins must be > 0, but got {bins} for dimension 0");
    Ok(())
}

/// The outermost edges: those given, or where these are equal those of the data, made a little apart.
fn bounds(op: &str, values: &Array, (mut low, mut high): (f64, f64)) -> Result<(f64, f64)> {
    if low == high && values.numel() > 0 {
        (low, high) = dispatch_float!(values.dtype(), T => {
            match bins::extremes(values.slice::<T>()) {
                Some((low, high, true)) => (low as f64, high as f64),
                _ => (f64::NAN, f64::NAN),
            }
        }, else unreachable!("a float type"));
    }
    crate::ensure!(low.is_finite() && high.is_finite(), Runtime, "{op}: range of [{low}, {high}] is not finite");
    crate::ensure!(low <= high, Runtime, "{op}: max must be larger than min");
    if low == high { Ok((low - 0.5, high + 0.5)) } else { Ok((low, high)) }
}

/// How many elements (or what weight of them) fall into each of several intervals, and the edges of these. With `density`
/// the results are divided by their sum and by the widths of the intervals.
///
/// # Errors
/// `NotImplementedError` unless the dtype is `float32` or `float64`; `RuntimeError` for no bins, edges that are no vector of
/// the tensor's dtype, a range that is not finite or the wrong way round, and weights of another shape or dtype.
pub fn histogram(
    x: &Tensor,
    bins: Bins<'_>,
    range: Option<(f64, f64)>,
    weights: Option<&Tensor>,
    density: bool,
) -> Result<(Tensor, Tensor)> {
    let x = x.array();
    let dtype = x.dtype();
    crate::ensure!(
        matches!(dtype, DType::F32 | DType::F64),
        NotImplemented,
        "\"histogramdd\" not implemented for '{}'",
        dtype.type_name()
    );
    let values = x.contiguous()?;
    let edges = match bins {
        Bins::Count(count) => {
            check_count(count)?;
            let default = if x.numel() == 0 { (0.0, 1.0) } else { (0.0, 0.0) };
            let (low, high) = match range {
                Some((low, high)) if low == high => (low - 0.5, high + 0.5),
                Some(given) => bounds("torch.histogramdd", &values, given)?,
                None => bounds("torch.histogramdd", &values, default)?,
            };
            create::linspace(Scalar::Float(low), Scalar::Float(high), count + 1, dtype)?
        }
        Bins::Edges(edges) => {
            let edges = edges.array();
            crate::ensure!(
                edges.ndim() == 1,
                Runtime,
                "torch.histogramdd: bins tensor should have one dimension, but got {} dimensions in the bins tensor for \
                 dimension 0",
                edges.ndim()
            );
            check_count(edges.numel() as i64)?;
            crate::ensure!(
                edges.dtype() == dtype,
                Runtime,
                "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype {} \
                 and bins for dimension 0 with dtype {}",
                dtype.name(),
                edges.dtype().name()
            );
            edges.contiguous()?.copy_contiguous()?
        }
    };
    let weights = weights.map(|w| checked_weights(w, &x)).transpose()?;
    let out = Array::zeros(&[edges.numel() - 1], dtype)?;
    dispatch_float!(dtype, T => {
        let weights = weights.as_ref().map(|w| w.slice::<T>());
        fill(values.slice::<T>(), edges.slice::<T>(), weights, out.slice_mut::<T>());
        if density {
            spread(out.slice_mut::<T>(), edges.slice::<T>());
        }
    }, else unreachable!("a float type"));
    Ok((Tensor::new(out), Tensor::new(edges)))
}

fn checked_weights(weights: &Tensor, x: &Array) -> Result<Array> {
    let weights = weights.array();
    crate::ensure!(
        weights.dtype() == x.dtype(),
        Runtime,
        "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, but \
         got input({}), and weight({})",
        x.dtype().name(),
        weights.dtype().name()
    );
    crate::ensure!(
        weights.shape() == x.shape(),
        Runtime,
        "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor, but got input \
         with shape {} and weight with shape {}",
        Bracketed(x.shape()),
        Bracketed(weights.shape())
    );
    weights.contiguous()
}

/// Counts; the last interval holds its upper edge too.
fn fill<T: Float>(values: &[T], edges: &[T], weights: Option<&[T]>, counts: &mut [T]) {
    let Some((&low, &high)) = edges.first().zip(edges.last()) else { return };
    if counts.is_empty() {
        return;
    }
    for (i, &x) in values.iter().enumerate() {
        if x >= low && x <= high {
            let bin = edges.partition_point(|&edge| edge <= x).clamp(1, counts.len()) - 1;
            counts[bin] = counts[bin] + weights.map_or(T::one(), |w| w[i]);
        }
    }
}

/// Makes counts a density.
fn spread<T: Float>(counts: &mut [T], edges: &[T]) {
    let sum = counts.iter().fold(T::zero(), |sum, &c| sum + c);
    for (count, pair) in counts.iter_mut().zip(edges.windows(2)) {
        *count = *count / sum / (pair[1] - pair[0]);
    }
}
