//! The continuous uniform distribution.

use num_traits::Float;

use super::{Element, Generator, Math, Real};

/// Values that are drawn, transformed and rounded at a time: few enough to stay in the first-level cache.
const CHUNK: usize = 512;

/// Fills `out` with values of `[from, to)`. A value that rounds up to `to` becomes `from`.
///
/// `f32` and the 16-bit types take one word of 24 bits a value, `f64` two words of 53 bits; the scaling is one fused
/// multiply-add. `from <= to`, both finite, with a finite difference.
pub fn fill_uniform<T: Real>(generator: &mut Generator, out: &mut [T], from: f64, to: f64) {
    let (start, end) = (T::from_f64(from), T::from_f64(to));
    let (low, high) = (<T::Math as Element>::from_f64(from), <T::Math as Element>::from_f64(to));
    let finish = |value| {
        let value = T::from_math(value);
        if value == end { start } else { value }
    };
    if from == 0.0 && to == 1.0 {
        fill_from_units(generator, out, |_| (), finish);
    } else {
        fill_from_units(generator, out, |units| scale(units, high - low, low), finish);
    }
}

crate::vectorize! {
    /// `width u + low` for every `u` of `units`, with one rounding on every processor.
    fn scale[S; T: Float](simd: S, units: &mut [T], width: T, low: T) {
        units.iter_mut().for_each(|unit| *unit = unit.mul_add(width, low));
    }
}

/// Fills `out` with numbers drawn from `[0, 1)`, transformed a chunk at a time (of a multiple of 16 values, except for
/// the last) and rounded to the element by `finish`.
pub(super) fn fill_from_units<T: Real>(
    generator: &mut Generator,
    out: &mut [T],
    transform: impl Fn(&mut [T::Math]),
    finish: impl Fn(T::Math) -> T,
) {
    let mut buffer = [<T::Math as Element>::from_i64(0); CHUNK];
    for chunk in out.chunks_mut(CHUNK) {
        let buffer = &mut buffer[..chunk.len()];
        T::Math::fill_unit(&mut generator.engine, buffer, |unit| unit);
        transform(buffer);
        chunk.iter_mut().zip(buffer).for_each(|(value, &mut number)| *value = finish(number));
    }
}
