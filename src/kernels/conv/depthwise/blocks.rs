//! Large windows: channels in the lanes of registers, so that every lane counts however short rows are.
//!
//! A task takes some output rows of as many channels as a register has lanes. Rows of the input are turned, so that the channels of
//! a position lie side by side in a padded field; there a tap is one register of weights, and a strip of positions a few
//! registers of sums. What is copied is small beside the products of many taps.

use super::super::super::float::{Floating, Real};
use super::super::super::isa::{Isa, isa};
use super::super::super::lanes::{Lane, Vector, interleave, transposed};
use super::super::super::parallel::{self, Shared};
use super::super::super::scratch::with_scratch;
use super::super::{Epilogue, Geometry};
use super::reals;
use super::slide::padded_len;
use crate::shape::window::Window;
use std::ops::Range;

/// Taps from which copies are small beside products.
const TAPS: usize = 16;
/// Numbers of a field, about: a third of a 512 KB second-level cache.
const FIELD: usize = 40 << 10;
/// Numbers of a field, at most: of very wide rows as many as channels fill registers would take too much.
const MOST: usize = 256 << 10;
/// Output rows of a task, at least, so that the rows that bands share do not outweigh the others.
const LEAST_ROWS: usize = 8;
/// Tasks to aim for.
const TASKS: usize = 16;
/// Positions that are turned at a time.
const POSITIONS: usize = 128;
/// Registers of sums of a strip.
const STRIP: usize = 14;

/// Whether [`forward`] is the way to go: channels that fill registers, each a group of its own.
pub fn fits<T: Floating>(geometry: &Geometry) -> bool {
    let (channels, lanes) = (geometry.out_channels, padded_len::<T::Acc>(1));
    let room = || {
        let rows = field_rows(geometry, LEAST_ROWS.min(geometry.output[1]));
        rows.saturating_mul(pitch(geometry)).saturating_mul(lanes) <= MOST
    };
    T::IS_REAL
        && isa() != Isa::Portable
        && geometry.windows[0] == Window::unit()
        && geometry.group_out() == 1
        && geometry.taps() >= TAPS
        && channels.next_multiple_of(lanes) * 3 <= channels * 4
        && geometry.plane() * geometry.positions() > 0
        && room()
}

/// Rows of the field that so many output rows read.
fn field_rows(geometry: &Geometry, rows: usize) -> usize {
    let second = &geometry.windows[1];
    (rows - 1) * second.stride + second.span()
}

/// Positions of a row of the field.
fn pitch(geometry: &Geometry) -> usize {
    let third = &geometry.windows[2];
    (geometry.output[2] - 1) * third.stride + third.span()
}

/// How planes are cut into tasks; depends on sizes alone.
struct Plan<'a> {
    geometry: &'a Geometry,
    /// Channels of a task: lanes of a register.
    lanes: usize,
    /// Output rows of a task.
    rows: usize,
    /// Positions of a row of the field.
    pitch: usize,
    /// Where taps lie from the first one on, in numbers.
    offsets: Vec<usize>,
}

impl<'a> Plan<'a> {
    fn new<R: Real>(geometry: &'a Geometry) -> Self {
        let ([_, second, third], height) = (&geometry.windows, geometry.output[1]);
        let lanes = padded_len::<R>(1);
        let pitch = pitch(geometry);
        let fitting = (FIELD / (pitch * lanes)).saturating_sub(second.span()) / second.stride + 1;
        let blocks = geometry.batch * geometry.out_channels.div_ceil(lanes);
        let wanted = height.div_ceil(TASKS.div_ceil(blocks));
        let rows = fitting.min(wanted).max(LEAST_ROWS).min(height);
        let rows = height.div_ceil(height.div_ceil(rows));
        let tap = |i: usize, j: usize| (i * second.dilation * pitch + j * third.dilation) * lanes;
        let offsets = (0..second.kernel).flat_map(|i| (0..third.kernel).map(move |j| tap(i, j))).collect();
        Plan { geometry, lanes, rows, pitch, offsets }
    }

