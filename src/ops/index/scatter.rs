//! Values written or added at the numbers of an index tensor along an axis: `scatter`, `scatter_add`.

use super::along::{self, Combine};
use super::gather::gather;
use crate::array::{Array, DType, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace};
use crate::error::Result;
use crate::ops::binary::Value;
use crate::ops::view;
use crate::shape::{Bracketed, Region, numel, slice_range};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// How values meet the elements of the tensor (`reduce=`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meet {
    /// They take their place.
    Replace,
    /// They are added.
    Add,
    /// They are multiplied; this has no gradient.
    Multiply,
    /// They are added, in the old form that has no gradient.
    AddOnly,
}

#[derive(Debug)]
struct Scatter {
    axis: usize,
    meet: Meet,
    /// The number that is scattered, where it is no tensor.
    value: Option<Scalar>,
}

/// A copy of `x` with values at the places that `index` names along an axis.
///
/// # Errors
/// `RuntimeError` for an index of another dtype than `int64` and `int32`, of another number of axes, larger than `x` (along
/// another axis) or `source`, for a `source` of another dtype, and for numbers out of range; `IndexError` for an axis out of
/// range.
pub fn scatter<'a>(
    x: &Tensor,
    axis: isize,
    index: &Tensor,
    source: impl Into<Value<'a>>,
    meet: Meet,
) -> Result<Tensor> {
    run(x, axis, index, source.into(), meet, false).map(|out| out.expect("a new tensor"))
}

/// [`scatter`] in place.
pub fn scatter_<'a>(x: &Tensor, axis: isize, index: &Tensor, source: impl Into<Value<'a>>, meet: Meet) -> Result<()> {
    run(x, axis, index, source.into(), meet, true).map(|_| ())
}

fn run(
    x: &Tensor,
    axis: isize,
    index: &Tensor,
    source: Value<'_>,
    meet: Meet,
    inplace: bool,
) -> Result<Option<Tensor>> {
    let axis = along::axis_of(x, axis)?;
    let index = long_index("scatter", index)?;
    let mut inputs: SmallVec<[&Tensor; 3]> = smallvec![x, &index];
    let value = match source {
        Value::Scalar(value) => {
            value.check_fits(x.dtype())?;
            Some(value)
        }
        Value::Tensor(source) => {
            check_dtype(x, source)?;
            inputs.push(source);
            None
        }
    };
    if index.numel() > 0 {
        let source = inputs.get(2).map(|s| s.shape());
        // A copy may be written to in part; there the numbers are checked as they are read.
        let check = if inplace { check } else { check_shapes };
        x.with_array(|x| index.with_array(|index| check(x.shape(), axis, index, source.as_deref())))?;
    }
    let op = Scatter { axis, meet, value };
    if inplace {
        along::check_apart(x, &inputs[1..])?;
        apply_inplace(op, &inputs)?;
        return Ok(None);
    }
    apply(op, &inputs).map(Some)
}

/// The index of a scatter as `int64`.
pub(super) fn long_index(op: &str, index: &Tensor) -> Result<Tensor> {
    along::as_long(index, || crate::error!(Runtime, "{op}(): Expected dtype int32/int64 for index"))
}

/// Checks that values are of the tensor's dtype.
pub(super) fn check_dtype(x: &Tensor, source: &Tensor) -> Result<()> {
    crate::ensure!(
        x.dtype() == source.dtype(),
        Runtime,
        "scatter(): Expected self.dtype to be equal to src.dtype, got {} and {}",
        x.dtype().type_name(),
        source.dtype().type_name()
    );
    Ok(())
}

/// Checks an index against the shape of the tensor and that of the values.
pub(super) fn check(shape: &[usize], axis: usize, index: &Array, source: Option<&[usize]>) -> Result<()> {
    check_shapes(shape, axis, index, source)?;
    along::check_range(index, axis, shape.get(axis).copied().unwrap_or(1))
}

