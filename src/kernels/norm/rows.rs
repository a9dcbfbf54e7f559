//! Layer normalisation: every row for itself. `x: [rows, len]`, weight and bias `[len]`.

use super::super::float::Real;
use super::super::parallel;
use super::{short, sum_pairs};

/// Rows whose weight gradients are summed in one piece.
const ROWS: usize = 64;
/// Elements of rows that are computed in one call, at least.
const ROW_ELEMENTS: usize = 512;

/// What rows are normalised by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rows<R> {
    /// Elements of a row.
    pub len: usize,
    /// Whether the mean is subtracted; if not, the deviation is from 0 (root mean square).
    pub centered: bool,
    /// Added to the variance.
    pub eps: R,
}

/// Scale and shift of each element of a row.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'a, R> {
    /// Factors, or 1.
    pub weight: Option<&'a [R]>,
    /// Terms, or 0.
    pub bias: Option<&'a [R]>,
}

/// Normalises every row: `y = (x - mean) * rstd * weight + bias`. `mean` (0 if not centered) and `rstd` have one element for each
/// row. Both come from two passes, the second correcting the first.
pub fn normalize<R: Real>(
    rows: Rows<R>,
    x: &[R],
    affine: Affine<'_, R>,
    y: &mut [R],
    (mean, rstd): (&mut [R], &mut [R]),
) {
    let len = rows.len;
    debug_assert!(x.len() == y.len() && x.len() == mean.len() * len && mean.len() == rstd.len());
    let count = ROW_ELEMENTS.div_ceil(len.max(1)).max(short::ROWS);
    let stats = mean.chunks_mut(count).zip(rstd.chunks_mut(count));
    let mut tasks: Vec<_> = y.chunks_mut(count * len.max(1)).zip(stats).collect();
    parallel::for_each_chunk_mut(&mut tasks, 1, 4 * count * len, |i, task| {
        let (y, (mean, rstd)) = &mut task[0];
        normalize_rows(rows, &x[i * count * len..][..y.len()], affine, y, (mean, rstd));
    });
}

/// Input gradients: with `h = g * weight` and `z = (x - mean) * rstd`, `dx = rstd * (h - avg(h) - z * avg(h z))`, without the first
/// average if not centered.
pub fn input_gradient<R: Real>(
    rows: Rows<R>,
    (g, x): (&[R], &[R]),
    (mean, rstd): (&[R], &[R]),
    weight: Option<&[R]>,
    dx: &mut [R],
) {
    let len = rows.len;
    debug_assert!(g.len() == x.len() && x.len() == dx.len() && x.len() == mean.len() * len);
    let count = ROW_ELEMENTS.div_ceil(len.max(1));
    parallel::for_each_chunk_mut(dx, count * len, 6, |i, dx| {
        let (first, start) = (i * count, i * count * len);
        let inputs = (&g[start..][..dx.len()], &x[start..][..dx.len()]);
        gradient_rows(rows, inputs, (&mean[first..], &rstd[first..]), weight, dx);
    });
}

/// Gradients of weight and bias: sums over rows of `g * (x - mean) * rstd` and of `g`.
pub fn affine_gradient<R: Real>(
    len: usize,
    (g, x): (&[R], &[R]),
    (mean, rstd): (&[R], &[R]),
    (dw, db): (&mut [R], &mut [R]),
) {
    debug_assert!(dw.len() == len && db.len() == len && g.len() == x.len() && x.len() == mean.len() * len);
    let sums = parallel::map_reduce_chunks(
        mean.len() * len,
        ROWS * len.max(1),
        |range| {
            let mut sums = vec![R::zero(); 2 * len];
            let (dw, db) = sums.split_at_mut(len);
            let rows = range.start / len..range.end / len;
            add_affine((&g[range.clone()], &x[range]), (&mean[rows.clone()], &rstd[rows]), (dw, db));
            sums
        },
        |mut sums, more| {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            sums
        },
    );
    let sums = sums.unwrap_or_else(|| vec![R::zero(); 2 * len]);
    dw.copy_from_slice(&sums[..len]);
    db.copy_from_slice(&sums[len..]);
}

/// The mean of a row (0 if not centered) and one over its deviation.
#[inline(always)]
pub(super) fn row_moments<R: Real>(rows: Rows<R>, x: &[R]) -> (R, R) {
    let count = R::from_usize(x.len());
    let mut mean = R::zero();
    if rows.centered {
        mean = sum_pairs(x, x, |x, _| (x, R::zero())).0 / count;
    }
    let (away, squares) = sum_pairs(x, x, |x, _| (x - mean, (x - mean) * (x - mean)));
    let mut variance = squares / count;
    if rows.centered {
        let away = away / count;
        mean += away;
        variance = (variance - away * away).max(R::zero());
    }
    (mean, R::one() / (variance + rows.eps).sqrt())
}

/// One row; gives its mean and one over its deviation.
#[inline(always)]
fn normalize_row<R: Real>(rows: Rows<R>, x: &[R], affine: Affine<'_, R>, y: &mut [R]) -> (R, R) {
    let (mean, rstd) = row_moments(rows, x);
    match (affine.weight, affine.bias) {
        (Some(w), Some(b)) => {
            y.iter_mut().zip(x).zip(w).zip(b).for_each(|(((y, &x), &w), &b)| *y = (x - mean) * rstd * w + b);
        }
        (Some(w), None) => y.iter_mut().zip(x).zip(w).for_each(|((y, &x), &w)| *y = (x - mean) * rstd * w),
        (None, Some(b)) => y.iter_mut().zip(x).zip(b).for_each(|((y, &x), &b)| *y = (x - mean) * rstd + b),
        (None, None) => y.iter_mut().zip(x).for_each(|(y, &x)| *y = (x - mean) * rstd),
    }
    (mean, rstd)
}