    /// Fills the field of the output rows from `top` on from the planes of some channels.
    fn fill<R: Real>(&self, planes: &[&[R]], top: usize, turned: &mut [R], field: &mut [R]) {
        let ([_, second, third], lanes) = (&self.geometry.windows, self.lanes);
        let width = third.input;
        let left = third.pad_before.min(self.pitch);
        let there = width.min(self.pitch - left);
        let lines = field.chunks_exact_mut(self.pitch * lanes).enumerate();
        let mut held = 0..0;
        for (line, to) in lines {
            let row = (top * second.stride + line).wrapping_sub(second.pad_before);
            if row >= second.input {
                to.fill(R::zero());
                continue;
            }
            if !held.contains(&row) {
                held = row..(row + (POSITIONS / width).max(1)).min(second.input);
                let mut list = [Lane::default(); 16];
                for (lane, plane) in list.iter_mut().zip(planes) {
                    *lane = Lane { start: 0, values: &plane[held.start * width..held.end * width] };
                }
                interleave(&list[..planes.len()], held.len() * width, lanes, turned);
            }
            to[..left * lanes].fill(R::zero());
            let from = &turned[(row - held.start) * width * lanes..];
            to[left * lanes..(left + there) * lanes].copy_from_slice(&from[..there * lanes]);
            to[(left + there) * lanes..].fill(R::zero());
        }
    }
}

/// Output planes `out: [batch, channels, positions]`.
///
/// # Panics
/// Unless the geometry [`fits`].
pub fn forward<T: Floating>(geometry: &Geometry, x: &[T], w: &[T], epilogue: &Epilogue<'_, T>, out: &mut [T]) {
    assert!(fits::<T>(geometry), "the chooser has asked");
    let (channels, plane, positions, taps) =
        (geometry.out_channels, geometry.plane(), geometry.positions(), geometry.taps());
    if out.is_empty() {
        return;
    }
    let (Some(x), Some(w)) = (reals(x), reals(w)) else { unreachable!("`fits` asks for it") };
    let plan = Plan::new::<T::Acc>(geometry);
    let (lanes, [_, height, width]) = (plan.lanes, geometry.output);
    let (blocks, bands) = (channels.div_ceil(lanes), height.div_ceil(plan.rows));
    assert!(out.len() == geometry.batch * channels * positions);
    let target = Shared(out.as_mut_ptr());
    parallel::for_each_index(geometry.batch * blocks * bands, plan.rows * width * lanes * taps, |task| {
        let (number, band) = (task / bands, task % bands);
        let (image, block) = (number / blocks, number % blocks);
        let block = block * lanes..((block + 1) * lanes).min(channels);
        let rows = band * plan.rows..((band + 1) * plan.rows).min(height);
        let first = image * channels + block.start;
        let planes = block.clone().map(|channel| &x[(image * channels + channel) * plane..][..plane]);
        let to = |channel: usize| (first + channel) * positions + rows.start * width;
        products(&plan, planes, (w, epilogue.bias.and_then(reals)), (block.clone(), rows.clone()), |sums, done| {
            let count = sums.len() / lanes;
            for channel in 0..block.len() {
                assert!(to(channel) + done + count <= (first + channel + 1) * positions);
            }
            // SAFETY: these positions of the block's planes lie in the output, and are this task's alone.
            unsafe {
                let to = target.get().cast::<T::Acc>().add(to(0) + done);
                transposed(sums.as_ptr(), lanes, to, positions, block.len(), count);
            }
        });
        for channel in 0..block.len() {
            // SAFETY: as above.
            let out = unsafe { std::slice::from_raw_parts_mut(target.get().add(to(channel)), rows.len() * width) };
            epilogue.finish(to(channel), out);
        }
    });
}

