//! Weight gradients: a register of sums for each tap, over the planes of all images.

use super::super::super::super::float::Real;
use super::super::super::super::lanes::{Vector, prefetch, transpose};
use super::{FEW, MANY, Planes, Reads, SOME, row_under, store};
use crate::shape::window::Window;

/// Elements of the next plane to ask for.
const AHEAD: usize = 1024;

/// The weight gradient of a channel.
///
/// # Safety
/// `dw` must have a number for each tap.
#[inline(always)]
pub unsafe fn channel_taps<R: Real, V: Vector<R>, const K: usize, const STRIDE: usize>(
    planes: &Planes<'_, R>,
    g: &[R],
    channel: usize,
    dw: &mut [R],
) {
    let geometry = planes.geometry;
    let ([_, second, third], [_, height, width]) = (&geometry.windows, geometry.output);
    let (plane, positions) = (geometry.plane(), geometry.positions());
    let mut sums = [[V::splat(R::zero()); K]; K];
    let first = Reads::<K, STRIDE>::new::<R, V>(third, 0, V::LANES.min(width));
    for image in 0..geometry.batch {
        let x = planes.plane(image * geometry.in_channels + channel / geometry.group_out(), plane);
        let g = g[(image * geometry.out_channels + channel) * positions..][..positions].as_ptr();
        prefetch(x.wrapping_add(geometry.in_channels * plane), plane.min(AHEAD));
        prefetch(g.wrapping_add(geometry.out_channels * positions), positions.min(AHEAD));
        for left in (0..width).step_by(V::LANES) {
            let count = V::LANES.min(width - left);
            let reads = if left == 0 { first } else { Reads::new::<R, V>(third, left, count) };
            let mut y = 0;
            while y < height {
                let part = Part { x, y, g: g.wrapping_add(y * width + left), count, width };
                // SAFETY: as many rows of positions follow as are taken.
                (sums, y) = unsafe {
                    match height - y {
                        MANY.. if V::REGISTERS > 16 && STRIDE == 1 && K == 3 => {
                            (part.add::<V, MANY, K, STRIDE>(second, third, reads, sums), y + MANY)
                        }
                        SOME.. if V::REGISTERS > 16 && STRIDE > 1 => {
                            (part.add::<V, SOME, K, STRIDE>(second, third, reads, sums), y + SOME)
                        }
                        FEW.. => (part.add::<V, FEW, K, STRIDE>(second, third, reads, sums), y + FEW),
                        _ => (part.add::<V, 1, K, STRIDE>(second, third, reads, sums), y + 1),
                    }
                };
            }
        }
    }
    let mut lines = [R::zero(); 25 * 16];
    for i in 0..K {
        for j in 0..K {
            // SAFETY: there are lines for 25 taps of 16 lanes.
            unsafe { sums[i][j].store(lines.as_mut_ptr().add((i * K + j) * V::LANES)) };
        }
    }
    // Sums of the lanes: of as many lines at a time as a register has lanes.
    for (at, dw) in dw.chunks_mut(V::LANES).enumerate() {
        let mut rows = [V::splat(R::zero()); 16];
        for (i, row) in rows.iter_mut().enumerate().take(dw.len()) {
            // SAFETY: as above.
            *row = unsafe { V::load(lines.as_ptr().add((at * V::LANES + i) * V::LANES)) };
        }
        transpose::<R, V>(&mut rows);
        let total = rows[1..V::LANES].iter().fold(rows[0], |total, row| total.add(*row));
        // SAFETY: `dw` has as many elements.
        unsafe { store(total, dw.as_mut_ptr(), dw.len()) };
    }
}

/// A few rows of gradients of a register of positions.
struct Part<R> {
    x: *const R,
    /// The first row.
    y: usize,
    g: *const R,
    /// Positions of a row, and from one row to the next.
    count: usize,
    width: usize,
}

impl<R: Real> Part<R> {
    /// # Safety
    /// `M` rows of positions must follow; see [`channel_taps`].
    #[inline(always)]
    unsafe fn add<V: Vector<R>, const M: usize, const K: usize, const STRIDE: usize>(
        &self,
        second: &Window,
        third: &Window,
        reads: Reads<K, STRIDE>,
        mut sums: [[V; K]; K],
    ) -> [[V; K]; K] {
        // SAFETY: by the caller's word.
        unsafe {
            let g: [V; M] = std::array::from_fn(|m| V::load_part(self.g.add(m * self.width), 0..self.count));
            for line in 0..(M - 1) * STRIDE + K {
                let Some(row) = row_under(second, self.y, line, self.x, third.input) else { continue };
                let values: [V; K] = reads.row(row);
                for m in 0..M {
                    if line >= m * STRIDE && line - m * STRIDE < K {
                        for j in 0..K {
                            let sum = &mut sums[line - m * STRIDE][j];
                            *sum = g[m].mul_add(values[j], *sum);
                        }
                    }
                }
            }
        }
        sums
    }
}
