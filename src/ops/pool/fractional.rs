//! Maxima under windows at random places.

use super::max::input_gradient;
use crate::array::{Array, DType, Storage};
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, Tensors, apply_many};
use crate::error::Result;
use crate::kernels::float::{Floating, Real};
use crate::kernels::pool::fractional::{self, Sizes};
use crate::ops::compute_dtype;
use crate::shape::{Bracketed, Dims, checked_numel, numel};
use crate::{dispatch_float, dispatch_floating};
use num_traits::ToPrimitive;
use smallvec::smallvec;
use std::borrow::Cow;

/// The maximum under each of `output` windows of `kernel` elements along the last axes, and its place in the flat plane.
///
/// `samples: [batch, channels, axes]` are draws from 0 to 1 (those of two axes for the last axis first); windows begin at
/// `floor((i + u) a) - floor(u a)` with `a = (input - kernel) / (output - 1)`, the last one at `input - kernel`
/// (Graham, "Fractional Max-Pooling", 2014).
///
/// # Errors
/// `RuntimeError` where ranks or sizes do not fit or samples do not lie in [0, 1].
pub fn fractional_max(x: &Tensor, samples: &Tensor, kernel: &[isize], output: &[isize]) -> Result<Tensors> {
    let rank = kernel.len();
    let name = if rank == 2 { "fractional_max_pool2d" } else { "fractional_max_pool3d" };
    crate::ensure!(
        matches!(rank, 2 | 3) && output.len() == rank,
        Runtime,
        "{name}: expected as many output sizes as kernel sizes, two or three, got {} and {}",
        Bracketed(output),
        Bracketed(kernel)
    );
    let positive =
        |sizes: &[isize]| sizes.iter().map(|&size| usize::try_from(size).ok().filter(|&size| size > 0)).collect();
    let (Some(kernel), Some(output)): (Option<Dims>, Option<Dims>) = (positive(kernel), positive(output)) else {
        crate::bail!(
            Runtime,
            "{name}: expected positive sizes, got an output of {} and a kernel of {}",
            Bracketed(output),
            Bracketed(kernel)
        );
    };
    apply_many(Fractional { name, kernel, output }, &[x, samples])
}

#[derive(Debug)]
struct Fractional {
    name: &'static str,
    kernel: Dims,
    output: Dims,
}

impl Fractional {
    /// The sizes over an input and samples of some shapes, and the input's planes.
    fn over(&self, shape: &[usize], samples: &[usize]) -> Result<(Sizes, usize)> {
        let (name, rank) = (self.name, self.kernel.len());
        crate::ensure!(
            shape.len() == rank + 1 || shape.len() == rank + 2,
            Runtime,
            "{name}: Expected {}D or {}D tensor, but got: {}",
            rank + 1,
            rank + 2,
            Bracketed(shape)
        );
        let (lead, spatial) = shape.split_at(shape.len() - rank);
        for (axis, (&n, (&size, &window))) in spatial.iter().zip(self.output.iter().zip(&self.kernel)).enumerate() {
            let what = ["time", "height", "width"][axis + 3 - rank];
            crate::ensure!(
                size.checked_add(window).is_some_and(|sum| sum - 1 <= n),
                Runtime,
                "{name}(): pool {what} {window} too large relative to input {what} {n}"
            );
        }
        let (batch, channels) = (if lead.len() == 2 { lead[0] } else { 1 }, lead[lead.len() - 1]);
        crate::ensure!(
            samples == [batch, channels, rank],
            Runtime,
            "{name}: Expect _random_samples of the sizes {}, got {}",
            Bracketed(&[batch, channels, rank][..]),
            Bracketed(samples)
        );
        let all = |sizes: &[usize]| {
            let mut all = [1; 3];
            all[3 - rank..].copy_from_slice(sizes);
            all
        };
        Ok((Sizes { input: all(spatial), kernel: all(&self.kernel), output: all(&self.output) }, batch * channels))
    }

