//! Patches as a matrix that is never stored: an operand of the matrix product which unfolds the input while it is packed.
//!
//! The patch matrix has a column for each position of each image and a row for each tap of each channel of the group.

use std::ops::Range;

use super::super::float::{Floating, Real};
use super::super::gemm::Output;
use super::super::gemm::driver::{Size, multiply};
use super::super::gemm::operand::{Operand, Strided};
use super::{Geometry, group_start};
use crate::shape::window::Window;

/// Positions that follow each other along the last axis, in one image.
#[derive(Clone, Copy)]
struct Run {
    /// Where the run begins in the range that was asked for.
    at: usize,
    len: usize,
    image: usize,
    /// The first position along each axis.
    position: [usize; 3],
}

/// Cuts a range of positions of a batch of images into runs.
fn runs(geometry: &Geometry, range: Range<usize>) -> impl Iterator<Item = Run> {
    let output = geometry.output;
    let (area, width) = (output[0] * output[1] * output[2], output[2]);
    let (start, mut at) = (range.start, range.start);
    std::iter::from_fn(move || {
        (at < range.end).then(|| {
            let (image, inside) = (at / area, at % area);
            let (row, column) = (inside / width, inside % width);
            let len = (width - column).min(range.end - at);
            let position = [row / output[1], row % output[1], column];
            at += len;
            Run { at: at - len - start, len, image, position }
        })
    })
}

/// The patches of one group of channels.
pub struct Patches<'a, T> {
    geometry: &'a Geometry,
    x: &'a [T],
    /// The first channel of the group.
    channel: usize,
    /// For each tap along the last axis, the positions at which it falls on elements.
    valid: Vec<Range<usize>>,
}

impl<'a, T: Floating> Patches<'a, T> {
    /// The patches of group `group` of `x: [batch, in_channels, plane]`.
    pub fn new(geometry: &'a Geometry, x: &'a [T], group: usize) -> Self {
        let window = geometry.windows[2];
        let valid = (0..window.kernel).map(|tap| window.valid_range(tap, geometry.output[2])).collect();
        Patches { geometry, x, channel: group * geometry.group_in(), valid }
    }

    /// The input row under some tap row (`channel` within the group, taps along the first two axes) at a run of positions, as
    /// an offset into `x`; `None` on padding.
    #[inline(always)]
    fn row(&self, run: &Run, channel: usize, taps: [usize; 2]) -> Option<usize> {
        let [first, second, third] = &self.geometry.windows;
        let plane = run.image * self.geometry.in_channels + self.channel + channel;
        let upper = first.element(run.position[0], taps[0])?;
        let lower = second.element(run.position[1], taps[1])?;
        Some(((plane * first.input + upper) * second.input + lower) * third.input)
    }

    /// The elements of a row under tap `tap` of a run of positions: the part of the run that is not on padding, and the
    /// position in the row of its first element.
    #[inline(always)]
    fn elements(&self, run: &Run, tap: usize) -> (Range<usize>, usize) {
        let window = &self.geometry.windows[2];
        let valid = &self.valid[tap];
        let column = run.position[2];
        let start = valid.start.clamp(column, column + run.len);
        let end = valid.end.clamp(start, column + run.len);
        let from = (start * window.stride + tap * window.dilation).wrapping_sub(window.pad_before);
        (start - column..end - column, from)
    }
}

/// Copies short rows: `to[i] = from[i * stride]`.
#[inline(always)]
fn copy_row<T: Floating>(to: &mut [T::Acc], from: &[T], stride: usize) {
    if stride == 1 {
        let from = &from[..to.len()];
        let mut chunks = to.chunks_exact_mut(8);
        let mut sources = from.chunks_exact(8);
        for (to, from) in (&mut chunks).zip(&mut sources) {
            for i in 0..8 {
                to[i] = from[i].to_acc();
            }
        }
        for (to, from) in chunks.into_remainder().iter_mut().zip(sources.remainder()) {
            *to = from.to_acc();
        }
    } else {
        for (to, from) in to.iter_mut().zip(from.iter().step_by(stride)) {
            *to = from.to_acc();
        }
    }
}

