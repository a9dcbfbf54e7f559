//! Images read at the places of a grid, and the gradients of image and grid.

use super::super::float::Real;
use super::super::parallel;
use super::points::{Reading, Tap, along};

/// More axes there are not.
const AXES: usize = 3;

/// Sizes of a problem: images `[n, c, ...size]`, places `[n, points, axes]`, results `[n, c, points]`.
#[derive(Clone, Copy, Debug)]
pub struct Sizes<'a> {
    /// Images.
    pub batch: usize,
    /// Channels of each.
    pub channels: usize,
    /// Pixels along each axis, slowest first.
    pub size: &'a [usize],
    /// Places in each image.
    pub points: usize,
}

/// All taps of all places of one call: pixels, and weights and their slopes.
pub struct Table<R> {
    /// Taps of a place.
    width: usize,
    /// Pixels; -1 for none.
    places: Vec<i64>,
    weights: Vec<R>,
    /// By each coordinate (fastest axis first); empty if not asked for.
    slopes: Vec<R>,
}

impl<R: Real> Table<R> {
    /// Of a grid whose coordinates name the fastest axis first.
    pub fn new(reading: Reading, sizes: Sizes<'_>, grid: &[R], with_slopes: bool) -> Table<R> {
        let axes = sizes.size.len();
        let each = reading.width();
        let width = each.pow(axes as u32);
        let count = grid.len() / axes;
        let mut rows: Vec<(i64, R, [R; AXES])> = vec![(-1, R::zero(), [R::zero(); AXES]); count * width];
        parallel::for_each_chunk_mut(&mut rows, width, 8, |point, rows| {
            let mut taps: [[Tap<R>; 4]; AXES] = [[(None, R::zero(), R::zero()); 4]; AXES];
            for (axis, taps) in taps[..axes].iter_mut().enumerate() {
                // The slowest axis has the last coordinate.
                let x = grid[point * axes + axes - 1 - axis];
                along(reading, sizes.size[axis], x, &mut taps[..each]);
            }
            for (at, row) in rows.iter_mut().enumerate() {
                *row = combined(&taps[..axes], each, at, sizes.size);
            }
        });
        let slopes =
            if with_slopes { rows.iter().flat_map(|row| row.2[..axes].to_vec()).collect() } else { Vec::new() };
        let (places, weights) = rows.iter().map(|row| (row.0, row.1)).unzip();
        Table { width, places, weights, slopes }
    }
}

/// Tap `at` of a place from the taps along its axes.
fn combined<R: Real>(taps: &[[Tap<R>; 4]], each: usize, at: usize, size: &[usize]) -> (i64, R, [R; AXES]) {
    let axes = taps.len();
    let (mut place, mut weight, mut slopes, mut rest) = (Some(0), R::one(), [R::one(); AXES], at);
    for axis in (0..axes).rev() {
        let (pixel, by, slope) = taps[axis][rest % each];
        rest /= each;
        let stride: usize = size[axis + 1..].iter().product();
        place = place.zip(pixel).map(|(sum, pixel)| sum + pixel * stride);
        weight *= by;
        for (coordinate, product) in slopes[..axes].iter_mut().enumerate() {
            *product *= if coordinate == axes - 1 - axis { slope } else { by };
        }
    }
    match place {
        Some(place) => (place as i64, weight, slopes),
        None => (-1, R::zero(), [R::zero(); AXES]),
    }
}

/// `out[n, c, p] = sum_t weight[n, p, t] x[n, c, place[n, p, t]]`.
pub fn read<R: Real>(table: &Table<R>, sizes: Sizes<'_>, x: &[R], out: &mut [R]) {
    let (plane, width) = (sizes.size.iter().product::<usize>(), table.width);
    parallel::for_each_chunk_mut(out, sizes.points, 2 * width, |index, out| {
        let x = &x[index * plane..][..plane];
        let first = index / sizes.channels * sizes.points * width;
        for (p, out) in out.iter_mut().enumerate() {
            let taps = first + p * width..first + (p + 1) * width;
            *out = table.places[taps.clone()]
                .iter()
                .zip(&table.weights[taps])
                .filter(|(place, _)| **place >= 0)
                .fold(R::zero(), |sum, (&place, &weight)| sum + weight * x[place as usize]);
        }
    });
}

/// The adjoint of [`read`] by the images: `dx[n, c, place[n, p, t]] += weight[n, p, t] g[n, c, p]`; `dx` starts as zeros.
pub fn spread<R: Real>(table: &Table<R>, sizes: Sizes<'_>, g: &[R], dx: &mut [R]) {
    let (plane, width) = (sizes.size.iter().product::<usize>(), table.width);
    let cost = 1 + 2 * width * sizes.points / plane.max(1);
    parallel::for_each_chunk_mut(dx, plane, cost, |index, dx| {
        let first = index / sizes.channels * sizes.points * width;
        for (p, &g) in g[index * sizes.points..][..sizes.points].iter().enumerate() {
            for tap in first + p * width..first + (p + 1) * width {
                if table.places[tap] >= 0 {
                    dx[table.places[tap] as usize] += table.weights[tap] * g;
                }
            }
        }
    });
}

/// The gradient of the grid: `dgrid[n, p, d] = sum_ct slope[n, p, t, d] g[n, c, p] x[n, c, place[n, p, t]]`.
pub fn grid_gradient<R: Real>(table: &Table<R>, sizes: Sizes<'_>, (g, x): (&[R], &[R]), dgrid: &mut [R]) {
    let (plane, width, axes) = (sizes.size.iter().product::<usize>(), table.width, sizes.size.len());
    parallel::for_each_chunk_mut(dgrid, axes, sizes.channels * width, |point, dgrid| {
        let (n, p) = (point / sizes.points, point % sizes.points);
        dgrid.fill(R::zero());
        for tap in point * width..(point + 1) * width {
            let Ok(place) = usize::try_from(table.places[tap]) else { continue };
            let mut sum = R::zero();
            for channel in n * sizes.channels..(n + 1) * sizes.channels {
                sum += g[channel * sizes.points + p] * x[channel * plane + place];
            }
            for (d, &slope) in dgrid.iter_mut().zip(&table.slopes[tap * axes..]) {
                *d += slope * sum;
            }
        }
    });
}
