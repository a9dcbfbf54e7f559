//! Values that meet at the numbers of an index along an axis and are summed, multiplied, averaged or compared:
//! `scatter_reduce`, `index_reduce`.

use super::along::{self, Combine};
use super::gather::{gather, index_select};
use super::scatter::{Meet, check, check_dtype, long_index, scatter, standing};
use super::slices::{check_source, index_add, index_fill};
use crate::array::{Array, DType, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace, cast, grad_enabled};
use crate::error::Result;
use crate::kernels::elementwise::Single;
use crate::kernels::math::integer::div_floor;
use crate::ops::binary::{bitwise_and, div, eq, gt, mul};
use crate::ops::elementwise::{SIMPLE, Side, float2, typed2};
use crate::ops::{reduce, ternary::where_, view};
use smallvec::smallvec;
use std::borrow::Cow;

/// What becomes of the values that meet at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Their sum.
    Sum,
    /// Their product.
    Prod,
    /// Their mean.
    Mean,
    /// The largest.
    Amax,
    /// The smallest.
    Amin,
}

impl Reduction {
    /// By PyTorch's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "sum" => Reduction::Sum,
            "prod" => Reduction::Prod,
            "mean" => Reduction::Mean,
            "amax" => Reduction::Amax,
            "amin" => Reduction::Amin,
            _ => return None,
        })
    }

    fn combine(self) -> Combine {
        match self {
            Reduction::Sum | Reduction::Mean => Combine::Add,
            Reduction::Prod => Combine::Multiply,
            Reduction::Amax => Combine::Maximum,
            Reduction::Amin => Combine::Minimum,
        }
    }

    /// What changes nothing it meets.
    fn neutral(self, dtype: DType) -> Scalar {
        let lowest = i64::MIN >> (64 - 8 * dtype.size());
        match (self, dtype) {
            (Reduction::Sum | Reduction::Mean, _) => Scalar::Int(0),
            (Reduction::Prod, _) => Scalar::Int(1),
            (Reduction::Amax, d) if d.is_float() => Scalar::Float(f64::NEG_INFINITY),
            (Reduction::Amin, d) if d.is_float() => Scalar::Float(f64::INFINITY),
            (Reduction::Amax, DType::Bool | DType::U8) => Scalar::Int(0),
            (Reduction::Amin, DType::Bool) => Scalar::Int(1),
            (Reduction::Amin, DType::U8) => Scalar::Int(255),
            (Reduction::Amax, _) => Scalar::Int(lowest),
            (Reduction::Amin, _) => Scalar::Int(!lowest),
        }
    }
}

/// The reduction, the axis, whether the index is a vector that names slices, and whether the tensor's own elements count.
#[derive(Clone, Copy, Debug)]
struct Reduce {
    how: Reduction,
    axis: usize,
    vector: bool,
    include_self: bool,
}

/// A copy of `x` in which each element that `index` names along an axis is reduced with the values of `source` there.
/// Without `include_self` the element itself does not count.
///
/// # Errors
/// As [`scatter`]; `NotImplementedError` for the mean of `bool`.
pub fn scatter_reduce(
    x: &Tensor,
    axis: isize,
    index: &Tensor,
    source: &Tensor,
    how: Reduction,
    include_self: bool,
) -> Result<Tensor> {
    let (op, index) = Reduce::scatter(x, axis, index, source, how, include_self)?;
    apply(op, &[x, &index, source])
}

/// [`scatter_reduce`] in place.
pub fn scatter_reduce_(
    x: &Tensor,
    axis: isize,
    index: &Tensor,
    source: &Tensor,
    how: Reduction,
    include_self: bool,
) -> Result<()> {
    let (op, index) = Reduce::scatter(x, axis, index, source, how, include_self)?;
    along::check_apart(x, &[&index, source])?;
    apply_inplace(op, &[x, &index, source])
}

/// A copy of `x` in which each slice that `index` names along an axis is reduced with the slices of `source` there.
///
/// # Errors
/// As [`index_add`]; `RuntimeError` for sums, which `index_add` makes; `IndexError` for numbers out of range;
/// `NotImplementedError` for the mean of `bool`.
pub fn index_reduce(
    x: &Tensor,
    axis: isize,
    index: &Tensor,
    source: &Tensor,
    how: Reduction,
    include_self: bool,
) -> Result<Tensor> {
    let (op, index) = Reduce::slices(x, axis, index, source, how, include_self)?;
    apply(op, &[x, &index, source])
}

/// [`index_reduce`] in place.
pub fn index_reduce_(
    x: &Tensor,
    axis: isize,
    index: &Tensor,
    source: &Tensor,
    how: Reduction,
    include_self: bool,
) -> Result<()> {
    let (op, index) = Reduce::slices(x, axis, index, source, how, include_self)?;
    along::check_apart(x, &[&index, source])?;
    apply_inplace(op, &[x, &index, source])
}

