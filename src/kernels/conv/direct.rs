//! Convolutions over wide rows as matrix products whose right operand is read where it lies.
//!
//! A task copies a band of its image into fields (padded, split by remainders modulo the stride; see [`Field`]), one for each
//! input channel. There the patches of positions that follow each other are adjacent numbers, at one offset for each tap of each
//! channel. So the inner kernel of the matrix product runs with offsets in place of packed panels, over the whole depth at once;
//! positions between the end of a row and the next are computed for nothing, which pays where rows are wide or output channels few.

use super::super::float::{Floating, Real};
use super::super::gemm::kernel::tile;
use super::super::gemm::operand::Operand;
use super::super::isa::{Isa, isa};
use super::super::lanes::{Vector, put};
use super::super::parallel::{self, Shared};
use super::super::scratch::with_scratch;
use super::super::stream;
use super::field::Field;
use super::{Epilogue, Geometry};
use crate::shape::window::Window;
use std::ops::Range;

/// Numbers that the fields of a task may take: half of a 512 KB second-level cache.
const FIELDS: usize = 64 << 10;
/// Rows of a band, at least, so that rows at its border do not outweigh it.
const LEAST_ROWS: usize = 4;
/// Tasks to aim for.
const TASKS: usize = 16;
/// What packing a patch costs, in rows of output channels that could be computed meanwhile.
const PACKING: usize = 14;
/// Numbers of a sum, at most, for [`suits`]: where rows are joined over what lies between, and where all of them are whole.
const SHALLOW: usize = 32;
const SHALLOW_OF_WHOLE: usize = 200;
/// Registers of positions in a tile.
const REGISTERS: usize = 2;

/// The fields of a band of `rows` output rows. What taps read behind the end of a row is padding, and so is what the next row
/// begins with: they share it.
fn field(geometry: &Geometry, rows: usize) -> Field {
    let [_, second, third] = &geometry.windows;
    let reach = [second, third].map(|window| (window.kernel - 1) * window.dilation / window.stride);
    let width = geometry.output[2] + reach[1];
    let pitch = match third.stride {
        1 => (width - third.pad_before.min(reach[1])).max(width.min(third.pad_before + third.input)),
        _ => width,
    };
    let used = [second, third].map(|window| {
        (0..window.stride).map(|phase| (0..window.kernel).any(|tap| tap * window.dilation % window.stride == phase))
    });
    Field { size: [rows + reach[0], pitch], strides: [second.stride, third.stride], used: used.map(Iterator::collect) }
}

/// Output rows of a band.
fn band_rows(geometry: &Geometry) -> usize {
    let height = geometry.output[1];
    let most = |rows: usize| geometry.group_in() * field(geometry, rows).len() <= FIELDS;
    let wanted = (geometry.batch * height).div_ceil(TASKS).max(LEAST_ROWS);
    let mut rows = LEAST_ROWS;
    while rows < wanted && most(rows + 1) {
        rows += 1;
    }
    rows.min(height)
}

/// Whether [`products`] is the way to go: for two axes, bands that fit the cache, and rows that are wide enough.
pub fn fits<T: Floating>(geometry: &Geometry) -> bool {
    let (width, channels) = (geometry.output[2], geometry.group_out());
    let least = LEAST_ROWS.min(geometry.output[1]);
    let field = field(geometry, least);
    T::IS_REAL
        && geometry.windows[0] == Window::unit()
        && geometry.taps() > 1
        && geometry.group_in() * field.len() <= FIELDS
        // Positions computed for nothing cost less than packing the others.
        && (field.size[1] - width) * channels <= PACKING * width
}

/// Whether rows of `width`, `pitch` apart, fill registers of so many lanes about as well as when they are joined. Each is then gone
/// over by itself, and registers are written as whole cache lines.
fn fill_registers([width, pitch]: [usize; 2], lanes: usize) -> bool {
    width >= REGISTERS * lanes && width.next_multiple_of(lanes) * 50 <= pitch * 51
}

