//! Convolutions with one input channel to a group: sums of shifted planes.
//!
//! A plane is copied once into a *field*: padded, and split by the remainders of its rows and columns modulo the stride. There
//! every tap is one offset: output `p`, counted through the rows of the field, is the sum over taps of `weight * field[p +
//! offset]`. So registers run along without regard to rows, however short these are, and nothing tests for padding; what comes
//! out behind the end of a row is left out when rows are stored. Fields are bands of some rows, to stay in the nearest cache.

mod blocks;
mod input;
mod rows;
mod slide;

use super::super::float::{Floating, Real};
use super::super::gemm::kernel::tile;
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::field::{Field, load_rows, scatter_rows};
use super::{Epilogue, Geometry};
pub use input::input_gradient;
use rows::Planes;
use slide::{has_rows, padded_len, slide, slide_rows, tap_sums};
use std::ops::Range;

/// Elements of a band of output rows: its sums and its field share a 32 KB first-level cache.
const BAND: usize = 3072;

/// Work of a task, in multiply-adds: its planes share a field, whose borders are cleared once.
const TASK_WORK: usize = 256 << 10;

/// Whether a convolution of one input channel, the only one, is taken for a group of a larger one: where rows of positions
/// fill registers, which channels need not.
pub fn fits_one_channel(geometry: &Geometry) -> bool {
    let (lanes, width) = (tile::<f32>().1 / 2, geometry.output[2]);
    let filled = width.next_multiple_of(lanes) * 3 <= width * 4;
    geometry.in_channels == 1 && rows::fits(geometry) && geometry.windows[2].stride == 1 && filled
}

/// Planes of a task.
fn planes_of_task(work: usize) -> usize {
    (TASK_WORK / work.max(1)).clamp(1, 64)
}

/// Numbers as their arithmetic type, if that is how they are stored.
fn reals<T: Floating>(values: &[T]) -> Option<&[T::Acc]> {
    // SAFETY: `IS_REAL` says that `T` and `T::Acc` are one type.
    T::IS_REAL.then(|| unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) })
}

/// Numbers as their arithmetic type, in which they are stored.
fn reals_mut<T: Floating>(values: &mut [T]) -> &mut [T::Acc] {
    assert!(T::IS_REAL);
    // SAFETY: `IS_REAL` says that `T` and `T::Acc` are one type.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len()) }
}

/// Output planes `out: [batch, out_channels, positions]`.
pub fn forward<T: Floating>(geometry: &Geometry, x: &[T], w: &[T], epilogue: &Epilogue<'_, T>, out: &mut [T]) {
    let bias = epilogue.bias;
    let (taps, plane, positions) = (geometry.taps(), geometry.plane(), geometry.positions());
    let planes = planes_of_task(positions * taps);
    if let Some((x, weights)) = reals(x).zip(reals(w)).filter(|_| rows::fits(geometry)) {
        let all = Planes { geometry, from: x, weights, bias: bias.and_then(reals) };
        return parallel::for_each_chunk_mut(out, planes * positions, taps, |task, out| {
            rows::forward(&all, task * planes, reals_mut(out));
            epilogue.finish(task * planes * positions, out);
        });
    }
    if blocks::fits::<T>(geometry) {
        return blocks::forward(geometry, x, w, epilogue, out);
    }
    let bands = Bands::new(geometry, true);
    parallel::for_each_chunk_mut(out, planes * positions, taps, |task, out| {
        let mut weights = Vec::with_capacity(taps);
        bands.with_room(|room| {
            for (number, out) in out.chunks_exact_mut(positions.max(1)).enumerate() {
                let index = task * planes + number;
                let (image, channel) = (index / geometry.out_channels, index % geometry.out_channels);
                let input = image * geometry.in_channels + channel / geometry.group_out();
                let start = bias.map_or(T::default(), |bias| bias[channel]).to_acc();
                weights.clear();
                weights.extend(w[channel * taps..][..taps].iter().map(|weight| weight.to_acc()));
                bands.for_each(&x[input * plane..][..plane], room, |band, field, sums| {
                    bands.slide(start, field, &weights, &band.slices, sums);
                    let width = geometry.output[2];
                    let first = (band.z * geometry.output[1] + band.rows.start) * width;
                    scatter_rows((sums, bands.pitch), [band.rows.len(), width], &mut out[first..], [width, 1]);
                });
            }
        });
        epilogue.finish(task * planes * positions, out);
    });
}

