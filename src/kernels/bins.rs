//! How many numbers fall into each of several bins.
//!
//! Pieces are counted each for itself, in integers, so that the sum does not depend on how they are shared out.

use crate::kernels::parallel;
use num_traits::Float;
use std::ops::Range;

/// Numbers whose bins are found at a time.
const BLOCK: usize = 512;
/// Numbers of a piece, at least.
const PIECE: usize = 8 * 1024;
/// Bins, at most, of which a piece has two tables.
const TWICE: usize = 2048;
/// Pieces, at most: each has a table of counts.
const PIECES: usize = 16;

/// How often each of `bins` bins is named by `find(range, out)`, which writes the bins of a range of `0..len`; numbers that belong to
/// no bin are given `bins` or more.
pub fn count_bins(len: usize, bins: usize, find: impl Fn(Range<usize>, &mut [u32]) + Sync) -> Vec<u64> {
    assert!(bins < u32::MAX as usize);
    let piece = len.div_ceil(PIECES).max(PIECE).max(bins);
    let map = |range: Range<usize>| {
        // Of few bins, a second table for every other number: counting in one place waits for the time before.
        let other = if bins <= TWICE { bins + 1 } else { 0 };
        let mut counts = vec![0u64; bins + 1 + other];
        let mut block = [0; BLOCK];
        for start in range.clone().step_by(BLOCK) {
            let end = range.end.min(start + BLOCK);
            let block = &mut block[..end - start];
            find(start..end, block);
            let (pairs, rest) = block.as_chunks::<2>();
            for pair in pairs {
                counts[(pair[0] as usize).min(bins)] += 1;
                counts[(pair[1] as usize).min(bins) + other] += 1;
            }
            rest.iter().for_each(|&bin| counts[(bin as usize).min(bins)] += 1);
        }
        if other > 0 {
            (0..bins).for_each(|bin| counts[bin] += counts[bin + other]);
        }
        counts.truncate(bins);
        counts
    };
    let add = |mut a: Vec<u64>, b: Vec<u64>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    parallel::map_reduce_chunks(len, piece, map, add).unwrap_or_else(|| vec![0; bins])
}

/// A number that has a place among bins.
pub trait Binned: Float {
    /// The number without its fraction, from 0 up to [`MOST_EVEN`].
    fn whole(self) -> u32;
}

macro_rules! binned {
    ($($type:ident),*) => {$(
        impl Binned for $type {
            #[inline(always)]
            fn whole(self) -> u32 {
                // For this direction every instruction set has an instruction.
                self as i32 as u32
            }
        }
    )*};
}
binned!(f32, f64);

/// Bins of [`even_bins`], at most: `f32` knows each of them.
pub const MOST_EVEN: usize = 1 << 22;

crate::vectorize! {
    /// The bin of each number among `count` of equal width from `low` to `high`, both of which belong to one; `u32::MAX` outside.
    pub fn even_bins[S; T: Binned](simd: S, x: &[T], low: T, high: T, count: usize, out: &mut [u32]) {
        debug_assert!(count <= MOST_EVEN && x.len() == out.len());
        let number = |n: usize| T::from(n).expect("a small number");
        let (bins, last, width) = (number(count), number(count - 1), high - low);
        // What no index can hold: such a place comes of a range that is not finite.
        let beyond = T::from(usize::MAX).expect("a large number");
        for (out, &x) in out.iter_mut().zip(x) {
            let place = (x - low) * bins / width;
            let inside = (x >= low) & (x <= high) & (place < beyond);
            let place = if place < last { place } else { last };
            *out = if inside { place.whole() } else { u32::MAX };
        }
    }
}

/// The least and the largest number, and whether none is NaN; `None` where there are no numbers.
pub fn extremes<T: Float + Send + Sync>(x: &[T]) -> Option<(T, T, bool)> {
    let join = |a: (T, T, bool), b: (T, T, bool)| {
        (if b.0 < a.0 { b.0 } else { a.0 }, if b.1 > a.1 { b.1 } else { a.1 }, a.2 & b.2)
    };
    parallel::map_reduce_chunks(x.len(), PIECE, |range| extremes_of(&x[range]), join)
}

crate::vectorize! {
    fn extremes_of[S; T: Float](simd: S, x: &[T]) -> (T, T, bool) {
        let (mut low, mut high, mut numbers) = ([T::infinity(); 32], [T::neg_infinity(); 32], [true; 32]);
        let (blocks, rest) = x.as_chunks::<32>();
        for block in blocks {
            for i in 0..32 {
                low[i] = if block[i] < low[i] { block[i] } else { low[i] };
                high[i] = if block[i] > high[i] { block[i] } else { high[i] };
                numbers[i] &= block[i] == block[i];
            }
        }
        for (i, &x) in rest.iter().enumerate() {
            low[i] = if x < low[i] { x } else { low[i] };
            high[i] = if x > high[i] { x } else { high[i] };
            numbers[i] &= x == x;
        }
        let least = low.iter().fold(T::infinity(), |a, &b| if b < a { b } else { a });
        let most = high.iter().fold(T::neg_infinity(), |a, &b| if b > a { b } else { a });
        (least, most, numbers.iter().all(|&n| n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_one_loop() {
        for (len, bins) in [(0, 3), (1, 1), (100, 7), (BLOCK + 1, 50), (PIECE * 20 + 13, 100), (PIECE * 3, TWICE + 9)] {
            let bin = |i: usize| (i * 7919 % (bins + 3)) as u32;
            let find = |range: Range<usize>, out: &mut [u32]| range.zip(out).for_each(|(i, out)| *out = bin(i));
            let mut expected = vec![0; bins];
            (0..len).filter(|&i| (bin(i) as usize) < bins).for_each(|i| expected[bin(i) as usize] += 1);
            assert_eq!(count_bins(len, bins, find), expected);
        }
    }

    fn even<T: Binned + std::fmt::Debug>(x: &[T]) {
        let number = |x: f64| T::from(x).unwrap();
        for (low, high) in [(-1.0, 1.0), (0.0, 3e-9), (-3e38, 3e38), (5.0, 5.0), (0.1, 7.3)] {
            let (low, high) = (number(low), number(high));
            for count in [1, 3, 50, 1000] {
                let mut out = vec![0; x.len()];
                even_bins(x, low, high, count, &mut out);
                for (&x, out) in x.iter().zip(out) {
                    let place = (x - low) * T::from(count).unwrap() / (high - low);
                    let bin = if x >= low && x <= high { place.to_usize() } else { None };
                    assert_eq!(out, bin.map_or(u32::MAX, |bin| bin.min(count - 1) as u32), "{x:?} {low:?} {high:?}");
                }
            }
        }
    }

    #[test]
    fn even_bins_are_those_of_the_definition() {
        let mut x: Vec<f64> = (0..500).map(|i| (i as f64 - 250.0) / 97.0).collect();
        x.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5.0, 3e38, -3e38, 1e-9]);
        even(&x);
        even(&x.iter().map(|&x| x as f32).collect::<Vec<_>>());
    }

    #[test]
    fn extremes_of_any_length() {
        assert_eq!(extremes::<f32>(&[]), None);
        for len in [1, 31, 32, 33, 1000, PIECE * 2 + 5] {
            let mut x: Vec<f32> = (0..len).map(|i| (i * 7919 % 1009) as f32 - 500.0).collect();
            let (low, high) = x.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
            assert_eq!(extremes(&x), Some((low, high, true)));
            x[len / 2] = f32::NAN;
            assert!(!extremes(&x).unwrap().2);
        }
    }
}
