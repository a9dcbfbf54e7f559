//! Convolutions of one tap that steps over elements: what it takes is gathered first, and the rest is a convolution of each element
//! for itself.
//!
//! Gathering reads the rows that count once and writes a part of them, one in four with a stride of two. Every other way would
//! pick the elements out again for each share of output channels, or turn them around one by one.

use std::ops::Range;

use super::super::float::Floating;
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::field::{Field, copy_planes};
use super::{Algorithm, Epilogue, Geometry, forward_algorithm};
use crate::shape::window::Window;

/// Numbers of the images that are gathered at a time, at least: what a few threads have enough to do with, and no more memory than
/// a second-level cache or two. With many weights, which may have to be packed each time, more in proportion to these.
const NUMBERS: usize = 512 << 10;
const NUMBERS_OF_WEIGHT: usize = 2;
/// Numbers that are gathered at once, at most, where images cannot be taken a few at a time.
const MOST: usize = 8 << 20;
/// Numbers of a task, about.
const TASK: usize = 16 << 10;

/// The convolution of what was gathered, if this is the way to go.
pub fn of<T: Floating>(geometry: &Geometry) -> Option<Geometry> {
    let [first, second, third] = &geometry.windows;
    let one = |window: &Window, output: usize| {
        window.kernel == 1 && window.pad_before == 0 && output > 0 && (output - 1) * window.stride < window.input
    };
    let single = one(second, geometry.output[1]) && one(third, geometry.output[2]) && *first == Window::unit();
    let steps = second.stride > 1 || third.stride > 1;
    if !(T::IS_REAL && single && steps) || forward_algorithm(geometry) == Algorithm::Depthwise {
        return None;
    }
    let windows = [Window::unit(), Window::new(geometry.output[1], 1), Window::new(geometry.output[2], 1)];
    Some(Geometry { windows, ..geometry.clone() })
}

/// Numbers of the input that are copied before their products are made.
pub fn numbers_at_once(geometry: &Geometry) -> usize {
    NUMBERS.max(NUMBERS_OF_WEIGHT * geometry.out_channels * geometry.depth())
}

/// [`of`], for all images at once.
pub fn of_all<T: Floating>(geometry: &Geometry) -> Option<Geometry> {
    of::<T>(geometry).filter(|dense| dense.batch * dense.in_channels * dense.positions() <= MOST)
}

