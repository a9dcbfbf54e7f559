//! `cat` and `stack`.

use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::error::Result;
use crate::ops::view;
use crate::shape::{Bracketed, Dims, normalize_axis};
use smallvec::smallvec;

/// Tensors one after the other along an axis.
#[derive(Debug)]
struct Cat {
    axis: usize,
}

/// An empty tensor of one axis goes with any shape, and adds nothing.
fn is_nothing(shape: &[usize]) -> bool {
    shape == [0]
}

/// Of tensors of one rank: none gives way to another as a scalar would.
fn common_dtype(x: &[&Array]) -> DType {
    x.iter().map(|a| a.dtype()).reduce(DType::promote).expect("at least one tensor")
}

impl Op for Cat {
    fn name(&self) -> &'static str {
        "cat"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let mut shape: Option<Dims> = None;
        for (i, a) in x.iter().enumerate().filter(|(_, a)| !is_nothing(a.shape())) {
            let Some(shape) = &mut shape else {
                shape = Some(a.dims());
                continue;
            };
            crate::ensure!(
                a.ndim() == shape.len(),
                Runtime,
                "cat: Tensors must have same number of dimensions: got {} and {}",
                shape.len(),
                a.ndim()
            );
            for (axis, (&expected, &got)) in shape.iter().zip(a.shape()).enumerate() {
                crate::ensure!(
                    axis == self.axis || expected == got,
                    Runtime,
                    "cat: Sizes of tensors must match except in dimension {}. Expected size {expected} but got size {got} for \
                     tensor number {i} in the list.",
                    self.axis
                );
            }
            shape[self.axis] += a.shape()[self.axis];
        }
        let out = Array::empty(&shape.unwrap_or_else(|| smallvec![0]), common_dtype(x))?;
        let mut start = 0;
        for a in x.iter().filter(|a| !is_nothing(a.shape())) {
            let end = start + a.shape()[self.axis];
            out.map_layout(|l| l.slice(self.axis, start, end, 1)).copy_from(a)?;
            start = end;
        }
        Ok(smallvec![out])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None; cx.len()]) };
        let mut start = 0;
        (0..cx.len())
            .map(|i| {
                if is_nothing(cx.shape(i)) {
                    return Ok(if cx.needs(i) { Some(Tensor::new(Array::zeros(&[0], grad.dtype())?)) } else { None });
                }
                let length = cx.shape(i)[self.axis];
                start += length;
                if !cx.needs(i) {
                    return Ok(None);
                }
                view::narrow(grad, self.axis as isize, (start - length) as isize, length as isize).map(Some)
            })
            .collect()
    }
}

/// Tensors one after the other along an axis; dtypes are promoted.
///
/// # Errors
/// `ValueError` for no tensors, `RuntimeError` where shapes differ off the axis or a tensor has no axes, `IndexError` for an
/// axis out of range.
pub fn cat(tensors: &[&Tensor], axis: isize) -> Result<Tensor> {
    crate::ensure!(!tensors.is_empty(), Value, "torch.cat(): expected a non-empty list of Tensors");
    let mut ndim = 1;
    for (i, t) in tensors.iter().enumerate() {
        let shape = t.shape();
        crate::ensure!(
            !shape.is_empty(),
            Runtime,
            "cat: zero-dimensional tensor (at position {i}) cannot be concatenated"
        );
        if !is_nothing(&shape) {
            ndim = shape.len();
            break;
        }
    }
    if let Some(i) = tensors.iter().position(|t| t.ndim() == 0) {
        crate::bail!(Runtime, "cat: zero-dimensional tensor (at position {i}) cannot be concatenated");
    }
    apply(Cat { axis: normalize_axis(axis, ndim)? }, tensors)
}

/// Tensors of one shape along a new axis.
#[derive(Debug)]
struct Stack {
    axis: usize,
}

impl Op for Stack {
    fn name(&self) -> &'static str {
        "stack"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        for (i, a) in x.iter().enumerate() {
            crate::ensure!(
                a.shape() == x[0].shape(),
                Runtime,
                "stack expects each tensor to be equal size, but got {} at entry 0 and {} at entry {i}",
                Bracketed(x[0].shape()),
                Bracketed(a.shape())
            );
        }
        let mut shape = x[0].dims();
        shape.insert(self.axis, x.len());
        let out = Array::empty(&shape, common_dtype(x))?;
        for (i, a) in x.iter().enumerate() {
            out.map_layout(|l| l.select(self.axis, i)).copy_from(a)?;
        }
        Ok(smallvec![out])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None; cx.len()]) };
        (0..cx.len())
            .map(|i| if cx.needs(i) { view::select(grad, self.axis as isize, i as isize).map(Some) } else { Ok(None) })
            .collect()
    }
}

/// Tensors of one shape along a new axis; dtypes are promoted.
///
/// # Errors
/// `RuntimeError` for no tensors or different shapes, `IndexError` for an axis out of range.
pub fn stack(tensors: &[&Tensor], axis: isize) -> Result<Tensor> {
    crate::ensure!(!tensors.is_empty(), Runtime, "stack expects a non-empty TensorList");
    let axis = normalize_axis(axis, tensors[0].ndim() + 1)?;
    apply(Stack { axis }, tensors)
}
