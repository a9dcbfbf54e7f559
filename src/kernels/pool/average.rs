//! Averages under windows.

use num_traits::Zero;

use super::super::float::{Floating, Real};
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::{Geometry, Span};

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
    fn factor<R: Real>(self, spans: [&Span; 3]) -> R {
        let one = R::from_usize(1);
        match self {
            Divisor::Padded => one / R::from_usize(spans.iter().map(|span| span.padded).product()),
            Divisor::Elements => one / R::from_usize(spans.iter().map(|span| span.count).product()),
            Divisor::Fixed(number) => one / R::from_f64(number as f64),
        }
    }
}

/// The average under every window; 0 where there is no element.
pub fn average<T: Floating>(geometry: &Geometry, divisor: Divisor, x: &[T], out: &mut [T]) {
    let (plane, positions) = (geometry.plane(), geometry.positions());
    debug_assert_eq!((x.len(), out.len()), (geometry.planes * plane, geometry.planes * positions));
    parallel::for_each_chunk_mut(out, positions, geometry.work(), |index, out| {
        let x = &x[index * plane..][..plane];
        geometry.for_each_position(|at, spans| {
            let mut sum = T::Acc::zero();
            let mut any = false;
            geometry.for_each_element(spans, |element| {
                sum += x[element].to_acc();
                any = true;
            });
            out[at] = T::from_acc(if any { sum * divisor.factor::<T::Acc>(spans) } else { T::Acc::zero() });
        });
    });
}

/// The gradient of [`average`]: every element gets its share of the gradients of the windows over it.
pub fn average_gradient<T: Floating>(geometry: &Geometry, divisor: Divisor, g: &[T], dx: &mut [T]) {
    let (plane, positions) = (geometry.plane(), geometry.positions());
    debug_assert_eq!((dx.len(), g.len()), (geometry.planes * plane, geometry.planes * positions));
    let cost = 1 + geometry.work() * positions / plane.max(1);
    parallel::for_each_chunk_mut(dx, plane, cost, |index, dx| {
        let g = &g[index * positions..][..positions];
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
