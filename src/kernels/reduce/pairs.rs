//! Sums of a function of two lists, without a list of its values.

use crate::kernels::float::Real;
use crate::kernels::lanes::fold;
use crate::kernels::parallel;

/// Elements of a piece.
const PIECE: usize = 64 * 1024;
/// Elements that are summed in their own precision.
const RUN: usize = 1024;
/// Sums kept at once.
const LANES: usize = 64;

/// The sum of `f(a[i], b[i])`: runs in the precision of the elements, their sums in double precision.
pub fn sum_of_pairs<T: Real>(a: &[T], b: &[T], f: impl Fn(T, T) -> T + Sync + Copy) -> f64 {
    assert_eq!(a.len(), b.len(), "sum_of_pairs: lengths differ");
    let piece = |range: std::ops::Range<usize>| sum_piece(&a[range.clone()], &b[range], &f);
    parallel::map_reduce_chunks(a.len(), PIECE, piece, |a, b| a + b).unwrap_or(0.0)
}

crate::vectorize! {
    fn sum_piece[S; T: Real, F: Fn(T, T) -> T + Copy](simd: S, a: &[T], b: &[T], f: &F) -> f64 {
        let f = *f;
        let mut total = 0.0;
        for (a, b) in a.chunks(RUN).zip(b.chunks(RUN)) {
            let mut sums = [T::zero(); LANES];
            let (whole, rest) = a.as_chunks::<LANES>();
            let (other, other_rest) = b.as_chunks::<LANES>();
            for (a, b) in whole.iter().zip(other) {
                for i in 0..LANES {
                    sums[i] += f(a[i], b[i]);
                }
            }
            let over = rest.iter().zip(other_rest).fold(T::zero(), |sum, (&a, &b)| sum + f(a, b));
            total += (fold(sums, |a, b| a + b) + over).to_f64().unwrap_or(f64::NAN);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_any_length() {
        for len in [0, 1, 63, 64, 65, 1000, 1025, 70_000, 200_001] {
            let a: Vec<f32> = (0..len).map(|i| (i % 13) as f32).collect();
            let b: Vec<f32> = (0..len).map(|i| (i % 7) as f32).collect();
            let expected: f64 = (0..len).map(|i| (i % 13 * (i % 7)) as f64).sum();
            assert_eq!(sum_of_pairs(&a, &b, |a, b| a * b), expected, "{len}");
        }
    }
}
