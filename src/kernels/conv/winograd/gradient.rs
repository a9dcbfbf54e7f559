//! Weight gradients by the same tiles: what [`super`] does, read backwards.
//!
//! Where outputs come from products `m = t * u` of transformed inputs and weights, the gradient of `u` is the product of `t` with
//! the gradient of `m`, summed over all tiles: for each point a matrix product, the depth of which is tiles. Output gradients are
//! transformed by `[g0, g0 + g1, g0 - g1, -g1]`, and the sums become gradients of taps by
//! `[u0 + (u1 + u2) / 2, (u1 - u2) / 2, (u1 + u2) / 2 + u3]`.
//!
//! Tiles are gone over in blocks: first all channels of a block are transformed and packed tile by tile, then all points are
//! multiplied. How many tiles a block has depends on sizes alone, and so do the sums.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::super::gemm::Start;
use super::super::super::gemm::kernel::{Block, Left, Output, Right, multiply_block, tile};
use super::super::super::parallel::{self, Shared};
use super::super::super::scratch::with_scratch;
use super::super::Geometry;
use super::super::field::{Field, copy_planes};
use super::transforms;
use super::turned::{Packing, Places, Side, pack_tiles, transform_gradients};
use super::{APART, LANES, POINTS, TAPS, plan};

/// Numbers of the transformed tiles of a block, about.
const NUMBERS: usize = 2 << 20;
/// Tiles of a block, about, at least and at most.
const TILES: (usize, usize) = (128, 512);
/// Tiles that are summed in one chain, at most: errors grow with its length.
const CHAIN: usize = 128;
/// Rows of weights that are multiplied by one task, about.
const ROWS: usize = 112;
/// What transforming a register of tiles costs on both sides, and joining a register of sums with those of earlier blocks, in
/// multiply-adds of registers; and turning a register of sums into gradients, for each tap.
const TRANSFORM: usize = 180;
const JOIN: usize = 6;
const FINISH: usize = 30;

/// Tiles of a block.
fn block_tiles(geometry: &Geometry) -> usize {
    let channels = geometry.group_in() + geometry.group_out();
    (NUMBERS / (POINTS * channels.max(1))).clamp(TILES.0, TILES.1)
}

/// Whether [`gradient`] takes less than a plain sum.
pub fn pays(geometry: &Geometry) -> bool {
    let (inputs, outputs) = (geometry.group_in(), geometry.group_out());
    if inputs < LANES || outputs < LANES {
        return false;
    }
    let [rows, columns] = plan::tiles(geometry);
    let tiles = geometry.batch * rows * columns;
    let run = geometry.batch * rows * (columns + 1);
    let lanes = transforms::lanes();
    let pairs = outputs * inputs.next_multiple_of(lanes);
    let cost = tiles * pairs * POINTS / lanes
        + run.div_ceil(lanes) * (inputs + outputs) * TRANSFORM
        + tiles.div_ceil(CHAIN) * pairs * POINTS / lanes * JOIN
        + pairs * FINISH * TAPS / lanes;
    let plain = geometry.batch * geometry.positions() * TAPS * outputs * inputs / lanes;
    cost * 8 < plain * 7
}

/// Rows of tiles of one image that belong to a block, and where the first one's tiles lie in it.
struct Segment {
    image: usize,
    top: usize,
    count: usize,
    first: usize,
}

