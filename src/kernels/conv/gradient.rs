//! Gradients of a convolution with respect to its input, its weights and its bias.

use std::ops::Range;

use ndarray::ArrayView2;

use super::super::float::{Floating, Real, singles, singles_mut};
use super::super::gemm::driver::{Size, multiply};
use super::super::gemm::operand::{Operand, Strided};
use super::super::gemm::{Output, Start};
use super::super::parallel;
use super::im2col::{self, Patches};
use super::{
    Algorithm, Geometry, depthwise, direct, forward_algorithm, input_gradient_algorithm, phases, positions, sampled,
    scatter, slices, taps, unfolded::TransposedPatches, winograd,
};

/// `dx: [batch, in_channels, plane]` from output gradients `g: [batch, out_channels, positions]` and weights `w`, plus `bias` for
/// each input channel (a transposed convolution has one).
pub fn input_gradient<T: Floating>(geometry: &Geometry, g: &[T], w: &[T], bias: Option<&[T]>, dx: &mut [T]) {
    debug_assert_eq!(dx.len(), geometry.batch * geometry.in_channels * geometry.plane());
    debug_assert_eq!(g.len(), geometry.batch * geometry.out_channels * geometry.positions());
    if dx.is_empty() {
        return;
    }
    if let Some(dense) = slices::of_input_gradient::<T>(geometry) {
        return slices::input_gradient((geometry, &dense), g, bias, dx, |geometry, g, dx| {
            input_gradient(geometry, g, w, None, dx);
        });
    }
    match input_gradient_algorithm(geometry) {
        Algorithm::Depthwise => depthwise::input_gradient(geometry, g, w, bias, dx),
        _ if phases::fits::<T>(geometry) => phases::input_gradient(geometry, g, w, bias, dx),
        Algorithm::Scatter if !geometry.turned().is_some_and(|turned| direct::fits::<T>(&turned)) => {
            scatter::input_gradient(geometry, g, w, bias, dx)
        }
        _ => {
            let turned = geometry.turned().expect("it was asked for");
            let flat = turned.flattened();
            let len = geometry.group_out() * geometry.depth();
            let weights = |group: usize| Turned { geometry, w: &w[group * len..][..len] };
            im2col::products(flat.as_ref().unwrap_or(&turned), g, weights, bias, dx);
        }
    }
}

/// The weights of a group of the turned convolution as an operand: lanes: input channels; depth: output channels and their taps,
/// the last tap first.
struct Turned<'a, T> {
    geometry: &'a Geometry,
    w: &'a [T],
}

impl<T: Floating> Operand<T::Acc> for Turned<'_, T> {
    fn pack_panel(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [T::Acc]) {
        let (taps, row) = (self.geometry.taps(), self.geometry.depth());
        if taps == 1 {
            let weights = ArrayView2::from_shape((self.geometry.group_out(), row), self.w).expect("all weights");
            return Strided::right(weights).pack_panel(depth, lanes, width, panel);
        }
        for (d, line) in depth.zip(panel.chunks_exact_mut(width)) {
            let (output, tap) = (d / taps, taps - 1 - d % taps);
            let from = self.w[output * row + lanes.start * taps + tap..].iter().step_by(taps);
            let (line, rest) = line.split_at_mut(lanes.len());
            for (to, &weight) in line.iter_mut().zip(from) {
                *to = weight.to_acc();
            }
            rest.fill(T::Acc::from_usize(0));
        }
    }
}

/// Output gradients as an operand: depth: positions of all images; lanes: channels of a group.
struct Gradients<'a, T> {
    geometry: &'a Geometry,
    g: &'a [T],
    /// The first channel of the group.
    channel: usize,
}

