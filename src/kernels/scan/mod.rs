//! Scans: outputs that depend on all elements up to their own place along an axis.
#![allow(unsafe_code)]

use crate::kernels::parallel::{self, Shared};

/// A row-major tensor seen from one of its axes: what comes before, the axis, what comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Along {
    /// The product of the sizes before the axis.
    pub outer: usize,
    /// The size of the axis.
    pub size: usize,
    /// The product of the sizes after the axis.
    pub inner: usize,
}

impl Along {
    /// Of a shape; a tensor without axes counts as having one of size 1.
    pub fn new(shape: &[usize], axis: usize) -> Self {
        let outer = shape[..axis.min(shape.len())].iter().product();
        let inner = shape.get(axis + 1..).unwrap_or_default().iter().product();
        Along { outer, size: shape.get(axis).copied().unwrap_or(1), inner }
    }
}

/// Neighbouring lines that are carried along together.
const TILE: usize = 64;

/// For each line along the axis, from its beginning (or its end, in `reverse`): `acc = step(acc, at, j)`, and
/// `write(acc)` to the place `at` of the row-major output, which is number `j` of its line.
pub fn scan<A, R>(
    along: Along,
    reverse: bool,
    out: &mut [R],
    start: A,
    step: impl Fn(A, usize, usize) -> A + Sync,
    write: impl Fn(A) -> R + Sync,
) where
    A: Copy + Send + Sync,
    R: Send,
{
    let Along { outer, size, inner } = along;
    debug_assert_eq!(out.len(), outer * size * inner);
    let block = size * inner;
    if inner == 1 {
        return parallel::for_each_chunk_mut(out, size, 2, |o, out| {
            let mut acc = start;
            for k in 0..size {
                let j = if reverse { size - 1 - k } else { k };
                acc = step(acc, o * size + j, j);
                out[j] = write(acc);
            }
        });
    }
    let tiles = inner.div_ceil(TILE);
    let out = Shared(out.as_mut_ptr());
    parallel::for_each_index(outer * tiles, 2 * size * TILE.min(inner), |task| {
        let (o, first) = (task / tiles, task % tiles * TILE);
        let mut accs = [start; TILE];
        let accs = &mut accs[..TILE.min(inner - first)];
        for k in 0..size {
            let j = if reverse { size - 1 - k } else { k };
            let at = o * block + j * inner + first;
            // SAFETY: columns of the row that begins at `o * block + j * inner`, which no other task writes.
            let places = unsafe { std::slice::from_raw_parts_mut(out.get().add(at), accs.len()) };
            for (i, (acc, place)) in accs.iter_mut().zip(places).enumerate() {
                *acc = step(*acc, at + i, j);
                *place = write(*acc);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_along_each_axis_from_both_ends() {
        let x: Vec<i32> = (1..=12).collect();
        let along = Along { outer: 2, size: 3, inner: 2 };
        let mut out = vec![0; 12];
        scan(along, false, &mut out, 0, |acc, at, _| acc + x[at], |acc| acc);
        assert_eq!(out, [1, 2, 4, 6, 9, 12, 7, 8, 16, 18, 27, 30]);
        scan(along, true, &mut out, 0, |acc, at, _| acc + x[at], |acc| acc);
        assert_eq!(out, [9, 12, 8, 10, 5, 6, 27, 30, 20, 22, 11, 12]);
    }

    #[test]
    fn wide_tensors_are_cut_into_tiles() {
        let inner = 2 * TILE + 3;
        let along = Along { outer: 1, size: 4, inner };
        let mut out = vec![0; 4 * inner];
        scan(along, false, &mut out, 0, |acc, _, j| acc + j, |acc| acc);
        assert!(out.chunks(inner).zip([0, 1, 3, 6]).all(|(row, sum)| row.iter().all(|&x| x == sum)));
    }

    #[test]
    fn a_scalar_has_one_element_along_its_only_axis() {
        assert_eq!(Along::new(&[], 0), Along { outer: 1, size: 1, inner: 1 });
    }
}