/// Whether [`products`] is the way to go even where output channels fill registers, as in the first layer of most networks: with
/// few numbers to a sum, putting sums into the planes of their channels costs as much as the sums do, unless they lie there
/// as they lie in registers.
pub fn suits<T: Floating>(geometry: &Geometry) -> bool {
    let rows = LEAST_ROWS.min(geometry.output[1]);
    let wide = || {
        let lanes = tile::<T::Acc>().1 / REGISTERS;
        let [width, pitch] = [geometry.output[2], field(geometry, rows).size[1]];
        // Rows with nothing in between are one.
        isa() != Isa::Portable && (width == pitch || fill_registers([width, pitch], lanes))
    };
    let depth = geometry.depth();
    (depth <= SHALLOW || depth <= SHALLOW_OF_WHOLE && wide()) && fits::<T>(geometry)
}

/// A convolution with the weights of each group as an operand (lanes: output channels; depth: taps of all input channels).
pub fn products<T: Floating, W: Operand<T::Acc>>(
    geometry: &Geometry,
    x: &[T],
    weights: impl Fn(usize) -> W,
    epilogue: &Epilogue<'_, T>,
    out: &mut [T],
) {
    let (channels, depth, positions) = (geometry.group_out(), geometry.depth(), geometry.positions());
    let [_, second, third] = &geometry.windows;
    let rows = band_rows(geometry);
    let field = field(geometry, rows);
    // Panels of full tiles; two equal ones where the second would be a small rest.
    let (most, _) = tile::<T::Acc>();
    let height = if (most + 1..2 * most).contains(&channels) { channels.div_ceil(2) } else { most.min(channels) };
    let offsets = field.offsets(&geometry.windows, field.len(), 0..geometry.group_in());
    let bands = geometry.output[1].div_ceil(rows);
    let image = geometry.out_channels * positions;
    for group in 0..geometry.groups {
        let first = group * channels;
        with_scratch::<T::Acc, _>(channels.next_multiple_of(height) * depth, |panels| {
            let operand = weights(group);
            parallel::for_each_chunk_mut(panels, height * depth, 1, |at, panel| {
                let lanes = at * height..((at + 1) * height).min(channels);
                operand.pack_panel(0..depth, lanes, height, panel);
            });
            let starts: Vec<T::Acc> = (first..first + channels)
                .map(|channel| epilogue.bias.map_or(T::default(), |bias| bias[channel]).to_acc())
                .collect();
            let streams = epilogue.is_plain() && stream::worthwhile(size_of_val(x) + size_of_val(out));
            let out = Shared(out.as_mut_ptr());
            parallel::for_each_index(geometry.batch * bands, channels * depth * rows * geometry.output[2], |task| {
                let (number, top) = (task / bands, task % bands * rows);
                let band = rows.min(geometry.output[1] - top);
                let from = number * geometry.in_channels + group * geometry.group_in();
                let x = &x[from * geometry.plane()..][..geometry.group_in() * geometry.plane()];
                let slack = REGISTERS * 16 + third.kernel * third.dilation;
                with_scratch::<T::Acc, _>(geometry.group_in() * field.len() + slack, |fields| {
                    fill(geometry, &field, x, top, fields);
                    let tiles = Tiles {
                        fields,
                        offsets: &offsets,
                        panels,
                        height,
                        starts: &starts,
                        rows: band,
                        pitch: field.size[1],
                        width: geometry.output[2],
                        window: second,
                        top,
                        taps: [geometry.taps(), third.kernel],
                        streams,
                    };
                    let place = number * image + first * positions + top * geometry.output[2];
                    // SAFETY: `IS_REAL`, which `fits` asks for, makes both types one. Each task has its image and rows, and the
                    // channels of a group are `positions` apart, so all that is written lies in `out` and is this task's.
                    unsafe { run(tiles, out.get().add(place).cast::<T::Acc>(), positions) };
                    if streams {
                        stream::finish();
                    }
                    if !epilogue.is_plain() {
                        for place in (0..channels).map(|channel| place + channel * positions) {
                            let len = band * geometry.output[2];
                            // SAFETY: the rows that were just written.
                            epilogue
                                .finish(place, unsafe { std::slice::from_raw_parts_mut(out.get().add(place), len) });
                        }
                    }
                });
            });
        });
    }
}

