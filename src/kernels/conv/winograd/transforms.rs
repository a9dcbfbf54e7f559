//! The transforms of inputs, weights and outputs; see the formulas in [`super`].

use std::ops::Range;

use super::super::super::float::Real;
use super::super::super::gemm::kernel::tile;
use super::super::super::lanes::{Vector, put};
use super::{LANES, POINTS, TAPS};

/// Lanes of a register of the instruction set in use.
pub fn lanes() -> usize {
    tile::<f32>().1 / 2
}

/// Where the transformed inputs of a channel are put together: a line for each point, of all tiles.
pub struct Lines<'a> {
    pub buffer: &'a mut [f32],
    /// Numbers from one line to the next.
    pub pitch: usize,
    pub images: usize,
    /// Rows and columns of tiles of an image.
    pub tiles: [usize; 2],
}

/// Sums over channels: for each point and output a row of tiles.
pub struct Sums<'a> {
    pub sums: &'a [f32],
    /// Numbers from one point, and from one output, to the next.
    pub point: usize,
    pub channel: usize,
}

/// `[t0 - t2, t1 + t2, t2 - t1, t1 - t3]`.
#[inline(always)]
pub fn of_inputs<V: Vector<f32>>([a, b, c, d]: [V; 4]) -> [V; 4] {
    [a.sub(c), b.add(c), c.sub(b), b.sub(d)]
}

/// `[g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2]`.
#[inline(always)]
fn of_weights<V: Vector<f32>>([a, b, c]: [V; 3]) -> [V; 4] {
    let half = V::splat(0.5);
    let ends = a.add(c);
    [a, ends.add(b).mul(half), ends.sub(b).mul(half), c]
}

/// `[m0 + m1 + m2, m1 - m2 - m3]`.
#[inline(always)]
fn of_sums<V: Vector<f32>>([a, b, c, d]: [V; 4]) -> [V; 2] {
    [a.add(b.add(c)), b.sub(c).sub(d)]
}

/// One of these functions along both axes of a tile. (A macro, as a function that is passed on would not be compiled for the
/// instruction set at hand.)
macro_rules! along_both_axes {
    ($tile:expr, $function:ident, $from:literal -> $to:literal) => {{
        let mut rows = [[Vector::splat(0.0); $to]; $from];
        for (row, line) in rows.iter_mut().zip($tile) {
            *row = $function(line);
        }
        let mut tile = [[Vector::splat(0.0); $to]; $to];
        for j in 0..$to {
            let mut column = [Vector::splat(0.0); $from];
            for i in 0..$from {
                column[i] = rows[i][j];
            }
            let column = $function(column);
            for i in 0..$to {
                tile[i][j] = column[i];
            }
        }
        tile
    }};
}
pub(super) use along_both_axes;

/// Transforms the fields of some channels (`step` apart, those of two images `image`) and puts them into their rows of the panels
/// of all points: matrices `apart`, with `inputs` rows of `padded` tiles.
pub fn transform_inputs(
    (fields, step, image): (&[f32], usize, usize),
    lines: Lines<'_>,
    channels: Range<usize>,
    (points, apart, inputs, padded): (&mut [f32], usize, usize, usize),
) {
    let (_, width) = tile::<f32>();
    let [rows, count] = lines.tiles;
    let (area, tiles) = ((rows + 1) * (count + 1), lines.images * rows * count);
    assert!(4 * area <= step && channels.len() * step <= image && channels.end <= inputs);
    assert!((lines.images - 1) * image + channels.len() * step + LANES <= fields.len());
    assert!(tiles <= padded && padded + LANES <= lines.pitch && POINTS * lines.pitch <= lines.buffer.len());
    assert!(padded.next_multiple_of(width) * inputs <= apart && POINTS * apart <= points.len());
    inputs_to_panels((fields, step, image), lines, channels, (points, apart, inputs, padded));
}

