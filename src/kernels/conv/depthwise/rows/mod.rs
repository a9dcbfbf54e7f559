//! Square windows of 3 or 5 neighbours: rows are read where they lie, a register of positions at a time.
//!
//! The lanes of a register are positions side by side in a row; what a tap reads for them is a register at the tap's place (with a stride
//! of 2, every second element of two). Reads leave out what is padding. A few rows of positions share what is read, and small
//! planes, which would not be worth a copy, need none.

mod input;
mod weights;

use super::super::super::float::Real;
use super::super::super::isa::{Isa, isa};
use super::super::super::lanes::Vector;
use super::super::Geometry;
use crate::shape::window::Window;
use input::input_plane;
use std::ops::Range;
use weights::channel_taps;

/// Rows of positions that share what is read: many where there are registers for their sums, else few.
const MANY: usize = 7;
const SOME: usize = 4;
const FEW: usize = 3;

/// Whether [`forward`] and [`weight_gradient`] are the way to go, for elements that are summed in their own type.
pub fn fits(geometry: &Geometry) -> bool {
    let [first, second, third] = &geometry.windows;
    let plain = |window: &Window| window.dilation == 1 && matches!(window.stride, 1 | 2);
    let square = second.kernel == third.kernel && second.stride == third.stride;
    // Five by five sums of products, or what they are multiplied with, take the registers of AVX-512.
    let known = second.kernel == 3 || second.kernel == 5 && isa() >= Isa::Avx512;
    isa() != Isa::Portable && *first == Window::unit() && plain(second) && plain(third) && square && known
}

/// Whether [`input_gradient`] is the way to go, for a stride of 2.
pub fn fits_input_gradient(geometry: &Geometry) -> bool {
    let [_, second, third] = &geometry.windows;
    fits(geometry) && second.stride == 2 && geometry.group_out() == 1 && third.pad_before % 2 == third.kernel / 2 % 2
}

/// Planes to compute, and what they are computed from.
#[derive(Clone, Copy)]
pub struct Planes<'a, R> {
    pub geometry: &'a Geometry,
    /// Inputs, or gradients.
    pub from: &'a [R],
    pub weights: &'a [R],
    pub bias: Option<&'a [R]>,
}

impl<R: Real> Planes<'_, R> {
    /// What a channel starts from.
    #[inline(always)]
    fn start(&self, channel: usize) -> R {
        self.bias.map_or(R::zero(), |bias| bias[channel])
    }

    /// The plane `number` of `size` elements.
    #[inline(always)]
    fn plane(&self, number: usize, size: usize) -> *const R {
        self.from[number * size..][..size].as_ptr()
    }

    /// The taps of a channel.
    #[inline(always)]
    fn taps(&self, channel: usize) -> *const R {
        let taps = self.geometry.taps();
        self.weights[channel * taps..][..taps].as_ptr()
    }
}

