//! Images read at the places of a grid, and the gradients of image and grid: the taps of a block of places are found once for all
//! channels that use them.
#![allow(unsafe_code)]

use std::ops::Range;

use super::super::float::Real;
use super::super::parallel::{self, Shared};
use super::points::{Along, BLOCK, Between, Reading};

/// Pixels of a plane, at most: 32 bits number them.
pub const MOST_PIXELS: usize = i32::MAX as usize;
/// More axes there are not.
const AXES: usize = 3;
/// Places of a task, for which the room is made once.
const GRAIN: usize = 8 * BLOCK;
/// Tasks to aim for where an image's channels are shared out.
const TASKS: usize = 16;

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

impl Sizes<'_> {
    fn plane(self) -> usize {
        self.size.iter().product()
    }

    /// Fails on lists of other lengths and on planes of more than [`MOST_PIXELS`].
    fn check<R>(self, grid: &[R], x: &[R], out: &[R]) {
        assert!(self.plane() <= MOST_PIXELS, "a plane of too many pixels");
        assert!((1..=AXES).contains(&self.size.len()), "one to three axes");
        let images = self.batch * self.channels;
        assert_eq!(grid.len(), self.batch * self.points * self.size.len());
        assert_eq!((x.len(), out.len()), (images * self.plane(), images * self.points));
    }

    /// Calls `body` with room for taps, the image and the places of each block, on all threads; `cost` is the work of a place.
    fn for_each_block<R: Real>(
        self,
        reading: Reading,
        cost: usize,
        body: impl Fn(&mut Taps<R>, usize, Range<usize>) + Sync,
    ) {
        let each = self.points.div_ceil(GRAIN);
        parallel::for_each_index(self.batch * each, GRAIN.min(self.points) * cost, |task| {
            let (image, start) = (task / each, task % each * GRAIN);
            let mut taps = Taps::new(reading, self.size.len());
            for first in (start..self.points.min(start + GRAIN)).step_by(BLOCK) {
                body(&mut taps, image, first..self.points.min(first + BLOCK));
            }
        });
    }
}

/// The taps of a block of places, tap by tap.
struct Taps<R> {
    along: [Along<R>; AXES],
    /// Taps of a place.
    width: usize,
    /// Pixels of a plane; -1 for none.
    places: Vec<[i32; BLOCK]>,
    weights: Vec<[R; BLOCK]>,
}

impl<R: Real> Taps<R> {
    fn new(reading: Reading, axes: usize) -> Self {
        let width = reading.width().pow(axes as u32);
        Taps {
            along: std::array::from_fn(|_| Along::empty()),
            width,
            places: vec![[-1; BLOCK]; width],
            weights: vec![[R::zero(); BLOCK]; width],
        }
    }

    /// Finds the taps of places whose coordinates name the fastest axis first.
    fn find(&mut self, reading: Reading, size: &[usize], grid: &[R]) {
        let axes = size.len();
        let count = grid.len() / axes;
        let mut coordinates = [R::zero(); BLOCK];
        for (axis, along) in self.along[..axes].iter_mut().enumerate() {
            for (to, place) in coordinates.iter_mut().zip(grid.chunks_exact(axes)) {
                // The slowest axis has the last coordinate.
                *to = place[axes - 1 - axis];
            }
            along.find(reading, size[axis], &coordinates[..count]);
        }
        combine(&self.along[..axes], (reading.width(), size, count), &mut self.places, &mut self.weights);
    }
}

