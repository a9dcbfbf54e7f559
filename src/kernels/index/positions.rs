//! Where a mask is set.
//!
//! Pieces of the mask are counted first; then each knows where in the result its elements belong, and all are written at once.
#![allow(unsafe_code)]

use crate::kernels::parallel::{self, Shared};

/// Elements of a mask that a task handles.
const PIECE: usize = 16 * 1024;

/// Elements that are looked at together: their places fit into bytes.
const BLOCK: usize = 256;

/// The elements of a mask that are true, counted.
pub struct Positions<'a> {
    mask: &'a [bool],
    /// How many come before each piece, and how many there are.
    starts: Vec<usize>,
}

impl<'a> Positions<'a> {
    /// Of a mask.
    pub fn new(mask: &'a [bool]) -> Self {
        let mut starts = vec![0; mask.len().div_ceil(PIECE) + 1];
        parallel::for_each_chunk_mut(&mut starts[1..], 1, PIECE / 4, |piece, count| {
            count[0] = blocks(&mask[piece * PIECE..]).take(PIECE / BLOCK).map(count_block).sum();
        });
        for piece in 1..starts.len() {
            starts[piece] += starts[piece - 1];
        }
        Positions { mask, starts }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// Calls `body(first, start, places)` for the blocks of the mask, many at a time: `places` are those of the set elements from
    /// `start` on, and `first` is how many come before these.
    fn each(&self, body: impl Fn(usize, usize, &[u8]) + Sync) {
        parallel::for_each_index(self.starts.len() - 1, PIECE, |piece| {
            let (mut first, mut start) = (self.starts[piece], piece * PIECE);
            let mut places = [0; BLOCK];
            for block in blocks(&self.mask[start..]).take(PIECE / BLOCK) {
                let count = find(block, &mut places);
                // What another thread writes meanwhile must not make the elements more than were counted.
                let count = count.min(self.starts[piece + 1] - first);
                if count > 0 {
                    body(first, start, &places[..count]);
                }
                first += count;
                start += BLOCK;
            }
        });
    }

    /// The row-major positions of the set elements.
    pub fn offsets(&self) -> Vec<usize> {
        let mut out = vec![0; self.count()];
        let target = Shared(out.as_mut_ptr());
        self.each(|first, start, places| {
            // SAFETY: the blocks' results lie in `out`, one behind the other.
            let out = unsafe { std::slice::from_raw_parts_mut(target.get().add(first), places.len()) };
            out.iter_mut().zip(places).for_each(|(out, &place)| *out = start + place as usize);
        });
        out
    }

    /// The index of each set element along each axis of `shape`: one column of `rows` numbers behind the other, of which elements
    /// beyond that many find no room.
    pub fn columns(&self, shape: &[usize], rows: usize, out: &mut [i64]) {
        assert!(out.len() == shape.len() * rows && shape.iter().product::<usize>() == self.mask.len());
        let target = Shared(out.as_mut_ptr());
        let Some((&width, leading)) = shape.split_last() else { return };
        self.each(|first, start, places| {
            let places = &places[..places.len().min(rows.saturating_sub(first))];
            let mut done = 0;
            // The elements of a line along the last axis have their other numbers in common.
            while let Some(&place) = places.get(done) {
                let mut line = (start + place as usize) / width;
                let begin = line * width;
                let last = begin + width - start;
                let count = places[done..].iter().take_while(|&&p| (p as usize) < last).count();
                // SAFETY: the blocks' results lie in each column one behind the other, and end before `rows`.
                let column = |axis: usize| unsafe {
                    std::slice::from_raw_parts_mut(target.get().add(axis * rows + first + done), count)
                };
                for (out, &p) in column(leading.len()).iter_mut().zip(&places[done..]) {
                    *out = (start + p as usize) as i64 - begin as i64;
                }
                for (axis, &size) in leading.iter().enumerate().rev() {
                    column(axis).fill((line % size) as i64);
                    line /= size;
                }
                done += count;
            }
        });
    }

    /// The elements of `x` at the places that are set.
    pub fn select<T: Copy + Send + Sync>(&self, x: &[T], out: &mut [T]) {
        assert!(x.len() == self.mask.len() && out.len() == self.count());
        let target = Shared(out.as_mut_ptr());
        self.each(|first, start, places| {
            let x = &x[start..x.len().min(start + BLOCK)];
            // SAFETY: the blocks' results lie in `out`, one behind the other.
            let out = unsafe { std::slice::from_raw_parts_mut(target.get().add(first), places.len()) };
            out.iter_mut().zip(places).for_each(|(out, &place)| *out = x[place as usize]);
        });
    }
}

fn blocks(mask: &[bool]) -> impl Iterator<Item = &[bool]> {
    mask.chunks(BLOCK)
}

/// How many elements of a block are set.
fn count_block(block: &[bool]) -> usize {
    // In bytes, of which a register holds many.
    block.chunks(BLOCK / 2).map(|half| half.iter().fold(0u8, |sum, &m| sum + m as u8) as usize).sum()
}

/// Writes the places of the set elements of a block, and counts them.
#[inline]
fn find(block: &[bool], places: &mut [u8; BLOCK]) -> usize {
    let mut count = 0;
    for (start, part) in block.chunks(64).enumerate() {
        if count_block(part) == 0 {
            continue;
        }
        // Every element is written, and the next one over it where it is not set: a jump would be guessed wrong half the time.
        for (i, &set) in part.iter().enumerate() {
            places[count % BLOCK] = (start * 64 + i) as u8;
            count += set as usize;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks() -> impl Iterator<Item = Vec<bool>> {
        let sizes = [0, 1, 63, 64, 255, 256, 1000, PIECE - 1, PIECE, 3 * PIECE + 77, 6 * PIECE];
        let rules: [fn(usize) -> bool; 5] =
            [|_| false, |_| true, |i| i % 7 == 0 || (300..400).contains(&i), |i| i % 1000 == 999, |i| i * i % 3 == 1];
        sizes.into_iter().flat_map(move |n| rules.map(|rule| (0..n).map(rule).collect()))
    }

    #[test]
    fn positions_are_those_of_the_set_elements() {
        for mask in masks() {
            let expected: Vec<usize> = (0..mask.len()).filter(|&i| mask[i]).collect();
            let found = Positions::new(&mask);
            assert_eq!((found.count(), found.offsets()), (expected.len(), expected.clone()));
            let x: Vec<u32> = (0..mask.len() as u32).map(|i| i ^ 5).collect();
            let mut out = vec![0; found.count()];
            found.select(&x, &mut out);
            assert!(out.iter().zip(&expected).all(|(&out, &place)| out == x[place]));
        }
    }

    #[test]
    fn columns_hold_the_indices() {
        for mask in masks() {
            for inner in [1, 2, 7, 16, 500] {
                let n = mask.len() / (inner * 2) * inner * 2;
                let shape = [2, n / (inner * 2), inner];
                let found = Positions::new(&mask[..n]);
                for rows in [found.count(), found.count() / 2, found.count() + 3] {
                    let mut out = vec![-1; 3 * rows];
                    found.columns(&shape, rows, &mut out);
                    let mut expected = vec![-1; 3 * rows];
                    for (row, place) in (0..n).filter(|&i| mask[i]).take(rows).enumerate() {
                        expected[row] = (place / inner / shape[1]) as i64;
                        expected[rows + row] = (place / inner % shape[1]) as i64;
                        expected[2 * rows + row] = (place % inner) as i64;
                    }
                    assert!(out == expected, "{shape:?} {rows}");
                }
            }
        }
    }
}
