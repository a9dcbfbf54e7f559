//! Input gradients as convolutions over output gradients, one for each remainder of the input's places modulo the stride.
//!
//! An element of the input at `y` got its gradient from the output positions `o` with `o * stride + tap - pad = y`. Elements of
//! one remainder modulo the stride meet the same taps, every `stride`-th one, and their positions follow each other: that is a
//! convolution of stride 1 with the taps turned around. With a stride of 1 there is one remainder and all taps.

use std::ops::Range;

use ndarray::ArrayView2;

use super::super::float::{Floating, Real};
use super::super::gemm::operand::{Operand, Strided};
use super::super::lanes::prefetch;
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::Geometry;
use super::channels::{self, Places};
use super::weighted::{self, Weights, group_len};
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

/// `dx` from output gradients `g` and weights `w`, plus `bias` for each input channel.
///
/// # Panics
/// Unless the geometry [`fits`].
pub fn input_gradient<T: Floating>(geometry: &Geometry, g: &[T], w: &[T], bias: Option<&[T]>, dx: &mut [T]) {
    let [rows, columns] = of::<T>(geometry).expect("the chooser has asked");
    let idle = rows.iter().chain(&columns).any(|phase| phase.window.is_none());
    if idle {
        fill_planes(geometry, bias, dx);
    }
    for row in &rows {
        for column in &columns {
            let (Some(second), Some(third)) = (row.window, column.window) else { continue };
            let turned = Geometry {
                windows: [Window::unit(), second, third],
                output: [1, row.len, column.len],
                ..exchanged(geometry)
            };
            let [_, down, across] = geometry.windows;
            let places = Places {
                plane: geometry.plane(),
                first: row.first * across.input + column.first,
                steps: [down.stride * across.input, across.stride],
            };
            one_phase(geometry, &turned, [row.taps, column.taps], (g, w), bias, (places, dx));
        }
    }
}

/// The elements of one phase.
fn one_phase<T: Floating>(
    geometry: &Geometry,
    turned: &Geometry,
    taps: [usize; 2],
    (g, w): (&[T], &[T]),
    bias: Option<&[T]>,
    (places, dx): (Places, &mut [T]),
) {
    let count = geometry.group_out() * geometry.depth();
    with_scratch::<T::Acc, _>(group_len::<T>(turned), |packed| {
        for group in 0..geometry.groups {
            let source = &Exchanged { geometry, turned, taps, w: &w[group * count..][..count] };
            weighted::pack::<T>(turned, source, packed);
            let weights = Weights { packed, turned: true, source };
            weighted::products(turned, g, (group, weights), bias, (places, &mut *dx));
        }
    });
}

/// Sets every element to the bias of its channel.
fn fill_planes<T: Floating>(geometry: &Geometry, bias: Option<&[T]>, dx: &mut [T]) {
    let plane = geometry.plane();
    parallel::for_each_chunk_mut(dx, plane.max(1), plane, |at, to| {
        to.fill(bias.map_or(T::default(), |bias| bias[at % geometry.in_channels]));
    });
}

/// The weights `[outputs, channels, taps]` of a phase as an operand: lanes: channels; depth: outputs and their taps.
struct Exchanged<'a, T> {
    geometry: &'a Geometry,
    turned: &'a Geometry,
    /// The first taps.
    taps: [usize; 2],
    w: &'a [T],
}

impl<T: Floating> Operand<T::Acc> for Exchanged<'_, T> {
    fn pack_panel(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [T::Acc]) {
        let [_, down, across] = &self.geometry.windows;
        let [_, second, third] = &self.turned.windows;
        let (channels, all, row) = (self.geometry.group_in(), self.geometry.taps(), self.geometry.depth());
        if all == 1 {
            let weights = ArrayView2::from_shape((self.geometry.group_out(), row), self.w).expect("all weights");
            return Strided::right(weights).pack_panel(depth, lanes, width, panel);
        }
        let count = second.kernel * third.kernel;
        debug_assert!(depth.start.is_multiple_of(count) && depth.end.is_multiple_of(count));
        let rows = self.w[depth.start / count * row..depth.end / count * row].chunks_exact(row);
        for (weights, part) in rows.zip(panel.chunks_exact_mut(count * width)) {
            // Rows lie far apart: the processor does not see them coming.
            prefetch(weights.as_ptr().wrapping_add(AHEAD * row + lanes.start * all), lanes.len() * all);
            if count == all {
                let weights = ArrayView2::from_shape((channels, all), weights).expect("a weight for every tap");
                Strided::left(weights).pack_panel(0..all, lanes.clone(), width, part);
                continue;
            }
            let taps = (0..second.kernel).flat_map(|i| (0..third.kernel).map(move |j| [i, j]));
            for ([i, j], line) in taps.zip(part.chunks_exact_mut(width)) {
                let tap = (self.taps[0] + i * down.stride) * across.kernel + self.taps[1] + j * across.stride;
                let from = weights[lanes.start * all + tap..].iter().step_by(all);
                let (line, rest) = line.split_at_mut(lanes.len());
                for (to, &weight) in line.iter_mut().zip(from) {
                    *to = weight.to_acc();
                }
                rest.fill(T::Acc::from_usize(0));
            }
        }
    }
}
