//! Maxima of windows of 2 x 2, or of 1 x 2, that lie side by side, without padding: the commonest poolings.
//!
//! Rows of input come in pairs or alone, each is taken apart into elements at even and at odd places, and the registers are compared in
//! the order of the window's elements. Planes follow each other without gaps, so a register may be written beyond the end of its
//! row: what lies there is written later.

use std::any::TypeId;

use super::super::float::Real;
use super::super::isa::{Isa, isa};
use super::super::lanes::{Vector, part};
use super::Geometry;
use super::lanes::{same, same_mut};

/// Whether [`max`] is the way to go for numbers of this type.
pub fn fits<T: 'static>(geometry: &Geometry) -> bool {
    let real = [TypeId::of::<f32>(), TypeId::of::<f64>()].contains(&TypeId::of::<T>());
    let [first, second, third] = &geometry.axes;
    // One layer, which the windows do reach: with padding they may all miss it.
    let alone = geometry.input[0] == 1 && matches!(first.as_slice(), [span] if span.count == 1);
    let side_by_side = |spans: &[super::Span], count: usize| {
        let next =
            |(at, span): (usize, &super::Span)| (span.start, span.count) == (count * at, count) && span.step == 1;
        !spans.is_empty() && spans.iter().enumerate().all(next)
    };
    let pairs = side_by_side(third, 2) && (side_by_side(second, 2) || side_by_side(second, 1));
    // Places are counted in the numbers themselves.
    real && isa() != Isa::Portable && alone && pairs && geometry.plane() <= 1 << (f32::MANTISSA_DIGITS - 1)
}

/// The maxima of some planes, which `x` consists of, and their places.
///
/// # Panics
/// Unless this [`fits`] and the slices hold the same planes.
pub fn max<T: Copy + 'static>(geometry: &Geometry, x: &[T], out: &mut [T], places: &mut [i64]) {
    if let (Some(x), Some(out)) = (same::<T, f32>(x), same_mut::<T, f32>(out)) {
        planes(geometry, x, out, places);
    } else if let (Some(x), Some(out)) = (same::<T, f64>(x), same_mut::<T, f64>(out)) {
        planes(geometry, x, out, places);
    } else {
        unreachable!("numbers of another type");
    }
}

crate::vectorize! {
    /// The body of [`max`].
    fn planes[S; R: Real](simd: S, geometry: &Geometry, x: &[R], out: &mut [R], places: &mut [i64]) {
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        let ([_, height, width], [_, rows, columns]) = (geometry.input, geometry.output());
        let (count, tall) = (out.len() / (rows * columns), geometry.axes[1][0].count);
        assert!(matches!(tall, 1 | 2) && tall * rows <= height && 2 * columns <= width && x.len() == count * height * width);
        assert!(out.len() == count * rows * columns && places.len() == out.len());
        let mut ramp = [R::zero(); 16];
        for (lane, place) in ramp.iter_mut().enumerate() {
            *place = R::from_usize(2 * lane);
        }
        // SAFETY: no register has more than 16 lanes.
        let ramp = unsafe { <R::Vector<S> as Vector<R>>::load(ramp.as_ptr()) };
        // The places of the other three from the first one's.
        let right = <R::Vector<S> as Vector<R>>::splat(R::one());
        let below = <R::Vector<S> as Vector<R>>::splat(R::from_usize(width));
        let across = <R::Vector<S> as Vector<R>>::splat(R::from_usize(width + 1));
        for plane in 0..count {
            for row in 0..rows {
                let to = (plane * rows + row) * columns;
                let top = &x[(plane * height + tall * row) * width..][..tall * width];
                for start in (0..columns).step_by(lanes) {
                    let inside = lanes.min(columns - start);
                    let upper = apart::<R, R::Vector<S>>(&top[2 * start..][..2 * inside]);
                    let first = <R::Vector<S> as Vector<R>>::splat(R::from_usize(tall * row * width + 2 * start));
                    let (mut best, mut at) = upper.0.larger(<R::Vector<S> as Vector<R>>::splat(R::zero()), upper.1, right);
                    if tall == 2 {
                        let lower = apart::<R, R::Vector<S>>(&top[width + 2 * start..][..2 * inside]);
                        (best, at) = best.larger(at, lower.0, below);
                        (best, at) = best.larger(at, lower.1, across);
                    }
                    let at = at.add(ramp).add(first);
                    let to = to + start;
                    let room = lanes.min(out.len() - to);
                    let mut line = [R::zero(); 16];
                    // SAFETY: `out` has room for so many numbers from there on; no register has more than 16 lanes.
                    unsafe {
                        let out = out.as_mut_ptr().add(to);
                        if room == lanes { best.store(out) } else { best.store_first(out, inside) }
                        at.store(line.as_mut_ptr());
                    }
                    if room == lanes {
                        places[to..to + lanes].iter_mut().zip(&line[..lanes]).for_each(|(to, place)| *to = place.to_place());
                    } else {
                        places[to..to + inside].iter_mut().zip(&line).for_each(|(to, place)| *to = place.to_place());
                    }
                }
            }
        }
    }
}

