//! Which elements, or slices, there are; which of them each one is; and how often each occurs.

use super::keys::{Keys, Source};
use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, Tensors, apply_many};
use crate::error::Result;
use crate::kernels::sort::{Groups, distinct};
use crate::ops::index::{gather_slices, with_axis};
use crate::shape::normalize_axis;
use smallvec::smallvec;

/// The elements in ascending order, each once; with `inverse` the number of each element among them (else nothing); and how
/// often each occurs. NaN equals nothing.
///
/// # Errors
/// None but for want of memory.
pub fn unique(x: &Tensor, inverse: bool) -> Result<Tensors> {
    apply_many(Unique { axis: None, consecutive: false, inverse }, &[x])
}

/// As [`unique`] with `inverse`, for slices along an axis, in lexicographic order.
///
/// # Errors
/// `IndexError` for an axis out of range, `RuntimeError` for slices without elements.
pub fn unique_dim(x: &Tensor, dim: isize) -> Result<Tensors> {
    let axis = slices(x, dim)?;
    apply_many(Unique { axis: Some(axis), consecutive: false, inverse: true }, &[x])
}

/// Elements (or slices along an axis), of neighbours that are equal only the first; the number of that one for each; and
/// how long each run is.
///
/// # Errors
/// As [`unique_dim`].
pub fn unique_consecutive(x: &Tensor, dim: Option<isize>) -> Result<Tensors> {
    let axis = dim.map(|dim| slices(x, dim)).transpose()?;
    apply_many(Unique { axis, consecutive: true, inverse: true }, &[x])
}

fn slices(x: &Tensor, dim: isize) -> Result<usize> {
    let axis = normalize_axis(dim, x.ndim())?;
    let shape = x.shape();
    crate::ensure!(
        shape.iter().enumerate().all(|(a, &n)| n > 0 || a == axis),
        Runtime,
        "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
    );
    Ok(axis)
}

#[derive(Debug)]
struct Unique {
    axis: Option<usize>,
    consecutive: bool,
    inverse: bool,
}

/// Groups of items taken in an order in which equal ones are neighbours; `group` becomes the group of each.
fn grouped(order: impl Iterator<Item = usize>, same: impl Fn(usize, usize) -> bool, group: &mut [i64]) -> Groups {
    let mut out = Groups { first: Vec::new(), count: Vec::new() };
    let mut last = None;
    for item in order {
        match last {
            Some(last) if same(last, item) => *out.count.last_mut().expect("a group") += 1,
            _ => {
                out.first.push(item as i64);
                out.count.push(1);
            }
        }
        group[item] = out.count.len() as i64 - 1;
        last = Some(item);
    }
    out
}

impl Unique {
    /// The groups of the `count` items of `x`, which are runs of `width` elements.
    fn groups(&self, x: &Array, count: usize, width: usize, group: &mut [i64]) -> Result<Groups> {
        if width == 1 && !self.consecutive {
            let keys = Source::of(x)?;
            return Ok(distinct(count, &|start, out| keys.fill(start, out), keys.nan, group));
        }
        let keys = Keys::of(x)?;
        let item = |i: usize| &keys.values[i * width..(i + 1) * width];
        let same = |a: usize, b: usize| item(a).iter().zip(item(b)).all(|(&a, &b)| keys.same(a, b));
        if self.consecutive {
            return Ok(grouped(0..count, same, group));
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|&a, &b| item(a).cmp(item(b)));
        Ok(grouped(order.into_iter(), same, group))
    }
}

impl Op for Unique {
    fn name(&self) -> &'static str {
        match (self.axis, self.consecutive) {
            (None, false) => "_unique2",
            (Some(_), false) => "unique_dim",
            (_, true) => "unique_consecutive",
        }
    }
    fn node_name(&self) -> std::borrow::Cow<'static, str> {
        "NotImplemented".into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let x = x[0];
        let (items, axis) = match self.axis {
            None => (x.reshape(&[x.numel()])?, 0),
            Some(axis) => (with_axis(x), axis),
        };
        let front = items.map_layout(|l| {
            let mut axes: crate::shape::Dims = (0..l.shape.len()).filter(|&a| a != axis).collect();
            axes.insert(0, axis);
            l.permute(&axes)
        });
        let count = front.shape()[0];
        let width = front.shape()[1..].iter().product();
        let mut inverse = Array::empty(&[if self.inverse { count } else { 0 }], DType::I64)?;
        let groups = self.groups(&front, count, width, inverse.slice_mut::<i64>())?;
        let vector = |v: &[i64]| Array::from_slice(v, &[v.len()]);
        let values = gather_slices(&items, axis, &vector(&groups.first)?)?;
        if self.axis.is_none() && self.inverse {
            inverse = inverse.reshape(x.shape())?;
        }
        Ok(smallvec![values, inverse, vector(&groups.count)?])
    }
    fn is_differentiable(&self, output: usize) -> bool {
        output == 0
    }
    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        crate::bail!(NotImplemented, "the derivative for '{}' is not implemented.", self.name())
    }
}
