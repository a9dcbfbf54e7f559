//! Convolutions with windows of 3x3 and a stride of 1 by Winograd's algorithm F(2x2, 3x3).
//!
//! Two outputs side by side are sums over the same four inputs, and four products give both (instead of six): with
//! `t = [d0 - d2, d1 + d2, d2 - d1, d1 - d3]` of the inputs and `u = [g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2]` of the
//! taps, the outputs are `m0 + m1 + m2` and `m1 - m2 - m3` where `m = t * u`. Along both axes, a tile of 2x2 outputs takes 16
//! products instead of 36. The sums over channels come between: for each of the 16 *points* of a tile they are a matrix product
//! of the weights at this point with the inputs at this point, lanes of which are tiles.
//! (S. Winograd, *Arithmetic complexity of computations*, 1980; A. Lavin and S. Gray, *Fast algorithms for convolutional neural
//! networks*, 2016.)
//!
//! A task has a band of tiles of some images and some output channels; it transforms the inputs of its band, multiplies point by
//! point, and transforms what comes out. Every output is computed alike however work is cut. The factors are powers of two, and
//! rounding errors are no larger than those of the plain sum, which adds nine numbers a channel where this one adds four. What
//! overflows on the way or is not finite is computed again as a plain sum.

mod gradient;
mod plan;
mod transforms;
mod turned;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::float::{Floating, Real, singles, singles_mut};
use super::super::gemm::kernel::{Block, Left, Right, multiply_block, tile};
use super::super::gemm::operand::Operand;
use super::super::gemm::{Output, Start};
use super::super::parallel::{self, Shared};
use super::super::scratch::with_scratch;
use super::super::stream;
use super::channels::field_step;
use super::field::{Field, copy_planes};
use super::{Epilogue, Geometry};
use crate::shape::window::Window;
pub use gradient::gradient as weight_gradient;
use plan::Plan;
use transforms::{Lines, Sums, transform_inputs, transform_outputs, transform_weights};

/// Points of a tile.
const POINTS: usize = 16;
/// Taps of a window.
const TAPS: usize = 9;
/// Lanes of a register, at most.
const LANES: usize = 16;
/// Numbers by which the matrices of two points are apart beyond their size, so that their rows are not all in the same places of
/// a cache.
const APART: usize = 16;
/// Channels whose weights are unpacked at a time, and numbers of the fields that are copied at a time.
const WEIGHTS: usize = 64;
const FIELDS: usize = 4 << 10;

/// Whether [`products`] is the way to go, with weights that are packed already or have to be.
pub fn applies<T: Floating>(geometry: &Geometry, packed: bool) -> bool {
    is_of_tiles::<T>(geometry) && plan::pays(geometry, packed)
}

/// Whether [`weight_gradient`] is the way to go.
pub fn gradient_applies<T: Floating>(geometry: &Geometry) -> bool {
    is_of_tiles::<T>(geometry) && gradient::pays(geometry)
}

/// Whether a convolution can be cut into tiles.
fn is_of_tiles<T: Floating>(geometry: &Geometry) -> bool {
    let [first, second, third] = &geometry.windows;
    let fits = |window: &Window| window.kernel == 3 && window.stride == 1 && window.dilation == 1;
    let single = std::any::TypeId::of::<T>() == std::any::TypeId::of::<f32>();
    single && *first == Window::unit() && fits(second) && fits(third)
}

/// The numbers that the packed weights of a group take.
pub fn packed_len(geometry: &Geometry) -> usize {
    geometry.group_out().div_ceil(tile::<f32>().0) * panel_len(geometry)
}

/// The numbers of a panel of them.
fn panel_len(geometry: &Geometry) -> usize {
    (tile::<f32>().0 * geometry.group_in() + APART) * POINTS
}

/// Packs the weights of a group (lanes: output channels; depth: taps of all input channels, with `turned` from the last to the
/// first): panels of output channels, in each the points, in each a row for every input channel.
pub fn pack<R: Real>(geometry: &Geometry, weights: &impl Operand<R>, turned: bool, packed: &mut [R]) {
    let (height, inputs) = (tile::<R>().0, geometry.group_in());
    let len = panel_len(geometry);
    parallel::for_each_chunk_mut(packed, len, 4, |at, panel| {
        let lanes = at * height..((at + 1) * height).min(geometry.group_out());
        with_scratch::<R, _>(WEIGHTS * TAPS * height + LANES, |rows| {
            for first in (0..inputs).step_by(WEIGHTS) {
                let channels = first..(first + WEIGHTS).min(inputs);
                let rows = &mut rows[..channels.len() * TAPS * height + LANES];
                weights.pack_panel(channels.start * TAPS..channels.end * TAPS, lanes.clone(), height, rows);
                // Read with the last row, though not used.
                rows[channels.len() * TAPS * height..].fill(R::zero());
                transform_weights(singles(rows), turned, (singles_mut(panel), len / POINTS, inputs), channels);
            }
        });
    });
}