/// Weight gradients `dw: [out_channels, 1, taps]`.
pub fn weight_gradient<T: Floating>(geometry: &Geometry, g: &[T], x: &[T], dw: &mut [T]) {
    let (taps, plane, positions) = (geometry.taps(), geometry.plane(), geometry.positions());
    let channels = planes_of_task(geometry.batch * positions * taps);
    if let Some((x, g)) = reals(x).zip(reals(g)).filter(|_| rows::fits(geometry)) {
        let all = Planes { geometry, from: x, weights: &[], bias: None };
        return parallel::for_each_chunk_mut(dw, channels * taps, geometry.batch * positions, |task, dw| {
            rows::weight_gradient(&all, g, task * channels, reals_mut(dw));
        });
    }
    let bands = Bands::new(geometry, false);
    parallel::for_each_chunk_mut(dw, channels * taps, geometry.batch * positions, |task, dw| {
        let mut totals = vec![T::Acc::from_usize(0); taps];
        bands.with_room(|room| {
            for (number, dw) in dw.chunks_exact_mut(taps).enumerate() {
                let channel = task * channels + number;
                totals.fill(T::Acc::from_usize(0));
                for image in 0..geometry.batch {
                    let input = image * geometry.in_channels + channel / geometry.group_out();
                    let output = image * geometry.out_channels + channel;
                    let g = &g[output * positions..][..positions];
                    bands.for_each(&x[input * plane..][..plane], room, |band, field, sums| {
                        bands.load(band, g, sums);
                        let taps = band.slices.start * bands.area..band.slices.end * bands.area;
                        tap_sums(field, &bands.offsets[taps.clone()], sums, &mut totals[taps]);
                    });
                }
                for (to, &total) in dw.iter_mut().zip(&totals) {
                    *to = T::from_acc(total);
                }
            }
        });
    });
}

/// The bands of an output plane and the fields that they read.
struct Bands<'a> {
    geometry: &'a Geometry,
    /// Output rows of a band.
    rows: usize,
    field: Field,
    /// Where each tap reads.
    offsets: Vec<usize>,
    /// Taps of a slice: of one index along the first axis.
    area: usize,
    /// Whether sums are kept by rows for [`slide_rows`], and how far apart their rows are.
    by_rows: bool,
    pitch: usize,
}

/// Some output rows.
struct Band {
    /// Index along the first axis.
    z: usize,
    /// The rows.
    rows: Range<usize>,
    /// Taps along the first axis that are not padding.
    slices: Range<usize>,
}

impl<'a> Bands<'a> {
    /// `by_rows` says that sums may be kept by rows, where taps lie side by side.
    fn new(geometry: &'a Geometry, by_rows: bool) -> Self {
        let [first, second, third] = &geometry.windows;
        let reach = [second, third].map(|window| (window.kernel - 1) * window.dilation / window.stride);
        let pitch = geometry.output[2] + reach[1];
        let rows = (BAND / pitch.max(1)).clamp(1, geometry.output[1].max(1));
        let strides = [second.stride, third.stride];
        let used = [second, third].map(|window| {
            (0..window.stride).map(|phase| (0..window.kernel).any(|tap| tap * window.dilation % window.stride == phase))
        });
        let field = Field { size: [rows + reach[0], pitch], strides, used: used.map(Iterator::collect) };
        let mut offsets = Vec::with_capacity(geometry.taps());
        for slice in 0..first.kernel {
            for i in 0..second.kernel {
                for j in 0..third.kernel {
                    offsets.push(slice * field.len() + field.offset([i * second.dilation, j * third.dilation]));
                }
            }
        }
        let square = second.kernel == third.kernel && has_rows(second.kernel);
        let dense = strides == [1, 1] && second.dilation == 1 && third.dilation == 1;
        let by_rows = by_rows && square && dense;
        let pitch = if by_rows { padded_len::<f32>(geometry.output[2]) } else { pitch };
        Bands { geometry, rows, field, offsets, area: second.kernel * third.kernel, by_rows, pitch }
    }

