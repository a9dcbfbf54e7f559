//! Sums and means.

use super::{Axes, fold, spread};
use crate::array::{Array, DType, Element, Float};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, cast};
use crate::error::Result;
use crate::kernels::float::{Floating, Real};
use crate::kernels::reduce::{By, reducers};
use crate::ops::binary::{div, mul};
use crate::{dispatch_all, dispatch_floating};
use smallvec::smallvec;
use std::borrow::Cow;

/// The sum over axes (all, if `None`), `int64` for integers and booleans unless a dtype is given. The empty sum is 0.
///
/// # Errors
/// `IndexError` for an axis that is not there, `RuntimeError` for one named twice.
pub fn sum(x: &Tensor, dims: Option<&[isize]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    total(Kind::Sum, x, dims, keepdim, dtype)
}

/// As [`sum`], with NaN counted as zero.
pub fn nansum(x: &Tensor, dims: Option<&[isize]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    total(Kind::NanSum, x, dims, keepdim, dtype)
}

fn total(kind: Kind, x: &Tensor, dims: Option<&[isize]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    let axes = Axes::new(kind.name(), dims, x.ndim(), keepdim)?;
    let dtype = dtype.unwrap_or_else(|| sum_dtype(x.dtype()));
    apply(Sum { kind, axes, dtype }, &[x])
}

/// The dtype of a sum or product.
pub(crate) fn sum_dtype(dtype: DType) -> DType {
    if dtype.is_float() { dtype } else { DType::I64 }
}

/// The sum over [`Axes`] in the tensor's own float type.
pub fn sum_over(x: &Tensor, axes: &Axes) -> Result<Tensor> {
    apply(Sum { kind: Kind::Sum, axes: axes.clone(), dtype: sum_dtype(x.dtype()) }, &[x])
}

/// The mean over axes (all, if `None`). The mean of nothing is NaN.
///
/// # Errors
/// As [`sum`]; `RuntimeError` unless the dtype is a float type.
pub fn mean(x: &Tensor, dims: Option<&[isize]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    let what = if dtype.is_some() { "Optional" } else { "Input" };
    let dtype = dtype.unwrap_or_else(|| x.dtype());
    crate::ensure!(
        dtype.is_float(),
        Runtime,
        "mean(): could not infer output dtype. {what} dtype must be either a floating point or complex dtype. Got: {}",
        dtype.type_name()
    );
    total(Kind::Mean, x, dims, keepdim, Some(dtype))
}

/// The mean of the elements that are not NaN.
///
/// # Errors
/// As [`mean`].
pub fn nanmean(x: &Tensor, dims: Option<&[isize]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    crate::ensure!(
        x.dtype().is_float(),
        Runtime,
        "nanmean(): expected input to have floating point or complex dtype but got {}",
        x.dtype().type_name()
    );
    let axes = Axes::new("nanmean", dims, x.ndim(), keepdim)?;
    let count = Tensor::new(sum_array(Kind::Sum, &numbers(&x.array())?, &axes, DType::I64)?);
    let sum = nansum(x, dims, keepdim, dtype)?;
    div(&sum, &cast(&count, sum.dtype())?)
}

/// Where an array is not NaN, as `bool`.
fn numbers(x: &Array) -> Result<Array> {
    let out = Array::empty_layout(x.layout().dense_like(), DType::Bool)?;
    dispatch_all!(x.dtype(), T => {
        crate::kernels::elementwise::map1(x.operand::<T>(), out.operand_mut::<bool>()?, |x: T| !Element::is_nan(x));
    });
    Ok(out)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Sum,
    NanSum,
    Mean,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Sum => "sum",
            Kind::NanSum => "nansum",
            Kind::Mean => "mean",
        }
    }
}

#[derive(Debug)]
struct Sum {
    kind: Kind,
    axes: Axes,
    dtype: DType,
}

/// The sum of floats: half types in single precision, rounded once at the end.
fn sum_floats<T: Element + Floating>(kind: Kind, x: &Array, axes: &Axes) -> Result<Array> {
    let zero = <T::Acc as num_traits::Zero>::zero();
    let merge = |a: T::Acc, b: T::Acc| a + b;
    let count = T::Acc::from_usize(axes.count(x.shape()));
    match kind {
        Kind::Sum => fold::<T, T, _>(x, axes, &reducers::Sum, T::from_acc),
        Kind::Mean => fold::<T, T, _>(x, axes, &reducers::Sum, |acc: T::Acc| T::from_acc(acc / count)),
        Kind::NanSum => {
            let step = |acc: T::Acc, x: T| if Element::is_nan(x) { acc } else { acc + x.to_acc() };
            fold::<T, T, _>(x, axes, &By { identity: zero, step, merge }, T::from_acc)
        }
    }
}

fn sum_array(kind: Kind, x: &Array, axes: &Axes, dtype: DType) -> Result<Array> {
    // Elements are converted before they are added, except integers, whose sum in 64 bits wraps to any of them.
    let exact = !x.dtype().is_float() && !dtype.is_float();
    let x = if exact { x.clone() } else { x.to_dtype(dtype)? };
    dispatch_floating!(x.dtype(), T => sum_floats::<T>(kind, &x, axes), else {
        let sum = dispatch_all!(x.dtype(), T => {
            let step = |acc: i64, x: T| acc.wrapping_add(x.to_i64());
            fold::<T, i64, _>(&x, axes, &By { identity: 0, step, merge: i64::wrapping_add }, |acc| acc)
        });
        sum?.to_dtype(dtype)
    })
}

impl Op for Sum {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    fn node_name(&self) -> Cow<'static, str> {
        match (self.kind, self.axes.is_all() && !self.axes.keepdim()) {
            (Kind::Sum, true) => "SumBackward0",
            (Kind::Sum, false) => "SumBackward1",
            (Kind::Mean, true) => "MeanBackward0",
            (Kind::Mean, false) => "MeanBackward1",
            (Kind::NanSum, _) => "NansumBackward0",
        }
        .into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![sum_array(self.kind, x[0], &self.axes, self.dtype)?])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0]).when(self.kind == Kind::NanSum)
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let shape = cx.shape(0);
        let g = match self.kind {
            Kind::Mean => spread(&div(g, self.axes.count(shape) as f64)?, &self.axes, shape)?,
            Kind::Sum => spread(g, &self.axes, shape)?,
            Kind::NanSum => {
                let mask = numbers(&cx.input(0)?.array())?.to_dtype(g.dtype())?;
                mul(&spread(g, &self.axes, shape)?, &Tensor::new(mask))?
            }
        };
        Ok(smallvec![Some(g)])
    }
}

/// The mean of an array over axes in the type that its elements are computed in, for operations that need it on the way.
pub(super) fn mean_acc<T>(x: &Array, axes: &Axes) -> Result<Array>
where
    T: Element + Floating,
    T::Acc: Float,
{
    let count = T::Acc::from_usize(axes.count(x.shape()));
    let by = By {
        identity: <T::Acc as num_traits::Zero>::zero(),
        step: |acc: T::Acc, x: T| acc + x.to_acc(),
        merge: |a: T::Acc, b: T::Acc| a + b,
    };
    fold::<T, T::Acc, _>(x, axes, &by, |acc| acc / count)
}
