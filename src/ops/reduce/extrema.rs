//! The largest and smallest elements.

use super::spread::spread_array;
use super::{Axes, fold, spread};
use crate::array::{Array, DType, Element};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, Tensors, apply, apply_many};
use crate::error::Result;
use crate::kernels::elementwise::map2;
use crate::kernels::reduce::By;
use crate::kernels::reduce::reducers::Extreme;
use crate::ops::binary::{add, mul};
use crate::{dispatch_all, dispatch_floating};
use smallvec::smallvec;
use std::borrow::Cow;

/// The largest element over axes (all, if none is given); NaN where there is one. The gradient is shared by equals.
///
/// # Errors
/// `IndexError` for an axis that is not there or of size zero, `RuntimeError` for one named twice and for no elements at all.
pub fn amax(x: &Tensor, dims: &[isize], keepdim: bool) -> Result<Tensor> {
    apply(Extrema { which: Which::Max, axes: Axes::new("amax", Some(dims), x.ndim(), keepdim)?, whole: false }, &[x])
}

/// The smallest element; otherwise as [`amax`].
pub fn amin(x: &Tensor, dims: &[isize], keepdim: bool) -> Result<Tensor> {
    apply(Extrema { which: Which::Min, axes: Axes::new("amin", Some(dims), x.ndim(), keepdim)?, whole: false }, &[x])
}

/// The smallest and the largest element over one axis, or over all.
///
/// # Errors
/// As [`amax`].
pub fn aminmax(x: &Tensor, dim: Option<isize>, keepdim: bool) -> Result<Tensors> {
    let axes = match dim {
        Some(dim) => Axes::one(dim, x.ndim(), keepdim)?,
        None => Axes::all(x.ndim(), keepdim),
    };
    apply_many(Extrema { which: Which::Both, axes, whole: false }, &[x])
}

/// The largest element of all; NaN if there is one. The gradient is shared by equals, or by the NaN.
///
/// # Errors
/// `RuntimeError` for no elements.
pub fn max(x: &Tensor) -> Result<Tensor> {
    apply(Extrema { which: Which::Max, axes: Axes::all(x.ndim(), false), whole: true }, &[x])
}

/// The smallest element of all; otherwise as [`max`].
pub fn min(x: &Tensor) -> Result<Tensor> {
    apply(Extrema { which: Which::Min, axes: Axes::all(x.ndim(), false), whole: true }, &[x])
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    Min,
    Max,
    /// First the smallest, then the largest.
    Both,
}

#[derive(Debug)]
struct Extrema {
    which: Which,
    axes: Axes,
    /// `max()` and `min()`, whose gradient at NaN goes to the NaN.
    whole: bool,
}

impl Extrema {
    fn largest(&self, output: usize) -> bool {
        self.which == Which::Max || output == 1
    }
}

/// The extreme elements of an array over axes, none of them of size zero.
pub(super) fn extreme(x: &Array, axes: &Axes, largest: bool) -> Result<Array> {
    dispatch_all!(x.dtype(), T => match largest {
        true => fold::<T, T, _>(x, axes, &Extreme::<true>, |acc| acc),
        false => fold::<T, T, _>(x, axes, &Extreme::<false>, |acc| acc),
    })
}

/// For each element, which part of its output's gradient it gets: 0, or 1 divided by the number of elements that equal the
/// output. With `nan`, NaN equals NaN.
pub(crate) fn shares(x: &Array, out: &Array, axes: &Axes, nan: bool) -> Result<Array> {
    let equal = Array::empty(x.shape(), DType::Bool)?;
    let stretched = spread_array(out, axes, x.shape());
    dispatch_all!(x.dtype(), T => {
        let is_equal = |x: T, y: T| x == y || (nan && Element::is_nan(x) && Element::is_nan(y));
        map2(x.operand::<T>(), stretched.operand::<T>(), equal.operand_mut::<bool>()?, is_equal);
    });
    let by = By { identity: 0, step: |acc: i64, x: bool| acc + x as i64, merge: |a, b| a + b };
    let counts = spread_array(&fold::<bool, i64, _>(&equal, axes, &by, |acc| acc)?, axes, x.shape());
    let shares = Array::empty(x.shape(), x.dtype())?;
    dispatch_floating!(x.dtype(), T => {
        let share = |equal: bool, count: i64| <T as Element>::from_f64(equal as u8 as f64 / count as f64);
        map2(equal.operand::<bool>(), counts.operand::<i64>(), shares.operand_mut::<T>()?, share);
    }, else unreachable!("gradients are of a float type"));
    Ok(shares)
}

impl Op for Extrema {
    fn name(&self) -> &'static str {
        match (self.which, self.whole) {
            (Which::Both, _) => "aminmax",
            (Which::Max, false) => "amax",
            (Which::Min, false) => "amin",
            (Which::Max, true) => "max",
            (Which::Min, true) => "min",
        }
    }

    fn node_name(&self) -> Cow<'static, str> {
        match (self.which, self.whole) {
            (Which::Both, _) => "AminmaxBackward0",
            (Which::Max, false) => "AmaxBackward0",
            (Which::Min, false) => "AminBackward0",
            (Which::Max, true) => "MaxBackward1",
            (Which::Min, true) => "MinBackward1",
        }
        .into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        self.axes.check_not_empty(self.name(), x[0].shape())?;
        let first = extreme(x[0], &self.axes, self.largest(0))?;
        Ok(match self.which {
            Which::Both => smallvec![first, extreme(x[0], &self.axes, true)?],
            _ => smallvec![first],
        })
    }

    fn saves(&self, _: &[bool]) -> Saves {
        let outputs: &[usize] = if self.which == Which::Both { &[0, 1] } else { &[0] };
        Saves::inputs(&[0]).and(Saves::outputs(outputs))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let x = cx.input(0)?.array();
        let mut total: Option<Tensor> = None;
        for (i, g) in grads.iter().enumerate().filter_map(|(i, g)| Some((i, g.as_ref()?))) {
            let shares = Tensor::new(shares(&x, &cx.output(i)?.array(), &self.axes, self.whole)?);
            let part = mul(&spread(g, &self.axes, x.shape())?, &shares)?;
            total = Some(match total {
                Some(t) => add(&t, &part)?,
                None => part,
            });
        }
        Ok(smallvec![total])
    }
}