    /// Sums of a band of so many rows.
    fn sums(&self, rows: usize) -> usize {
        padded_len::<f32>(rows * self.pitch)
    }

    /// Calls `body` with room for sums and a field, which is zero.
    fn with_room<R: Real>(&self, body: impl FnOnce(&mut [R])) {
        let sums = self.sums(self.rows);
        let len = self.geometry.windows[0].kernel * self.field.len() + sums + padded_len::<f32>(self.field.size[1]);
        with_scratch::<R, _>(sums + len, |room| {
            room[sums..].fill(R::from_usize(0));
            body(room);
        });
    }

    /// Calls `body` for every band of output rows with the field and room for the sums.
    fn for_each<T: Floating>(
        &self,
        x: &[T],
        room: &mut [T::Acc],
        mut body: impl FnMut(&Band, &[T::Acc], &mut [T::Acc]),
    ) {
        let [first, second, third] = &self.geometry.windows;
        let area = second.input * third.input;
        let (sums, field) = room.split_at_mut(self.sums(self.rows));
        for z in 0..self.geometry.output[0] {
            let (slices, slice) = first.taps(z);
            for y in (0..self.geometry.output[1]).step_by(self.rows) {
                let origin = [(y * second.stride, second), (0, third)];
                let origin = origin.map(|(at, window)| at as isize - window.pad_before as isize);
                for (number, tap) in slices.clone().enumerate() {
                    let plane = &x[(slice + number * first.dilation) * area..][..area];
                    let to = &mut field[tap * self.field.len()..][..self.field.len()];
                    self.field.fill(plane, [second.input, third.input], origin, to);
                }
                let rows = self.rows.min(self.geometry.output[1] - y);
                let count = self.sums(rows);
                body(&Band { z, rows: y..y + rows, slices: slices.clone() }, field, &mut sums[..count]);
            }
        }
    }

    /// Sums the products of the taps of some slices.
    fn slide<R: Real>(&self, start: R, field: &[R], weights: &[R], slices: &Range<usize>, sums: &mut [R]) {
        if slices.is_empty() {
            sums.fill(start);
        } else if self.by_rows {
            let kernel = self.geometry.windows[1].kernel;
            for slice in slices.clone() {
                let weights = &weights[slice * self.area..][..self.area];
                let start = (slice == slices.start).then_some(start);
                slide_rows(
                    start,
                    (&field[slice * self.field.len()..], self.field.size[1]),
                    (weights, kernel),
                    (sums, self.pitch),
                );
            }
        } else {
            let taps = slices.start * self.area..slices.end * self.area;
            slide(start, field, &self.offsets[taps.clone()], &weights[taps], sums);
        }
    }

    /// The gradients of a band, zero where a row of sums is longer.
    fn load<T: Floating>(&self, band: &Band, g: &[T], sums: &mut [T::Acc]) {
        let [_, height, width] = self.geometry.output;
        let g = &g[(band.z * height + band.rows.start) * width..][..band.rows.len() * width];
        let (rows, rest) = sums.split_at_mut(band.rows.len() * self.pitch);
        rest.fill(T::Acc::from_usize(0));
        load_rows(g, width, rows, self.pitch);
    }
}

#[cfg(test)]
mod tests;
