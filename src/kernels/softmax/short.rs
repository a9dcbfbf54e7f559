//! Short rows: the lanes of many rows are joined at once, and exponentials are taken of rows laid side by side.

use super::{EXP_COST, Kind};
use crate::kernels::float::Real;
use crate::kernels::lanes::{Vector, join_rows, part, sum_rows, transposed};
use crate::kernels::parallel;
use crate::kernels::scratch::with_scratch;

/// Elements of the longest rows.
pub(super) const LONGEST: usize = 256;
/// Elements of the longest rows that are turned, to be computed side by side,
const TURNED: usize = 15;
/// and how many at once.
const TOGETHER: usize = 64;
/// Elements of rows that are computed in one call, about: they stay in the first cache.
const ELEMENTS: usize = 1024;
/// Elements of the longest register.
const SPARE: usize = 16;
/// Rows of a call, at most.
const ROWS: usize = 128;

/// Softmax of rows of `len` elements.
pub(super) fn softmax<R: Real>(kind: Kind, len: usize, x: &[R], y: &mut [R]) {
    if len <= TURNED {
        return parallel::for_each_chunk_mut(y, len * TOGETHER, EXP_COST, |i, y| {
            turned(kind, len, &x[i * len * TOGETHER..][..y.len()], y);
        });
    }
    let part = (ELEMENTS / len).next_multiple_of(16).min(ROWS) * len;
    parallel::for_each_chunk_mut(y, part, EXP_COST, |i, y| {
        let x = &x[i * part..][..y.len()];
        if len % SPARE == 0 || len >= 2 * SPARE {
            return rows(kind, len, x, y);
        }
        with_scratch::<R, _>(x.len() + SPARE, |scratch| narrow_rows(kind, len, x, y, scratch));
    });
}

/// Rows of a few elements: turned, so that many are computed side by side.
fn turned<R: Real>(kind: Kind, len: usize, x: &[R], y: &mut [R]) {
    let rows = x.len() / len;
    with_scratch::<R, _>(2 * len * TOGETHER, |scratch| {
        let (from, to) = scratch.split_at_mut(len * TOGETHER);
        // SAFETY: the rows and columns of `x` and `y`, and as many numbers of each scratch.
        unsafe { transposed(x.as_ptr(), len, from.as_mut_ptr(), TOGETHER, len, rows) };
        turned_rows(kind, from, to);
        // SAFETY: as above.
        unsafe { transposed(to.as_ptr(), TOGETHER, y.as_mut_ptr(), len, rows, len) };
    });
}

/// Every row of `x` to that of `y`, by a function of a register and the row's number. What is read must not have been written just
/// before, for the processor waits for writes of parts of a register.
///
/// # Safety
/// There must be a row of `len` elements for each number on both sides, and with `spare` room for [`SPARE`] more on the second.
#[inline(always)]
unsafe fn each_row<R: Real, V: Vector<R>>(
    (x, y, spare): (*const R, *mut R, bool),
    len: usize,
    numbers: &[R],
    f: impl Fn(V, V) -> V,
) {
    let (whole, rest) = (len / V::LANES * V::LANES, len % V::LANES);
    for (row, &number) in numbers.iter().enumerate() {
        let number = V::splat(number);
        // SAFETY: by the caller's word.
        unsafe {
            let (x, y) = (x.add(row * len), y.add(row * len));
            for at in (0..whole).step_by(V::LANES) {
                f(V::load(x.add(at)), number).store(y.add(at));
            }
            if rest > 0 {
                let value = f(V::load_part(x.add(whole), 0..rest), number);
                if spare { value.store(y.add(whole)) } else { value.store_first(y.add(whole), rest) }
            }
        }
    }
}

/// Writes a register, or as much of it as there is room for.
#[inline(always)]
fn put<R: Real, V: Vector<R>>(value: V, to: &mut [R]) {
    // SAFETY: so many elements have room.
    unsafe {
        if to.len() >= V::LANES { value.store(to.as_mut_ptr()) } else { value.store_first(to.as_mut_ptr(), to.len()) }
    }
}