impl Reduce {
    fn scatter(
        x: &Tensor,
        axis: isize,
        index: &Tensor,
        source: &Tensor,
        how: Reduction,
        include_self: bool,
    ) -> Result<(Self, Tensor)> {
        let axis = along::axis_of(x, axis)?;
        let index = long_index("scatter", index)?;
        check_dtype(x, source)?;
        check_mean("scatter_gather_tensor_cpu_reduce_mean", how, x.dtype())?;
        if index.numel() > 0 {
            x.with_array(|x| index.with_array(|i| check(x.shape(), axis, i, Some(&source.shape()))))?;
        }
        Ok((Reduce { how, axis, vector: false, include_self }, index))
    }

    fn slices(
        x: &Tensor,
        axis: isize,
        index: &Tensor,
        source: &Tensor,
        how: Reduction,
        include_self: bool,
    ) -> Result<(Self, Tensor)> {
        let axis = along::axis_of(x, axis)?;
        let index = check_source("index_reduce_", x, axis, index, source)?;
        check_mean("index_reduce_func_mean", how, x.dtype())?;
        let size = x.shape().get(axis).copied().unwrap_or(1) as i64;
        let outside = index.with_array(|i| along::first_outside(i, 0, size));
        crate::ensure!(outside.is_none(), Index, "index out of range in self");
        Ok((Reduce { how, axis, vector: true, include_self }, index))
    }

    fn write(&self, x: &Array, index: &Array, source: &Array) -> Result<()> {
        let (x, source) = (along::with_axis(x), along::with_axis(source));
        let index = if self.vector { along::spread(index, self.axis, x.shape()) } else { along::with_axis(index) };
        if index.numel() == 0 {
            return Ok(());
        }
        let values = along::beginning(&source, index.shape());
        let put = |x: &Array, values: &Array, how| along::scatter(x, self.axis, &index, values, how);
        let number = |value, dtype| standing(value, dtype, index.shape());
        if !self.include_self {
            put(&x, &number(self.how.neutral(x.dtype()), x.dtype())?, Combine::Assign)?;
        }
        put(&x, &values, self.how.combine())?;
        if self.how == Reduction::Mean {
            let dtype = if x.dtype().is_float() { x.dtype() } else { DType::I64 };
            let counts = Array::full(x.shape(), Scalar::Int(1), dtype)?;
            if !self.include_self {
                put(&counts, &number(Scalar::Int(0), dtype)?, Combine::Assign)?;
            }
            put(&counts, &number(Scalar::Int(1), dtype)?, Combine::Add)?;
            divide(&x, &counts)?;
        }
        Ok(())
    }

    /// What lies at the places of the index.
    fn read(&self, x: &Tensor, index: &Tensor) -> Result<Tensor> {
        let axis = self.axis as isize;
        if self.vector { index_select(x, axis, index) } else { gather(x, axis, index) }
    }

    /// `x` with values added at the places of the index.
    fn add(&self, x: &Tensor, index: &Tensor, values: &Tensor) -> Result<Tensor> {
        let axis = self.axis as isize;
        match self.vector {
            true => index_add(x, axis, index, values, Scalar::Int(1)),
            false => scatter(x, axis, index, values, Meet::Add),
        }
    }

    /// `x` with zeros at the places of the index.
    fn clear(&self, x: &Tensor, index: &Tensor) -> Result<Tensor> {
        let (axis, zero) = (self.axis as isize, Scalar::Int(0));
        if self.vector { index_fill(x, axis, index, zero) } else { scatter(x, axis, index, zero, Meet::Replace) }
    }

    /// The reduction of other tensors at the same places.
    fn again(&self, x: &Tensor, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        apply(*self, &[x, index, source])
    }

    /// The gradients of the tensor (before its own elements are left out) and of the values at the index.
    fn gradients(&self, g: &Tensor, cx: &Context<'_>, index: &Tensor) -> Result<(Tensor, Tensor)> {
        match self.how {
            Reduction::Sum => Ok((g.clone(), self.read(g, index)?)),
            Reduction::Mean => {
                let start = filled(g, if self.include_self { 1 } else { 0 })?;
                let counts = self.add(&start, index, &filled(&self.read(g, index)?, 1)?)?;
                let share = div(g, &where_(&eq(&counts, 0.0)?, Scalar::Float(1.0), &counts)?)?;
                Ok((share.clone(), self.read(&share, index)?))
            }
            Reduction::Amax | Reduction::Amin => {
                let (x, source, result) = (cx.input(0)?, self.source(cx, index)?, cx.output(0)?);
                let own = cast(&eq(&x, &result)?, g.dtype())?;
                let theirs = cast(&eq(&source, &self.read(&result, index)?)?, g.dtype())?;
                let share = div(g, &self.add(&own, index, &theirs)?)?;
                Ok((mul(&own, &share)?, mul(&theirs, &self.read(&share, index)?)?))
            }
            Reduction::Prod => self.product_gradients(g, cx, index),
        }
    }

