//! The gated linear unit: one half of an axis gates the other.

use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, grad_enabled};
use crate::error::Result;
use crate::kernels::elementwise::Vector;
use crate::kernels::math::Number;
use crate::ops::elementwise::{Side, float2, float3};
use crate::ops::formula::{Formula, Tape};
use crate::ops::{join, view};
use crate::shape::{Layout, normalize_axis};
use smallvec::smallvec;

/// `a sigmoid(b)` for the halves `a` and `b` of `x` along an axis.
///
/// # Errors
/// `RuntimeError` for a scalar or an odd size, `IndexError` for an axis out of range, `NotImplementedError` for integers.
pub fn glu(x: &Tensor, axis: isize) -> Result<Tensor> {
    crate::ensure!(x.ndim() > 0, Runtime, "glu does not support 0-dimensional tensors");
    let axis = normalize_axis(axis, x.ndim())?;
    let size = x.shape()[axis];
    crate::ensure!(
        size.is_multiple_of(2),
        Runtime,
        "Halving dimension must be even, but dimension {axis} is size {size}"
    );
    crate::ensure!(x.dtype().is_float(), NotImplemented, "\"glu_cpu\" not implemented for '{}'", x.dtype().type_name());
    apply(Glu { axis }, &[x])
}

#[derive(Debug)]
struct Glu {
    axis: usize,
}

fn halves(x: &Array, axis: usize) -> [Array; 2] {
    let half = x.shape()[axis] / 2;
    [0, half].map(|start| x.map_layout(|l| l.slice(axis, start, start + half, 1)))
}

#[inline(always)]
fn gate_slope<T: Formula>(g: T, a: T, b: T) -> T {
    let s = b.sigmoid();
    (T::of(1.0) - s) * s * g * a
}

impl Op for Glu {
    fn name(&self) -> &'static str {
        "glu"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let [a, b] = halves(x[0], self.axis);
        let out = Array::empty_layout(Layout::of_result(a.shape(), &[a.layout()]), a.dtype())?;
        float2(
            (Vector, 15),
            [Side::Array(&a), Side::Array(&b)],
            &out,
            |a, b| a * Number::sigmoid(b),
            |a, b| a * Number::sigmoid(b),
        )?;
        Ok(smallvec![out])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let x = cx.input(0)?;
        if !grad_enabled() && g.dtype() == x.dtype() {
            return Ok(smallvec![Some(apply(GluGradient { axis: self.axis }, &[g, &x])?)]);
        }
        let parts = view::chunk(&x, 2, self.axis as isize)?;
        let tape = Tape::default();
        let (g, a, b) = (tape.tensor(g), tape.tensor(&parts[0]), tape.tensor(&parts[1]));
        let by_a = tape.run(|_| g * b.sigmoid())?;
        let by_b = tape.run(|_| gate_slope(g, a, b))?;
        Ok(smallvec![Some(join::cat(&[&by_a, &by_b], self.axis as isize)?)])
    }
}

/// Both halves of the gradient, written where they belong.
#[derive(Debug)]
struct GluGradient {
    axis: usize,
}

impl Op for GluGradient {
    fn name(&self) -> &'static str {
        "glu_backward"
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let [a, b] = halves(x[1], self.axis);
        let g = x[0].broadcast_to(a.shape());
        let out = Array::empty_layout(Layout::of_result(x[1].shape(), &[x[1].layout()]), x[1].dtype())?;
        let [by_a, by_b] = halves(&out, self.axis);
        float2(
            (Vector, 15),
            [Side::Array(&g), Side::Array(&b)],
            &by_a,
            |a, b| a * Number::sigmoid(b),
            |a, b| a * Number::sigmoid(b),
        )?;
        float3([Side::Array(&g), Side::Array(&a), Side::Array(&b)], &by_b, gate_slope::<f32>, gate_slope::<f64>)?;
        Ok(smallvec![out])
    }

    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        crate::bail!(Runtime, "glu: a fused gradient was recorded")
    }
}
