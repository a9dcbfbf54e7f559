//! Layer normalisation of short rows: the sums of many are joined at once, in registers.
#![allow(unsafe_code)]

use super::rows::{Affine, Rows};
use crate::kernels::float::Real;
use crate::kernels::isa::Simd;
use crate::kernels::lanes::{Vector, fold_rows, sum_rows};

/// Elements of the longest register, of which rows are made.
const LANES: usize = 16;
/// Elements of the longest rows.
const LONGEST: usize = 128;
/// Rows that are computed in one call, at least, where there are so many: those of the longest register.
pub(super) const ROWS: usize = 16;

/// Whether so many rows of this length go this way.
pub(super) fn suits(len: usize, rows: usize) -> bool {
    len.is_multiple_of(LANES) && (1..=LONGEST).contains(&len) && rows >= ROWS
}

/// As [`normalize`](super::rows::normalize), for rows that [`suits`] names.
#[inline(always)]
pub(super) fn normalize<S: Simd, R: Real>(
    _: S,
    rows: Rows<R>,
    x: &[R],
    affine: Affine<'_, R>,
    y: &mut [R],
    (mean, rstd): (&mut [R], &mut [R]),
) {
    let (len, count) = (rows.len, R::from_usize(rows.len));
    assert!(x.len() == y.len() && x.len() == mean.len() * len && mean.len() == rstd.len());
    assert!(affine.weight.is_none_or(|w| w.len() == len) && affine.bias.is_none_or(|b| b.len() == len));
    mean.fill(R::zero());
    if rows.centered {
        // SAFETY: `x` has these rows.
        unsafe { sum_rows::<R, R::Vector<S>>(x.as_ptr(), (len, len), mean) };
        mean.iter_mut().for_each(|mean| *mean /= count);
    }
    // SAFETY: as above, in whole registers, and as many rows as one has lanes; so has `y`.
    unsafe {
        moments::<R, R::Vector<S>>(rows, x.as_ptr(), mean, rstd);
        shift_and_scale::<R, R::Vector<S>>((x.as_ptr(), y.as_mut_ptr()), len, (mean, rstd), affine);
    }
}

/// `y = (x - mean) * rstd * weight + bias`.
///
/// # Safety
/// Both sides must have rows of whole registers for all means; weight and bias are as long.
#[inline(always)]
unsafe fn shift_and_scale<R: Real, V: Vector<R>>(
    (x, y): (*const R, *mut R),
    len: usize,
    (mean, rstd): (&[R], &[R]),
    affine: Affine<'_, R>,
) {
    let (one, zero) = (V::splat(R::one()), V::splat(R::zero()));
    for (row, (&mean, &rstd)) in mean.iter().zip(rstd).enumerate() {
        let (mean, rstd) = (V::splat(mean), V::splat(rstd));
        for at in (0..len).step_by(V::LANES) {
            // SAFETY: by the caller's word.
            unsafe {
                let load = |list: &[R]| V::load(list.as_ptr().add(at));
                let value = V::load(x.add(row * len + at)).sub(mean).mul(rstd);
                let value = value.mul(affine.weight.map_or(one, load)).add(affine.bias.map_or(zero, load));
                value.store(y.add(row * len + at));
            }
        }
    }
}

/// Corrects means, and gives one over the deviation of each row.
///
/// # Safety
/// `x` must have rows of whole registers for all means, as many as a register has lanes or more.
#[inline(always)]
unsafe fn moments<R: Real, V: Vector<R>>(rows: Rows<R>, x: *const R, mean: &mut [R], rstd: &mut [R]) {
    let count = R::from_usize(rows.len);
    let mut done = 0;
    while done < mean.len() {
        let first = done.min(mean.len() - V::LANES);
        let (mut away, mut squares) = ([V::splat(R::zero()); 16], [V::splat(R::zero()); 16]);
        let (mut aways, mut totals) = ([R::zero(); 16], [R::zero(); 16]);
        // SAFETY: by the caller's word; no register has more than 16 lanes.
        unsafe {
            for row in 0..V::LANES {
                let (x, mean) = (x.add((first + row) * rows.len), V::splat(mean[first + row]));
                for at in (0..rows.len).step_by(V::LANES) {
                    let distance = V::load(x.add(at)).sub(mean);
                    away[row] = away[row].add(distance);
                    squares[row] = squares[row].add(distance.mul(distance));
                }
            }
            fold_rows(away, |a, b| a.add(b)).store(aways.as_mut_ptr());
            fold_rows(squares, |a, b| a.add(b)).store(totals.as_mut_ptr());
        }
        // Those before `done` are corrected already.
        for row in done - first..V::LANES {
            let mut variance = totals[row] / count;
            if rows.centered {
                let away = aways[row] / count;
                mean[first + row] += away;
                variance = (variance - away * away).max(R::zero());
            }
            rstd[first + row] = R::one() / (variance + rows.eps).sqrt();
        }
        done = first + V::LANES;
    }
}