/// Transforms the weights of some channels, a row for each tap, and puts them into their rows of a panel: for each point `inputs`
/// rows. All rows are as long as a tile of the matrix product is high; points are `apart`.
pub fn transform_weights(
    rows: &[f32],
    turned: bool,
    (panel, apart, inputs): (&mut [f32], usize, usize),
    channels: Range<usize>,
) {
    let (height, _) = tile::<f32>();
    assert!(height <= lanes() && inputs * height <= apart && POINTS * apart <= panel.len() && channels.end <= inputs);
    assert!(rows.len() >= channels.len() * TAPS * height + LANES);
    weights_to_panel(rows, turned, (panel, apart, inputs, height), channels);
}

/// Transforms the sums of an output channel, from the tile `first` on, adds the bias and writes `size` rows and columns, which are
/// `pitch` apart; `false` if a number is not finite.
///
/// # Safety
/// The rows must be valid for writing and this thread's.
pub unsafe fn transform_outputs(
    sums: &Sums<'_>,
    (channel, first): (usize, usize),
    bias: f32,
    size: [usize; 2],
    (to, pitch, streams): (*mut f32, usize, bool),
) -> bool {
    let tiles = size[0].div_ceil(2) * size[1].div_ceil(2);
    let last = (POINTS - 1) * sums.point + channel * sums.channel + first + tiles + LANES;
    assert!(last <= sums.sums.len() && size[1] <= pitch);
    outputs_to_rows(sums, channel * sums.channel + first, bias, size, (to, pitch, streams))
}

