//! Elements along an axis by number: `out[.., j, ..] = x[.., index[.., j, ..], ..]`, and the way back.
//!
//! An index that stands still across the other axes (stride 0, as an expanded vector has) names whole slices; then rows of
//! elements move at once.
#![allow(unsafe_code)]

use super::grouped;
use super::walk::{Row, Walk};
use crate::kernels::elementwise::{Operand, OperandMut};
use crate::kernels::lanes::move_row;
use crate::kernels::parallel;
use crate::shape::Layout;
use std::sync::atomic::{AtomicBool, Ordering};

/// Reads, for each index of `index`, the element of `x` at that number along the axis. The other axes of `x` are at
/// least as long as those of `index`. False where a number lies outside of the axis; then not all is read.
pub fn gather<T: Copy + Send + Sync>(
    x: Operand<'_, T>,
    axis: usize,
    index: Operand<'_, i64>,
    out: OperandMut<'_, T>,
) -> bool {
    assert!(out.shape() == index.shape(), "gather: shapes differ");
    let Some(walk) = Walk::new(index.shape(), axis, [x.strides(), index.strides(), out.strides()], true) else {
        return true;
    };
    check_shape(x.shape(), index.shape(), axis);
    let (size, stride) = (x.shape()[axis], x.strides()[axis]);
    let (x, index, out) = (x.address(), index.address(), out.address());
    let outside = AtomicBool::new(false);
    walk.run(&|row: Row| {
        let [sx, si, so] = row.strides;
        let mut inside = true;
        // SAFETY: the walk visits places of the common shape, and `number` holds every number below the size of the axis: what
        // is read and written lies inside of the operands. No two rows write one place, since `out` has one for each index.
        unsafe {
            let (x, index, out) = (x.get().add(row.at[0]), index.get().add(row.at[1]), out.get().add(row.at[2]));
            if si == 0 {
                match number(*index, size) {
                    None => inside = false,
                    Some(n) if (sx, so) == (1, 1) => {
                        move_row(x.add(n * stride).cast(), out.cast(), row.len * size_of::<T>());
                    }
                    Some(n) => (0..row.len).for_each(|i| *out.add(i * so) = *x.add(n * stride + i * sx)),
                }
            } else if (sx, stride, si, so) == (0, 1, 1, 1) {
                inside = (0..row.len).all(|i| number(*index.add(i), size).map(|n| *out.add(i) = *x.add(n)).is_some());
            } else {
                inside = (0..row.len).all(|i| {
                    let n = number(*index.add(i * si), size);
                    n.map(|n| *out.add(i * so) = *x.add(i * sx + n * stride)).is_some()
                });
            }
        }
        if !inside {
            outside.store(true, Ordering::Relaxed);
        }
    });
    !outside.into_inner()
}

