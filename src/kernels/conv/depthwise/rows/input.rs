//! Input gradients for a stride of 2.

use super::super::super::super::float::Real;
use super::super::super::super::lanes::Vector;
use super::super::super::Geometry;
use super::{lanes_inside, store};
use std::ops::Range;

/// The input gradient of a plane.
///
/// Elements `x` at even and at odd places are two sums over shifted gradients, a register each, which are laid side by side: with
/// `x + padding = 2 b + q` they got their gradients from the outputs `b - n` by the taps `q + 2 n`.
///
/// # Safety
/// `g` and `dx` must be planes of the geometry, and `weights` its taps; see [`fits_input_gradient`](super::fits_input_gradient).
#[inline(always)]
pub unsafe fn input_plane<R: Real, V: Vector<R>, const K: usize>(
    geometry: &Geometry,
    g: *const R,
    weights: *const R,
    start: R,
    dx: *mut R,
) {
    let ([_, second, third], [_, height, width]) = (&geometry.windows, geometry.output);
    // Gradients of a register's elements are read from this place on, at `SHIFTS` places.
    let shift = (third.pad_before as isize - (K / 2) as isize) / 2 - (K as isize / 4);
    for left in (0..third.input.div_ceil(2)).step_by(V::LANES) {
        let from = left as isize + shift;
        let lanes: [Range<usize>; 3] = std::array::from_fn(|at| lanes_inside::<R, V>(from + at as isize, width));
        for y in 0..second.input {
            let (above, first) = ((y + second.pad_before) / 2, (y + second.pad_before) % 2);
            let mut sums = [V::splat(start); 2];
            for i in (first..K).step_by(2) {
                let row = above.wrapping_sub(i / 2);
                if row >= height {
                    continue;
                }
                let g = g.wrapping_add(row * width).wrapping_offset(from);
                // SAFETY: the lanes are elements of the row; there are `K` taps in each row.
                unsafe {
                    let values: [V; 3] = std::array::from_fn(|at| V::load_part(g.wrapping_add(at), lanes[at].clone()));
                    for j in 0..K {
                        // The tap `j` of elements at odd places if it is a pad's parity away.
                        let odd = (j + K / 2) % 2;
                        let at = (K / 2 + odd) / 2 + K / 4 - j / 2;
                        let weight = V::splat(*weights.add(i * K + j));
                        sums[odd] = weight.mul_add(values[at], sums[odd]);
                    }
                }
            }
            let (low, high) = sums[0].zip(sums[1]);
            let count = (third.input - 2 * left).min(2 * V::LANES);
            // SAFETY: `count` elements of the row follow.
            unsafe {
                let to = dx.add(y * third.input + 2 * left);
                store(low, to, count);
                if count > V::LANES {
                    store(high, to.add(V::LANES), count - V::LANES);
                }
            }
        }
    }
}
