//! A border around planes of elements: rows of the result are rows of the source, or of one value, with elements before and after.
#![allow(unsafe_code)]

use crate::kernels::lanes::copy;
use crate::kernels::parallel;
use std::ops::{Add, Range};

/// The place of what is no element of the source.
pub const NOWHERE: usize = usize::MAX;

/// Where the elements of a plane with a border come from. Places lie in the source's plane, or are [`NOWHERE`].
#[derive(Debug)]
pub struct Border {
    /// The row of the source for each row of the result.
    pub rows: Vec<usize>,
    /// The columns of the source before and after all of its own.
    pub columns: [Vec<usize>; 2],
    /// Rows and columns of a plane of the source.
    pub source: (usize, usize),
}

/// Elements that a task handles, about.
const GRAIN: usize = 8 * 1024;

impl Border {
    /// The border of an array of these sizes, whose rows are those of all its axes but the last: `sides` tells the places before and
    /// after an axis.
    pub fn of_axes(sizes: &[usize], sides: impl Fn(usize) -> [Vec<usize>; 2]) -> Border {
        let (&width, outer) = sizes.split_last().expect("an axis");
        let mut rows = vec![0];
        for (axis, &size) in outer.iter().enumerate() {
            let [before, after] = sides(axis);
            let every: Vec<usize> = before.into_iter().chain(0..size).chain(after).collect();
            let place = |row, at| if row == NOWHERE || at == NOWHERE { NOWHERE } else { row * size + at };
            rows = rows.iter().flat_map(|&row| every.iter().map(move |&at| place(row, at))).collect();
        }
        Border { rows, columns: sides(outer.len()), source: (outer.iter().product(), width) }
    }

    /// The columns of the result.
    pub fn width(&self) -> usize {
        self.columns[0].len() + self.source.1 + self.columns[1].len()
    }

    fn own(&self) -> Range<usize> {
        self.columns[0].len()..self.columns[0].len() + self.source.1
    }

    fn check(&self, small: usize, large: usize) {
        let (height, width) = self.source;
        let inside = |list: &[usize], end: usize| list.iter().all(|&at| at < end || at == NOWHERE);
        let places = inside(&self.rows, height) && self.columns.iter().all(|list| inside(list, width));
        assert!(places, "a border of elements outside of the plane");
        let (from, to) = (height * width, self.rows.len() * self.width());
        let planes = small.checked_div(from).unwrap_or(0);
        assert!(small == planes * from && (from == 0 || large == planes * to), "a border of other planes");
    }

    /// Planes with their border: what is nowhere is `value`.
    ///
    /// # Panics
    /// Where places or lengths are wrong.
    pub fn put_around<T: Copy + Send + Sync>(&self, x: &[T], value: T, out: &mut [T]) {
        self.check(x.len(), out.len());
        let width = self.width();
        if x.is_empty() {
            return out.fill(value);
        }
        let per_task = (GRAIN / width.max(1)).max(1);
        parallel::for_each_chunk_mut(out, per_task * width, 1, |task, out| {
            make_rows(self, x, value, task * per_task, out);
        });
    }

    /// The sums of what came from each element of the planes: the transpose of [`Border::put_around`].
    ///
    /// # Panics
    /// Where places or lengths are wrong.
    pub fn take_back<T: Copy + Send + Sync + Add<Output = T>>(&self, grad: &[T], zero: T, out: &mut [T]) {
        self.check(out.len(), grad.len());
        let (plane, large) = (self.source.0 * self.source.1, self.rows.len() * self.width());
        if out.is_empty() {
            return;
        }
        let (width, own) = (self.width(), self.own());
        parallel::for_each_chunk_mut(out, plane, 2, |number, out| {
            out.fill(zero);
            let grad = &grad[number * large..][..large];
            for (&row, grad) in
                self.rows.iter().zip(grad.chunks_exact(width.max(1))).filter(|(row, _)| **row != NOWHERE)
            {
                let out = &mut out[row * own.len()..][..own.len()];
                let ends = [0..own.start, own.end..width];
                for (list, range) in self.columns.iter().zip(ends) {
                    for (&at, &grad) in list.iter().zip(&grad[range]).filter(|(at, _)| **at != NOWHERE) {
                        out[at] = out[at] + grad;
                    }
                }
                out.iter_mut().zip(&grad[own.clone()]).for_each(|(sum, &grad)| *sum = *sum + grad);
            }
        });
    }
}

