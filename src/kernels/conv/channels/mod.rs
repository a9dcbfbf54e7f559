//! Convolutions whose registers hold output channels: each element of the input is read where it lies and multiplied with the
//! weights of many channels.
//!
//! A task has some positions of an image and some output channels. It goes through the input channels in blocks: it copies the
//! block's part of the image into padded fields, one for each channel, and runs the inner kernel, which sums over the block's
//! taps for a tile of positions and a panel of channels. An element is found by the place of its position plus the offset of
//! its tap, so strides, dilations and short rows cost nothing; nothing is unfolded. Weights are packed as for a matrix product.

mod plan;
mod runs;
mod steps;
mod tile;

use super::super::float::{Floating, Real};
use super::super::gemm::driver::SHALLOW;
use super::super::gemm::operand::Operand;
use super::super::lanes::{copy, prefetch};
use super::super::parallel::{self, Shared};
use super::super::scratch::with_scratch;
use super::field::{Field, copy_planes};
use super::{Epilogue, Geometry};
use crate::shape::window::Window;
use plan::Plan;
use runs::Runs;
use steps::Steps;
use tile::tiles_of_task;

/// Planes from one that is copied to one that is asked for.
const AHEAD: usize = 4;
/// Registers of channels in a full panel.
const REGISTERS: usize = 2;
/// Positions of a full tile on the instruction set with the most registers: two runs where rows are no longer than that.
const MOST: usize = 14;
const RUN: usize = MOST / 2;

/// Channels of a panel.
fn panel_width<R: Real>() -> usize {
    REGISTERS * lanes::<R>()
}

/// Lanes of a register of the instruction set in use.
fn lanes<R: Real>() -> usize {
    super::super::gemm::kernel::tile::<R>().1 / REGISTERS
}

/// Whether [`products`] can be had: for one or two axes, and channels that fill registers.
pub fn applies<T: Floating>(geometry: &Geometry) -> bool {
    let (channels, lanes) = (geometry.group_out(), lanes::<T::Acc>());
    T::IS_REAL && geometry.windows[0] == Window::unit() && channels.next_multiple_of(lanes) * 3 <= channels * 4
}

/// Whether [`products`] is the way to go: a plain product of little depth reads its operands where they lie.
pub fn fits<T: Floating>(geometry: &Geometry) -> bool {
    let shallow = geometry.depth() <= SHALLOW && geometry.windows.iter().all(Window::is_pointwise);
    applies::<T>(geometry) && !shallow
}

/// The field of a band. Elements are split by remainders modulo the stride, so positions of a row are side by side.
pub fn field(geometry: &Geometry, band: [usize; 2]) -> Field {
    let [_, second, third] = &geometry.windows;
    let size = |window: &Window, count: usize| count + (window.kernel - 1) * window.dilation / window.stride;
    let used = [second, third].map(|window| {
        (0..window.stride).map(|phase| (0..window.kernel).any(|tap| tap * window.dilation % window.stride == phase))
    });
    Field {
        size: [size(second, band[0]), size(third, band[1])],
        strides: [second.stride, third.stride],
        used: used.map(Iterator::collect),
    }
}

/// Elements from one field to the next: an odd number of cache lines, so that one position of all channels is spread over the
/// first-level cache.
pub fn field_step<R: Real>(field: &Field) -> usize {
    let line = 64 / size_of::<R>();
    (field.len().div_ceil(line) | 1) * line
}

/// The weights of a group as [`pack`] leaves them.
#[derive(Clone, Copy)]
pub struct Weights<'a, R> {
    /// Panels, each with a row for every tap of every input channel.
    pub packed: &'a [R],
    /// Whether the taps of a channel are stored from the last to the first.
    pub turned: bool,
    /// The row of a panel that the weights of this convolution begin with.
    pub first: usize,
}

/// The numbers that the packed weights of a group take.
pub fn packed_len<R: Real>(channels: usize, depth: usize) -> usize {
    channels.next_multiple_of(panel_width::<R>()) * depth
}

