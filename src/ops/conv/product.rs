//! The three products of a convolution: output, input gradient, weight gradient.

use super::Attributes;
use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, sum_to};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::conv::{self, Geometry, Packed};
use crate::ops::{through_f32, view};
use crate::shape::Dims;
use smallvec::smallvec;
use std::borrow::Cow;

/// `y = x * w + b`. Inputs: `x`, `w`, and possibly `b`.
#[derive(Clone, Debug)]
pub struct Forward {
    pub attributes: Attributes,
}

/// `x` from `y` and `w`, plus a bias. Inputs: `y`, `w`, and possibly `b`.
#[derive(Clone, Debug)]
pub struct InputGradient {
    pub attributes: Attributes,
    /// The spatial sizes of `x`.
    pub size: Dims,
}

/// `w` from `y` and `x`.
#[derive(Clone, Debug)]
pub struct WeightGradient {
    pub attributes: Attributes,
    /// The sizes of the kernel.
    pub kernel: Dims,
}

impl Attributes {
    /// The geometry for an input and an output of these shapes.
    fn geometry(&self, x: &[usize], y: &[usize], kernel: &[usize]) -> Geometry {
        let mut geometry = Geometry::new(x[0], (x[1], y[1]), self.groups, &self.windows(&x[2..], kernel));
        // A transposed convolution's input may have fewer positions than fit.
        geometry.output[3 - self.rank..].copy_from_slice(&y[2..]);
        geometry
    }

    /// The shape of the output for an input and a weight of these shapes.
    fn output_shape(&self, x: &[usize], w: &[usize]) -> Dims {
        let mut shape: Dims = smallvec![x[0], w[0]];
        let windows = self.windows(&x[2..], &w[2..]);
        shape.extend(windows.iter().map(|window| window.output_len(false).unwrap_or(0)));
        shape
    }
}

/// The sum over everything but channels: the gradient of a bias.
fn bias_gradient(g: &Tensor) -> Result<Tensor> {
    let shape = g.shape();
    let mut kept: Dims = smallvec![1; shape.len()];
    kept[1] = shape[1];
    view::reshape_to(&sum_to(g, &kept)?, &[shape[1]])
}

impl Op for Forward {
    fn name(&self) -> &'static str {
        self.attributes.name
    }

    fn node_name(&self) -> Cow<'static, str> {
        "ConvolutionBackward0".into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let shape = self.attributes.output_shape(inputs[0].shape(), inputs[1].shape());
        let geometry = self.attributes.geometry(inputs[0].shape(), &shape, &inputs[1].shape()[2..]);
        let out = through_f32(inputs, inputs[0].dtype(), |inputs| {
            let (x, w) = (inputs[0].contiguous()?, inputs[1].contiguous()?);
            let bias = inputs.get(2).map(|bias| bias.contiguous()).transpose()?;
            let out = Array::empty(&shape, x.dtype())?;
            dispatch_float!(x.dtype(), T => {
                let bias = bias.as_ref().map(|bias| bias.slice::<T>());
                let (x, out) = (x.slice::<T>(), out.slice_mut::<T>());
                // Packing may lack memory for what is kept; the call itself packs less at a time.
                let packed = w.storage().derived().get(w.layout(), || {
                    let worth = conv::worth_keeping::<T>(&geometry);
                    worth.then(|| Packed::new(&geometry, w.slice::<T>()).ok().flatten()).flatten()
                });
                match packed.filter(|packed| packed.is_for::<T>(&geometry)) {
                    Some(packed) => packed.forward(&geometry, x, w.slice::<T>(), bias, out),
                    None => conv::forward(&geometry, x, w.slice::<T>(), bias, out),
                }
            }, else unreachable!("checked before"));
            Ok(out)
        })?;
        Ok(smallvec![out])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).when(needs[0]).and(Saves::inputs(&[0]).when(needs[1]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None; cx.len()]) };
        let mut results: Grads = smallvec![None; cx.len()];
        if cx.needs(0) {
            results[0] = Some(input_gradient(&self.attributes, &cx.shape(0)[2..], g, &cx.input(1)?)?);
        }
        if cx.needs(1) {
            results[1] = Some(weight_gradient(&self.attributes, &cx.shape(1)[2..], g, &cx.input(0)?)?);
        }
        if cx.len() == 3 && cx.needs(2) {
            results[2] = Some(bias_gradient(g)?);
        }
        Ok(results)
    }
}

