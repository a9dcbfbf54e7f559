//! Group normalisation: every group of an image's channels by its own statistics, then a scale and a shift for each channel.
//! `x: [images, groups, channels, positions]`, weight and bias `[groups, channels]`, statistics `[images, groups]`.

use super::super::float::Real;
use super::super::parallel;
use super::rows::{Affine, Rows, row_moments};
use super::sum_pairs;

/// The sizes of the groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Groups<R> {
    /// Groups of an image.
    pub groups: usize,
    /// Channels of a group.
    pub channels: usize,
    /// Elements of a channel.
    pub positions: usize,
    /// Added to the variance.
    pub eps: R,
}

impl<R: Real> Groups<R> {
    /// Elements of a group.
    fn len(&self) -> usize {
        self.channels * self.positions
    }

    /// The part of a list of channels that belongs to a group of some image.
    fn part<'a>(&self, list: Option<&'a [R]>, group: usize) -> Option<&'a [R]> {
        list.map(|list| &list[group % self.groups * self.channels..][..self.channels])
    }
}

/// `y = (x - mean) * rstd * weight + bias`.
pub fn normalize<R: Real>(
    by: Groups<R>,
    x: &[R],
    affine: Affine<'_, R>,
    y: &mut [R],
    (mean, rstd): (&mut [R], &mut [R]),
) {
    let len = by.len();
    debug_assert!(len > 0 && x.len() == y.len() && x.len() == mean.len() * len && mean.len() == rstd.len());
    let mut tasks: Vec<_> = y.chunks_exact_mut(len).zip(mean.iter_mut()).zip(rstd.iter_mut()).collect();
    parallel::for_each_chunk_mut(&mut tasks, 1, 4 * len, |group, task| {
        let ((y, mean), rstd) = &mut task[0];
        let affine = Affine { weight: by.part(affine.weight, group), bias: by.part(affine.bias, group) };
        (**mean, **rstd) = normalize_group(by, &x[group * len..][..len], affine, y);
    });
}

/// The gradients of the input, where it is wanted, and of weight and bias.
pub fn gradients<R: Real>(
    by: Groups<R>,
    (g, x): (&[R], &[R]),
    (mean, rstd): (&[R], &[R]),
    weight: Option<&[R]>,
    dx: Option<&mut [R]>,
    (dw, db): (&mut [R], &mut [R]),
) {
    let (len, channels) = (by.len(), by.channels);
    debug_assert!(len > 0 && g.len() == x.len() && x.len() == mean.len() * len && dw.len() == by.groups * channels);
    let mut sums = vec![R::zero(); 2 * mean.len() * channels];
    let mut pieces: Vec<Option<&mut [R]>> = match dx {
        Some(dx) => dx.chunks_exact_mut(len).map(Some).collect(),
        None => (0..mean.len()).map(|_| None).collect(),
    };
    parallel::for_each_chunk_pair((&mut pieces, 1), (&mut sums, 2 * channels), 6 * len, |group, dx, sums| {
        let range = group * len..(group + 1) * len;
        let stats = (mean[group], rstd[group]);
        gradient_group(by, (&g[range.clone()], &x[range]), stats, by.part(weight, group), dx[0].as_deref_mut(), sums);
    });
    dw.fill(R::zero());
    db.fill(R::zero());
    for (group, sums) in sums.chunks_exact(2 * channels).enumerate() {
        let first = group % by.groups * channels;
        for (channel, pair) in sums.chunks_exact(2).enumerate() {
            db[first + channel] += pair[0];
            dw[first + channel] += pair[1] * rstd[group];
        }
    }
}

crate::vectorize! {
    /// One group; gives its mean and one over its deviation.
    fn normalize_group[S; R: Real](simd: S, by: Groups<R>, x: &[R], affine: Affine<'_, R>, y: &mut [R]) -> (R, R) {
        let (mean, rstd) = row_moments(Rows { len: x.len(), centered: true, eps: by.eps }, x);
        for (channel, (y, x)) in y.chunks_exact_mut(by.positions).zip(x.chunks_exact(by.positions)).enumerate() {
            let scale = rstd * affine.weight.map_or(R::one(), |weight| weight[channel]);
            let shift = affine.bias.map_or(R::zero(), |bias| bias[channel]);
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = (x - mean) * scale + shift);
        }
        (mean, rstd)
    }

    /// One group: for each channel the sums of `g` and of `g * (x - mean)`, side by side, and the input gradient.
    fn gradient_group[S; R: Real](
        simd: S, by: Groups<R>, inputs: (&[R], &[R]), stats: (R, R), weight: Option<&[R]>, dx: Option<&mut [R]>, sums: &mut [R]
    ) {
        let ((g, x), (mean, rstd), positions) = (inputs, stats, by.positions);
        let factor = |channel: usize| weight.map_or(R::one(), |weight| weight[channel]);
        let (mut total, mut slope) = (R::zero(), R::zero());
        let planes = g.chunks_exact(positions).zip(x.chunks_exact(positions));
        for (channel, ((g, x), pair)) in planes.zip(sums.chunks_exact_mut(2)).enumerate() {
            let (a, b) = sum_pairs(g, x, |g, x| (g, g * (x - mean)));
            (pair[0], pair[1]) = (a, b);
            total += a * factor(channel);
            slope += b * factor(channel);
        }
        let Some(dx) = dx else { return };
        let count = R::from_usize(g.len());
        let (average, slope) = (total / count, slope * rstd * rstd / count);
        let planes = g.chunks_exact(positions).zip(x.chunks_exact(positions));
        for (channel, (dx, (g, x))) in dx.chunks_exact_mut(positions).zip(planes).enumerate() {
            let factor = factor(channel);
            let inputs = g.iter().zip(x);
            dx.iter_mut().zip(inputs).for_each(|(dx, (&g, &x))| *dx = (g * factor - average - (x - mean) * slope) * rstd);
        }
    }
}
