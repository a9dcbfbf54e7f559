//! Advanced indexing: index tensors and masks that name elements of some axes.
//!
//! Index tensors are broadcast together. Where the axes that they stand for are neighbours, the axes of the result that the
//! indices make take their place; else they come first.

use crate::array::{Array, DType, Storage};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace, cast};
use crate::error::Result;
use crate::kernels::index::{Blocks, Positions, gather_blocks, scatter_blocks};
use crate::shape::{Bracketed, Dims, broadcast, checked_numel};
use crate::{dispatch_all, dispatch_size};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// Index tensors (`int64`, or `bool` for masks) with the axis that each stands for; a mask stands for as many axes as it
/// has, from this one on.
#[derive(Clone, Debug, Default)]
pub struct Indices {
    axes: SmallVec<[usize; 4]>,
    tensors: SmallVec<[Tensor; 4]>,
}

impl Indices {
    /// Adds an index for an axis behind all others.
    pub(super) fn push(&mut self, axis: usize, index: Tensor) {
        self.axes.push(axis);
        self.tensors.push(index);
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.axes.is_empty()
    }

    fn inputs<'a>(&'a self, first: &[&'a Tensor]) -> SmallVec<[&'a Tensor; 4]> {
        first.iter().copied().chain(&self.tensors).collect()
    }

    /// Those that an operation has kept, behind its first `skip` inputs.
    fn saved(axes: &[usize], cx: &Context<'_>, skip: usize) -> Result<Self> {
        let tensors = (skip..cx.len()).map(|i| cx.input(i)).collect::<Result<_>>()?;
        Ok(Indices { axes: axes.into(), tensors })
    }
}

/// Where the elements lie that indices name.
struct Places {
    blocks: Blocks,
    offsets: Vec<usize>,
    /// The shape of what is read or written.
    shape: Dims,
}

impl Places {
    /// Reads indices against an array. Every index is checked here.
    fn find(x: &Array, axes: &[usize], indices: &[&Array]) -> Result<Self> {
        let (shape, strides) = (x.shape(), x.strides());
        let mut indexed: SmallVec<[bool; 8]> = smallvec![false; shape.len()];
        let mut named: SmallVec<[usize; 4]> = SmallVec::new();
        for (&axis, index) in axes.iter().zip(indices) {
            let count = if index.dtype() == DType::Bool { index.ndim() } else { 1 };
            named.extend(axis..axis + count);
        }
        named.iter().for_each(|&axis| indexed[axis] = true);
        let neighbours = named.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let leading = if neighbours { named.first().copied().unwrap_or(0) } else { 0 };
        let (index_shape, offsets) = match (axes, indices) {
            ([axis], [mask]) if mask.dtype() == DType::Bool => {
                let offsets = mask_offsets(mask, &strides[*axis..*axis + mask.ndim()])?;
                (smallvec![offsets.len()], offsets)
            }
            _ => number_offsets(x, axes, indices)?,
        };
        let rest: Dims = (0..shape.len()).filter(|&a| !indexed[a]).map(|a| shape[a]).collect();
        let shape = rest[..leading].iter().chain(&index_shape).chain(&rest[leading..]).copied().collect();
        Ok(Places { blocks: Blocks::new(x.shape(), strides, &indexed, leading), offsets, shape })
    }
}

/// The offsets of the elements of a mask that are set.
fn mask_offsets(mask: &Array, strides: &[usize]) -> Result<Vec<usize>> {
    let mut offsets = Positions::new(mask.contiguous()?.slice::<bool>()).offsets();
    let shape = mask.shape();
    let merged = (1..shape.len()).all(|a| strides[a - 1] == strides[a] * shape[a]);
    let last = strides.last().copied().unwrap_or(1);
    for offset in &mut offsets {
        *offset = if merged {
            *offset * last
        } else {
            let mut rest = *offset;
            let mut place = 0;
            for (&size, &stride) in shape.iter().zip(strides).rev() {
                place += rest % size * stride;
                rest /= size;
            }
            place
        };
    }
    Ok(offsets)
}

