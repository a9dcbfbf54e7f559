//! Normalisation: subtract a mean, divide by a deviation, scale and shift; and the gradients.
//!
//! [`channels`] is for statistics of channels over images and positions (batch normalisation), [`rows`] for statistics of rows
//! (layer normalisation; instance normalisation on another shape), [`groups`] for those of groups of channels.

pub mod channels;
pub mod groups;
pub mod rows;

use super::float::Real;

/// Sums kept at once along a row.
const LANES: usize = 32;

/// The sums of `term(x, y)`, a pair, over elements of two rows of the same length, in several chains.
#[inline(always)]
fn sum_pairs<R: Real>(x: &[R], y: &[R], term: impl Fn(R, R) -> (R, R)) -> (R, R) {
    let (mut first, mut second) = ([R::zero(); LANES], [R::zero(); LANES]);
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = xs.remainder().iter().zip(ys.remainder());
    for (x, y) in xs.zip(ys) {
        for i in 0..LANES {
            let (a, b) = term(x[i], y[i]);
            first[i] += a;
            second[i] += b;
        }
    }
    for (i, (&x, &y)) in rest.enumerate() {
        let (a, b) = term(x, y);
        first[i] += a;
        second[i] += b;
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for i in 0..width {
            first[i] += first[i + width];
            second[i] += second[i + width];
        }
    }
    (first[0], second[0])
}

#[cfg(test)]
mod tests;
