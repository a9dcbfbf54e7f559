//! The leaky rectifier with random slopes.

use crate::array::{Array, Element};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply, apply_inplace};
use crate::dispatch_floating;
use crate::error::Result;
use crate::ops::binary::{self, Kind, ONE, of_arrays};
use crate::ops::unary::{Unary, apply_unary, apply_unary_, leaky_relu_inplace};
use crate::random::{SharedGenerator, default_generator, fill_uniform};
use smallvec::smallvec;
use std::borrow::Cow;

/// `x` where it is positive, elsewhere `x` times a slope drawn from `[lower, upper)`; when not training, times the middle
/// of that range.
///
/// # Errors
/// `RuntimeError` if `lower` exceeds `upper`, `NotImplementedError` for integers.
pub fn rrelu(
    x: &Tensor,
    [lower, upper]: [f64; 2],
    training: bool,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    check(lower, upper)?;
    match training {
        true => apply(Rrelu { slopes: slopes(&x.array(), lower, upper, generator)?, inplace: false }, &[x]),
        false => apply_unary(Unary::LeakyRelu { slope: (lower + upper) / 2.0 }, x),
    }
}

/// [`rrelu`] written into `x`.
pub fn rrelu_(x: &Tensor, [lower, upper]: [f64; 2], training: bool, generator: Option<&SharedGenerator>) -> Result<()> {
    check(lower, upper)?;
    match training {
        true => apply_inplace(Rrelu { slopes: slopes(&x.array(), lower, upper, generator)?, inplace: true }, &[x]),
        false => apply_unary_(leaky_relu_inplace((lower + upper) / 2.0), x),
    }
}

fn check(lower: f64, upper: f64) -> Result<()> {
    crate::ensure!(lower <= upper, Runtime, "Lower bound should be less than or equal to the upper bound");
    Ok(())
}

/// The factor of each element: 1 where it is positive, else drawn, in the order of the elements.
fn slopes(x: &Array, lower: f64, upper: f64, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    let dtype = x.dtype();
    crate::ensure!(
        dtype.is_float(),
        NotImplemented,
        "\"rrelu_with_noise_out_cpu\" not implemented for '{}'",
        dtype.type_name()
    );
    let x = x.contiguous()?;
    let out = Array::empty(x.shape(), dtype)?;
    dispatch_floating!(dtype, T => {
        let (x, out) = (x.slice::<T>(), out.slice_mut::<T>());
        let mut drawn = vec![0.0f64; x.iter().filter(|x| x.to_f64() <= 0.0).count()];
        let generator = generator.unwrap_or_else(|| default_generator());
        fill_uniform(&mut generator.lock(), &mut drawn, lower, upper);
        let mut drawn = drawn.into_iter();
        for (slope, x) in out.iter_mut().zip(x) {
            let value = if x.to_f64() <= 0.0 { drawn.next() } else { None };
            *slope = T::from_f64(value.unwrap_or(1.0));
        }
    }, else unreachable!("a float type"));
    Ok(Tensor::new(out))
}

struct Rrelu {
    slopes: Tensor,
    inplace: bool,
}

impl std::fmt::Debug for Rrelu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rrelu")
    }
}

impl Op for Rrelu {
    fn name(&self) -> &'static str {
        "rrelu"
    }

    fn node_name(&self) -> Cow<'static, str> {
        if self.inplace { "RreluWithNoiseBackward1".into() } else { "RreluWithNoiseBackward0".into() }
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        Ok(smallvec![of_arrays(Kind::Mul, ONE, x[0], &self.slopes.array())?])
    }

    fn backward(&self, _: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        Ok(smallvec![grads[0].as_ref().map(|g| binary::mul(g, &self.slopes)).transpose()?])
    }
}
