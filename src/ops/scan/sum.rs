//! Running sums.

use crate::array::{Array, DType, Element};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply, apply_inplace};
use crate::error::Result;
use crate::kernels::scan::{Along, scan};
use crate::ops::reduce::sum_dtype;
use crate::shape::normalize_axis;
use crate::{dispatch_all, dispatch_floating};
use smallvec::smallvec;

/// The sum of all elements up to each along an axis; `int64` for integers and booleans unless a dtype is given.
///
/// # Errors
/// `IndexError` for an axis that is not there, `NotImplementedError` for a result in `bool`.
pub fn cumsum(x: &Tensor, dim: isize, dtype: Option<DType>) -> Result<Tensor> {
    let dtype = dtype.unwrap_or_else(|| sum_dtype(x.dtype()));
    crate::ensure!(dtype != DType::Bool, NotImplemented, "cumsum: not implemented for bool");
    apply(CumSum { axis: normalize_axis(dim, x.ndim())?, reverse: false, dtype }, &[x])
}

/// As [`cumsum`], in place and in the tensor's own dtype.
pub fn cumsum_(x: &Tensor, dim: isize) -> Result<()> {
    crate::ensure!(x.dtype() != DType::Bool, NotImplemented, "cumsum_: not implemented for bool");
    apply_inplace(CumSum { axis: normalize_axis(dim, x.ndim())?, reverse: false, dtype: x.dtype() }, &[x])
}

#[derive(Debug)]
struct CumSum {
    axis: usize,
    reverse: bool,
    dtype: DType,
}

impl Op for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let x = x[0].to_dtype(self.dtype)?.contiguous()?;
        let along = Along::new(x.shape(), self.axis);
        let out = Array::empty(x.shape(), self.dtype)?;
        dispatch_floating!(self.dtype, T => {
            let x = x.slice::<T>();
            scan(along, self.reverse, out.slice_mut::<T>(), 0.0, |s, at, _| s + x[at].to_f64(), <T as Element>::from_f64);
        }, else dispatch_all!(self.dtype, T => {
            let x = x.slice::<T>();
            let step = |s: i64, at: usize, _| s.wrapping_add(x[at].to_i64());
            scan(along, self.reverse, out.slice_mut::<T>(), 0, step, T::from_i64);
        }));
        Ok(smallvec![out])
    }

    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let back = CumSum { axis: self.axis, reverse: !self.reverse, dtype: g.dtype() };
        Ok(smallvec![Some(apply(back, &[g])?)])
    }
}
