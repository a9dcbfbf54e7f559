//! Many lanes joined to one: those of one row, and those of many rows at once.

use super::super::float::Real;
use super::Vector;

/// The lanes of a row as one: the upper half joins the lower, until one is left.
#[inline(always)]
pub fn fold<A: Copy, const N: usize>(mut lanes: [A; N], join: impl Fn(A, A) -> A) -> A {
    let mut width = N;
    while width > 1 {
        width /= 2;
        for i in 0..width {
            lanes[i] = join(lanes[i], lanes[i + width]);
        }
    }
    lanes[0]
}

/// Lane `r` of the result is all lanes of `rows[r]` as one, for as many rows as a register has lanes: neighbours join, until one is
/// left. What is left of two rows fills a register, so that no step is done for fewer lanes than there are.
#[inline(always)]
pub fn fold_rows<T, V: Vector<T>>(mut rows: [V; 16], join: impl Fn(V, V) -> V) -> V {
    let mut count = V::LANES;
    while count > 1 {
        count /= 2;
        for i in 0..count {
            let (even, odd) = rows[2 * i].unzip(rows[2 * i + 1]);
            rows[i] = join(even, odd);
        }
    }
    rows[0]
}

/// Rows of `len` neighbours, `stride` apart, each joined to one number; as many rows as there are results.
/// `identity` changes nothing that it is joined with. What is over of a row comes with zeros behind it: `fill` makes them the identity,
/// with the help of what is 0 on the row and infinite behind it.
///
/// # Safety
/// All these elements must be valid.
#[inline(always)]
pub unsafe fn join_rows<R: Real, V: Vector<R>>(
    x: *const R,
    (stride, len): (usize, usize),
    identity: R,
    join: impl Fn(V, V) -> V + Copy,
    fill: impl Fn(V, V) -> V,
    out: &mut [R],
) {
    let (whole, rest) = (len / V::LANES * V::LANES, len % V::LANES);
    // SAFETY: the line has as many elements as the widest register.
    let end = unsafe { V::load_part(R::INFINITIES.as_ptr(), rest..V::LANES) };
    // Fewer rows than lanes go one by one, as all rows of a group.
    let (rows, step) = if out.len() < V::LANES { (1, 0) } else { (V::LANES, stride) };
    for first in (0..out.len()).step_by(rows) {
        // The last ones are joined by some that are done already.
        let first = first.min(out.len() - rows);
        let mut lanes = [V::splat(identity); 16];
        // SAFETY: by the caller's word, these are elements of the rows; so many results are there.
        unsafe {
            let x = x.add(first * stride);
            for (row, lanes) in lanes.iter_mut().enumerate().take(V::LANES) {
                let x = x.add(row * step);
                for at in (0..whole).step_by(V::LANES) {
                    *lanes = join(*lanes, V::load(x.add(at)));
                }
                if rest > 0 {
                    *lanes = join(*lanes, fill(V::load_part(x.add(whole), 0..rest), end));
                }
            }
            let folded = fold_rows(lanes, join);
            let to = out.as_mut_ptr().add(first);
            if rows == 1 { folded.store_first(to, 1) } else { folded.store(to) }
        }
    }
}

/// The sums of rows, as [`join_rows`] joins them.
///
/// # Safety
/// As [`join_rows`].
#[inline(always)]
pub unsafe fn sum_rows<R: Real, V: Vector<R>>(x: *const R, strides: (usize, usize), out: &mut [R]) {
    // SAFETY: passed on.
    unsafe { join_rows::<R, V>(x, strides, R::zero(), |a, b| a.add(b), |rest, _| rest, out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::vectorize! {
        fn sums[S; R: Real](simd: S, x: &[R], stride: usize, len: usize, out: &mut [R]) {
            assert!(out.is_empty() || x.len() >= (out.len() - 1) * stride + len);
            // SAFETY: as asserted.
            unsafe { sum_rows::<R, R::Vector<S>>(x.as_ptr(), (stride, len), out) };
        }
    }

    fn sums_are_those_of_rows<R: Real>() {
        for (rows, len, gap) in [(0, 3, 0), (1, 7, 0), (3, 16, 2), (16, 5, 0), (17, 33, 1), (40, 64, 0), (9, 100, 3)] {
            let stride = len + gap;
            let x: Vec<R> = (0..rows * stride).map(|i| R::from_usize(i * 7 % 23)).collect();
            // One more, to see that it is left alone.
            let mut out = vec![R::nan(); rows + 1];
            sums(&x, stride, len, &mut out[..rows]);
            assert!((0..rows).all(|row| out[row] == x[row * stride..][..len].iter().copied().sum()), "{rows} {len}");
            assert!(out[rows].is_nan());
        }
    }

    #[test]
    fn rows_are_summed_at_once() {
        sums_are_those_of_rows::<f32>();
        sums_are_those_of_rows::<f64>();
        assert_eq!(fold([1, 2, 3, 4, 5, 6, 7, 8], |a, b| a + b), 36);
    }
}