/// Fills the fields of a band.
fn fill<T: Floating>(geometry: &Geometry, field: &Field, x: &[T], top: usize, fields: &mut [T::Acc]) {
    let [_, second, third] = &geometry.windows;
    fields.fill(T::Acc::from_usize(0));
    let origin = [(top * second.stride, second), (0, third)];
    let origin = origin.map(|(at, window)| at as isize - window.pad_before as isize);
    let planes = x.chunks_exact(geometry.plane().max(1));
    for (plane, to) in planes.zip(fields.chunks_exact_mut(field.len().max(1))) {
        field.fill(plane, [second.input, third.input], origin, to);
    }
}

/// What the tiles of a task read.
#[derive(Clone, Copy)]
struct Tiles<'a, R> {
    fields: &'a [R],
    offsets: &'a [usize],
    /// Weights, in panels of `height` channels.
    panels: &'a [R],
    height: usize,
    /// What each channel starts from.
    starts: &'a [R],
    /// Output rows, how far apart they are in the fields, and their width.
    rows: usize,
    pitch: usize,
    width: usize,
    /// The window along rows, and the first output row.
    window: &'a Window,
    top: usize,
    /// Taps of a channel, and of a row of these.
    taps: [usize; 2],
    /// Whether the output is written past the cache.
    streams: bool,
}

/// Part of a row in the positions of a tile: its first one there, how many, and where they go.
#[derive(Clone, Copy, Default)]
struct Segment {
    from: usize,
    len: usize,
    to: usize,
}

/// Computes all tiles of a task. `out` is the first position of the first channel; channels are `channel` apart.
///
/// # Safety
/// The band's rows of every channel must lie in `out` and be this thread's.
unsafe fn run<R: Real>(tiles: Tiles<'_, R>, out: *mut R, channel: usize) {
    let count = (tiles.rows.max(1) - 1) * tiles.pitch + tiles.width;
    let last = tiles.offsets.iter().max().copied().unwrap_or(0);
    assert!(last + count + REGISTERS * 16 <= tiles.fields.len() && tiles.height <= 14);
    assert!(tiles.panels.len() >= tiles.starts.len().next_multiple_of(tiles.height) * tiles.offsets.len());
    tiles_of_band(tiles, out, channel);
}

crate::vectorize! {
    /// The body of [`run`], its only caller.
    fn tiles_of_band[S; R: Real](simd: S, tiles: Tiles<'_, R>, out: *mut R, channel: usize) {
        let columns = REGISTERS * <R::Vector<S> as Vector<R>>::LANES;
        let count = (tiles.rows - 1) * tiles.pitch + tiles.width;
        let channels = tiles.starts.len();
        let mut segments = [Segment::default(); 34];
        let apart = fill_registers([tiles.width, tiles.pitch], columns / REGISTERS);
        let (parts, len) = if apart { (tiles.rows, tiles.width) } else { (1, count) };
        let starts = (0..parts).flat_map(|row| (0..len).step_by(columns).map(move |column| (row, column)));
        for (row, column) in starts {
            let at = row * tiles.pitch + column;
            let mut found = 0;
            let mut lane = 0;
            // Rows of taps that fall on elements at some position.
            let (mut first_tap, mut last_tap) = (tiles.window.kernel, 0);
            let inside = columns.min(len - column);
            while lane < inside {
                let (y, x) = ((at + lane) / tiles.pitch, (at + lane) % tiles.pitch);
                let len = tiles.width.saturating_sub(x).min(inside - lane);
                let to = y * tiles.width + x;
                if len > 0 {
                    let (taps, _) = tiles.window.taps(tiles.top + y);
                    if !taps.is_empty() {
                        (first_tap, last_tap) = (first_tap.min(taps.start), last_tap.max(taps.end));
                    }
                    match segments[..found].last_mut() {
                        // Rows without a gap between them.
                        Some(before) if (before.from + before.len, before.to + before.len) == (lane, to) => before.len += len,
                        _ => {
                            segments[found] = Segment { from: lane, len, to };
                            found += 1;
                        }
                    }
                }
                lane += tiles.pitch - x;
            }
            let taps = first_tap.min(last_tap) * tiles.taps[1]..last_tap * tiles.taps[1];
            for first in (0..channels).step_by(tiles.height) {
                let rows = tiles.height.min(channels - first);
                let tile = Tile {
                    field: tiles.fields.as_ptr().wrapping_add(at),
                    panel: tiles.panels[first * tiles.offsets.len()..].as_ptr(),
                    starts: &tiles.starts[first..first + rows],
                    segments: &segments[..found],
                    taps: taps.clone(),
                    out: out.wrapping_add(first * channel),
                };
                // SAFETY: `run` has checked the fields and panels, and its caller vouches for the output.
                unsafe {
                    if inside * REGISTERS <= columns {
                        tile_of_rows::<R, R::Vector<S>, 1>(&tiles, tile, channel);
                    } else {
                        tile_of_rows::<R, R::Vector<S>, REGISTERS>(&tiles, tile, channel);
                    }
                }
            }
        }
    }
}