/// The common shape of all indices, and the offsets that they name together.
fn number_offsets(x: &Array, axes: &[usize], indices: &[&Array]) -> Result<(Dims, Vec<usize>)> {
    let mut columns: SmallVec<[(usize, Array); 4]> = SmallVec::new();
    for (&axis, index) in axes.iter().zip(indices) {
        if index.dtype() == DType::Bool {
            let found = Positions::new(index.contiguous()?.slice::<bool>()).offsets();
            let mut step = 1;
            for (i, &size) in index.shape().iter().enumerate().rev() {
                let column: Vec<i64> = found.iter().map(|&p| (p / step % size) as i64).collect();
                columns.push((axis + i, Array::from_slice(&column, &[column.len()])?));
                step *= size;
            }
        } else {
            columns.push((axis, (*index).clone()));
        }
    }
    let mut shape = Dims::new();
    for (_, column) in &columns {
        shape = broadcast(&shape, column.shape()).map_err(|_| {
            let shapes: Vec<String> = columns.iter().map(|(_, c)| Bracketed(c.shape()).to_string()).collect();
            crate::error!(
                Index,
                "shape mismatch: indexing tensors could not be broadcast together with shapes {}",
                shapes.join(", ")
            )
        })?;
    }
    let count = checked_numel(&shape)?;
    Storage::probe(count, size_of::<usize>())?;
    let mut offsets = vec![0usize; count];
    for (axis, column) in &columns {
        let column = column.broadcast_to(&shape).contiguous()?;
        add_offsets(&mut offsets, column.slice::<i64>(), *axis, x.shape()[*axis], x.strides()[*axis])?;
    }
    Ok((shape, offsets))
}

/// Adds the offsets of indices along one axis.
fn add_offsets(offsets: &mut [usize], index: &[i64], axis: usize, size: usize, stride: usize) -> Result<()> {
    let n = size as i64;
    for (offset, &i) in offsets.iter_mut().zip(index) {
        let wrapped = if i < 0 { i.wrapping_add(n) } else { i };
        if !(0..n).contains(&wrapped) {
            crate::bail!(Index, "index {i} is out of bounds for dimension {axis} with size {size}");
        }
        *offset += wrapped as usize * stride;
    }
    Ok(())
}

/// The elements of a contiguous array at the places of a mask of its shape.
fn select(x: &Array, mask: &Array) -> Result<Array> {
    let mask = mask.contiguous()?;
    let found = Positions::new(mask.slice::<bool>());
    let out = Array::empty(&[found.count()], x.dtype())?;
    let (from, to) = (x.bits(), out.bits());
    dispatch_size!(x.dtype(), T => found.select(from.slice::<T>(), to.slice_mut::<T>()));
    Ok(out)
}

/// What the indices name, as a fresh array.
pub(super) fn take(x: &Array, axes: &[usize], indices: &[&Array]) -> Result<Array> {
    if let [mask] = indices
        && mask.dtype() == DType::Bool
        && mask.ndim() == x.ndim()
        && x.is_contiguous()
    {
        return select(x, mask);
    }
    let places = Places::find(x, axes, indices)?;
    let out = Array::empty(&places.shape, x.dtype())?;
    let (from, to) = (x.bits(), out.bits());
    dispatch_size!(x.dtype(), T => {
        gather_blocks(from.operand::<T>(), &places.blocks, &places.offsets, to.slice_mut::<T>());
    });
    Ok(out)
}

