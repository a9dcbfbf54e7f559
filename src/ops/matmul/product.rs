//! The product of two matrices, or of two equally long batches of matrices.

use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply};
use crate::error::Result;
use crate::kernels::gemm::{Start, gemm, gemm_batched, gemm_integer};
use crate::ops::view;
use crate::shape::Dims;
use half::{bf16, f16};
use ndarray::{ArrayViewMut2, Axis, Ix3};
use smallvec::smallvec;
use std::borrow::Cow;

/// The product of `[n, k]` and `[k, m]`.
///
/// # Errors
/// `RuntimeError` unless both are matrices of one dtype whose sizes fit.
pub fn mm(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(Product { form: Form::Matrices }, &[a, b])
}

/// The products of `[s, n, k]` and `[s, k, m]`.
///
/// # Errors
/// As for [`mm`], with batches of matrices.
pub fn bmm(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(Product { form: Form::Batches }, &[a, b])
}

/// The product of `[n, k]` and `[k]`.
///
/// # Errors
/// `RuntimeError` unless a matrix and a vector fit.
pub fn mv(a: &Tensor, v: &Tensor) -> Result<Tensor> {
    apply(Product { form: Form::MatrixVector }, &[a, v])
}

/// The product of two vectors: a scalar.
///
/// # Errors
/// `RuntimeError` unless both are vectors of one length.
pub fn dot(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(Product { form: Form::Vectors }, &[a, b])
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Matrices,
    Batches,
    MatrixVector,
    Vectors,
}

#[derive(Debug)]
struct Product {
    form: Form,
}

impl Product {
    /// The shape of the result, after checking ranks, sizes and dtypes.
    fn check(&self, a: &Array, b: &Array) -> Result<Dims> {
        let name = self.name();
        let (ranks, words) = match self.form {
            Form::Matrices => ((2, 2), "two matrices"),
            Form::Batches => ((3, 3), "two batches of matrices"),
            Form::MatrixVector => ((2, 1), "a matrix and a vector"),
            Form::Vectors => ((1, 1), "two vectors"),
        };
        let (x, y) = (a.shape(), b.shape());
        crate::ensure!(
            (x.len(), y.len()) == ranks,
            Runtime,
            "{name}: expected {words}, got tensors of {} and {} dimensions (shapes {x:?} and {y:?})",
            x.len(),
            y.len()
        );
        crate::ensure!(
            a.dtype() == b.dtype(),
            Runtime,
            "{name}: expected m1 and m2 to have the same dtype, but got: {} != {}",
            a.dtype().name(),
            b.dtype().name()
        );
        let fits = match self.form {
            Form::Matrices | Form::MatrixVector => x[1] == y[0],
            Form::Batches => x[0] == y[0] && x[2] == y[1],
            Form::Vectors => x == y,
        };
        crate::ensure!(
            fits,
            Runtime,
            "{}",
            match self.form {
                Form::Matrices =>
                    format!("mat1 and mat2 shapes cannot be multiplied ({}x{} and {}x{})", x[0], x[1], y[0], y[1]),
                Form::MatrixVector => format!("size mismatch, got input ({}x{}), vec ({})", x[0], x[1], y[0]),
                Form::Batches => format!(
                    "bmm: expected batch2 tensor to have shape [{}, {}, any], got batch1 {x:?} and batch2 {y:?}",
                    x[0], x[2]
                ),
                Form::Vectors => format!(
                    "inconsistent tensor size, expected tensor [{}] and src [{}] to have the same number of elements",
                    x[0], y[0]
                ),
            }
        );
        Ok(match self.form {
            Form::Matrices => smallvec![x[0], y[1]],
            Form::Batches => smallvec![x[0], x[1], y[2]],
            Form::MatrixVector => smallvec![x[0]],
            Form::Vectors => smallvec![],
        })
    }
}