/// `combine(x[.., index[.., j, ..], ..], values[.., j, ..])`, in the order of `j`. The other axes of `x` are at least as
/// long as those of `index`. With `from`, `x` is new, row-major memory, which gets these elements first. False where a number
/// lies outside of the axis; then not all is written.
///
/// # Panics
/// Where elements of `x` overlap.
pub fn scatter<T: Copy + Send + Sync>(
    x: OperandMut<'_, T>,
    mut from: Option<&[T]>,
    axis: usize,
    index: Operand<'_, i64>,
    values: Operand<'_, T>,
    combine: impl Fn(&mut T, T) + Sync,
) -> bool {
    assert!(values.shape() == index.shape(), "scatter: shapes differ");
    let layout = Layout { shape: x.shape().into(), strides: x.strides().into(), offset: 0 };
    assert!(!layout.may_overlap(), "elements of the written tensor overlap");
    let fits = |from: &[T]| layout.is_contiguous() && from.len() == layout.numel();
    assert!(from.is_none_or(fits), "elements of another tensor");
    let walk = Walk::new(index.shape(), axis, [x.strides(), index.strides(), values.strides()], false);
    if walk.is_some() {
        check_shape(x.shape(), index.shape(), axis);
    }
    let whole = (0..layout.shape.len()).all(|a| a == axis || index.shape()[a] == layout.shape[a]);
    if let Some(from) = from
        && whole
        && grouped::suits::<T>(index, values, axis)
    {
        return grouped::scatter(x, from, axis, index, values, combine);
    }
    // Where each task has a whole line, the line is copied just before it is written to.
    let lines = whole && walk.as_ref().is_some_and(Walk::lines) && layout.strides[axis] == 1;
    let target = x.address();
    if let Some(from) = from.take_if(|_| !lines) {
        parallel::for_each_chunk(from.len(), COPIED, |range| {
            // SAFETY: both have as many elements, and `x` is new.
            unsafe {
                let to = target.get().add(range.start);
                move_row(from[range.clone()].as_ptr().cast(), to.cast(), range.len() * size_of::<T>());
            }
        });
    }
    let Some(walk) = walk else { return true };
    let (size, stride) = (layout.shape[axis], layout.strides[axis]);
    let (x, index, values) = (target, index.address(), values.address());
    let outside = AtomicBool::new(false);
    walk.run(&|row: Row| {
        let [sx, si, sv] = row.strides;
        let mut inside = true;
        if let Some(from) = from {
            // SAFETY: lines lie apart, one behind the other, in `x` as in `from`.
            unsafe {
                let line = &from[row.at[0]..][..size];
                move_row(line.as_ptr().cast(), x.get().add(row.at[0]).cast(), size_of_val(line));
            }
        }
        // SAFETY: as in `gather`. Rows of different tasks differ in an index of the other axes, so they write apart, since no
        // elements of `x` overlap; the caller keeps `values` and `index` apart from `x`.
        unsafe {
            let (x, index, values) = (x.get().add(row.at[0]), index.get().add(row.at[1]), values.get().add(row.at[2]));
            if si == 0 {
                match number(*index, size).map(|n| x.add(n * stride)) {
                    None => inside = false,
                    Some(x) if (sx, sv) == (1, 1) => {
                        (0..row.len).for_each(|i| combine(&mut *x.add(i), *values.add(i)));
                    }
                    Some(x) => (0..row.len).for_each(|i| combine(&mut *x.add(i * sx), *values.add(i * sv))),
                }
            } else if (sx, stride, si, sv) == (0, 1, 1, 1) {
                inside = (0..row.len).all(|i| {
                    let n = number(*index.add(i), size);
                    n.map(|n| combine(&mut *x.add(n), *values.add(i))).is_some()
                });
            } else {
                inside = (0..row.len).all(|i| {
                    let n = number(*index.add(i * si), size);
                    n.map(|n| combine(&mut *x.add(i * sx + n * stride), *values.add(i * sv))).is_some()
                });
            }
        }
        if !inside {
            outside.store(true, Ordering::Relaxed);
        }
    });
    !outside.into_inner()
}

/// Elements that a task copies.
const COPIED: usize = 16 * 1024;

/// A number as a place on an axis, if it is one.
#[inline(always)]
fn number(index: i64, size: usize) -> Option<usize> {
    ((index as u64) < size as u64).then_some(index as usize)
}

