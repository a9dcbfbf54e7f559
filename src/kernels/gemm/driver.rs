//! Blocking and work sharing of the matrix product.
//!
//! The left operand is packed once, up front. The output is cut into tasks of some rows and [`COLUMN_BLOCK`] columns; a task
//! goes down the depth in steps of [`DEPTH_BLOCK`], packs its part of the right operand (which then stays in the second-level
//! cache) and runs the inner kernel over its rows. Where several tasks would pack the same columns, these are packed up front
//! as well. A product with little output and much depth is cut along the depth instead and its parts are added up in order.

use std::ops::Range;

use super::super::float::{Floating, Real};
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::super::stream;
use super::DEPTH_BLOCK;
use super::kernel::{Block, Left, Right, multiply_block, tile};
use super::operand::{Deeper, Operand, Packed, Strided};
use super::output::{Output, Start, as_real, finish_part, store_sums};
pub(crate) use super::size::Size;
use super::source::{LeftSource, RightSource, pack_columns};
use super::tiled;

/// Columns of a task: its part of the right operand, `DEPTH_BLOCK` deep, takes an eighth of a 1 MB second-level cache.
const COLUMN_BLOCK: usize = 128;
/// Tasks to aim for: enough to keep several threads busy to the end.
const TASKS: usize = 16;
/// Multiply-adds below which a task is not worth splitting off.
const TASK_WORK: usize = 1 << 17;
/// Numbers that packing a whole operand may take.
const PACK_LIMIT: usize = 4 << 20;
/// Depth of a part where the product is cut along the depth.
const PART_DEPTH: usize = 2048;
/// Depth up to which the rows of a right operand, each on a page of its own, are read where they lie.
pub const SHALLOW: usize = 128;
/// Bytes between rows, or a multiple of them, at which those of a tile have no room beside each other in the first-level cache.
const CROWDED: usize = 2048;
/// Rows of a task whose sums are kept apart because the output is stored in 16 bits.
const CONVERTED_ROWS: usize = 256;

/// `out = start + alpha a b`.
///
/// # Safety
/// `out` must be valid for writing (and, if `start` is `Scaled`, reading) `size.rows` x `size.columns` elements that nobody else
/// touches meanwhile; its residual, if it has one, for reading in the same places.
pub unsafe fn multiply<T: Floating, A: Operand<T::Acc>, B: Operand<T::Acc>>(
    size: Size,
    alpha: T::Acc,
    (a, b): (&A, &B),
    start: Start<'_, T>,
    out: Output<T>,
) {
    if size.rows == 0 || size.columns == 0 {
        return;
    }
    let start = start.simplified();
    let parts = depth_parts(size);
    // SAFETY: passed on from the caller.
    unsafe {
        if parts > 1 {
            multiply_parts(size, parts, alpha, (a, b), start, out);
        } else {
            multiply_blocks(size, TASKS, alpha, (a, RightSource::Pack(b)), start, out);
        }
    }
}