/// The input gradient of one row.
#[inline(always)]
fn gradient_row<R: Real>(rows: Rows<R>, inputs: (&[R], &[R]), stats: (R, R), weight: Option<&[R]>, dx: &mut [R]) {
    let ((g, x), (mean, rstd), len) = (inputs, stats, dx.len());
    let (g, x, count) = (&g[..len], &x[..len], R::from_usize(len));
    // `h` is kept in `dx` while the averages are taken.
    match weight {
        Some(weight) => dx.iter_mut().zip(g).zip(weight).for_each(|((dx, &g), &w)| *dx = g * w),
        None => dx.copy_from_slice(g),
    }
    let (total, slope) = sum_pairs(dx, x, |h, x| (h, h * (x - mean)));
    let average = if rows.centered { total / count } else { R::zero() };
    let slope = slope * rstd * rstd / count;
    dx.iter_mut().zip(x).for_each(|(dx, &x)| *dx = (*dx - average - (x - mean) * slope) * rstd);
}

crate::vectorize! {
    /// Rows, one after the other.
    fn normalize_rows[S; R: Real](
        simd: S, rows: Rows<R>, x: &[R], affine: Affine<'_, R>, y: &mut [R], stats: (&mut [R], &mut [R])
    ) {
        if short::suits(rows.len, stats.0.len()) {
            return short::normalize::<S, R>(simd, rows, x, affine, y, stats);
        }
        let stats = stats.0.iter_mut().zip(stats.1);
        for ((x, y), (mean, rstd)) in x.chunks_exact(rows.len).zip(y.chunks_exact_mut(rows.len)).zip(stats) {
            (*mean, *rstd) = normalize_row(rows, x, affine, y);
        }
    }

    /// The input gradients of rows.
    fn gradient_rows[S; R: Real](
        simd: S, rows: Rows<R>, inputs: (&[R], &[R]), stats: (&[R], &[R]), weight: Option<&[R]>, dx: &mut [R]
    ) {
        let inputs = inputs.0.chunks_exact(rows.len).zip(inputs.1.chunks_exact(rows.len));
        let stats = stats.0.iter().zip(stats.1);
        for ((inputs, (&mean, &rstd)), dx) in inputs.zip(stats).zip(dx.chunks_exact_mut(rows.len)) {
            gradient_row(rows, inputs, (mean, rstd), weight, dx);
        }
    }



    /// Adds the weight and bias gradients of some rows.
    fn add_affine[S; R: Real](simd: S, inputs: (&[R], &[R]), stats: (&[R], &[R]), sums: (&mut [R], &mut [R])) {
        let len = sums.0.len();
        if let (Ok(dw), Ok(db)) = (<&mut [R; NARROW]>::try_from(&mut *sums.0), <&mut [R; NARROW]>::try_from(&mut *sums.1)) {
            return add_narrow(inputs, stats, dw, db);
        }
        // Some rows together, for fewer passes over the sums; of short ones many would not pay for their beginnings.
        if len >= LONG { add_all::<R, 8>(inputs, stats, sums) } else { add_all::<R, 2>(inputs, stats, sums) }
    }
}

/// Elements from which rows are long, where weight gradients are summed.
const LONG: usize = 512;

/// Elements of the rows whose sums fill the registers.
const NARROW: usize = 64;

/// Adds rows of [`NARROW`] elements, as heads of attention have; sums stay in registers for all rows.
#[inline(always)]
fn add_narrow<R: Real>((g, x): (&[R], &[R]), (mean, rstd): (&[R], &[R]), dw: &mut [R; NARROW], db: &mut [R; NARROW]) {
    let (mut slopes, mut totals) = (*dw, *db);
    let rows = g.as_chunks::<NARROW>().0.iter().zip(x.as_chunks::<NARROW>().0);
    for ((g, x), (&mean, &rstd)) in rows.zip(mean.iter().zip(rstd)) {
        for i in 0..NARROW {
            slopes[i] += g[i] * ((x[i] - mean) * rstd);
            totals[i] += g[i];
        }
    }
    (*dw, *db) = (slopes, totals);
}

/// Adds rows, `N` of them together.
#[inline(always)]
fn add_all<R: Real, const N: usize>(inputs: (&[R], &[R]), stats: (&[R], &[R]), (dw, db): (&mut [R], &mut [R])) {
    let (rows, len) = (stats.0.len(), dw.len());
    for row in (0..rows / N * N).step_by(N) {
        add_some::<R, N>(inputs, stats, row, (&mut *dw, &mut db[..len]));
    }
    for row in rows / N * N..rows {
        add_some::<R, 1>(inputs, stats, row, (&mut *dw, &mut db[..len]));
    }
}

/// Adds `N` rows from number `row` on.
#[inline(always)]
fn add_some<R: Real, const N: usize>(
    (g, x): (&[R], &[R]),
    (mean, rstd): (&[R], &[R]),
    row: usize,
    (dw, db): (&mut [R], &mut [R]),
) {
    let len = dw.len();
    let g: [&[R]; N] = std::array::from_fn(|k| &g[(row + k) * len..][..len]);
    let x: [&[R]; N] = std::array::from_fn(|k| &x[(row + k) * len..][..len]);
    let stats: [(R, R); N] = std::array::from_fn(|k| (mean[row + k], rstd[row + k]));
    for (i, (dw, db)) in dw.iter_mut().zip(db).enumerate() {
        let term = |k: usize| g[k][i] * ((x[k][i] - stats[k].0) * stats[k].1);
        let (mut slope, mut total) = (term(0), g[0][i]);
        for k in 1..N {
            slope += term(k);
            total += g[k][i];
        }
        *dw += slope;
        *db += total;
    }
}
