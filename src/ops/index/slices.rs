//! Slices written or added at the numbers of a vector along an axis: `index_add`, `index_copy`, `index_fill`.

use super::along::{self, Combine};
use super::gather::index_select;
use super::scatter::standing;
use crate::array::{Array, DType, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace};
use crate::error::Result;
use crate::ops::{binary, view};
use crate::shape::Bracketed;
use smallvec::{SmallVec, smallvec};

/// What is done with the slices that a vector of numbers names.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Add,
    Copy,
    Fill,
}

#[derive(Debug)]
struct Slices {
    kind: Kind,
    axis: usize,
    /// The number that is filled in, where it is no tensor.
    value: Option<Scalar>,
}

/// A copy of `x` with the slices of `source`, times `alpha`, added to those that `index` names along an axis.
///
/// # Errors
/// `RuntimeError` for an index of another dtype than `int64` and `int32`, for a `source` of another dtype or of other sizes,
/// and for numbers out of range (`IndexError` in a vector); `IndexError` for an index that is no vector.
pub fn index_add(x: &Tensor, axis: isize, index: &Tensor, source: &Tensor, alpha: Scalar) -> Result<Tensor> {
    let (axis, index, source) = added(x, axis, index, source, alpha)?;
    apply(Slices { kind: Kind::Add, axis, value: None }, &[x, &index, &source])
}

/// [`index_add`] in place.
pub fn index_add_(x: &Tensor, axis: isize, index: &Tensor, source: &Tensor, alpha: Scalar) -> Result<()> {
    let (axis, index, scaled) = added(x, axis, index, source, alpha)?;
    along::check_apart(x, &[&index, source])?;
    apply_inplace(Slices { kind: Kind::Add, axis, value: None }, &[x, &index, &scaled])
}

/// The checked arguments of [`index_add`]: axis, index, and the scaled source.
fn added(x: &Tensor, axis: isize, index: &Tensor, source: &Tensor, alpha: Scalar) -> Result<(usize, Tensor, Tensor)> {
    let axis = along::axis_of(x, axis)?;
    let index = check_source("index_add_", x, axis, index, source)?;
    let (shape, n) = (x.shape(), x.ndim());
    let size = shape.get(axis).copied().unwrap_or(1);
    match index.with_array(|i| along::first_outside(i, 0, size as i64)) {
        None => {}
        Some(_) if n <= 1 => crate::bail!(Index, "index out of range in self"),
        Some(i) => crate::bail!(Runtime, "index {i} is out of bounds for dimension {axis} with size {size}"),
    }
    // In the dtype of the tensor, so that nothing is promoted.
    let alpha = match x.dtype() {
        DType::Bool => Scalar::Bool(alpha.to_f64() != 0.0),
        dtype if !dtype.is_float() => Scalar::Int(alpha.to_i64()),
        _ => alpha,
    };
    let source = if alpha.to_f64() == 1.0 { source.clone() } else { binary::mul(source, alpha)? };
    Ok((axis, index, source))
}

/// Checks what `index_add` and `index_reduce` have in common; the index comes back as `int64`.
pub(super) fn check_source(op: &str, x: &Tensor, axis: usize, index: &Tensor, source: &Tensor) -> Result<Tensor> {
    crate::ensure!(
        index.ndim() <= 1,
        Index,
        "{op}(): Index is supposed to be a vector, but got dim: {} with type: {} and size: {}",
        index.ndim(),
        index.dtype().type_name(),
        Bracketed(&index.shape())
    );
    let index = along::as_long(index, || {
        crate::error!(Runtime, "{op}(): Expected dtype int32/int64 for index but got: {}", index.dtype().type_name())
    })?;
    crate::ensure!(
        x.dtype() == source.dtype(),
        Runtime,
        "{op}(): self ({}) and source ({}) must have the same scalar type",
        x.dtype().type_name(),
        source.dtype().type_name()
    );
    let (own, other) = (x.shape(), source.shape());
    crate::ensure!(
        own.len() == other.len() && (0..own.len()).all(|a| a == axis || own[a] == other[a]),
        Runtime,
        "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = {} \
         source.shape = {}",
        Bracketed(&own),
        Bracketed(&other)
    );
    let count = other.get(axis).copied().unwrap_or(1);
    crate::ensure!(
        index.numel() == count,
        Runtime,
        "{op}(): Number of indices ({}) should be equal to source.size(dim): ({count}), for dim: {axis}",
        index.numel()
    );
    Ok(index)
}

