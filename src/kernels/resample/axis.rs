//! One axis resized: every pixel of the result is a weighted sum of a few pixels.

use super::super::float::Real;
use super::super::parallel;
use super::taps::Taps;

/// `y[o, j, i] = sum_t weights[t] x[o, places[t], i]` over the taps of row `j`, for `x: [outer, len, inner]`.
///
/// ```
/// use rsnn::kernels::resample::axis::resize;
/// use rsnn::kernels::resample::taps::Taps;
///
/// let taps = Taps { starts: vec![0, 2, 3], places: vec![0, 1, 1], weights: vec![0.5, 0.5, 1.0] };
/// let mut y = [0.0f32; 2];
/// resize(&taps, (1, 2, 1), &[2.0, 4.0], &mut y);
/// assert_eq!(y, [3.0, 4.0]);
/// ```
pub fn resize<R: Real>(taps: &Taps, (outer, len, inner): (usize, usize, usize), x: &[R], y: &mut [R]) {
    debug_assert!(x.len() == outer * len * inner && y.len() == outer * taps.len() * inner);
    if y.is_empty() {
        return;
    }
    let weights: Vec<R> = taps.weights.iter().map(|&weight| R::from_f64(weight)).collect();
    let cost = 1 + weights.len() / taps.len();
    if inner == 1 {
        return parallel::for_each_chunk_mut(y, taps.len(), 2 * cost, |o, y| {
            row(taps, &weights, &x[o * len..][..len], y);
        });
    }
    parallel::for_each_chunk_mut(y, inner, cost, |at, y| {
        let x = &x[at / taps.len() * len * inner..][..len * inner];
        y.fill(R::zero());
        let row = at % taps.len();
        for tap in taps.starts[row]..taps.starts[row + 1] {
            add_scaled(weights[tap], &x[taps.places[tap] * inner..][..inner], y);
        }
    });
}

/// One line of pixels.
fn row<R: Real>(taps: &Taps, weights: &[R], x: &[R], y: &mut [R]) {
    for (y, ends) in y.iter_mut().zip(taps.starts.windows(2)) {
        let mut sum = R::zero();
        for tap in ends[0]..ends[1] {
            sum += weights[tap] * x[taps.places[tap]];
        }
        *y = sum;
    }
}

crate::vectorize! {
    /// `y += a x`.
    fn add_scaled[S; R: Real](simd: S, a: R, x: &[R], y: &mut [R]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y += a * x;
        }
    }
}
