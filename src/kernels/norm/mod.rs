//! Normalisation: subtract a mean, divide by a deviation, scale and shift; and the gradients.
//!
//! [`channels`] is for statistics of channels over images and positions (batch normalisation), [`rows`] for statistics of rows
//! (layer normalisation; instance normalisation on another shape), [`groups`] for those of groups of channels; [`training`] does
//! all passes over a few channels at once.

pub mod channels;
pub mod groups;
pub mod rows;
mod short;
pub mod training;

use super::float::Real;

/// Sums kept at once along a row.
const LANES: usize = 32;
/// The same in what is over at its end.
const FEW: usize = 8;

/// The sums of `term(x, y)`, a pair, over elements of two rows of the same length, in several chains.
#[inline(always)]
fn sum_pairs<R: Real>(x: &[R], y: &[R], term: impl Fn(R, R) -> (R, R)) -> (R, R) {
    let y = &y[..x.len()];
    let (whole, most) = (x.len() / LANES * LANES, x.len() / FEW * FEW);
    let (mut first, mut second) = (R::zero(), R::zero());
    let mut add = |(a, b): (R, R)| {
        first += a;
        second += b;
    };
    // What is over goes by shorter lists and by itself: an index into the long ones would take them out of registers.
    if whole > 0 {
        add(in_lanes::<R, LANES>(&x[..whole], &y[..whole], &term));
    }
    if whole < most {
        add(in_lanes::<R, FEW>(&x[whole..most], &y[whole..most], &term));
    }
    for (&x, &y) in x[most..].iter().zip(&y[most..]) {
        add(term(x, y));
    }
    (first, second)
}

/// [`sum_pairs`] over a multiple of `N` elements.
#[inline(always)]
fn in_lanes<R: Real, const N: usize>(x: &[R], y: &[R], term: impl Fn(R, R) -> (R, R)) -> (R, R) {
    let (mut first, mut second) = ([R::zero(); N], [R::zero(); N]);
    for (x, y) in x.chunks_exact(N).zip(y.chunks_exact(N)) {
        for i in 0..N {
            let (a, b) = term(x[i], y[i]);
            first[i] += a;
            second[i] += b;
        }
    }
    let mut width = N;
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