/// [`multiply`] with a right operand that is packed already.
///
/// # Safety
/// As for [`multiply`]; `right` must hold `size.columns` lanes of `size.depth`.
pub unsafe fn multiply_by_packed<T: Floating, A: Operand<T::Acc>>(
    size: Size,
    (a, right): (&A, Packed<'_, T::Acc>),
    start: Start<'_, T>,
    out: Output<T>,
) {
    if size.rows == 0 || size.columns == 0 {
        return;
    }
    let right = RightSource::<T::Acc, Strided<'_, T>>::Packed(right);
    // SAFETY: passed on from the caller.
    unsafe { multiply_blocks(size, TASKS, T::Acc::from_usize(1), (a, right), start.simplified(), out) };
}

/// The number of parts to cut the depth into: 1 unless the depth is large and the output is small. Depends on sizes alone.
pub(super) fn depth_parts(size: Size) -> usize {
    let parts = (size.depth / PART_DEPTH).min(2 * TASKS);
    parts.min(PACK_LIMIT / (size.rows * size.columns)).max(1)
}

/// The product as a sum of `parts` products over parts of the depth.
///
/// # Safety
/// As for [`multiply`].
unsafe fn multiply_parts<T: Floating, A: Operand<T::Acc>, B: Operand<T::Acc>>(
    size: Size,
    parts: usize,
    alpha: T::Acc,
    (a, b): (&A, &B),
    start: Start<'_, T>,
    out: Output<T>,
) {
    let area = size.rows * size.columns;
    let step = size.depth.div_ceil(parts).next_multiple_of(DEPTH_BLOCK);
    let parts = size.depth.div_ceil(step);
    with_scratch::<T::Acc, _>(parts * area, |sums| {
        parallel::for_each_chunk_mut(sums, area, step, |part, sums| {
            let by = part * step;
            let size = Size { depth: step.min(size.depth - by), ..size };
            let out = Output::rows(sums.as_mut_ptr(), size.columns);
            let (left, right) = (Deeper { operand: a, by }, Deeper { operand: b, by });
            let operands = (&left, RightSource::Pack(&right));
            // SAFETY: `sums` is this part's alone and has room for the output.
            unsafe { multiply_blocks::<T::Acc, _, _>(size, 1, alpha, operands, Start::Zero, out) };
        });
        let (total, rest) = sums.split_at_mut(area);
        parallel::for_each_chunk_mut(total, size.columns, parts, |row, total| {
            for part in rest.chunks_exact(area) {
                for (to, &value) in total.iter_mut().zip(&part[row * size.columns..]) {
                    *to += value;
                }
            }
            // SAFETY: the row is this chunk's alone.
            unsafe { store_sums(out, (row, 0), size.columns, start, total) };
        });
    });
}

/// The product by blocks, in about `tasks` tasks.
///
/// # Safety
/// As for [`multiply`].
unsafe fn multiply_blocks<T: Floating, A: Operand<T::Acc>, B: Operand<T::Acc>>(
    size: Size,
    tasks: usize,
    alpha: T::Acc,
    (a, right): (&A, RightSource<'_, T::Acc, B>),
    start: Start<'_, T>,
    out: Output<T>,
) {
    if let RightSource::Pack(b) = right
        && !matches!(start, Start::Scaled(_))
        && let Some(terms) = tiled::applies::<T>(size)
        // SAFETY: passed on from the caller; the unit is there if it applies.
        && unsafe { tiled::multiply((size, terms), alpha, (a, tiled::RightOperand::Pack(b)), start, out) }
    {
        return;
    }
    let (height, width) = tile::<T::Acc>();
    // Operands that are used a few times are read where they lie.
    let direct_left = a.strided().filter(|a| {
        // Rows a power of two apart push each other out of the first-level cache, once for each tile of columns.
        let crowded =
            size.rows > 1 && (a.lane.unsigned_abs() * size_of::<T>()).is_multiple_of(CROWDED) && size.columns > width;
        !crowded && size.columns <= if a.depth == 1 { 4 * width } else { 2 * width }
    });
    let near = |b: &Strided<'_, T::Acc>| b.lane == 1 && (size.rows <= 2 * height || size.depth <= SHALLOW);
    let right = match right {
        RightSource::Pack(b) => b.strided().filter(near).map_or(right, |strided| RightSource::Memory(strided, b)),
        other => other,
    };

    let limit = if direct_left.is_some() { size.rows } else { PACK_LIMIT / size.depth.max(1) };
    let slab = limit.next_multiple_of(height).min(size.rows);
    for top in (0..size.rows).step_by(slab) {
        let rows = slab.min(size.rows - top);
        let row_block = row_block::<T>(Size { rows, ..size }, tasks, height);
        let right_size = Packed::<T::Acc>::size(size.columns, size.depth, width);
        let shares_right = rows > row_block && matches!(right, RightSource::Pack(_)) && right_size <= 2 * PACK_LIMIT;
        let left_size = if direct_left.is_some() { 0 } else { Packed::<T::Acc>::size(rows, size.depth, height) };
        with_scratch::<T::Acc, _>(left_size, |left_buffer| {
            let left = match direct_left {
                Some(left) => LeftSource::Memory(left),
                None => LeftSource::Packed(Packed::pack(a, top..top + rows, size.depth, height, left_buffer)),
            };
            with_scratch::<T::Acc, _>(if shares_right { right_size } else { 0 }, |right_buffer| {
                let right = match right {
                    RightSource::Pack(b) if shares_right => {
                        RightSource::Packed(Packed::pack(b, 0..size.columns, size.depth, width, right_buffer))
                    }
                    other => other,
                };
                let across = size.columns.div_ceil(COLUMN_BLOCK);
                let count = rows.div_ceil(row_block) * across;
                parallel::for_each_index(count, Size { rows, ..size }.work() / count, |task| {
                    let row = task / across * row_block;
                    let column = task % across * COLUMN_BLOCK;
                    let task = Task {
                        top,
                        rows: row..(row + row_block).min(rows),
                        columns: column..(column + COLUMN_BLOCK).min(size.columns),
                        depth: size.depth,
                        alpha,
                    };
                    // SAFETY: tasks are disjoint parts of the output.
                    unsafe { task.run(&left, &right, start, out) };
                });
            });
        });
    }
}

/// Hands `body` a left operand (`rows` x `depth`) in packed form, for use by several products.
pub fn packed_left<R: Real, O>(
    left: &impl Operand<R>,
    rows: usize,
    depth: usize,
    body: impl FnOnce(&Packed<'_, R>) -> O,
) -> O {
    let (height, _) = tile::<R>();
    with_scratch(Packed::<R>::size(rows, depth, height), |buffer| {
        body(&Packed::pack(left, 0..rows, depth, height, buffer))
    })
}

/// Some rows (from a multiple of the panel width on) and columns of the product of a packed left operand with `right`, on this
/// thread. The first of these rows and columns goes to the element (0, 0) of `out`, which is overwritten.
///
/// # Safety
/// `out` must be valid for writing the rows and columns, and this thread's.
pub unsafe fn multiply_packed<R: Real>(
    left: &Packed<'_, R>,
    rows: Range<usize>,
    right: &impl Operand<R>,
    columns: Range<usize>,
    out: Output<R>,
) {
    let direct = right.strided().filter(|right| right.lane == 1 && rows.len() <= 2 * tile::<R>().0);
    let right = match direct {
        Some(strided) => RightSource::Memory(strided, right),
        None => RightSource::Pack(right),
    };
    let task = Task { top: 0, rows, columns, depth: left.depth(), alpha: R::from_usize(1) };
    // SAFETY: passed on from the caller.
    unsafe { task.sum(&LeftSource::Packed(*left), &right, Start::Zero, out, (0, 0)) };
}

/// Rows of a task: all, unless there are too few columns for `tasks` tasks.
fn row_block<T: Floating>(size: Size, tasks: usize, height: usize) -> usize {
    let across = size.columns.div_ceil(COLUMN_BLOCK);
    let useful = (size.work() / TASK_WORK).clamp(1, tasks);
    let down = useful.div_ceil(across);
    let block = size.rows.div_ceil(down).next_multiple_of(height);
    if T::IS_REAL { block } else { block.min(CONVERTED_ROWS.next_multiple_of(height)) }
}

/// One task: some rows (counted from `top`) and columns of the output.
struct Task<R> {
    top: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    depth: usize,
    alpha: R,
}

impl<R: Real> Task<R> {
    /// # Safety
    /// The task's part of the output must be valid and this thread's.
    unsafe fn run<T: Floating<Acc = R>, B: Operand<R>>(
        &self,
        left: &LeftSource<'_, R>,
        right: &RightSource<'_, R, B>,
        start: Start<'_, T>,
        out: Output<T>,
    ) {
        let origin = (self.top + self.rows.start, self.columns.start);
        if let Some((start, out)) = as_real(start, out) {
            // SAFETY: passed on from the caller; `out` is the same output.
            return unsafe { self.sum(left, right, start, out, origin) };
        }
        let width = self.columns.len();
        with_scratch::<R, _>(self.rows.len() * width, |sums| {
            let apart = Output::rows(sums.as_mut_ptr(), width);
            // SAFETY: `sums` has room for the task's part; it is stored in the part that the caller vouches for.
            unsafe {
                self.sum(left, right, Start::Zero, apart, (0, 0));
                store_sums(out, origin, width, start, sums);
            }
        });
    }

    /// Sums products into `out` at `origin`.
    ///
    /// # Safety
    /// The part of `out` must be valid and this thread's.
    unsafe fn sum<B: Operand<R>>(
        &self,
        left: &LeftSource<'_, R>,
        right: &RightSource<'_, R, B>,
        start: Start<'_, R>,
        out: Output<R>,
        origin: (usize, usize),
    ) {
        let (_, width) = tile::<R>();
        let panels = self.columns.len().next_multiple_of(width);
        let packs = !matches!(right, RightSource::Packed(_));
        // An activation alone is applied to registers. A residual is read by rows of the task: by those of tiles, it comes slowly.
        let whole = out.last.has_residual();
        with_scratch::<R, _>(if packs { panels * DEPTH_BLOCK.min(self.depth) } else { 0 }, |buffer| {
            // A product of no depth still sets the output, by one block of depth 0.
            let out = Output { streams: out.streams && self.depth <= DEPTH_BLOCK, ..out };
            for from in (0..self.depth.max(1)).step_by(DEPTH_BLOCK) {
                let depth = DEPTH_BLOCK.min(self.depth - from);
                let start = if from == 0 { start } else { Start::Scaled(R::from_usize(1)) };
                let out = if from + depth < self.depth || whole { out.unfinished() } else { out };
                let size = (self.rows.len(), self.columns.len());
                let block = Block { out, origin, size, depth, alpha: self.alpha, start };
                // SAFETY: operands and output hold what the block says: packed panels by construction, memory because it
                // is a view of the operand's size.
                unsafe { self.sum_block(left, right, block, from, buffer) };
            }
        });
        if out.streams {
            stream::finish();
        }
        if whole {
            // SAFETY: passed on from the caller.
            unsafe { finish_part(out, origin, (self.rows.len(), self.columns.len())) };
        }
    }

    /// Sums the products of one block of depth.
    ///
    /// # Safety
    /// As for [`Task::sum`].
    unsafe fn sum_block<B: Operand<R>>(
        &self,
        left: &LeftSource<'_, R>,
        right: &RightSource<'_, R, B>,
        block: Block<'_, R>,
        from: usize,
        buffer: &mut [R],
    ) {
        let (height, width) = tile::<R>();
        let (row, depth) = (self.rows.start, block.depth);
        let left = match left {
            LeftSource::Packed(packed) => Left {
                start: if depth == 0 { [].as_ptr() } else { packed.panels(from, row).as_ptr() },
                row: 1,
                depth: height as isize,
                panel: (height * depth) as isize,
            },
            LeftSource::Memory(matrix) => Left {
                start: matrix.address(from, self.top + row),
                row: matrix.lane,
                depth: matrix.depth,
                panel: height as isize * matrix.lane,
            },
        };
        let packed = |start| Right { start, depth: width as isize, panel: (width * depth) as isize };
        let columns = self.columns.clone();
        // SAFETY: as the caller says.
        unsafe {
            match right {
                _ if depth == 0 => multiply_block(block, left, packed([].as_ptr())),
                RightSource::Packed(shared) => {
                    multiply_block(block, left, packed(shared.panels(from, columns.start).as_ptr()));
                }
                RightSource::Pack(operand) => {
                    pack_columns(*operand, from..from + depth, columns, width, buffer);
                    multiply_block(block, left, packed(buffer.as_ptr()));
                }
                RightSource::Memory(matrix, operand) => {
                    let whole = columns.len() / width * width;
                    let start = matrix.address(from, columns.start);
                    let memory = Right { start, depth: matrix.depth, panel: width as isize };
                    multiply_block(Block { size: (block.size.0, whole), ..block }, left, memory);
                    if whole < columns.len() {
                        let rest = columns.start + whole..columns.end;
                        let size = (block.size.0, rest.len());
                        let origin = (block.origin.0, block.origin.1 + whole);
                        pack_columns(*operand, from..from + depth, rest, width, buffer);
                        multiply_block(Block { size, origin, ..block }, left, packed(buffer.as_ptr()));
                    }
                }
            }
        }
    }
}