crate::vectorize! {
    /// Rows of `len` elements, at most [`ROWS`].
    fn rows[S; R: Real](simd: S, kind: Kind, len: usize, x: &[R], y: &mut [R]) {
        let (mut tops, mut sums) = ([R::zero(); ROWS], [R::zero(); ROWS]);
        assert!(y.len() == x.len());
        let (tops, sums) = (&mut tops[..x.len() / len], &mut sums[..x.len() / len]);
        // A nan is passed over, which the exponentials then bring back.
        let larger = |a: R::Vector<S>, b: R::Vector<S>| b.max(a);
        let fill = |rest: R::Vector<S>, end| rest.sub(end);
        // SAFETY: all have these rows.
        unsafe { join_rows::<R, R::Vector<S>>(x.as_ptr(), (len, len), R::neg_infinity(), larger, fill, tops) };
        for ((x, y), &top) in x.chunks_exact(len).zip(y.chunks_exact_mut(len)).zip(&*tops) {
            let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<SPARE>(), y.as_chunks_mut::<SPARE>());
            for (x, y) in x.iter().zip(y) {
                for i in 0..SPARE {
                    y[i] = (x[i] - top).exp_native(simd);
                }
            }
            if !x_rest.is_empty() {
                let mut line = [R::zero(); SPARE];
                let lanes = <R::Vector<S> as Vector<R>>::LANES;
                (0..SPARE).step_by(lanes).for_each(|at| put::<R, R::Vector<S>>(part(x_rest, at), &mut line[at..]));
                for i in 0..SPARE {
                    line[i] = (line[i] - top).exp_native(simd);
                }
                for at in (0..y_rest.len()).step_by(lanes) {
                    put::<R, R::Vector<S>>(part(&line, at), &mut y_rest[at..]);
                }
            }
        }
        let y = y.as_mut_ptr();
        // SAFETY: all have these rows.
        unsafe {
            sum_rows::<R, R::Vector<S>>(y, (len, len), sums);
            match kind {
                Kind::Softmax => {
                    sums.iter_mut().for_each(|sum| *sum = R::one() / *sum);
                    each_row::<R, R::Vector<S>>((y, y, false), len, sums, |power, factor| power.mul(factor));
                }
                Kind::LogSoftmax => {
                    sums.iter_mut().for_each(|sum| *sum = sum.ln());
                    each_row::<R, R::Vector<S>>((x.as_ptr(), y, false), len, tops, |x, top| x.sub(top));
                    each_row::<R, R::Vector<S>>((y, y, false), len, sums, |x, log| x.sub(log));
                }
            }
        }
    }

    /// Rows of `len` elements, at most [`ROWS`], with room for as many and [`SPARE`] more.
    fn narrow_rows[S; R: Real](simd: S, kind: Kind, len: usize, x: &[R], y: &mut [R], scratch: &mut [R]) {
        let mut numbers = [R::zero(); ROWS];
        let numbers = &mut numbers[..x.len() / len];
        assert!(y.len() == x.len() && scratch.len() == x.len() + SPARE);
        let scratch = scratch.as_mut_ptr();
        // A nan is passed over, which the exponentials then bring back.
        let larger = |a: R::Vector<S>, b: R::Vector<S>| b.max(a);
        let fill = |rest: R::Vector<S>, end| rest.sub(end);
        // SAFETY: all have these rows.
        let away = unsafe {
            join_rows::<R, R::Vector<S>>(x.as_ptr(), (len, len), R::neg_infinity(), larger, fill, numbers);
            each_row::<R, R::Vector<S>>((x.as_ptr(), scratch, true), len, numbers, |x, top| x.sub(top));
            std::slice::from_raw_parts_mut(scratch, x.len())
        };
        match kind {
            Kind::Softmax => {
                away.iter_mut().for_each(|x| *x = x.exp_native(simd));
                // SAFETY: as above.
                unsafe {
                    sum_rows::<R, R::Vector<S>>(scratch, (len, len), numbers);
                    numbers.iter_mut().for_each(|sum| *sum = R::one() / *sum);
                    let sides = (scratch.cast_const(), y.as_mut_ptr(), false);
                    each_row::<R, R::Vector<S>>(sides, len, numbers, |power, factor| power.mul(factor));
                }
            }
            Kind::LogSoftmax => {
                y.iter_mut().zip(&*away).for_each(|(y, x)| *y = x.exp_native(simd));
                // SAFETY: as above.
                unsafe {
                    sum_rows::<R, R::Vector<S>>(y.as_ptr(), (len, len), numbers);
                    numbers.iter_mut().for_each(|sum| *sum = sum.ln());
                    let sides = (scratch.cast_const(), y.as_mut_ptr(), false);
                    each_row::<R, R::Vector<S>>(sides, len, numbers, |x, log| x.sub(log));
                }
            }
        }
    }

    /// Rows that have been turned: `x` and `y` have [`TOGETHER`] rows' elements of one place side by side.
    fn turned_rows[S; R: Real](simd: S, kind: Kind, x: &mut [R], y: &mut [R]) {
        assert!(x.len() == y.len() && x.len().is_multiple_of(TOGETHER));
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        let mut numbers = [R::zero(); TOGETHER];
        let (from, count) = (x.as_mut_ptr(), x.len());
        let places = |at: usize| (at..count).step_by(TOGETHER);
        for at in (0..TOGETHER).step_by(lanes) {
            // SAFETY: a register of rows follows from each of these places.
            unsafe {
                let mut top = <R::Vector<S> as Vector<R>>::splat(R::neg_infinity());
                // A nan is passed over, which the exponentials then bring back.
                places(at).for_each(|at| top = <R::Vector<S> as Vector<R>>::load(from.add(at)).max(top));
                places(at).for_each(|at| <R::Vector<S> as Vector<R>>::load(from.add(at)).sub(top).store(from.add(at)));
            }
        }
        x.iter().zip(&mut *y).for_each(|(x, y)| *y = x.exp_native(simd));
        let to = y.as_mut_ptr();
        for at in (0..TOGETHER).step_by(lanes) {
            // SAFETY: as above.
            unsafe {
                let mut sum = <R::Vector<S> as Vector<R>>::splat(R::zero());
                places(at).for_each(|at| sum = sum.add(<R::Vector<S> as Vector<R>>::load(to.add(at))));
                sum.store(numbers.as_mut_ptr().add(at));
            }
        }
        match kind {
            Kind::Softmax => numbers.iter_mut().for_each(|sum| *sum = R::one() / *sum),
            Kind::LogSoftmax => numbers.iter_mut().for_each(|sum| *sum = sum.ln()),
        }
        for at in (0..TOGETHER).step_by(lanes) {
            // SAFETY: as above.
            unsafe {
                let number = <R::Vector<S> as Vector<R>>::load(numbers.as_ptr().add(at));
                for at in places(at) {
                    let value = match kind {
                        Kind::Softmax => <R::Vector<S> as Vector<R>>::load(to.add(at)).mul(number),
                        Kind::LogSoftmax => <R::Vector<S> as Vector<R>>::load(from.add(at)).sub(number),
                    };
                    value.store(to.add(at));
                }
            }
        }
    }
}