    /// Where the windows of all planes begin, from the draws of each.
    fn starts<T: Floating>(&self, sizes: &Sizes, draws: &[T]) -> Result<Vec<usize>> {
        let rank = self.kernel.len();
        let planes = draws.len() / rank;
        let len = planes.saturating_mul(sizes.starts());
        Storage::probe(len, size_of::<usize>())?;
        let mut starts = Vec::with_capacity(len);
        // As tensors of `T` would round them.
        let rounded = |value: T::Acc| T::from_acc(value).to_acc();
        for draws in draws.chunks_exact(rank) {
            for axis in 0..3 {
                let (room, count) = (sizes.input[axis] - sizes.kernel[axis], sizes.output[axis]);
                if count > 1 {
                    let draw = draws[if rank == 2 { 2 - axis } else { axis }].to_acc();
                    let step = rounded(T::Acc::from_f64(room as f64 / (count - 1) as f64));
                    let first = rounded(draw * step).to_i64();
                    for i in 0..count - 1 {
                        let at = rounded(rounded(rounded(T::Acc::from_usize(i)) + draw) * step).to_i64();
                        let start = at.zip(first).and_then(|(at, first)| usize::try_from(at.checked_sub(first)?).ok());
                        let start = start.filter(|&start| start <= room);
                        starts.push(start.ok_or_else(|| {
                            crate::error!(
                                Runtime,
                                "{}: expected _random_samples from 0 to 1, got {}, with which a window would leave the input",
                                self.name,
                                draw.to_f64().unwrap_or(f64::NAN)
                            )
                        })?);
                    }
                }
                starts.push(room);
            }
        }
        Ok(starts)
    }
}

impl Op for Fractional {
    fn name(&self) -> &'static str {
        self.name
    }

    fn node_name(&self) -> Cow<'static, str> {
        format!("FractionalMaxPool{}DBackward0", self.kernel.len()).into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let dtype = inputs[0].dtype();
        crate::ensure!(dtype.is_float(), NotImplemented, "{}: not implemented for '{}'", self.name, dtype.type_name());
        crate::ensure!(
            inputs[1].dtype() == dtype,
            Runtime,
            "{}: Expect _random_samples to have the same dtype as input, got {:?} for {:?}",
            self.name,
            inputs[1].dtype(),
            dtype
        );
        let (sizes, planes) = self.over(inputs[0].shape(), inputs[1].shape())?;
        let draws = inputs[1].contiguous()?;
        let starts =
            dispatch_floating!(dtype, T => self.starts(&sizes, draws.slice::<T>())?, else unreachable!("a float type"));
        let mut shape = Dims::from_slice(inputs[0].shape());
        let spatial = shape.len() - self.output.len();
        shape[spatial..].copy_from_slice(&self.output);
        checked_numel(&shape)?;
        crate::ensure!(
            i32::try_from(sizes.input.iter().product::<usize>()).is_ok(),
            NotImplemented,
            "{}: not implemented for planes of 2^31 elements or more, got {}",
            self.name,
            Bracketed(inputs[0].shape())
        );
        let x = inputs[0].to_dtype(compute_dtype(dtype))?.contiguous()?;
        let (out, places) = (Array::empty(&shape, x.dtype())?, Array::empty(&shape, DType::I64)?);
        debug_assert_eq!(numel(&shape), planes * sizes.output.iter().product::<usize>());
        dispatch_float!(x.dtype(), T => {
            fractional::max_at(&sizes, &starts, x.slice::<T>(), out.slice_mut::<T>(), places.slice_mut::<i64>());
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(dtype)?, places])
    }

    fn saves(&self, _needs: &[bool]) -> Saves {
        Saves::outputs(&[1])
    }

    fn is_differentiable(&self, output: usize) -> bool {
        output == 0
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None, None]) };
        Ok(smallvec![Some(input_gradient(self.kernel.len(), cx, g)?), None])
    }
}
