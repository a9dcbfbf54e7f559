//! Pooling over one to three axes: maxima and averages over sliding or adaptive windows, and their gradients.
//!
//! Inputs are contiguous `[planes, spatial]` (batch and channels in one axis), outputs `[planes, positions]`; fewer than three
//! spatial axes are three with units in front. Windows of either kind become one [`Span`] for each output position and axis,
//! so that each kernel exists once.
#![allow(unsafe_code)]

mod average;
pub mod fractional;
mod lanes;
mod max;
mod pairs;
mod rows;

pub use average::{Divisor, average, average_gradient};
pub use max::{max, put_at, take_at};

use crate::shape::window::Window;

/// The elements of one axis under the window at one position: `start`, `start + step`, ..., `count` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first element.
    pub start: usize,
    /// The number of elements.
    pub count: usize,
    /// Elements from one to the next.
    pub step: usize,
    /// Taps of the window that lie on elements or padding (a window may hang over the padding's end).
    pub padded: usize,
}

impl Span {
    /// The elements.
    #[inline(always)]
    pub fn elements(&self) -> impl Iterator<Item = usize> + use<> {
        let Span { start, step, .. } = *self;
        (0..self.count).map(move |at| start + at * step)
    }
}

/// The sizes of a pooling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Channels of all images.
    pub planes: usize,
    /// Elements along each axis.
    pub input: [usize; 3],
    /// The windows along each axis, one for each position.
    pub axes: [Vec<Span>; 3],
}

impl Geometry {
    /// Windows that slide.
    pub fn sliding(planes: usize, windows: &[Window], ceil_mode: bool) -> Self {
        let mut all = [Window::unit(); 3];
        all[3 - windows.len()..].copy_from_slice(windows);
        let span = |window: &Window, at: usize| {
            let (taps, start) = window.taps(at);
            let reach = (window.padded() - at * window.stride).div_ceil(window.dilation);
            Span { start, count: taps.len(), step: window.dilation, padded: window.kernel.min(reach) }
        };
        let spans = |window: &Window| {
            let positions = window.output_len(ceil_mode).unwrap_or(0);
            (0..positions).map(|at| span(window, at)).collect::<Vec<_>>()
        };
        Geometry { planes, input: all.map(|window| window.input), axes: all.each_ref().map(spans) }
    }

    /// Windows of about equal length that cover each axis: position `i` of `o` covers `floor(i n / o)..ceil((i + 1) n / o)`.
    pub fn adaptive(planes: usize, sizes: &[(usize, usize)]) -> Self {
        let mut all = [(1, 1); 3];
        all[3 - sizes.len()..].copy_from_slice(sizes);
        let spans = |&(input, output): &(usize, usize)| {
            let span = |at: usize| {
                let (start, end) = (at * input / output, ((at + 1) * input).div_ceil(output));
                Span { start, count: end - start, step: 1, padded: end - start }
            };
            (0..output).map(span).collect::<Vec<_>>()
        };
        Geometry { planes, input: all.map(|(input, _)| input), axes: all.each_ref().map(spans) }
    }

    /// Positions along each axis.
    pub fn output(&self) -> [usize; 3] {
        self.axes.each_ref().map(Vec::len)
    }

    /// Elements of a plane.
    pub fn plane(&self) -> usize {
        self.input.iter().product()
    }

    /// Positions of a plane.
    pub fn positions(&self) -> usize {
        self.axes.iter().map(Vec::len).product()
    }

    /// Elements under the largest window: the work of one output.
    fn work(&self) -> usize {
        self.axes.iter().map(|spans| spans.iter().map(|span| span.count).max().unwrap_or(0)).product()
    }

    /// Calls `body(position, [spans])` for every position of a plane, in order.
    #[inline(always)]
    fn for_each_position(&self, mut body: impl FnMut(usize, [&Span; 3])) {
        let mut at = 0;
        for first in &self.axes[0] {
            for second in &self.axes[1] {
                for third in &self.axes[2] {
                    body(at, [first, second, third]);
                    at += 1;
                }
            }
        }
    }

    /// Calls `body(element)`, an offset into a plane, for every element under a window, in order.
    #[inline(always)]
    fn for_each_element(&self, [first, second, third]: [&Span; 3], mut body: impl FnMut(usize)) {
        for upper in first.elements() {
            for lower in second.elements() {
                let row = (upper * self.input[1] + lower) * self.input[2];
                for element in third.elements() {
                    body(row + element);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
