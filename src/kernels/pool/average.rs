//! Averages under windows.
#![allow(unsafe_code)]

use num_traits::Zero;

use super::super::elementwise::Operand;
use super::super::float::{Floating, Real};
use super::super::lanes::fold;
use super::super::parallel;
use super::super::reduce::{reduce, reducers::Sum};
use super::super::scratch::with_scratch;
use super::{Geometry, Span, rows};

/// Elements of a row from which it is summed in lanes.
const LONG: usize = 16;
/// Sums kept at once along a row.
const LANES: usize = 64;

/// What the sum under a window is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// The taps of the window that lie on elements or padding.
    Padded,
    /// The elements under the window.
    Elements,
    /// A number (negative ones are allowed, as in PyTorch).
    Fixed(i64),
}

impl Divisor {
    /// One over the divisor of a window.
    #[inline(always)]
    pub(super) fn factor<R: Real>(self, spans: [&Span; 3]) -> R {
        let one = R::from_usize(1);
        match self {
            Divisor::Padded => one / R::from_usize(spans.iter().map(|span| span.padded).product()),
            Divisor::Elements => one / R::from_usize(spans.iter().map(|span| span.count).product()),
            Divisor::Fixed(number) => one / R::from_f64(number as f64),
        }
    }
}

/// The spans of the only window, where it has all of the plane.
fn global(geometry: &Geometry) -> Option<[&Span; 3]> {
    let [[first], [second], [third]] = geometry.axes.each_ref().map(Vec::as_slice) else { return None };
    let spans = [first, second, third];
    let whole = spans.iter().zip(geometry.input).all(|(span, size)| span.step == 1 && span.count == size && size > 0);
    whole.then_some(spans)
}

/// The average under every window; 0 where there is no element.
pub fn average<T: Floating>(geometry: &Geometry, divisor: Divisor, x: &[T], out: &mut [T]) {
    let (plane, positions) = (geometry.plane(), geometry.positions());
    debug_assert_eq!((x.len(), out.len()), (geometry.planes * plane, geometry.planes * positions));
    if let Some(spans) = global(geometry) {
        let factor = divisor.factor::<T::Acc>(spans);
        let (shape, strides) = ([geometry.planes, plane], [plane, 1]);
        // SAFETY: planes lie side by side in `x`.
        let x = unsafe { Operand::new(x.as_ptr(), &shape, &strides) };
        return reduce(x, &[false, true], out, &Sum, |sum: T::Acc| T::from_acc(sum * factor));
    }
    let by_rows = rows::suit_averages(geometry);
    parallel::for_each_chunk_mut(out, positions, geometry.work(), |index, out| {
        let x = &x[index * plane..][..plane];
        if by_rows {
            let width = geometry.input[2];
            return with_scratch(width, |line| rows::average_of_plane(geometry, divisor, x, line, out));
        }
        geometry.for_each_position(|at, spans| {
            let [first, second, third] = spans;
            let mut sum = T::Acc::zero();
            if third.step == 1 && third.count >= LONG {
                let [_, height, width] = geometry.input;
                // Whole rows are one run.
                let whole = third.count == width && second.count == height && second.step == 1;
                let (rows, run) = if whole { (1, height * width) } else { (second.count, third.count) };
                for upper in first.elements() {
                    for lower in second.elements().take(rows) {
                        sum += sum_of(&x[(upper * height + lower) * width + third.start..][..run]);
                    }
                }
            } else {
                geometry.for_each_element(spans, |element| sum += x[element].to_acc());
            }
            let any = spans.iter().all(|span| span.count > 0);
            out[at] = T::from_acc(if any { sum * divisor.factor::<T::Acc>(spans) } else { T::Acc::zero() });
        });
    });
}

crate::vectorize! {
    /// The sum of a row.
    fn sum_of[S; T: Floating](simd: S, x: &[T]) -> T::Acc {
        let mut sums = [T::Acc::zero(); LANES];
        let whole = x.chunks_exact(LANES);
        for (sum, &x) in sums.iter_mut().zip(whole.remainder()) {
            *sum = x.to_acc();
        }
        for x in whole {
            for i in 0..LANES {
                sums[i] += x[i].to_acc();
            }
        }
        fold(sums, |a, b| a + b)
    }
}

/// The gradient of [`average`]: every element gets its share of the gradients of the windows over it.
pub fn average_gradient<T: Floating>(geometry: &Geometry, divisor: Divisor, g: &[T], dx: &mut [T]) {
    let (plane, positions) = (geometry.plane(), geometry.positions());
    debug_assert_eq!((dx.len(), g.len()), (geometry.planes * plane, geometry.planes * positions));
    let cost = 1 + geometry.work() * positions / plane.max(1);
    parallel::for_each_chunk_mut(dx, plane, cost, |index, dx| {
        let g = &g[index * positions..][..positions];
        if let Some(spans) = global(geometry) {
            return dx.fill(T::from_acc(g[0].to_acc() * divisor.factor::<T::Acc>(spans)));
        }
        if let [[first], [second], [third]] = geometry.axes.each_ref().map(Vec::as_slice)
            && third.step == 1
        {
            // One window: rows of the same share.
            let share = T::from_acc(g[0].to_acc() * divisor.factor::<T::Acc>([first, second, third]));
            dx.fill(T::from_acc(T::Acc::zero()));
            for (upper, lower) in first.elements().flat_map(|upper| second.elements().map(move |lower| (upper, lower)))
            {
                let row = (upper * geometry.input[1] + lower) * geometry.input[2] + third.start;
                dx[row..row + third.count].fill(share);
            }
            return;
        }
        with_scratch::<T::Acc, _>(plane, |sums| {
            sums.fill(T::Acc::zero());
            geometry.for_each_position(|at, spans| {
                let share = g[at].to_acc() * divisor.factor::<T::Acc>(spans);
                geometry.for_each_element(spans, |element| sums[element] += share);
            });
            for (to, &sum) in dx.iter_mut().zip(sums.iter()) {
                *to = T::from_acc(sum);
            }
        });
    });
}
