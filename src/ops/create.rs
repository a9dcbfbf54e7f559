//! Arrays made from a rule: ranges, the unit matrix, and arrays in the layout of another.

use crate::array::{Array, DType, Element, Scalar, default_float};
use crate::error::Result;
use crate::kernels::create::{from_index, from_place};
use crate::shape::Layout;
use crate::{dispatch_float, dispatch_integer};

/// `start, start + step, ...` up to and without `end`. The dtype is `int64` if all three are integers, else the default
/// float type, unless given.
///
/// # Errors
/// `RuntimeError` for a zero step, infinite bounds, a step of the wrong sign, more elements than memory;
/// `NotImplementedError` for `bool`.
pub fn arange(start: Scalar, end: Scalar, step: Scalar, dtype: Option<DType>) -> Result<Array> {
    let inferred = || match [start, end, step].iter().any(|x| x.dtype().is_float()) {
        true => default_float(),
        false => DType::I64,
    };
    let dtype = dtype.unwrap_or_else(inferred);
    let (from, to, by) = (start.to_f64(), end.to_f64(), step.to_f64());
    crate::ensure!(by != 0.0 && !by.is_nan(), Runtime, "step must be nonzero");
    crate::ensure!(from.is_finite() && to.is_finite(), Runtime, "unsupported range: {from} -> {to}");
    crate::ensure!(
        (by > 0.0 && to >= from) || (by < 0.0 && to <= from),
        Runtime,
        "upper bound and lower bound inconsistent with step sign"
    );
    crate::ensure!(dtype != DType::Bool, NotImplemented, "arange: not implemented for bool");
    let count = if dtype == DType::I64 {
        // Wide enough for the distance of any two integers, and exact.
        let (by, span) = (i128::from(step.to_i64()), i128::from(end.to_i64()) - i128::from(start.to_i64()));
        crate::ensure!(by != 0, Value, "step must be nonzero");
        (span + by - by.signum()) / by
    } else {
        ((to - from) / by).ceil() as i128
    };
    crate::ensure!((0..=i128::from(i64::MAX)).contains(&count), Runtime, "invalid size, possible overflow?");
    let out = Array::empty(&[count as usize], dtype)?;
    dispatch_integer!(dtype, T => {
        let (from, by) = (start.to_i64(), step.to_i64());
        from_index(out.slice_mut::<T>(), move |i| T::from_i64(from.wrapping_add(by.wrapping_mul(i as i64))));
    }, else dispatch_float!(dtype, T => {
        from_place(out.slice_mut::<T>(), move |i| T::from_f64(from + by * i));
    }, else {
        // Half types: in single precision, rounded once.
        let wide = Array::empty(&[count as usize], DType::F32)?;
        let (from, by) = (from as f32, by as f32);
        from_index(wide.slice_mut::<f32>(), move |i| from + by * i as f32);
        return wide.to_dtype(dtype);
    }));
    Ok(out)
}

/// `steps` evenly spaced numbers from `start` to `end`, both included.
///
/// # Errors
/// `RuntimeError` for a negative `steps` and for bounds that the dtype cannot hold; `NotImplementedError` for `bool`.
pub fn linspace(start: Scalar, end: Scalar, steps: i64, dtype: DType) -> Result<Array> {
    spaced("linspace", start, end, steps, dtype, |x| x)
}

/// `base` to the power of `steps` evenly spaced numbers from `start` to `end`.
///
/// # Errors
/// As [`linspace`].
pub fn logspace(start: Scalar, end: Scalar, steps: i64, base: f64, dtype: DType) -> Result<Array> {
    spaced("logspace", start, end, steps, dtype, move |x| base.powf(x))
}

