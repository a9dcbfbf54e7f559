//! Batch normalisation: `x: [images, channels, positions]`, everything else `[channels]`.

use super::super::float::Real;
use super::super::{parallel, stream};
use super::sum_pairs;

/// Channels whose sums are taken side by side where a channel has one position in an image.
const COLUMNS: usize = 64;

/// The sizes of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Images.
    pub images: usize,
    /// Channels of an image.
    pub channels: usize,
    /// Elements of a channel.
    pub positions: usize,
}

impl Batch {
    /// Elements of a channel in all images.
    pub fn count(&self) -> usize {
        self.images * self.positions
    }

    /// Elements of all.
    pub fn numel(&self) -> usize {
        self.count() * self.channels
    }
}

/// The mean and the (biased) variance of every channel, by two passes, the second correcting the first.
pub fn moments<R: Real>(batch: Batch, x: &[R], mean: &mut [R], variance: &mut [R]) {
    debug_assert!(x.len() == batch.numel() && mean.len() == batch.channels && variance.len() == batch.channels);
    let count = R::from_usize(batch.count());
    let mut rough = vec![R::zero(); batch.channels];
    channel_sums(batch, (x, x), &rough, (mean, variance), |x, _, _| (x, R::zero()));
    rough.iter_mut().zip(&*mean).for_each(|(rough, &sum)| *rough = sum / count);
    channel_sums(batch, (x, x), &rough, (mean, variance), |x, _, rough| (x - rough, (x - rough) * (x - rough)));
    for ((mean, variance), rough) in mean.iter_mut().zip(variance).zip(rough) {
        let away = *mean / count;
        *variance = (*variance / count - away * away).max(R::zero());
        *mean = rough + away;
    }
}

/// `y = (x - mean) * scale + shift`.
pub fn normalize<R: Real>(batch: Batch, x: &[R], mean: &[R], (scale, shift): (&[R], &[R]), y: &mut [R]) {
    debug_assert!(x.len() == batch.numel() && y.len() == x.len());
    let (channels, positions) = (batch.channels, batch.positions);
    if positions == 1 {
        return parallel::for_each_chunk_mut(y, channels, 2, |image, y| {
            let x = &x[image * channels..][..channels];
            for (channel, y) in y.iter_mut().enumerate() {
                *y = (x[channel] - mean[channel]) * scale[channel] + shift[channel];
            }
        });
    }
    let streams = streams(2, x);
    parallel::for_each_chunk_mut(y, positions, 2, |plane, y| {
        let channel = plane % channels;
        let numbers = (mean[channel], scale[channel], shift[channel]);
        write_plane(streams, numbers, &x[plane * positions..][..y.len()], y);
    });
}

/// The sums over each channel that gradients need: of `g`, and of `g * (x - mean)`.
pub fn gradient_sums<R: Real>(batch: Batch, g: &[R], x: &[R], mean: &[R], (total, slope): (&mut [R], &mut [R])) {
    debug_assert!(g.len() == batch.numel() && x.len() == g.len());
    channel_sums(batch, (g, x), mean, (total, slope), |g, x, mean| (g, g * (x - mean)));
}

/// Input gradients in training, from the sums of [`gradient_sums`]:
/// `dx = (g - total / n - (x - mean) * rstd^2 * slope / n) * rstd * weight`.
pub fn input_gradient<R: Real>(
    batch: Batch,
    (g, x): (&[R], &[R]),
    (mean, rstd): (&[R], &[R]),
    (total, slope): (&[R], &[R]),
    weight: Option<&[R]>,
    dx: &mut [R],
) {
    debug_assert!(g.len() == batch.numel() && x.len() == g.len() && dx.len() == g.len());
    let (channels, positions) = (batch.channels, batch.positions);
    let count = R::from_usize(batch.count());
    let average: Vec<R> = total.iter().map(|&total| total / count).collect();
    let slope: Vec<R> = slope.iter().zip(rstd).map(|(&slope, &rstd)| slope * rstd * rstd / count).collect();
    let one = R::one();
    let scale: Vec<R> = (0..channels).map(|c| rstd[c] * weight.map_or(one, |weight| weight[c])).collect();
    // One plane, or one image where planes are single elements.
    let chunk = if positions == 1 { channels } else { positions };
    let streams = streams(3, x);
    parallel::for_each_chunk_mut(dx, chunk, 4, |index, dx| {
        let range = index * chunk..index * chunk + dx.len();
        let (g, x) = (&g[range.clone()], &x[range]);
        if positions == 1 {
            let inputs = g.iter().zip(x);
            for (channel, (dx, (&g, &x))) in dx.iter_mut().zip(inputs).enumerate() {
                *dx = (g - average[channel] - (x - mean[channel]) * slope[channel]) * scale[channel];
            }
        } else {
            let channel = index % channels;
            let (average, mean, slope, scale) = (average[channel], mean[channel], slope[channel], scale[channel]);
            write_gradient(streams, (average, mean, slope, scale), (g, x), dx);
        }
    });
}

