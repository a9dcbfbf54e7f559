//! The rectifier with learned slopes.

use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, grad_enabled};
use crate::error::Result;
use crate::ops::elementwise::{SIMPLE, Side, float2, float3};
use crate::ops::formula::{Formula, Tape};
use crate::ops::view;
use crate::shape::{Dims, Layout};
use smallvec::smallvec;

/// `x` where it is positive, `weight x` elsewhere; one weight, or one for each index of the second axis.
///
/// # Errors
/// `RuntimeError` for weights of another number or dtype.
pub fn prelu(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    crate::ensure!(
        weight.ndim() <= 1,
        Runtime,
        "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {}",
        weight.ndim()
    );
    let mut shape: Dims = smallvec![];
    if weight.numel() != 1 {
        crate::ensure!(x.ndim() > 0, Runtime, "Not allow zero-dim input tensor.");
        let channels = if x.ndim() > 1 { x.shape()[1] } else { 1 };
        crate::ensure!(
            channels == weight.numel(),
            Runtime,
            "Mismatch of parameter numbers and input channel size. Found parameter numbers = {} and channel size = {channels}.",
            weight.numel()
        );
        shape = (0..x.ndim()).map(|axis| if axis == 1 { channels } else { 1 }).collect();
    } else if x.ndim() > 0 {
        shape = smallvec![1; x.ndim()];
    }
    crate::ensure!(
        x.dtype() == weight.dtype(),
        Runtime,
        "prelu: Type promoting not supported. Got {} and {}",
        x.dtype().type_name(),
        weight.dtype().type_name()
    );
    crate::ensure!(
        x.dtype().is_float(),
        NotImplemented,
        "\"prelu_cpu\" not implemented for '{}'",
        x.dtype().type_name()
    );
    let sizes: smallvec::SmallVec<[isize; 6]> = shape.iter().map(|&n| n as isize).collect();
    apply(Prelu, &[x, &view::reshape(weight, &sizes)?])
}

#[derive(Debug)]
struct Prelu;

#[inline(always)]
fn by_input<T: Formula>(g: T, x: T, w: T) -> T {
    T::select(x.gt(T::of(0.0)), g, w * g)
}

#[inline(always)]
fn by_weight<T: Formula>(g: T, x: T) -> T {
    T::select(x.gt(T::of(0.0)), T::of(0.0), x * g)
}

impl Op for Prelu {
    fn name(&self) -> &'static str {
        "prelu"
    }

    fn node_name(&self) -> std::borrow::Cow<'static, str> {
        "PreluKernelBackward0".into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let weight = x[1].broadcast_to(x[0].shape());
        let out = Array::empty_layout(Layout::of_result(x[0].shape(), &[x[0].layout()]), x[0].dtype())?;
        let sides = [Side::Array(x[0]), Side::Array(&weight)];
        float2(SIMPLE, sides, &out, |x, w| if x > 0.0 { x } else { w * x }, |x, w| if x > 0.0 { x } else { w * x })?;
        Ok(smallvec![out])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[0]).and(Saves::inputs(&[1]).when(needs[0]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None, None]) };
        let x = cx.input(0)?;
        let weight = if cx.needs(0) { Some(cx.input(1)?) } else { None };
        if !grad_enabled() && g.dtype() == x.dtype() {
            return Ok(smallvec![
                weight.map(|w| apply(Gradient, &[g, &x, &w])).transpose()?,
                if cx.needs(1) { Some(apply(Gradient, &[g, &x])?) } else { None },
            ]);
        }
        let tape = Tape::default();
        let (g, x) = (tape.tensor(g), tape.tensor(&x));
        let by_x = weight.map(|w| tape.run(|tape| by_input(g, x, tape.tensor(&w)))).transpose()?;
        let by_w = if cx.needs(1) { Some(tape.run(|_| by_weight(g, x))?) } else { None };
        Ok(smallvec![by_x, by_w])
    }
}

/// The gradient by the input (of `g`, `x` and the weight), or by the weight (of `g` and `x`), in one pass.
#[derive(Debug)]
struct Gradient;

impl Op for Gradient {
    fn name(&self) -> &'static str {
        "prelu_backward"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let shape = x[1].shape();
        let out = Array::empty_layout(Layout::of_result(shape, &[x[1].layout()]), x[1].dtype())?;
        let g = x[0].broadcast_to(shape);
        let sides = [Side::Array(&g), Side::Array(x[1])];
        match x.get(2) {
            Some(weight) => {
                let weight = weight.broadcast_to(shape);
                float3([sides[0], sides[1], Side::Array(&weight)], &out, by_input::<f32>, by_input::<f64>)?;
            }
            None => float2(SIMPLE, sides, &out, by_weight::<f32>, by_weight::<f64>)?,
        }
        Ok(smallvec![out])
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        crate::bail!(Runtime, "prelu: a fused gradient was recorded")
    }
}