crate::vectorize! {
    /// Rows of the result from number `first` on.
    fn make_rows[S; T: Copy](simd: S, border: &Border, x: &[T], value: T, first: usize, out: &mut [T]) {
        let (height, width) = border.source;
        let [before, after] = [&border.columns[0][..], &border.columns[1][..]];
        let (mut plane, mut row) = (first / border.rows.len(), first % border.rows.len());
        let bytes = width * size_of::<T>();
        for out in out.chunks_exact_mut(border.width()) {
            let from = border.rows[row];
            if from == NOWHERE {
                out.fill(value);
            } else {
                let from = &x[(plane * height + from) * width..][..width];
                let (left, rest) = out.split_at_mut(before.len());
                let (own, right) = rest.split_at_mut(width);
                for (list, out) in [(before, left), (after, right)] {
                    for (&at, out) in list.iter().zip(out) {
                        *out = if at == NOWHERE { value } else { from[at] };
                    }
                }
                let (from, to) = (from.as_ptr().cast::<u8>(), own.as_mut_ptr().cast::<u8>());
                // SAFETY: both have so many bytes; bits are moved as those of numbers.
                unsafe {
                    copy::<f32, S::F32>(from.cast(), to.cast(), bytes / 4);
                    for at in bytes / 4 * 4..bytes {
                        *to.add(at) = *from.add(at);
                    }
                }
            }
            row += 1;
            if row == border.rows.len() {
                (plane, row) = (plane + 1, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(planes: usize, source: (usize, usize), rows: &[usize], columns: [&[usize]; 2]) {
        let border = Border { rows: rows.to_vec(), columns: columns.map(<[usize]>::to_vec), source };
        let (height, width) = source;
        let x: Vec<i64> = (0..(planes * height * width) as i64).collect();
        let every: Vec<usize> = columns[0].iter().copied().chain(0..width).chain(columns[1].iter().copied()).collect();
        let mut want = Vec::new();
        let mut sums = vec![0i64; x.len()];
        for plane in 0..planes {
            for (&row, &column) in rows.iter().flat_map(|row| every.iter().map(move |column| (row, column))) {
                if row == NOWHERE || column == NOWHERE {
                    want.push(-7);
                } else {
                    let at = (plane * height + row) * width + column;
                    want.push(x[at]);
                    sums[at] += want.len() as i64;
                }
            }
        }
        let mut out = vec![0; want.len()];
        border.put_around(&x, -7, &mut out);
        assert_eq!(out, want);
        let (small, mut bytes) = (x.iter().map(|&x| x as u8).collect::<Vec<_>>(), vec![0u8; want.len()]);
        border.put_around(&small, (-7i64) as u8, &mut bytes);
        assert!(bytes.iter().zip(&want).all(|(&byte, &want)| byte == want as u8));
        let grad: Vec<i64> = (1..=want.len() as i64).collect();
        let mut back = vec![1; x.len()];
        border.take_back(&grad, 0, &mut back);
        assert_eq!(back, sums);
    }

    #[test]
    fn borders_hold_what_their_places_say() {
        for planes in [1, 3] {
            check(planes, (2, 3), &[1, 0, 1, NOWHERE], [&[2, NOWHERE], &[1]]);
            check(planes, (1, 37), &[0], [&[], &[3, 4]]);
            check(planes, (4, 1), &[3, 2, 1, 0, 0], [&[0; 3], &[]]);
            check(planes, (300, 70), &(0..300).rev().collect::<Vec<_>>(), [&[1, 2], &[69, NOWHERE]]);
        }
        check(0, (2, 3), &[1, 0], [&[2], &[]]);
    }

    #[test]
    #[should_panic(expected = "outside of the plane")]
    fn places_are_checked() {
        let border = Border { rows: vec![2], columns: [vec![], vec![]], source: (2, 3) };
        border.put_around(&[0; 6], 0, &mut [0; 3]);
    }
}
