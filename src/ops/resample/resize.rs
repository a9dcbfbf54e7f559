//! Images resized: a linear map along each axis.

use crate::array::{Array, DType};
use crate::autograd::{Arrays, Context, Grads, Op, Tensor, apply};
use crate::dispatch_float;
use crate::error::Result;
use crate::kernels::resample::axis::resize;
use crate::kernels::resample::taps::{Filter, Resize, Taps};
use crate::ops::compute_dtype;
use crate::shape::{Bracketed, Dims, numel};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use std::sync::Arc;

/// What [`interpolate`] makes of the axes behind batch and channels.
#[derive(Clone, Debug)]
pub struct Sizing {
    /// Their sizes.
    pub output: Dims,
    /// Factors to go by in place of the quotients of the sizes.
    pub factors: Option<SmallVec<[f64; 3]>>,
    /// How pixels between pixels are made up.
    pub filter: Filter,
    /// Whether the centres of the outer pixels stay where they are.
    pub align_corners: bool,
    /// Whether smaller images are averages.
    pub antialias: bool,
}

/// `x: [n, c, ...]` with its last axes resized.
///
/// # Errors
/// `RuntimeError` for sizes of zero, `NotImplementedError` for dtypes.
pub fn interpolate(x: &Tensor, sizing: &Sizing) -> Result<Tensor> {
    let shape = x.shape();
    let rank = sizing.output.len();
    crate::ensure!(
        shape.len() == rank + 2,
        Runtime,
        "It is expected input_size equals to {}, but got size {}",
        rank + 2,
        shape.len()
    );
    let named = |sizes: &[usize]| {
        let names = &["D", "H", "W"][3 - rank..];
        names.iter().zip(sizes).map(|(name, n)| format!("{name}: {n}")).collect::<Vec<_>>().join(", ")
    };
    crate::ensure!(
        shape[2..].iter().chain(&sizing.output).all(|&n| n > 0),
        Runtime,
        "Input and output sizes should be greater than 0, but got input ({}) output ({})",
        named(&shape[2..]),
        named(&sizing.output)
    );
    crate::ensure!(
        shape[1] > 0,
        Runtime,
        "Non-empty {}D data tensor expected but got a tensor with sizes {}",
        rank + 2,
        Bracketed(&shape)
    );
    let nearest = matches!(sizing.filter, Filter::Nearest | Filter::NearestExact);
    let dtype = x.dtype();
    crate::ensure!(
        dtype.is_float() || (nearest && dtype == DType::U8),
        NotImplemented,
        "\"interpolate\" not implemented for '{}'",
        dtype.type_name()
    );
    let single = compute_dtype(dtype) != DType::F64;
    let mut maps: SmallVec<[Map; 3]> = smallvec![];
    // The last axis first: the others then move whole rows.
    for axis in (0..rank).rev() {
        let step = Resize {
            filter: sizing.filter,
            input: shape[axis + 2],
            output: sizing.output[axis],
            align_corners: sizing.align_corners,
            antialias: sizing.antialias,
            factor: sizing.factors.as_ref().map(|factors| factors[axis]),
        };
        maps.push(Map { axis: axis + 2, taps: Arc::new(step.taps(single)) });
    }
    apply(Resample { maps, node: node(sizing, rank) }, &[x])
}

fn node(sizing: &Sizing, rank: usize) -> &'static str {
    match (sizing.filter, rank) {
        (Filter::Nearest, 1) => "UpsampleNearest1DBackward0",
        (Filter::Nearest, 2) => "UpsampleNearest2DBackward0",
        (Filter::Nearest, _) => "UpsampleNearest3DBackward0",
        (Filter::NearestExact, 1) => "UpsampleNearestExact1DBackward0",
        (Filter::NearestExact, 2) => "UpsampleNearestExact2DBackward0",
        (Filter::NearestExact, _) => "UpsampleNearestExact3DBackward0",
        (Filter::Linear, 1) => "UpsampleLinear1DBackward0",
        (Filter::Linear, 2) if sizing.antialias => "UpsampleBilinear2DAaBackward0",
        (Filter::Linear, 2) => "UpsampleBilinear2DBackward0",
        (Filter::Linear, _) => "UpsampleTrilinear3DBackward0",
        (Filter::Cubic, _) if sizing.antialias => "UpsampleBicubic2DAaBackward0",
        (Filter::Cubic, _) => "UpsampleBicubic2DBackward0",
        (Filter::Lanczos, _) => "UpsampleLanczos2DAaBackward0",
    }
}

/// A linear map along one axis.
#[derive(Clone, Debug)]
struct Map {
    axis: usize,
    taps: Arc<Taps>,
}

/// Maps along several axes, one after the other. The gradient is the same with each map's adjoint.
#[derive(Clone, Debug)]
struct Resample {
    maps: SmallVec<[Map; 3]>,
    node: &'static str,
}

impl Op for Resample {
    fn name(&self) -> &'static str {
        "interpolate"
    }

    fn node_name(&self) -> Cow<'static, str> {
        self.node.into()
    }

    fn forward(&self, inputs: &[&Array]) -> Result<Arrays> {
        let result = inputs[0].dtype();
        let dtype = if result.is_float() { compute_dtype(result) } else { DType::F32 };
        let mut x = inputs[0].contiguous()?.to_dtype(dtype)?;
        for Map { axis, taps } in &self.maps {
            let mut shape = x.dims();
            let sizes = (numel(&shape[..*axis]), shape[*axis], numel(&shape[*axis + 1..]));
            shape[*axis] = taps.len();
            let y = Array::empty(&shape, dtype)?;
            dispatch_float!(dtype, T => resize(taps, sizes, x.slice::<T>(), y.slice_mut::<T>()), else unreachable!("a float type"));
            x = y;
        }
        Ok(smallvec![x.to_dtype(result)?])
    }

    fn backward(&self, cx: &Context<'_>, grads: &[Option<Tensor>]) -> Result<Grads> {
        let Some(g) = &grads[0] else { return Ok(smallvec![None]) };
        let maps = self
            .maps
            .iter()
            .map(|map| Map { axis: map.axis, taps: Arc::new(map.taps.transposed(cx.shape(0)[map.axis])) })
            .collect();
        Ok(smallvec![Some(apply(Resample { maps, node: self.node }, &[g])?)])
    }
}
