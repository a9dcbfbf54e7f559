//! Convolutions by the matrix unit ([`amx`](super::super::amx)): rows of tiles are positions, columns output channels.
//!
//! As in [`channels`], a task has a band of positions of an image and some output channels, goes through the input
//! channels in blocks and copies the block's part of the image into padded fields. Here the fields are split into planes and
//! turned around: the 32 channels of a step of depth lie side by side for each place, so a tap is a tile that begins elsewhere and
//! nothing is unfolded. Positions are counted through the rows of the field, padding included, so that tiles are full where rows
//! are short; what belongs to no position is not stored.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use half::bf16;

use super::super::amx::pack::{PLANE, pack_left, pack_right};
use super::super::amx::tiles::{Job, Left, Registers, SUMS, covering, finite, sum};
use super::super::amx::{DEPTH, LANES, SIDE, Terms};
use super::super::float::{Floating, Real, singles, singles_mut};
use super::super::gemm::operand::{Operand, Strided};
use super::super::isa::{Isa, isa};
use super::super::lanes::transposed;
use super::super::parallel::{self, Shared};
use super::super::scratch::with_scratch;
use super::Geometry;
use super::channels::{self, Places, field};
use super::field::{Field, scatter_rows};

/// Positions of a task, about.
const POSITIONS: usize = 256;
/// Numbers of the planes of a task's fields, at most: 384 KB of a 2 MB second-level cache.
const FIELDS: usize = 192 << 10;
/// Numbers of a panel for one block of input channels, at most: as above.
const PANELS: usize = 128 << 10;
/// Columns of a band, at most.
const COLUMNS: usize = 112;
/// Products of an input element, at least, for which splitting it pays: some 0.7 ns against 3.7 ps for each.
const USES: usize = 192;
/// Tasks to aim for.
const TASKS: usize = 16;

/// The terms of a convolution that is better computed by the unit.
pub fn applies<T: Floating>(geometry: &Geometry) -> Option<Terms> {
    let terms = Terms::of::<T>().filter(|_| channels::applies::<T>(geometry))?;
    let full = |count: usize, unit: usize| count.next_multiple_of(unit) * 3 <= count * 4;
    let plan = Plan::new(geometry, terms);
    let positions = plan.band[0] * plan.band[1];
    let fits = full(geometry.group_in(), DEPTH) && full(geometry.group_out(), SIDE) && positions > 0;
    let uses = geometry.taps() * geometry.group_out() >= USES * terms.planes() / 3;
    (fits && uses && plan.span.next_multiple_of(SIDE) * 3 <= positions * 4).then_some(terms)
}

/// How a convolution is cut into tasks; depends on sizes alone.
struct Plan {
    /// Rows and columns of a task.
    band: [usize; 2],
    /// Positions of a band as they are counted, the ends of rows included.
    span: usize,
    /// Steps of input channels of a block.
    block: usize,
    /// Panels of output channels of a task.
    panels: usize,
}

impl Plan {
    fn new(geometry: &Geometry, terms: Terms) -> Self {
        let [_, height, width] = geometry.output;
        let columns = width.div_ceil(width.div_ceil(COLUMNS).max(1)).max(1);
        let rows = (POSITIONS / columns).clamp(1, height.max(1));
        // Equal bands.
        let rows = height.div_ceil(height.div_ceil(rows).max(1)).max(1);
        let field = field(geometry, [rows, columns]);
        let span = (rows - 1) * field.size[1] + columns;
        let steps = geometry.group_in().div_ceil(DEPTH).max(1);
        let most = FIELDS / (field.len() * terms.planes() * DEPTH).max(1);
        let most = most.min(PANELS / (geometry.taps() * terms.planes() * PLANE).max(1)).max(1);
        let block = steps.div_ceil(steps.div_ceil(most));
        let all = geometry.group_out().div_ceil(LANES).max(1);
        let bands = geometry.batch * height.div_ceil(rows) * width.div_ceil(columns);
        // Splitting a field costs as much as some panels.
        let least = (2 * USES / geometry.taps()).div_ceil(LANES).max(4);
        let panels = all.div_ceil(TASKS.div_ceil(bands.max(1))).max(least);
        Plan { band: [rows, columns], span, block, panels: all.div_ceil(all.div_ceil(panels)) }
    }
}