/// One group of a convolution, with weights as [`pack`] leaves them; `false` if an output is not finite, and then what `out` holds
/// is nothing.
///
/// # Panics
/// If there are fewer weights or outputs than the geometry has.
pub fn products(
    geometry: &Geometry,
    x: &[f32],
    (group, packed): (usize, &[f32]),
    epilogue: &Epilogue<'_, f32>,
    out: &mut [f32],
) -> bool {
    let (channels, positions) = (geometry.group_out(), geometry.positions());
    if geometry.batch == 0 || channels == 0 || positions == 0 {
        return true;
    }
    assert!(packed.len() >= packed_len(geometry) && out.len() >= geometry.batch * geometry.out_channels * positions);
    let plan = Plan::new(geometry, parallel::num_threads());
    let tiles = plan::tiles(geometry);
    let [down, across] = [0, 1].map(|axis| tiles[axis].div_ceil(plan.band[axis]));
    let share = plan.panels * tile::<f32>().0;
    let shares = channels.div_ceil(share);
    let bands = geometry.batch.div_ceil(plan.images) * down * across;
    let cost = plan.images * plan.band[0] * plan.band[1] * share * geometry.group_in() * POINTS;
    // Where rows are made of whole lines, and so are the parts of them that tasks write.
    let whole =
        [geometry.output[2], if across > 1 { 2 * plan.band[1] } else { 0 }].iter().all(|len| len.is_multiple_of(16));
    let streams = whole && epilogue.is_plain() && stream::worthwhile(size_of_val(x) + size_of_val(out));
    let (target, lost) = (Shared(out.as_mut_ptr()), AtomicBool::new(false));
    parallel::for_each_index(bands * shares, cost, |task| {
        if lost.load(Ordering::Relaxed) {
            return;
        }
        // Tasks of one band follow each other.
        let (number, band) = (task % shares, task / shares);
        let (image, top, left) = (band / (down * across) * plan.images, band / across % down, band % across);
        let origin = [top * plan.band[0], left * plan.band[1]];
        let outputs = number * share..((number + 1) * share).min(channels);
        let task = Task {
            geometry,
            group,
            origin,
            size: [0, 1].map(|axis| plan.band[axis].min(tiles[axis] - origin[axis])),
            images: image..(image + plan.images).min(geometry.batch),
            packed: &packed[number * plan.panels * panel_len(geometry)..],
            outputs,
            streams,
        };
        // SAFETY: the output is borrowed mutably, as large as the geometry says, and tasks write to places of their own.
        if !unsafe { task.run(x, epilogue, target) } {
            lost.store(true, Ordering::Relaxed);
        }
    });
    !lost.into_inner()
}

/// A band of tiles of some images, and some output channels of a group.
struct Task<'a> {
    geometry: &'a Geometry,
    group: usize,
    /// The first row and column of tiles, and how many.
    origin: [usize; 2],
    size: [usize; 2],
    images: Range<usize>,
    outputs: Range<usize>,
    /// The panels of these outputs.
    packed: &'a [f32],
    /// Whether outputs are written past the cache.
    streams: bool,
}

