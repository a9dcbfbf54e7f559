//! What a convolution asks of its arguments.

use super::{Attributes, Options, Padding};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::shape::window::Window;
use crate::shape::{Bracketed, Dims};

/// Shapes of the arguments of a call.
pub struct Call<'a> {
    pub name: &'static str,
    pub rank: usize,
    pub x: &'a [usize],
    pub weight: &'a [usize],
    pub bias: Option<Dims>,
}

impl Call<'_> {
    /// One number for each axis from one number, or one for each.
    fn per_axis(&self, what: &str, values: &[isize], least: isize) -> Result<Dims> {
        let Call { name, rank, .. } = self;
        crate::ensure!(
            values.len() == *rank || values.len() == 1,
            Runtime,
            "{name}: expected {what} to be one integer or a list of {rank}, got {what}={}",
            Bracketed(values)
        );
        crate::ensure!(
            values.iter().all(|&value| value >= least),
            Runtime,
            "{name}: expected every {what} to be at least {least}, got {what}={}",
            Bracketed(values)
        );
        let value = |axis: usize| values[if values.len() == 1 { 0 } else { axis }] as usize;
        Ok((0..*rank).map(value).collect())
    }

    /// The attributes, checked by themselves.
    pub fn attributes(&self, options: Options<'_>) -> Result<Attributes> {
        let Call { name, rank, .. } = *self;
        crate::ensure!(
            self.weight.len() == rank + 2,
            Runtime,
            "{name}: expected a weight of {} dimensions, got {} (shape {})",
            rank + 2,
            self.weight.len(),
            Bracketed(self.weight)
        );
        crate::ensure!(
            self.x.len() == rank + 1 || self.x.len() == rank + 2,
            Runtime,
            "{name}: expected an input of {} (unbatched) or {} (batched) dimensions, got {} (shape {})",
            rank + 1,
            rank + 2,
            self.x.len(),
            Bracketed(self.x)
        );
        crate::ensure!(
            options.groups > 0,
            Runtime,
            "{name}: expected groups to be greater than 0, got groups={}",
            options.groups
        );
        let stride = self.per_axis("stride", options.stride, 1)?;
        let dilation = self.per_axis("dilation", options.dilation, 1)?;
        let padding = match options.padding {
            Padding::Symmetric(padding) => {
                self.per_axis("padding", padding, 0)?.into_iter().map(|padding| (padding, padding)).collect()
            }
            Padding::Same => {
                crate::ensure!(
                    stride.iter().all(|&stride| stride == 1),
                    Runtime,
                    "{name}: padding='same' is not supported for strided convolutions, got stride={}",
                    Bracketed(&stride)
                );
                let kernel = &self.weight[2..];
                kernel.iter().zip(&dilation).map(|(&kernel, &step)| Window::same_padding(kernel, step)).collect()
            }
        };
        Ok(Attributes { name, rank, stride, padding, dilation, groups: options.groups as usize })
    }

    /// Channels of the input.
    fn channels(&self) -> usize {
        self.x[self.x.len() - self.rank - 1]
    }

    fn check_bias(&self, channels: usize) -> Result<()> {
        let fits = self.bias.as_ref().is_none_or(|bias| bias.as_slice() == [channels]);
        crate::ensure!(
            fits,
            Runtime,
            "{}: expected a bias of 1 dimension with {channels} elements for a weight of size {}, got one of size {}",
            self.name,
            Bracketed(self.weight),
            Bracketed(self.bias.as_deref().unwrap_or(&[]))
        );
        Ok(())
    }

    /// Checks the sizes of a convolution.
    pub fn check_sizes(&self, attributes: &Attributes) -> Result<()> {
        let (name, groups, weight) = (self.name, attributes.groups, self.weight);
        crate::ensure!(
            weight[0] >= groups && weight[0].is_multiple_of(groups),
            Runtime,
            "{name}: expected the weight to be divisible by groups={groups} in dimension 0, got a weight of size {}",
            Bracketed(weight)
        );
        crate::ensure!(
            self.channels() == weight[1] * groups,
            Runtime,
            "{name}: expected input{} to have {} channels for groups={groups} and a weight of size {}, got {}",
            Bracketed(self.x),
            weight[1] * groups,
            Bracketed(weight),
            self.channels()
        );
        self.check_bias(weight[0])?;
        self.check_kernel()?;
        let windows = attributes.windows(&self.x[self.x.len() - self.rank..], &weight[2..]);
        let fits = windows.iter().all(|window| window.output_len(false).is_some());
        let padded: Dims = windows.iter().map(Window::padded).collect();
        let spans: Dims = windows.iter().map(Window::span).collect();
        crate::ensure!(
            fits,
            Runtime,
            "{name}: expected a kernel no larger than the padded input, got a kernel that spans {} over a padded input of {} \
             (input shape {})",
            Bracketed(&spans),
            Bracketed(&padded),
            Bracketed(self.x)
        );
        Ok(())
    }

    fn check_kernel(&self) -> Result<()> {
        crate::ensure!(
            self.weight[2..].iter().all(|&kernel| kernel > 0),
            Runtime,
            "{}: expected a kernel of at least one tap along each axis, got a weight of size {}",
            self.name,
            Bracketed(self.weight)
        );
        Ok(())
    }

    /// Checks the sizes of a transposed convolution; gives those of its output's spatial axes.
    pub fn check_transposed_sizes(&self, attributes: &Attributes, output_padding: &[isize]) -> Result<Dims> {
        let (name, groups, weight) = (self.name, attributes.groups, self.weight);
        let extra = self.per_axis("output_padding", output_padding, 0)?;
        crate::ensure!(
            weight[0] >= groups && weight[0].is_multiple_of(groups),
            Runtime,
            "{name}: expected the weight to be divisible by groups={groups} in dimension 0, got a weight of size {}",
            Bracketed(weight)
        );
        crate::ensure!(
            self.channels() == weight[0],
            Runtime,
            "{name}: expected input{} to have {} channels for a weight of size {}, got {}",
            Bracketed(self.x),
            weight[0],
            Bracketed(weight),
            self.channels()
        );
        self.check_bias(weight[1] * groups)?;
        self.check_kernel()?;
        for (axis, &extra) in extra.iter().enumerate() {
            let (stride, dilation) = (attributes.stride[axis], attributes.dilation[axis]);
            crate::ensure!(
                extra < stride || extra < dilation,
                Runtime,
                "{name}: expected output_padding to be smaller than stride or dilation, got output_padding {extra} for \
                 stride {stride} and dilation {dilation} in spatial dimension {axis}"
            );
        }
        let input = &self.x[self.x.len() - self.rank..];
        let windows = attributes.windows(input, &weight[2..]);
        let sizes = windows.iter().zip(input).zip(&extra).map(|((window, &size), &extra)| {
            let len = window.transposed_len(size, extra).filter(|&len| len > 0);
            len.ok_or_else(|| {
                crate::error!(
                    Runtime,
                    "{name}: expected the output to have at least one element, got input{} with padding and kernel that leave \
                     none",
                    Bracketed(self.x)
                )
            })
        });
        sizes.collect()
    }
}

impl Attributes {
    /// The windows over spatial axes of an input of some size.
    pub fn windows(&self, input: &[usize], kernel: &[usize]) -> Vec<Window> {
        let window = |axis: usize| Window {
            input: input[axis],
            kernel: kernel[axis],
            stride: self.stride[axis],
            dilation: self.dilation[axis],
            pad_before: self.padding[axis].0,
            pad_after: self.padding[axis].1,
        };
        (0..self.rank).map(window).collect()
    }
}

/// Checks that all tensors are of one float type.
pub fn dtypes(name: &str, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<()> {
    for (what, other) in [("weight", Some(weight)), ("bias", bias)] {
        if let Some(other) = other {
            crate::ensure!(
                other.dtype() == x.dtype(),
                Runtime,
                "{name}: expected input and {what} to have the same dtype, got {} and {}",
                x.dtype().name(),
                other.dtype().name()
            );
        }
    }
    crate::ensure!(x.dtype().is_float(), NotImplemented, "{name}: not implemented for '{}'", x.dtype().type_name());
    Ok(())
}