/// The numbers of the packed weights of a group.
pub fn packed_len(geometry: &Geometry, terms: Terms) -> usize {
    geometry.group_out().div_ceil(LANES) * panel_len(geometry, terms)
}

/// The numbers of a panel of them.
fn panel_len(geometry: &Geometry, terms: Terms) -> usize {
    geometry.group_in().div_ceil(DEPTH) * geometry.taps() * terms.planes() * PLANE
}

/// Packs the weights of a group (lanes: output channels; depth: taps of all input channels): panel by panel, in each the steps of
/// input channels, in each the taps.
pub fn pack<R: Real>(geometry: &Geometry, terms: Terms, weights: &impl Operand<R>, packed: &mut [bf16]) {
    let (taps, inputs) = (geometry.taps(), geometry.group_in());
    let len = panel_len(geometry, terms);
    parallel::for_each_chunk_mut(packed, len, len, |at, panel| {
        let lanes = at * LANES..((at + 1) * LANES).min(geometry.group_out());
        with_scratch::<R, _>(DEPTH * taps * LANES, |rows| {
            for (step, cells) in panel.chunks_mut(taps * terms.planes() * PLANE).enumerate() {
                let channels = step * DEPTH..((step + 1) * DEPTH).min(inputs);
                let depth = channels.start * taps..channels.end * taps;
                let rows = &mut rows[..depth.len() * LANES];
                weights.pack_panel(depth, lanes.clone(), LANES, rows);
                for (tap, cell) in cells.chunks_mut(terms.planes() * PLANE).enumerate() {
                    pack_right(terms, &singles(rows)[tap * LANES..], taps * LANES, channels.len(), cell);
                }
            }
        });
    });
}

/// One group of a convolution, with weights as [`pack`] leaves them (`turned`: the taps from the last to the first); `false` if an
/// output is not finite, and then what `out` holds is nothing.
///
/// # Panics
/// If the places lie outside of their planes, or there are fewer weights.
pub fn products<T: Floating>(
    (geometry, terms): (&Geometry, Terms),
    x: &[T],
    (group, weights, turned): (usize, &[bf16], bool),
    bias: Option<&[T]>,
    (places, out): (Places, &mut [T]),
) -> bool {
    assert!(isa() == Isa::Amx, "a matrix unit");
    let (channels, [_, height, width]) = (geometry.group_out(), geometry.output);
    if geometry.batch == 0 || channels == 0 || geometry.positions() == 0 {
        return true;
    }
    let last = places.first + (height - 1) * places.steps[0] + (width - 1) * places.steps[1];
    assert!(last < places.plane && out.len() >= geometry.batch * geometry.out_channels * places.plane);
    assert!(weights.len() >= packed_len(geometry, terms));
    let plan = Plan::new(geometry, terms);
    let field = field(geometry, plan.band);
    let taps = field.offsets(&geometry.windows, 0, 0..1);
    let reach = taps.iter().max().copied().unwrap_or(0) + plan.span.next_multiple_of(LANES);
    let len = field.len().max(reach).next_multiple_of(LANES);
    let mut offsets = Vec::with_capacity(plan.block * taps.len());
    for step in 0..plan.block {
        let at = |tap: &usize| (step * terms.planes() * len + tap) * DEPTH;
        if turned { offsets.extend(taps.iter().rev().map(at)) } else { offsets.extend(taps.iter().map(at)) }
    }
    let [down, across] = [height.div_ceil(plan.band[0]), width.div_ceil(plan.band[1])];
    let share = plan.panels * LANES;
    let shares = channels.div_ceil(share);
    let cost = plan.span * share * geometry.depth();
    let (target, lost) = (Shared(out.as_mut_ptr()), AtomicBool::new(false));
    parallel::for_each_index(geometry.batch * down * across * shares, cost, |task| {
        if lost.load(Ordering::Relaxed) {
            return;
        }
        // Tasks of one band follow each other.
        let (number, band) = (task % shares, task / shares);
        let (image, top, left) = (band / (down * across), band / across % down, band % across);
        let (top, left) = (top * plan.band[0], left * plan.band[1]);
        let from = image * geometry.in_channels + group * geometry.group_in();
        let outputs = number * share..((number + 1) * share).min(channels);
        let first = group * channels + outputs.start;
        let task = Task {
            geometry,
            plan: &plan,
            terms,
            field: &field,
            len,
            offsets: &offsets,
            weights: &weights[number * plan.panels * panel_len(geometry, terms)..],
            bias: bias.map(|bias| &bias[first..first + outputs.len()]),
            channels: outputs.len(),
            origin: [top, left],
            size: [plan.band[0].min(height - top), plan.band[1].min(width - left)],
            places,
        };
        let place = places.first + top * places.steps[0] + left * places.steps[1];
        let start = (image * geometry.out_channels + first) * places.plane + place;
        let end = (image * geometry.out_channels + first + outputs.len()) * places.plane;
        // SAFETY: the planes of these channels lie in the output; tasks write to places of their own.
        let out = unsafe { target.get().add(start) };
        // SAFETY: as above; the unit is there.
        if !unsafe {
            task.run(&x[from * geometry.plane()..][..geometry.group_in() * geometry.plane()], out, end - start)
        } {
            lost.store(true, Ordering::Relaxed);
        }
    });
    !lost.into_inner()
}

