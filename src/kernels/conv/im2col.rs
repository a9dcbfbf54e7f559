//! Patches as a matrix that is never stored: an operand of the matrix product which unfolds the input while it is packed.
//!
//! The patch matrix has a column for each position of each image and a row for each tap of each channel of the group.

use std::ops::Range;

use ndarray::ArrayView2;

use super::super::float::{Floating, Real};
use super::super::gemm::Output;
use super::super::gemm::driver::{Size, multiply};
use super::super::gemm::operand::{Operand, Strided};
use super::super::lanes::Vector;
use super::super::stream;
use super::{Epilogue, Geometry, direct, group_start};
use crate::shape::window::Window;

/// Positions that follow each other along the last axis, in one image.
#[derive(Clone, Copy)]
pub struct Run {
    /// Where the run begins in the range that was asked for.
    pub at: usize,
    pub len: usize,
    image: usize,
    /// The first position along each axis.
    pub position: [usize; 3],
}

/// Cuts a range of positions of a batch of images into runs.
pub fn runs(geometry: &Geometry, range: Range<usize>) -> impl Iterator<Item = Run> {
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
    pub geometry: &'a Geometry,
    pub x: &'a [T],
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
    pub fn row(&self, run: &Run, channel: usize, taps: [usize; 2]) -> Option<usize> {
        let [first, second, third] = &self.geometry.windows;
        let plane = run.image * self.geometry.in_channels + self.channel + channel;
        let upper = first.element(run.position[0], taps[0])?;
        let lower = second.element(run.position[1], taps[1])?;
        Some(((plane * first.input + upper) * second.input + lower) * third.input)
    }

    /// The elements of a row under tap `tap` of a run of positions: the part of the run that is not on padding, and the
    /// position in the row of its first element.
    #[inline(always)]
    pub fn elements(&self, run: &Run, tap: usize) -> (Range<usize>, usize) {
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
pub fn unravel(windows: &[Window; 3], row: usize) -> (usize, [usize; 3]) {
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
        if T::IS_REAL && stride <= 2 {
            pack_runs(self, depth, &list[..found], count, width, panel);
            return;
        }
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

/// Part of a run that a register holds.
#[derive(Clone, Copy, Default)]
struct Piece {
    run: usize,
    at: usize,
    len: usize,
}

crate::vectorize! {
    /// Packs the patches of some runs, for a stride of 1 or 2 along the last axis.
    fn pack_runs[S; T: Floating](simd: S, patches: &Patches<'_, T>, depth: Range<usize>, list: &[Run], count: usize, width: usize, panel: &mut [T::Acc]) {
        const MOST: usize = 64;
        let lanes = <<T::Acc as Real>::Vector<S> as Vector<T::Acc>>::LANES;
        let zero = <<T::Acc as Real>::Vector<S> as Vector<T::Acc>>::splat(T::Acc::from_usize(0));
        let windows = &patches.geometry.windows;
        let (stride, taps) = (windows[2].stride, windows[2].kernel);
        assert!(T::IS_REAL && stride <= 2 && list.len() <= MOST && count <= width && panel.len() >= depth.len() * width);
        let mut pieces = [Piece::default(); MOST];
        let mut found = 0;
        for (run, part) in list.iter().enumerate() {
            for at in (0..part.len).step_by(lanes) {
                pieces[found] = Piece { run, at: part.at + at, len: lanes.min(part.len - at) };
                found += 1;
            }
        }
        let pieces = &pieces[..found];
        let mut rows = [None; MOST];
        // For each tap and piece: which lanes are not padding, and where lane 0 would read in the row.
        let mut reads = Vec::with_capacity(taps * found);
        for (tap, valid) in patches.valid.iter().enumerate() {
            for piece in pieces {
                let column = list[piece.run].position[2] + piece.at - list[piece.run].at;
                let start = valid.start.clamp(column, column + piece.len) - column;
                let end = valid.end.clamp(column + start, column + piece.len) - column;
                let from = (column * stride + tap * windows[2].dilation) as isize - windows[2].pad_before as isize;
                reads.push((start, end, from));
            }
        }
        for (number, (d, line)) in depth.zip(panel.chunks_exact_mut(width)).enumerate() {
            let tap = d % taps;
            if tap == 0 || number == 0 {
                let (channel, taps) = unravel(windows, d);
                for (row, run) in rows.iter_mut().zip(list) {
                    *row = patches.row(run, channel, [taps[0], taps[1]]);
                }
            }
            if count < width {
                line[count..].fill(T::Acc::from_usize(0));
            }
            for (piece, &(start, end, from)) in pieces.iter().zip(&reads[tap * found..]) {
                let mut value = zero;
                if let Some(row) = rows[piece.run]
                    && start < end
                {
                    let from = patches.x.as_ptr().cast::<T::Acc>().wrapping_add(row).wrapping_offset(from);
                    // SAFETY: `T` is `T::Acc`; these lanes are elements of the row by `valid`.
                    value = unsafe {
                        if stride == 1 {
                            load::<T::Acc, <T::Acc as Real>::Vector<S>>(from, start..end)
                        } else {
                            // Elements 2 * start, ... 2 * (end - 1) of two registers.
                            let (start, end) = (2 * start, 2 * end - 1);
                            let (low, high) = (start.min(lanes)..end.min(lanes), start.max(lanes) - lanes..end.max(lanes) - lanes);
                            let low = load::<T::Acc, <T::Acc as Real>::Vector<S>>(from, low);
                            low.unzip(load::<T::Acc, <T::Acc as Real>::Vector<S>>(from.wrapping_add(lanes), high)).0
                        }
                    };
                }
                let to = &mut line[piece.at..piece.at + piece.len];
                // SAFETY: `to` has `piece.len` elements.
                unsafe {
                    if piece.len == lanes { value.store(to.as_mut_ptr()) } else { value.store_first(to.as_mut_ptr(), piece.len) }
                }
            }
        }
    }
}

/// Some lanes of a register that begins at `from`.
///
/// # Safety
/// `from` must be valid for reading at these lanes.
#[inline(always)]
unsafe fn load<R, V: Vector<R>>(from: *const R, lanes: Range<usize>) -> V {
    // SAFETY: by the caller's word.
    unsafe { if lanes.len() == V::LANES { V::load(from) } else { V::load_part(from, lanes) } }
}

/// The forward function as one product for each group: weights times patches.
pub fn forward<T: Floating>(geometry: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>, out: &mut [T]) {
    products(geometry, x, weights_of(geometry, w), bias, out);
}

/// The weights of each group as an operand.
pub fn weights_of<'a, T: Floating>(geometry: &Geometry, w: &'a [T]) -> impl Fn(usize) -> Strided<'a, T> {
    let size = (geometry.group_out(), geometry.depth());
    move |group| {
        let weights = &w[group * size.0 * size.1..][..size.0 * size.1];
        Strided::left(ArrayView2::from_shape(size, weights).expect("a weight for every tap"))
    }
}

/// [`forward`] with the weights of each group as an operand.
pub fn products<T: Floating, W: Operand<T::Acc>>(
    geometry: &Geometry,
    x: &[T],
    weights: impl Fn(usize) -> W,
    bias: Option<&[T]>,
    out: &mut [T],
) {
    if direct::fits::<T>(geometry) {
        return direct::products(geometry, x, weights, &Epilogue::bias(bias), out);
    }
    let (channels, depth, positions) = (geometry.group_out(), geometry.depth(), geometry.positions());
    let size = Size { rows: channels, columns: geometry.batch * positions, depth };
    if size.columns == 0 {
        return;
    }
    if geometry.windows.iter().all(Window::is_pointwise) && positions == geometry.plane() {
        return pointwise(geometry, x, weights, bias, out);
    }
    for group in 0..geometry.groups {
        let first = out[group * channels * positions..].as_mut_ptr();
        let apart = (geometry.out_channels * positions) as isize;
        let output = Output { group: apart, ..Output::rows(first, positions) };
        let patches = Patches::new(geometry, x, group);
        let start = group_start(bias, group * channels..(group + 1) * channels);
        // SAFETY: the output describes the channels of this group in every image of `out`, which is borrowed mutably.
        unsafe { multiply(size, T::Acc::from_usize(1), (&weights(group), &patches), start, output) };
    }
}

/// [`products`] where patches are the channels' elements themselves: a product for each image.
fn pointwise<T: Floating, W: Operand<T::Acc>>(
    geometry: &Geometry,
    x: &[T],
    weights: impl Fn(usize) -> W,
    bias: Option<&[T]>,
    out: &mut [T],
) {
    let (inner, outer, positions) = (geometry.group_in(), geometry.group_out(), geometry.positions());
    let size = Size { rows: outer, columns: positions, depth: inner };
    let streams = stream::worthwhile(size_of_val(x) + size_of_val(out));
    for group in 0..geometry.groups {
        let weights = weights(group);
        let start = group_start(bias, group * outer..(group + 1) * outer);
        for image in 0..geometry.batch {
            let from = (image * geometry.in_channels + group * inner) * positions;
            let x = ArrayView2::from_shape((inner, positions), &x[from..][..inner * positions]).expect("whole planes");
            let to = (image * geometry.out_channels + group * outer) * positions;
            let output = Output::rows(out[to..][..outer * positions].as_mut_ptr(), positions);
            let output = if streams { output.streaming() } else { output };
            // SAFETY: the output is the image's channels of this group, which are borrowed mutably.
            unsafe { multiply(size, T::Acc::from_usize(1), (&weights, &Strided::right(x)), start, output) };
        }
    }
}