crate::vectorize! {
    /// Pixels and weights from those along the axes, for `count` places.
    fn combine[S; R: Real](
        simd: S,
        along: &[Along<R>],
        sizes: (usize, &[usize], usize),
        places: &mut [[i32; BLOCK]],
        weights: &mut [[R; BLOCK]],
    ) {
        let (each, size, count) = sizes;
        let count = count.min(BLOCK);
        for (tap, (places, weights)) in places.iter_mut().zip(weights).enumerate() {
            let (mut rest, mut stride) = (tap, 1i32);
            for (axis, along) in along.iter().enumerate().rev() {
                let (at, by) = (&along.at[rest % each], &along.weight[rest % each]);
                let first = axis + 1 == size.len();
                for i in 0..count {
                    let (place, weight) = if first { (0, R::one()) } else { (places[i], weights[i]) };
                    places[i] = if place < 0 || at[i] < 0 { -1 } else { place + at[i] * stride };
                    weights[i] = weight * by[i];
                }
                rest /= each;
                stride *= size[axis] as i32;
            }
        }
    }

    /// `out[p] = sum_t weight[t, p] x[place[t, p]]`. To be called with a plane for whose size the taps have been found.
    fn read_plane[S; R: Real](simd: S, taps: &Taps<R>, x: &[R], out: &mut [R]) {
        let count = out.len().min(BLOCK);
        let mut sums = [R::zero(); BLOCK];
        for (places, weights) in taps.places.iter().zip(&taps.weights) {
            for i in 0..count {
                // SAFETY: by the caller's word.
                sums[i] += weights[i] * unsafe { pixel(x, places[i]) };
            }
        }
        out.copy_from_slice(&sums[..out.len()]);
    }
}

/// The pixel at a place; 0 where there is none.
///
/// # Safety
/// The plane must have a pixel, and more of them than the place says.
#[inline(always)]
unsafe fn pixel<R: Real>(x: &[R], place: i32) -> R {
    debug_assert!((place as i64) < x.len() as i64);
    // SAFETY: by the caller's word. The load is no part of the choice, for a jump at each pixel would take longer.
    let there = unsafe { *x.get_unchecked(place.max(0) as usize) };
    if place < 0 { R::zero() } else { there }
}

/// `out[n, c, p] = sum_t weight[n, p, t] x[n, c, place[n, p, t]]`.
///
/// # Panics
/// Where a list has another length than the sizes say, and for planes of more than [`MOST_PIXELS`].
pub fn read<R: Real>(reading: Reading, sizes: Sizes<'_>, grid: &[R], x: &[R], out: &mut [R]) {
    sizes.check(grid, x, out);
    let (plane, axes) = (sizes.plane(), sizes.size.len());
    let to = Shared(out.as_mut_ptr());
    let cost = reading.width().pow(axes as u32) * (8 + 2 * sizes.channels);
    sizes.for_each_block(reading, cost, |taps: &mut Taps<R>, image, points| {
        let first = image * sizes.points;
        taps.find(reading, sizes.size, &grid[(first + points.start) * axes..(first + points.end) * axes]);
        for channel in image * sizes.channels..(image + 1) * sizes.channels {
            // SAFETY: these points of the channel are this task's alone, and lie in `out`, as its length has been checked.
            let out = unsafe {
                std::slice::from_raw_parts_mut(to.get().add(channel * sizes.points + points.start), points.len())
            };
            read_plane(taps, &x[channel * plane..][..plane], out);
        }
    });
}

/// The adjoint of [`read`] by the images: `dx[n, c, place[n, p, t]] += weight[n, p, t] g[n, c, p]`; `dx` starts as zeros.
///
/// # Panics
/// As [`read`].
pub fn spread<R: Real>(reading: Reading, sizes: Sizes<'_>, grid: &[R], g: &[R], dx: &mut [R]) {
    sizes.check(grid, dx, g);
    let (plane, axes) = (sizes.plane(), sizes.size.len());
    // The taps are found again for every group of channels.
    let groups = TASKS.div_ceil(sizes.batch.max(1)).min(sizes.channels).max(1);
    let together = sizes.channels.div_ceil(groups);
    let mut tasks = Vec::new();
    let mut rest = dx;
    for image in 0..sizes.batch {
        for first in (0..sizes.channels).step_by(together) {
            let count = together.min(sizes.channels - first);
            let (part, after) = rest.split_at_mut(count * plane);
            tasks.push((image, image * sizes.channels + first, part));
            rest = after;
        }
    }
    let cost = sizes.points * reading.width().pow(axes as u32) * (8 + 2 * together);
    parallel::for_each_chunk_mut(&mut tasks, 1, cost, |_, task| {
        let (image, first, dx) = &mut task[0];
        let mut taps = Taps::new(reading, axes);
        for start in (0..sizes.points).step_by(BLOCK) {
            let points = start..sizes.points.min(start + BLOCK);
            let before = *image * sizes.points;
            taps.find(reading, sizes.size, &grid[(before + points.start) * axes..(before + points.end) * axes]);
            for (channel, dx) in dx.chunks_exact_mut(plane).enumerate() {
                let g = &g[(*first + channel) * sizes.points..][points.clone()];
                for (i, &g) in g.iter().enumerate() {
                    for (places, weights) in taps.places.iter().zip(&taps.weights) {
                        // A place before the first is behind the last as an unsigned number.
                        if let Some(dx) = dx.get_mut(places[i] as u32 as usize) {
                            *dx += weights[i] * g;
                        }
                    }
                }
            }
        }
    });
}

