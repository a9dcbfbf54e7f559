//! Batch normalisation in training, some channels at a time: all passes over them follow each other while they are in the cache.
//!
//! Channels that are taken together lie side by side in each image, so that every pass reads and writes memory in long pieces: planes
//! of some kilobytes, images apart, are slow to come. Each number is the one that the passes of [`channels`] over all channels give.

use super::super::float::Real;
use super::super::parallel;
use super::channels::{self, Batch, plane_sums, streams, write_gradient, write_plane};

/// Elements of the channels that are taken together, about: some megabytes, which a share of a last cache holds.
const TOGETHER: usize = 512 << 10;
/// Tasks to aim for.
const TASKS: usize = 16;

/// Channels that are taken together; none if passes go over all: where channels are no planes, or too few for all threads.
pub fn together(batch: Batch) -> usize {
    let most = batch.channels / TASKS;
    if batch.positions == 1 || batch.count() == 0 { 0 } else { (TOGETHER / batch.count()).max(1).min(most) }
}

/// `y = (x - mean) / sqrt(variance + eps) * weight + bias` with the mean and the (biased) variance of each channel, which are
/// results too.
pub fn normalize<R: Real>(
    batch: Batch,
    x: &[R],
    (weight, bias, eps): (&[R], &[R], R),
    (mean, variance): (&mut [R], &mut [R]),
    y: &mut [R],
) {
    debug_assert!(x.len() == batch.numel() && y.len() == x.len() && weight.len() == batch.channels);
    let scale = |channel: usize, variance: R| weight[channel] / (variance + eps).sqrt();
    if together(batch) == 0 {
        channels::moments(batch, x, mean, variance);
        let scale: Vec<R> = variance.iter().enumerate().map(|(channel, &v)| scale(channel, v)).collect();
        return channels::normalize(batch, x, mean, (&scale, bias), y);
    }
    let count = R::from_usize(batch.count());
    let streams = streams(2, x);
    for_each_block(batch, y, (mean, variance), 6, |first, block, (mean, variance)| {
        block_sums(batch, first, (x, x), (mean, variance), |_, x, _| (x, R::zero()));
        mean.iter_mut().for_each(|mean| *mean /= count);
        let rough = mean.to_vec();
        block_sums(batch, first, (x, x), (mean, variance), |at, x, _| {
            let away = x - rough[at];
            (away, away * away)
        });
        for ((mean, variance), rough) in mean.iter_mut().zip(variance.iter_mut()).zip(rough) {
            let away = *mean / count;
            *variance = (*variance / count - away * away).max(R::zero());
            *mean = rough + away;
        }
        for_each_plane(batch, first, block, |at, plane, y| {
            let by = (mean[at], scale(first + at, variance[at]), bias[first + at]);
            write_plane(streams, by, &x[plane..plane + y.len()], y);
        });
    });
}

/// Input gradients, and the sums of [`channels::gradient_sums`] that they are made of.
pub fn gradients<R: Real>(
    batch: Batch,
    (g, x): (&[R], &[R]),
    (mean, rstd): (&[R], &[R]),
    weight: &[R],
    (total, slope): (&mut [R], &mut [R]),
    dx: &mut [R],
) {
    debug_assert!(g.len() == batch.numel() && x.len() == g.len() && dx.len() == g.len());
    if together(batch) == 0 {
        channels::gradient_sums(batch, g, x, mean, (total, slope));
        return channels::input_gradient(batch, (g, x), (mean, rstd), (total, slope), Some(weight), dx);
    }
    let count = R::from_usize(batch.count());
    let streams = streams(3, x);
    for_each_block(batch, dx, (total, slope), 8, |first, block, (total, slope)| {
        block_sums(batch, first, (g, x), (total, slope), |at, g, x| (g, g * (x - mean[first + at])));
        for_each_plane(batch, first, block, |at, plane, dx| {
            let (mean, rstd) = (mean[first + at], rstd[first + at]);
            let by = (total[at] / count, mean, slope[at] * rstd * rstd / count, rstd * weight[first + at]);
            let range = plane..plane + dx.len();
            write_gradient(streams, by, (&g[range.clone()], &x[range]), dx);
        });
    });
}

/// Two sums over each of some channels, from number `first` on, of `term(channel among them, x, y)`, for the elements of two tensors.
fn block_sums<R: Real>(
    batch: Batch,
    first: usize,
    (x, y): (&[R], &[R]),
    (sums, others): (&mut [R], &mut [R]),
    term: impl Fn(usize, R, R) -> (R, R),
) {
    sums.fill(R::zero());
    others.fill(R::zero());
    for image in 0..batch.images {
        for (at, (sum, other)) in sums.iter_mut().zip(others.iter_mut()).enumerate() {
            let start = (image * batch.channels + first + at) * batch.positions;
            let range = start..start + batch.positions;
            let (a, b) = plane_sums(&x[range.clone()], &y[range], |x, y| term(at, x, y));
            *sum += a;
            *other += b;
        }
    }
}