/// Calls `put` with the sums of some positions, `[positions, lanes]`, and the number of those before.
fn products<'a, R: Real>(
    plan: &Plan<'_>,
    planes: impl Iterator<Item = &'a [R]>,
    (w, bias): (&[R], Option<&[R]>),
    (block, rows): (Range<usize>, Range<usize>),
    mut put: impl FnMut(&[R], usize),
) {
    let (geometry, lanes, width) = (plan.geometry, plan.lanes, plan.geometry.output[2]);
    let taps = plan.offsets.len();
    let mut list: [&[R]; 16] = [&[]; 16];
    list.iter_mut().zip(planes).for_each(|(to, plane)| *to = plane);
    let field_rows = field_rows(geometry, rows.len());
    let together = (POSITIONS / width).clamp(1, rows.len());
    let step = geometry.windows[1].stride * plan.pitch * lanes;
    let sizes = [
        lanes,
        taps * lanes,
        POSITIONS.max(geometry.windows[2].input) * lanes,
        together * width * lanes,
        field_rows * plan.pitch * lanes,
    ];
    with_scratch::<R, _>(sizes.iter().sum(), |room| {
        let (start, room) = room.split_at_mut(sizes[0]);
        let (weights, room) = room.split_at_mut(sizes[1]);
        let (turned, room) = room.split_at_mut(sizes[2]);
        let (sums, field) = room.split_at_mut(sizes[3]);
        start.fill(R::zero());
        if let Some(bias) = bias {
            start[..block.len()].copy_from_slice(&bias[block.clone()]);
        }
        let of_channel = |channel| Lane { start: 0, values: &w[channel * taps..][..taps] };
        let mut all = [Lane::default(); 16];
        all.iter_mut().zip(block.clone()).for_each(|(to, channel)| *to = of_channel(channel));
        interleave(&all[..block.len()], taps, lanes, weights);
        plan.fill(&list[..block.len()], rows.start, turned, field);
        for row in (0..rows.len()).step_by(together) {
            let count = together.min(rows.len() - row);
            let sums = &mut sums[..count * width * lanes];
            let field = (&field[row * step..], [step, geometry.windows[2].stride]);
            rows_of_sums(field, (&plan.offsets, weights), start, width, sums);
            put(sums, row * width);
        }
    });
}

crate::vectorize! {
    /// `sums[r, p] = start + sum over t of weights[t] * field[r * steps[0] + p * steps[1] * lanes + offsets[t]]`, each of these as many
    /// numbers as a register has lanes, for rows of `width` positions.
    fn rows_of_sums[S; R: Real](
        simd: S, field: (&[R], [usize; 2]), taps: (&[usize], &[R]), start: &[R], width: usize, sums: &mut [R]
    ) {
        let ((field, [down, across]), (offsets, weights)) = (field, taps);
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        let rows = sums.len() / (width * lanes);
        assert!(sums.len() == rows * width * lanes && start.len() == lanes && weights.len() == offsets.len() * lanes);
        let farthest = offsets.iter().max().copied().unwrap_or(0) + ((width - 1) * across + 1) * lanes;
        assert!(rows == 0 || (rows - 1) * down + farthest <= field.len());
        for (row, sums) in sums.chunks_exact_mut(width * lanes).enumerate() {
            let mut at = 0;
            while at < width {
                let from = field.as_ptr().wrapping_add(row * down + at * across * lanes);
                let (to, start) = (sums[at * lanes..].as_mut_ptr(), start.as_ptr());
                // SAFETY: so many positions of the row follow, whose sums have room; taps lie in the field by the assertion.
                at += unsafe {
                    match (width - at, across) {
                        (STRIP.., 1) => strip::<R, R::Vector<S>, STRIP, true>(from, across, offsets, weights, start, to),
                        (STRIP.., _) => strip::<R, R::Vector<S>, STRIP, false>(from, across, offsets, weights, start, to),
                        (7.., 1) => strip::<R, R::Vector<S>, 7, true>(from, across, offsets, weights, start, to),
                        (4.., _) => strip::<R, R::Vector<S>, 4, false>(from, across, offsets, weights, start, to),
                        (2.., _) => strip::<R, R::Vector<S>, 2, false>(from, across, offsets, weights, start, to),
                        _ => strip::<R, R::Vector<S>, 1, false>(from, across, offsets, weights, start, to),
                    }
                };
            }
        }
    }
}

/// The sums of `N` positions `across` apart, or side by side if they are `DENSE`.
///
/// # Safety
/// The places of all taps of these positions, from `from` on, and `N` registers from `to` on must be valid; `weights` must hold a
/// register for each offset, and `start` one.
#[inline(always)]
unsafe fn strip<R: Real, V: Vector<R>, const N: usize, const DENSE: bool>(
    from: *const R,
    across: usize,
    offsets: &[usize],
    weights: &[R],
    start: *const R,
    to: *mut R,
) -> usize {
    let step = if DENSE { V::LANES } else { across * V::LANES };
    // SAFETY: by the caller's word.
    unsafe {
        let mut sums = [V::load(start); N];
        for (&offset, weight) in offsets.iter().zip(weights.chunks_exact(V::LANES)) {
            let (weight, from) = (V::load(weight.as_ptr()), from.add(offset));
            for n in 0..N {
                sums[n] = weight.mul_add(V::load(from.add(n * step)), sums[n]);
            }
        }
        for n in 0..N {
            sums[n].store(to.add(n * V::LANES));
        }
    }
    N
}
