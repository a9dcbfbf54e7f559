//! `addcmul` and `addcdiv`: a scaled product or quotient added to a tensor.

use crate::array::{Array, Category, DType, Promotion, Scalar};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_inplace, check_inplace};
use crate::error::Result;
use crate::ops::binary::{self, Kind, ONE, of_arrays};
use crate::ops::elementwise::{Side, float3};
use crate::shape::{Layout, broadcast_all};
use smallvec::{SmallVec, smallvec};

/// `x + value a b`; all broadcast together and are promoted.
///
/// # Errors
/// `RuntimeError` where shapes do not fit, `NotImplementedError` for `bool`.
pub fn addcmul(x: &Tensor, a: &Tensor, b: &Tensor, value: Scalar) -> Result<Tensor> {
    apply(Added { quotient: false, value }, &[x, a, b])
}

/// [`addcmul`] written into `x`.
pub fn addcmul_(x: &Tensor, a: &Tensor, b: &Tensor, value: Scalar) -> Result<()> {
    apply_inplace(Added { quotient: false, value }, &[x, a, b])
}

/// `x + value a / b`; all broadcast together and are promoted.
///
/// # Errors
/// `RuntimeError` where shapes do not fit, and if both `a` and `b` are of integers.
pub fn addcdiv(x: &Tensor, a: &Tensor, b: &Tensor, value: Scalar) -> Result<Tensor> {
    apply(Added { quotient: true, value }, &[x, a, b])
}

/// [`addcdiv`] written into `x`.
pub fn addcdiv_(x: &Tensor, a: &Tensor, b: &Tensor, value: Scalar) -> Result<()> {
    apply_inplace(Added { quotient: true, value }, &[x, a, b])
}

#[derive(Debug)]
struct Added {
    quotient: bool,
    value: Scalar,
}

impl Added {
    fn dtype(&self, x: &[&Array]) -> Result<DType> {
        crate::ensure!(
            !self.quotient || x[1].dtype().is_float() || x[2].dtype().is_float(),
            Runtime,
            "Integer division with addcdiv is no longer supported; it is a true division of floats. For integers use (input \
             + value * torch.trunc(tensor1 / tensor2)).to(input.dtype), or cast the operands to a float dtype."
        );
        let dtype = Promotion::of(x.iter().copied()).result();
        crate::ensure!(
            dtype.category() != Category::Bool,
            NotImplemented,
            "\"{}_cpu_out\" not implemented for 'Bool'",
            self.name()
        );
        Ok(dtype)
    }

    fn compute(&self, x: &[&Array], dtype: DType, out: &Array) -> Result<()> {
        let arrays: SmallVec<[Array; 3]> =
            x.iter().map(|a| Ok(a.to_dtype(dtype)?.broadcast_to(out.shape()))).collect::<Result<_>>()?;
        if !dtype.is_float() {
            let product = of_arrays(Kind::Mul, ONE, &arrays[1], &arrays[2])?;
            let value = Scalar::Int(self.value.to_i64());
            return out.copy_from(&of_arrays(Kind::Add, value, &arrays[0], &product)?);
        }
        let sides = [Side::Array(&arrays[0]), Side::Array(&arrays[1]), Side::Array(&arrays[2])];
        let (single, double) = (self.value.to_f64() as f32, self.value.to_f64());
        if self.quotient {
            float3(sides, out, |x, a, b| x + single * a / b, |x, a, b| x + double * a / b)
        } else {
            float3(sides, out, |x, a, b| x + single * a * b, |x, a, b| x + double * a * b)
        }
    }
}

impl Op for Added {
    fn name(&self) -> &'static str {
        if self.quotient { "addcdiv" } else { "addcmul" }
    }

    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        let dtype = self.dtype(x)?;
        let shape = broadcast_all(x.iter().map(|a| a.shape()))?;
        let layouts: SmallVec<[&Layout; 3]> = x.iter().map(|a| a.layout()).collect();
        let out = Array::empty_layout(Layout::of_result(&shape, &layouts), dtype)?;
        self.compute(x, dtype, &out)?;
        Ok(smallvec![out])
    }

    fn forward_inplace(&self, x: &[&Array]) -> Result<()> {
        let dtype = self.dtype(x)?;
        check_inplace(self.name(), x[0], &broadcast_all(x.iter().map(|a| a.shape()))?, dtype)?;
        if x[0].dtype() == dtype {
            return self.compute(x, dtype, x[0]);
        }
        let out = Array::empty(x[0].shape(), dtype)?;
        self.compute(x, dtype, &out)?;
        x[0].copy_from(&out)
    }

    fn saves(&self, needs: &[bool]) -> Saves {
        let (a, b) = (needs[1], needs[2]);
        Saves::inputs(&[2]).when(a || b && self.quotient).and(Saves::inputs(&[1]).when(b))
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let mut result: Grads = smallvec![None; cx.len()];
        let Some(g) = &grads[0] else { return Ok(result) };
        let scaled = |x: Tensor| if self.value.to_f64() == 1.0 { Ok(x) } else { binary::mul(&x, self.value) };
        if cx.needs(0) {
            result[0] = Some(g.clone());
        }
        if cx.needs(1) {
            let b = cx.input(2)?;
            result[1] = Some(scaled(if self.quotient { binary::div(g, &b)? } else { binary::mul(g, &b)? })?);
        }
        if cx.needs(2) {
            let a = cx.input(1)?;
            result[2] = Some(if self.quotient {
                let b = cx.input(2)?;
                let slope = binary::div(&a, &binary::mul(&b, &b)?)?;
                binary::mul(&scaled(binary::mul(g, &slope)?)?, -1.0)?
            } else {
                scaled(binary::mul(g, &a)?)?
            });
        }
        Ok(result)
    }
}