/// Calls `body` for every plane of some channels, from number `first` on, with the channel's number among them, the plane's place in
/// the tensor and its part of `block`, which has a piece for each image.
fn for_each_plane<R: Real>(
    batch: Batch,
    first: usize,
    block: &mut [&mut [R]],
    mut body: impl FnMut(usize, usize, &mut [R]),
) {
    for (image, piece) in block.iter_mut().enumerate() {
        for (at, plane) in piece.chunks_exact_mut(batch.positions).enumerate() {
            body(at, (image * batch.channels + first + at) * batch.positions, plane);
        }
    }
}

/// Calls `body` for channels that are taken together with the first one's number, their piece of `out` for each image, and their
/// parts of two lists. `cost` is the work of an element.
fn for_each_block<R: Real>(
    batch: Batch,
    out: &mut [R],
    (first, second): (&mut [R], &mut [R]),
    cost: usize,
    body: impl Fn(usize, &mut [&mut [R]], (&mut [R], &mut [R])) + Sync,
) {
    let together = together(batch);
    let blocks = batch.channels.div_ceil(together);
    let mut pieces: Vec<&mut [R]> = Vec::with_capacity(batch.images * blocks);
    pieces.resize_with(batch.images * blocks, Default::default);
    for (image, planes) in out.chunks_exact_mut(batch.channels * batch.positions).enumerate() {
        for (block, piece) in planes.chunks_mut(together * batch.positions).enumerate() {
            pieces[block * batch.images + image] = piece;
        }
    }
    let mut lists: Vec<_> = first.chunks_mut(together).zip(second.chunks_mut(together)).collect();
    let cost = cost * together * batch.positions;
    parallel::for_each_chunk_pair((&mut pieces, batch.images), (&mut lists, 1), cost, |block, pieces, lists| {
        let (first, second) = &mut lists[0];
        body(block * together, pieces, (first, second));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(len: usize, seed: f32) -> Vec<f32> {
        (0..len).map(|i| (i as f32 * 1.7 + seed).sin() * 3.0 + 0.5).collect()
    }

    #[test]
    fn some_channels_at_a_time_give_the_bits_of_all_at_once() {
        for (images, channels, positions, taken) in [
            (3, 33, 49, 2),
            (1, 16, 1000, 1),
            (16, 83, 2, 5),
            (2, 83, 60_000, 4),
            (40, 67, 10_000, 1),
            (5, 15, 30, 0),
            (70, 130, 1, 0),
        ] {
            let batch = Batch { images, channels, positions };
            assert_eq!(together(batch), taken, "{batch:?}");
            let (x, g) = (numbers(batch.numel(), 1.0), numbers(batch.numel(), 2.0));
            let (weight, bias) = (numbers(channels, 3.0), numbers(channels, 4.0));
            let (mut mean, mut variance, mut y) = (vec![f32::NAN; channels], vec![f32::NAN; channels], x.clone());
            normalize(batch, &x, (&weight, &bias, 1e-5), (&mut mean, &mut variance), &mut y);
            let (mut want_mean, mut want_variance, mut want) = (mean.clone(), mean.clone(), x.clone());
            channels::moments(batch, &x, &mut want_mean, &mut want_variance);
            let scale: Vec<f32> = want_variance.iter().zip(&weight).map(|(v, w)| w / (v + 1e-5).sqrt()).collect();
            channels::normalize(batch, &x, &want_mean, (&scale, &bias), &mut want);
            assert_eq!((&mean, &variance, &y), (&want_mean, &want_variance, &want), "{batch:?}");

            let rstd: Vec<f32> = variance.iter().map(|v| 1.0 / (v + 1e-5).sqrt()).collect();
            let (mut total, mut slope, mut dx) = (mean.clone(), mean.clone(), x.clone());
            gradients(batch, (&g, &x), (&mean, &rstd), &weight, (&mut total, &mut slope), &mut dx);
            let (mut want_total, mut want_slope, mut want) = (mean.clone(), mean.clone(), x.clone());
            channels::gradient_sums(batch, &g, &x, &mean, (&mut want_total, &mut want_slope));
            let sums = (want_total.as_slice(), want_slope.as_slice());
            channels::input_gradient(batch, (&g, &x), (&mean, &rstd), sums, Some(&weight), &mut want);
            assert_eq!((&total, &slope, &dx), (&want_total, &want_slope, &want), "{batch:?}");
        }
    }
}
