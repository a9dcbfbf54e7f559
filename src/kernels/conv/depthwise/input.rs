//! Input gradients: a sum over shifted gradients for each remainder of the inputs' places modulo the stride.
//!
//! Input `x` gets `g[o] * w[t]` wherever `o * stride + t * dilation = x + padding`. With `x + padding = stride * a + phase`, the taps
//! with `t * dilation = stride * q + phase` are those that reach it, from `o = a - q`: a sum over shifts again.

use super::super::super::float::{Floating, Real};
use super::super::super::parallel;
use super::super::super::scratch::with_scratch;
use super::super::field::{Field, inside, scatter_rows};
use super::super::{Epilogue, Geometry};
use super::blocks;
use super::rows::{self, Planes};
use super::slide::{has_rows, padded_len, slide, slide_rows};
use super::{BAND, planes_of_task, reals, reals_mut};
use crate::shape::window::Window;

/// What is known of an axis.
struct Axis<'a> {
    window: &'a Window,
    /// The largest `q`.
    reach: usize,
    /// The first `a`, and how many there are.
    first: usize,
    count: usize,
}

impl<'a> Axis<'a> {
    fn new(window: &'a Window) -> Self {
        let first = window.pad_before / window.stride;
        let end = (window.input + window.pad_before).div_ceil(window.stride);
        let reach = (window.kernel - 1) * window.dilation / window.stride;
        Axis { window, reach, first, count: end.saturating_sub(first) }
    }

    /// The taps of a phase, the last first, with how far on they read in the field.
    fn taps(&self, phase: usize) -> impl Iterator<Item = (usize, usize)> + Clone + use<'_> {
        let window = self.window;
        (0..window.kernel)
            .rev()
            .filter(move |tap| tap * window.dilation % window.stride == phase)
            .map(|tap| (tap, self.reach - tap * window.dilation / window.stride))
    }

    /// Whether the taps lie side by side.
    fn is_dense(&self) -> bool {
        self.window.stride == 1 && self.window.dilation == 1
    }
}

/// Input gradients `dx: [batch, in_channels, plane]`.
pub fn input_gradient<T: Floating>(geometry: &Geometry, g: &[T], w: &[T], bias: Option<&[T]>, dx: &mut [T]) {
    let (taps, plane, positions) = (geometry.taps(), geometry.plane(), geometry.positions());
    let group_out = geometry.group_out();
    let planes = planes_of_task(plane * taps * group_out);
    if let Some((g, weights)) = reals(g).zip(reals(w)).filter(|_| rows::fits_input_gradient(geometry)) {
        let all = Planes { geometry, from: g, weights, bias: bias.and_then(reals) };
        return parallel::for_each_chunk_mut(dx, planes * plane, taps, |task, dx| {
            rows::input_gradient(&all, task * planes, reals_mut(dx));
        });
    }
    // With a stride of 1 it is a convolution with the taps turned around.
    let known = |turned: &Geometry| T::IS_REAL && rows::fits(turned) || blocks::fits::<T>(turned);
    if let Some(turned) = geometry.turned().filter(|turned| group_out == 1 && known(turned)) {
        let mut weights = w.to_vec();
        weights.chunks_exact_mut(taps).for_each(<[T]>::reverse);
        return super::forward(&turned, g, &weights, &Epilogue::bias(bias), dx);
    }
    let sums = InputSums::new(geometry);
    parallel::for_each_chunk_mut(dx, planes * plane, taps * group_out, |task, dx| {
        let mut list = Taps::default();
        with_scratch::<T::Acc, _>(sums.room(), |room| {
            room.fill(T::Acc::from_usize(0));
            for (number, dx) in dx.chunks_exact_mut(plane.max(1)).enumerate() {
                let index = task * planes + number;
                let (image, channel) = (index / geometry.in_channels, index % geometry.in_channels);
                let first = image * geometry.out_channels + channel * group_out;
                let g = &g[first * positions..][..group_out * positions];
                let w = &w[channel * group_out * taps..][..group_out * taps];
                let start = bias.map_or(T::default(), |bias| bias[channel]).to_acc();
                sums.plane((g, w, start), room, &mut list, dx);
            }
        });
    });
}

/// Taps of one phase: where they read, and their weights.
#[derive(Default)]
struct Taps<R> {
    offsets: Vec<usize>,
    weights: Vec<R>,
}

/// How the gradient of an input plane is cut into bands.
struct InputSums<'a> {
    geometry: &'a Geometry,
    rows: Axis<'a>,
    columns: Axis<'a>,
    /// Rows of a band.
    band: usize,
    field: Field,
    /// Fields that are read at once: the taps along the first axis of every output channel.
    slices: usize,
    /// Whether sums are kept by rows for [`slide_rows`], and how far apart their rows are.
    by_rows: bool,
    pitch: usize,
}

