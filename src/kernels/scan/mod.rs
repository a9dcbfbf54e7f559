//! Scans: outputs that depend on all elements up to their own place along an axis.

use crate::kernels::parallel;

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
    let Along { size, inner, .. } = along;
    debug_assert_eq!(out.len(), along.outer * size * inner);
    let block = size * inner;
    parallel::for_each_chunk_mut(out, block, 2, |o, out| {
        if inner == 1 {
            let mut acc = start;
            for k in 0..size {
                let j = if reverse { size - 1 - k } else { k };
                acc = step(acc, o * block + j, j);
                out[j] = write(acc);
            }
            return;
        }
        for tile in (0..inner).step_by(TILE) {
            let width = TILE.min(inner - tile);
            let mut accs = [start; TILE];
            for k in 0..size {
                let j = if reverse { size - 1 - k } else { k };
                let row = j * inner + tile;
                for (i, (acc, place)) in accs[..width].iter_mut().zip(&mut out[row..row + width]).enumerate() {
                    *acc = step(*acc, o * block + row + i, j);
                    *place = write(*acc);
                }
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
