//! The matrix product by the matrix unit ([`amx`](super::super::amx)).
//!
//! Both operands are packed as planes, in slabs. A task has some rows and columns of the output; it goes down the depth in blocks,
//! so that a panel of the right operand stays in the first-level cache while all rows of the task pass by, and keeps its sums in
//! working memory until they are whole. If one of them is not finite, the whole product is to be computed another way.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use half::bf16;
use num_traits::Zero;

use super::super::amx::pack::{PLANE, Panels, Side};
use super::super::amx::tiles::{Job, Left, Registers, SUMS, covering, finite, sum};
use super::super::amx::{DEPTH, LANES, SIDE, Terms};
use super::super::float::{Floating, Real, singles, singles_mut};
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::operand::Operand;
use super::output::{Output, Start, store_row};
use super::size::Size;

/// Rows and columns of a task, at most: their planes, a block deep, take 600 KB of a 2 MB second-level cache.
const TASK: (usize, usize) = (256, 128);
/// Tasks to aim for.
const TASKS: usize = 16;
/// Steps of depth in a block: a panel of three planes takes 48 KB.
const STEPS: usize = 8;
/// Numbers of an operand that are packed at a time.
const SLAB: usize = 4 << 20;
/// Columns for each row, and the other way round, from which the unit is the quicker way: about 0.35 ns more to pack a number
/// in planes against 3.7 ps less for each product.
const WORTH: usize = 96;
/// Depth below which it is not.
const SHALLOW: usize = 64;

/// The terms of a product that is better computed by the unit.
pub fn applies<T: Floating>(size: Size) -> Option<Terms> {
    let terms = Terms::of::<T>()?;
    let worth = WORTH * terms.planes() / 3;
    let packed = size.rows.saturating_add(size.columns).saturating_mul(worth);
    (size.depth >= SHALLOW && size.rows.saturating_mul(size.columns) >= packed).then_some(terms)
}

/// The terms of products with weights of `n` outputs and `k` inputs, if they are better packed for the unit. Products of few rows do
/// not come here.
pub fn applies_to_weights<T: Floating>((n, k): (usize, usize)) -> Option<Terms> {
    let terms = Terms::of::<T>()?;
    (k >= SHALLOW && n >= WORTH * terms.planes() / 3).then_some(terms)
}