/// Writes or adds values to what the indices name.
pub(super) fn put(x: &Array, axes: &[usize], indices: &[&Array], value: &Array, accumulate: bool) -> Result<()> {
    crate::ensure!(
        x.dtype() == value.dtype(),
        Runtime,
        "Index put requires the source and destination dtypes match, got {} for the destination and {} for the source.",
        x.dtype().type_name(),
        value.dtype().type_name()
    );
    crate::ensure!(
        !x.layout().may_overlap(),
        Runtime,
        "index_put_: unsupported operation: more than one element of the written-to tensor refers to a single memory \
         location. Please clone() the tensor before performing the operation."
    );
    let places = Places::find(x, axes, indices)?;
    crate::ensure!(
        broadcast(value.shape(), &places.shape).is_ok_and(|s| s == places.shape),
        Runtime,
        "shape mismatch: value tensor of shape {} cannot be broadcast to indexing result of shape {}",
        Bracketed(value.shape()),
        Bracketed(&places.shape)
    );
    let value = value.broadcast_to(&places.shape).contiguous()?;
    let (blocks, offsets) = (&places.blocks, &places.offsets);
    if accumulate {
        dispatch_all!(x.dtype(), T => {
            scatter_blocks(x.operand_mut::<T>()?, blocks, offsets, value.slice::<T>(), super::combine::add::<T>);
        });
    } else {
        let (x, value) = (x.bits(), value.bits());
        dispatch_size!(x.dtype(), T => {
            scatter_blocks(x.operand_mut::<T>()?, blocks, offsets, value.slice::<T>(), |a, b| *a = b);
        });
    }
    Ok(())
}

/// `x[indices]`.
#[derive(Debug)]
struct Index {
    axes: SmallVec<[usize; 4]>,
}

/// The elements that index tensors name, as a copy.
pub(super) fn get(x: &Tensor, indices: &Indices) -> Result<Tensor> {
    apply(Index { axes: indices.axes.clone() }, &indices.inputs(&[x]))
}

impl Op for Index {
    fn name(&self) -> &'static str {
        "index"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![take(x[0], &self.axes, &x[1..])?])
    }
    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs_from(1)
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut out: Grads = smallvec![None; cx.len()];
        if let Some(grad) = &grads[0] {
            let indices = Indices::saved(&self.axes, cx, 1)?;
            let op = IndexPlace { axes: self.axes.clone(), shape: Dims::from_slice(cx.shape(0)) };
            out[0] = Some(apply(op, &indices.inputs(&[grad]))?);
        }
        Ok(out)
    }
}

/// Zeros with values added up where indices name them: the gradient of [`Index`].
#[derive(Debug)]
struct IndexPlace {
    axes: SmallVec<[usize; 4]>,
    shape: Dims,
}

impl Op for IndexPlace {
    fn name(&self) -> &'static str {
        "index_backward"
    }
    fn node_name(&self) -> Cow<'static, str> {
        "IndexPutBackward0".into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::zeros(&self.shape, x[0].dtype())?;
        put(&out, &self.axes, &x[1..], x[0], true)?;
        Ok(smallvec![out])
    }
    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs_from(1)
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut out: Grads = smallvec![None; cx.len()];
        if let Some(grad) = &grads[0] {
            out[0] = Some(get(grad, &Indices::saved(&self.axes, cx, 1)?)?);
        }
        Ok(out)
    }
}

/// `x` with the elements that indices name replaced, or added to.
#[derive(Debug)]
struct IndexPut {
    axes: SmallVec<[usize; 4]>,
    accumulate: bool,
}

impl Op for IndexPut {
    fn name(&self) -> &'static str {
        "index_put"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = x[0].copy_contiguous()?;
        put(&out, &self.axes, &x[2..], x[1], self.accumulate)?;
        Ok(smallvec![out])
    }
    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        put(x[0], &self.axes, &x[2..], x[1], self.accumulate)
    }
    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs_from(2)
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut out: Grads = smallvec![None; cx.len()];
        let Some(grad) = &grads[0] else { return Ok(out) };
        let indices = Indices::saved(&self.axes, cx, 2)?;
        if cx.needs(0) {
            out[0] = Some(if self.accumulate {
                grad.clone()
            } else {
                let zero = Tensor::new(Array::zeros(&[], grad.dtype())?);
                apply(IndexPut { axes: self.axes.clone(), accumulate: false }, &indices.inputs(&[grad, &zero]))?
            });
        }
        if cx.needs(1) {
            out[1] = Some(get(grad, &indices)?);
        }
        Ok(out)
    }
}

