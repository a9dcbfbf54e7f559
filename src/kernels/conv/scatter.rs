//! Input gradients for any stride: gradients of patches by a matrix product, added to the places the patches came from.

use ndarray::ArrayView2;

use super::super::float::{Floating, Real};
use super::super::gemm::Output;
use super::super::gemm::driver::{multiply_packed, packed_left};
use super::super::gemm::kernel::tile;
use super::super::gemm::operand::Strided;
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::Geometry;

/// Positions whose patch gradients are computed at a time.
const POSITIONS: usize = 256;
/// Rows of patch gradients to aim for in a task.
const ROWS: usize = 96;

/// `dx = w^T g`, scattered, plus `bias` for each input channel.
pub fn input_gradient<T: Floating>(geometry: &Geometry, g: &[T], w: &[T], bias: Option<&[T]>, dx: &mut [T]) {
    let (taps, plane, positions) = (geometry.taps(), geometry.plane(), geometry.positions());
    let (group_in, group_out, depth) = (geometry.group_in(), geometry.group_out(), geometry.depth());
    // Channels of a task: their rows begin and end with panels.
    let panel = tile::<T::Acc>().0;
    let unit = panel / gcd(panel, taps);
    let channels = unit * (ROWS / (unit * taps)).max(1);
    let blocks = group_in.div_ceil(channels);

    for group in 0..geometry.groups {
        let weights = &w[group * group_out * depth..][..group_out * depth];
        let weights = ArrayView2::from_shape((group_out, depth), weights).expect("a weight for every tap");
        packed_left(&Strided::left(weights.reversed_axes()), depth, group_out, |packed| {
            let mut tasks = Vec::with_capacity(geometry.batch * blocks);
            for (image, dx) in dx.chunks_mut(geometry.in_channels * plane).enumerate() {
                let dx = &mut dx[group * group_in * plane..][..group_in * plane];
                tasks.extend(dx.chunks_mut(channels * plane).enumerate().map(|(block, dx)| (image, block, dx)));
            }
            let cost = channels * taps * group_out * positions;
            parallel::for_each_chunk_mut(&mut tasks, 1, cost, |_, task| {
                let (image, block, dx) = &mut task[0];
                let from = (*image * geometry.out_channels + group * group_out) * positions;
                let g = ArrayView2::from_shape((group_out, positions), &g[from..][..group_out * positions]);
                let right = Strided::right(g.expect("a gradient for every position"));
                let first = *block * channels;
                let rows = first * taps..first * taps + dx.len() / plane * taps;
                with_scratch::<T::Acc, _>(dx.len(), |sums| {
                    for (at, sums) in sums.chunks_exact_mut(plane).enumerate() {
                        let start = bias.map_or(T::default(), |bias| bias[group * group_in + first + at]);
                        sums.fill(start.to_acc());
                    }
                    with_scratch::<T::Acc, _>(rows.len() * POSITIONS, |patches| {
                        for start in (0..positions).step_by(POSITIONS) {
                            let count = POSITIONS.min(positions - start);
                            let out = Output::rows(patches.as_mut_ptr(), count);
                            // SAFETY: `patches` has room for `count` columns of all rows.
                            unsafe {
                                multiply_packed(packed, rows.clone(), &right, start..start + count, out);
                            }
                            scatter(geometry, start, count, patches, sums);
                        }
                    });
                    for (to, &sum) in dx.iter_mut().zip(sums.iter()) {
                        *to = T::from_acc(sum);
                    }
                });
            });
        });
    }
}

/// Adds patch gradients (a row of `count` positions from `start` on for each tap of each channel) to their places.
fn scatter<R: Real>(geometry: &Geometry, start: usize, count: usize, patches: &[R], sums: &mut [R]) {
    let [first, second, third] = &geometry.windows;
    let output = geometry.output;
    for (channel, sums) in sums.chunks_exact_mut(geometry.plane()).enumerate() {
        let rows = patches[channel * geometry.taps() * count..].chunks_exact(count);
        let taps = triples(first.kernel, second.kernel, third.kernel);
        for ([upper, lower, tap], row) in taps.zip(rows) {
            let valid = third.valid_range(tap, output[2]);
            let mut at = 0;
            while at < count {
                let (line, column) = ((start + at) / output[2], (start + at) % output[2]);
                let len = (output[2] - column).min(count - at);
                let inside = first.element(line / output[1], upper).zip(second.element(line % output[1], lower));
                let from = valid.start.clamp(column, column + len);
                let end = valid.end.clamp(from, column + len);
                if let Some((upper, lower)) = inside
                    && from < end
                {
                    let place = from * third.stride + tap * third.dilation - third.pad_before;
                    let to = &mut sums[(upper * second.input + lower) * third.input + place..];
                    let values = &row[at + from - column..at + end - column];
                    for (to, &value) in to.iter_mut().step_by(third.stride).zip(values) {
                        *to += value;
                    }
                }
                at += len;
            }
        }
    }
}

/// The index triples below three bounds, the last index fastest.
fn triples(first: usize, second: usize, third: usize) -> impl Iterator<Item = [usize; 3]> {
    (0..first * second * third).map(move |at| [at / third / second, at / third % second, at % third])
}

/// The greatest common divisor.
fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