fn check_shapes(shape: &[usize], axis: usize, index: &Array, source: Option<&[usize]>) -> Result<()> {
    let same_rank = |other: &[usize]| index.ndim().max(1) == other.len().max(1);
    crate::ensure!(same_rank(shape), Runtime, "Index tensor must have the same number of dimensions as self tensor");
    crate::ensure!(
        source.is_none_or(same_rank),
        Runtime,
        "Index tensor must have the same number of dimensions as src tensor"
    );
    for (a, &n) in index.shape().iter().enumerate() {
        let fits = a == axis || shape.get(a).is_none_or(|&size| n <= size);
        if let Some(source) = source {
            crate::ensure!(
                fits && source.get(a).is_none_or(|&size| n <= size),
                Runtime,
                "Expected index {} to be no larger than self {} apart from dimension {axis} and to be no larger size than \
                 src {}",
                Bracketed(index.shape()),
                Bracketed(shape),
                Bracketed(source)
            );
        }
        crate::ensure!(
            fits,
            Runtime,
            "Expected index {} to be no larger than self {} apart from dimension {axis}",
            Bracketed(index.shape()),
            Bracketed(shape)
        );
    }
    Ok(())
}

/// The gradient of values that an index reached, with zeros for those that it did not: in the shape of all.
pub(super) fn padded(part: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let reached = part.shape();
    if reached.as_slice() == shape {
        return Ok(part.clone());
    }
    if reached.len() != shape.len() && part.numel() == numel(shape) {
        return view::reshape_to(part, shape);
    }
    let zeros = Tensor::new(Array::zeros(shape, part.dtype())?);
    if part.numel() == 0 {
        return Ok(zeros);
    }
    let picks = reached.iter().zip(shape).map(|(&n, &size)| slice_range(None, Some(n as isize), 1, size));
    view::part_scatter(&zeros, part, Region(picks.collect::<Result<_>>()?))
}

/// One number in the place of a tensor of values.
pub(super) fn standing(value: Scalar, dtype: DType, shape: &[usize]) -> Result<Array> {
    Ok(Array::scalar(value, dtype)?.broadcast_to(shape))
}

impl Scatter {
    /// The index, and the values that belong to it; `None` where there are none.
    fn values(&self, inputs: &[&Array]) -> Result<Option<(Array, Array)>> {
        let index = along::with_axis(inputs[1]);
        if index.numel() == 0 {
            return Ok(None);
        }
        let values = match self.value {
            Some(value) => standing(value, inputs[0].dtype(), index.shape())?,
            None => along::beginning(&along::with_axis(inputs[2]), index.shape()),
        };
        Ok(Some((index, values)))
    }

    fn how(&self) -> Combine {
        match self.meet {
            Meet::Replace => Combine::Assign,
            Meet::Add | Meet::AddOnly => Combine::Add,
            Meet::Multiply => Combine::Multiply,
        }
    }
}

impl Op for Scatter {
    fn name(&self) -> &'static str {
        match self.meet {
            Meet::Add => "scatter_add",
            _ => "scatter",
        }
    }
    fn node_name(&self) -> Cow<'static, str> {
        match (self.meet, self.value) {
            (Meet::Add, _) => "ScatterAddBackward0",
            (Meet::Replace, None) => "ScatterBackward0",
            (Meet::Replace, Some(_)) => "ScatterBackward1",
            _ => "NotImplemented",
        }
        .into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![match self.values(x)? {
            Some((index, values)) => along::scattered(x[0], self.axis, &index, &values, self.how())?,
            None => x[0].copy_contiguous()?,
        }])
    }
    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        match self.values(x)? {
            Some((index, values)) => along::scatter(&along::with_axis(x[0]), self.axis, &index, &values, self.how()),
            None => Ok(()),
        }
    }
    fn saves(&self, needs: &[bool]) -> Saves {
        let reads = needs.get(2) == Some(&true) || self.meet == Meet::Replace;
        Saves::inputs(&[1]).when(reads && !matches!(self.meet, Meet::Multiply | Meet::AddOnly))
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut out: Grads = smallvec![None; cx.len()];
        let Some(grad) = &grads[0] else { return Ok(out) };
        crate::ensure!(
            matches!(self.meet, Meet::Replace | Meet::Add),
            Runtime,
            "derivative for aten::scatter is not implemented"
        );
        if cx.needs(0) {
            out[0] = Some(match self.meet {
                Meet::Replace => scatter(grad, self.axis as isize, &cx.input(1)?, Scalar::Int(0), Meet::Replace)?,
                _ => grad.clone(),
            });
        }
        if cx.len() > 2 && cx.needs(2) {
            out[2] = Some(padded(&gather(grad, self.axis as isize, &cx.input(1)?)?, cx.shape(2))?);
        }
        Ok(out)
    }
}
