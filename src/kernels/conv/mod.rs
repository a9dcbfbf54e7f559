//! Convolution over one to three axes, forward and both gradients.
//!
//! Tensors are contiguous slices: inputs `[batch, in_channels, spatial]`, outputs `[batch, out_channels, spatial]`, weights
//! `[out_channels, in_channels / groups, kernel]`. Fewer than three axes are three with units in front. This file holds the
//! geometry and chooses the algorithm; a transposed convolution is [`input_gradient`] read as a forward function.
#![allow(unsafe_code)]

mod channels;
mod depthwise;
mod direct;
mod epilogue;
mod field;
mod gradient;
mod im2col;
mod packed;
mod phases;
mod positions;
mod sampled;
mod scatter;
mod slices;
mod taps;
mod tiled;
mod unfolded;
mod weighted;
mod winograd;

use super::float::Floating;
use super::gemm::Start;
use crate::shape::window::Window;

pub use super::epilogue::{Activation, Epilogue};
pub use gradient::{bias_gradient, input_gradient, weight_gradient};
pub use packed::{Packed, worth_keeping};

/// The sizes of a convolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Images.
    pub batch: usize,
    /// Channels of the input, a multiple of `groups`.
    pub in_channels: usize,
    /// Channels of the output, a multiple of `groups`.
    pub out_channels: usize,
    /// Groups of channels that know nothing of each other.
    pub groups: usize,
    /// The window along each axis, units in front.
    pub windows: [Window; 3],
    /// Positions of the windows along each axis: at most [`Window::output_len`], less only for a transposed convolution whose
    /// output padding exceeds its stride.
    pub output: [usize; 3],
}

impl Geometry {
    /// The geometry of a convolution with one to three windows, all of which fit.
    pub fn new(batch: usize, (in_channels, out_channels): (usize, usize), groups: usize, windows: &[Window]) -> Self {
        debug_assert!(windows.len() <= 3 && groups > 0 && in_channels % groups == 0 && out_channels % groups == 0);
        let mut all = [Window::unit(); 3];
        all[3 - windows.len()..].copy_from_slice(windows);
        let output = all.map(|window| window.output_len(false).unwrap_or(0));
        Geometry { batch, in_channels, out_channels, groups, windows: all, output }
    }

    /// Input channels of a group.
    pub fn group_in(&self) -> usize {
        self.in_channels / self.groups
    }

    /// Output channels of a group.
    pub fn group_out(&self) -> usize {
        self.out_channels / self.groups
    }

    /// Taps of the kernel.
    pub fn taps(&self) -> usize {
        self.windows.iter().map(|window| window.kernel).product()
    }

    /// Elements of an input channel.
    pub fn plane(&self) -> usize {
        self.windows.iter().map(|window| window.input).product()
    }

    /// Elements of an output channel.
    pub fn positions(&self) -> usize {
        self.output.iter().product()
    }

    /// Numbers that one output is a sum of: the taps of all channels of its group.
    pub fn depth(&self) -> usize {
        self.group_in() * self.taps()
    }

    /// The same convolution with one axis instead of three, if the window takes each element as it is.
    fn flattened(&self) -> Option<Geometry> {
        let pointwise = self.windows.iter().all(Window::is_pointwise) && self.positions() == self.plane();
        pointwise.then(|| Geometry {
            windows: [Window::unit(), Window::unit(), Window::new(self.plane(), 1)],
            output: [1, 1, self.plane()],
            ..self.clone()
        })
    }

    /// The convolution over output gradients that computes input gradients, with the kernel turned around: for strides of 1
    /// and padding no wider than the window.
    fn turned(&self) -> Option<Geometry> {
        let mut turned = Geometry {
            in_channels: self.out_channels,
            out_channels: self.in_channels,
            output: self.windows.map(|window| window.input),
            ..self.clone()
        };
        for (window, output) in turned.windows.iter_mut().zip(self.output) {
            if window.stride != 1 {
                return None;
            }
            // With `output` given, what lies behind the last element needs no count.
            let pad_before = (window.span() - 1).checked_sub(window.pad_before)?;
            *window = Window { input: output, pad_before, pad_after: 0, ..*window };
        }
        Some(turned)
    }
}

/// How a convolution, or one of its gradients, is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Each element for itself: a matrix product on the channels, nothing unfolded.
    Pointwise,
    /// One input channel to a group, or one channel in all and rows that fill registers: sums of shifted rows.
    Depthwise,
    /// A matrix product with patches, which are unfolded while they are packed.
    Patches,
    /// Input gradients only: a matrix product whose result is added to the taps' places.
    Scatter,
}