crate::vectorize! {
    /// The output planes from number `first` on.
    pub fn forward[S; R: Real](simd: S, planes: &Planes<'_, R>, first: usize, out: &mut [R]) {
        let geometry = planes.geometry;
        let third = &geometry.windows[2];
        for (at, out) in out.chunks_exact_mut(geometry.positions().max(1)).enumerate() {
            let (image, channel) = ((first + at) / geometry.out_channels, (first + at) % geometry.out_channels);
            let x = planes.plane(image * geometry.in_channels + channel / geometry.group_out(), geometry.plane());
            let (weights, start, out) = (planes.taps(channel), planes.start(channel), out.as_mut_ptr());
            // SAFETY: the planes and the taps are as large as the geometry says.
            unsafe {
                match (third.kernel, third.stride) {
                    (3, 1) => output_plane::<R, R::Vector<S>, 3, 1>(geometry, x, weights, start, out),
                    (3, _) => output_plane::<R, R::Vector<S>, 3, 2>(geometry, x, weights, start, out),
                    (_, 1) => output_plane::<R, R::Vector<S>, 5, 1>(geometry, x, weights, start, out),
                    _ => output_plane::<R, R::Vector<S>, 5, 2>(geometry, x, weights, start, out),
                }
            }
        }
    }

    /// The weight gradients of the channels from number `first` on, from the planes of all images and their gradients.
    pub fn weight_gradient[S; R: Real](simd: S, planes: &Planes<'_, R>, g: &[R], first: usize, dw: &mut [R]) {
        let third = &planes.geometry.windows[2];
        for (at, dw) in dw.chunks_exact_mut(planes.geometry.taps()).enumerate() {
            // SAFETY: `dw` has a number for each tap.
            unsafe {
                match (third.kernel, third.stride) {
                    (3, 1) => channel_taps::<R, R::Vector<S>, 3, 1>(planes, g, first + at, dw),
                    (3, _) => channel_taps::<R, R::Vector<S>, 3, 2>(planes, g, first + at, dw),
                    (_, 1) => channel_taps::<R, R::Vector<S>, 5, 1>(planes, g, first + at, dw),
                    _ => channel_taps::<R, R::Vector<S>, 5, 2>(planes, g, first + at, dw),
                }
            }
        }
    }

    /// The planes of the input gradient from number `first` on, for a stride of 2.
    pub fn input_gradient[S; R: Real](simd: S, planes: &Planes<'_, R>, first: usize, dx: &mut [R]) {
        let geometry = planes.geometry;
        for (at, dx) in dx.chunks_exact_mut(geometry.plane().max(1)).enumerate() {
            let channel = (first + at) % geometry.in_channels;
            let g = planes.plane(first + at, geometry.positions());
            let (weights, start, dx) = (planes.taps(channel), planes.start(channel), dx.as_mut_ptr());
            // SAFETY: the planes and the taps are as large as the geometry says.
            unsafe {
                if geometry.windows[2].kernel == 3 {
                    input_plane::<R, R::Vector<S>, 3>(geometry, g, weights, start, dx);
                } else {
                    input_plane::<R, R::Vector<S>, 5>(geometry, g, weights, start, dx);
                }
            }
        }
    }
}

/// The lanes, of those that begin at element `from`, that lie in `0..len`.
#[inline(always)]
fn lanes_inside<R, V: Vector<R>>(from: isize, len: usize) -> Range<usize> {
    let place = |at: isize| at.clamp(0, V::LANES as isize) as usize;
    let start = place(-from);
    start..place(len as isize - from).max(start)
}

/// What the taps of some positions side by side read of a row: where the registers begin, and which lanes are elements.
#[derive(Clone, Copy)]
struct Reads<const K: usize, const STRIDE: usize> {
    from: isize,
    /// The first lane of each register, and the one behind the last.
    lanes: [(usize, usize); 6],
}

impl<const K: usize, const STRIDE: usize> Reads<K, STRIDE> {
    /// For `count` positions from `left` on.
    #[inline(always)]
    fn new<R, V: Vector<R>>(window: &Window, left: usize, count: usize) -> Self {
        let from = (left * STRIDE) as isize - window.pad_before as isize;
        let lanes = std::array::from_fn(|at| {
            // What only positions behind the last one read is left out: nothing is to meet their zero gradients.
            let (begin, end) =
                if STRIDE == 1 { (at, at + count) } else { (at % 2 * V::LANES + at / 2 * 2, at / 2 * 2 + 2 * count) };
            let end = (from + end as isize).clamp(0, window.input as isize) as usize;
            let lanes = lanes_inside::<R, V>(from + begin as isize, end);
            (lanes.start, lanes.end)
        });
        Reads { from, lanes }
    }

    /// The register number `at` of a row, which begins `offset` elements from where the first one does.
    ///
    /// # Safety
    /// `row` must be a row of the window's input.
    #[inline(always)]
    unsafe fn register<R: Real, V: Vector<R>>(&self, row: *const R, at: usize, offset: usize) -> V {
        let (start, end) = self.lanes[at];
        if STRIDE > 1 && start == end {
            return V::splat(R::zero());
        }
        // SAFETY: these lanes are elements of the row.
        unsafe { V::load_part(row.wrapping_offset(self.from).wrapping_add(offset), start..end) }
    }