/// A walk over the rows of the patch matrix: channel and taps of row `row`.
fn unravel(windows: &[Window; 3], row: usize) -> (usize, [usize; 3]) {
    let [first, second, third] = windows.map(|window| window.kernel);
    let (rows, last) = (row / third, row % third);
    let (upper, lower) = (rows / second, rows % second);
    (upper / first, [upper % first, lower, last])
}

/// Depth: taps; lanes: positions. The right operand of the forward function.
impl<T: Floating> Operand<T::Acc> for Patches<'_, T> {
    fn pack_panel(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [T::Acc]) {
        const MOST: usize = 64;
        debug_assert!(lanes.len() <= MOST);
        let count = lanes.len();
        let mut list = [Run { at: 0, len: 0, image: 0, position: [0; 3] }; MOST];
        let mut found = 0;
        for run in runs(self.geometry, lanes) {
            list[found] = run;
            found += 1;
        }
        let windows = &self.geometry.windows;
        let (stride, taps) = (windows[2].stride, windows[2].kernel);
        let mut rows = [None; MOST];
        for (at, (d, line)) in depth.zip(panel.chunks_exact_mut(width)).enumerate() {
            let tap = d % taps;
            if tap == 0 || at == 0 {
                let (channel, taps) = unravel(windows, d);
                for (row, run) in rows.iter_mut().zip(&list[..found]) {
                    *row = self.row(run, channel, [taps[0], taps[1]]);
                }
            }
            line[count..].fill(T::Acc::from_usize(0));
            for (row, run) in rows.iter().zip(&list[..found]) {
                let line = &mut line[run.at..run.at + run.len];
                let Some(row) = row else {
                    line.fill(T::Acc::from_usize(0));
                    continue;
                };
                let (valid, from) = self.elements(run, tap);
                if valid.len() < run.len {
                    line.fill(T::Acc::from_usize(0));
                }
                if !valid.is_empty() {
                    copy_row(&mut line[valid], &self.x[row + from..], stride);
                }
            }
        }
    }
}

/// Depth: positions; lanes: taps. The right operand of the weight gradient.
pub struct TransposedPatches<'a, T>(pub Patches<'a, T>);

impl<T: Floating> Operand<T::Acc> for TransposedPatches<'_, T> {
    fn pack_panel(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [T::Acc]) {
        let patches = &self.0;
        let windows = &patches.geometry.windows;
        panel[..depth.len() * width].fill(T::Acc::from_usize(0));
        for run in runs(patches.geometry, depth) {
            for (at, lane) in lanes.clone().enumerate() {
                let (channel, [first, second, tap]) = unravel(windows, lane);
                let Some(row) = patches.row(&run, channel, [first, second]) else { continue };
                let (valid, from) = patches.elements(&run, tap);
                if valid.is_empty() {
                    continue;
                }
                let lines = panel[(run.at + valid.start) * width..].chunks_exact_mut(width).take(valid.len());
                for (line, value) in lines.zip(patches.x[row + from..].iter().step_by(windows[2].stride)) {
                    line[at] = value.to_acc();
                }
            }
        }
    }
}

/// The forward function as one product for each group: weights times patches.
pub fn forward<T: Floating>(geometry: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>, out: &mut [T]) {
    let (channels, depth, positions) = (geometry.group_out(), geometry.depth(), geometry.positions());
    let size = Size { rows: channels, columns: geometry.batch * positions, depth };
    if size.columns == 0 {
        return;
    }
    for group in 0..geometry.groups {
        let weights = &w[group * channels * depth..][..channels * depth];
        let weights = ndarray::ArrayView2::from_shape((channels, depth), weights).expect("a weight for every tap");
        let output = Output {
            start: out[group * channels * positions..].as_mut_ptr(),
            row: positions as isize,
            column: 1,
            span: positions,
            group: (geometry.out_channels * positions) as isize,
        };
        let patches = Patches::new(geometry, x, group);
        let start = group_start(bias, group * channels..(group + 1) * channels);
        // SAFETY: the output describes the channels of this group in every image of `out`, which is borrowed mutably.
        unsafe { multiply(size, T::Acc::from_usize(1), (&Strided::left(weights), &patches), start, output) };
    }
}
