//! Vector norms.

use super::extrema::shares;
use super::power::power;
use super::quotient::quotient;
use super::{Axes, fold, spread};
use crate::array::{Array, DType, Element};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, cast};
use crate::dispatch_floating;
use crate::error::Result;
use crate::kernels::float::{Floating, Real};
use crate::kernels::reduce::By;
use crate::ops::binary::{mul, sub};
use num_traits::Float as _;
use smallvec::smallvec;
use std::borrow::Cow;

/// `(sum |x|^p)^(1/p)` over axes (all, if `None`); for infinite `p` the largest (or smallest) `|x|`, for 0 the number of
/// elements other than zero. The gradient where the norm is zero is zero.
///
/// # Errors
/// `RuntimeError` unless the dtype is a float type, for an axis named twice, and for a `p` that has no meaning without
/// elements where there are none; `IndexError` for an axis that is not there.
pub fn norm(x: &Tensor, p: f64, dims: Option<&[isize]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    let kinds = [Some(x.dtype()), dtype];
    for kind in kinds.into_iter().flatten() {
        crate::ensure!(
            kind.is_float(),
            Runtime,
            "linalg.vector_norm: Expected a floating point tensor as input and dtype. Got {}",
            kind.type_name()
        );
    }
    let axes = Axes::new("norm", dims, x.ndim(), keepdim)?;
    let empty = axes.count(&x.shape()) == 0;
    crate::ensure!(
        !empty || (p >= 0.0 && p.is_finite()),
        Runtime,
        "linalg.vector_norm cannot compute the {p} norm over no elements because the operation does not have an identity"
    );
    apply(Norm { p, axes, name: "linalg_vector_norm" }, &[&cast(x, dtype.unwrap_or(x.dtype()))?])
}

/// The norm of the difference of two tensors, which may broadcast.
///
/// # Errors
/// As [`norm`]; `RuntimeError` for shapes that do not broadcast.
pub fn dist(x: &Tensor, other: &Tensor, p: f64) -> Result<Tensor> {
    norm(&sub(x, other)?, p, None, false, None)
}

#[derive(Debug)]
struct Norm {
    p: f64,
    axes: Axes,
    name: &'static str,
}

impl Norm {
    fn compute<T: Element + Floating>(&self, x: &Array) -> Result<Array> {
        let zero = <T::Acc as num_traits::Zero>::zero();
        let add = |a: T::Acc, b: T::Acc| a + b;
        let p = <T::Acc as Real>::from_f64(self.p);
        let axes = &self.axes;
        // Comparisons that a NaN wins.
        let larger = |a: T::Acc, b: T::Acc| if b > a || b.is_nan() { b } else { a };
        let smaller = |a: T::Acc, b: T::Acc| if b < a || b.is_nan() { b } else { a };
        match self.p {
            2.0 => {
                let by = By { identity: zero, step: |acc: T::Acc, x: T| acc + x.to_acc() * x.to_acc(), merge: add };
                fold::<T, T, _>(x, axes, &by, |acc| T::from_acc(acc.sqrt()))
            }
            1.0 => {
                let by = By { identity: zero, step: |acc: T::Acc, x: T| acc + x.to_acc().abs(), merge: add };
                fold::<T, T, _>(x, axes, &by, T::from_acc)
            }
            0.0 => {
                let one = <T::Acc as num_traits::One>::one();
                let step = |acc: T::Acc, x: T| if x.to_acc() == zero { acc } else { acc + one };
                fold::<T, T, _>(x, axes, &By { identity: zero, step, merge: add }, T::from_acc)
            }
            f64::INFINITY => {
                let by = By { identity: zero, step: |acc, x: T| larger(acc, x.to_acc().abs()), merge: larger };
                fold::<T, T, _>(x, axes, &by, T::from_acc)
            }
            f64::NEG_INFINITY => {
                let identity = <T::Acc as num_traits::Float>::infinity();
                let by = By { identity, step: |acc, x: T| smaller(acc, x.to_acc().abs()), merge: smaller };
                fold::<T, T, _>(x, axes, &by, T::from_acc)
            }
            _ => {
                let step = |acc: T::Acc, x: T| acc + x.to_acc().abs().powf(p);
                fold::<T, T, _>(x, axes, &By { identity: zero, step, merge: add }, |acc| {
                    T::from_acc(acc.powf(p.recip()))
                })
            }
        }
    }

    /// The gradient, given the input and the norm, both in their places in the graph.
    fn gradient(&self, g: &Tensor, x: &Tensor, norm: &Tensor) -> Result<Tensor> {
        let shape = x.shape();
        let spread = |t: &Tensor| spread(t, &self.axes, &shape);
        if self.p == 1.0 {
            return mul(&spread(g)?, &power(x, 0.0, true)?);
        }
        if self.p.is_infinite() {
            // Shared by the elements whose absolute value is the norm.
            let magnitude = power(x, 1.0, false)?.array();
            let shares = Tensor::new(shares(&magnitude, &norm.array(), &self.axes, false)?);
            return mul(&mul(&spread(g)?, &shares)?, &power(x, 0.0, true)?);
        }
        if self.p == 2.0 {
            return mul(&spread(&quotient(g, norm)?)?, x);
        }
        let scale = quotient(g, &power(norm, self.p - 1.0, false)?)?;
        mul(&spread(&scale)?, &power(x, self.p - 1.0, true)?)
    }
}

impl Op for Norm {
    fn name(&self) -> &'static str {
        self.name
    }

    fn node_name(&self) -> Cow<'static, str> {
        "LinalgVectorNormBackward0".into()
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![dispatch_floating!(x[0].dtype(), T => self.compute::<T>(x[0])?, else unreachable!("checked"))])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0]).and(Saves::outputs(&[0]))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = grads[0].as_ref().filter(|_| self.p != 0.0) else { return Ok(smallvec![None]) };
        Ok(smallvec![Some(self.gradient(g, &cx.input(0)?, &cx.output(0)?)?)])
    }
}
