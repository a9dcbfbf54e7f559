//! Variance and standard deviation.

use super::quotient::quotient;
use super::sum::mean_acc;
use super::{Axes, fold, mean, spread};
use crate::array::{Array, Element, Float};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, Tensors, apply, apply_many};
use crate::dispatch_floating;
use crate::error::Result;
use crate::kernels::float::{Floating, Real};
use crate::kernels::reduce::reducers::Deviations;
use crate::ops::binary::{add, div, mul, sub};
use smallvec::smallvec;
use std::borrow::Cow;

/// The variance over axes (all, if `None`): squared deviations from the mean, divided by their number less `correction`.
///
/// # Errors
/// `RuntimeError` unless the dtype is a float type, and for an axis named twice; `IndexError` for one that is not there.
pub fn var(x: &Tensor, dims: Option<&[isize]>, correction: f64, keepdim: bool) -> Result<Tensor> {
    apply(Moments::new("var", x, dims, correction, keepdim)?, &[x])
}

/// The square root of [`var`], with its errors. Its gradient where all elements are equal is zero.
pub fn std(x: &Tensor, dims: Option<&[isize]>, correction: f64, keepdim: bool) -> Result<Tensor> {
    apply(Moments::new("std", x, dims, correction, keepdim)?, &[x])
}

/// [`var`] and the mean.
pub fn var_mean(x: &Tensor, dims: Option<&[isize]>, correction: f64, keepdim: bool) -> Result<Tensors> {
    apply_many(Moments::new("var_mean", x, dims, correction, keepdim)?, &[x])
}

/// [`std()`] and the mean.
pub fn std_mean(x: &Tensor, dims: Option<&[isize]>, correction: f64, keepdim: bool) -> Result<Tensors> {
    apply_many(Moments::new("std_mean", x, dims, correction, keepdim)?, &[x])
}

#[derive(Debug)]
struct Moments {
    name: &'static str,
    axes: Axes,
    correction: f64,
    /// The standard deviation, not the variance.
    root: bool,
    with_mean: bool,
}

impl Moments {
    fn new(name: &'static str, x: &Tensor, dims: Option<&[isize]>, correction: f64, keepdim: bool) -> Result<Self> {
        crate::ensure!(
            x.dtype().is_float(),
            Runtime,
            "{name}: std and var only support floating point dtypes, got {}",
            x.dtype().type_name()
        );
        let axes = Axes::new(name, dims, x.ndim(), keepdim)?;
        Ok(Moments { name, axes, correction, root: name.starts_with("std"), with_mean: name.ends_with("mean") })
    }

    /// What the sum of squares is divided by; never below zero.
    fn divisor(&self, shape: &[usize]) -> f64 {
        (self.axes.count(shape) as f64 - self.correction).max(0.0)
    }

    fn compute<T>(&self, x: &Array) -> Result<Arrays>
    where
        T: Element + Floating,
        T::Acc: Float,
    {
        let count = self.axes.count(x.shape());
        let divisor = <T::Acc as Real>::from_f64(self.divisor(x.shape()));
        let means = mean_acc::<T>(x, &self.axes)?;
        let by = Deviations { means: means.slice::<T::Acc>() };
        let spread = fold::<T, T, _>(x, &self.axes, &by, |acc| {
            let var = acc.squares(count) / divisor;
            T::from_acc(if self.root { num_traits::Float::sqrt(var) } else { var })
        })?;
        Ok(if self.with_mean { smallvec![spread, means.to_dtype(x.dtype())?] } else { smallvec![spread] })
    }
}

impl Op for Moments {
    fn name(&self) -> &'static str {
        self.name
    }

    fn node_name(&self) -> Cow<'static, str> {
        match self.name {
            "var" => "VarBackward0",
            "std" => "StdBackward0",
            "var_mean" => "VarMeanBackward0",
            _ => "StdMeanBackward0",
        }
        .into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        dispatch_floating!(x[0].dtype(), T => self.compute::<T>(x[0]), else unreachable!("checked when made"))
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0]).and(Saves::outputs(&[0]).when(self.root))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let x = cx.input(0)?;
        let shape = cx.shape(0);
        let mut total = None;
        if let Some(g) = &grads[0] {
            // d var = 2 (x - mean) / divisor, d std = d var / (2 std).
            let g = if self.root { mul(&quotient(g, &cx.output(0)?)?, 0.5)? } else { g.clone() };
            let dims = chosen(&self.axes);
            let away = sub(&x, &mean(&x, dims.as_deref(), true, None)?)?;
            let scaled = mul(&spread(&g, &self.axes, shape)?, 2.0 / self.divisor(shape))?;
            total = Some(mul(&scaled, &away)?);
        }
        if let Some(g) = grads.get(1).and_then(Option::as_ref) {
            let each = spread(&div(g, self.axes.count(shape) as f64)?, &self.axes, shape)?;
            total = Some(match total {
                Some(t) => add(&t, &each)?,
                None => each,
            });
        }
        Ok(smallvec![total])
    }
}

/// The axes as a list again; `None` for all.
fn chosen(axes: &Axes) -> Option<Vec<isize>> {
    if axes.is_all() {
        return None;
    }
    let dims: Vec<isize> = (0..axes.mask().len()).filter(|&a| axes.mask()[a]).map(|a| a as isize).collect();
    Some(dims)
}
