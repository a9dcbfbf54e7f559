//! Blocks of a tensor by their offsets: `x[:, i, j]` reads, for each leading index and each pair of numbers in `i` and
//! `j`, the block of all trailing elements.
#![allow(unsafe_code)]

use crate::kernels::elementwise::{Operand, OperandMut};
use crate::kernels::lanes::move_row;
use crate::kernels::parallel;
use crate::shape::{Dims, Layout};
use smallvec::SmallVec;
use std::ops::Range;

/// How a tensor falls into blocks when some of its axes are indexed.
pub struct Blocks {
    shape: Dims,
    strides: Dims,
    /// The largest offset that the indexed axes can make; `None` where one of them is empty.
    reach: Option<usize>,
    /// The offset of each combination of leading indices.
    leading: Vec<usize>,
    /// The offset of each row of a block.
    rows: Vec<usize>,
    /// Elements of a row.
    len: usize,
    /// The distance of neighbours in a row.
    stride: usize,
}

/// Elements that a task handles at least.
const GRAIN: usize = 8 * 1024;

impl Blocks {
    /// Of a tensor that lies so; of the axes that are not indexed, `leading` come before the place of the indices.
    pub fn new(shape: &[usize], strides: &[usize], indexed: &[bool], leading: usize) -> Self {
        let axes =
            |wanted: bool| (0..shape.len()).filter(move |&a| indexed[a] == wanted).map(|a| (shape[a], strides[a]));
        let reach = axes(true).try_fold(0, |reach, (size, stride)| Some(reach + size.checked_sub(1)? * stride));
        let mut merged: SmallVec<[(usize, usize); 4]> = SmallVec::new();
        for (size, stride) in axes(false).skip(leading).filter(|&(size, _)| size != 1) {
            match merged.last_mut() {
                Some(outer) if outer.1 == stride * size => *outer = (outer.0 * size, stride),
                _ => merged.push((size, stride)),
            }
        }
        let (len, stride) = merged.pop().unwrap_or((1, 1));
        let leading = table(axes(false).take(leading));
        let (shape, strides) = (Dims::from_slice(shape), Dims::from_slice(strides));
        Blocks { shape, strides, reach, leading, rows: table(merged.into_iter()), len, stride }
    }

    /// Fails on a tensor of another layout, and on offsets that lead out of it.
    fn check(&self, shape: &[usize], strides: &[usize], offsets: &[usize]) {
        assert!(self.shape.as_slice() == shape && self.strides.as_slice() == strides, "blocks of another tensor");
        let inside = offsets.iter().max() <= self.reach.as_ref();
        assert!(inside, "an offset lies outside of the tensor");
    }

    /// Elements of a block.
    pub fn block_len(&self) -> usize {
        self.rows.len() * self.len
    }

    /// Elements that `count` offsets name.
    pub fn numel(&self, count: usize) -> usize {
        self.leading.len() * count * self.block_len()
    }
}

/// The offsets of all indices of some axes, in row-major order.
fn table(axes: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    let mut offsets = vec![0];
    for (size, stride) in axes {
        offsets = offsets.iter().flat_map(|&base| (0..size).map(move |i| base + i * stride)).collect();
    }
    offsets
}

/// `out = x[leading, offsets, block]`, row-major; each offset is that of a combination of the indexed axes.
///
/// # Panics
/// Where an offset leads out of the tensor.
pub fn gather_blocks<T: Copy + Send + Sync>(x: Operand<'_, T>, blocks: &Blocks, offsets: &[usize], out: &mut [T]) {
    let block = blocks.block_len();
    assert_eq!(out.len(), blocks.numel(offsets.len()));
    if out.is_empty() {
        return;
    }
    blocks.check(x.shape(), x.strides(), offsets);
    let (x, n) = (x.address(), offsets.len());
    let per_task = (GRAIN / block).max(1);
    parallel::for_each_chunk_mut(out, per_task * block, 1, |task, out| {
        let first = task * per_task;
        let (mut lead, mut at) = (first / n, first % n);
        for target in out.chunks_mut(block) {
            // SAFETY: the offset has been checked, the others come from the tensor's own axes: the sum lies inside of it.
            unsafe {
                let source = x.get().add(blocks.leading[lead] + offsets[at]) as *const T;
                if block == 1 {
                    target[0] = *source;
                } else {
                    for (row, target) in blocks.rows.iter().zip(target.chunks_mut(blocks.len)) {
                        read_row(source.add(*row), blocks.stride, target);
                    }
                }
            }
            at += 1;
            if at == n {
                (lead, at) = (lead + 1, 0);
            }
        }
    });
}

/// # Safety
/// `source` must be valid for reads of as many elements as `target` has, `stride` apart.
#[inline(always)]
unsafe fn read_row<T: Copy>(source: *const T, stride: usize, target: &mut [T]) {
    // SAFETY: by the contract above.
    unsafe {
        if stride == 1 {
            move_row(source.cast(), target.as_mut_ptr().cast(), size_of_val(target));
        } else {
            for (i, t) in target.iter_mut().enumerate() {
                *t = *source.add(i * stride);
            }
        }
    }
}