impl Op for Product {
    fn name(&self) -> &'static str {
        match self.form {
            Form::Matrices => "mm",
            Form::Batches => "bmm",
            Form::MatrixVector => "mv",
            Form::Vectors => "dot",
        }
    }

    fn node_name(&self) -> Cow<'static, str> {
        match self.form {
            Form::Matrices => "MmBackward0",
            Form::Batches => "BmmBackward0",
            Form::MatrixVector => "MvBackward0",
            Form::Vectors => "DotBackward0",
        }
        .into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let shape = self.check(x[0], x[1])?;
        let out = match self.form {
            Form::Matrices | Form::Batches => multiply(self.name(), x[0], x[1])?,
            Form::MatrixVector => {
                multiply("mv", x[0], &x[1].map_layout(|l| l.unsqueeze(1)))?.map_layout(|l| l.select(1, 0))
            }
            Form::Vectors => {
                let product =
                    multiply("dot", &x[0].map_layout(|l| l.unsqueeze(0)), &x[1].map_layout(|l| l.unsqueeze(1)))?;
                product.map_layout(|l| l.select(0, 0).select(0, 0))
            }
        };
        debug_assert_eq!(out.shape(), shape.as_slice());
        Ok(smallvec![out])
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        Saves::inputs(&[1]).when(needs[0]).and(Saves::inputs(&[0]).when(needs[1]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None, None]) };
        let left = |b: Tensor| -> Result<Tensor> {
            match self.form {
                Form::Matrices => mm(g, &view::t(&b)?),
                Form::Batches => bmm(g, &view::transpose(&b, 1, 2)?),
                Form::MatrixVector => mm(&view::unsqueeze(g, 1)?, &view::unsqueeze(&b, 0)?),
                Form::Vectors => crate::ops::binary::mul(g, &b),
            }
        };
        let right = |a: Tensor| -> Result<Tensor> {
            match self.form {
                Form::Matrices => mm(&view::t(&a)?, g),
                Form::Batches => bmm(&view::transpose(&a, 1, 2)?, g),
                Form::MatrixVector => mv(&view::t(&a)?, g),
                Form::Vectors => crate::ops::binary::mul(g, &a),
            }
        };
        let a = if cx.needs(0) { Some(left(cx.input(1)?)?) } else { None };
        let b = if cx.needs(1) { Some(right(cx.input(0)?)?) } else { None };
        Ok(smallvec![a, b])
    }
}

/// The product of two matrices, or batches of them, whose sizes fit; a fresh array.
pub(super) fn multiply(name: &str, a: &Array, b: &Array) -> Result<Array> {
    let last = a.ndim() - 1;
    let mut shape = a.dims();
    shape[last] = b.shape()[last];
    // The integer kernel adds to what is there.
    let out = if a.dtype().is_float() { Array::empty(&shape, a.dtype()) } else { Array::zeros(&shape, a.dtype()) }?;
    macro_rules! float {
        ($T:ty, $one:expr) => {
            match last {
                1 => gemm::<$T>(
                    $one,
                    a.matrix(),
                    b.matrix(),
                    Start::Zero,
                    ArrayViewMut2::from_shape((shape[0], shape[1]), out.slice_mut()).expect("all elements"),
                ),
                _ => gemm_batched::<$T>(
                    $one,
                    a.view().into_dimensionality::<Ix3>().expect("three axes"),
                    b.view().into_dimensionality::<Ix3>().expect("three axes"),
                    Start::Zero,
                    out.view_mut().into_dimensionality::<Ix3>().expect("three axes"),
                ),
            }
        };
    }
    match a.dtype() {
        DType::F32 => float!(f32, 1.0),
        DType::F64 => float!(f64, 1.0),
        DType::F16 => float!(f16, 1.0f32),
        DType::BF16 => float!(bf16, 1.0f32),
        dtype => crate::dispatch_integer!(dtype, T => {
            if last == 1 {
                let to = ArrayViewMut2::from_shape((shape[0], shape[1]), out.slice_mut::<T>()).expect("all elements");
                gemm_integer(a.matrix(), b.matrix(), to);
            } else {
                let (x, y) = (a.view::<T>(), b.view::<T>());
                let (x, y) = (x.into_dimensionality::<Ix3>(), y.into_dimensionality::<Ix3>());
                let (x, y) = (x.expect("three axes"), y.expect("three axes"));
                let mut to = out.view_mut::<T>().into_dimensionality::<Ix3>().expect("three axes");
                for (i, to) in to.outer_iter_mut().enumerate() {
                    gemm_integer(x.index_axis(Axis(0), i), y.index_axis(Axis(0), i), to);
                }
            }
        }, else crate::bail!(NotImplemented, "\"{name}\" not implemented for '{}'", dtype.type_name())),
    }
    Ok(out)
}