/// Two sums over each channel of `term(x, y, center)`, for the elements of two tensors and the center of their channel.
fn channel_sums<R: Real>(
    batch: Batch,
    (x, y): (&[R], &[R]),
    centers: &[R],
    (first, second): (&mut [R], &mut [R]),
    term: impl Fn(R, R, R) -> (R, R) + Sync,
) {
    let (channels, positions) = (batch.channels, batch.positions);
    let (width, cost) = (if positions == 1 { COLUMNS } else { 1 }, batch.count());
    parallel::for_each_chunk_pair((first, width), (second, width), cost, |chunk, first, second| {
        let start = chunk * width;
        if positions == 1 {
            return add_columns((x, y), (start, channels), &centers[start..], (first, second), &term);
        }
        first[0] = R::zero();
        second[0] = R::zero();
        for image in 0..batch.images {
            let range = (image * channels + start) * positions..(image * channels + start + 1) * positions;
            let (a, b) = plane_sums(&x[range.clone()], &y[range], |x, y| term(x, y, centers[start]));
            first[0] += a;
            second[0] += b;
        }
    });
}

/// Whether a result is written past the cache, where so many tensors as large as `x` are read and written.
pub(super) fn streams<R>(tensors: usize, x: &[R]) -> bool {
    stream::worthwhile_beside_operands(tensors * size_of_val(x))
}

/// `y = (x - mean) * scale + shift` for one plane.
pub(super) fn write_plane<R: Real>(streams: bool, by: (R, R, R), x: &[R], y: &mut [R]) {
    if !streams {
        return move_plane(by, x, y);
    }
    stream::write_parts(y, R::zero(), |start, y| move_plane(by, &x[start..][..y.len()], y));
}

/// `dx = (g - average - (x - mean) * slope) * scale` for one plane.
pub(super) fn write_gradient<R: Real>(streams: bool, by: (R, R, R, R), (g, x): (&[R], &[R]), dx: &mut [R]) {
    if !streams {
        return gradient_plane(by, (g, x), dx);
    }
    stream::write_parts(dx, R::zero(), |start, dx| {
        let range = start..start + dx.len();
        gradient_plane(by, (&g[range.clone()], &x[range]), dx);
    });
}

crate::vectorize! {
    /// The sums over one plane.
    pub(super) fn plane_sums[S; R: Real, F: Fn(R, R) -> (R, R)](simd: S, x: &[R], y: &[R], term: F) -> (R, R) {
        sum_pairs(x, y, term)
    }

    /// The body of [`write_plane`].
    fn move_plane[S; R: Real](simd: S, by: (R, R, R), x: &[R], y: &mut [R]) {
        let (mean, scale, shift) = by;
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = (x - mean) * scale + shift);
    }

    /// The body of [`write_gradient`].
    fn gradient_plane[S; R: Real](simd: S, by: (R, R, R, R), inputs: (&[R], &[R]), dx: &mut [R]) {
        let (average, mean, slope, scale) = by;
        let inputs = inputs.0.iter().zip(inputs.1);
        dx.iter_mut().zip(inputs).for_each(|(dx, (&g, &x))| *dx = (g - average - (x - mean) * slope) * scale);
    }

    /// The sums of `term` over neighbouring columns, from `start` on, of rows of `len` elements.
    fn add_columns[S; R: Real, F: Fn(R, R, R) -> (R, R)](
        simd: S, inputs: (&[R], &[R]), at: (usize, usize), centers: &[R], sums: (&mut [R], &mut [R]), term: &F
    ) {
        let (start, len) = at;
        let count = sums.0.len();
        let rows = inputs.0.chunks_exact(len).zip(inputs.1.chunks_exact(len));
        let rows = rows.map(|(x, y)| (&x[start..start + count], &y[start..start + count]));
        if let Ok(centers) = <&[R; COLUMNS]>::try_from(&centers[..count]) {
            // Sums of whole chunks stay in registers for all rows.
            let mut totals = [[R::zero(); COLUMNS]; 2];
            for (x, y) in rows {
                let (x, y): (&[R; COLUMNS], &[R; COLUMNS]) = (x.try_into().expect("a chunk"), y.try_into().expect("a chunk"));
                for i in 0..COLUMNS {
                    let (a, b) = term(x[i], y[i], centers[i]);
                    totals[0][i] += a;
                    totals[1][i] += b;
                }
            }
            sums.0.copy_from_slice(&totals[0]);
            sums.1.copy_from_slice(&totals[1]);
            return;
        }
        sums.0.fill(R::zero());
        sums.1.fill(R::zero());
        for (x, y) in rows {
            let inputs = x.iter().zip(y).zip(centers);
            for ((first, second), ((&x, &y), &center)) in sums.0.iter_mut().zip(sums.1.iter_mut()).zip(inputs) {
                let (a, b) = term(x, y, center);
                *first += a;
                *second += b;
            }
        }
    }
}
