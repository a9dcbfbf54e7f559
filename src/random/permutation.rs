//! Random permutations.

use super::{Element, Generator};

/// Fills `out` with `0..out.len()` in random order: one word for each place but the last.
pub fn fill_permutation<T: Element>(generator: &mut Generator, out: &mut [T]) {
    out.iter_mut().enumerate().for_each(|(i, value)| *value = T::from_i64(i as i64));
    for i in 0..out.len().saturating_sub(1) {
        let other = i + generator.random() as usize % (out.len() - i);
        out.swap(i, other);
    }
}
