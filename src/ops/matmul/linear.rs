//! Products with something added: `linear` with its bias fused, and the `add..` forms.

use super::product::multiply;
use super::{bmm, mm, mv};
use crate::array::{Array, DType, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::error::Result;
use crate::kernels::gemm::weights::{Weights, worth_packing};
use crate::kernels::gemm::{Start, gemm};
use crate::ops::binary::{self, Value};
use crate::ops::view;
use crate::shape::{Dims, numel};
use half::{bf16, f16};
use ndarray::{ArrayView2, ArrayViewMut2};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// `x w^T + b` over the last axis of `x`: `x` is `[..., k]`, `w` is `[n, k]` or `[k]`, `b` is `[n]`.
///
/// # Errors
/// `RuntimeError` where sizes or dtypes do not fit.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    if weight.ndim() == 1 {
        let product = super::matmul(x, weight)?;
        return bias.map_or(Ok(product.clone()), |b| binary::add(&product, b));
    }
    match bias {
        // The kernel adds a bias of one number for each column; any other shape broadcasts after the product.
        Some(b) if b.ndim() == 1 && Some(&b.numel()) == weight.shape().first() => apply(Linear, &[x, weight, b]),
        Some(b) => binary::add(&apply(Linear, &[x, weight])?, b),
        None => apply(Linear, &[x, weight]),
    }
}

/// Inputs: `x`, `weight`, and possibly `bias`.
#[derive(Debug)]
struct Linear;

impl Op for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn node_name(&self) -> Cow<'static, str> {
        "AddmmBackward0".into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let (x, w) = (inputs[0], inputs[1]);
        let k = x.shape().last().copied();
        crate::ensure!(
            k.is_some() && w.ndim() == 2,
            Runtime,
            "linear: expected an input of at least 1 dimension and a weight of 2, got shapes {:?} and {:?}",
            x.shape(),
            w.shape()
        );
        let k = k.unwrap_or_default();
        let rows = numel(&x.shape()[..x.ndim() - 1]);
        let n = w.shape()[0];
        crate::ensure!(
            w.shape()[1] == k,
            Runtime,
            "linear: mat1 and mat2 shapes cannot be multiplied ({rows}x{k} and {}x{n}): expected an input with {} features in its \
             last dimension, got {k} (shape {:?})",
            w.shape()[1],
            w.shape()[1],
            x.shape()
        );
        for (what, other) in [("weight", Some(&w)), ("bias", inputs.get(2))] {
            if let Some(other) = other {
                crate::ensure!(
                    other.dtype() == x.dtype(),
                    Runtime,
                    "linear: mat1 and mat2 must have the same dtype, but got {} and {} ({what})",
                    x.dtype().type_name(),
                    other.dtype().type_name()
                );
            }
        }
        let mut shape: Dims = Dims::from_slice(&x.shape()[..x.ndim() - 1]);
        shape.push(n);
        let bias = inputs.get(2).map(|bias| bias.contiguous()).transpose()?;
        macro_rules! fused {
            ($T:ty, $one:expr) => {{
                let out = Array::empty(&shape, x.dtype())?;
                // Most inputs are matrices as they are, and then nothing more is made for them: small products take as long.
                let reshaped;
                let x = if x.is_contiguous() {
                    ArrayView2::from_shape((rows, k), x.slice::<$T>()).expect("all elements")
                } else {
                    reshaped = x.reshape(&[rows, k])?;
                    reshaped.matrix::<$T>()
                };
                let weights = w.matrix::<$T>();
                let start = bias.as_ref().map_or(Start::Zero, |bias| Start::ColumnBias(bias.slice::<$T>()));
                let to = ArrayViewMut2::from_shape((rows, n), out.slice_mut::<$T>()).expect("all elements");
                let packed = worth_packing::<$T>(rows, (n, k))
                    .then(|| w.storage().derived().get(w.layout(), || Weights::new::<$T>(weights).ok()));
                match packed.flatten().filter(|packed| packed.is_for::<$T>((n, k))) {
                    Some(packed) => packed.multiply(x, weights, start, to),
                    None => gemm::<$T>($one, x, weights.reversed_axes(), start, to),
                }
                out
            }};
        }
        let out = match x.dtype() {
            DType::F32 => fused!(f32, 1.0),
            DType::F64 => fused!(f64, 1.0),
            DType::F16 => fused!(f16, 1.0f32),
            DType::BF16 => fused!(bf16, 1.0f32),
            _ => {
                let product =
                    multiply("addmm_impl_cpu_", &x.reshape(&[rows, k])?, &w.map_layout(|l| l.transpose(0, 1)))?;
                let sum = match bias {
                    Some(bias) => binary::add(&Tensor::new(product), &Tensor::new(bias))?.array().clone(),
                    None => product,
                };
                sum.reshape(&shape)?
            }
        };
        Ok(smallvec![out])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).when(needs[0]).and(Saves::inputs(&[0]).when(needs[1]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None; cx.len()]) };
        let (shape, n) = (cx.shape(0), cx.shape(1)[0]);
        let rows = numel(&shape[..shape.len() - 1]);
        let flat = view::reshape_to(g, &[rows, n])?;
        let mut results: Grads = SmallVec::new();
        results.push(if cx.needs(0) { Some(view::reshape_to(&mm(&flat, &cx.input(1)?)?, shape)?) } else { None });
        results.push(if cx.needs(1) {
            let x = view::reshape_to(&cx.input(0)?, &[rows, shape[shape.len() - 1]])?;
            Some(mm(&view::t(&flat)?, &x)?)
        } else {
            None
        });
        if cx.len() == 3 {
            // The engine sums over the rows.
            results.push(Some(flat));
        }
        Ok(results)
    }
}