    /// A factor's gradient is the product of the others: the result divided by it, or, where it is the only zero, the result
    /// with a one in its place.
    fn product_gradients(&self, g: &Tensor, cx: &Context<'_>, index: &Tensor) -> Result<(Tensor, Tensor)> {
        let one = Scalar::Float(1.0);
        let (x, source, result) = (cx.input(0)?, self.source(cx, index)?, cx.output(0)?);
        let without_zeros = where_(&eq(&x, 0.0)?, one, &x)?;
        let others = div(&self.again(&without_zeros, index, &source)?, &without_zeros)?;

        let zero = eq(&source, 0.0)?;
        let zeros = self.add(&filled(&x, 0)?, index, &cast(&zero, g.dtype())?)?;
        let zeros = self.read(&zeros, index)?;
        crate::ensure!(
            !(grad_enabled() && reduce::any(&gt(&zeros, 1.0)?, None, false)?.array().item()?.to_i64() != 0),
            Runtime,
            "scatter_reduce(): Double backward is unsupported for src when >1 zeros in src are scattered to the same position \
             in self"
        );
        let single = bitwise_and(&zero, &eq(&zeros, 1.0)?)?;
        let with_one = self.again(&x, index, &where_(&single, one, &source)?)?;
        let quotient = div(&self.read(&mul(g, &result)?, index)?, &where_(&zero, one, &source)?)?;
        let at_source = where_(&single, &self.read(&mul(g, &with_one)?, index)?, &quotient)?;
        Ok((mul(g, &others)?, at_source))
    }

    /// The values that an index reaches.
    fn source(&self, cx: &Context<'_>, index: &Tensor) -> Result<Tensor> {
        let source = cx.input(2)?;
        let shape = index.shape();
        if self.vector || source.shape() == shape {
            return Ok(source);
        }
        if shape.is_empty() {
            return view::reshape_to(&source, &shape);
        }
        let mut part = source;
        for (axis, &n) in shape.iter().enumerate() {
            part = view::narrow(&part, axis as isize, 0, n as isize)?;
        }
        Ok(part)
    }
}

/// A tensor of the sizes and dtype of another, with one number everywhere.
fn filled(like: &Tensor, value: i64) -> Result<Tensor> {
    Ok(Tensor::new(Array::full(&like.shape(), Scalar::Int(value), like.dtype())?))
}

fn check_mean(name: &str, how: Reduction, dtype: DType) -> Result<()> {
    crate::ensure!(
        how != Reduction::Mean || dtype != DType::Bool,
        NotImplemented,
        "\"{name}\" not implemented for 'Bool'"
    );
    Ok(())
}

/// `x /= counts`, rounded down for integers.
fn divide(x: &Array, counts: &Array) -> Result<()> {
    if x.dtype().is_float() {
        return float2(SIMPLE, [Side::Array(x), Side::Array(counts)], x, |a, b| a / b, |a, b| a / b);
    }
    let wide = x.to_dtype(DType::I64)?;
    let quotient = Array::empty(x.shape(), DType::I64)?;
    typed2((Single, 10), [Side::Array(&wide), Side::Array(counts)], &quotient, div_floor::<i64>)?;
    x.copy_from(&quotient)
}

impl Op for Reduce {
    fn name(&self) -> &'static str {
        if self.vector { "index_reduce" } else { "scatter_reduce" }
    }
    fn node_name(&self) -> Cow<'static, str> {
        if self.vector { "IndexReduceBackward0".into() } else { "ScatterReduceBackward0".into() }
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = x[0].copy_contiguous()?;
        self.write(&out, x[1], x[2])?;
        Ok(smallvec![out])
    }
    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        self.write(x[0], x[1], x[2])
    }
    fn saves(&self, _: &[bool]) -> Saves {
        match self.how {
            Reduction::Sum | Reduction::Mean => Saves::inputs(&[1]),
            _ => Saves::inputs(&[0, 1, 2]).and(Saves::outputs(&[0])),
        }
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(grad) = &grads[0] else { return Ok(smallvec![None, None, None]) };
        let index = cx.input(1)?;
        if index.numel() == 0 {
            return Ok(smallvec![Some(grad.clone()), None, None]);
        }
        let (own, source) = self.gradients(grad, cx, &index)?;
        let own = if self.include_self { own } else { self.clear(&own, &index)? };
        let source = if self.vector { source } else { super::scatter::padded(&source, cx.shape(2))? };
        Ok(smallvec![Some(own), None, Some(source)])
    }
}