/// Packs the weights of a group (lanes: output channels; depth: taps of all input channels): one panel after the other.
pub fn pack<R: Real>(weights: &impl Operand<R>, (channels, depth): (usize, usize), packed: &mut [R]) {
    let width = panel_width::<R>();
    parallel::for_each_chunk_mut(packed, width * depth, width * depth, |at, panel| {
        let lanes = at * width..((at + 1) * width).min(channels);
        weights.pack_panel(0..depth, lanes, width, panel);
    });
}

/// Where positions go in the plane of an output channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// Elements from one channel to the next.
    pub plane: usize,
    /// The first position.
    pub first: usize,
    /// Elements from one row to the next, and from one position of a row to the next.
    pub steps: [usize; 2],
}

impl Places {
    /// One after the other.
    pub fn dense(geometry: &Geometry) -> Places {
        Places { plane: geometry.positions(), first: 0, steps: [geometry.output[2], 1] }
    }
}

/// One group of a convolution, with its packed weights.
///
/// # Panics
/// If the places lie outside of their planes, `T` is not summed in itself, or more than a bias is for places that are not dense.
pub fn products<T: Floating>(
    geometry: &Geometry,
    x: &[T],
    (group, weights): (usize, Weights<'_, T::Acc>),
    epilogue: &Epilogue<'_, T>,
    (places, out): (Places, &mut [T]),
) {
    assert!(T::IS_REAL, "the output is written as it is summed");
    let (channels, positions) = (geometry.group_out(), geometry.positions());
    let width = panel_width::<T::Acc>();
    // Rows of a panel.
    let depth = weights.packed.len() / channels.next_multiple_of(width);
    assert!(weights.first + geometry.depth() <= depth, "weights of another convolution");
    if positions == 0 || geometry.batch == 0 || channels == 0 {
        return;
    }
    let [rows, columns] = [geometry.output[1], geometry.output[2]];
    let last = places.first + (rows - 1) * places.steps[0] + (columns - 1) * places.steps[1];
    assert!(last < places.plane && out.len() >= geometry.batch * geometry.out_channels * places.plane);
    assert!(epilogue.is_plain() || places == Places::dense(geometry), "a residual lies as the output does");
    let plan = Plan::new(geometry, width);
    let (first, image) = (group * channels, geometry.out_channels * places.plane);
    let mut starts = vec![T::Acc::from_usize(0); channels.next_multiple_of(width)];
    for (start, bias) in starts.iter_mut().zip(epilogue.bias.iter().flat_map(|bias| &bias[first..])).take(channels) {
        *start = bias.to_acc();
    }
    let field = field(geometry, plan.band);
    let step = if plan.near { geometry.plane() } else { field_step::<T::Acc>(&field) };
    let steps = Steps::new(geometry, (&field, step), plan.block, weights.turned, width);
    let [down, across] = [0, 1].map(|axis| geometry.output[axis + 1].div_ceil(plan.band[axis]));
    let shares = channels.div_ceil(plan.panels * width);
    let cost = plan.band[0] * plan.band[1] * plan.panels * width * geometry.depth();
    let target = Shared(out.as_mut_ptr());
    let bands = geometry.batch.div_ceil(plan.images) * down * across;
    parallel::for_each_index(bands * shares, plan.images * cost, |task| {
        // Tasks of one band follow each other.
        let (share, band) = (task % shares, task / shares);
        let (number, top, left) = (band / (down * across) * plan.images, band / across % down, band % across);
        let (top, left) = (top * plan.band[0], left * plan.band[1]);
        let size = [plan.band[0].min(geometry.output[1] - top), plan.band[1].min(geometry.output[2] - left)];
        let from = number * geometry.in_channels + group * geometry.group_in();
        let x = &x[from * geometry.plane()..];
        let share = share * plan.panels * width..((share + 1) * plan.panels * width).min(channels);
        let place = places.first + top * places.steps[0] + left * places.steps[1];
        let out = number * image + (first + share.start) * places.plane + place;
        let task = Task {
            ahead: Ahead::new(geometry, &plan, x, [top, left]),
            geometry,
            plan: &plan,
            field: &field,
            step,
            steps: &steps,
            first: weights.first,
            depth,
            packed: &weights.packed[share.start * depth..share.end.next_multiple_of(width) * depth],
            starts: &starts[share.start..share.end.next_multiple_of(width)],
            channels: share.len(),
            images: plan.images.min(geometry.batch - number),
            origin: [top, left],
            size,
            places,
            image,
            // SAFETY: `IS_REAL` makes both types one; the place lies in the output.
            out: unsafe { target.get().add(out).cast() },
        };
        task.run(x);
        if !epilogue.is_plain() {
            task.for_each_row(|at, len| {
                // SAFETY: the row lies in the output and is this task's.
                let row = unsafe { std::slice::from_raw_parts_mut(target.get().add(out + at), len) };
                epilogue.finish(out + at, row);
            });
        }
    });
}

/// Some positions of an image and some output channels.
struct Task<'a, R> {
    ahead: Ahead<R>,
    geometry: &'a Geometry,
    plan: &'a Plan,
    field: &'a Field,
    /// Elements from one channel to the next in fields.
    step: usize,
    steps: &'a Steps,
    /// The first row of the weights in a panel, and all rows of a panel.
    first: usize,
    depth: usize,
    /// Weights of the task's channels, and what each starts from, filled up to whole panels.
    packed: &'a [R],
    starts: &'a [R],
    channels: usize,
    images: usize,
    /// The first row and column, and how many.
    origin: [usize; 2],
    size: [usize; 2],
    places: Places,
    /// Elements from one image of the output to the next.
    image: usize,
    /// The first position of the first channel.
    out: *mut R,
}

