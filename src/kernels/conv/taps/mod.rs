//! Weight gradients whose registers hold output channels: a few taps of one input channel at a time, summed over positions.
//!
//! Output gradients are packed position by position, as a right operand of a matrix product is. The input is copied into padded
//! fields, and there the taps of a position are neighbours: each step of the inner kernel reads the gradients of one position
//! and multiplies them with the elements under a few rows of taps. Nothing is unfolded, and sums stay in registers over many
//! rows.

mod rows;

use super::super::float::{Floating, Real};
use super::super::gemm::kernel::tile;
use super::super::gemm::operand::Operand;
use super::super::isa::{Isa, isa};
use super::super::parallel::{self, Shared};
use super::super::scratch::with_scratch;
use super::Geometry;
use super::field::Field;
use crate::shape::window::Window;
use rows::{rows_of_band, rows_of_columns};
use std::ops::Range;

/// Numbers of output gradients that are packed at a time, at most.
const PACKED: usize = 4 << 20;
/// Positions that a task goes over for one input channel at a time: their gradients stay in the second-level cache while the
/// channels come by.
const POSITIONS: usize = 1024;
/// Tasks to aim for.
const TASKS: usize = 16;
/// Registers of channels in a panel, at most.
const REGISTERS: usize = 2;

/// Lanes of a register of the instruction set in use.
fn lanes<R: Real>() -> usize {
    tile::<R>().1 / REGISTERS
}

/// Registers of a panel for this many output channels.
fn registers<R: Real>(channels: usize) -> usize {
    if channels <= lanes::<R>() { 1 } else { REGISTERS }
}

/// Whether [`gradient`] is the way to go: for one or two axes, windows of a few taps in a row, and channels that fill registers, or
/// a good part of one.
pub fn fits<T: Floating>(geometry: &Geometry) -> bool {
    let [first, _, third] = &geometry.windows;
    let (channels, lanes) = (geometry.group_out(), lanes::<T::Acc>());
    let filled =
        if channels <= lanes { 4 * channels >= lanes } else { channels.next_multiple_of(lanes) * 3 <= channels * 4 };
    T::IS_REAL
        && isa() != Isa::Portable
        && *first == Window::unit()
        && (third.kernel == 3 || matches!(third.kernel, 4 | 5 | 7) && third.dilation == 1)
        && filled
}

/// Rows of positions of one image, and their part of a band's fields.
struct Segment {
    image: usize,
    top: usize,
    count: usize,
    field: Field,
    /// Where its fields begin, in those of all channels of a task.
    at: usize,
}

/// Rows of positions, counted over all images, that are gone over together.
struct Band {
    rows: Range<usize>,
    segments: Vec<Segment>,
    /// Where each row begins in the field of a task's first channel.
    places: Vec<usize>,
    /// Numbers of all fields.
    len: usize,
}

impl Band {
    /// The band of these rows, for tasks of `channels` channels.
    fn new(geometry: &Geometry, rows: Range<usize>, channels: usize) -> Band {
        let [_, second, third] = &geometry.windows;
        let height = geometry.output[1];
        let (mut segments, mut places, mut len, mut row) = (Vec::new(), Vec::new(), 0, rows.start);
        while row < rows.end {
            let (image, top) = (row / height, row % height);
            let count = (height - top).min(rows.end - row);
            let size =
                |window: &Window, count: usize| (count - 1) * window.stride + (window.kernel - 1) * window.dilation + 1;
            let field = Field {
                size: [size(second, count), size(third, geometry.output[2])],
                strides: [1, 1],
                used: [vec![true], vec![true]],
            };
            places.extend((0..count).map(|y| len + y * second.stride * field.size[1]));
            let step = channels * field.len();
            segments.push(Segment { image, top, count, field, at: len });
            (len, row) = (len + step, row + count);
        }
        Band { rows, segments, places, len }
    }
}

