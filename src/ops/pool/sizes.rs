//! The windows of a pooling, checked, and the shapes they make.

use crate::array::Storage;
use crate::error::Result;
use crate::kernels::pool::{Geometry, Span};
use crate::shape::window::Window;
use crate::shape::{Bracketed, Dims, checked_numel, numel};

/// Refuses outputs beyond counting, and positions along the last `rank` axes whose spans could not be listed.
fn check_room(output: &[usize], rank: usize) -> Result<()> {
    checked_numel(output)?;
    let positions = output[output.len() - rank..].iter().fold(0usize, |sum, &size| sum.saturating_add(size));
    Storage::probe(positions, size_of::<Span>())
}

/// Sliding windows as a caller gives them: one number for all axes, or one for each.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Elements under a window along each axis.
    pub kernel: &'a [isize],
    /// Elements from one window to the next; empty for the size of the window.
    pub stride: &'a [isize],
    /// Padding on both sides.
    pub padding: &'a [isize],
    /// Elements from one tap to the next.
    pub dilation: &'a [isize],
    /// Whether a last window may hang over the end.
    pub ceil_mode: bool,
}

/// The windows of a pooling over the last axes of its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Windows {
    /// Windows that slide: for each axis kernel, stride, padding, dilation.
    Sliding {
        /// One for each axis; `input` is not yet known.
        axes: Vec<Window>,
        /// Whether a last window may hang over the end.
        ceil_mode: bool,
    },
    /// Windows that cover each axis, so many along each.
    Adaptive(Dims),
}

impl Windows {
    /// Sliding windows over `rank` axes.
    pub fn sliding(name: &str, rank: usize, options: Options<'_>) -> Result<Self> {
        let per_axis = |what: &str, values: &[isize], least: isize| -> Result<Dims> {
            crate::ensure!(
                values.len() == rank || values.len() == 1,
                Runtime,
                "{name}: expected {what} to be one integer or {rank} of them, got {}",
                Bracketed(values)
            );
            crate::ensure!(
                values.iter().all(|&value| value >= least),
                Runtime,
                "{name}: expected every {what} to be at least {least}, got {}",
                Bracketed(values)
            );
            Ok((0..rank).map(|axis| values[if values.len() == 1 { 0 } else { axis }] as usize).collect())
        };
        let kernel = per_axis("kernel_size", options.kernel, 1)?;
        let stride = if options.stride.is_empty() { kernel.clone() } else { per_axis("stride", options.stride, 1)? };
        let padding = per_axis("padding", options.padding, 0)?;
        let dilation = per_axis("dilation", options.dilation, 1)?;
        let window = |axis: usize| Window {
            input: 0,
            kernel: kernel[axis],
            stride: stride[axis],
            dilation: dilation[axis],
            pad_before: padding[axis],
            pad_after: padding[axis],
        };
        let axes: Vec<Window> = (0..rank).map(window).collect();
        for window in &axes {
            crate::ensure!(
                window.pad_before <= window.span() / 2,
                Runtime,
                "{name}: expected padding of at most half the (dilated) kernel size, got padding {} for kernel size {}",
                window.pad_before,
                window.kernel
            );
        }
        Ok(Windows::Sliding { axes, ceil_mode: options.ceil_mode })
    }

    /// `rank` adaptive outputs.
    pub fn adaptive(name: &str, rank: usize, output: &[isize]) -> Result<Self> {
        crate::ensure!(
            output.len() == rank || output.len() == 1,
            Runtime,
            "{name}: expected output_size to be one integer or {rank} of them, got {}",
            Bracketed(output)
        );
        crate::ensure!(
            output.iter().all(|&size| size >= 0),
            Runtime,
            "{name}: expected output_size to have no negative element, got {}",
            Bracketed(output)
        );
        let size = |axis: usize| output[if output.len() == 1 { 0 } else { axis }] as usize;
        Ok(Windows::Adaptive((0..rank).map(size).collect()))
    }

    /// Axes that are pooled.
    pub fn rank(&self) -> usize {
        match self {
            Windows::Sliding { axes, .. } => axes.len(),
            Windows::Adaptive(output) => output.len(),
        }
    }

    /// The geometry over an input of some shape, and the shape of the output.
    pub fn over(&self, name: &str, shape: &[usize]) -> Result<(Geometry, Dims)> {
        let rank = self.rank();
        crate::ensure!(
            shape.len() == rank + 1 || shape.len() == rank + 2,
            Runtime,
            "{name}: expected an input of {} (unbatched) or {} (batched) dimensions, got {} (shape {})",
            rank + 1,
            rank + 2,
            shape.len(),
            Bracketed(shape)
        );
        let (lead, spatial) = shape.split_at(shape.len() - rank);
        crate::ensure!(
            shape[shape.len() - rank - 1..].iter().all(|&size| size > 0),
            Runtime,
            "{name}: expected an input with no empty dimension but the batch, got shape {}",
            Bracketed(shape)
        );
        let planes = numel(lead);
        let mut out = Dims::from_slice(lead);
        let geometry = match self {
            Windows::Sliding { axes, ceil_mode } => {
                let windows: Vec<Window> =
                    axes.iter().zip(spatial).map(|(window, &input)| Window { input, ..*window }).collect();
                for window in &windows {
                    let len = window.output_len(*ceil_mode).filter(|&len| len > 0);
                    out.push(len.ok_or_else(|| {
                        crate::error!(
                            Runtime,
                            "{name}: expected a window no larger than the padded input, got a window that spans {} over {} \
                             (input shape {}): the output would be empty",
                            window.span(),
                            window.padded(),
                            Bracketed(shape)
                        )
                    })?);
                }
                check_room(&out, rank)?;
                Geometry::sliding(planes, &windows, *ceil_mode)
            }
            Windows::Adaptive(output) => {
                out.extend(output.iter().copied());
                check_room(&out, rank)?;
                let sizes: Vec<_> = spatial.iter().copied().zip(output.iter().copied()).collect();
                Geometry::adaptive(planes, &sizes)
            }
        };
        Ok((geometry, out))
    }
}