/// The algorithm of the forward function and of the weight gradient.
pub fn forward_algorithm(geometry: &Geometry) -> Algorithm {
    if geometry.group_in() == 1 && geometry.groups > 1 || depthwise::fits_one_channel(geometry) {
        Algorithm::Depthwise
    } else if geometry.flattened().is_some() {
        Algorithm::Pointwise
    } else {
        Algorithm::Patches
    }
}

/// The algorithm of the input gradient.
///
/// As a convolution it unfolds the taps of all output channels and uses each for the input channels; scattered, it computes
/// the taps of all input channels from the output channels. Whichever side has fewer channels decides.
pub fn input_gradient_algorithm(geometry: &Geometry) -> Algorithm {
    match forward_algorithm(geometry) {
        Algorithm::Pointwise => Algorithm::Pointwise,
        Algorithm::Depthwise if geometry.groups > 1 => Algorithm::Depthwise,
        _ if geometry.turned().is_none() || geometry.group_in() < geometry.group_out() => Algorithm::Scatter,
        _ => Algorithm::Patches,
    }
}

/// `out = x * w + bias`: `x: [batch, in_channels, plane]`, `w: [out_channels, in_channels / groups, taps]`, `bias: [out_channels]`,
/// `out: [batch, out_channels, positions]`, all contiguous.
///
/// ```
/// use rsnn::kernels::conv::{Geometry, forward};
/// use rsnn::shape::window::Window;
///
/// let geometry = Geometry::new(1, (1, 1), 1, &[Window::new(4, 2)]);
/// let mut out = [0.0f32; 3];
/// forward(&geometry, &[1.0, 2.0, 4.0, 8.0], &[-1.0, 1.0], Some(&[0.5]), &mut out);
/// assert_eq!(out, [1.5, 2.5, 4.5]);
/// ```
pub fn forward<T: Floating>(geometry: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>, out: &mut [T]) {
    forward_with(geometry, x, w, &Epilogue::bias(bias), out);
}

/// [`forward`] with a residual and an activation besides the bias: `out = activation(x * w + bias + residual)`, finished part by
/// part while it is in the cache.
///
/// ```
/// use rsnn::kernels::conv::{Activation, Epilogue, Geometry, forward_with};
/// use rsnn::shape::window::Window;
///
/// let geometry = Geometry::new(1, (1, 1), 1, &[Window::new(4, 2)]);
/// let epilogue = Epilogue { bias: Some(&[0.5]), residual: Some(&[0.0, -9.0, 4.0]), activation: Activation::Relu6 };
/// let mut out = [0.0f32; 3];
/// forward_with(&geometry, &[1.0, 2.0, 4.0, 8.0], &[-1.0, 1.0], &epilogue, &mut out);
/// assert_eq!(out, [1.5, 0.0, 6.0]);
/// ```
pub fn forward_with<T: Floating>(geometry: &Geometry, x: &[T], w: &[T], epilogue: &Epilogue<'_, T>, out: &mut [T]) {
    debug_assert_eq!(x.len(), geometry.batch * geometry.in_channels * geometry.plane());
    debug_assert_eq!(w.len(), geometry.out_channels * geometry.depth());
    debug_assert_eq!(out.len(), geometry.batch * geometry.out_channels * geometry.positions());
    debug_assert!(epilogue.residual.is_none_or(|residual| residual.len() == out.len()));
    if let Some(dense) = slices::of::<T>(geometry) {
        return slices::forward((geometry, &dense), x, epilogue, out, |geometry, x, epilogue, out| {
            forward_with(geometry, x, w, epilogue, out);
        });
    }
    if let Some(dense) = sampled::of::<T>(geometry) {
        return sampled::forward((geometry, &dense), x, epilogue, out, |geometry, x, epilogue, out| {
            forward_with(geometry, x, w, epilogue, out);
        });
    }
    match forward_algorithm(geometry) {
        Algorithm::Depthwise => depthwise::forward(geometry, x, w, epilogue, out),
        _ if packed::applies::<T>(geometry) => packed::forward(geometry, x, w, epilogue, out),
        _ if direct::fits::<T>(geometry) => {
            direct::products(geometry, x, im2col::weights_of(geometry, w), epilogue, out);
        }
        _ => {
            let flat = geometry.flattened();
            im2col::forward(flat.as_ref().unwrap_or(geometry), x, w, epilogue.bias, out);
            (0..geometry.groups).for_each(|group| epilogue.finish_group(geometry, group, out));
        }
    }
}

/// What the outputs of a group of channels start from.
fn group_start<T>(bias: Option<&[T]>, channels: std::ops::Range<usize>) -> Start<'_, T> {
    bias.map_or(Start::Zero, |bias| Start::RowBias(&bias[channels]))
}

#[cfg(test)]
mod large_tests;
#[cfg(test)]
mod small_tests;
#[cfg(test)]
mod tests;