/// `beta * input + alpha * product`; a `beta` of 0 leaves out the input, nan and all.
fn combine(input: &Tensor, product: Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    let scaled = if alpha.to_f64() == 1.0 { product } else { binary::mul(&product, Value::Scalar(alpha))? };
    if beta.to_f64() == 0.0 {
        return Ok(scaled);
    }
    let fits = crate::shape::broadcast(&input.shape(), &scaled.shape()).is_ok_and(|s| s == scaled.shape());
    crate::ensure!(
        fits,
        Runtime,
        "The expanded size of the tensor must match: input {:?} cannot be broadcast to the product {:?}",
        input.shape().as_slice(),
        scaled.shape().as_slice()
    );
    if beta.to_f64() == 1.0 {
        return binary::add(input, &scaled);
    }
    binary::add(&binary::mul(input, Value::Scalar(beta))?, &scaled)
}

/// `beta * input + alpha * a b`.
pub fn addmm(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    combine(input, mm(a, b)?, beta, alpha)
}

/// `beta * input + alpha * a v`.
pub fn addmv(input: &Tensor, a: &Tensor, v: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    combine(input, mv(a, v)?, beta, alpha)
}

/// `beta * input + alpha * a b` for each matrix of a batch.
pub fn baddbmm(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    combine(input, bmm(a, b)?, beta, alpha)
}

/// `beta * input + alpha * sum of a b` over a batch: one product whose depth is the whole batch.
pub fn addbmm(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    let (x, y) = (a.shape(), b.shape());
    crate::ensure!(
        x.len() == 3 && y.len() == 3 && x[0] == y[0] && x[2] == y[1],
        Runtime,
        "addbmm: expected two batches of matrices that fit, got shapes {:?} and {:?}",
        x.as_slice(),
        y.as_slice()
    );
    let wide = view::reshape_to(&view::permute(a, &[1, 0, 2])?, &[x[1], x[0] * x[2]])?;
    let tall = view::reshape_to(b, &[y[0] * y[1], y[2]])?;
    combine(input, mm(&wide, &tall)?, beta, alpha)
}

/// `beta * input + alpha * a b^T` for two vectors.
pub fn addr(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    crate::ensure!(
        a.ndim() == 1 && b.ndim() == 1,
        Runtime,
        "addr: expected two vectors, got {}-D and {}-D tensors",
        a.ndim(),
        b.ndim()
    );
    combine(input, binary::mul(&view::unsqueeze(a, 1)?, &view::unsqueeze(b, 0)?)?, beta, alpha)
}
