//! Maxima under windows of one size that begin at places of their own in each plane.

use super::super::parallel;
use super::max::keep;

/// The sizes of such a pooling, units in front of fewer than three axes.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Elements along each axis.
    pub input: [usize; 3],
    /// Elements under a window along each axis.
    pub kernel: [usize; 3],
    /// Windows along each axis.
    pub output: [usize; 3],
}

impl Sizes {
    /// Numbers of the list of places where a plane's windows begin: one for each window, axis by axis.
    pub fn starts(&self) -> usize {
        self.output.iter().sum()
    }
}

/// Columns that are computed together.
const COLUMNS: usize = 64;

/// The maximum under every window of `x: [planes, input]` and its offset into the plane; `starts: [planes, sizes.starts()]`. Equal
/// maxima and nans count as for [`max`](super::max()).
///
/// # Panics
/// If a window reaches beyond its plane, or planes have more places than 32 bits count.
pub fn max_at<T>(sizes: &Sizes, starts: &[usize], x: &[T], out: &mut [T], places: &mut [i64])
where
    T: Copy + PartialOrd + Send + Sync + 'static,
{
    let (plane, positions): (usize, usize) = (sizes.input.iter().product(), sizes.output.iter().product());
    assert!(i32::try_from(plane).is_ok(), "planes of fewer places");
    let cost = 2 * sizes.kernel.iter().product::<usize>();
    parallel::for_each_chunk_pair((out, positions), (places, positions), cost, |index, out, places| {
        let starts = &starts[index * sizes.starts()..][..sizes.starts()];
        max_of_plane(sizes, starts, &x[index * plane..][..plane], out, places);
    });
}

crate::vectorize! {
    /// The maxima of one plane.
    fn max_of_plane[S; T: Copy + PartialOrd](simd: S, sizes: &Sizes, starts: &[usize], x: &[T], out: &mut [T], places: &mut [i64]) {
        let [_, height, width] = sizes.input;
        let (upper, rest) = starts.split_at(sizes.output[0]);
        let (lower, columns) = rest.split_at(sizes.output[1]);
        let rows = upper.iter().flat_map(|&z| lower.iter().map(move |&y| (z, y)));
        let lines = out.chunks_exact_mut(columns.len()).zip(places.chunks_exact_mut(columns.len()));
        for ((z, y), (out, places)) in rows.zip(lines) {
            let parts = out.chunks_mut(COLUMNS).zip(places.chunks_mut(COLUMNS));
            for (columns, (out, places)) in columns.chunks(COLUMNS).zip(parts) {
                let last = columns.iter().max().copied().unwrap_or(0) + sizes.kernel[2];
                let (mut best, mut at) = ([x[0]; COLUMNS], [-1i32; COLUMNS]);
                for i in 0..sizes.kernel[0] {
                    for j in 0..sizes.kernel[1] {
                        let first = ((z + i) * height + y + j) * width;
                        let row = &x[first..][..last];
                        for k in 0..sizes.kernel[2] {
                            for ((&column, best), at) in columns.iter().zip(&mut best).zip(&mut at) {
                                // SAFETY: the row is longer than the last column and all taps from there on.
                                let value = unsafe { *row.get_unchecked(column + k) };
                                keep(value, (first + column + k) as i32, best, at);
                            }
                        }
                    }
                }
                out.copy_from_slice(&best[..columns.len()]);
                places.iter_mut().zip(at).for_each(|(to, at)| *to = i64::from(at));
            }
        }
    }
}