fn spaced(
    op: &str,
    start: Scalar,
    end: Scalar,
    steps: i64,
    dtype: DType,
    f: impl Fn(f64) -> f64 + Sync + Copy,
) -> Result<Array> {
    crate::ensure!(steps >= 0, Runtime, "number of steps must be non-negative");
    crate::ensure!(dtype != DType::Bool, NotImplemented, "{op}: not implemented for bool");
    start.check_fits(dtype)?;
    end.check_fits(dtype)?;
    let out = Array::empty(&[steps as usize], dtype)?;
    let (from, to) = (start.to_f64(), end.to_f64());
    let n = steps as usize;
    // The second half counts back from the end, so that the last element is the end itself.
    let (half, last) = (if n == 1 { 1.0 } else { (n / 2) as f64 }, n as f64 - 1.0);
    let place = move |from: f64, to: f64, by: f64, i: f64| {
        let (front, back) = (from + by * i, to - by * (last - i));
        if i < half { front } else { back }
    };
    let by = |from: f64, to: f64| if n > 1 { (to - from) / (n - 1) as f64 } else { 0.0 };
    dispatch_integer!(dtype, T => {
        let (from, to) = (start.to_i64() as f64, end.to_i64() as f64);
        let by = by(from, to);
        from_place(out.slice_mut::<T>(), move |i| T::from_f64(f(place(from, to, by, i))));
    }, else dispatch_float!(dtype, T => {
        let by = by(from, to);
        from_place(out.slice_mut::<T>(), move |i| T::from_f64(f(place(from, to, by, i))));
    }, else {
        let wide = Array::empty(&[n], DType::F32)?;
        let by = by(from, to);
        from_place(wide.slice_mut::<f32>(), move |i| f(place(from, to, by, i)) as f32);
        return wide.to_dtype(dtype);
    }));
    Ok(out)
}

/// `rows x columns` with ones on the diagonal and zeros elsewhere.
///
/// # Errors
/// `RuntimeError` for negative sizes.
pub fn eye(rows: i64, columns: i64, dtype: DType) -> Result<Array> {
    crate::ensure!(rows >= 0, Runtime, "n must be greater or equal to 0, got {rows}");
    crate::ensure!(columns >= 0, Runtime, "m must be greater or equal to 0, got {columns}");
    let out = Array::zeros(&[rows as usize, columns as usize], dtype)?;
    out.map_layout(|l| l.diagonal(0, 0, 1)).fill(Scalar::Int(1))?;
    Ok(out)
}

/// An array of one value.
///
/// # Errors
/// `RuntimeError` where the dtype cannot hold the value.
pub fn full(shape: &[usize], value: Scalar, dtype: DType) -> Result<Array> {
    value.check_fits(dtype)?;
    Array::full(shape, value, dtype)
}

/// Undefined elements under sizes and strides of the caller's.
///
/// # Errors
/// `RuntimeError` where there are more or fewer strides than sizes, or more memory is asked for than can be.
pub fn empty_strided(shape: &[usize], strides: &[usize], dtype: DType) -> Result<Array> {
    crate::ensure!(
        shape.len() == strides.len(),
        Runtime,
        "dimensionality of sizes ({}) must match dimensionality of strides ({})",
        shape.len(),
        strides.len()
    );
    let reach = shape
        .iter()
        .zip(strides)
        .try_fold(1usize, |end, (&n, &s)| end.checked_add(n.max(1).checked_sub(1)?.checked_mul(s)?));
    let Some(reach) = reach else {
        crate::bail!(Runtime, "Storage size calculation overflowed with sizes={shape:?} and strides={strides:?}")
    };
    let places = if shape.contains(&0) { 0 } else { reach };
    let layout = Layout { shape: shape.into(), strides: strides.into(), offset: 0 };
    Array::empty(&[places], dtype)?.as_strided(layout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Scalar::{Float, Int};

    #[test]
    fn ranges_count_like_pytorch() {
        let values = |a: Array| a.slice::<i64>().to_vec();
        assert_eq!(values(arange(Int(0), Int(5), Int(2), None).unwrap()), [0, 2, 4]);
        assert_eq!(values(arange(Int(3), Int(0), Int(-1), None).unwrap()), [3, 2, 1]);
        assert_eq!(arange(Int(0), Float(1.0), Float(0.1), None).unwrap().numel(), 10);
        assert!(arange(Int(0), Int(5), Int(0), None).is_err());
        assert!(arange(Int(0), Float(f64::INFINITY), Int(1), None).is_err());
    }

    #[test]
    fn spaces_end_exactly() {
        let a = linspace(Int(0), Int(1), 7, DType::F32).unwrap();
        assert_eq!((a.slice::<f32>()[0], a.slice::<f32>()[6]), (0.0, 1.0));
        assert_eq!(linspace(Int(3), Int(9), 1, DType::F32).unwrap().slice::<f32>(), [3.0]);
    }

    #[test]
    fn strides_that_leave_memory_are_refused() {
        assert!(empty_strided(&[2, 3], &[1], DType::F32).is_err());
        assert!(empty_strided(&[2, 3], &[usize::MAX, 1], DType::F32).is_err());
        assert_eq!(empty_strided(&[2, 3], &[0, 1], DType::F32).unwrap().strides(), [0, 1]);
    }
}