/// Writes or adds `value`, broadcast, to the elements that indices name.
pub(super) fn put_(x: &Tensor, indices: &Indices, value: &Tensor, accumulate: bool) -> Result<()> {
    let value = converted(x, indices, value, accumulate)?;
    apply_inplace(IndexPut { axes: indices.axes.clone(), accumulate }, &indices.inputs(&[x, &value]))
}

/// A single element for what one mask names may be of any dtype: it counts as a number.
fn converted(x: &Tensor, indices: &Indices, value: &Tensor, accumulate: bool) -> Result<Tensor> {
    let fills = matches!(&indices.tensors[..], [mask] if mask.dtype() == DType::Bool);
    if accumulate || !fills || value.dtype() == x.dtype() || value.numel() != 1 {
        return Ok(value.clone());
    }
    value.array().item()?.check_fits(x.dtype())?;
    cast(value, x.dtype())
}

/// Index tensors of the leading axes of a tensor, one for each axis (a mask for as many as it has); `None` leaves an axis.
fn leading_indices(x: &Tensor, indices: &[Option<&Tensor>]) -> Result<Indices> {
    let mut out = Indices::default();
    let mut axis = 0;
    for index in indices {
        let Some(index) = index else {
            axis += 1;
            continue;
        };
        let mask = matches!(index.dtype(), DType::Bool | DType::U8);
        crate::ensure!(
            mask || matches!(index.dtype(), DType::I64 | DType::I32),
            Index,
            "tensors used as indices must be long, int, byte or bool tensors"
        );
        let dtype = if mask { DType::Bool } else { DType::I64 };
        let shape = index.shape();
        if mask {
            for (i, &size) in shape.iter().enumerate() {
                let own = x.shape();
                crate::ensure!(
                    own.get(axis + i) == Some(&size),
                    Index,
                    "The shape of the mask {} at index {i} does not match the shape of the indexed tensor {} at index {}",
                    Bracketed(&shape),
                    Bracketed(&own),
                    axis + i
                );
            }
        }
        let index = if index.dtype() == dtype { (*index).clone() } else { Tensor::new(index.array().to_dtype(dtype)?) };
        out.push(axis, index);
        axis += if mask { shape.len() } else { 1 };
    }
    crate::ensure!(axis <= x.ndim(), Index, "too many indices for tensor of dimension {} (got {axis})", x.ndim());
    Ok(out)
}

/// The elements that index tensors of the leading axes name, as a copy.
///
/// # Errors
/// `IndexError` for indices out of range or of another dtype than `int64`, `int32`, `uint8`, `bool`.
pub fn index(x: &Tensor, indices: &[Option<&Tensor>]) -> Result<Tensor> {
    get(x, &leading_indices(x, indices)?)
}

/// A copy of `x` with `values`, broadcast, written (or added) to the elements that index tensors name.
///
/// # Errors
/// As [`index`]; `RuntimeError` where `values` does not stretch to what is indexed, or has another dtype.
pub fn index_put(x: &Tensor, indices: &[Option<&Tensor>], values: &Tensor, accumulate: bool) -> Result<Tensor> {
    let indices = leading_indices(x, indices)?;
    let values = converted(x, &indices, values, accumulate)?;
    apply(IndexPut { axes: indices.axes.clone(), accumulate }, &indices.inputs(&[x, &values]))
}

/// [`index_put`] in place.
pub fn index_put_(x: &Tensor, indices: &[Option<&Tensor>], values: &Tensor, accumulate: bool) -> Result<()> {
    put_(x, &leading_indices(x, indices)?, values, accumulate)
}
