//! Input gradients as convolutions over output gradients, one for each remainder of the input's places modulo the stride.
//!
//! An element of the input at `y` got its gradient from the output positions `o` with `o * stride + tap - pad = y`. Elements of
//! one remainder modulo the stride meet the same taps, every `stride`-th one, and their positions follow each other: that is a
//! convolution of stride 1 with the taps turned around. With a stride of 1 there is one remainder and all taps.

use std::ops::Range;

use ndarray::ArrayView2;

use super::super::float::{Floating, Real};
use super::super::gemm::operand::{Operand, Strided};
use super::super::lanes::{Vector, prefetch, transpose};
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::channels::{self, Places};
use super::weighted::{self, Form, Weights, form, group_len};
use super::{Epilogue, Geometry};
use crate::shape::window::Window;

/// Rows from one that is packed to one that is asked for.
const AHEAD: usize = 8;

/// One remainder along one axis.
#[derive(Clone, Copy, Debug)]
struct Phase {
    /// The remainder.
    first: usize,
    /// The taps, from this one on, a stride apart.
    taps: usize,
    /// The window over output gradients; without taps, none.
    window: Option<Window>,
    /// Elements of the input with the remainder.
    len: usize,
}

/// The phases of an axis; `None` where padding is wider than the window.
fn phases(window: &Window, output: usize) -> Option<Vec<Phase>> {
    let stride = window.stride;
    let one = |first: usize| {
        let len = window.input.saturating_sub(first).div_ceil(stride);
        let taps = (first + window.pad_before) % stride;
        let count = window.kernel.saturating_sub(taps).div_ceil(stride);
        if count == 0 {
            return Some(Phase { first, taps, window: None, len });
        }
        // The last tap's position lies `dilation` times as many taps before the first one's.
        let reach = (count - 1) * window.dilation;
        let pad_before = reach.checked_sub((first + window.pad_before) / stride)?;
        let sub = Window { dilation: window.dilation, pad_before, ..Window::new(output, count) };
        Some(Phase { first, taps, window: Some(sub), len })
    };
    (0..stride.min(window.input)).map(one).collect()
}

/// The phases of both axes, if [`input_gradient`] is the way to go.
fn of<T: Floating>(geometry: &Geometry) -> Option<[Vec<Phase>; 2]> {
    let [first, second, third] = &geometry.windows;
    let plain = [second, third].into_iter().all(|window| window.stride == 1 || window.dilation == 1);
    if *first != Window::unit() || !plain || !channels::applies::<T>(&exchanged(geometry)) {
        return None;
    }
    // A plain product may be better.
    if geometry.flattened().is_some() && !channels::fits::<T>(&exchanged(geometry)) {
        return None;
    }
    Some([phases(second, geometry.output[1])?, phases(third, geometry.output[2])?])
}

/// Whether [`input_gradient`] is the way to go.
pub fn fits<T: Floating>(geometry: &Geometry) -> bool {
    of::<T>(geometry).is_some()
}

/// The geometry with its channels exchanged.
fn exchanged(geometry: &Geometry) -> Geometry {
    Geometry { in_channels: geometry.out_channels, out_channels: geometry.in_channels, ..geometry.clone() }
}

/// One phase as a convolution over output gradients.
struct Part {
    turned: Geometry,
    places: Places,
    /// Its taps, in the order of the weights.
    taps: Vec<usize>,
}

/// The phases that have taps.
fn parts(geometry: &Geometry, [rows, columns]: &[Vec<Phase>; 2]) -> Vec<Part> {
    let [_, down, across] = &geometry.windows;
    let mut parts = Vec::with_capacity(rows.len() * columns.len());
    for row in rows {
        for column in columns {
            let (Some(second), Some(third)) = (row.window, column.window) else { continue };
            let turned = Geometry {
                windows: [Window::unit(), second, third],
                output: [1, row.len, column.len],
                ..exchanged(geometry)
            };
            let places = Places {
                plane: geometry.plane(),
                first: row.first * across.input + column.first,
                steps: [down.stride * across.input, across.stride],
            };
            let taps = (row.taps..down.kernel)
                .step_by(down.stride)
                .flat_map(|i| (column.taps..across.kernel).step_by(across.stride).map(move |j| i * across.kernel + j));
            parts.push(Part { turned, places, taps: taps.collect() });
        }
    }
    parts
}

/// `dx` from output gradients `g` and weights `w`, plus `bias` for each input channel.
///
/// # Panics
/// Unless the geometry [`fits`].
pub fn input_gradient<T: Floating>(geometry: &Geometry, g: &[T], w: &[T], bias: Option<&[T]>, dx: &mut [T]) {
    let phases = of::<T>(geometry).expect("the chooser has asked");
    if phases.iter().flatten().any(|phase| phase.window.is_none()) {
        fill_planes(geometry, bias, dx);
    }
    let parts = parts(geometry, &phases);
    if parts.iter().all(|part| form::<T>(&part.turned, part.places, false) == Form::Panels) {
        return all_parts(geometry, &parts, (g, w), bias, dx);
    }
    let count = geometry.group_out() * geometry.depth();
    for Part { turned, places, taps } in &parts {
        let (taps, form) = (places_of_taps([&taps[..]], geometry.group_out()), form::<T>(turned, *places, false));
        with_scratch::<T::Acc, _>(group_len::<T>(turned, form), |packed| {
            for group in 0..geometry.groups {
                let source = &Exchanged { geometry, taps: &taps, w: &w[group * count..][..count] };
                weighted::pack::<T>(turned, form, (source, true), packed);
                let weights = Weights { form, packed, turned: true, source };
                weighted::products(turned, g, (group, weights), &Epilogue::bias(bias), (*places, &mut *dx));
            }
        });
    }
}

