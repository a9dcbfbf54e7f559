//! Elements by their place in row-major order: `take`, `put`.

use super::along::{check_apart, first_outside};
use super::combine;
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace};
use crate::error::Result;
use crate::kernels::index::{Blocks, gather_blocks, scatter_blocks};
use crate::ops::view;
use crate::shape::Dims;
use crate::{dispatch_all, dispatch_size};
use smallvec::{SmallVec, smallvec};

/// The elements of `x` at places of its row-major order, in the shape of `index`; negative places count from the end.
///
/// # Errors
/// `RuntimeError` for an index that is not `int64`; `IndexError` for places out of range.
pub fn take(x: &Tensor, index: &Tensor) -> Result<Tensor> {
    check_index("take", index)?;
    crate::ensure!(x.numel() > 0 || index.numel() == 0, Index, "take(): tried to take from an empty tensor");
    check_range(x, index)?;
    apply(Take, &[x, index])
}

/// A copy of `x` with values written, or added, at places of its row-major order.
///
/// # Errors
/// As [`take`]; `RuntimeError` for a `source` of another dtype, `IndexError` for one of another number of elements.
pub fn put(x: &Tensor, index: &Tensor, source: &Tensor, accumulate: bool) -> Result<Tensor> {
    check_put(x, index, source)?;
    apply(Put { accumulate }, &[x, index, source])
}

/// [`put`] in place.
pub fn put_(x: &Tensor, index: &Tensor, source: &Tensor, accumulate: bool) -> Result<()> {
    check_put(x, index, source)?;
    check_apart(x, &[index, source])?;
    apply_inplace(Put { accumulate }, &[x, index, source])
}

fn check_index(op: &str, index: &Tensor) -> Result<()> {
    crate::ensure!(
        index.dtype() == DType::I64,
        Runtime,
        "{op}(): Expected a long tensor for index, but got {}",
        index.dtype().type_name()
    );
    Ok(())
}

fn check_range(x: &Tensor, index: &Tensor) -> Result<()> {
    let n = x.numel() as i64;
    match index.with_array(|i| first_outside(i, -n, n)) {
        None => Ok(()),
        Some(i) => crate::bail!(Index, "out of range: tried to access index {i} on a tensor of {n} elements."),
    }
}

fn check_put(x: &Tensor, index: &Tensor, source: &Tensor) -> Result<()> {
    check_index("put_", index)?;
    crate::ensure!(
        x.dtype() == source.dtype(),
        Runtime,
        "put_(): self and source expected to have the same dtype, but got self.dtype = {} and source.dtype = {}",
        x.dtype().type_name(),
        source.dtype().type_name()
    );
    crate::ensure!(
        index.numel() == source.numel(),
        Index,
        "put_(): Expected source and index to have the same number of elements, but got source.numel() = {}, \
         index.numel() = {}",
        source.numel(),
        index.numel()
    );
    crate::ensure!(x.numel() > 0 || index.numel() == 0, Index, "put_(): Tried to put elements into an empty tensor");
    check_range(x, index)
}

/// Where the elements at places of the row-major order lie.
fn offsets(x: &Array, index: &Array) -> Result<(Blocks, Vec<usize>)> {
    let (n, shape, strides) = (x.numel(), x.shape(), x.strides());
    let all: SmallVec<[bool; 8]> = smallvec![true; shape.len()];
    let index = index.contiguous()?;
    let offsets = index.slice::<i64>().iter().map(|&i| {
        let mut rest = if i < 0 { i.wrapping_add(n as i64) } else { i } as usize;
        if x.is_contiguous() {
            return rest;
        }
        let mut offset = 0;
        for (&size, &stride) in shape.iter().zip(strides).rev() {
            offset += rest % size * stride;
            rest /= size;
        }
        offset
    });
    Ok((Blocks::new(shape, strides, &all, 0), offsets.collect()))
}

#[derive(Debug)]
struct Take;

impl Op for Take {
    fn name(&self) -> &'static str {
        "take"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::empty(x[1].shape(), x[0].dtype())?;
        let (blocks, offsets) = offsets(x[0], x[1])?;
        let (from, to) = (x[0].bits(), out.bits());
        dispatch_size!(out.dtype(), T => {
            gather_blocks(from.operand::<T>(), &blocks, &offsets, to.slice_mut::<T>());
        });
        Ok(smallvec![out])
    }
    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[1])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None, None]) };
        let zeros = Tensor::new(Array::zeros(cx.shape(0), grad.dtype())?);
        Ok(smallvec![Some(put(&zeros, &cx.input(1)?, grad, true)?), None])
    }
}

#[derive(Debug)]
struct Put {
    accumulate: bool,
}

impl Put {
    fn write(&self, x: &Array, index: &Array, source: &Array) -> Result<()> {
        let (blocks, offsets) = offsets(x, index)?;
        let source = source.contiguous()?;
        if self.accumulate {
            dispatch_all!(x.dtype(), T => {
                scatter_blocks(x.operand_mut::<T>()?, &blocks, &offsets, source.slice::<T>(), combine::add::<T>);
            });
        } else {
            let (x, source) = (x.bits(), source.bits());
            dispatch_size!(x.dtype(), T => {
                scatter_blocks(x.operand_mut::<T>()?, &blocks, &offsets, source.slice::<T>(), |a, b| *a = b);
            });
        }
        Ok(())
    }
}

impl Op for Put {
    fn name(&self) -> &'static str {
        "put"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = x[0].copy_contiguous()?;
        self.write(&out, x[1], x[2])?;
        Ok(smallvec![out])
    }
    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        self.write(x[0], x[1], x[2])
    }
    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).when(!self.accumulate || needs[2])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut out: Grads = smallvec![None, None, None];
        let Some(grad) = &grads[0] else { return Ok(out) };
        if cx.needs(0) {
            out[0] = Some(match self.accumulate {
                true => grad.clone(),
                false => {
                    let index = cx.input(1)?;
                    let zeros = Array::zeros(&index.shape(), grad.dtype())?;
                    put(grad, &index, &Tensor::new(zeros), false)?
                }
            });
        }
        if cx.needs(2) {
            let shape = Dims::from_slice(cx.shape(2));
            out[2] = Some(view::reshape_to(&take(grad, &cx.input(1)?)?, &shape)?);
        }
        Ok(out)
    }
}
