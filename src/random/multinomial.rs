//! Draws from a list of weights.

use super::{Element, Generator, Math, Real};

/// Draws places of `weights` into `out`, each with a probability in proportion to its weight, the same place as often
/// as it comes. Two words a draw. The weights are finite, not negative and not all zero; they need not sum to one.
pub fn sample_with_replacement<T: Real>(generator: &mut Generator, weights: &[T], out: &mut [i64]) {
    let number = <T::Math as Element>::from_f64;
    let mut total = number(0.0);
    let mut cumulative: Vec<T::Math> = Vec::with_capacity(weights.len());
    for &weight in weights {
        total = total + number(weight.to_f64());
        cumulative.push(total);
    }
    cumulative.iter_mut().for_each(|sum| *sum = *sum / total);
    if let Some(last) = cumulative.last_mut() {
        *last = number(1.0);
    }
    for place in out {
        let level = f64::unit(generator.random64());
        *place = cumulative.partition_point(|&sum| Real::to_f64(sum) < level) as i64;
    }
}