fn check_shape(x: &[usize], index: &[usize], axis: usize) {
    let fits = x.len() == index.len() && (0..x.len()).all(|a| a == axis || index[a] <= x[a]);
    assert!(fits, "the index is larger than the tensor");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::contiguous_strides;

    /// Runs `gather` on row-major data and compares with plain loops over three axes.
    fn check(x_shape: [usize; 3], shape: [usize; 3], axis: usize, strides: [usize; 3]) {
        let x: Vec<i32> = (0..x_shape.iter().product::<usize>() as i32).collect();
        let places = shape.iter().zip(strides).map(|(n, s)| (n - 1) * s).sum::<usize>() + 1;
        let index: Vec<i64> = (0..places).map(|i| (i * 7 % x_shape[axis]) as i64).collect();
        let count = shape.iter().product();
        let (mut out, mut back) = (vec![0; count], vec![0; x.len()]);
        let from: Vec<i32> = (0..x.len() as i32).map(|i| 3 * i).collect();
        let mut onto = vec![0; x.len()];
        let (xs, os) = (contiguous_strides(&x_shape), contiguous_strides(&shape));
        // SAFETY: the layouts lie inside of these buffers.
        unsafe {
            let numbers = Operand::new(index.as_ptr(), &shape, &strides);
            let target = OperandMut::new(out.as_mut_ptr(), &shape, &os);
            assert!(gather(Operand::new(x.as_ptr(), &x_shape, &xs), axis, numbers, target));
            for (to, from) in [(&mut back, None), (&mut onto, Some(&from[..]))] {
                let target = OperandMut::new(to.as_mut_ptr(), &x_shape, &xs);
                let values = Operand::new(out.as_ptr(), &shape, &os);
                assert!(scatter(target, from, axis, numbers, values, |a, b| *a += b + 1));
            }
        }
        let (mut expected, mut sums) = (vec![0; count], vec![0; x.len()]);
        for (at, expected) in expected.iter_mut().enumerate() {
            let mut place = [at / os[0], at / os[1] % shape[1], at % shape[2]];
            place[axis] = index[(0..3).map(|a| place[a] * strides[a]).sum::<usize>()] as usize;
            let place = (0..3).map(|a| place[a] * xs[a]).sum::<usize>();
            *expected = x[place];
            sums[place] += x[place] + 1;
        }
        assert_eq!(out, expected);
        assert!(onto.iter().zip(&sums).zip(&from).all(|((onto, sum), from)| *onto == sum + from));
        assert_eq!(back, sums);
    }

    #[test]
    fn elements_along_each_axis() {
        for axis in 0..3 {
            check([3, 4, 5], [3, 4, 5], axis, [20, 5, 1]);
            let mut shape = [2, 3, 4];
            shape[axis] = 40;
            check([3, 4, 5], shape, axis, [shape[1] * shape[2], shape[2], 1]);
            let mut still = [0; 3];
            still[axis] = 1;
            check([3, 4, 5], shape, axis, still);
        }
    }

    #[test]
    fn large_walks_are_shared_out() {
        check([4, 300, 50], [4, 2000, 50], 1, [0, 1, 0]);
        check([200, 3, 90], [200, 3, 90], 2, [270, 90, 1]);
        check([1, 1, 9], [1, 1, 100_000], 2, [1, 1, 1]);
        check([3, 1, 100_000], [3, 1, 100_000], 0, [100_000, 1, 1]);
    }

    #[test]
    fn rows_that_a_vector_names() {
        check([1, 40, 200], [1, 90, 200], 1, [0, 1, 0]);
        check([3, 9, 700], [3, 50, 700], 1, [0, 1, 0]);
        check([70, 2, 80], [5, 2, 80], 0, [1, 0, 0]);
        check([70, 2, 80], [500, 2, 80], 0, [1, 0, 0]);
    }

    #[test]
    fn numbers_are_checked() {
        for shape in [[1, 2], [2, 1], [1, 200], [9, 20_000]] {
            let numel: usize = shape.iter().product();
            let strides = contiguous_strides(&shape);
            for axis in [0, 1] {
                for (still, wrong) in [(false, -1), (true, -1), (false, i64::MAX), (true, shape[axis] as i64)] {
                    let (x, mut out) = (vec![1; numel], vec![0; numel]);
                    let mut index = vec![0; numel];
                    index[shape[axis] - 1] = wrong;
                    let mut steps = [0; 2];
                    steps[axis] = 1;
                    // SAFETY: the layouts lie inside of these buffers.
                    unsafe {
                        let index = Operand::new(index.as_ptr(), &shape, if still { &steps } else { &strides });
                        let x = Operand::new(x.as_ptr(), &shape, &strides);
                        let mut target = || OperandMut::new(out.as_mut_ptr(), &shape, &strides);
                        assert!(!gather(x, axis, index, target()));
                        let from = vec![1; numel];
                        for from in [None, Some(&from[..])] {
                            assert!(!scatter(target(), from, axis, index, x, |a, b| *a = b));
                        }
                    }
                }
            }
        }
    }
}
