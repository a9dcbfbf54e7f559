//! The Bernoulli distribution: one with a probability, else zero.

use super::{Element, Generator, Math, Real};

/// Fills `out` with ones, each with probability `p` in `[0, 1]`, and zeros: two words a value, whatever the type.
pub fn fill_bernoulli<T: Element>(generator: &mut Generator, out: &mut [T], p: f64) {
    fill_either(generator, out, p, T::from_i64(0), T::from_i64(1));
}

/// Fills `out` with one of two values: `success` with probability `p` in `[0, 1]`, else `failure`; draws as
/// [`fill_bernoulli`].
pub fn fill_either<T: Element>(generator: &mut Generator, out: &mut [T], p: f64, failure: T, success: T) {
    f64::fill_unit(&mut generator.engine, out, |unit| if unit < p { success } else { failure });
}

/// Fills `out` with ones and zeros, each with a probability of its own in `[0, 1]`: two words a value if the
/// probabilities are `f64`, else one. Stops at the first probability that is not one and returns its place.
pub fn fill_bernoulli_with<T: Element, P: Real>(
    generator: &mut Generator,
    out: &mut [T],
    p: &[P],
) -> Result<(), usize> {
    debug_assert_eq!(out.len(), p.len());
    let wide = P::DIGITS > f32::MANTISSA_DIGITS;
    for (place, (value, p)) in out.iter_mut().zip(p).enumerate() {
        let p = p.to_f64();
        if !(0.0..=1.0).contains(&p) {
            return Err(place);
        }
        let unit =
            if wide { f64::unit(generator.random64()) } else { f64::from(f32::unit(u64::from(generator.random()))) };
        *value = T::from_i64(i64::from(unit < p));
    }
    Ok(())
}