/// Some positions of an image and some output channels.
struct Task<'a, T> {
    geometry: &'a Geometry,
    plan: &'a Plan,
    terms: Terms,
    field: &'a Field,
    /// Places of a plane: those of the field, and what tiles read behind them.
    len: usize,
    /// Where the taps of a block's steps lie.
    offsets: &'a [usize],
    /// The panels of the task's channels.
    weights: &'a [bf16],
    bias: Option<&'a [T]>,
    channels: usize,
    /// The first row and column, and how many.
    origin: [usize; 2],
    size: [usize; 2],
    places: Places,
}

impl<T: Floating> Task<'_, T> {
    /// Computes the task from the input channels of its group; `false` if an output is not finite.
    ///
    /// # Safety
    /// The places of the task's positions, counted from `out` and below `room`, must be valid and this thread's. The unit must be
    /// there.
    unsafe fn run(&self, x: &[T], out: *mut T, room: usize) -> bool {
        let steps = self.geometry.group_in().div_ceil(DEPTH);
        let span = (self.size[0] - 1) * self.field.size[1] + self.size[1];
        let rows = span.div_ceil(LANES);
        let panels = self.channels.div_ceil(LANES);
        let blocks = steps.div_ceil(self.plan.block);
        let kept = if blocks > 1 { panels * rows * 4 * SUMS } else { rows * 4 * SUMS };
        let plane = self.len * DEPTH;
        with_scratch::<bf16, _>(self.plan.block * self.terms.planes() * plane, |planes| {
            with_scratch::<T::Acc, _>(kept, |kept| {
                for number in 0..blocks {
                    let first = number * self.plan.block;
                    let block = first..(first + self.plan.block).min(steps);
                    self.fill(x, block.clone(), planes);
                    for panel in 0..panels {
                        let sums = if blocks > 1 { &mut kept[panel * rows * 4 * SUMS..] } else { &mut *kept };
                        let sums = &mut sums[..rows * 4 * SUMS];
                        // SAFETY: the unit is there by the caller's word.
                        unsafe { self.sum(planes, panel, block.clone(), span, singles_mut(sums)) };
                        // SAFETY: the outputs are this task's by the caller's word.
                        if number + 1 == blocks && !unsafe { self.store(panel, span, sums, out, room) } {
                            return false;
                        }
                    }
                }
                true
            })
        })
    }

    /// Splits the fields of some steps of channels into planes.
    fn fill(&self, x: &[T], block: Range<usize>, planes: &mut [bf16]) {
        let [_, second, third] = &self.geometry.windows;
        let origin = [(self.origin[0], second), (self.origin[1], third)];
        let origin = origin.map(|(at, window)| (at * window.stride) as isize - window.pad_before as isize);
        let (size, plane) = (self.field.len(), self.geometry.plane());
        with_scratch::<T::Acc, _>(DEPTH * size, |fields| {
            fields.fill(T::Acc::from_usize(0));
            for (step, planes) in block.zip(planes.chunks_exact_mut(self.terms.planes() * self.len * DEPTH)) {
                let channels = step * DEPTH..((step + 1) * DEPTH).min(self.geometry.group_in());
                for (channel, field) in channels.clone().zip(fields.chunks_exact_mut(size)) {
                    self.field.fill(&x[channel * plane..][..plane], [second.input, third.input], origin, field);
                }
                let matrix = ndarray::ArrayView2::from_shape((channels.len(), size), &fields[..channels.len() * size]);
                let places = Strided::right(matrix.expect("a field for each channel"));
                for first in (0..self.len).step_by(LANES) {
                    let lanes = first.min(size)..(first + LANES).min(size);
                    pack_left(
                        self.terms,
                        &places,
                        0..channels.len(),
                        lanes,
                        &mut planes[first * DEPTH..],
                        self.len * DEPTH,
                    );
                }
            }
        });
    }

    /// Sums the products of a block for one panel of channels: four tiles for each two tiles of positions.
    ///
    /// # Safety
    /// The unit must be there.
    unsafe fn sum(&self, planes: &[bf16], panel: usize, block: Range<usize>, span: usize, sums: &mut [f32]) {
        let taps = self.geometry.taps();
        let cells = self.terms.planes() * PLANE * taps;
        let right =
            &self.weights[panel * panel_len(self.geometry, self.terms) + block.start * cells..][..block.len() * cells];
        // SAFETY: the unit is there.
        let registers = unsafe { Registers::shape() };
        for (row, sums) in sums.chunks_exact_mut(4 * SUMS).enumerate() {
            let job = Job {
                terms: self.terms,
                tiles: (covering(span - row * LANES), covering(self.channels - panel * LANES)),
                more: block.start > 0,
                offsets: &self.offsets[..block.len() * taps],
            };
            let start = planes[row * LANES * DEPTH..].as_ptr();
            let left = Left { start, row: DEPTH, plane: self.len * DEPTH, second: SIDE * DEPTH };
            // SAFETY: planes are as long as the last tile reaches with every offset, the panel has cells for all of them.
            unsafe { sum(&registers, job, left, right.as_ptr(), sums.as_mut_ptr()) };
        }
    }

    /// Writes the sums of a panel to its channels' planes; `false` if one is not finite.
    ///
    /// # Safety
    /// As for [`Task::run`].
    unsafe fn store(&self, panel: usize, span: usize, sums: &[T::Acc], out: *mut T, room: usize) -> bool {
        let (pitch, len) = (self.field.size[1], span.next_multiple_of(LANES));
        with_scratch::<T::Acc, _>(LANES * len, |lines| {
            for (row, tiles) in sums.chunks_exact(4 * SUMS).enumerate() {
                for (number, tile) in tiles.chunks_exact(SUMS).enumerate() {
                    let (below, beside) = (number / 2 * SIDE, number % 2 * SIDE);
                    let to = &mut lines[beside * len + row * LANES + below..];
                    assert!(to.len() >= (SIDE - 1) * len + SIDE);
                    // SAFETY: a tile has 16 rows and columns, and so have the lines from here on.
                    unsafe { transposed(tile.as_ptr(), SIDE, to.as_mut_ptr(), len, SIDE, SIDE) };
                }
            }
            let first = panel * LANES;
            for (channel, line) in (first..self.channels.min(first + LANES)).zip(lines.chunks_exact_mut(len)) {
                let line = &mut line[..span];
                if let Some(bias) = self.bias {
                    let bias = bias[channel].to_acc();
                    line.iter_mut().for_each(|sum| *sum += bias);
                }
                if !finite(singles(line)) {
                    return false;
                }
                let [down, across] = self.places.steps;
                let (at, last) = (channel * self.places.plane, (self.size[1] - 1) * across);
                assert!(at + (self.size[0] - 1) * down + last < room);
                for row in 0..self.size[0] {
                    // SAFETY: by the caller's word; what lies between the places of a row is nobody's at this time.
                    let to = unsafe { std::slice::from_raw_parts_mut(out.add(at + row * down), last + 1) };
                    scatter_rows((&line[row * pitch..], pitch), [1, self.size[1]], to, [1, across]);
                }
            }
            true
        })
    }
}
