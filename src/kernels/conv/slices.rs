//! Convolutions over three axes as convolutions over two: each slice of the output is an image of its own, and what a channel has
//! at the taps along the first axis are so many channels.
//!
//! Copying slices reads and writes each element once for every tap along the first axis, little beside its products; the kernels
//! for two axes do the rest. Weights lie as they did: a channel's taps along the first axis are side by side.

use std::ops::Range;

use super::super::float::Floating;
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::sampled::numbers_at_once;
use super::{Algorithm, Epilogue, Geometry, direct, forward_algorithm, packed, phases, taps, winograd};
use crate::shape::window::Window;

/// Numbers of a task, about.
const TASK: usize = 16 << 10;

/// The convolution over two axes of as many slices as are copied at a time: all parts are alike.
fn parts<T: Floating>(geometry: &Geometry) -> Option<Geometry> {
    let first = &geometry.windows[0];
    let empty = geometry.batch * geometry.in_channels * geometry.plane() * geometry.positions() == 0;
    let plain = *first == Window::unit() || empty || !T::IS_REAL;
    if plain || forward_algorithm(geometry) != Algorithm::Patches {
        return None;
    }
    let [all, rows, columns] = geometry.output;
    let dense = Geometry {
        in_channels: geometry.in_channels * first.kernel,
        windows: [Window::unit(), geometry.windows[1], geometry.windows[2]],
        output: [1, rows, columns],
        ..geometry.clone()
    };
    let (total, most) = (geometry.batch * all, numbers_at_once(geometry) / (dense.in_channels * dense.plane()));
    let batch = (1..=most.min(total)).rev().find(|&part| total % part == 0).unwrap_or(1);
    Some(Geometry { batch, ..dense })
}

/// The convolution of each part, if this is the way to go forward.
pub fn of<T: Floating>(geometry: &Geometry) -> Option<Geometry> {
    parts::<T>(geometry).filter(|dense| packed::applies::<T>(dense) || direct::fits::<T>(dense))
}

/// The same for the input gradient.
pub fn of_input_gradient<T: Floating>(geometry: &Geometry) -> Option<Geometry> {
    parts::<T>(geometry).filter(phases::fits::<T>)
}

/// The same for the weight gradient.
pub fn of_weight_gradient<T: Floating>(geometry: &Geometry) -> Option<Geometry> {
    parts::<T>(geometry)
        .filter(|dense| dense.flattened().is_some() || winograd::gradient_applies::<T>(dense) || taps::fits::<T>(dense))
}

/// Calls `body` for each part with its number and slices.
fn for_each_part(geometry: &Geometry, dense: &Geometry, mut body: impl FnMut(usize, Range<usize>)) {
    let count = geometry.batch * geometry.output[0] / dense.batch;
    (0..count).for_each(|part| body(part, part * dense.batch..(part + 1) * dense.batch));
}