/// Where the right operand is.
pub enum RightOperand<'a, B> {
    Pack(&'a B),
    Packed(Panels<'a>),
}

/// `out = start + alpha a b`, or `false`: then a sum is not finite, and what `out` holds is nothing.
///
/// # Safety
/// `out` must be valid for writing `size.rows` x `size.columns` elements that nobody else touches meanwhile; its residual, if it has
/// one, for reading in the same places. The start must not be `Scaled`. The unit must be there.
pub unsafe fn multiply<T: Floating, A: Operand<T::Acc>, B: Operand<T::Acc>>(
    (size, terms): (Size, Terms),
    alpha: T::Acc,
    (a, b): (&A, RightOperand<'_, B>),
    start: Start<'_, T>,
    out: Output<T>,
) -> bool {
    debug_assert!(!matches!(start, Start::Scaled(_)));
    let lost = AtomicBool::new(false);
    let slab = (SLAB / size.depth.max(1)).next_multiple_of(LANES).max(LANES);
    for top in (0..size.rows).step_by(slab) {
        let rows = top..(top + slab).min(size.rows);
        with_planes(Side::Left, terms, a, (rows.clone(), size.depth), |left| {
            let across = if matches!(b, RightOperand::Packed(_)) { size.columns } else { slab };
            for first in (0..size.columns).step_by(across.max(1)) {
                let columns = first..(first + across).min(size.columns);
                let whole = Product { size, terms, alpha, start, out, rows: rows.clone(), columns: columns.clone() };
                match &b {
                    // SAFETY: the product is a part of the caller's.
                    RightOperand::Packed(right) => unsafe { whole.run(left, right, &lost) },
                    RightOperand::Pack(b) => {
                        with_planes(Side::Right, terms, *b, (columns, size.depth), |right| {
                            // SAFETY: as above.
                            unsafe { whole.run(left, right, &lost) }
                        });
                    }
                }
                if lost.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        if lost.load(Ordering::Relaxed) {
            return false;
        }
    }
    true
}

/// Hands `body` some lanes of an operand, packed.
fn with_planes<R: Real>(
    side: Side,
    terms: Terms,
    operand: &impl Operand<R>,
    (lanes, depth): (Range<usize>, usize),
    body: impl FnOnce(&Panels<'_>),
) {
    with_scratch::<bf16, _>(Panels::size(terms, lanes.len(), depth), |buffer| {
        body(&Panels::pack(side, terms, operand, (lanes, depth), buffer));
    });
}

/// Some rows and columns of a product, whose operands are packed.
struct Product<'a, T: Floating> {
    size: Size,
    terms: Terms,
    alpha: T::Acc,
    start: Start<'a, T>,
    out: Output<T>,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl<T: Floating> Product<'_, T> {
    /// Computes it in tasks, or says that a sum is `lost`.
    ///
    /// # Safety
    /// The part of the output must be this call's; the unit must be there.
    unsafe fn run(&self, left: &Panels<'_>, right: &Panels<'_>, lost: &AtomicBool) {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let width = TASK.1;
        let across = columns.div_ceil(width);
        let height = (rows / TASKS.div_ceil(across)).next_multiple_of(LANES).clamp(LANES, TASK.0);
        let count = rows.div_ceil(height) * across;
        let work = Size { rows, columns, ..self.size }.work() / count.max(1);
        let cell = self.terms.planes() * PLANE;
        let offsets: Vec<usize> = (0..STEPS).map(|step| step * cell).collect();
        parallel::for_each_index(count, work, |task| {
            if lost.load(Ordering::Relaxed) {
                return;
            }
            let (row, column) = (task / across * height, task % across * width);
            let (rows, columns) = (row..(row + height).min(rows), column..(column + width).min(columns));
            let down = rows.len().div_ceil(LANES);
            let panels = columns.len().div_ceil(LANES);
            with_scratch::<T::Acc, _>(down * panels * 4 * SUMS, |sums| {
                // SAFETY: the caller says that the unit is there.
                unsafe {
                    self.sum(left, right, (row / LANES, column / LANES), (&rows, &columns), &offsets, singles_mut(sums))
                };
                if finite(singles(sums)) {
                    for (panel, tiles) in sums.chunks_exact(4 * SUMS).enumerate() {
                        let (i, j) = (panel % down * LANES, panel / down * LANES);
                        let origin = (self.rows.start + rows.start + i, self.columns.start + columns.start + j);
                        let size = (LANES.min(rows.len() - i), LANES.min(columns.len() - j));
                        store_tiles(self, origin, size, tiles);
                    }
                } else {
                    lost.store(true, Ordering::Relaxed);
                }
            });
        });
    }

    /// The sums of a task: for each panel of columns, those of each panel of rows, in four tiles.
    ///
    /// # Safety
    /// The unit must be there.
    unsafe fn sum(
        &self,
        left: &Panels<'_>,
        right: &Panels<'_>,
        (top, first): (usize, usize),
        (rows, columns): (&Range<usize>, &Range<usize>),
        offsets: &[usize],
        sums: &mut [f32],
    ) {
        let down = rows.len().div_ceil(LANES);
        // SAFETY: the unit is there.
        let registers = unsafe { Registers::shape() };
        for from in (0..left.steps()).step_by(STEPS) {
            let steps = STEPS.min(left.steps() - from);
            for (panel, tiles) in sums.chunks_exact_mut(4 * SUMS).enumerate() {
                let (i, j) = (panel % down, panel / down);
                let job = Job {
                    terms: self.terms,
                    tiles: (covering(rows.len() - i * LANES), covering(columns.len() - j * LANES)),
                    more: from > 0,
                    offsets: &offsets[..steps],
                };
                let start = left.panel(top + i, from).as_ptr();
                let operand = Left { start, row: DEPTH, plane: PLANE, second: SIDE * DEPTH };
                let right = right.panel(first + j, from).as_ptr();
                // SAFETY: panels hold so many steps, and there are four tiles.
                unsafe { sum(&registers, job, operand, right, tiles.as_mut_ptr()) };
            }
        }
    }
}

crate::vectorize! {
    /// Joins the sums of a panel with the output, for [`Product::run`] alone: the part of `size` at `origin` is its task's.
    fn store_tiles[S; T: Floating](
        simd: S, product: &Product<'_, T>, origin: (usize, usize), size: (usize, usize), tiles: &[T::Acc]
    ) {
        for i in 0..size.0 {
            let mut row = [T::Acc::zero(); LANES];
            let tile = &tiles[i / SIDE * 2 * SUMS + i % SIDE * SIDE..];
            row[..SIDE].copy_from_slice(&tile[..SIDE]);
            row[SIDE..].copy_from_slice(&tile[SUMS..][..SIDE]);
            row.iter_mut().for_each(|sum| *sum *= product.alpha);
            // SAFETY: the task's part lies in the output, which is `run`'s by its caller's word, and is written by no other.
            unsafe { store_row(product.out, (origin.0 + i, origin.1), product.start, &row[..size.1]) };
        }
    }
}
