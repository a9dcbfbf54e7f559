//! Elements along an axis by number: `out[.., j, ..] = x[.., index[.., j, ..], ..]`, and the way back.
//!
//! An index that stands still across the other axes (stride 0, as an expanded vector has) names whole slices; then rows of
//! elements move at once.
#![allow(unsafe_code)]

use super::walk::{Row, Walk};
use crate::kernels::elementwise::{Operand, OperandMut};
use crate::kernels::lanes::move_row;
use crate::shape::Layout;

/// Reads, for each index of `index`, the element of `x` at that number along the axis. The other axes of `x` are at
/// least as long as those of `index`.
///
/// # Panics
/// Where a number lies outside of the axis.
pub fn gather<T: Copy + Send + Sync>(x: Operand<'_, T>, axis: usize, index: Operand<'_, i64>, out: OperandMut<'_, T>) {
    assert!(out.shape() == index.shape(), "gather: shapes differ");
    let Some(walk) = Walk::new(index.shape(), axis, [x.strides(), index.strides(), out.strides()], true) else {
        return;
    };
    check_shape(x.shape(), index.shape(), axis);
    let (size, stride) = (x.shape()[axis], x.strides()[axis]);
    let (x, index, out) = (x.address(), index.address(), out.address());
    walk.run(&|row: Row| {
        let [sx, si, so] = row.strides;
        // SAFETY: the walk visits places of the common shape, and `number` holds every number below the size of the axis: what
        // is read and written lies inside of the operands. No two rows write one place, since `out` has one for each index.
        unsafe {
            let (x, index, out) = (x.get().add(row.at[0]), index.get().add(row.at[1]), out.get().add(row.at[2]));
            if si == 0 {
                let x = x.add(number(*index, size) * stride);
                if (sx, so) == (1, 1) {
                    return move_row(x.cast(), out.cast(), row.len * size_of::<T>());
                }
                (0..row.len).for_each(|i| *out.add(i * so) = *x.add(i * sx));
            } else {
                (0..row.len)
                    .for_each(|i| *out.add(i * so) = *x.add(i * sx + number(*index.add(i * si), size) * stride));
            }
        }
    });
}

/// `combine(x[.., index[.., j, ..], ..], values[.., j, ..])`, in the order of `j`. The other axes of `x` are at least as
/// long as those of `index`.
///
/// # Panics
/// Where a number lies outside of the axis, or elements of `x` overlap.
pub fn scatter<T: Copy + Send + Sync>(
    x: OperandMut<'_, T>,
    axis: usize,
    index: Operand<'_, i64>,
    values: Operand<'_, T>,
    combine: impl Fn(&mut T, T) + Sync,
) {
    assert!(values.shape() == index.shape(), "scatter: shapes differ");
    let Some(walk) = Walk::new(index.shape(), axis, [x.strides(), index.strides(), values.strides()], false) else {
        return;
    };
    check_shape(x.shape(), index.shape(), axis);
    let layout = Layout { shape: x.shape().into(), strides: x.strides().into(), offset: 0 };
    assert!(!layout.may_overlap(), "elements of the written tensor overlap");
    let (size, stride) = (x.shape()[axis], x.strides()[axis]);
    let (x, index, values) = (x.address(), index.address(), values.address());
    walk.run(&|row: Row| {
        let [sx, si, sv] = row.strides;
        // SAFETY: as in `gather`. Rows of different tasks differ in an index of the other axes, so they write apart, since no
        // elements of `x` overlap; the caller keeps `values` and `index` apart from `x`.
        unsafe {
            let (x, index, values) = (x.get().add(row.at[0]), index.get().add(row.at[1]), values.get().add(row.at[2]));
            if si == 0 {
                let x = x.add(number(*index, size) * stride);
                if (sx, sv) == (1, 1) {
                    return (0..row.len).for_each(|i| combine(&mut *x.add(i), *values.add(i)));
                }
                (0..row.len).for_each(|i| combine(&mut *x.add(i * sx), *values.add(i * sv)));
            } else {
                (0..row.len).for_each(|i| {
                    let place = i * sx + number(*index.add(i * si), size) * stride;
                    combine(&mut *x.add(place), *values.add(i * sv));
                });
            }
        }
    });
}

/// A number as a place on an axis. Callers have checked it; another thread may have changed it since.
#[inline(always)]
fn number(index: i64, size: usize) -> usize {
    assert!((index as u64) < size as u64, "an index lies outside of the axis");
    index as usize
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
        let (xs, os) = (contiguous_strides(&x_shape), contiguous_strides(&shape));
        // SAFETY: the layouts lie inside of these buffers.
        unsafe {
            let numbers = Operand::new(index.as_ptr(), &shape, &strides);
            gather(
                Operand::new(x.as_ptr(), &x_shape, &xs),
                axis,
                numbers,
                OperandMut::new(out.as_mut_ptr(), &shape, &os),
            );
            scatter(
                OperandMut::new(back.as_mut_ptr(), &x_shape, &xs),
                axis,
                numbers,
                Operand::new(out.as_ptr(), &shape, &os),
                |a, b| *a += b + 1,
            );
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
    #[should_panic(expected = "outside of the axis")]
    fn numbers_are_checked() {
        let (x, index, mut out) = ([1, 2], [2i64], [0]);
        // SAFETY: the layouts lie inside of these buffers.
        unsafe {
            let out = OperandMut::new(out.as_mut_ptr(), &[1], &[1]);
            gather(Operand::new(x.as_ptr(), &[2], &[1]), 0, Operand::new(index.as_ptr(), &[1], &[1]), out);
        }
    }
}
