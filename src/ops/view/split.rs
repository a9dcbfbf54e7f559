//! Several views at once.

use crate::array::{Array, Storage};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, Tensors, apply_many};
use crate::error::Result;
use crate::ops::join;
use crate::shape::{Bracketed, normalize_axis};
use smallvec::smallvec;
use std::borrow::Cow;

/// Pieces of an axis, one after the other.
#[derive(Debug)]
struct Split {
    axis: usize,
    /// Where each piece starts, and how long it is. Pieces of `tensor_split` may overlap.
    pieces: Vec<(usize, usize)>,
    /// The name of its node in the graph.
    node_name: &'static str,
}

/// Gradients of the outputs, zeros where none came.
fn filled(cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Vec<Tensor>> {
    grads
        .iter()
        .enumerate()
        .map(|(i, g)| match g {
            Some(g) => Ok(g.clone()),
            None => Ok(Tensor::new(Array::zeros(cx.output_shape(i), cx.dtype(0))?)),
        })
        .collect()
}

impl Op for Split {
    fn name(&self) -> &'static str {
        "split"
    }
    fn node_name(&self) -> Cow<'static, str> {
        self.node_name.into()
    }
    fn is_view(&self) -> bool {
        true
    }
    fn is_multiple(&self) -> bool {
        true
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let piece =
            |&(start, length): &(usize, usize)| x[0].map_layout(|l| l.slice(self.axis, start, start + length, 1));
        Ok(self.pieces.iter().map(piece).collect())
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        if grads.iter().all(Option::is_none) {
            return Ok(smallvec![None]);
        }
        let grads = filled(cx, grads)?;
        let grads: Vec<&Tensor> = grads.iter().collect();
        Ok(smallvec![Some(join::cat(&grads, self.axis as isize)?)])
    }
}

/// Every index of an axis, as views without it.
#[derive(Debug)]
struct Unbind {
    axis: usize,
}

impl Op for Unbind {
    fn name(&self) -> &'static str {
        "unbind"
    }
    fn is_view(&self) -> bool {
        true
    }
    fn is_multiple(&self) -> bool {
        true
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok((0..x[0].shape()[self.axis]).map(|i| x[0].map_layout(|l| l.select(self.axis, i))).collect())
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        if grads.iter().all(Option::is_none) {
            return Ok(smallvec![None]);
        }
        let grads = filled(cx, grads)?;
        let grads: Vec<&Tensor> = grads.iter().collect();
        Ok(smallvec![Some(join::stack(&grads, self.axis as isize)?)])
    }
}

/// Every index of an axis, as views without it.
///
/// # Errors
/// `IndexError` for an axis out of range.
pub fn unbind(x: &Tensor, axis: isize) -> Result<Tensors> {
    let ndim = x.ndim();
    crate::ensure!(ndim > 0, Index, "unbind: Dimension specified as {axis} but tensor has no dimensions");
    let axis = normalize_axis(axis, ndim)?;
    if x.shape()[axis] == 0 {
        return Ok(Tensors::new());
    }
    apply_many(Unbind { axis }, &[x])
}

fn axis_and_size(op: &str, x: &Tensor, axis: isize) -> Result<(usize, usize)> {
    let shape = x.shape();
    crate::ensure!(!shape.is_empty(), Runtime, "{op} expects at least a 1-dimensional tensor");
    let axis = normalize_axis(axis, shape.len())?;
    Ok((axis, shape[axis]))
}

/// Pieces that follow one another.
fn consecutive(lengths: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut start = 0;
    lengths
        .map(|length| {
            start += length;
            (start - length, length)
        })
        .collect()
}

/// Pieces of `size` along an axis, as views; the last may be shorter.
///
/// # Errors
/// `RuntimeError` for a negative size, or size 0 of an axis that is not empty.
pub fn split(x: &Tensor, size: isize, axis: isize) -> Result<Tensors> {
    let (axis, n) = axis_and_size("split", x, axis)?;
    crate::ensure!(size >= 0, Runtime, "split expects split_size be non-negative, but got split_size={size}");
    crate::ensure!(
        size > 0 || n == 0,
        Runtime,
        "split_size can only be 0 if dimension size is 0, but got dimension size of {n}"
    );
    apply_many(Split { axis, pieces: pieces_of(size as usize, n), node_name: "SplitBackward0" }, &[x])
}