/// A copy of `x` with the slices of `source` in the place of those that `index` names along an axis.
///
/// # Errors
/// `RuntimeError` for an index of another dtype than `int64`, for a `source` of another dtype or with slices of another
/// shape; `IndexError` for an index that is no vector or of another length than `source`, and for numbers out of range.
pub fn index_copy(x: &Tensor, axis: isize, index: &Tensor, source: &Tensor) -> Result<Tensor> {
    let axis = check_copy(x, axis, index, source)?;
    apply(Slices { kind: Kind::Copy, axis, value: None }, &[x, index, source])
}

/// [`index_copy`] in place.
pub fn index_copy_(x: &Tensor, axis: isize, index: &Tensor, source: &Tensor) -> Result<()> {
    let axis = check_copy(x, axis, index, source)?;
    along::check_apart(x, &[index, source])?;
    apply_inplace(Slices { kind: Kind::Copy, axis, value: None }, &[x, index, source])
}

fn check_copy(x: &Tensor, axis: isize, index: &Tensor, source: &Tensor) -> Result<usize> {
    let axis = along::axis_of(x, axis)?;
    let (own, other) = (x.shape(), source.shape());
    crate::ensure!(index.ndim() < 2, Index, "index_copy_(): Index should have dimension 1 or 0 (got {})", index.ndim());
    let count = index.numel();
    crate::ensure!(
        !other.is_empty() || count == 1,
        Index,
        "index_copy_(): When source is scalar, index should have one element (got {count})"
    );
    crate::ensure!(
        own.len() == other.len() || own.is_empty() || other.is_empty(),
        Index,
        "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source dimensionality \
         ({}), destination dimensionality ({})",
        other.len(),
        own.len()
    );
    crate::ensure!(
        index.dtype() == DType::I64,
        Runtime,
        "index_copy_(): Expected a long tensor for index, but got {}",
        index.dtype().type_name()
    );
    crate::ensure!(
        x.dtype() == source.dtype(),
        Runtime,
        "index_copy_(): self and source expected to have the same dtype, but got (self) {} and (source) {}",
        x.dtype().type_name(),
        source.dtype().type_name()
    );
    let mut slices = [own.clone(), other.clone()];
    slices.iter_mut().filter(|s| !s.is_empty()).for_each(|s| {
        s.remove(axis);
    });
    crate::ensure!(
        slices[0] == slices[1],
        Runtime,
        "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: {} at dimension \
         {axis} and source slice shape: {} at dimension {}.",
        slices[0].iter().map(usize::to_string).collect::<Vec<_>>().join(" "),
        slices[1].iter().map(usize::to_string).collect::<Vec<_>>().join(" "),
        if other.is_empty() { 0 } else { axis }
    );
    crate::ensure!(
        other.is_empty() || count == other[axis],
        Index,
        "index_copy_(): Number of indices ({count}) should be equal to source.size(dim) ({})",
        other[axis]
    );
    let size = own.get(axis).copied().unwrap_or(1);
    if let Some(i) = index.with_array(|i| along::first_outside(i, 0, size as i64)) {
        crate::bail!(Index, "index_copy_(): index {i} is out of bounds for dimension {axis} with size {size}");
    }
    Ok(axis)
}

/// A copy of `x` with `value` in the slices that `index` names along an axis; negative numbers count from the end.
///
/// # Errors
/// `IndexError` for an index of another dtype than `int64` and for numbers out of range; `RuntimeError` for an index that
/// is no vector, a value with axes, and a number that the dtype cannot hold.
pub fn index_fill<'a>(x: &Tensor, axis: isize, index: &Tensor, value: impl Into<binary::Value<'a>>) -> Result<Tensor> {
    let (axis, index, value) = filled(x, axis, index, value.into())?;
    let (value, tensor) = parts(&value);
    let inputs: SmallVec<[&Tensor; 3]> = [x, &index].into_iter().chain(tensor).collect();
    apply(Slices { kind: Kind::Fill, axis, value }, &inputs)
}

/// [`index_fill`] in place.
pub fn index_fill_<'a>(x: &Tensor, axis: isize, index: &Tensor, value: impl Into<binary::Value<'a>>) -> Result<()> {
    let (axis, index, value) = filled(x, axis, index, value.into())?;
    let (value, tensor) = parts(&value);
    let inputs: SmallVec<[&Tensor; 3]> = [x, &index].into_iter().chain(tensor).collect();
    along::check_apart(x, &inputs[1..])?;
    apply_inplace(Slices { kind: Kind::Fill, axis, value }, &inputs)
}