/// A convolution whose parts are `dense`, as `forward` has it for each of them.
pub fn forward<T: Floating>(
    (geometry, dense): (&Geometry, &Geometry),
    x: &[T],
    epilogue: &Epilogue<'_, T>,
    out: &mut [T],
    mut forward: impl FnMut(&Geometry, &[T], &Epilogue<'_, T>, &mut [T]),
) {
    let (slices, positions) = (geometry.output[0], dense.positions());
    let bias = Epilogue::bias(epilogue.bias);
    for_each_part(geometry, dense, |_, part| {
        let images = part.start / slices..part.end.div_ceil(slices);
        with_scratch::<T, _>(dense.batch * dense.out_channels * positions, |sums| {
            unfolded(geometry, dense, x, part.clone(), |x| forward(dense, x, &bias, sums));
            let image = geometry.out_channels * slices * positions;
            let out = &mut out[images.start * image..images.end * image];
            parallel::for_each_chunk_mut(out, slices * positions, 1, |at, out| {
                let (image, channel) = (images.start + at / geometry.out_channels, at % geometry.out_channels);
                for (number, out) in (image * slices..).zip(out.chunks_exact_mut(positions)) {
                    if part.contains(&number) {
                        let from = (number - part.start) * geometry.out_channels + channel;
                        out.copy_from_slice(&sums[from * positions..][..positions]);
                    }
                }
            });
        });
    });
    (0..geometry.groups).for_each(|group| epilogue.finish_group(geometry, group, out));
}

/// The input gradient, from those of parts as `gradient` has them.
pub fn input_gradient<T: Floating>(
    (geometry, dense): (&Geometry, &Geometry),
    g: &[T],
    bias: Option<&[T]>,
    dx: &mut [T],
    mut gradient: impl FnMut(&Geometry, &[T], &mut [T]),
) {
    let (first, plane, slices) = (&geometry.windows[0], dense.plane(), geometry.output[0]);
    let volume = geometry.plane();
    parallel::for_each_chunk_mut(dx, volume, 1, |at, dx| {
        dx.fill(bias.map_or(T::default(), |bias| bias[at % geometry.in_channels]));
    });
    for_each_part(geometry, dense, |_, part| {
        let images = part.start / slices..part.end.div_ceil(slices);
        with_scratch::<T, _>(dense.batch * dense.in_channels * plane, |sums| {
            gathered(geometry, dense, g, part.clone(), |g| gradient(dense, g, sums));
            let image = geometry.in_channels * volume;
            let dx = &mut dx[images.start * image..images.end * image];
            parallel::for_each_chunk_mut(dx, volume, first.kernel, |at, dx| {
                let (image, channel) = (images.start + at / geometry.in_channels, at % geometry.in_channels);
                for number in (image * slices).max(part.start)..((image + 1) * slices).min(part.end) {
                    for tap in 0..first.kernel {
                        if let Some(slice) = slice_of(first, number % slices, tap) {
                            let from = (number - part.start) * dense.in_channels + channel * first.kernel + tap;
                            add(&sums[from * plane..][..plane], &mut dx[slice * plane..][..plane]);
                        }
                    }
                }
            });
        });
    });
}

/// The weight gradient: the sum of those of parts, as `gradient` has them from output gradients and inputs.
pub fn weight_gradient<T: Floating>(
    (geometry, dense): (&Geometry, &Geometry),
    g: &[T],
    x: &[T],
    dw: &mut [T],
    mut gradient: impl FnMut(&Geometry, &[T], &[T], &mut [T]),
) {
    for_each_part(geometry, dense, |number, part| {
        gathered(geometry, dense, g, part.clone(), |g| {
            unfolded(geometry, dense, x, part, |x| {
                if number == 0 {
                    return gradient(dense, g, x, dw);
                }
                with_scratch::<T, _>(dw.len(), |sums| {
                    gradient(dense, g, x, sums);
                    add(sums, dw);
                });
            });
        });
    });
}

/// The slice of the input that a tap along the first axis falls on, if it does not fall on padding.
fn slice_of(window: &Window, position: usize, tap: usize) -> Option<usize> {
    let at = position * window.stride + tap * window.dilation;
    at.checked_sub(window.pad_before).filter(|&slice| slice < window.input)
}

/// Calls `body` with the input of some slices of the output: `[slices, in_channels * taps along the first axis, plane]`.
fn unfolded<T: Floating>(geometry: &Geometry, dense: &Geometry, x: &[T], part: Range<usize>, body: impl FnOnce(&[T])) {
    let (first, plane) = (&geometry.windows[0], dense.plane());
    with_scratch::<T, _>(part.len() * dense.in_channels * plane, |all| {
        let planes = (TASK / plane).max(1);
        parallel::for_each_chunk_mut(all, planes * plane, 1, |at, to| {
            for (at, to) in (at * planes..).zip(to.chunks_exact_mut(plane)) {
                let (number, channel) = (part.start + at / dense.in_channels, at % dense.in_channels);
                let (channel, tap) = (channel / first.kernel, channel % first.kernel);
                let channel = number / geometry.output[0] * geometry.in_channels + channel;
                match slice_of(first, number % geometry.output[0], tap) {
                    Some(slice) => to.copy_from_slice(&x[(channel * first.input + slice) * plane..][..plane]),
                    None => to.fill(T::default()),
                }
            }
        });
        body(all);
    });
}

/// Calls `body` with the output gradients of some slices: `[slices, out_channels, positions]`.
fn gathered<T: Floating>(geometry: &Geometry, dense: &Geometry, g: &[T], part: Range<usize>, body: impl FnOnce(&[T])) {
    let (channels, slices, positions) = (geometry.out_channels, geometry.output[0], dense.positions());
    with_scratch::<T, _>(part.len() * channels * positions, |all| {
        let planes = (TASK / positions).max(1);
        parallel::for_each_chunk_mut(all, planes * positions, 1, |at, to| {
            for (at, to) in (at * planes..).zip(to.chunks_exact_mut(positions)) {
                let (number, channel) = (part.start + at / channels, at % channels);
                let from = (number / slices * channels + channel) * slices + number % slices;
                to.copy_from_slice(&g[from * positions..][..positions]);
            }
        });
        body(all);
    });
}

crate::vectorize! {
    /// Adds numbers to others.
    fn add[S; T: Floating](simd: S, from: &[T], to: &mut [T]) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = T::from_acc(to.to_acc() + from.to_acc());
        }
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::super::super::isa::{Isa, isa};
    use super::super::Packed;
    use super::super::tests::{Case, check, square, window};
    use super::*;

    fn cube(size: [usize; 3], (kernel, stride, dilation): (usize, usize, usize), pad: usize) -> [Window; 3] {
        size.map(|size| window(size, (kernel, stride, dilation), (pad, pad)))
    }

    #[test]
    fn slices_are_images_of_more_channels() {
        for (batch, channels, groups, windows) in [
            (2, (16, 32), 1, cube([5, 9, 8], (3, 1, 1), 1)),
            (1, (3, 64), 1, cube([4, 12, 20], (3, 1, 1), 1)),
            (2, (24, 16), 1, cube([5, 7, 9], (3, 2, 1), 1)),
            (1, (16, 48), 1, cube([6, 7, 6], (2, 2, 1), 0)),
            (1, (32, 32), 2, cube([6, 7, 8], (3, 1, 2), 2)),
            // Along the first axis or the others alone.
            (
                3,
                (48, 32),
                1,
                [window(7, (3, 1, 1), (1, 1)), window(6, (1, 1, 1), (0, 0)), window(5, (1, 1, 1), (0, 0))],
            ),
            (
                2,
                (16, 32),
                1,
                [window(4, (1, 1, 1), (0, 0)), window(8, (3, 1, 1), (1, 1)), window(7, (3, 1, 1), (1, 1))],
            ),
            // More padding than taps, and on one side.
            (
                1,
                (16, 32),
                1,
                [window(2, (2, 1, 1), (3, 0)), window(8, (3, 1, 1), (1, 1)), window(7, (3, 1, 1), (1, 1))],
            ),
        ] {
            let geometry = Geometry::new(batch, channels, groups, &windows);
            let dense = of::<f32>(&geometry).unwrap();
            assert_eq!((dense.batch, dense.depth()), (batch * geometry.output[0], geometry.depth()));
            // Few numbers to a sum, or channels that fill no registers, are left to others; so are weights of windows of two.
            let inwards = dense.taps() == 1 || channels.0 == 3 || groups > 1;
            assert!(inwards || of_input_gradient::<f32>(&geometry).is_some(), "{geometry:?}");
            let weights = dense.windows[2].kernel == 2 || isa() == Isa::Portable;
            assert!(weights || of_weight_gradient::<f32>(&geometry).is_some(), "{geometry:?}");
            assert!(of::<f16>(&geometry).is_none());
            check::<f32>(&geometry);
            check::<f64>(&geometry);
            let case = Case::<f32>::new(&geometry);
            if let Some(packed) = Packed::new(&geometry, &case.w).unwrap() {
                assert!(packed.is_for::<f32>(&geometry));
                let [mut plain, mut out] = [(); 2].map(|()| vec![f32::NAN; case.g.len()]);
                super::super::forward(&geometry, &case.x, &case.w, None, &mut plain);
                packed.forward(&geometry, &case.x, &case.w, None, &mut out);
                assert_eq!(out, plain);
            }
        }
    }

    #[test]
    fn many_slices_are_copied_a_few_at_a_time() {
        let geometry = Geometry::new(2, (16, 16), 1, &cube([9, 40, 41], (3, 1, 1), 1));
        // Six of eighteen: parts that end within an image.
        assert_eq!(of::<f32>(&geometry).unwrap().batch, 6);
        check::<f32>(&geometry);
    }

    #[test]
    fn other_convolutions_are_left_as_they_are() {
        assert!(of::<f32>(&Geometry::new(2, (16, 32), 1, &square(9, 3, 1, 1))).is_none(), "two axes");
        assert!(of::<f32>(&Geometry::new(0, (16, 32), 1, &cube([5; 3], (3, 1, 1), 1))).is_none(), "no images");
        assert!(of::<f32>(&Geometry::new(2, (16, 32), 1, &cube([5; 3], (1, 1, 1), 0))).is_none(), "pointwise");
        assert!(of::<f32>(&Geometry::new(2, (32, 32), 32, &cube([5; 3], (3, 1, 1), 1))).is_none(), "depthwise");
    }
}
