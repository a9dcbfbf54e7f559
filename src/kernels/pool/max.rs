//! Maxima under windows, with the place of each, and the two linear functions that gradients are made of.

use num_traits::Zero;

use super::super::float::Floating;
use super::super::parallel;
use super::{Geometry, lanes, pairs, rows};
use std::ops::Range;

/// Columns that are computed together.
const COLUMNS: usize = 64;
/// Outputs of a task, about, where planes are computed together.
const TOGETHER: usize = 2048;

/// The maximum under every window and where it is, as an offset into its plane.
///
/// Of equal maxima the first counts; a nan counts as larger than any number, and the last one wins. A window that lies on
/// padding altogether gives `lowest` and the place -1.
pub fn max<T>(geometry: &Geometry, x: &[T], lowest: T, out: &mut [T], places: &mut [i64])
where
    T: Copy + PartialOrd + Send + Sync + 'static,
{
    let (plane, positions) = (geometry.plane(), geometry.positions());
    debug_assert_eq!((x.len(), out.len()), (geometry.planes * plane, geometry.planes * positions));
    let cost = geometry.work() * 2;
    if pairs::fits::<T>(geometry) {
        let planes = (TOGETHER / positions).max(1);
        let (chunk, part) = (planes * positions, planes * plane);
        return parallel::for_each_chunk_pair((out, chunk), (places, chunk), cost, |index, out, places| {
            let x = &x[index * part..][..out.len() / positions * plane];
            pairs::max(geometry, x, out, places);
        });
    }
    let steady = Steady::of(geometry);
    if rows::suit_maxima(geometry, &steady) {
        return parallel::for_each_chunk_pair((out, positions), (places, positions), cost, |index, out, places| {
            rows::max_of_plane(geometry, &x[index * plane..][..plane], lowest, out, places);
        });
    }
    parallel::for_each_chunk_pair((out, positions), (places, positions), cost, |index, out, places| {
        let rest = &x[index * plane..];
        if lanes::rows(geometry, &steady, rest, lowest, out, places) {
            let steady = Steady { columns: steady.columns.clone(), stride: 0 };
            return max_of_plane(geometry, &steady, &rest[..plane], lowest, out, places);
        }
        max_of_plane(geometry, &steady, &x[index * plane..][..plane], lowest, out, places);
    });
}

/// Columns whose windows are alike and follow each other at one stride: all but those at borders, of windows that slide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Steady {
    pub columns: Range<usize>,
    /// 0 where these columns are done.
    pub stride: usize,
}

impl Steady {
    pub(super) fn of(geometry: &Geometry) -> Steady {
        let spans = &geometry.axes[2];
        let none = Steady { columns: 0..0, stride: 1 };
        // Places in a plane are counted in 32 bits.
        let Some(full) = spans.iter().map(|span| span.count).max().filter(|_| i32::try_from(geometry.plane()).is_ok())
        else {
            return none;
        };
        let Some(first) = spans.iter().position(|span| span.count == full) else { return none };
        let next = spans.get(first + 1).map_or(0, |next| next.start.saturating_sub(spans[first].start));
        let stride = next.max(1);
        let alike = spans[first..]
            .iter()
            .enumerate()
            .take_while(|(at, span)| span.count == full && span.start == spans[first].start + at * stride);
        Steady { columns: first..first + alike.count(), stride }
    }
}

/// The first of the largest elements seen so far, for some columns, and their places; -1 before there is one.
struct Best<T> {
    values: [T; COLUMNS],
    places: [i32; COLUMNS],
}

impl<T: Copy + PartialOrd> Best<T> {
    /// Looks at `count` elements `STRIDE` apart, of which `row[base]` is the first.
    #[inline(always)]
    fn see<const STRIDE: usize>(&mut self, row: &[T], base: usize, count: usize) {
        let last = count - 1;
        let row = &row[base..];
        let (values, places) = (&mut self.values[..count], &mut self.places[..count]);
        // All but the last lie in whole chunks, which the compiler makes vectors of.
        let all = values.iter_mut().zip(places.iter_mut()).zip(row[..last * STRIDE].chunks_exact(STRIDE));
        for (at, ((value, place), chunk)) in all.enumerate() {
            keep(chunk[0], (base + at * STRIDE) as i32, value, place);
        }
        keep(row[last * STRIDE], (base + last * STRIDE) as i32, &mut values[last], &mut places[last]);
    }

