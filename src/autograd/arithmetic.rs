//! The few linear operations that the engine itself needs: adding gradients up, summing them back over broadcast axes,
//! and casting them to the type of what they belong to. All can be differentiated again.

use super::op::{Arrays, Grads, Op, apply};
use super::saved::Context;
use super::tensor::Tensor;
use crate::array::{Array, DType};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::{elementwise, reduce};
use crate::shape::{Dims, Layout, broadcast, reduced_axes};
use half::{bf16, f16};
use smallvec::smallvec;

/// Addition in the element type itself.
macro_rules! add_as {
    ($dtype:expr, $out:expr, $a:expr, $b:expr) => {
        match $dtype {
            DType::F16 => elementwise::map2($a.operand::<f16>(), $b.operand::<f16>(), $out.operand_mut()?, |x, y| x + y),
            DType::BF16 => elementwise::map2($a.operand::<bf16>(), $b.operand::<bf16>(), $out.operand_mut()?, |x, y| x + y),
            dtype => dispatch_float!(dtype, T => {
                elementwise::map2($a.operand::<T>(), $b.operand::<T>(), $out.operand_mut::<T>()?, |x, y| x + y)
            }, else unreachable!("gradients are of a float type")),
        }
    };
}

/// `a + b` for gradients: one float type, shapes that broadcast.
pub fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(AddGradients, &[a, b])
}

/// The same values in memory of their own, which lies as `layout` says.
pub(super) fn copy(x: &Tensor, layout: Layout) -> Result<Tensor> {
    apply(CopyGradient { layout }, &[x])
}

#[derive(Debug)]
struct CopyGradient {
    layout: Layout,
}

impl Op for CopyGradient {
    fn name(&self) -> &'static str {
        "clone"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::empty_layout(self.layout.clone(), x[0].dtype())?;
        out.copy_from(x[0])?;
        Ok(smallvec![out])
    }
    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].clone()])
    }
}

/// Adds `b` to the memory of `a`, outside of the graph. Shapes and float types are equal.
pub(super) fn add_into(a: &Array, b: &Array) -> Result<()> {
    add_as!(a.dtype(), a, a, b);
    Ok(())
}

#[derive(Debug)]
struct AddGradients;

impl Op for AddGradients {
    fn name(&self) -> &'static str {
        "add"
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let shape = broadcast(x[0].shape(), x[1].shape())?;
        let out = Array::empty(&shape, x[0].dtype())?;
        let (a, b) = (x[0].broadcast_to(&shape), x[1].broadcast_to(&shape));
        add_as!(out.dtype(), out, a, b);
        Ok(smallvec![out])
    }
    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].clone(), grads[0].clone()])
    }
}

/// The sum over the axes along which `shape` was stretched to the tensor's shape.
pub fn sum_to(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    if x.shape().as_slice() == shape {
        return Ok(x.clone());
    }
    apply(SumTo { shape: Dims::from_slice(shape) }, &[x])
}

#[derive(Debug)]
struct SumTo {
    shape: Dims,
}

impl Op for SumTo {
    fn name(&self) -> &'static str {
        "sum"
    }
    fn node_name(&self) -> std::borrow::Cow<'static, str> {
        "SumBackward1".into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let out = Array::empty(&self.shape, x[0].dtype())?;
        let axes = reduced_axes(x[0].shape(), &self.shape);
        match x[0].dtype() {
            // Half types are summed in single precision and rounded once.
            dtype @ (DType::F16 | DType::BF16) => {
                let single = x[0].to_dtype(DType::F32)?;
                let sum = Array::empty(&self.shape, DType::F32)?;
                reduce::sum(single.operand::<f32>(), &axes, sum.slice_mut::<f32>());
                return Ok(smallvec![sum.to_dtype(dtype)?]);
            }
            dtype => dispatch_float!(dtype, T => {
                reduce::sum(x[0].operand::<T>(), &axes, out.slice_mut::<T>())
            }, else unreachable!("gradients are of a float type")),
        }
        Ok(smallvec![out])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| expand(g, cx.shape(0))).transpose()?])
    }
}

/// The tensor stretched to a larger shape, as a view.
pub fn expand(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    apply(Expand { shape: Dims::from_slice(shape) }, &[x])
}

#[derive(Debug)]
struct Expand {
    shape: Dims,
}

impl Op for Expand {
    fn name(&self) -> &'static str {
        "expand"
    }
    fn is_view(&self) -> bool {
        true
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let sizes: smallvec::SmallVec<[isize; 6]> = self.shape.iter().map(|&s| s as isize).collect();
        Ok(smallvec![x[0].try_map_layout(|l| l.expand(&sizes))?])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| sum_to(g, cx.shape(0))).transpose()?])
    }
}

/// The tensor in another dtype; itself if it has it already.
pub fn cast(x: &Tensor, dtype: DType) -> Result<Tensor> {
    if x.dtype() == dtype {
        return Ok(x.clone());
    }
    apply(Cast { dtype }, &[x])
}

#[derive(Debug)]
struct Cast {
    dtype: DType,
}

impl Op for Cast {
    fn name(&self) -> &'static str {
        "to"
    }
    fn node_name(&self) -> std::borrow::Cow<'static, str> {
        "ToCopyBackward0".into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![x[0].to_dtype(self.dtype)?])
    }
    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| cast(g, cx.dtype(0))).transpose()?])
    }
}

/// Adds `x` into the places of an array's storage that a layout names, of which some may coincide. Axes are taken index
/// by index, those of stride 0 and the shortest first, until no two places of the rest do.
pub fn add_into_layout(buffer: &Array, layout: &Layout, x: &Array) -> Result<()> {
    if !layout.may_overlap() {
        let target = buffer.as_strided(layout.clone())?;
        if target.dtype().is_float() {
            add_as!(target.dtype(), target, target, x);
            return Ok(());
        }
        crate::bail!(Runtime, "gradients are of a float type, got {}", target.dtype().name())
    }
    let order = |a: &&usize| (layout.strides[**a] != 0, layout.shape[**a]);
    let axes: Dims = (0..layout.shape.len()).filter(|&a| layout.shape[a] > 1).collect();
    let axis = *axes.iter().min_by_key(order).expect("an overlapping layout has an axis");
    for index in 0..layout.shape[axis] {
        add_into_layout(buffer, &layout.select(axis, index), &x.map_layout(|l| l.select(axis, index)))?;
    }
    Ok(())
}
