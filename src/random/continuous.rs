//! Distributions computed from one `f64` draw a value, by the inverse of their distribution function.

use std::f64::consts::PI;

use super::normal::next_normal;
use super::{Element, Generator, Math, Real};

/// Fills `out` with exponentials, `-ln(1 - u) / lambda`. `lambda > 0`.
pub fn fill_exponential<T: Real>(generator: &mut Generator, out: &mut [T], lambda: f64) {
    let scale = -1.0 / lambda;
    f64::fill_unit(&mut generator.engine, out, |unit| T::from_f64(scale * (-unit).ln_1p()));
}

/// Fills `out` with Cauchy values, `median + sigma tan(pi (u - 1/2))`. `sigma > 0`.
pub fn fill_cauchy<T: Real>(generator: &mut Generator, out: &mut [T], median: f64, sigma: f64) {
    f64::fill_unit(&mut generator.engine, out, |unit| T::from_f64(sigma.mul_add((PI * (unit - 0.5)).tan(), median)));
}

/// Fills `out` with the number of the first success among trials, `ceil(ln u / ln(1 - p))`. `0 < p < 1`.
pub fn fill_geometric<T: Element>(generator: &mut Generator, out: &mut [T], p: f64) {
    let scale = (-p).ln_1p();
    f64::fill_unit(&mut generator.engine, out, |unit| T::from_f64((unit.ln() / scale).ceil()));
}

/// Fills `out` with the exponentials of normals (those of [`super::fill_normal_serial`]). `std > 0`.
pub fn fill_log_normal<T: Real>(generator: &mut Generator, out: &mut [T], mean: f64, std: f64) {
    out.iter_mut().for_each(|value| *value = T::from_f64(next_normal(generator).mul_add(std, mean).exp()));
}