/// `x` from `y` and `w`.
fn input_gradient(attributes: &Attributes, size: &[usize], y: &Tensor, w: &Tensor) -> Result<Tensor> {
    apply(InputGradient { attributes: attributes.clone(), size: Dims::from_slice(size) }, &[y, w])
}

/// `w` from `y` and `x`.
fn weight_gradient(attributes: &Attributes, kernel: &[usize], y: &Tensor, x: &Tensor) -> Result<Tensor> {
    apply(WeightGradient { attributes: attributes.clone(), kernel: Dims::from_slice(kernel) }, &[y, x])
}

/// `y` from `x` and `w`, for an output of the given spatial sizes.
fn output(attributes: &Attributes, size: &[usize], x: &Tensor, w: &Tensor) -> Result<Tensor> {
    let y = apply(Forward { attributes: attributes.clone() }, &[x, w])?;
    // Longer where `x` comes from a transposed convolution with output padding beyond its stride.
    (0..attributes.rank).try_fold(y, |y, axis| {
        if y.shape()[axis + 2] == size[axis] {
            return Ok(y);
        }
        view::narrow(&y, axis as isize + 2, 0, size[axis] as isize)
    })
}

impl Op for InputGradient {
    fn name(&self) -> &'static str {
        self.attributes.name
    }

    fn node_name(&self) -> Cow<'static, str> {
        let transposed = self.attributes.name.starts_with("conv_transpose");
        if transposed { "ConvolutionBackward0" } else { "ConvolutionBackwardBackward0" }.into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let (y, w) = (inputs[0].shape(), inputs[1].shape());
        let mut shape: Dims = smallvec![y[0], w[1] * self.attributes.groups];
        shape.extend(self.size.iter().copied());
        let geometry = self.attributes.geometry(&shape, y, &w[2..]);
        let out = through_f32(inputs, inputs[0].dtype(), |inputs| {
            let (y, w) = (inputs[0].contiguous()?, inputs[1].contiguous()?);
            let bias = inputs.get(2).map(|bias| bias.contiguous()).transpose()?;
            let out = Array::empty(&shape, y.dtype())?;
            dispatch_float!(y.dtype(), T => {
                let bias = bias.as_ref().map(|bias| bias.slice::<T>());
                conv::input_gradient(&geometry, y.slice::<T>(), w.slice::<T>(), bias, out.slice_mut::<T>());
            }, else unreachable!("checked before"));
            Ok(out)
        })?;
        Ok(smallvec![out])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).when(needs[0]).and(Saves::inputs(&[0]).when(needs[1]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None; cx.len()]) };
        let mut results: Grads = smallvec![None; cx.len()];
        if cx.needs(0) {
            results[0] = Some(output(&self.attributes, &cx.shape(0)[2..], g, &cx.input(1)?)?);
        }
        if cx.needs(1) {
            results[1] = Some(weight_gradient(&self.attributes, &cx.shape(1)[2..], &cx.input(0)?, g)?);
        }
        if cx.len() == 3 && cx.needs(2) {
            results[2] = Some(bias_gradient(g)?);
        }
        Ok(results)
    }
}

impl Op for WeightGradient {
    fn name(&self) -> &'static str {
        self.attributes.name
    }

    fn node_name(&self) -> Cow<'static, str> {
        "ConvolutionBackwardBackward0".into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let (y, x) = (inputs[0].shape(), inputs[1].shape());
        let mut shape: Dims = smallvec![y[1], x[1] / self.attributes.groups];
        shape.extend(self.kernel.iter().copied());
        let geometry = self.attributes.geometry(x, y, &self.kernel);
        let out = through_f32(inputs, inputs[0].dtype(), |inputs| {
            let (y, x) = (inputs[0].contiguous()?, inputs[1].contiguous()?);
            let out = Array::empty(&shape, y.dtype())?;
            dispatch_float!(y.dtype(), T => {
                conv::weight_gradient(&geometry, y.slice::<T>(), x.slice::<T>(), out.slice_mut::<T>());
            }, else unreachable!("checked before"));
            Ok(out)
        })?;
        Ok(smallvec![out])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).when(needs[0]).and(Saves::inputs(&[0]).when(needs[1]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None, None]) };
        let mut results: Grads = smallvec![None, None];
        if cx.needs(0) {
            results[0] = Some(output(&self.attributes, &cx.shape(0)[2..], &cx.input(1)?, g)?);
        }
        if cx.needs(1) {
            results[1] = Some(input_gradient(&self.attributes, &cx.shape(1)[2..], &cx.input(0)?, g)?);
        }
        Ok(results)
    }
}
