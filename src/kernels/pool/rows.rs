//! Windows by rows: the rows under all windows of an output row are joined element by element, which goes by registers whatever the
//! windows' columns are; then each window joins its columns of the result.

use num_traits::Zero;

use super::average::Divisor;
use super::max::{Steady, keep};
use super::{Geometry, Span};
use crate::kernels::float::Floating;

/// Elements of a row that are worth the beginning of a loop over registers.
const REGISTER: usize = 10;
/// Elements of the longest rows, for maxima.
const WIDE: usize = 512;

/// Whether windows have more than a row, and there is more than one of them along it.
fn are_wide(geometry: &Geometry) -> bool {
    let [first, second, third] = &geometry.axes;
    let most = |spans: &[Span]| spans.iter().map(|span| span.count).max().unwrap_or(0);
    third.len() > 1 && most(first) * most(second) > 1
}

/// Whether [`average_of_plane`] is the way to go: where rows fill registers, or columns are used often.
pub(super) fn suit_averages(geometry: &Geometry) -> bool {
    let (width, used) = (geometry.input[2], geometry.axes[2].iter().map(|span| span.count).sum::<usize>());
    are_wide(geometry) && (width >= REGISTER || used >= 2 * width)
}

/// Whether [`max_of_plane`] is: where columns do not follow each other at a small stride.
pub(super) fn suit_maxima(geometry: &Geometry, steady: &Steady) -> bool {
    let few = 2 * steady.columns.len() < geometry.axes[2].len();
    let countable = i32::try_from(geometry.plane()).is_ok() && geometry.input[2] <= WIDE;
    are_wide(geometry) && countable && (few || steady.stride > 3)
}

/// Offsets of the rows under windows.
#[inline(always)]
fn rows<'a>(geometry: &'a Geometry, first: &'a Span, second: &'a Span) -> impl Iterator<Item = usize> + 'a {
    let [_, height, width] = geometry.input;
    first.elements().flat_map(move |upper| second.elements().map(move |lower| (upper * height + lower) * width))
}

crate::vectorize! {
    /// The averages of one plane. `line` has room for a row.
    pub(super) fn average_of_plane[S; T: Floating](
        simd: S, geometry: &Geometry, divisor: Divisor, x: &[T], line: &mut [T::Acc], out: &mut [T]
    ) {
        let columns = &geometry.axes[2];
        let spans = geometry.axes[0].iter().flat_map(|first| geometry.axes[1].iter().map(move |second| (first, second)));
        for ((first, second), out) in spans.zip(out.chunks_exact_mut(columns.len())) {
            line.fill(T::Acc::zero());
            for row in rows(geometry, first, second) {
                for (sum, &x) in line.iter_mut().zip(&x[row..row + geometry.input[2]]) {
                    *sum += x.to_acc();
                }
            }
            for (out, third) in out.iter_mut().zip(columns) {
                let spans = [first, second, third];
                let sum = third.elements().fold(T::Acc::zero(), |sum, column| sum + line[column]);
                let any = spans.iter().all(|span| span.count > 0);
                *out = T::from_acc(if any { sum * divisor.factor::<T::Acc>(spans) } else { T::Acc::zero() });
            }
        }
    }

    /// The maxima of one plane.
    pub(super) fn max_of_plane[S; T: Copy + PartialOrd](
        simd: S, geometry: &Geometry, x: &[T], lowest: T, out: &mut [T], places: &mut [i64]
    ) {
        let (width, columns) = (geometry.input[2], &geometry.axes[2]);
        let (mut values, mut at) = ([lowest; WIDE], [-1i32; WIDE]);
        let (values, at) = (&mut values[..width], &mut at[..width]);
        let spans = geometry.axes[0].iter().flat_map(|first| geometry.axes[1].iter().map(move |second| (first, second)));
        let results = out.chunks_exact_mut(columns.len()).zip(places.chunks_exact_mut(columns.len()));
        for ((first, second), (out, places)) in spans.zip(results) {
            at.fill(-1);
            for row in rows(geometry, first, second) {
                let line = values.iter_mut().zip(at.iter_mut()).zip(&x[row..row + width]);
                for (column, ((best, place), &value)) in line.enumerate() {
                    keep(value, (row + column) as i32, best, place);
                }
            }
            for ((out, to), third) in out.iter_mut().zip(places).zip(columns) {
                let (mut best, mut place) = (lowest, -1);
                for column in third.elements() {
                    let (value, other) = (values[column], at[column]);
                    let (nan, was_nan) = (value != value, best != best);
                    let before = value > best || value == best && other < place;
                    // Of nans the last one counts.
                    if other >= 0 && (place < 0 || if nan { !was_nan || other > place } else { before }) {
                        (best, place) = (value, other);
                    }
                }
                (*out, *to) = (best, i64::from(place));
            }
        }
    }
}