/// `combine(x[leading, offsets, block], values)`, one offset after the other, so that for repeated offsets the values
/// arrive in their order. Threads share out the leading indices and the elements of rows, or the offsets, where these
/// ascend and so name no block twice.
///
/// # Panics
/// Where an offset leads out of the tensor, or the tensor's elements overlap.
pub fn scatter_blocks<T: Copy + Send + Sync>(
    x: OperandMut<'_, T>,
    blocks: &Blocks,
    offsets: &[usize],
    values: &[T],
    combine: impl Fn(&mut T, T) + Sync,
) {
    let (block, n) = (blocks.block_len(), offsets.len());
    assert_eq!(values.len(), blocks.numel(n));
    if values.is_empty() {
        return;
    }
    blocks.check(x.shape(), x.strides(), offsets);
    let layout = Layout { shape: blocks.shape.clone(), strides: blocks.strides.clone(), offset: 0 };
    assert!(!layout.may_overlap(), "elements of the written tensor overlap");
    let x = x.address();
    let piece = if blocks.leading.len() > 16 { blocks.len } else { blocks.len.min(GRAIN / 4) };
    let pieces = blocks.len.div_ceil(piece);
    let run = |lead: usize, columns: Range<usize>, which: Range<usize>| {
        for at in which {
            let start = (lead * n + at) * block + columns.start;
            // SAFETY: as in `gather_blocks`. Tasks differ in the leading index, in the columns, or in the (ascending) offset, and
            // no two indices of the tensor name the same place.
            unsafe {
                let target = x.get().add(blocks.leading[lead] + offsets[at] + columns.start * blocks.stride);
                for (i, row) in blocks.rows.iter().enumerate() {
                    let from = start + i * blocks.len;
                    write_row(target.add(*row), blocks.stride, &values[from..from + columns.len()], &combine);
                }
            }
        }
    };
    if block * n >= GRAIN && offsets.is_sorted_by(|a, b| a < b) {
        let per_task = (GRAIN / block).max(1);
        let tasks = n.div_ceil(per_task);
        parallel::for_each_index(blocks.leading.len() * tasks, per_task * block, |task| {
            let first = task % tasks * per_task;
            run(task / tasks, 0..blocks.len, first..(first + per_task).min(n));
        });
        return;
    }
    parallel::for_each_index(blocks.leading.len() * pieces, n * blocks.rows.len() * piece, |task| {
        let first = task % pieces * piece;
        run(task / pieces, first..(first + piece).min(blocks.len), 0..n);
    });
}

/// # Safety
/// `target` must be valid for writes of as many elements as `values` has, `stride` apart.
#[inline(always)]
unsafe fn write_row<T: Copy>(target: *mut T, stride: usize, values: &[T], combine: &impl Fn(&mut T, T)) {
    // SAFETY: by the contract above; the caller's task is the only one that writes here.
    unsafe {
        if stride == 1 {
            for (t, &v) in std::slice::from_raw_parts_mut(target, values.len()).iter_mut().zip(values) {
                combine(t, v);
            }
        } else {
            for (i, &v) in values.iter().enumerate() {
                combine(&mut *target.add(i * stride), v);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x[:, index, :]` of a 3 x 5 x 4 array whose last two axes lie transposed.
    #[test]
    fn blocks_are_read_and_added_up() {
        let (shape, strides) = ([3, 5, 4], [20, 1, 5]);
        let data: Vec<f32> = (0..60).map(|v| v as f32).collect();
        let blocks = Blocks::new(&shape, &strides, &[false, true, false], 1);
        let index = [4usize, 0, 4];
        let mut out = vec![0.0; blocks.numel(3)];
        // SAFETY: a dense layout of this buffer.
        gather_blocks(unsafe { Operand::new(data.as_ptr(), &shape, &strides) }, &blocks, &index, &mut out);
        assert_eq!(out[..4], [4.0, 9.0, 14.0, 19.0]);
        assert_eq!(out[4..8], [0.0, 5.0, 10.0, 15.0]);
        let mut sums = vec![0.0f32; 60];
        // SAFETY: as above.
        let x = unsafe { OperandMut::new(sums.as_mut_ptr(), &shape, &strides) };
        scatter_blocks(x, &blocks, &index, &out, |a, b| *a += b);
        for (place, &sum) in sums.iter().enumerate() {
            let times = match place % 5 {
                4 => 2.0,
                0 => 1.0,
                _ => 0.0,
            };
            assert_eq!(sum, times * place as f32);
        }
    }

    fn scattered(offsets: &[usize]) -> Vec<i64> {
        let n = offsets.len();
        let values: Vec<i64> = (0..n as i64).collect();
        let blocks = Blocks::new(&[n], &[1], &[true], 0);
        let mut out = vec![0i64; n];
        let (shape, strides) = ([n], [1]);
        // SAFETY: a dense layout of this buffer.
        let x = unsafe { OperandMut::new(out.as_mut_ptr(), &shape, &strides) };
        scatter_blocks(x, &blocks, offsets, &values, |a, b| *a = b);
        out
    }

    #[test]
    fn the_last_of_repeated_offsets_wins() {
        let n = 100_000;
        let offsets: Vec<usize> = (0..n).map(|i| i / 2).collect();
        let out = scattered(&offsets);
        assert!((0..n / 2).all(|i| out[i] == 2 * i as i64 + 1));
        let ascending: Vec<usize> = (0..n).collect();
        assert!(scattered(&ascending).iter().enumerate().all(|(i, &v)| v == i as i64));
    }

    #[test]
    #[should_panic(expected = "outside of the tensor")]
    fn offsets_are_checked() {
        scattered(&[0, 7]);
    }
}
