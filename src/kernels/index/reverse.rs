//! Rows from the last element to the first.

use crate::kernels::parallel;

/// Elements that a task handles at least.
const GRAIN: usize = 8 * 1024;

/// `out[row, i] = x[row, len - 1 - i]` for rows of `len` elements.
pub fn reverse_rows<T: Copy + Send + Sync>(x: &[T], len: usize, out: &mut [T]) {
    debug_assert!(x.len() == out.len() && (x.is_empty() || x.len().is_multiple_of(len)));
    if out.is_empty() {
        return;
    }
    let rows = (GRAIN / len).max(1);
    parallel::for_each_chunk_mut(out, rows * len, 1, |index, out| {
        reverse(&x[index * rows * len..][..out.len()], len, out)
    });
}

crate::vectorize! {
    fn reverse[S; T: Copy](simd: S, x: &[T], len: usize, out: &mut [T]) {
        for (x, out) in x.chunks_exact(len).zip(out.chunks_exact_mut(len)) {
            for i in 0..len {
                out[i] = x[len - 1 - i];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_length_are_reversed() {
        for (rows, len) in [(1, 1), (3, 7), (200, 65), (2, 40_000), (0, 5)] {
            let x: Vec<u32> = (0..rows * len).map(|i| i as u32).collect();
            let mut out = vec![0; rows * len];
            reverse_rows(&x, len as usize, &mut out);
            assert!((0..rows * len).all(|i| out[i] == x[i / len * len + len - 1 - i % len]), "{rows} {len}");
        }
    }
}
