//! Questions about all elements.

use super::{Axes, fold};
use crate::array::{Array, DType, Element};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::dispatch_all;
use crate::error::Result;
use crate::kernels::reduce::By;
use smallvec::smallvec;

/// Whether all elements over axes are other than zero: `bool`, or `uint8` for `uint8`. True for no elements. An empty list
/// of axes reduces none, as in PyTorch.
///
/// # Errors
/// `IndexError` for an axis that is not there, `RuntimeError` for one named twice.
pub fn all(x: &Tensor, dims: Option<&[isize]>, keepdim: bool) -> Result<Tensor> {
    question(Kind::All, x, dims, keepdim)
}

/// Whether any element over axes is other than zero; otherwise as [`all`]. False for no elements.
pub fn any(x: &Tensor, dims: Option<&[isize]>, keepdim: bool) -> Result<Tensor> {
    question(Kind::Any, x, dims, keepdim)
}

/// How many elements over axes (all, if `None`) are other than zero, as `int64`.
///
/// # Errors
/// As [`all`].
pub fn count_nonzero(x: &Tensor, dims: Option<&[isize]>) -> Result<Tensor> {
    let axes = Axes::new("count_nonzero", dims, x.ndim(), false)?;
    apply(Question { kind: Kind::Count, axes }, &[x])
}

fn question(kind: Kind, x: &Tensor, dims: Option<&[isize]>, keepdim: bool) -> Result<Tensor> {
    let axes = match dims {
        Some([]) => Axes::none(x.ndim()),
        dims => Axes::new(kind.name(), dims, x.ndim(), keepdim)?,
    };
    apply(Question { kind, axes }, &[x])
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    All,
    Any,
    Count,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::All => "all",
            Kind::Any => "any",
            Kind::Count => "count_nonzero",
        }
    }
}

#[derive(Debug)]
struct Question {
    kind: Kind,
    axes: Axes,
}

impl Question {
    fn compute<T: Element>(&self, x: &Array) -> Result<Array> {
        match self.kind {
            Kind::All => {
                let by = By { identity: true, step: |acc, x: T| acc & x.truth(), merge: |a, b| a & b };
                fold::<T, bool, _>(x, &self.axes, &by, |acc| acc)
            }
            Kind::Any => {
                let by = By { identity: false, step: |acc, x: T| acc | x.truth(), merge: |a, b| a | b };
                fold::<T, bool, _>(x, &self.axes, &by, |acc| acc)
            }
            Kind::Count => {
                let by = By { identity: 0, step: |acc, x: T| acc + x.truth() as i64, merge: |a: i64, b| a + b };
                fold::<T, i64, _>(x, &self.axes, &by, |acc| acc)
            }
        }
    }
}

impl Op for Question {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = dispatch_all!(x[0].dtype(), T => self.compute::<T>(x[0]))?;
        // PyTorch's answer about bytes is a byte.
        let byte = x[0].dtype() == DType::U8 && self.kind != Kind::Count;
        Ok(smallvec![if byte { out.to_dtype(DType::U8)? } else { out }])
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![None])
    }

    fn is_differentiable(&self, _: usize) -> bool {
        false
    }
}
