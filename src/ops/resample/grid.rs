//! Images read at the places of a grid.

use crate::array::Array;
use crate::autograd::{Arrays, Context, Grads, Op, Saves, Tensor, apply, apply_many};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::resample::points::{Between, Reading};
use crate::kernels::resample::scattered::{MOST_PIXELS, Sizes, grid_gradient, read, spread};
use crate::ops::compute_dtype;
use crate::shape::{Bracketed, Dims, numel};
use smallvec::smallvec;
use std::borrow::Cow;

/// `x: [n, c, (d,) h, w]` read at `grid: [n, ..., axes]`, whose coordinates go from -1 to 1, the last axis's first.
///
/// # Errors
/// `RuntimeError` where ranks, sizes or dtypes do not fit.
pub fn grid_sample(x: &Tensor, grid: &Tensor, reading: Reading) -> Result<Tensor> {
    let (shape, places) = (x.shape(), grid.shape());
    crate::ensure!(
        shape.first() == places.first(),
        Runtime,
        "grid_sampler(): expected grid and input to have same batch size, but got input with sizes {} and grid with sizes {}",
        Bracketed(&shape),
        Bracketed(&places)
    );
    crate::ensure!(
        shape.len() >= 3 && places.last() == Some(&(shape.len() - 2)),
        Runtime,
        "grid_sampler(): expected grid to have size {} in last dimension, but got grid with sizes {}",
        shape.len() as isize - 2,
        Bracketed(&places)
    );
    crate::ensure!(
        matches!(shape.len(), 4 | 5) && shape.len() == places.len(),
        Runtime,
        "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes {} and \
         grid with sizes {}",
        Bracketed(&shape),
        Bracketed(&places)
    );
    for (axis, &n) in shape.iter().enumerate().skip(2) {
        crate::ensure!(
            n > 0,
            Runtime,
            "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {} with dimension \
             {axis} being empty",
            Bracketed(&shape)
        );
    }
    crate::ensure!(
        shape[2..].iter().try_fold(1usize, |plane, &n| plane.checked_mul(n)).is_some_and(|plane| plane <= MOST_PIXELS),
        NotImplemented,
        "grid_sampler(): images of more than {MOST_PIXELS} pixels are not supported, got input with sizes {}",
        Bracketed(&shape)
    );
    crate::ensure!(
        reading.between != Between::Cubic || shape.len() == 4,
        Runtime,
        "grid_sampler(): bicubic interpolation only supports 4D input"
    );
    crate::ensure!(
        x.dtype() == grid.dtype() && x.dtype().is_float(),
        Runtime,
        "grid_sampler(): expected scalar type {} but found {}",
        x.dtype().type_name(),
        grid.dtype().type_name()
    );
    apply(GridSample { reading, flat: shape.len() == 4 }, &[x, grid])
}

/// Sizes of the problem, from the shapes of images and grid.
fn sizes<'a>(x: &'a [usize], grid: &[usize]) -> Sizes<'a> {
    Sizes { batch: x[0], channels: x[1], size: &x[2..], points: numel(&grid[1..grid.len() - 1]) }
}

/// Inputs: images and grid.
#[derive(Clone, Copy, Debug)]
struct GridSample {
    reading: Reading,
    /// Whether images have two axes and not three.
    flat: bool,
}

impl Op for GridSample {
    fn name(&self) -> &'static str {
        "grid_sampler"
    }

    fn node_name(&self) -> Cow<'static, str> {
        if self.flat { "GridSampler2DBackward0" } else { "GridSampler3DBackward0" }.into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let result = inputs[0].dtype();
        let dtype = compute_dtype(result);
        let (x, grid) = (inputs[0].contiguous()?.to_dtype(dtype)?, inputs[1].contiguous()?.to_dtype(dtype)?);
        let places = grid.shape();
        let shape: Dims = x.shape()[..2].iter().chain(&places[1..places.len() - 1]).copied().collect();
        let out = Array::empty(&shape, dtype)?;
        let sizes = sizes(x.shape(), places);
        dispatch_float!(dtype, T => {
            read(self.reading, sizes, grid.slice::<T>(), x.slice::<T>(), out.slice_mut::<T>());
        }, else unreachable!("a float type"));
        Ok(smallvec![out.to_dtype(result)?])
    }

    fn saves(&self, _: &[bool]) -> Saves {
        Saves::inputs(&[0, 1])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None, None]) };
        let op = Gradient { reading: self.reading, wanted: [cx.needs(0), cx.needs(1)] };
        let mut results = apply_many(op, &[g, &cx.input(0)?, &cx.input(1)?])?.into_iter();
        Ok(cx.all_needs().iter().map(|&needed| if needed { results.next() } else { None }).collect())
    }
}

/// The gradients of images and grid, those that are wanted. They have no derivative; PyTorch has one in two dimensions.
#[derive(Clone, Copy, Debug)]
struct Gradient {
    reading: Reading,
    wanted: [bool; 2],
}

impl Op for Gradient {
    fn name(&self) -> &'static str {
        "grid_sampler_backward"
    }

    fn is_multiple(&self) -> bool {
        true
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let result = inputs[1].dtype();
        let dtype = compute_dtype(result);
        let ready = |array: &Array| array.contiguous()?.to_dtype(dtype);
        let (g, x, grid) = (ready(inputs[0])?, ready(inputs[1])?, ready(inputs[2])?);
        let sizes = sizes(x.shape(), grid.shape());
        let mut results = Arrays::new();
        dispatch_float!(dtype, T => {
            let places = grid.slice::<T>();
            if self.wanted[0] {
                let dx = Array::zeros(x.shape(), dtype)?;
                spread(self.reading, sizes, places, g.slice::<T>(), dx.slice_mut::<T>());
                results.push(dx.to_dtype(result)?);
            }
            if self.wanted[1] {
                let dgrid = Array::empty(grid.shape(), dtype)?;
                grid_gradient(self.reading, sizes, places, (g.slice::<T>(), x.slice::<T>()), dgrid.slice_mut::<T>());
                results.push(dgrid.to_dtype(result)?);
            }
        }, else unreachable!("a float type"));
        Ok(results)
    }

    fn backward(&self, cx: &Context<'_>, _: &[Option<Tensor>]) -> Result<Grads> {
        crate::bail!(
            Runtime,
            "derivative for aten::grid_sampler_{}d_backward is not implemented",
            cx.shape(1).len() - 2
        )
    }
}
