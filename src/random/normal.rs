//! The normal distribution: pairs by Box-Muller, one by one for short or scattered tensors, in blocks for long ones.

use std::f64::consts::PI;

use super::box_muller::BLOCK;
use super::uniform::fill_from_units;
use super::{Element, Generator, Math, Real};

/// From this many values on, a contiguous tensor is filled in blocks.
pub const BLOCK_PATH_MIN: usize = BLOCK;

/// Fills `out`, the values of a contiguous tensor, with normals: in blocks of 16 from [`BLOCK_PATH_MIN`] values on,
/// with [`fill_normal_serial`] below. `std >= 0`.
///
/// In the block path every value takes one uniform of its own precision (`f32` for the 16-bit types). If the length is
/// no multiple of 16, the last 16 values are drawn again, all of them. The spare value is neither used nor changed.
pub fn fill_normal<T: Real>(generator: &mut Generator, out: &mut [T], mean: f64, std: f64) {
    if out.len() < BLOCK_PATH_MIN {
        return fill_normal_serial(generator, out, mean, std);
    }
    let (mean, std) = (<T::Math as Element>::from_f64(mean), <T::Math as Element>::from_f64(std));
    let whole = out.len() - out.len() % BLOCK;
    let transform = |units: &mut [T::Math]| T::Math::box_muller(units, mean, std);
    fill_from_units(generator, &mut out[..whole], transform, T::from_math);
    if whole < out.len() {
        // Types that PyTorch computes in place have drawn uniforms for the tail by now, which the last block discards.
        if T::IS_MATH {
            let mut discarded = [<T::Math as Element>::from_i64(0); BLOCK];
            T::Math::fill_unit(&mut generator.engine, &mut discarded[..out.len() - whole], |unit| unit);
        }
        let last = out.len() - BLOCK;
        fill_from_units(generator, &mut out[last..], transform, T::from_math);
    }
}

/// Fills `out` one by one: what a tensor of fewer than [`BLOCK_PATH_MIN`] values gets, and a tensor of any size that
/// is not contiguous (in the order of its memory). Computed in `f64`, two values from two uniforms; the second one
/// waits in the generator for the next call.
pub fn fill_normal_serial<T: Element>(generator: &mut Generator, out: &mut [T], mean: f64, std: f64) {
    out.iter_mut().for_each(|value| *value = T::from_f64(next_normal(generator).mul_add(std, mean)));
}

/// One standard normal.
pub(super) fn next_normal(generator: &mut Generator) -> f64 {
    if let Some(spare) = generator.spare.take() {
        return spare;
    }
    let turn = f64::unit(generator.random64());
    let level = f64::unit(generator.random64());
    let radius = (-2.0 * (-level).ln_1p()).sqrt();
    let angle = 2.0 * PI * turn;
    generator.spare = Some(radius * angle.sin());
    radius * angle.cos()
}
