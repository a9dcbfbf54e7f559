//! What stands between the brackets of `x[...]`.

use super::advanced::{self, Indices};
use crate::array::{Array, DType};
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::copy::copy_;
use crate::ops::view;
use crate::shape::{Bracketed, Pick, Region, slice_range, wrap_index};
use smallvec::{SmallVec, smallvec};

/// One part of an index expression.
#[derive(Clone, Debug)]
pub enum Item {
    /// An integer.
    At(isize),
    /// `start:end:step`.
    Slice(Option<isize>, Option<isize>, isize),
    /// `None`: a new axis.
    New,
    /// `...`: all axes that the other items leave.
    Ellipsis,
    /// `True` or `False`: a new axis of size 1 or 0.
    Bool(bool),
    /// An index tensor of an integer type, or a mask.
    Tensor(Tensor),
}

/// An index expression read against a shape: a part of the tensor, and index tensors for some axes of that part.
struct Selection {
    region: Region,
    indices: Indices,
}

/// The number of axes that an item uses up.
fn axes_of(item: &Item) -> usize {
    match item {
        Item::At(_) | Item::Slice(..) => 1,
        Item::New | Item::Ellipsis | Item::Bool(_) => 0,
        Item::Tensor(t) if matches!(t.dtype(), DType::Bool | DType::U8) => t.ndim(),
        Item::Tensor(_) => 1,
    }
}

impl Selection {
    fn read(shape: &[usize], items: &[Item]) -> Result<Self> {
        let used: usize = items.iter().map(axes_of).sum();
        if shape.is_empty() && matches!(items, [Item::At(_)]) {
            crate::bail!(
                Index,
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a \
                 0-dim tensor to a number"
            );
        }
        crate::ensure!(used <= shape.len(), Index, "too many indices for tensor of dimension {}", shape.len());
        let mut this = Selection { region: Region::default(), indices: Indices::default() };
        let mut axis = 0;
        let mut seen_ellipsis = false;
        for item in items {
            // A second ellipsis passes over as many axes once more, as in PyTorch.
            crate::ensure!(
                axis + axes_of(item) <= shape.len(),
                Index,
                "too many indices for tensor of dimension {}",
                shape.len()
            );
            match item {
                Item::At(index) => this.at(shape, axis, *index)?,
                Item::Slice(start, end, step) => {
                    this.region.0.push(slice_range(*start, *end, *step, shape[axis])?);
                }
                Item::New => this.region.0.push(Pick::New),
                Item::Ellipsis if seen_ellipsis => axis += shape.len() - used,
                Item::Ellipsis => {
                    seen_ellipsis = true;
                    this.region.0.extend(std::iter::repeat_n(Pick::All, shape.len() - used));
                    axis += shape.len() - used;
                }
                Item::Bool(set) => this.newly_indexed(*set)?,
                Item::Tensor(t) => this.tensor(shape, axis, t)?,
            }
            axis += axes_of(item);
        }
        Ok(this)
    }

    /// The axis of the part that the next pick makes.
    fn next_axis(&self) -> usize {
        self.region.0.iter().filter(|p| !matches!(p, Pick::At(_))).count()
    }

    fn at(&mut self, shape: &[usize], axis: usize, index: isize) -> Result<()> {
        let Some(at) = wrap_index(index, shape[axis]) else {
            crate::bail!(Index, "index {index} is out of bounds for dimension {axis} with size {}", shape[axis])
        };
        self.region.0.push(Pick::At(at));
        Ok(())
    }

    /// A truth value: a new axis, of which its one index is taken once or not at all.
    fn newly_indexed(&mut self, set: bool) -> Result<()> {
        let index = Array::zeros(&[set as usize], DType::I64)?;
        self.indices.push(self.next_axis(), Tensor::new(index));
        self.region.0.push(Pick::New);
        Ok(())
    }