    /// The registers of the taps.
    ///
    /// # Safety
    /// `row` must be a row of the window's input.
    #[inline(always)]
    unsafe fn row<R: Real, V: Vector<R>>(&self, row: *const R) -> [V; K] {
        let mut taps = [V::splat(R::zero()); K];
        for tap in (0..K).step_by(STRIDE) {
            // SAFETY: by the caller's word.
            unsafe {
                taps[tap] = self.register(row, tap, tap);
                if STRIDE == 2 {
                    let (even, odd) = taps[tap].unzip(self.register(row, tap + 1, tap + V::LANES));
                    taps[tap] = even;
                    if tap + 1 < K {
                        taps[tap + 1] = odd;
                    }
                }
            }
        }
        taps
    }
}

/// The first element of the row under tap row `line` of the position `y`, `None` on padding.
#[inline(always)]
fn row_under<R>(window: &Window, y: usize, line: usize, plane: *const R, width: usize) -> Option<*const R> {
    let row = (y * window.stride + line).wrapping_sub(window.pad_before);
    (row < window.input).then(|| plane.wrapping_add(row * width))
}

/// # Safety
/// `x` and `out` must be planes of the geometry, and `weights` its taps.
#[inline(always)]
unsafe fn output_plane<R: Real, V: Vector<R>, const K: usize, const STRIDE: usize>(
    geometry: &Geometry,
    x: *const R,
    weights: *const R,
    start: R,
    out: *mut R,
) {
    let ([_, second, third], [_, height, width]) = (&geometry.windows, geometry.output);
    // SAFETY: by the caller's word.
    let weights: [[V; K]; K] =
        std::array::from_fn(|i| std::array::from_fn(|j| V::splat(unsafe { *weights.add(i * K + j) })));
    for left in (0..width).step_by(V::LANES) {
        let count = V::LANES.min(width - left);
        let reads = Reads::<K, STRIDE>::new::<R, V>(third, left, count);
        let mut y = 0;
        while y < height {
            let tile = Tile { x, y, out: out.wrapping_add(y * width + left), count, width };
            // SAFETY: as many rows of positions follow as each tile takes.
            y += unsafe {
                match height - y {
                    MANY.. if V::REGISTERS > 16 && STRIDE == 1 && K == 3 => {
                        tile.run::<V, MANY, K, STRIDE>(second, third, reads, &weights, start)
                    }
                    SOME.. if V::REGISTERS > 16 && STRIDE > 1 => {
                        tile.run::<V, SOME, K, STRIDE>(second, third, reads, &weights, start)
                    }
                    FEW.. => tile.run::<V, FEW, K, STRIDE>(second, third, reads, &weights, start),
                    _ => tile.run::<V, 1, K, STRIDE>(second, third, reads, &weights, start),
                }
            };
        }
    }
}

/// A few rows of a register of positions.
struct Tile<R> {
    x: *const R,
    /// The first row.
    y: usize,
    out: *mut R,
    /// Positions of a row, and from one row to the next.
    count: usize,
    width: usize,
}

impl<R: Real> Tile<R> {
    /// # Safety
    /// `M` rows of positions must follow; see [`output_plane`].
    #[inline(always)]
    unsafe fn run<V: Vector<R>, const M: usize, const K: usize, const STRIDE: usize>(
        &self,
        second: &Window,
        third: &Window,
        reads: Reads<K, STRIDE>,
        weights: &[[V; K]; K],
        start: R,
    ) -> usize {
        let mut sums = [V::splat(start); M];
        for line in 0..(M - 1) * STRIDE + K {
            let Some(row) = row_under(second, self.y, line, self.x, third.input) else { continue };
            // SAFETY: by the caller's word.
            let values: [V; K] = unsafe { reads.row(row) };
            for m in 0..M {
                if line >= m * STRIDE && line - m * STRIDE < K {
                    let weights = &weights[line - m * STRIDE];
                    for j in 0..K {
                        sums[m] = weights[j].mul_add(values[j], sums[m]);
                    }
                }
            }
        }
        for (m, sum) in sums.iter().enumerate() {
            // SAFETY: by the caller's word.
            unsafe { store(*sum, self.out.add(m * self.width), self.count) };
        }
        M
    }
}

/// Writes the first `count` lanes.
///
/// # Safety
/// `to` must be valid for writing them.
#[inline(always)]
unsafe fn store<R, V: Vector<R>>(value: V, to: *mut R, count: usize) {
    // SAFETY: by the caller's word.
    unsafe { if count >= V::LANES { value.store(to) } else { value.store_first(to, count) } }
}