impl<'a> InputSums<'a> {
    fn new(geometry: &'a Geometry) -> Self {
        let [first, second, third] = &geometry.windows;
        let [rows, columns] = [second, third].map(Axis::new);
        let pitch = columns.count + columns.reach;
        let band = (BAND / pitch.max(1)).clamp(1, rows.count.max(1));
        let field = Field { size: [band + rows.reach, pitch], strides: [1, 1], used: [vec![true], vec![true]] };
        let slices = geometry.group_out() * first.kernel;
        let dense = rows.is_dense() && columns.is_dense() && second.kernel == third.kernel;
        let by_rows = dense && has_rows(second.kernel) && slices == 1;
        let pitch = if by_rows { padded_len::<f32>(columns.count) } else { pitch };
        InputSums { geometry, rows, columns, band, field, slices, by_rows, pitch }
    }

    /// Numbers that sums and fields take, and what registers read beyond them.
    fn room(&self) -> usize {
        2 * padded_len::<f32>(self.band * self.pitch) + self.slices * self.field.len() + padded_len::<f32>(self.pitch)
    }

    /// The gradient of one input plane from those of its output planes, the weights, and what to start from.
    fn plane<T: Floating>(
        &self,
        (g, w, start): (&[T], &[T], T::Acc),
        room: &mut [T::Acc],
        taps: &mut Taps<T::Acc>,
        dx: &mut [T],
    ) {
        let [first, second, third] = &self.geometry.windows;
        let outputs = self.geometry.output;
        let (sums, fields) = room.split_at_mut(padded_len::<f32>(self.band * self.pitch));
        for z in 0..first.input {
            // Taps along the first axis, each with the output that it comes from.
            let source = |tap: usize| {
                let at = (z + first.pad_before).checked_sub(tap * first.dilation)?;
                Some(at / first.stride).filter(|&o| at % first.stride == 0 && o < outputs[0])
            };
            let planes = (0..first.kernel).filter_map(|tap| Some((tap, source(tap)?)));
            for top in (0..self.rows.count).step_by(self.band) {
                let count = self.band.min(self.rows.count - top);
                let origin = [(&self.rows, self.rows.first + top), (&self.columns, self.columns.first)];
                let origin = origin.map(|(axis, at)| at as isize - axis.reach as isize);
                let area = outputs[1] * outputs[2];
                for channel in 0..self.geometry.group_out() {
                    for (tap, o) in planes.clone() {
                        let plane = &g[(channel * outputs[0] + o) * area..][..area];
                        let to = &mut fields[(channel * first.kernel + tap) * self.field.len()..][..self.field.len()];
                        self.field.fill(plane, [outputs[1], outputs[2]], origin, to);
                    }
                }
                for phase in (0..second.stride * third.stride).map(|at| [at / third.stride, at % third.stride]) {
                    self.list_taps(w, planes.clone().map(|(tap, _)| tap), phase, taps);
                    let sums = &mut sums[..padded_len::<f32>(count * self.pitch)];
                    if self.by_rows && !taps.weights.is_empty() {
                        let weights = (&taps.weights[..], second.kernel);
                        slide_rows(Some(start), (fields, self.field.size[1]), weights, (sums, self.pitch));
                    } else {
                        slide(start, fields, &taps.offsets, &taps.weights, sums);
                    }
                    // Where `a` is an element of the input.
                    let offset = |axis: &Axis<'_>, from: usize, phase: usize| {
                        (from * axis.window.stride + phase) as isize - axis.window.pad_before as isize
                    };
                    let x = offset(&self.columns, self.columns.first, phase[1]);
                    let y = offset(&self.rows, self.rows.first + top, phase[0]);
                    let across = inside(x, third.stride, third.input, self.columns.count);
                    let down = inside(y, second.stride, second.input, count);
                    if across.is_empty() || down.is_empty() {
                        continue;
                    }
                    let y = (y + (down.start * second.stride) as isize) as usize;
                    let x = (x + (across.start * third.stride) as isize) as usize;
                    let to = &mut dx[(z * second.input + y) * third.input + x..];
                    let sums = &sums[down.start * self.pitch + across.start..];
                    let steps = [second.stride * third.input, third.stride];
                    scatter_rows((sums, self.pitch), [down.len(), across.len()], to, steps);
                }
            }
        }
    }

    /// Lists the taps of a phase, of some slices of every output channel.
    fn list_taps<T: Floating>(
        &self,
        w: &[T],
        slices: impl Iterator<Item = usize> + Clone,
        phase: [usize; 2],
        taps: &mut Taps<T::Acc>,
    ) {
        let [first, second, third] = &self.geometry.windows;
        taps.offsets.clear();
        taps.weights.clear();
        for channel in 0..self.geometry.group_out() {
            for slice in slices.clone().map(|slice| channel * first.kernel + slice) {
                for (i, down) in self.rows.taps(phase[0]) {
                    for (j, across) in self.columns.taps(phase[1]) {
                        taps.weights.push(w[(slice * second.kernel + i) * third.kernel + j].to_acc());
                        taps.offsets.push(slice * self.field.len() + down * self.field.size[1] + across);
                    }
                }
            }
        }
    }
}