/// `dw: [group_out, group_in, 3, 3]` of a group from the input and output gradients; `false` if a number is not finite, and then
/// what `dw` holds is nothing.
pub fn gradient(geometry: &Geometry, group: usize, g: &[f32], x: &[f32], dw: &mut [f32]) -> bool {
    let ((height, width), lanes) = (tile::<f32>(), transforms::lanes());
    let (inputs, outputs) = (geometry.group_in(), geometry.group_out());
    assert!(dw.len() == outputs * inputs * TAPS);
    let [rows, columns] = plan::tiles(geometry);
    if geometry.batch * rows * columns == 0 {
        dw.fill(0.0);
        return true;
    }
    let (all, step) = (geometry.batch * rows, (block_tiles(geometry) / columns).max(1));
    let most = step.min(all) * columns;
    let pitch = inputs.next_multiple_of(lanes);
    // Panels of both sides, points, and sums of a point.
    let panels = [outputs.div_ceil(height), pitch.div_ceil(width)];
    let lens = [most * height + APART, most * width + APART];
    let points = [panels[0] * lens[0], panels[1] * lens[1]];
    let sums_len = outputs * pitch + APART;
    with_scratch::<f32, _>(POINTS * (points[0] + points[1]), |packed| {
        with_scratch::<f32, _>(POINTS * sums_len, |sums| {
            for top in (0..all).step_by(step) {
                let block = top..(top + step).min(all);
                let tiles = block.len() * columns;
                let segments = segments(block, [rows, columns]);
                let (left, right) = packed.split_at_mut(POINTS * points[0]);
                let sides = [
                    Task { geometry, numbers: g, channels: (group * outputs, outputs), side: Side::Gradients },
                    Task { geometry, numbers: x, channels: (group * inputs, inputs), side: Side::Inputs },
                ];
                // A group of channels is a panel of the left side, half a one of the right side.
                let groups = [panels[0], pitch / lanes];
                let targets = [Shared(left.as_mut_ptr()), Shared(right.as_mut_ptr())];
                parallel::for_each_index(groups[0] + groups[1], tiles * TRANSFORM, |at| {
                    let (side, at) = if at < groups[0] { (0, at) } else { (1, at - groups[0]) };
                    let (width, count) = [(height, height), (width, lanes)][side];
                    let first = at * count;
                    let start = first / width * lens[side] + first % width;
                    let to = Packing { apart: points[side], width, room: POINTS * points[side] - start };
                    // SAFETY: each group has its own columns of a panel in all points, which lie in the buffer.
                    unsafe {
                        sides[side].pack(first..first + count, &segments, (targets[side].get().add(start), to));
                    }
                });
                let shares = outputs.div_ceil(ROWS.next_multiple_of(height));
                let share = panels[0].div_ceil(shares);
                let shares = panels[0].div_ceil(share);
                let target = Shared(sums.as_mut_ptr());
                parallel::for_each_index(POINTS * shares, tiles * share * height * pitch, |task| {
                    let (point, panel) = (task / shares, task % shares * share);
                    let rows = panel * height..((panel + share) * height).min(outputs);
                    // SAFETY: the rows of a point are this task's, and lie in the sums.
                    let start = unsafe { target.get().add(point * sums_len + rows.start * pitch) };
                    let out = Output { start, row: pitch as isize, column: 1, span: pitch, group: 0 };
                    for from in (0..tiles).step_by(CHAIN) {
                        let left = &left[point * points[0] + panel * lens[0] + from * height..];
                        let right = &right[point * points[1] + from * width..];
                        let left =
                            Left { start: left.as_ptr(), row: 1, depth: height as isize, panel: lens[0] as isize };
                        let right = Right { start: right.as_ptr(), depth: width as isize, panel: lens[1] as isize };
                        let block = Block {
                            out,
                            origin: (0, 0),
                            size: (rows.len(), pitch),
                            depth: CHAIN.min(tiles - from),
                            alpha: 1.0,
                            start: if top == 0 && from == 0 { Start::Zero } else { Start::Scaled(1.0) },
                        };
                        // SAFETY: panels hold `tiles` rows, as many as there are rows and columns.
                        unsafe { multiply_block(block, left, right) };
                    }
                });
            }
            let lost = AtomicBool::new(false);
            let sums = &*sums;
            parallel::for_each_chunk_mut(dw, inputs * TAPS, FINISH, |row, dw| {
                if !transform_gradients((&sums[row * pitch..], sums_len), dw) {
                    lost.store(true, Ordering::Relaxed);
                }
            });
            !lost.into_inner()
        })
    })
}

/// The segments of some rows of tiles, counted over all images.
fn segments(block: Range<usize>, [rows, columns]: [usize; 2]) -> Vec<Segment> {
    let (mut list, mut row) = (Vec::new(), block.start);
    while row < block.end {
        let (image, top) = (row / rows, row % rows);
        let count = (rows - top).min(block.end - row);
        list.push(Segment { image, top, count, first: (row - block.start) * columns });
        row += count;
    }
    list
}

/// The planes of one side, and the first of its channels and how many.
struct Task<'a> {
    geometry: &'a Geometry,
    numbers: &'a [f32],
    channels: (usize, usize),
    side: Side,
}

impl Task<'_> {
    /// Transforms some channels of a block and packs them, tile by tile; those that are not there become zeros.
    ///
    /// # Safety
    /// What [`Packing`] says must be valid from `to` on, and this thread's.
    unsafe fn pack(&self, channels: Range<usize>, segments: &[Segment], (to, packing): (*mut f32, Packing)) {
        let geometry = self.geometry;
        let [_, second, third] = &geometry.windows;
        let ([_, height, width], columns) = (geometry.output, plan::tiles(geometry)[1]);
        let (all, plane, shape, before) = match self.side {
            Side::Inputs => {
                let before = [second, third].map(|window| window.pad_before as isize);
                (geometry.in_channels, geometry.plane(), [second.input, third.input], before)
            }
            Side::Gradients => (geometry.out_channels, geometry.positions(), [height, width], [0; 2]),
        };
        let there = channels.start..channels.end.min(self.channels.1);
        for segment in segments {
            // A column more than there are tiles, and for inputs a row.
            let field =
                Field { size: [segment.count + 1, columns + 1], strides: [2, 2], used: [vec![true; 2], vec![true; 2]] };
            let origin = [(2 * segment.top) as isize - before[0], -before[1]];
            let copies = field.copies::<f32>(shape, origin);
            let step = (field.len().div_ceil(LANES) | 1) * LANES;
            let used = (origin[0].max(0) as usize * shape[1]).min(plane);
            let used = used..(used + 2 * field.size[0] * shape[1]).min(plane);
            with_scratch::<f32, _>(channels.len() * step + LANES, |fields| {
                fields.fill(0.0);
                let from = segment.image * all + self.channels.0 + there.start;
                let planes = &self.numbers[from * plane..][..there.len() * plane];
                copy_planes(&copies, (planes, plane, used), (fields, step));
                let places = Places { first: segment.first, rows: segment.count, columns };
                // SAFETY: passed on from the caller; the segment's tiles are among the block's.
                unsafe { pack_tiles(self.side, (fields, step, channels.len()), places, (to, packing)) };
            });
        }
    }
}