    fn tensor(&mut self, shape: &[usize], axis: usize, t: &Tensor) -> Result<()> {
        let dtype = t.dtype();
        let mask = matches!(dtype, DType::Bool | DType::U8);
        crate::ensure!(
            mask || matches!(dtype, DType::I64 | DType::I32),
            Index,
            "tensors used as indices must be long, int, byte or bool tensors"
        );
        if t.ndim() == 0 {
            let value = t.array().item()?;
            return if mask {
                self.newly_indexed(value.to_i64() != 0)
            } else {
                self.at(shape, axis, value.to_i64() as isize)
            };
        }
        let (sizes, first) = (t.shape(), self.next_axis());
        if !mask {
            self.region.0.push(Pick::All);
            self.indices.push(first, as_index(t, DType::I64)?);
            return Ok(());
        }
        for (i, &size) in sizes.iter().enumerate() {
            crate::ensure!(
                size == shape[axis + i],
                Index,
                "The shape of the mask {} at index {i} does not match the shape of the indexed tensor {} at index {}",
                Bracketed(&sizes),
                Bracketed(shape),
                axis + i
            );
            self.region.0.push(Pick::All);
        }
        self.indices.push(first, as_index(t, DType::Bool)?);
        Ok(())
    }

    /// The part of `x`; `x` itself where it is the whole.
    fn part(&self, x: &Tensor) -> Result<Tensor> {
        if self.region.0.iter().all(|p| *p == Pick::All) && !self.indices.is_empty() {
            return Ok(x.clone());
        }
        view::part(x, self.region.clone())
    }
}

/// An index tensor in the dtype that operations take.
fn as_index(t: &Tensor, dtype: DType) -> Result<Tensor> {
    Ok(if t.dtype() == dtype { t.clone() } else { Tensor::new(t.array().to_dtype(dtype)?) })
}

/// `x[items]`: a view where there are no index tensors, else a copy.
///
/// # Errors
/// `IndexError` for too many items, indices out of range and masks of another shape, `ValueError` for slices that do not
/// step forward.
pub fn get(x: &Tensor, items: &[Item]) -> Result<Tensor> {
    let selection = x.with_array(|a| Selection::read(a.shape(), items))?;
    let part = selection.part(x)?;
    if selection.indices.is_empty() { Ok(part) } else { advanced::get(&part, &selection.indices) }
}

/// `x[items] = value`, with `value` broadcast.
///
/// # Errors
/// As [`get`]; `RuntimeError` where the shape of `value` does not stretch to that of the part, where `x` may not be written,
/// and, with index tensors, for a value of another dtype.
pub fn set(x: &Tensor, items: &[Item], value: &Tensor) -> Result<()> {
    // A truth value alone stands for everything or nothing, and converts as plain parts do.
    let everything = [Item::New];
    let items: &[Item] = match items {
        [Item::Bool(false)] => return Ok(()),
        [Item::Bool(true)] => &everything,
        items => items,
    };
    let selection = x.with_array(|a| Selection::read(a.shape(), items))?;
    let part = selection.part(x)?;
    if !selection.indices.is_empty() {
        return advanced::put_(&part, &selection.indices, &strip(value, 0)?, false);
    }
    let shape = part.shape();
    let value = strip(value, shape.len())?;
    let sizes: SmallVec<[isize; 6]> = shape.iter().map(|&n| n as isize).collect();
    // For the text of its error.
    value.with_array(|a| a.layout().expand(&sizes))?;
    copy_(&part, &value)
}

/// A value without leading axes of size 1 beyond `keep` axes.
fn strip(value: &Tensor, keep: usize) -> Result<Tensor> {
    let shape = value.shape();
    let surplus = shape.len().saturating_sub(keep);
    let ones = shape.iter().take(surplus).take_while(|&&n| n == 1).count();
    if ones == 0 {
        return Ok(value.clone());
    }
    view::part(value, Region(smallvec![Pick::At(0); ones]))
}
