//! Rows of which a range is kept.

use crate::kernels::parallel;
use std::ops::Range;

/// Elements that a task handles, about.
const GRAIN: usize = 8 * 1024;

/// Rows of `len` elements as they are in the range `kept(row)`, and `blank` elsewhere.
///
/// # Panics
/// Where a range leads out of the row, or the lengths differ.
pub fn keep_ranges<T: Copy + Send + Sync>(
    x: &[T],
    len: usize,
    kept: impl Fn(usize) -> Range<usize> + Sync,
    blank: T,
    out: &mut [T],
) {
    assert!(x.len() == out.len() && (x.is_empty() || x.len().is_multiple_of(len)));
    if out.is_empty() {
        return;
    }
    let rows = (GRAIN / len).max(1);
    parallel::for_each_chunk_mut(out, rows * len, 1, |task, out| {
        let x = &x[task * rows * len..][..out.len()];
        for (row, (x, out)) in x.chunks_exact(len).zip(out.chunks_exact_mut(len)).enumerate() {
            let Range { start, end } = kept(task * rows + row);
            out[..start].fill(blank);
            out[start..end].copy_from_slice(&x[start..end]);
            out[end..].fill(blank);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_kept() {
        for (rows, len) in [(3, 5), (1, 40), (70, 300), (5000, 3)] {
            let x: Vec<u16> = (0..rows * len).map(|i| i as u16 | 1).collect();
            let kept = |row: usize| row * 7 % (len + 1)..len.max(row * 7 % (len + 1)).min(row * 7 % (len + 1) + 4);
            let mut out = vec![9; x.len()];
            keep_ranges(&x, len, kept, 0, &mut out);
            for (i, &got) in out.iter().enumerate() {
                assert_eq!(got, if kept(i / len).contains(&(i % len)) { x[i] } else { 0 }, "{rows} {len} {i}");
            }
        }
    }
}
