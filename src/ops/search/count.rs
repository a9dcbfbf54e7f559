//! How often each number occurs.

use crate::array::{Array, Category, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::bins::count_bins;
use crate::kernels::parallel;
use smallvec::{SmallVec, smallvec};

/// Numbers that a task looks at.
const GRAIN: usize = 8 * 1024;

/// Numbers, at most, that are counted piece by piece.
const FEW: usize = 1 << 15;

/// How often each number from 0 on occurs in a vector, or the sum of the weights of its occurrences; at least `minlength`
/// numbers are counted.
///
/// # Errors
/// `RuntimeError` for a tensor that is no vector, negative numbers, weights of another length and a negative `minlength`;
/// `NotImplementedError` for floats and `bool`.
pub fn bincount(x: &Tensor, weights: Option<&Tensor>, minlength: i64) -> Result<Tensor> {
    crate::ensure!(
        x.dtype().category() == Category::Integer,
        NotImplemented,
        "\"bincount_cpu\" not implemented for '{}'",
        x.dtype().type_name()
    );
    crate::ensure!(minlength >= 0, Runtime, "minlength should be >= 0");
    let inputs: SmallVec<[&Tensor; 2]> = std::iter::once(x).chain(weights).collect();
    apply(Bincount { minlength: minlength as usize }, &inputs)
}

#[derive(Debug)]
struct Bincount {
    minlength: usize,
}

impl Op for Bincount {
    fn name(&self) -> &'static str {
        "bincount"
    }
    fn node_name(&self) -> std::borrow::Cow<'static, str> {
        "NotImplemented".into()
    }
    fn forward(&self, x: &[&Array]) -> Result<Arrays> {
        if x[0].ndim() == 1 && x[0].numel() == 0 {
            return Ok(smallvec![Array::zeros(&[self.minlength], DType::I64)?]);
        }
        let numbers = x[0].to_dtype(DType::I64)?.contiguous()?;
        let numbers = numbers.slice::<i64>();
        let range = |range: std::ops::Range<usize>| {
            numbers[range].iter().fold((i64::MAX, i64::MIN), |(least, most), &i| (least.min(i), most.max(i)))
        };
        let join = |a: (i64, i64), b: (i64, i64)| (a.0.min(b.0), a.1.max(b.1));
        let (least, most) = parallel::map_reduce_chunks(numbers.len(), GRAIN, range, join).unwrap_or((0, 0));
        crate::ensure!(
            x[0].ndim() == 1 && least >= 0,
            Runtime,
            "bincount only supports 1-d non-negative integral inputs."
        );
        let most = most as usize;
        let length = self.minlength.max(most.saturating_add(1));
        let Some(weights) = x.get(1) else {
            let out = Array::zeros(&[length], DType::I64)?;
            let counts = out.slice_mut::<i64>();
            if most < numbers.len().min(FEW) {
                let found = count_bins(numbers.len(), most + 1, |range, out| {
                    out.iter_mut().zip(&numbers[range]).for_each(|(out, &i)| *out = i as u32);
                });
                counts.iter_mut().zip(found).for_each(|(count, found)| *count = found as i64);
            } else {
                numbers.iter().for_each(|&i| counts[i as usize] += 1);
            }
            return Ok(smallvec![out]);
        };
        crate::ensure!(
            weights.shape() == x[0].shape(),
            Runtime,
            "weights should be 1-d and have the same length as input"
        );
        let dtype = if weights.dtype() == DType::F32 { DType::F32 } else { DType::F64 };
        let weights = weights.to_dtype(dtype)?.contiguous()?;
        let out = Array::zeros(&[length], dtype)?;
        dispatch_float!(dtype, T => {
            let sums = out.slice_mut::<T>();
            numbers.iter().zip(weights.slice::<T>()).for_each(|(&i, w)| sums[i as usize] += *w);
        }, else unreachable!("one of the two"));
        Ok(smallvec![out])
    }
    fn backward(&self, _: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        crate::bail!(NotImplemented, "the derivative for 'bincount' is not implemented.")
    }
}
