//! Slices of a new tensor that a vector of numbers names: each is copied, and then meets its values, before the next one's turn.
#![allow(unsafe_code)]

use crate::kernels::elementwise::{Operand, OperandMut};
use crate::kernels::lanes::move_row;
use crate::kernels::parallel;
use crate::shape::contiguous_strides;

/// Bytes of a slice, at least.
const SHORT: usize = 256;

/// Elements of a slice that a task handles.
const PART: usize = 512;

/// Whether `index` is a vector along an axis that names slices of some length, and `values` are row-major.
pub fn suits<T>(index: Operand<'_, i64>, values: Operand<'_, T>, axis: usize) -> bool {
    let shape = index.shape();
    let still = (0..shape.len()).all(|a| a == axis || shape[a] == 1 || index.strides()[a] == 0);
    let strides = contiguous_strides(shape);
    let row_major = (0..shape.len()).all(|a| shape[a] <= 1 || values.strides()[a] == strides[a]);
    still && row_major && shape[axis + 1..].iter().product::<usize>() * size_of::<T>() >= SHORT && !shape.contains(&0)
}

/// `x = from`, then `combine(x[.., index[j], ..], values[.., j, ..])` in the order of `j`; both are row-major, and `x` is as long
/// as `values` along the other axes. False where a number lies outside of the axis; then nothing is written.
pub fn scatter<T: Copy + Send + Sync>(
    x: OperandMut<'_, T>,
    from: &[T],
    axis: usize,
    index: Operand<'_, i64>,
    values: Operand<'_, T>,
    combine: impl Fn(&mut T, T) + Sync,
) -> bool {
    let (size, n) = (x.shape()[axis], index.shape()[axis]);
    let inner: usize = x.shape()[axis + 1..].iter().product();
    assert!(
        from.len() % (size * inner).max(1) == 0 && values.shape().iter().product::<usize>() * size == from.len() * n
    );
    let (address, step) = (index.address(), index.strides()[axis]);
    // SAFETY: places of the index.
    let numbers: Vec<i64> = (0..n).map(|j| unsafe { *address.get().add(j * step) }).collect();
    if numbers.iter().any(|&i| i as u64 >= size as u64) {
        return false;
    }
    // The values of each slice, in their order: those of slice `i` are `order[ends[i - 1]..ends[i]]`.
    let mut ends = vec![0; size];
    numbers.iter().for_each(|&i| ends[i as usize] += 1);
    let mut sum = 0;
    for end in &mut ends {
        sum += std::mem::replace(end, sum);
    }
    let mut order = vec![0; n];
    for (j, &i) in numbers.iter().enumerate() {
        order[ends[i as usize]] = j;
        ends[i as usize] += 1;
    }
    let parts = inner.div_ceil(PART);
    let lines = from.len() / inner;
    let (x, values) = (x.address(), values.address());
    parallel::for_each_index(lines * parts, PART.min(inner) * (1 + n / size), |task| {
        let (line, start) = (task / parts, task % parts * PART);
        let (outer, i) = (line / size, line % size);
        let source = &from[line * inner + start..][..PART.min(inner - start)];
        // SAFETY: parts of slices lie inside of `x`, apart from each other, and inside of `values`, which the caller keeps apart
        // from `x`.
        unsafe {
            let to = x.get().add(line * inner + start);
            move_row(source.as_ptr().cast(), to.cast(), size_of_val(source));
            let to = std::slice::from_raw_parts_mut(to, source.len());
            for &j in &order[if i == 0 { 0 } else { ends[i - 1] }..ends[i]] {
                let value = values.get().add((outer * n + j) * inner + start);
                let value = std::slice::from_raw_parts(value, source.len());
                to.iter_mut().zip(value).for_each(|(to, &value)| combine(to, value));
            }
        }
    });
    true
}
