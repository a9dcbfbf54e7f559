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

use super::super::super::gemm::kernel::{Block, Left, Right, multiply_block, tile};
use super::super::super::gemm::{Output, Start};
use super::super::super::parallel::{self, Shared};
use super::super::super::scratch::with_scratch;
use super::super::Geometry;
use super::super::channels::field_step;
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
    // A block has whole rows.
    if columns > TILES.1 {
        return false;
    }
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

/// Sizes of what a group's gradient is computed from.
struct Layout {
    /// Tiles of a row; rows of tiles of an image, and of a block at most.
    columns: usize,
    rows: usize,
    step: usize,
    /// Panels of both sides (output gradients on the left, inputs on the right), their widths, and the numbers of each one.
    panels: [usize; 2],
    widths: [usize; 2],
    lens: [usize; 2],
    /// Numbers from one row of sums, and from those of one point, to the next.
    pitch: usize,
    sums: usize,
}

impl Layout {
    fn new(geometry: &Geometry) -> Layout {
        let ((height, width), pitch) = (tile::<f32>(), geometry.group_in().next_multiple_of(transforms::lanes()));
        let [rows, columns] = plan::tiles(geometry);
        let step = (block_tiles(geometry) / columns.max(1)).clamp(1, (geometry.batch * rows).max(1));
        Layout {
            columns,
            rows,
            step,
            panels: [geometry.group_out().div_ceil(height), pitch.div_ceil(width)],
            widths: [height, width],
            lens: [height, width].map(|width| step * columns * width + APART),
            pitch,
            sums: geometry.group_out() * pitch + APART,
        }
    }

    /// Numbers of all panels of a side at one point.
    fn point(&self, side: usize) -> usize {
        self.panels[side] * self.lens[side]
    }
}

/// `dw: [group_out, group_in, 3, 3]` of a group from the input and output gradients; `false` if a number is not finite, and then
/// what `dw` holds is nothing.
pub fn gradient(geometry: &Geometry, group: usize, g: &[f32], x: &[f32], dw: &mut [f32]) -> bool {
    let (inputs, outputs) = (geometry.group_in(), geometry.group_out());
    assert!(dw.len() == outputs * inputs * TAPS);
    let layout = Layout::new(geometry);
    let all = geometry.batch * layout.rows;
    if all * layout.columns == 0 {
        dw.fill(0.0);
        return true;
    }
    let sources = [
        Source { geometry, numbers: g, channels: (group * outputs, outputs), side: Side::Gradients },
        Source { geometry, numbers: x, channels: (group * inputs, inputs), side: Side::Inputs },
    ];
    with_scratch::<f32, _>(POINTS * (layout.point(0) + layout.point(1)), |packed| {
        let (left, right) = packed.split_at_mut(POINTS * layout.point(0));
        with_scratch::<f32, _>(POINTS * layout.sums, |sums| {
            for top in (0..all).step_by(layout.step) {
                let block = top..(top + layout.step).min(all);
                let tiles = block.len() * layout.columns;
                pack_block(&layout, &sources, block, [&mut *left, &mut *right]);
                multiply_points(&layout, outputs, (tiles, top > 0), [&*left, &*right], sums);
            }
            let (sums, lost) = (&*sums, AtomicBool::new(false));
            parallel::for_each_chunk_mut(dw, inputs * TAPS, FINISH, |row, dw| {
                if !transform_gradients((&sums[row * layout.pitch..], layout.sums), dw) {
                    lost.store(true, Ordering::Relaxed);
                }
            });
            !lost.into_inner()
        })
    })
}

/// Transforms all channels of some rows of tiles.
fn pack_block(layout: &Layout, sources: &[Source<'_>; 2], block: Range<usize>, to: [&mut [f32]; 2]) {
    let tiles = block.len() * layout.columns;
    let segments = segments(block, [layout.rows, layout.columns]);
    // A group of channels is a panel of the left side, half a one of the right side.
    let sizes = [layout.widths[0], transforms::lanes()];
    let groups = [layout.panels[0], layout.pitch / sizes[1]];
    let targets = to.map(|to| Shared(to.as_mut_ptr()));
    parallel::for_each_index(groups[0] + groups[1], tiles * TRANSFORM, |at| {
        let (side, at) = if at < groups[0] { (0, at) } else { (1, at - groups[0]) };
        let (width, first) = (layout.widths[side], at * sizes[side]);
        let start = first / width * layout.lens[side] + first % width;
        let point = layout.point(side);
        let packing = Packing { apart: point, width, room: POINTS * point - start };
        // SAFETY: each group has its own columns of a panel in all points, which lie in the buffer.
        unsafe {
            let to = targets[side].get().add(start);
            sources[side].pack(first..first + sizes[side], &segments, (to, packing));
        }
    });
}

/// The products of some tiles at all points, added to those of earlier blocks (`more`).
fn multiply_points(
    layout: &Layout,
    outputs: usize,
    (tiles, more): (usize, bool),
    [left, right]: [&[f32]; 2],
    sums: &mut [f32],
) {
    let ([height, width], pitch) = (layout.widths, layout.pitch);
    assert!(sums.len() >= POINTS * layout.sums && tiles <= layout.step * layout.columns);
    let share = layout.panels[0].div_ceil(outputs.div_ceil(ROWS.next_multiple_of(height)));
    let shares = layout.panels[0].div_ceil(share);
    let target = Shared(sums.as_mut_ptr());
    parallel::for_each_index(POINTS * shares, tiles * share * height * pitch, |task| {
        let (point, panel) = (task / shares, task % shares * share);
        let rows = panel * height..((panel + share) * height).min(outputs);
        // SAFETY: the rows of a point are this task's, and lie in the sums.
        let start = unsafe { target.get().add(point * layout.sums + rows.start * pitch) };
        let out = Output::rows(start, pitch);
        for from in (0..tiles).step_by(CHAIN) {
            let left = &left[point * layout.point(0) + panel * layout.lens[0] + from * height..];
            let right = &right[point * layout.point(1) + from * width..];
            let block = Block {
                out,
                origin: (0, 0),
                size: (rows.len(), pitch),
                depth: CHAIN.min(tiles - from),
                alpha: 1.0,
                start: if more || from > 0 { Start::Scaled(1.0) } else { Start::Zero },
            };
            let panel = layout.lens.map(|len| len as isize);
            let left = Left { start: left.as_ptr(), row: 1, depth: height as isize, panel: panel[0] };
            let right = Right { start: right.as_ptr(), depth: width as isize, panel: panel[1] };
            // SAFETY: panels hold a row for each tile, as many panels as there are rows and columns.
            unsafe { multiply_block(block, left, right) };
        }
    });
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
struct Source<'a> {
    geometry: &'a Geometry,
    numbers: &'a [f32],
    channels: (usize, usize),
    side: Side,
}

impl Source<'_> {
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
            let step = field_step::<f32>(&field);
            let part = field.part(shape, origin);
            with_scratch::<f32, _>(channels.len() * step + LANES, |fields| {
                fields.fill(0.0);
                let from = segment.image * all + self.channels.0 + there.start;
                let planes = &self.numbers[from * plane..][..there.len() * plane];
                copy_planes(&copies, (planes, plane, part), (fields, step));
                let places = Places { first: segment.first, rows: segment.count, columns };
                // SAFETY: passed on from the caller; the segment's tiles are among the block's.
                unsafe { pack_tiles(self.side, (fields, step, channels.len()), places, (to, packing)) };
            });
        }
    }
}