/// One tile: some channels, and positions that [`REGISTERS`] hold.
struct Tile<'a, R> {
    field: *const R,
    panel: *const R,
    starts: &'a [R],
    segments: &'a [Segment],
    /// The taps of each channel that count.
    taps: Range<usize>,
    out: *mut R,
}

/// Chooses the kernel with the fewest rows of channels that covers the tile, for positions in `N` registers.
///
/// # Safety
/// See [`one_tile`].
#[inline(always)]
unsafe fn tile_of_rows<R: Real, V: Vector<R>, const N: usize>(tiles: &Tiles<'_, R>, tile: Tile<'_, R>, channel: usize) {
    // SAFETY: passed on from the caller.
    unsafe {
        match tile.starts.len() {
            1 | 2 => one_tile::<R, V, 2, N>(tiles, tile, channel),
            3 | 4 => one_tile::<R, V, 4, N>(tiles, tile, channel),
            5 | 6 => one_tile::<R, V, 6, N>(tiles, tile, channel),
            7 | 8 => one_tile::<R, V, 8, N>(tiles, tile, channel),
            9..=11 => one_tile::<R, V, 11, N>(tiles, tile, channel),
            _ => one_tile::<R, V, 14, N>(tiles, tile, channel),
        }
    }
}

/// # Safety
/// See [`run`]; `M` is at least the number of the tile's channels, and `N` registers hold its positions. Channels from there on
/// read the panel's last ones again.
#[inline(always)]
unsafe fn one_tile<R: Real, V: Vector<R>, const M: usize, const N: usize>(
    tiles: &Tiles<'_, R>,
    tile: Tile<'_, R>,
    channel: usize,
) {
    let rows = tile.starts.len();
    let mut sums: [[V; N]; M] = std::array::from_fn(|i| [V::splat(tile.starts[i.min(rows - 1)]); N]);
    let weights: [*const R; M] = std::array::from_fn(|i| tile.panel.wrapping_add(i.min(tiles.height - 1)));
    for first in (0..tiles.offsets.len()).step_by(tiles.taps[0]) {
        for d in first + tile.taps.start..first + tile.taps.end {
            // SAFETY: taps are those of a channel; offsets lie in the field with a tile's width behind them, weights in the panel.
            unsafe {
                let from = tile.field.add(*tiles.offsets.get_unchecked(d));
                let values: [V; N] = std::array::from_fn(|n| V::load(from.add(n * V::LANES)));
                for i in 0..M {
                    let weight = V::splat(*weights[i].add(d * tiles.height));
                    for n in 0..N {
                        sums[i][n] = weight.mul_add(values[n], sums[i][n]);
                    }
                }
            }
        }
    }
    for segment in tile.segments {
        for n in 0..N {
            let lane = |at: usize| at.clamp(n * V::LANES, (n + 1) * V::LANES) - n * V::LANES;
            let lanes = lane(segment.from)..lane(segment.from + segment.len);
            if lanes.is_empty() {
                continue;
            }
            let to = tile.out.wrapping_add(segment.to).wrapping_sub(segment.from).wrapping_add(n * V::LANES);
            for (i, sums) in sums.iter().enumerate().filter(|(i, _)| *i < rows) {
                // SAFETY: segments are positions of the task's rows.
                unsafe {
                    let to = to.wrapping_add(i * channel);
                    if lanes.len() == V::LANES {
                        put(sums[n], to, tiles.streams)
                    } else {
                        sums[n].store_part(to, lanes.clone())
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "direct_tests.rs"]
mod tests;