/// What a task of a pointwise convolution asks for ahead, as planes lie far apart: a line of each while its channel is summed.
enum Ahead<R> {
    /// Nothing.
    None,
    /// Rows are read where they lie: the next positions, for planes of so many elements.
    Near(usize),
    /// The part of the first plane that the next task copies, and the elements of a plane.
    Next(*const R, usize),
}

impl<R: Real> Ahead<R> {
    fn new<T>(geometry: &Geometry, plan: &Plan, x: &[T], origin: [usize; 2]) -> Self {
        let plane = geometry.plane();
        if !geometry.windows.iter().all(Window::is_pointwise) {
            return Ahead::None;
        }
        if plan.near {
            return Ahead::Near(plane);
        }
        let bottom = (origin[0] + plan.band[0]) * geometry.windows[2].input;
        let next = if bottom < plane { bottom } else { geometry.in_channels * plane };
        Ahead::Next(x.as_ptr().wrapping_add(next).cast(), plane)
    }

    /// What is asked for during a tile that reads from `field` on: the address for the channel `first`, and elements from one channel
    /// to the next. The tile is the `at`-th of the task, in positions.
    fn of(&self, field: *const R, first: usize, at: usize) -> (*const R, usize) {
        let line = 64 / size_of::<R>();
        match *self {
            Ahead::None => (field, 0),
            // Positions are not where lines begin: what is asked for are the lines that those of the next tile end in.
            Ahead::Near(plane) => (field.wrapping_add(MOST + line - 1), plane),
            Ahead::Next(next, plane) => (next.wrapping_add(first * plane + at), plane),
        }
    }
}