    /// [`Best::see`] for any stride.
    #[inline(always)]
    fn see_any(&mut self, row: &[T], base: usize, count: usize, stride: usize) {
        for at in 0..count {
            let element = base + at * stride;
            keep(row[element], element as i32, &mut self.values[at], &mut self.places[at]);
        }
    }
}

/// Keeps a value that is larger, a nan (which does not compare with itself), or the first.
#[inline(always)]
pub(super) fn keep<T: Copy + PartialOrd>(value: T, element: i32, best: &mut T, place: &mut i32) {
    let taken = (*place < 0) | (value > *best) | (value != value);
    *best = if taken { value } else { *best };
    *place = if taken { element } else { *place };
}

crate::vectorize! {
    /// The maxima of one plane.
    fn max_of_plane[S; T: Copy + PartialOrd](
        simd: S, geometry: &Geometry, steady: &Steady, x: &[T], lowest: T, out: &mut [T], places: &mut [i64]
    ) {
        let [_, height, width] = geometry.input;
        let columns = &geometry.axes[2];
        let mut at = 0;
        for first in &geometry.axes[0] {
            for second in &geometry.axes[1] {
                let (out, places) = (&mut out[at..at + columns.len()], &mut places[at..at + columns.len()]);
                at += columns.len();
                let borders = (0..steady.columns.start).chain(steady.columns.end..columns.len());
                for column in borders {
                    let (mut best, mut place) = (lowest, -1);
                    geometry.for_each_element([first, second, &columns[column]], |element| {
                        let value = x[element];
                        if place < 0 || value > best || value.partial_cmp(&value).is_none() {
                            (best, place) = (value, element as i64);
                        }
                    });
                    (out[column], places[column]) = (best, place);
                }
                for start in steady.columns.clone().step_by(COLUMNS).filter(|_| steady.stride > 0) {
                    let count = COLUMNS.min(steady.columns.end - start);
                    let span = &columns[start];
                    let mut best = Best { values: [lowest; COLUMNS], places: [-1; COLUMNS] };
                    for upper in first.elements() {
                        for lower in second.elements() {
                            let row = (upper * height + lower) * width;
                            for element in span.elements() {
                                match steady.stride {
                                    1 => best.see::<1>(x, row + element, count),
                                    2 => best.see::<2>(x, row + element, count),
                                    3 => best.see::<3>(x, row + element, count),
                                    stride => best.see_any(x, row + element, count, stride),
                                }
                            }
                        }
                    }
                    out[start..start + count].copy_from_slice(&best.values[..count]);
                    for (to, &place) in places[start..start + count].iter_mut().zip(&best.places) {
                        *to = i64::from(place);
                    }
                }
            }
        }
    }
}

/// The elements of `x: [planes, plane]` at some places of their planes: `out: [planes, positions]`, as `places`. Places of -1 give
/// zero.
pub fn take_at<T: Floating>((plane, positions): (usize, usize), x: &[T], places: &[i64], out: &mut [T]) {
    parallel::for_each_chunk_mut(out, positions, 2, |index, out| {
        let x = &x[index * plane..][..plane];
        for (to, &place) in out.iter_mut().zip(&places[index * positions..]) {
            *to = usize::try_from(place).map_or(T::default(), |place| x[place]);
        }
    });
}

/// Zeros with `g: [planes, positions]` added at some places of their planes: `out: [planes, plane]`. The transpose of
/// [`take_at`].
pub fn put_at<T: Floating>((plane, positions): (usize, usize), g: &[T], places: &[i64], out: &mut [T]) {
    parallel::for_each_chunk_mut(out, plane, 1 + 2 * positions / plane.max(1), |index, out| {
        out.fill(T::from_acc(T::Acc::zero()));
        let range = index * positions..(index + 1) * positions;
        for (&g, &place) in g[range.clone()].iter().zip(&places[range]) {
            if let Ok(place) = usize::try_from(place) {
                out[place] = T::from_acc(out[place].to_acc() + g.to_acc());
            }
        }
    });
}