/// [`input_gradient`] by registers. The weights of all phases are packed at once, as each of them is read but once.
fn all_parts<T: Floating>(geometry: &Geometry, parts: &[Part], (g, w): (&[T], &[T]), bias: Option<&[T]>, dx: &mut [T]) {
    let taps = places_of_taps(parts.iter().map(|part| &part.taps[..]), geometry.group_out());
    let size = (geometry.group_in(), geometry.group_out() * taps.len());
    let count = geometry.group_out() * geometry.depth();
    with_scratch::<T::Acc, _>(channels::packed_len::<T::Acc>(size.0, size.1), |packed| {
        for group in 0..geometry.groups {
            channels::pack(&Exchanged { geometry, taps: &taps, w: &w[group * count..][..count] }, size, packed);
            let mut first = 0;
            for Part { turned, places, .. } in parts {
                let weights = channels::Weights { packed, turned: true, first };
                channels::products(turned, g, (group, weights), &Epilogue::bias(bias), (*places, &mut *dx));
                first += turned.depth();
            }
        }
    });
}

/// A tap, and where its weights lie in a panel: the row of the first output channel, and rows to the next one's.
#[derive(Clone, Copy)]
struct Tap {
    tap: usize,
    row: usize,
    step: usize,
}

/// Where the taps of some phases lie, for so many output channels: one phase after the other, as if a panel was for this one alone.
fn places_of_taps<'a>(phases: impl IntoIterator<Item = &'a [usize]>, outputs: usize) -> Vec<Tap> {
    let mut list = Vec::new();
    for taps in phases {
        let first = list.len() * outputs;
        list.extend(taps.iter().enumerate().map(|(at, &tap)| Tap { tap, row: first + at, step: taps.len() }));
    }
    list
}

/// Sets every element to the bias of its channel.
fn fill_planes<T: Floating>(geometry: &Geometry, bias: Option<&[T]>, dx: &mut [T]) {
    let plane = geometry.plane();
    parallel::for_each_chunk_mut(dx, plane.max(1), plane, |at, to| {
        to.fill(bias.map_or(T::default(), |bias| bias[at % geometry.in_channels]));
    });
}

/// The weights `[outputs, channels, taps]` as an operand: lanes: channels; depth: outputs and some of their taps. Those of several
/// phases are packed for all outputs at once.
struct Exchanged<'a, T> {
    geometry: &'a Geometry,
    taps: &'a [Tap],
    w: &'a [T],
}

impl<T: Floating> Operand<T::Acc> for Exchanged<'_, T> {
    fn pack_panel(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [T::Acc]) {
        let (all, row) = (self.geometry.taps(), self.geometry.depth());
        if all == 1 {
            let weights = ArrayView2::from_shape((self.geometry.group_out(), row), self.w).expect("all weights");
            return Strided::right(weights).pack_panel(depth, lanes, width, panel);
        }
        let count = self.taps.len().max(1);
        assert!(T::IS_REAL && depth.start.is_multiple_of(count) && depth.end.is_multiple_of(count));
        let outputs = depth.start / count..depth.end / count;
        assert!(outputs.len() == self.geometry.group_out() || self.taps.iter().all(|tap| tap.step == count));
        let rows = &self.w[outputs.start * row..outputs.end * row];
        // SAFETY: `IS_REAL` makes both types one.
        let rows = unsafe { std::slice::from_raw_parts(rows.as_ptr().cast::<T::Acc>(), rows.len()) };
        pack_taps((rows, row), (self.taps, all), lanes, width, panel);
    }
}

crate::vectorize! {
    /// Packs some of the `all` taps of each of the channels `lanes`; there is a row of channels for each output channel.
    fn pack_taps[S; R: Real](simd: S, rows: (&[R], usize), taps: (&[Tap], usize), lanes: Range<usize>, width: usize, panel: &mut [R]) {
        let ((rows, row), (taps, all)) = (rows, taps);
        let count = <R::Vector<S> as Vector<R>>::LANES;
        let outputs = rows.len() / row;
        assert!(lanes.end * all <= row && lanes.len() <= width);
        assert!(taps.iter().all(|tap| tap.tap < all && (tap.row + outputs.saturating_sub(1) * tap.step + 1) * width <= panel.len()));
        for (output, weights) in rows.chunks_exact(row).enumerate() {
            // Rows lie far apart: the processor does not see them coming.
            prefetch(weights.as_ptr().wrapping_add(AHEAD * row + lanes.start * all), lanes.len() * all);
            for first in (0..width).step_by(count) {
                for top in (0..all).step_by(count) {
                    let height = count.min(all - top);
                    let mut square = [<R::Vector<S> as Vector<R>>::splat(R::zero()); 16];
                    for (lane, line) in square.iter_mut().enumerate().take(count.min(lanes.len().saturating_sub(first))) {
                        let at = (lanes.start + first + lane) * all + top;
                        // SAFETY: `height` taps of the channel follow, or a whole register of the row.
                        *line = unsafe {
                            let from = weights.as_ptr().add(at);
                            if at + count <= row {
                                <R::Vector<S> as Vector<R>>::load(from)
                            } else {
                                <R::Vector<S> as Vector<R>>::load_part(from, 0..height)
                            }
                        };
                    }
                    transpose::<R, R::Vector<S>>(&mut square);
                    for tap in taps.iter().filter(|tap| (top..top + count).contains(&tap.tap)) {
                        let at = (tap.row + output * tap.step) * width + first;
                        let (line, left) = (square[tap.tap - top], width - first);
                        // SAFETY: `width` numbers of the row lie in the panel, as was asserted.
                        unsafe {
                            let to = panel.as_mut_ptr().add(at);
                            if left >= count { line.store(to) } else { line.store_first(to, left) }
                        }
                    }
                }
            }
        }
    }
}
