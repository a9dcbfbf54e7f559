//! Convolutions with one input channel to a group: sums of shifted rows, plane by plane.

use super::super::float::{Floating, Real};
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::Geometry;

/// Output planes `out: [batch, out_channels, positions]`.
pub fn forward<T: Floating>(geometry: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>, out: &mut [T]) {
    let (taps, plane, positions) = (geometry.taps(), geometry.plane(), geometry.positions());
    parallel::for_each_chunk_mut(out, positions, taps, |index, out| {
        let (image, channel) = (index / geometry.out_channels, index % geometry.out_channels);
        let input = image * geometry.in_channels + channel / geometry.group_out();
        let start = bias.map_or(T::default(), |bias| bias[channel]).to_acc();
        with_scratch::<T::Acc, _>(positions, |sums| {
            sums.fill(start);
            gather_plane(geometry, &x[input * plane..][..plane], &w[channel * taps..][..taps], sums);
            store(sums, out);
        });
    });
}

/// Input gradients `dx: [batch, in_channels, plane]`.
pub fn input_gradient<T: Floating>(geometry: &Geometry, g: &[T], w: &[T], bias: Option<&[T]>, dx: &mut [T]) {
    let (taps, plane, positions) = (geometry.taps(), geometry.plane(), geometry.positions());
    let group_out = geometry.group_out();
    parallel::for_each_chunk_mut(dx, plane, taps * group_out, |index, dx| {
        let (image, channel) = (index / geometry.in_channels, index % geometry.in_channels);
        let first = image * geometry.out_channels + channel * group_out;
        let g = &g[first * positions..][..group_out * positions];
        let w = &w[channel * group_out * taps..][..group_out * taps];
        with_scratch::<T::Acc, _>(plane, |sums| {
            sums.fill(bias.map_or(T::default(), |bias| bias[channel]).to_acc());
            for (g, w) in g.chunks_exact(positions.max(1)).zip(w.chunks_exact(taps)) {
                scatter_plane(geometry, g, w, sums);
            }
            store(sums, dx);
        });
    });
}

/// Weight gradients `dw: [out_channels, 1, taps]`.
pub fn weight_gradient<T: Floating>(geometry: &Geometry, g: &[T], x: &[T], dw: &mut [T]) {
    let (taps, plane, positions) = (geometry.taps(), geometry.plane(), geometry.positions());
    parallel::for_each_chunk_mut(dw, taps, geometry.batch * positions, |channel, dw| {
        with_scratch::<T::Acc, _>(taps, |sums| {
            sums.fill(T::Acc::from_usize(0));
            for image in 0..geometry.batch {
                let input = image * geometry.in_channels + channel / geometry.group_out();
                let output = image * geometry.out_channels + channel;
                gather_taps(geometry, &x[input * plane..][..plane], &g[output * positions..][..positions], sums);
            }
            store(sums, dw);
        });
    });
}

/// Rounds sums to the type of the output.
fn store<T: Floating>(sums: &[T::Acc], out: &mut [T]) {
    for (to, &sum) in out.iter_mut().zip(sums) {
        *to = T::from_acc(sum);
    }
}

/// Calls `body(tap, first output, count, first input)` for every stretch of an output row whose
/// elements under one tap are not padding. Outputs and inputs are offsets into planes.
#[inline(always)]
fn for_each_stretch(geometry: &Geometry, mut body: impl FnMut(usize, usize, usize, usize)) {
    let [first, second, third] = &geometry.windows;
    let output = geometry.output;
    for upper in 0..output[0] {
        for lower in 0..output[1] {
            let out_row = (upper * output[1] + lower) * output[2];
            for (i, j) in (0..first.kernel * second.kernel).map(|at| (at / second.kernel, at % second.kernel)) {
                let Some((upper, lower)) = first.element(upper, i).zip(second.element(lower, j)) else { continue };
                let in_row = (upper * second.input + lower) * third.input;
                for k in 0..third.kernel {
                    let valid = third.valid_range(k, output[2]);
                    if !valid.is_empty() {
                        let element = valid.start * third.stride + k * third.dilation - third.pad_before;
                        let tap = (i * second.kernel + j) * third.kernel + k;
                        body(tap, out_row + valid.start, valid.len(), in_row + element);
                    }
                }
            }
        }
    }
}

crate::vectorize! {
    /// Adds the products of one input plane with the taps of one output plane.
    fn gather_plane[S; T: Floating](simd: S, geometry: &Geometry, x: &[T], w: &[T], sums: &mut [T::Acc]) {
        let stride = geometry.windows[2].stride;
        for_each_stretch(geometry, |tap, to, count, from| {
            let factor = w[tap].to_acc();
            let sums = &mut sums[to..to + count];
            if stride == 1 {
                for (sum, x) in sums.iter_mut().zip(&x[from..from + count]) {
                    *sum = simd.mul_add(factor, x.to_acc(), *sum);
                }
            } else {
                for (sum, x) in sums.iter_mut().zip(x[from..].iter().step_by(stride)) {
                    *sum = simd.mul_add(factor, x.to_acc(), *sum);
                }
            }
        });
    }

    /// Adds the gradients of one output plane to those of its input plane.
    fn scatter_plane[S; T: Floating](simd: S, geometry: &Geometry, g: &[T], w: &[T], sums: &mut [T::Acc]) {
        let stride = geometry.windows[2].stride;
        for_each_stretch(geometry, |tap, at, count, to| {
            let factor = w[tap].to_acc();
            let g = &g[at..at + count];
            if stride == 1 {
                for (sum, g) in sums[to..to + count].iter_mut().zip(g) {
                    *sum = simd.mul_add(factor, g.to_acc(), *sum);
                }
            } else {
                for (sum, g) in sums[to..].iter_mut().step_by(stride).zip(g) {
                    *sum = simd.mul_add(factor, g.to_acc(), *sum);
                }
            }
        });
    }

    /// Adds the products of one input plane with the gradients of one output plane to the gradients of the taps.
    fn gather_taps[S; T: Floating](simd: S, geometry: &Geometry, x: &[T], g: &[T], sums: &mut [T::Acc]) {
        let stride = geometry.windows[2].stride;
        for_each_stretch(geometry, |tap, at, count, from| {
            let g = &g[at..at + count];
            let mut chains = [T::Acc::from_usize(0); 16];
            if stride == 1 {
                let x = &x[from..from + count];
                let (gs, xs) = (g.chunks_exact(16), x.chunks_exact(16));
                let (rest_g, rest_x) = (gs.remainder(), xs.remainder());
                for (g, x) in gs.zip(xs) {
                    for i in 0..16 {
                        chains[i] = simd.mul_add(g[i].to_acc(), x[i].to_acc(), chains[i]);
                    }
                }
                for (i, (g, x)) in rest_g.iter().zip(rest_x).enumerate() {
                    chains[i] = simd.mul_add(g.to_acc(), x.to_acc(), chains[i]);
                }
            } else {
                for (i, (g, x)) in g.iter().zip(x[from..].iter().step_by(stride)).enumerate() {
                    chains[i % 16] = simd.mul_add(g.to_acc(), x.to_acc(), chains[i % 16]);
                }
            }
            sums[tap] += chains.into_iter().sum::<T::Acc>();
        });
    }
}