/// `dw` of one group, `[group_out, group_in, taps]`, from the input `x` and output gradients as an operand (depth: positions of
/// all images; lanes: output channels).
pub fn gradient<T: Floating>(
    geometry: &Geometry,
    group: usize,
    gradients: &impl Operand<T::Acc>,
    x: &[T],
    dw: &mut [T],
) {
    assert!(T::IS_REAL && dw.len() == geometry.group_out() * geometry.depth());
    let (inner, outer, taps) = (geometry.group_in(), geometry.group_out(), geometry.taps());
    let width = registers::<T::Acc>(outer) * lanes::<T::Acc>();
    let (columns, rows) = (geometry.output[2], geometry.batch * geometry.output[1]);
    let panels = outer.div_ceil(width);
    let channels = inner.div_ceil(TASKS).max(1);
    let chunk = (PACKED / (panels * width * columns).max(1)).clamp(1, rows.max(1));
    // A share is some panels of a block of channels.
    let blocks = inner.div_ceil(channels);
    let share = panels.div_ceil(TASKS.div_ceil(blocks)).max(1);
    let shares = panels.div_ceil(share);
    with_scratch::<T::Acc, _>(inner * taps * panels * width, |sums| {
        sums.fill(T::Acc::from_usize(0));
        with_scratch::<T::Acc, _>(chunk * columns * panels * width, |packed| {
            for start in (0..rows).step_by(chunk) {
                let chunk = start..(start + chunk).min(rows);
                let len = chunk.len() * columns * width;
                pack(gradients, chunk.start * columns..chunk.end * columns, outer, width, &mut packed[..panels * len]);
                let most = (POSITIONS / columns.max(1)).max(1);
                let bands: Vec<Band> = chunk
                    .clone()
                    .step_by(most)
                    .map(|row| Band::new(geometry, row..(row + most).min(chunk.end), channels))
                    .collect();
                let target = Shared(sums.as_mut_ptr());
                let cost = channels * taps * share * width * chunk.len() * columns;
                parallel::for_each_index(blocks * shares, cost, |task| {
                    // Neighbours have their panels in common: most often one thread takes them, and it has packed them.
                    let (block, share_at) = (task % blocks, task / blocks * share);
                    let first = block * channels;
                    let task = Task {
                        geometry,
                        origin: group * inner + first,
                        channels: channels.min(inner - first),
                        packed: &*packed,
                        first_row: chunk.start,
                        panel_len: len,
                        panels: share_at..(share_at + share).min(panels),
                        // Panel by panel: all channels and taps.
                        sums: target.get().wrapping_add(first * taps * width),
                        sums_panel: inner * taps * width,
                    };
                    for band in &bands {
                        task.run(band, x);
                    }
                });
            }
        });
        let target = Shared(dw.as_mut_ptr().cast::<T::Acc>());
        let row = inner * taps;
        let sums = &*sums;
        parallel::for_each_index(panels, row * width, |panel| {
            let count = width.min(outer - panel * width);
            // SAFETY: `IS_REAL` makes both types one; `dw` has `row` numbers for each output channel.
            unsafe {
                rows_of_columns(
                    (&sums[panel * row * width..][..row * width], width),
                    count,
                    row,
                    target.get().add(panel * width * row),
                )
            };
        });
    });
}

/// Packs some positions of the gradients: panel by panel, a row for each position.
fn pack<R: Real>(
    gradients: &impl Operand<R>,
    positions: Range<usize>,
    channels: usize,
    width: usize,
    packed: &mut [R],
) {
    /// Positions of a piece.
    const PIECE: usize = 512;
    let mut pieces = Vec::new();
    for (number, panel) in packed.chunks_exact_mut(positions.len() * width).enumerate() {
        let lanes = number * width..((number + 1) * width).min(channels);
        for (at, part) in panel.chunks_mut(PIECE * width).enumerate() {
            let start = positions.start + at * PIECE;
            pieces.push((start..(start + PIECE).min(positions.end), lanes.clone(), part));
        }
    }
    parallel::for_each_chunk_mut(&mut pieces, 1, PIECE * width, |_, piece| {
        let (positions, lanes, part) = &mut piece[0];
        gradients.pack_panel(positions.clone(), lanes.clone(), width, part);
    });
}

/// Some input channels and some panels of output channels.
struct Task<'a, R> {
    geometry: &'a Geometry,
    /// The first channel of the input.
    origin: usize,
    channels: usize,
    packed: &'a [R],
    /// The row of positions that the packed gradients begin with.
    first_row: usize,
    /// Numbers of a panel.
    panel_len: usize,
    panels: Range<usize>,
    /// The sums of the first channel in the first panel, and how far panels are apart.
    sums: *mut R,
    sums_panel: usize,
}

impl<R: Real> Task<'_, R> {
    /// Adds the products of a band.
    fn run<T: Floating<Acc = R>>(&self, band: &Band, x: &[T]) {
        let [_, second, third] = &self.geometry.windows;
        let plane = self.geometry.plane();
        with_scratch::<R, _>(band.len, |fields| {
            fields.fill(R::from_usize(0));
            for segment in &band.segments {
                let origin =
                    [(segment.top * second.stride) as isize - second.pad_before as isize, -(third.pad_before as isize)];
                for channel in 0..self.channels {
                    let from = (segment.image * self.geometry.in_channels + self.origin + channel) * plane;
                    let to = &mut fields[segment.at + channel * segment.field.len()..][..segment.field.len()];
                    segment.field.fill(&x[from..from + plane], [second.input, third.input], origin, to);
                }
            }
            rows_of_band(self, band, fields);
        });
    }
}
