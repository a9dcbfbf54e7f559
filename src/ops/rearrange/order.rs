//! `flip` and `roll`: axes in another order.

use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::dispatch_size;
use crate::error::Result;
use crate::kernels::index::{Blocks, gather_blocks, reverse_rows};
use crate::ops::view;
use crate::shape::{normalize_axes, normalize_axis, numel};
use smallvec::{SmallVec, smallvec};
use std::ops::Range;

/// What happens to the indices of one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Stay,
    Reverse,
    /// Each element moves so many places on; fewer than the axis has.
    Rotate(usize),
}

impl Turn {
    fn inverse(self, size: usize) -> Turn {
        match self {
            Turn::Rotate(by) if by > 0 => Turn::Rotate(size - by),
            same => same,
        }
    }

    /// The index that comes to stand at place `at`.
    fn source(self, at: usize, size: usize) -> usize {
        match self {
            Turn::Stay => at,
            Turn::Reverse => size - 1 - at,
            Turn::Rotate(by) => (at + size - by) % size,
        }
    }
}

/// Several axes are turned at once as long as a table of all their indices stays in the cache; else one after the other.
const LONGEST_TABLE: usize = 1 << 15;

/// A copy with some axes turned.
fn gather(x: &Array, turns: &[Turn], axes: Range<usize>) -> Result<Array> {
    let mut offsets = vec![0];
    for axis in axes.clone() {
        let (size, stride, turn) = (x.shape()[axis], x.strides()[axis], turns[axis]);
        let steps: Vec<usize> = (0..size).map(|at| turn.source(at, size) * stride).collect();
        offsets = offsets.iter().flat_map(|&base| steps.iter().map(move |&step| base + step)).collect();
    }
    let indexed: SmallVec<[bool; 6]> = (0..x.ndim()).map(|axis| axes.contains(&axis)).collect();
    let blocks = Blocks::new(x.shape(), x.strides(), &indexed, axes.start);
    let out = Array::empty(x.shape(), x.dtype())?;
    let (from, to) = (x.bits(), out.bits());
    dispatch_size!(x.dtype(), T => gather_blocks(from.operand::<T>(), &blocks, &offsets, to.slice_mut::<T>()));
    Ok(out)
}

/// A copy with some axes rotated: each falls into two parts that change places, and parts are copied as they are.
fn rotated(x: &Array, turns: &[Turn]) -> Result<Array> {
    let out = Array::empty(x.shape(), x.dtype())?;
    let mut parts = vec![(x.clone(), out.clone())];
    for (axis, (&turn, &size)) in turns.iter().zip(x.shape()).enumerate() {
        let Turn::Rotate(by @ 1..) = turn else { continue };
        let cut = |a: &Array, start, end| a.map_layout(|l| l.slice(axis, start, end, 1));
        parts = parts
            .iter()
            .flat_map(|(from, to)| {
                [(cut(from, 0, size - by), cut(to, by, size)), (cut(from, size - by, size), cut(to, 0, by))]
            })
            .collect();
    }
    for (from, to) in parts {
        to.copy_from(&from)?;
    }
    Ok(out)
}

/// A copy of a contiguous array with the last axis reversed.
fn reversed(x: &Array) -> Result<Array> {
    let out = Array::empty(x.shape(), x.dtype())?;
    let len = x.shape().last().copied().unwrap_or(1);
    let (from, to) = (x.bits(), out.bits());
    dispatch_size!(x.dtype(), T => reverse_rows(from.slice::<T>(), len, to.slice_mut::<T>()));
    Ok(out)
}

/// A turn for each axis.
#[derive(Debug)]
struct Reorder {
    name: &'static str,
    turns: SmallVec<[Turn; 6]>,
}

impl Op for Reorder {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let moves = |turn: &Turn| !matches!(turn, Turn::Stay | Turn::Rotate(0));
        let (Some(first), Some(last)) = (self.turns.iter().position(moves), self.turns.iter().rposition(moves)) else {
            return Ok(smallvec![x[0].copy_contiguous()?]);
        };
        if x[0].numel() == 0 {
            return Ok(smallvec![Array::empty(x[0].shape(), x[0].dtype())?]);
        }
        let turning = &self.turns[first..=last];
        if turning.iter().all(|turn| matches!(turn, Turn::Rotate(_) | Turn::Stay)) {
            return Ok(smallvec![rotated(x[0], &self.turns)?]);
        }
        if first == last && last + 1 == x[0].ndim() {
            return Ok(smallvec![reversed(&x[0].contiguous()?)?]);
        }
        if numel(&x[0].shape()[first..=last]) <= LONGEST_TABLE {
            return Ok(smallvec![gather(x[0], &self.turns, first..last + 1)?]);
        }
        let mut out = x[0].clone();
        for axis in (first..=last).filter(|&axis| moves(&self.turns[axis])) {
            out = gather(&out, &self.turns, axis..axis + 1)?;
        }
        Ok(smallvec![out])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let turns = self.turns.iter().zip(cx.shape(0)).map(|(turn, &size)| turn.inverse(size)).collect();
        let back = Reorder { name: self.name, turns };
        Ok(smallvec![grads[0].as_ref().map(|grad| apply(back, &[grad])).transpose()?])
    }
}

/// A copy with some axes reversed.
///
/// # Errors
/// `IndexError` for axes out of range, `RuntimeError` for one given twice.
pub fn flip(x: &Tensor, axes: &[isize]) -> Result<Tensor> {
    let mut chosen = normalize_axes("flip", axes, x.ndim())?;
    if axes.is_empty() {
        chosen.fill(false);
    }
    let turns = (0..x.ndim()).map(|axis| if chosen[axis] { Turn::Reverse } else { Turn::Stay }).collect();
    apply(Reorder { name: "flip", turns }, &[x])
}

/// A copy with the elements of some axes moved on by `shifts` places; those that leave at the end come back at the start.
/// Without axes the tensor is rolled as if it had only one.
///
/// # Errors
/// `RuntimeError` unless there is a shift for each axis, `IndexError` for axes out of range.
pub fn roll(x: &Tensor, shifts: &[isize], axes: &[isize]) -> Result<Tensor> {
    crate::ensure!(!shifts.is_empty(), Runtime, "`shifts` required");
    if axes.is_empty() && shifts.len() == 1 {
        return view::reshape_to(&roll(&view::flatten(x, 0, -1)?, shifts, &[0])?, &x.shape());
    }
    crate::ensure!(
        shifts.len() == axes.len(),
        Runtime,
        "shifts and dimensions must align. shifts: {}, dims:{}",
        shifts.len(),
        axes.len()
    );
    let shape = x.shape();
    let mut by: SmallVec<[usize; 6]> = smallvec![0; shape.len()];
    for (&shift, &axis) in shifts.iter().zip(axes) {
        let axis = normalize_axis(axis, shape.len())?;
        if let Some(&size) = shape.get(axis).filter(|&&size| size > 0) {
            by[axis] = (by[axis] + shift.rem_euclid(size as isize) as usize) % size;
        }
    }
    apply(Reorder { name: "roll", turns: by.into_iter().map(Turn::Rotate).collect() }, &[x])
}