crate::vectorize! {
    /// The body of [`transform_inputs`], its only caller, which has checked the sizes.
    fn inputs_to_panels[S](
        simd: S,
        from: (&[f32], usize, usize),
        lines: Lines<'_>,
        channels: Range<usize>,
        to: (&mut [f32], usize, usize, usize),
    ) {
        let ((fields, step, image), (points, apart, inputs, padded)) = (from, to);
        let (lanes, [rows, count]) = (<<f32 as Real>::Vector<S> as Vector<f32>>::LANES, lines.tiles);
        let (width, pitch) = (2 * lanes, count + 1);
        let area = (rows + 1) * pitch;
        let buffer = lines.buffer.as_mut_ptr();
        for channel in channels.clone() {
            let mut at = 0;
            for number in 0..lines.images {
                let field = fields.as_ptr().wrapping_add(number * image + (channel - channels.start) * step);
                for row in 0..rows {
                    for column in (0..count).step_by(lanes) {
                        // SAFETY: the last register begins inside of the field and has a register's room behind it.
                        unsafe {
                            let from = |i: usize, j: usize| {
                                field.add((i % 2 * 2 + j % 2) * area + (row + i / 2) * pitch + column + j / 2)
                            };
                            let tile: [[<f32 as Real>::Vector<S>; 4]; 4] = std::array::from_fn(|i| {
                                std::array::from_fn(|j| Vector::load(from(i, j)))
                            });
                            let tile: [[<f32 as Real>::Vector<S>; 4]; 4] = along_both_axes!(tile, of_inputs, 4 -> 4);
                            for i in 0..4 {
                                for j in 0..4 {
                                    tile[i][j].store(buffer.add((4 * i + j) * lines.pitch + at + column));
                                }
                            }
                        }
                    }
                    at += count;
                }
            }
            for first in (0..padded).step_by(width) {
                for point in 0..POINTS {
                    // SAFETY: lines are a register longer than all tiles; panels hold rows for all channels.
                    unsafe {
                        let from = buffer.add(point * lines.pitch + first);
                        let to = points.as_mut_ptr().add(point * apart + (first / width * inputs + channel) * width);
                        for lane in [0, lanes] {
                            <<f32 as Real>::Vector<S> as Vector<f32>>::load(from.add(lane)).store(to.add(lane));
                        }
                    }
                }
            }
        }
    }

    /// The body of [`transform_weights`], its only caller, which has checked the sizes.
    fn weights_to_panel[S](
        simd: S,
        rows: &[f32],
        turned: bool,
        to: (&mut [f32], usize, usize, usize),
        channels: Range<usize>,
    ) {
        let (panel, apart, inputs, height) = to;
        let lanes = <<f32 as Real>::Vector<S> as Vector<f32>>::LANES;
        for (at, channel) in channels.enumerate() {
            let taps = at * TAPS * height;
            // SAFETY: there is a row for each tap, and a register behind the last; a register at a row of the panel reaches at most into the next one, which
            // comes later, and there is none behind the last.
            unsafe {
                let mut window = [[<<f32 as Real>::Vector<S> as Vector<f32>>::splat(0.0); 3]; 3];
                for i in 0..3 {
                    for j in 0..3 {
                        let tap = if turned { TAPS - 1 - (3 * i + j) } else { 3 * i + j };
                        window[i][j] = Vector::load(rows.as_ptr().add(taps + tap * height));
                    }
                }
                let points: [[<f32 as Real>::Vector<S>; 4]; 4] = along_both_axes!(window, of_weights, 3 -> 4);
                let to = panel.as_mut_ptr().add(channel * height);
                let last = height < lanes && channel + 1 == inputs;
                for i in 0..4 {
                    for j in 0..4 {
                        let to = to.add((4 * i + j) * apart);
                        if last { points[i][j].store_first(to, height) } else { points[i][j].store(to) }
                    }
                }
            }
        }
    }

    /// The body of [`transform_outputs`], its only caller.
    fn outputs_to_rows[S](
        simd: S,
        sums: &Sums<'_>,
        first: usize,
        bias: f32,
        size: [usize; 2],
        to: (*mut f32, usize, bool),
    ) -> bool {
        let (out, pitch, streams) = to;
        let lanes = <<f32 as Real>::Vector<S> as Vector<f32>>::LANES;
        let [rows, count] = size;
        let zero = <<f32 as Real>::Vector<S> as Vector<f32>>::splat(0.0);
        let bias = <<f32 as Real>::Vector<S> as Vector<f32>>::splat(bias);
        // A nan as soon as a number is not finite.
        let mut lost = zero;
        for row in (0..rows).step_by(2) {
            let start = first + row / 2 * count.div_ceil(2);
            for column in (0..count).step_by(2 * lanes) {
                // SAFETY: the caller has checked that sums reach as far, and vouches for the rows.
                unsafe {
                    let from = sums.sums.as_ptr().add(start + column / 2);
                    let tile: [[<f32 as Real>::Vector<S>; 4]; 4] = std::array::from_fn(|i| {
                        std::array::from_fn(|j| Vector::load(from.add((4 * i + j) * sums.point)))
                    });
                    let tile: [[<f32 as Real>::Vector<S>; 2]; 2] = along_both_axes!(tile, of_sums, 4 -> 2);
                    for (i, &[even, odd]) in tile.iter().enumerate().take(rows - row) {
                        let (even, odd) = (even.add(bias), odd.add(bias));
                        lost = odd.mul_add(zero, even.mul_add(zero, lost));
                        let (near, far) = even.zip(odd);
                        let (to, left) = (out.add((row + i) * pitch + column), count - column);
                        if left >= 2 * lanes {
                            put(near, to, streams);
                            put(far, to.add(lanes), streams);
                        } else if left >= lanes {
                            put(near, to, streams);
                            // Not even a store of nothing to the line behind, which the next row may be about to stream.
                            if left > lanes {
                                far.store_first(to.add(lanes), left - lanes);
                            }
                        } else {
                            near.store_first(to, left);
                        }
                    }
                }
            }
        }
        let mut list = [0.0f32; LANES];
        // SAFETY: a register has at most as many lanes.
        unsafe { lost.store(list.as_mut_ptr()) };
        !list.iter().any(|value| value.is_nan())
    }
}
