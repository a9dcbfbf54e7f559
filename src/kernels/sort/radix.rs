//! Many keys in order, digit by digit from the lowest: each round counts how often each digit occurs in each piece of the keys, which
//! tells where each piece puts its keys.
#![allow(unsafe_code)]

use crate::kernels::parallel::{self, Shared};
use std::mem::MaybeUninit;

/// Bits of a digit.
const DIGIT: u32 = 11;
/// Digits that there are.
const DIGITS: usize = 1 << DIGIT;
/// Keys of a piece, at least.
const PIECE: usize = 16 * 1024;
/// Pieces, at most.
const PIECES: usize = 16;
/// Keys below which comparing is faster.
const FEW: usize = 2048;

/// Calls `body` with keys in ascending order, equal ones by their index: with their number, and with the key and the index of
/// each.
pub fn with_sorted<R>(keys: &[u64], body: impl FnOnce(&(dyn Fn(usize) -> (u64, usize) + Sync)) -> R) -> R {
    let (low, high) = range(keys);
    let span = high - low;
    if span <= u64::from(u32::MAX) && keys.len() <= u32::MAX as usize {
        // The key in front of the index, in one word.
        let joined = |i: usize| (keys[i] - low) << 32 | i as u64;
        let sorted = sort(keys.len(), joined, span, |word, shift| (word >> 32 >> shift) as usize);
        return body(&|i| ((sorted[i] >> 32) + low, sorted[i] as u32 as usize));
    }
    let pair = |i: usize| (keys[i] - low, i);
    let sorted = sort(keys.len(), pair, span, |pair, shift| (pair.0 >> shift) as usize);
    body(&|i| (sorted[i].0 + low, sorted[i].1))
}

/// The lowest and the highest key.
fn range(keys: &[u64]) -> (u64, u64) {
    let map = |range: std::ops::Range<usize>| {
        keys[range].iter().fold((u64::MAX, 0), |(low, high), &key| (key.min(low), key.max(high)))
    };
    parallel::map_reduce_chunks(keys.len(), PIECE, map, |a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0, 0))
}

/// Items in order, those of equal keys as they came: keys are at most `span`, and `digit(item, shift)` is the part of an item's
/// key from a bit on.
fn sort<E: Copy + Ord + Send + Sync>(
    len: usize,
    item: impl Fn(usize) -> E + Sync,
    span: u64,
    digit: impl Fn(&E, u32) -> usize + Sync,
) -> Vec<E> {
    if len <= FEW {
        let mut items: Vec<E> = (0..len).map(item).collect();
        items.sort_unstable();
        return items;
    }
    let mut items = made(len, item);
    let mut other: Vec<E> = Vec::with_capacity(len);
    for shift in (0..u64::BITS - span.leading_zeros()).step_by(DIGIT as usize) {
        pass(&items, &mut other.spare_capacity_mut()[..len], |item| digit(item, shift) % DIGITS);
        // SAFETY: the pass has written every element.
        unsafe { other.set_len(len) };
        std::mem::swap(&mut items, &mut other);
        other.clear();
    }
    items
}

/// `item(0)`, `item(1)`, ...
fn made<E: Copy + Send>(len: usize, item: impl Fn(usize) -> E + Sync) -> Vec<E> {
    let mut items: Vec<E> = Vec::with_capacity(len);
    parallel::for_each_chunk_mut(&mut items.spare_capacity_mut()[..len], PIECE, 1, |chunk, items| {
        items.iter_mut().enumerate().for_each(|(i, place)| {
            place.write(item(chunk * PIECE + i));
        });
    });
    // SAFETY: every element has been written.
    unsafe { items.set_len(len) };
    items
}

/// One round.
fn pass<E: Copy + Send + Sync>(items: &[E], out: &mut [MaybeUninit<E>], digit: impl Fn(&E) -> usize + Sync) {
    assert!(items.len() == out.len());
    let piece = items.len().div_ceil(PIECES).max(PIECE);
    let mut places = vec![[0usize; DIGITS]; items.len().div_ceil(piece)];
    parallel::for_each_chunk_mut(&mut places, 1, piece, |p, counts| {
        items[p * piece..].iter().take(piece).for_each(|item| counts[0][digit(item)] += 1);
    });
    let mut sum = 0;
    for d in 0..DIGITS {
        for counts in &mut places {
            sum += std::mem::replace(&mut counts[d], sum);
        }
    }
    assert_eq!(sum, items.len());
    let target = Shared(out.as_mut_ptr());
    parallel::for_each_chunk_mut(&mut places, 1, piece, |p, places| {
        for item in items[p * piece..].iter().take(piece) {
            let place = &mut places[0][digit(item)];
            // SAFETY: the places of a digit in a piece are as many as its items, and are no others' places; `digit` says the
            // same of an item as when it was counted.
            unsafe { target.get().add(*place).write(MaybeUninit::new(*item)) };
            *place += 1;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_order_and_equal_ones_by_their_index() {
        let mixed = |i: usize| (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let rules: [&dyn Fn(usize) -> u64; 5] =
            [&|i| i as u64, &mixed, &|i| mixed(i) >> 33, &|i| u64::MAX - mixed(i) % 5, &|_| 7];
        for len in [0, 1, 100, FEW + 1, PIECE, 3 * PIECE + 77] {
            for rule in rules {
                let keys: Vec<u64> = (0..len).map(rule).collect();
                let mut expected: Vec<(u64, usize)> = keys.iter().copied().zip(0..).collect();
                expected.sort();
                let sorted = with_sorted(&keys, |sorted| (0..len).map(sorted).collect::<Vec<_>>());
                assert!(sorted == expected, "{len}");
            }
        }
    }
}