/// A convolution with `dense`, the one [`of`] the geometry, as `forward` has it for some images.
pub fn forward<T: Floating>(
    (geometry, dense): (&Geometry, &Geometry),
    x: &[T],
    epilogue: &Epilogue<'_, T>,
    out: &mut [T],
    mut forward: impl FnMut(&Geometry, &[T], &Epilogue<'_, T>, &mut [T]),
) {
    let of_image = geometry.out_channels * geometry.positions();
    let images = numbers_at_once(geometry).div_ceil((dense.in_channels * dense.plane()).max(1));
    // Equal parts.
    let images = dense.batch.div_ceil(dense.batch.div_ceil(images).max(1)).max(1);
    for start in (0..dense.batch).step_by(images) {
        let part = start..(start + images).min(dense.batch);
        let places = part.start * of_image..part.end * of_image;
        let epilogue = Epilogue { residual: epilogue.residual.map(|all| &all[places.clone()]), ..*epilogue };
        gathered(geometry, x, part.clone(), |x| {
            forward(&Geometry { batch: part.len(), ..dense.clone() }, x, &epilogue, &mut out[places]);
        });
    }
}

/// Calls `body` with the elements of some images that the geometry takes: `[images, in_channels, positions]`.
pub fn gathered<T: Floating>(geometry: &Geometry, x: &[T], images: Range<usize>, body: impl FnOnce(&[T])) {
    let ([_, second, third], [_, rows, columns]) = (&geometry.windows, geometry.output);
    let (plane, positions) = (geometry.plane(), geometry.positions());
    let first = |stride: usize| (0..stride).map(|phase| phase == 0).collect();
    let field = Field {
        size: [rows, columns],
        strides: [second.stride, third.stride],
        used: [first(second.stride), first(third.stride)],
    };
    let shape = [second.input, third.input];
    let (copies, part) = (field.copies::<T>(shape, [0, 0]), field.part(shape, [0, 0]));
    let x = &x[images.start * geometry.in_channels * plane..images.end * geometry.in_channels * plane];
    with_scratch::<T::Acc, _>(images.len() * geometry.in_channels * positions, |all| {
        let planes = (TASK / positions).max(1);
        parallel::for_each_chunk_mut(all, planes * positions, 1, |at, to| {
            let x = &x[at * planes * plane..][..to.len() / positions * plane];
            copy_planes(&copies, (x, plane, part.clone()), (to, positions));
        });
        assert!(T::IS_REAL, "`of` asks for it");
        // SAFETY: `IS_REAL` makes both types one.
        body(unsafe { std::slice::from_raw_parts(all.as_ptr().cast::<T>(), all.len()) });
    });
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::super::Packed;
    use super::super::tests::{Case, check, square, window};
    use super::*;

    #[test]
    fn elements_that_count_are_gathered() {
        for (batch, channels, groups, size, stride) in [
            (1, (160, 64), 1, 14, 2),
            (3, (5, 7), 1, 9, 2),
            (2, (6, 64), 2, 13, 3),
            (2, (4, 33), 1, 40, 2),
            (7, (40, 14), 2, 2, 2),
        ] {
            let geometry = Geometry::new(batch, channels, groups, &square(size, 1, stride, 0));
            let dense = of_all::<f32>(&geometry).unwrap();
            assert_eq!((dense.plane(), dense.positions()), (geometry.positions(), geometry.positions()));
            assert!(dense.flattened().is_some() && of::<f16>(&geometry).is_none());
            check::<f32>(&geometry);
            check::<f64>(&geometry);
            // Weights are kept as the product of what was gathered reads them.
            let case = Case::<f32>::new(&geometry);
            let [packed, of_dense] = [&geometry, &dense].map(|geometry| Packed::new(geometry, &case.w).unwrap());
            assert_eq!(packed.is_some(), of_dense.is_some());
            if let Some(packed) = packed {
                assert!(packed.is_for::<f32>(&geometry) && packed.is_for::<f32>(&dense));
                let [mut plain, mut out] = [(); 2].map(|()| vec![f32::NAN; case.g.len()]);
                super::super::forward(&geometry, &case.x, &case.w, None, &mut plain);
                packed.forward(&geometry, &case.x, &case.w, None, &mut out);
                assert_eq!(out, plain);
            }
        }
        // Along one axis, the last one or the one before.
        for strides in [(1, 2), (3, 1)] {
            let windows = [window(10, (1, strides.0, 1), (0, 0)), window(11, (1, strides.1, 1), (0, 0))];
            let geometry = Geometry::new(2, (20, 40), 1, &windows);
            assert!(of::<f32>(&geometry).is_some());
            check::<f32>(&geometry);
        }
    }

    #[test]
    fn images_are_gathered_a_few_at_a_time() {
        let geometry = Geometry::new(5, (32, 2), 1, &square(180, 1, 2, 0));
        let dense = of::<f32>(&geometry).unwrap();
        let (x, mut out) = (vec![1.0f32; 5 * 32 * 180 * 180], vec![0.0; 5 * 2 * 90 * 90]);
        let mut parts = Vec::new();
        forward((&geometry, &dense), &x, &Epilogue::bias(None), &mut out, |geometry, x, _, out| {
            assert_eq!((x.len(), out.len()), (geometry.batch * 32 * 90 * 90, geometry.batch * 2 * 90 * 90));
            parts.push(geometry.batch);
            out.fill(geometry.batch as f32);
        });
        assert_eq!(parts, [3, 2]);
        assert!(out.iter().all(|&value| value >= 2.0));
        assert!(of_all::<f32>(&Geometry { batch: 100, ..geometry }).is_none(), "too many at once");
    }

    #[test]
    fn padding_and_wider_windows_are_left_to_others() {
        for other in [square(9, 1, 1, 0), square(9, 1, 2, 1), square(9, 2, 2, 0)] {
            assert!(of::<f32>(&Geometry::new(1, (32, 32), 1, &other)).is_none());
        }
        assert!(of::<f32>(&Geometry::new(1, (32, 32), 32, &square(9, 1, 2, 0))).is_none(), "depthwise");
    }
}
