//! Level 4: the operations. Each file joins a check, a kernel and a gradient.
//!
//! An operation is a struct that implements [`Op`](crate::autograd::Op): its fields are its attributes, `forward` checks
//! inputs and calls kernels, `backward` is written with the functions of this level, so that it can be differentiated in
//! turn. Callers see plain functions (`add(&a, &b)`), which build the struct and call [`apply`](crate::autograd::apply).
//!
//! Conventions:
//! - Functions take `&Tensor` and return `Result<Tensor>`; a form that writes its first input ends in `_` and calls
//!   [`apply_inplace`](crate::autograd::apply_inplace).
//! - Gradients may come out in a broadcast shape or another float type: the engine sums and casts them.
//! - Values with no gradient (indices, masks) are computed on arrays (`tensor.array()`), or are further outputs that
//!   `is_differentiable` declines.
//! - Half types compute in `f32` and round once; see [`compute_dtype`].
//! - Errors name the operation, what was expected and what came, in PyTorch's exception class.

pub mod activation;
pub mod attention;
pub mod bag;
pub mod binary;
pub mod conv;
pub mod copy;
pub mod create;
pub mod ctc;
pub mod elementwise;
pub mod formula;
pub mod index;
pub mod join;
pub mod loss;
pub mod matmul;
pub mod norm;
pub mod optimize;
pub mod pointwise_loss;
pub mod pool;
pub mod random;
pub mod rearrange;
pub mod recurrent;
pub mod reduce;
pub mod resample;
pub mod scan;
pub mod search;
pub mod softmax;
pub mod sort;
pub mod ternary;
pub mod unary;
pub mod view;

use crate::array::{Array, DType};
use crate::error::Result;

/// The type in which arithmetic on a float type is done.
pub fn compute_dtype(dtype: DType) -> DType {
    match dtype {
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    }
}

/// Runs a computation whose kernels know `f32` and `f64` on arrays of any float type: half types go through `f32`.
pub(crate) fn through_f32(inputs: &[&Array], out: DType, f: impl FnOnce(&[&Array]) -> Result<Array>) -> Result<Array> {
    if inputs.iter().all(|a| compute_dtype(a.dtype()) == a.dtype()) {
        return f(inputs);
    }
    let wide: smallvec::SmallVec<[Array; 3]> =
        inputs.iter().map(|a| a.to_dtype(compute_dtype(a.dtype()))).collect::<Result<_>>()?;
    let wide: smallvec::SmallVec<[&Array; 3]> = wide.iter().collect();
    f(&wide)?.to_dtype(out)
}