impl Task<'_> {
    /// Computes the task; `false` if an output is not finite.
    ///
    /// # Safety
    /// `out` must be valid for the outputs of the geometry, and the task's ones this thread's.
    unsafe fn run(&self, x: &[f32], epilogue: &Epilogue<'_, f32>, out: Shared<f32>) -> bool {
        let (_, width) = tile::<f32>();
        let (inputs, outputs) = (self.geometry.group_in(), self.outputs.len());
        let tiles = self.images.len() * self.size[0] * self.size[1];
        let padded = tiles.next_multiple_of(transforms::lanes());
        let left = inputs * padded.next_multiple_of(width) + APART;
        let right = outputs * padded + APART;
        with_scratch::<f32, _>(POINTS * left, |points| {
            self.transform(x, padded, (points, left));
            with_scratch::<f32, _>(POINTS * right + LANES, |sums| {
                for (point, sums) in sums.chunks_mut(right).enumerate().take(POINTS) {
                    self.multiply(point, padded, &points[point * left..], sums);
                    // Read with the last row's tiles, though not used: nothing that is not finite may be there.
                    sums[outputs * padded..].fill(0.0);
                }
                sums[POINTS * right..].fill(0.0);
                // SAFETY: passed on from the caller.
                let finite = unsafe { self.store(&Sums { sums, point: right, channel: padded }, epilogue, out) };
                // Also before others write these places anew.
                if self.streams {
                    stream::finish();
                }
                finite
            })
        })
    }

    /// Copies the inputs of the task and transforms them: for each point a matrix, of which a row is a channel and a column a
    /// tile, in panels as wide as those of a matrix product; matrices are `left` apart.
    fn transform(&self, x: &[f32], padded: usize, (points, left): (&mut [f32], usize)) {
        let [_, second, third] = &self.geometry.windows;
        let inputs = self.geometry.group_in();
        let field =
            Field { size: self.size.map(|tiles| tiles + 1), strides: [2, 2], used: [vec![true; 2], vec![true; 2]] };
        let origin = [(self.origin[0], second), (self.origin[1], third)];
        let origin = origin.map(|(tile, window)| (2 * tile) as isize - window.pad_before as isize);
        let shape = [second.input, third.input];
        let (copies, part) = (field.copies::<f32>(shape, origin), field.part(shape, origin));
        let step = field_step::<f32>(&field);
        let block = (FIELDS / (self.images.len() * step)).clamp(1, inputs.max(1));
        let lines = padded + LANES;
        with_scratch::<f32, _>(self.images.len() * block * step + LANES, |fields| {
            fields.fill(0.0);
            with_scratch::<f32, _>(POINTS * lines, |buffer| {
                buffer.fill(0.0);
                for first in (0..inputs).step_by(block) {
                    let channels = first..(first + block).min(inputs);
                    for (fields, image) in fields.chunks_exact_mut(block * step).zip(self.images.clone()) {
                        let from = image * self.geometry.in_channels + self.group * inputs + first;
                        let planes = &x[from * self.geometry.plane()..][..channels.len() * self.geometry.plane()];
                        copy_planes(&copies, (planes, self.geometry.plane(), part.clone()), (fields, step));
                    }
                    let lines = Lines { buffer, pitch: lines, images: self.images.len(), tiles: self.size };
                    transform_inputs((fields, step, block * step), lines, channels, (points, left, inputs, padded));
                }
            });
        });
    }

    /// The sums over channels at one point, for all tiles and outputs.
    fn multiply(&self, point: usize, padded: usize, points: &[f32], sums: &mut [f32]) {
        let ((height, width), inputs) = (tile::<f32>(), self.geometry.group_in());
        let outputs = self.outputs.len();
        let panel = panel_len(self.geometry);
        assert!(sums.len() >= outputs * padded && points.len() >= inputs * padded.next_multiple_of(width));
        assert!(self.packed.len() >= outputs.div_ceil(height) * panel);
        let out = Output::rows(sums.as_mut_ptr(), padded);
        let block =
            Block { out, origin: (0, 0), size: (outputs, padded), depth: inputs, alpha: 1.0, start: Start::Zero };
        let left = Left {
            start: self.packed[point * (panel / POINTS)..].as_ptr(),
            row: 1,
            depth: height as isize,
            panel: panel as isize,
        };
        let right = Right { start: points.as_ptr(), depth: width as isize, panel: (width * inputs) as isize };
        // SAFETY: the panels and the output are as long as was asserted.
        unsafe { multiply_block(block, left, right) };
    }

    /// Transforms sums to outputs and finishes these; `false` if one is not finite.
    ///
    /// # Safety
    /// As for [`Task::run`].
    unsafe fn store(&self, sums: &Sums<'_>, epilogue: &Epilogue<'_, f32>, out: Shared<f32>) -> bool {
        let [_, height, width] = self.geometry.output;
        let [top, left] = self.origin.map(|tile| 2 * tile);
        let size = [(2 * self.size[0]).min(height - top), (2 * self.size[1]).min(width - left)];
        for (at, image) in self.images.clone().enumerate() {
            for output in self.outputs.clone() {
                let channel = self.group * self.geometry.group_out() + output;
                let start = (image * self.geometry.out_channels + channel) * self.geometry.positions();
                let start = start + top * width + left;
                let bias = epilogue.bias.map_or(0.0, |bias| bias[channel]);
                let first = at * self.size[0] * self.size[1];
                // SAFETY: the rows of the channel lie in the output.
                let finite = unsafe {
                    let to = out.get().add(start);
                    transform_outputs(sums, (output - self.outputs.start, first), bias, size, (to, width, self.streams))
                };
                if !finite {
                    return false;
                }
                if !epilogue.is_plain() {
                    for row in (0..size[0]).map(|row| start + row * width) {
                        // SAFETY: as above.
                        epilogue.finish(row, unsafe { std::slice::from_raw_parts_mut(out.get().add(row), size[1]) });
                    }
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