/// The gradient of the grid: `dgrid[n, p, d] = sum_ct slope[n, p, t, d] g[n, c, p] x[n, c, place[n, p, t]]`.
///
/// # Panics
/// As [`read`].
pub fn grid_gradient<R: Real>(reading: Reading, sizes: Sizes<'_>, grid: &[R], (g, x): (&[R], &[R]), dgrid: &mut [R]) {
    sizes.check(grid, x, g);
    let (plane, axes) = (sizes.plane(), sizes.size.len());
    assert_eq!(dgrid.len(), grid.len());
    if reading.between == Between::Nearest {
        return dgrid.fill(R::zero());
    }
    let to = Shared(dgrid.as_mut_ptr());
    let cost = reading.width().pow(axes as u32) * (16 + 2 * sizes.channels);
    sizes.for_each_block(reading, cost, |taps: &mut Taps<R>, image, points| {
        let first = (image * sizes.points + points.start) * axes;
        let len = points.len() * axes;
        taps.find(reading, sizes.size, &grid[first..first + len]);
        let mut sums = vec![[R::zero(); BLOCK]; taps.width];
        for channel in image * sizes.channels..(image + 1) * sizes.channels {
            let (g, x) = (&g[channel * sizes.points..][points.clone()], &x[channel * plane..][..plane]);
            add_products(taps, g, x, &mut sums);
        }
        // SAFETY: these coordinates are this task's alone, and lie in `dgrid`, which is as long as the grid.
        let dgrid = unsafe { std::slice::from_raw_parts_mut(to.get().add(first), len) };
        let mut by_coordinate = [[R::zero(); BLOCK]; AXES];
        by_slopes(taps, (reading.width(), axes), &sums, &mut by_coordinate);
        for (i, dgrid) in dgrid.chunks_exact_mut(axes).enumerate() {
            dgrid.iter_mut().zip(&by_coordinate).for_each(|(to, values)| *to = values[i]);
        }
    });
}

crate::vectorize! {
    /// `sums[t, p] += g[p] x[place[t, p]]`. To be called with a plane for whose size the taps have been found.
    fn add_products[S; R: Real](simd: S, taps: &Taps<R>, g: &[R], x: &[R], sums: &mut [[R; BLOCK]]) {
        for (places, sums) in taps.places.iter().zip(sums) {
            for (i, &g) in g.iter().enumerate().take(BLOCK) {
                // SAFETY: by the caller's word.
                sums[i] += g * unsafe { pixel(x, places[i]) };
            }
        }
    }

    /// `by[d, p] = sum_t slope[d, t, p] sums[t, p]`: coordinate `d` is that of the axis `d` before the last one.
    fn by_slopes[S; R: Real](
        simd: S,
        taps: &Taps<R>,
        widths: (usize, usize),
        sums: &[[R; BLOCK]],
        by: &mut [[R; BLOCK]; AXES],
    ) {
        let (each, axes) = widths;
        for (tap, sums) in sums.iter().enumerate() {
            for (coordinate, by) in by[..axes].iter_mut().enumerate() {
                let mut products = *sums;
                let mut rest = tap;
                for axis in (0..axes).rev() {
                    let along = &taps.along[axis];
                    let factors = if coordinate == axes - 1 - axis { &along.slope } else { &along.weight };
                    for (product, factor) in products.iter_mut().zip(&factors[rest % each]) {
                        *product *= *factor;
                    }
                    rest /= each;
                }
                by.iter_mut().zip(&products).for_each(|(by, &product)| *by += product);
            }
        }
    }
}