impl<R: Real> Task<'_, R> {
    /// Computes the task from the input channels of its group, which `x` begins with.
    fn run<T: Floating<Acc = R>>(&self, x: &[T]) {
        let geometry = self.geometry;
        let [rows, columns] = self.size;
        let blocks = geometry.group_in().div_ceil(self.plan.block);
        let kept = if blocks > 1 { self.images * rows * columns * self.starts.len() } else { 0 };
        let len = if self.plan.near { 0 } else { self.images * self.plan.block * self.step + MOST };
        let image = geometry.in_channels * geometry.plane();
        // Elements from one image to the next in fields.
        let apart = if self.plan.near { image } else { self.plan.block * self.step };
        let runs = Runs::new(self, apart);
        with_scratch::<R, _>(kept, |kept| {
            with_scratch::<R, _>(len, |fields| {
                if self.padded() {
                    fields.fill(R::from_usize(0));
                }
                for number in 0..blocks {
                    let first = number * self.plan.block;
                    let block = first..(first + self.plan.block).min(geometry.group_in());
                    let x = &x[block.start * geometry.plane()..];
                    let fields = if self.plan.near {
                        // SAFETY: `fits` asked for `IS_REAL`, which makes both types one.
                        unsafe { std::slice::from_raw_parts(x.as_ptr().cast::<R>(), x.len()) }
                    } else {
                        for (number, fields) in fields.chunks_exact_mut(apart.max(1)).take(self.images).enumerate() {
                            self.fill(&x[number * image..][..block.len() * geometry.plane()], fields);
                        }
                        &*fields
                    };
                    let reach = block.len().saturating_sub(1) * self.step + self.steps.farthest + runs.last;
                    let ends = (number == 0, number + 1 == blocks);
                    if reach < fields.len() {
                        tiles_of_task(self, &runs, fields, block, kept, ends);
                    } else {
                        // The last tile reads beyond its positions, but not beyond the tensor.
                        with_scratch::<R, _>(reach + 1, |room| {
                            let (all, rest) = room.split_at_mut(fields.len());
                            all.copy_from_slice(fields);
                            rest.fill(R::from_usize(0));
                            tiles_of_task(self, &runs, room, block, kept, ends);
                        });
                    }
                }
            });
        });
    }

    /// Calls `body` with the start, from the task's first position, and the length of all its rows in a dense output.
    fn for_each_row(&self, mut body: impl FnMut(usize, usize)) {
        let Places { plane, steps: [row, _], .. } = self.places;
        // Whole rows follow each other.
        let (rows, len) = if self.size[1] == row { (1, self.size[0] * row) } else { (self.size[0], self.size[1]) };
        for image in 0..self.images {
            for channel in 0..self.channels {
                (0..rows).for_each(|at| body(image * self.image + channel * plane + at * row, len));
            }
        }
    }

    /// Elements from one row of positions to the next in fields.
    fn pitch(&self) -> usize {
        if self.plan.near { self.size[1] } else { self.field.size[1] }
    }

    /// Copies the planes of a block of channels into its fields.
    fn fill<T: Floating<Acc = R>>(&self, x: &[T], fields: &mut [R]) {
        let [_, second, third] = &self.geometry.windows;
        let origin = [(self.origin[0], second), (self.origin[1], third)];
        let origin = origin.map(|(at, window)| (at * window.stride) as isize - window.pad_before as isize);
        let plane = self.geometry.plane().max(1);
        // Whole rows of the plane itself. Positions of an input gradient may lie behind its end.
        let rows = self.origin[0] + self.size[0] <= second.input && self.origin[1] == 0 && self.size[1] == third.input;
        if rows && self.geometry.windows.iter().all(Window::is_pointwise) {
            let first = self.origin[0] * third.input;
            return copy_starts(&x[first..], plane, fields, self.step, self.size[0] * self.size[1]);
        }
        let shape = [second.input, third.input];
        let copies = self.field.copies::<T>(shape, origin);
        copy_planes(&copies, (x, plane, self.field.part(shape, origin)), (fields, self.step));
    }

    /// Whether fields have columns of padding.
    fn padded(&self) -> bool {
        let third = &self.geometry.windows[2];
        let first = (self.origin[1] * third.stride) as isize - third.pad_before as isize;
        first < 0 || first + (self.field.size[1] * third.stride) as isize > third.input as isize
    }
}

crate::vectorize! {
    /// Copies the first `len` elements of each plane; the first plane may have begun already.
    fn copy_starts[S; T: Floating](simd: S, x: &[T], plane: usize, fields: &mut [T::Acc], step: usize, len: usize) {
        debug_assert!(T::IS_REAL);
        let mut x = x;
        for to in fields.chunks_exact_mut(step) {
            let (from, to) = (&x[..len], &mut to[..len]);
            prefetch(x.as_ptr().wrapping_add(AHEAD * plane), len);
            // SAFETY: `T` is `T::Acc`, and both have `len` elements.
            unsafe { copy::<T::Acc, <T::Acc as Real>::Vector<S>>(from.as_ptr().cast(), to.as_mut_ptr(), len) };
            if x.len() < plane + len {
                break;
            }
            x = &x[plane..];
        }
    }
}