impl<T: Floating> Operand<T::Acc> for Gradients<'_, T> {
    fn pack_panel(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [T::Acc]) {
        let (positions, channels) = (self.geometry.positions(), self.geometry.out_channels);
        let mut at = depth.start;
        while at < depth.end {
            let (image, inside) = (at / positions, at % positions);
            let count = (positions - inside).min(depth.end - at);
            let planes = &self.g[image * channels * positions..][..channels * positions];
            let planes = ArrayView2::from_shape((channels, positions), planes).expect("whole planes");
            let lanes = self.channel + lanes.start..self.channel + lanes.end;
            let part = &mut panel[(at - depth.start) * width..];
            Strided::left(planes).pack_panel(inside..inside + count, lanes, width, part);
            at += count;
        }
    }
}

/// `dw: [out_channels, in_channels / groups, taps]` from the input `x` and output gradients `g`.
pub fn weight_gradient<T: Floating>(geometry: &Geometry, g: &[T], x: &[T], dw: &mut [T]) {
    debug_assert_eq!(dw.len(), geometry.out_channels * geometry.depth());
    if forward_algorithm(geometry) == Algorithm::Depthwise {
        return depthwise::weight_gradient(geometry, g, x, dw);
    }
    if let Some(dense) = slices::of_weight_gradient::<T>(geometry) {
        return slices::weight_gradient((geometry, &dense), g, x, dw, weight_gradient);
    }
    if let Some(dense) = sampled::of_all::<T>(geometry) {
        return sampled::gathered(geometry, x, 0..geometry.batch, |x| weight_gradient(&dense, g, x, dw));
    }
    let flat = geometry.flattened();
    let geometry = flat.as_ref().unwrap_or(geometry);
    let (rows, columns) = (geometry.group_out(), geometry.depth());
    if rows * columns == 0 {
        return;
    }
    for (group, dw) in dw.chunks_exact_mut(rows * columns).enumerate() {
        let by_tiles = winograd::gradient_applies::<T>(geometry)
            && winograd::weight_gradient(geometry, group, singles(g), singles(x), singles_mut(dw));
        if !by_tiles {
            plain_weight_gradient(geometry, group, g, x, dw);
        }
    }
}

/// [`weight_gradient`] of a group as a plain sum.
pub fn plain_weight_gradient<T: Floating>(geometry: &Geometry, group: usize, g: &[T], x: &[T], dw: &mut [T]) {
    let (rows, columns) = (geometry.group_out(), geometry.depth());
    if positions::fits::<T>(geometry) {
        return positions::gradient(geometry, group, g, x, dw);
    }
    let gradients = Gradients { geometry, g, channel: group * rows };
    if taps::fits::<T>(geometry) {
        return taps::gradient(geometry, group, &gradients, x, dw);
    }
    let size = Size { rows, columns, depth: geometry.batch * geometry.positions() };
    let patches = TransposedPatches(Patches::new(geometry, x, group));
    let out = Output::rows(dw.as_mut_ptr(), columns);
    // SAFETY: `dw` is the group's part of the weights, borrowed mutably, and has `rows * columns` elements.
    unsafe { multiply(size, T::Acc::from_usize(1), (&gradients, &patches), Start::Zero, out) };
}

/// `db: [channels]`: the sums of `g: [batch, channels, positions]` over images and positions.
pub fn bias_gradient<T: Floating>((batch, positions): (usize, usize), g: &[T], db: &mut [T]) {
    let channels = db.len();
    debug_assert_eq!(g.len(), batch * channels * positions);
    parallel::for_each_chunk_mut(db, 1, batch * positions, |channel, db| {
        let mut total = T::Acc::from_usize(0);
        for image in 0..batch {
            let plane = &g[(image * channels + channel) * positions..][..positions];
            total += sum(plane);
        }
        db[0] = T::from_acc(total);
    });
}

crate::vectorize! {
    /// The sum of some numbers, in several chains.
    fn sum[S; T: Floating](simd: S, values: &[T]) -> T::Acc {
        let mut chains = [T::Acc::from_usize(0); 32];
        let chunks = values.chunks_exact(32);
        let rest = chunks.remainder();
        for chunk in chunks {
            for i in 0..32 {
                chains[i] += chunk[i].to_acc();
            }
        }
        let rest: T::Acc = rest.iter().map(|value| value.to_acc()).sum();
        rest + chains.into_iter().sum::<T::Acc>()
    }
}
