//! Maxima under windows, with the place of each, and the two linear functions that gradients are made of.

use num_traits::Zero;

use super::super::float::Floating;
use super::super::parallel;
use super::Geometry;

/// The maximum under every window and where it is, as an offset into its plane.
///
/// Of equal maxima the first counts; a nan counts as larger than any number, and the last one wins. A window that lies on
/// padding altogether gives `lowest` and the place -1.
pub fn max<T>(geometry: &Geometry, x: &[T], lowest: T, out: &mut [T], places: &mut [i64])
where
    T: Copy + PartialOrd + Send + Sync,
{
    let (plane, positions) = (geometry.plane(), geometry.positions());
    debug_assert_eq!((x.len(), out.len()), (geometry.planes * plane, geometry.planes * positions));
    let cost = geometry.work() * 2;
    parallel::for_each_chunk_pair((out, positions), (places, positions), cost, |index, out, places| {
        let x = &x[index * plane..][..plane];
        geometry.for_each_position(|at, spans| {
            let (mut best, mut place) = (lowest, -1);
            geometry.for_each_element(spans, |element| {
                let value = x[element];
                // A value that does not compare with itself is a nan.
                if place < 0 || value > best || value.partial_cmp(&value).is_none() {
                    (best, place) = (value, element as i64);
                }
            });
            (out[at], places[at]) = (best, place);
        });
    });
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