fn pieces_of(size: usize, n: usize) -> Vec<(usize, usize)> {
    let count = if size == 0 { 1 } else { n.div_ceil(size).max(1) };
    (0..count).map(|i| (i * size, size.min(n - i * size))).collect()
}

/// At most `chunks` pieces of equal size along an axis, as views; the last may be shorter.
///
/// # Errors
/// `RuntimeError` unless `chunks` is positive.
pub fn chunk(x: &Tensor, chunks: isize, axis: isize) -> Result<Tensors> {
    let (axis, n) = axis_and_size("chunk", x, axis)?;
    crate::ensure!(chunks > 0, Runtime, "chunk expects `chunks` to be greater than 0, got: {chunks}");
    let size = n.div_ceil(chunks as usize);
    if size == 0 {
        Storage::probe(chunks as usize, size_of::<Tensor>() + size_of::<Array>())?;
    }
    let pieces = if size == 0 { vec![(0, 0); chunks as usize] } else { pieces_of(size, n) };
    apply_many(Split { axis, pieces, node_name: "SplitBackward0" }, &[x])
}

/// Pieces of the sizes given, as views.
///
/// # Errors
/// `RuntimeError` unless the sizes add up to that of the axis.
pub fn split_with_sizes(x: &Tensor, sizes: &[isize], axis: isize) -> Result<Tensors> {
    let (axis, n) = axis_and_size("split", x, axis)?;
    crate::ensure!(
        sizes.iter().all(|&s| s >= 0),
        Runtime,
        "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={}",
        Bracketed(sizes)
    );
    crate::ensure!(
        sizes.iter().map(|&s| s as i128).sum::<i128>() == n as i128,
        Runtime,
        "split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {axis}), but got \
         split_sizes={}",
        Bracketed(sizes)
    );
    if sizes.is_empty() {
        return Ok(Tensors::new());
    }
    let pieces = consecutive(sizes.iter().map(|&s| s as usize));
    apply_many(Split { axis, pieces, node_name: "SplitWithSizesBackward0" }, &[x])
}

/// How [`tensor_split`] and its kin cut an axis.
#[derive(Clone, Debug)]
pub enum Sections {
    /// Into this many pieces, whose sizes differ by at most one.
    Count(isize),
    /// Before these indices.
    Indices(Vec<isize>),
}

/// Pieces along an axis, each a view of its own.
///
/// # Errors
/// `RuntimeError` unless the number of pieces is positive.
pub fn tensor_split(x: &Tensor, sections: &Sections, axis: isize) -> Result<Vec<Tensor>> {
    let (axis, n) = axis_and_size("tensor_split", x, axis)?;
    let piece = |start, end| super::slice(x, axis as isize, start, end, 1);
    match sections {
        Sections::Count(count) => {
            crate::ensure!(*count > 0, Runtime, "number of sections must be larger than 0, got {count}");
            let count = *count as usize;
            if count > n {
                Storage::probe(count, size_of::<Tensor>() + size_of::<Array>())?;
            }
            let lengths = (0..count).map(|i| n / count + usize::from(i < n % count));
            let pieces = consecutive(lengths).into_iter();
            pieces.map(|(start, length)| piece(Some(start as isize), Some((start + length) as isize))).collect()
        }
        Sections::Indices(indices) => {
            let starts = std::iter::once(None).chain(indices.iter().copied().map(Some));
            let ends = indices.iter().copied().map(Some).chain(std::iter::once(None));
            starts.zip(ends).map(|(start, end)| piece(start, end)).collect()
        }
    }
}

/// [`tensor_split`] where a number of pieces must divide the axis (`hsplit`, `vsplit`, `dsplit`).
///
/// # Errors
/// `RuntimeError` where it does not, or the tensor has fewer than `min_ndim` axes.
pub fn even_split(name: &str, x: &Tensor, sections: &Sections, axis: usize, min_ndim: usize) -> Result<Vec<Tensor>> {
    let shape = x.shape();
    crate::ensure!(
        shape.len() >= min_ndim,
        Runtime,
        "torch.{name} requires a tensor with at least {min_ndim} dimension, but got a tensor with {} dimensions!",
        shape.len()
    );
    if let Sections::Count(count) = sections {
        crate::ensure!(
            *count > 0 && shape[axis] % *count as usize == 0,
            Runtime,
            "torch.{name} attempted to split along dimension {axis}, but the size of the dimension {} is not divisible by \
             the split_size {count}!",
            shape[axis]
        );
    }
    tensor_split(x, sections, axis as isize)
}
