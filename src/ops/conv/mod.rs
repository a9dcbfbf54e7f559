//! Convolutions over one to three axes, transposed or not, of batches or single images.
//!
//! A convolution is linear in its input and in its weight. It and its two gradients are one family ([`product`]): each is
//! linear in two of the three tensors, and the gradient of any one is made of the other two, to any order.

mod check;
mod product;

use crate::autograd::{Tensor, apply};
use crate::error::Result;
use crate::ops::view;
use crate::shape::Dims;
use check::Call;
use product::{Forward, InputGradient};

/// What a convolution is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The function, for messages: `conv2d`, `conv_transpose1d`.
    pub name: &'static str,
    /// Spatial axes, one to three.
    pub rank: usize,
    /// Elements from one position to the next, along each axis.
    pub stride: Dims,
    /// Padding before and after each axis.
    pub padding: Vec<(usize, usize)>,
    /// Elements from one tap to the next, along each axis.
    pub dilation: Dims,
    /// Groups of channels that know nothing of each other.
    pub groups: usize,
}

/// How much is padded.
#[derive(Clone, Copy, Debug)]
pub enum Padding<'a> {
    /// So much on both sides of each axis.
    Symmetric(&'a [isize]),
    /// So that the output is as long as the input.
    Same,
}

/// Attributes as a caller gives them: one number for all axes, or one for each.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// See [`Attributes`].
    pub stride: &'a [isize],
    /// See [`Padding`].
    pub padding: Padding<'a>,
    /// See [`Attributes`].
    pub dilation: &'a [isize],
    /// See [`Attributes`].
    pub groups: isize,
}

/// `conv1d`, `conv2d`, `conv3d`: `x` is `[n, c, spatial]` or `[c, spatial]`, `weight` is `[o, c / groups, kernel]`, `bias` is `[o]`.
///
/// # Errors
/// `RuntimeError` where ranks, sizes, dtypes or attributes do not fit.
pub fn conv(rank: usize, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, options: Options<'_>) -> Result<Tensor> {
    let name = ["conv1d", "conv2d", "conv3d"][rank - 1];
    let call = Call { name, rank, x: &x.shape(), weight: &weight.shape(), bias: bias.map(Tensor::shape) };
    let attributes = call.attributes(options)?;
    call.check_sizes(&attributes)?;
    check::dtypes(name, x, weight, bias)?;
    batched(rank, x, |x| match bias {
        Some(bias) => apply(Forward { attributes }, &[x, weight, bias]),
        None => apply(Forward { attributes }, &[x, weight]),
    })
}

/// `conv_transpose1d`, `conv_transpose2d`, `conv_transpose3d`: the input gradient of a convolution as a function of its own.
/// `x` is `[n, c, spatial]` or `[c, spatial]`, `weight` is `[c, o / groups, kernel]`, `bias` is `[o]`.
///
/// # Errors
/// As for [`conv`].
pub fn conv_transpose(
    rank: usize,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    options: Options<'_>,
    output_padding: &[isize],
) -> Result<Tensor> {
    let name = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"][rank - 1];
    let call = Call { name, rank, x: &x.shape(), weight: &weight.shape(), bias: bias.map(Tensor::shape) };
    let attributes = call.attributes(options)?;
    let size = call.check_transposed_sizes(&attributes, output_padding)?;
    check::dtypes(name, x, weight, bias)?;
    batched(rank, x, |x| {
        let op = InputGradient { attributes, size };
        match bias {
            Some(bias) => apply(op, &[x, weight, bias]),
            None => apply(op, &[x, weight]),
        }
    })
}

/// Runs `f` on a batch: on `x`, or on `x` as a batch of one.
fn batched(rank: usize, x: &Tensor, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    if x.ndim() == rank + 2 {
        return f(x);
    }
    view::squeeze(&f(&view::unsqueeze(x, 0)?)?, Some(&[0]))
}
