//! The same memory as it is, and the same memory under another dtype.

use super::{ViewOp, view_as};
use crate::array::DType;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::shape::Layout;

#[derive(Clone, Debug)]
struct Alias;

impl ViewOp for Alias {
    fn name(&self) -> &'static str {
        "alias"
    }
    fn node_name(&self) -> &'static str {
        "AliasBackward0"
    }
    fn layout(&self, x: &Layout) -> Result<Layout> {
        Ok(x.clone())
    }
    fn gradient(&self, grad: &Tensor, _: &[usize]) -> Result<Tensor> {
        Ok(grad.clone())
    }
}

/// A view of the whole tensor.
pub fn alias(x: &Tensor) -> Result<Tensor> {
    view_as(Alias, x)
}

/// The bytes of a tensor read as another dtype, sharing its memory; no gradient flows through it.
///
/// # Errors
/// `RuntimeError` where the last axis cannot be cut or joined to the new width; `NotImplementedError` to or from `bool`,
/// since not every byte is one.
pub fn view_dtype(x: &Tensor, dtype: DType) -> Result<Tensor> {
    let from = x.dtype();
    if from == dtype {
        return Ok(x.detach());
    }
    crate::ensure!(
        from != DType::Bool && dtype != DType::Bool,
        NotImplemented,
        "view(dtype): {} cannot be viewed as {}; convert it with to()",
        from.name(),
        dtype.name()
    );
    let array = x.array();
    let layout = reinterpreted(array.layout(), from, dtype)?;
    let twin = x.detach();
    twin.set_array(crate::array::Array::from_storage(array.storage().clone(), dtype, layout)?);
    Ok(twin)
}

/// The layout of the same bytes in elements of another size.
fn reinterpreted(layout: &Layout, from: DType, to: DType) -> Result<Layout> {
    let (old, new) = (from.size(), to.size());
    let mut out = layout.clone();
    if old == new {
        return Ok(out);
    }
    let (from, to) = (from.type_name(), to.type_name());
    let last = layout.shape.len().checked_sub(1).ok_or_else(|| {
        crate::error!(Runtime, "self.dim() cannot be 0 to view {from} as {to} (different element sizes)")
    })?;
    crate::ensure!(
        layout.strides[last] == 1 || layout.shape[last] == 1 && old > new,
        Runtime,
        "self.stride(-1) must be 1 to view {from} as {to} (different element sizes), but got {}",
        layout.strides[last]
    );
    if old > new {
        let ratio = old / new;
        out.shape[last] *= ratio;
        out.strides.iter_mut().for_each(|s| *s *= ratio);
        out.strides[last] = 1;
        out.offset *= ratio;
        return Ok(out);
    }
    let ratio = new / old;
    let check = |what: &str, value: usize| {
        crate::ensure!(
            value % ratio == 0,
            Runtime,
            "{what} must be divisible by {ratio} to view {from} as {to} (different element sizes), but got {value}"
        );
        Ok(value / ratio)
    };
    out.shape[last] = check("self.size(-1)", layout.shape[last])?;
    out.offset = check("self.storage_offset()", layout.offset)?;
    for axis in 0..last {
        out.strides[axis] = check(&format!("self.stride({axis})"), layout.strides[axis])?;
    }
    Ok(out)
}
