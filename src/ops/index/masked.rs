//! Elements chosen by a mask: `masked_select`, `masked_scatter`.

use super::advanced::{put, take};
use super::scatter::{padded, standing};
use crate::array::{Array, DType, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace, check_inplace};
use crate::error::Result;
use crate::ops::ternary::masked_fill;
use crate::ops::view;
use crate::shape::broadcast;
use smallvec::smallvec;

/// The elements of `x` where a mask holds, in row-major order; both broadcast.
///
/// # Errors
/// `RuntimeError` for a mask that is not `bool`, and shapes that do not broadcast.
pub fn masked_select(x: &Tensor, mask: &Tensor) -> Result<Tensor> {
    crate::ensure!(mask.dtype() == DType::Bool, Runtime, "masked_select: expected BoolTensor for mask");
    apply(MaskedSelect, &[x, mask])
}

#[derive(Debug)]
struct MaskedSelect;

/// A mask of at least one axis, so that it stands for axes.
fn stretched(x: &Array, mask: &Array, shape: &[usize]) -> (Array, Array) {
    (super::along::with_axis(&x.broadcast_to(shape)), super::along::with_axis(&mask.broadcast_to(shape)))
}

impl Op for MaskedSelect {
    fn name(&self) -> &'static str {
        "masked_select"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let (from, mask) = stretched(x[0], x[1], &broadcast(x[1].shape(), x[0].shape())?);
        Ok(smallvec![take(&from, &[0], &[&mask])?])
    }
    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[1])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None, None]) };
        let mask = cx.input(1)?;
        let shape = broadcast(&mask.shape(), cx.shape(0))?;
        let zeros = Tensor::new(standing(Scalar::Int(0), grad.dtype(), &shape)?);
        Ok(smallvec![Some(masked_scatter(&zeros, &mask, grad)?), None])
    }
}

/// `x` with the elements of `source`, one after the other, where a mask holds; mask and `x` broadcast.
///
/// # Errors
/// `RuntimeError` for a mask that is not `bool`, a `source` of another dtype or with too few elements, and shapes that do not
/// broadcast.
pub fn masked_scatter(x: &Tensor, mask: &Tensor, source: &Tensor) -> Result<Tensor> {
    check_scatter(x, mask, source)?;
    apply(MaskedScatter, &[x, mask, source])
}

/// [`masked_scatter`] in place; the mask broadcasts.
pub fn masked_scatter_(x: &Tensor, mask: &Tensor, source: &Tensor) -> Result<()> {
    check_scatter(x, mask, source)?;
    super::along::check_apart(x, &[mask, source])?;
    apply_inplace(MaskedScatter, &[x, mask, source])
}

fn check_scatter(x: &Tensor, mask: &Tensor, source: &Tensor) -> Result<()> {
    crate::ensure!(
        x.dtype() == source.dtype(),
        Runtime,
        "masked_scatter: expected self and source to have same dtypes but got {} and {}",
        x.dtype().type_name(),
        source.dtype().type_name()
    );
    crate::ensure!(
        mask.dtype() == DType::Bool,
        Runtime,
        "masked_scatter_ only supports boolean masks, but got mask with dtype {}",
        mask.dtype().type_name()
    );
    Ok(())
}

#[derive(Debug)]
struct MaskedScatter;

fn write(x: &Array, mask: &Array, source: &Array) -> Result<()> {
    let (x, mask) = stretched(x, mask, x.shape());
    let count = mask.contiguous()?.slice::<bool>().iter().filter(|&&m| m).count();
    crate::ensure!(count <= source.numel(), Runtime, "Number of elements of source < number of ones in mask");
    let source = source.reshape(&[source.numel()])?;
    put(&x, &[0], &[&mask], &super::along::beginning(&source, &[count]), false)
}

impl Op for MaskedScatter {
    fn name(&self) -> &'static str {
        "masked_scatter"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = x[0].broadcast_to(&broadcast(x[1].shape(), x[0].shape())?).copy_contiguous()?;
        write(&out, x[1], x[2])?;
        Ok(smallvec![out])
    }
    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        check_inplace("masked_scatter_", x[0], &broadcast(x[0].shape(), x[1].shape())?, x[0].dtype())?;
        write(x[0], x[1], x[2])
    }
    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[1])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut out: Grads = smallvec![None, None, None];
        let Some(grad) = &grads[0] else { return Ok(out) };
        let mask = cx.input(1)?;
        if cx.needs(0) {
            out[0] = Some(masked_fill(grad, &mask, Scalar::Int(0))?);
        }
        if cx.needs(2) {
            let numel = cx.shape(2).iter().product::<usize>();
            let found = padded(&masked_select(grad, &mask)?, &[numel])?;
            out[2] = Some(view::reshape_to(&found, cx.shape(2))?);
        }
        Ok(out)
    }
}