/// The elements at even and at odd places of at most two registers.
#[inline(always)]
fn apart<R: Real, V: Vector<R>>(x: &[R]) -> (V, V) {
    part::<R, V>(x, 0).unzip(part(x, V::LANES))
}

#[cfg(test)]
mod tests {
    use super::super::tests::maxima;
    use super::*;
    use crate::shape::window::Window;

    fn pooling(planes: usize, [height, width]: [usize; 2], window: impl Fn(usize) -> Window) -> Geometry {
        Geometry::sliding(planes, &[window(height), window(width)], false)
    }

    #[test]
    fn windows_side_by_side_are_taken_and_no_others() {
        let two = |input| Window { stride: 2, ..Window::new(input, 2) };
        let wide = isa() != Isa::Portable;
        for size in [[10, 10], [9, 7], [2, 2], [28, 35]] {
            assert_eq!((fits::<f32>(&pooling(3, size, two)), fits::<f64>(&pooling(3, size, two))), (wide, wide));
        }
        assert!(!fits::<i64>(&pooling(3, [4, 4], two)) && !fits::<half::f16>(&pooling(3, [4, 4], two)));
        for other in [
            pooling(1, [6, 6], |input| Window { stride: 1, ..two(input) }),
            pooling(1, [6, 6], |input| Window { dilation: 2, ..two(input) }),
            pooling(1, [6, 6], |input| Window { pad_before: 1, pad_after: 1, ..two(input) }),
            pooling(1, [6, 6], |input| Window { stride: 2, ..Window::new(input, 3) }),
            Geometry::sliding(1, &[two(5), two(5)], true),
            Geometry::sliding(1, &[two(4), two(4), two(4)], false),
        ] {
            assert!(!fits::<f32>(&other), "{other:?}");
        }
        // A layer between the two taps of a window.
        let beside = Window { pad_before: 1, pad_after: 1, dilation: 2, ..Window::new(1, 2) };
        let missed = Geometry::sliding(1, &[beside, two(4), two(4)], false);
        assert!(!fits::<f32>(&missed) && maxima(&missed, &[1.0; 16]).1 == [-1; 4]);
        let row = |input| Geometry::sliding(3, &[Window { stride: 2, ..Window::new(input, 2) }], false);
        assert_eq!((fits::<f32>(&row(10)), fits::<f64>(&row(7))), (wide, wide));
        // Equal parts are the same windows.
        assert_eq!(fits::<f32>(&Geometry::adaptive(2, &[(8, 4), (6, 3)])), wide);
    }

    #[test]
    fn they_give_what_plain_loops_do() {
        let two = |input| Window { stride: 2, ..Window::new(input, 2) };
        let squares = [(1, [2, 2]), (7, [10, 10]), (3, [9, 7]), (2, [5, 70]), (40, [4, 3]), (5, [6, 33])];
        let rows = [(1, 2), (9, 7), (40, 5), (3, 70), (2, 129)];
        let rows = rows.map(|(planes, size)| Geometry::sliding(planes, &[two(size)], false));
        for geometry in squares.map(|(planes, size)| pooling(planes, size, two)).into_iter().chain(rows) {
            // Some are equal, some nan, and both infinities.
            let x: Vec<f64> = (0..geometry.planes * geometry.plane())
                .map(|i| match i * 37 % 29 {
                    0 => f64::NAN,
                    1 => f64::INFINITY,
                    2..6 => f64::NEG_INFINITY,
                    value => (value % 5) as f64 - 2.0,
                })
                .collect();
            let expected = maxima(&geometry, &x);
            let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
            let (mut out, mut places) = (vec![0.0; expected.0.len()], vec![7; expected.0.len()]);
            super::super::max(&geometry, &x, f64::NEG_INFINITY, &mut out, &mut places);
            assert!(places == expected.1 && out.iter().zip(&expected.0).all(|(a, b)| same(*a, *b)), "{geometry:?}");
            let x: Vec<f32> = x.iter().map(|&x| x as f32).collect();
            let (mut out, mut places) = (vec![0.0; expected.0.len()], vec![7; expected.0.len()]);
            super::super::max(&geometry, &x, f32::NEG_INFINITY, &mut out, &mut places);
            assert!(places == expected.1 && out.iter().zip(&expected.0).all(|(a, b)| same(f64::from(*a), *b)));
        }
    }
}
