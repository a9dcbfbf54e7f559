//! Running extrema and where they are.

use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, Tensors, apply_many};
use crate::dispatch_all;
use crate::error::Result;
use crate::kernels::order::Ordered;
use crate::kernels::scan::{Along, scan};
use crate::ops::index::{pick_array, place};
use crate::shape::normalize_axis;
use smallvec::smallvec;

/// The largest element so far along an axis and its index: the last of equals; from the first NaN on, the last NaN. The
/// gradient goes to the element at the index.
///
/// # Errors
/// `IndexError` for an axis that is not there.
pub fn cummax(x: &Tensor, dim: isize) -> Result<Tensors> {
    apply_many(Running { largest: true, axis: normalize_axis(dim, x.ndim())? }, &[x])
}

/// The smallest element so far; otherwise as [`cummax`].
pub fn cummin(x: &Tensor, dim: isize) -> Result<Tensors> {
    apply_many(Running { largest: false, axis: normalize_axis(dim, x.ndim())? }, &[x])
}

#[derive(Debug)]
struct Running {
    largest: bool,
    axis: usize,
}

/// The index of the extreme element so far, for each element.
fn indices<T: Ordered>(x: &[T], along: Along, largest: bool, out: &mut [i64]) {
    let worst = if largest { T::LOWEST } else { T::HIGHEST };
    let step = |(best, index): (T, i64), at: usize, j: usize| {
        let x = x[at];
        let worse = if largest { best.above(x) } else { x.above(best) };
        if x.is_nan() || !(best.is_nan() || worse) { (x, j as i64) } else { (best, index) }
    };
    scan(along, false, out, (worst, 0), step, |(_, index)| index);
}

impl Op for Running {
    fn name(&self) -> &'static str {
        if self.largest { "cummax" } else { "cummin" }
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let x = x[0].contiguous()?;
        let out = Array::empty(x.shape(), DType::I64)?;
        let along = Along::new(x.shape(), self.axis);
        dispatch_all!(x.dtype(), T => indices(x.slice::<T>(), along, self.largest, out.slice_mut::<i64>()));
        Ok(smallvec![pick_array(&x, self.axis, &out)?, out])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::outputs(&[1])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        Ok(smallvec![Some(place(g, self.axis, &cx.output(1)?.array(), cx.shape(0))?)])
    }

    fn is_differentiable(&self, output: usize) -> bool {
        output == 0
    }
}
