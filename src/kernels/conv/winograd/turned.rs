//! The transforms of weight gradients; see the formulas in [`super::gradient`].

use super::super::super::float::Real;
use super::super::super::lanes::{Vector, transpose};
use super::transforms::{along_both_axes, lanes, of_inputs};
use super::{LANES, POINTS, TAPS};

/// What is transformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Tiles of 4x4 inputs, two apart.
    Inputs,
    /// Tiles of 2x2 output gradients.
    Gradients,
}

/// Rows and columns of tiles, and the number of the first one in its block.
#[derive(Clone, Copy)]
pub struct Places {
    pub first: usize,
    pub rows: usize,
    pub columns: usize,
}

/// Where transformed tiles go: for each point a row for each tile, of which a lane is a channel.
#[derive(Clone, Copy)]
pub struct Packing {
    /// Numbers from one point to the next, and from one row to the next.
    pub apart: usize,
    pub width: usize,
    /// Numbers that are there, from the first row's on.
    pub room: usize,
}

/// `[g0, g0 + g1, g0 - g1, -g1]`.
#[inline(always)]
fn of_gradients<V: Vector<f32>>([a, b]: [V; 2]) -> [V; 4] {
    [a, a.add(b), a.sub(b), V::splat(0.0).sub(b)]
}

/// `[u0 + (u1 + u2) / 2, (u1 - u2) / 2, (u1 + u2) / 2 + u3]`.
#[inline(always)]
fn of_points<V: Vector<f32>>([a, b, c, d]: [V; 4]) -> [V; 3] {
    let half = V::splat(0.5);
    let both = b.add(c).mul(half);
    [a.add(both), b.sub(c).mul(half), both.add(d)]
}

/// Transforms the fields of some channels, at most as many as a register has lanes, which are `step` apart and a column and a row
/// larger than there are tiles; a register of each row of the packing is written, in the order of tiles.
///
/// # Safety
/// The rows must be valid from `to` on, and this thread's.
pub unsafe fn pack_tiles(
    side: Side,
    (fields, step, channels): (&[f32], usize, usize),
    places: Places,
    (to, packing): (*mut f32, Packing),
) {
    let Places { first, rows, columns } = places;
    let lanes = lanes();
    assert!(channels > 0 && channels <= lanes && 4 * (rows + 1) * (columns + 1) <= step);
    assert!(channels * step + LANES <= fields.len());
    let rows = first + rows * columns;
    assert!(rows == 0 || (POINTS - 1) * packing.apart + (rows - 1) * packing.width + lanes <= packing.room);
    tiles_to_panels(side, (fields, step, channels), places, (to, packing));
}

/// Turns sums, of which points are `apart`, into the gradients of a row of windows; `false` if one is not finite.
pub fn transform_gradients((sums, apart): (&[f32], usize), dw: &mut [f32]) -> bool {
    let channels = (dw.len() / TAPS).next_multiple_of(lanes());
    assert!((POINTS - 1) * apart + channels <= sums.len());
    sums_to_taps(sums, apart, dw)
}

crate::vectorize! {
    /// The body of [`pack_tiles`], its only caller, which has checked the sizes.
    fn tiles_to_panels[S](
        simd: S,
        side: Side,
        fields: (&[f32], usize, usize),
        places: Places,
        to: (*mut f32, Packing),
    ) {
        let ((fields, step, channels), (to, packing)) = (fields, to);
        let (lanes, pitch) = (<<f32 as Real>::Vector<S> as Vector<f32>>::LANES, places.columns + 1);
        let area = (places.rows + 1) * pitch;
        // Registers of tiles of all channels at all points.
        let mut tiles = [0.0f32; POINTS * LANES * LANES];
        let (mut row, mut column) = (0, 0);
        for at in (0..places.rows * pitch).step_by(lanes) {
            for channel in 0..channels {
                // SAFETY: the first lane lies in the field, which has a register's room behind it.
                unsafe {
                    let field = fields.as_ptr().add(channel * step + at);
                    let tile: [[<f32 as Real>::Vector<S>; 4]; 4] = if side == Side::Inputs {
                        let mut tile = [[Vector::splat(0.0); 4]; 4];
                        for i in 0..4 {
                            for j in 0..4 {
                                tile[i][j] = Vector::load(field.add((i % 2 * 2 + j % 2) * area + i / 2 * pitch + j / 2));
                            }
                        }
                        along_both_axes!(tile, of_inputs, 4 -> 4)
                    } else {
                        let mut tile = [[Vector::splat(0.0); 2]; 2];
                        for i in 0..2 {
                            for j in 0..2 {
                                tile[i][j] = Vector::load(field.add((2 * i + j) * area));
                            }
                        }
                        along_both_axes!(tile, of_gradients, 2 -> 4)
                    };
                    for i in 0..4 {
                        for j in 0..4 {
                            tile[i][j].store(tiles.as_mut_ptr().add(((4 * i + j) * LANES + channel) * LANES));
                        }
                    }
                }
            }
            // Where the lanes go; the last one of each row is no tile.
            let mut goals = [usize::MAX; LANES];
            for goal in goals.iter_mut().take(lanes.min(places.rows * pitch - at)) {
                if column < places.columns {
                    *goal = (places.first + row * places.columns + column) * packing.width;
                    column += 1;
                } else {
                    (row, column) = (row + 1, 0);
                }
            }
            for point in 0..POINTS {
                let mut square = [<<f32 as Real>::Vector<S> as Vector<f32>>::splat(0.0); 16];
                for channel in 0..channels {
                    // SAFETY: it was stored there.
                    square[channel] = unsafe { Vector::load(tiles.as_ptr().add((point * LANES + channel) * LANES)) };
                }
                transpose::<f32, <f32 as Real>::Vector<S>>(&mut square);
                for lane in 0..lanes {
                    if goals[lane] != usize::MAX {
                        // SAFETY: by the caller's word; the room was checked.
                        unsafe { square[lane].store(to.add(point * packing.apart + goals[lane])) };
                    }
                }
            }
        }
    }

    /// The body of [`transform_gradients`], its only caller.
    fn sums_to_taps[S](simd: S, sums: &[f32], apart: usize, dw: &mut [f32]) -> bool {
        let lanes = <<f32 as Real>::Vector<S> as Vector<f32>>::LANES;
        let mut finite = true;
        for (at, dw) in dw.chunks_mut(TAPS * lanes).enumerate() {
            let mut taps = [0.0f32; TAPS * LANES];
            // SAFETY: the caller has checked that there are as many sums; a tap has room for a register.
            unsafe {
                let mut points = [[<<f32 as Real>::Vector<S> as Vector<f32>>::splat(0.0); 4]; 4];
                for i in 0..4 {
                    for j in 0..4 {
                        points[i][j] = Vector::load(sums.as_ptr().add((4 * i + j) * apart + at * lanes));
                    }
                }
                let window: [[<f32 as Real>::Vector<S>; 3]; 3] = along_both_axes!(points, of_points, 4 -> 3);
                for i in 0..3 {
                    for j in 0..3 {
                        window[i][j].store(taps.as_mut_ptr().add((3 * i + j) * LANES));
                    }
                }
            }
            for (channel, window) in dw.chunks_exact_mut(TAPS).enumerate() {
                for (tap, to) in window.iter_mut().enumerate() {
                    *to = taps[tap * LANES + channel];
                    finite &= to.is_finite();
                }
            }
        }
        finite
    }
}