enum Filling {
    Number(Scalar),
    Tensor(Tensor),
}

fn parts(value: &Filling) -> (Option<Scalar>, Option<&Tensor>) {
    match value {
        Filling::Number(s) => (Some(*s), None),
        Filling::Tensor(t) => (None, Some(t)),
    }
}

fn filled(x: &Tensor, axis: isize, index: &Tensor, value: binary::Value<'_>) -> Result<(usize, Tensor, Filling)> {
    let axis = along::axis_of(x, axis)?;
    let value = match value {
        binary::Value::Scalar(s) => {
            s.check_fits(x.dtype())?;
            Filling::Number(s)
        }
        binary::Value::Tensor(t) => {
            crate::ensure!(
                t.ndim() == 0,
                Runtime,
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with {} dimension(s).",
                t.ndim()
            );
            Filling::Tensor(crate::autograd::cast(t, x.dtype())?)
        }
    };
    crate::ensure!(index.dtype() == DType::I64, Index, "index_fill_(): Expected dtype int64 for index.");
    crate::ensure!(index.ndim() <= 1, Runtime, "Index has to be a vector/scalar");
    let size = x.shape().get(axis).copied().unwrap_or(1) as i64;
    if let Some(i) = index.with_array(|i| along::first_outside(i, -size, size)) {
        crate::bail!(Index, "index {i} is out of bounds for dimension {axis} with size {size}");
    }
    Ok((axis, along::wrapped(index, size as usize)?, value))
}

/// The numbers of a vector, each once.
pub(super) fn distinct(index: &Tensor) -> Result<Tensor> {
    let mut numbers = along::with_axis(&index.array()).contiguous()?.slice::<i64>().to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    Ok(Tensor::new(Array::from_slice(&numbers, &[numbers.len()])?))
}

impl Slices {
    /// The index for each line of the tensor, and the values that belong to it.
    fn values(&self, inputs: &[&Array]) -> Result<(Array, Array)> {
        let x = along::with_axis(inputs[0]);
        let index = along::spread(inputs[1], self.axis, x.shape());
        let values = match (self.value, inputs.get(2)) {
            (Some(value), _) => standing(value, x.dtype(), index.shape())?,
            (None, Some(source)) if self.kind == Kind::Fill => source.broadcast_to(index.shape()),
            (None, Some(source)) => source.reshape(index.shape())?,
            (None, None) => unreachable!("a number or a tensor"),
        };
        Ok((index, values))
    }

    fn how(&self) -> Combine {
        if self.kind == Kind::Add { Combine::Add } else { Combine::Assign }
    }
}

impl Op for Slices {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Add => "index_add",
            Kind::Copy => "index_copy",
            Kind::Fill => "index_fill",
        }
    }
    fn node_name(&self) -> std::borrow::Cow<'static, str> {
        match (self.kind, self.value) {
            (Kind::Add, _) => "IndexAddBackward0",
            (Kind::Copy, _) => "IndexCopyBackward0",
            (Kind::Fill, Some(_)) => "IndexFillBackward0",
            (Kind::Fill, None) => "IndexFillBackward1",
        }
        .into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let (index, values) = self.values(x)?;
        Ok(smallvec![along::scattered(x[0], self.axis, &index, &values, self.how())?])
    }
    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        let (index, values) = self.values(x)?;
        along::scatter(&along::with_axis(x[0]), self.axis, &index, &values, self.how())
    }
    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).when(self.kind != Kind::Add || needs[2])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut out: Grads = smallvec![None; cx.len()];
        let Some(grad) = &grads[0] else { return Ok(out) };
        let axis = self.axis as isize;
        if cx.needs(0) {
            out[0] = Some(match self.kind {
                Kind::Add => grad.clone(),
                _ => index_fill(grad, axis, &cx.input(1)?, Scalar::Int(0))?,
            });
        }
        if cx.len() > 2 && cx.needs(2) {
            out[2] = Some(match self.kind {
                // Each slice counts once, however often it is named; the engine sums them up.
                Kind::Fill => index_select(grad, axis, &distinct(&cx.input(1)?)?)?,
                _ => view::reshape_to(&index_select(grad, axis, &cx.input(1)?)?, cx.shape(2))?,
            });
        }
        Ok(out)
    }
}
