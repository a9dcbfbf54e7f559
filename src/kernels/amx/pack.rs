//! Operands in the order in which [`sum`](super::tiles::sum) reads them.
//!
//! A panel is [`LANES`] rows of the left operand, or columns of the right one. It has a cell for each step of depth, [`DEPTH`]
//! deep, and a cell has its planes one after the other. In a cell of the left operand the depths of a lane are side by side; in
//! one of the right operand, lanes are, in two tiles of 16, by pairs of depths.

use std::ops::Range;

use half::bf16;

use super::super::float::{Real, singles};
use super::super::gemm::operand::Operand;
use super::super::lanes::transposed;
use super::super::parallel;
use super::split::{split, split_pairs};
use super::tiles::OPERAND;
use super::{DEPTH, LANES, Terms};

/// Numbers of a plane of a cell.
pub(crate) const PLANE: usize = LANES * DEPTH;
/// Cells that are packed at a time.
const CELLS: usize = 4;

/// Which operand is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A packed operand.
#[derive(Clone, Copy)]
pub(crate) struct Panels<'a> {
    data: &'a [bf16],
    steps: usize,
    planes: usize,
}

impl<'a> Panels<'a> {
    /// The numbers that packing takes.
    pub fn size(terms: Terms, lanes: usize, depth: usize) -> usize {
        lanes.div_ceil(LANES) * depth.div_ceil(DEPTH) * terms.planes() * PLANE
    }

    /// Packs lanes `lanes` of an operand, `depth` deep, into `buffer`; cells are shared between threads.
    pub fn pack<R: Real>(
        side: Side,
        terms: Terms,
        operand: &impl Operand<R>,
        (lanes, depth): (Range<usize>, usize),
        buffer: &'a mut [bf16],
    ) -> Self {
        let steps = depth.div_ceil(DEPTH);
        let cell = terms.planes() * PLANE;
        let buffer = &mut buffer[..Self::size(terms, lanes.len(), depth)];
        let mut runs = Vec::with_capacity(buffer.len() / cell / CELLS + lanes.len().div_ceil(LANES));
        for (panel, cells) in buffer.chunks_mut((steps * cell).max(1)).enumerate() {
            let first = lanes.start + panel * LANES;
            for (run, cells) in cells.chunks_mut(CELLS * cell).enumerate() {
                runs.push((first..(first + LANES).min(lanes.end), run * CELLS * DEPTH, cells));
            }
        }
        parallel::for_each_chunk_mut(&mut runs, 1, 4 * CELLS * PLANE, |_, run| {
            let (lanes, from, cells) = &mut run[0];
            for (at, cell) in cells.chunks_mut(cell).enumerate() {
                let from = *from + at * DEPTH;
                let depths = from..(from + DEPTH).min(depth);
                match side {
                    Side::Left => pack_left(terms, operand, depths, lanes.clone(), cell, PLANE),
                    Side::Right => {
                        let mut rows = [R::zero(); PLANE];
                        operand.pack_panel(depths.clone(), lanes.clone(), LANES, &mut rows[..depths.len() * LANES]);
                        pack_right(terms, singles(&rows), LANES, depths.len(), cell);
                    }
                }
            }
        });
        Panels { data: buffer, steps, planes: terms.planes() }
    }

    /// What [`Panels::pack`] left in a buffer.
    pub fn of(data: &'a [bf16], terms: Terms, lanes: usize, depth: usize) -> Self {
        assert!(data.len() >= Self::size(terms, lanes, depth), "a buffer that holds less");
        Panels { data, steps: depth.div_ceil(DEPTH), planes: terms.planes() }
    }

    /// Steps of depth.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// A panel from some step on.
    pub fn panel(&self, panel: usize, step: usize) -> &'a [bf16] {
        let cell = self.planes * PLANE;
        &self.data[(panel * self.steps + step) * cell..(panel + 1) * self.steps * cell]
    }
}

/// Packs a cell of the left operand, whose planes are `plane` numbers apart.
pub(crate) fn pack_left<R: Real>(
    terms: Terms,
    operand: &impl Operand<R>,
    depths: Range<usize>,
    lanes: Range<usize>,
    cell: &mut [bf16],
    plane: usize,
) {
    let mut rows = [R::zero(); PLANE];
    let count = lanes.len();
    if let Some(matrix) = operand.strided() {
        // Depths are wanted side by side.
        matrix.exchanged().pack_panel(lanes, depths, DEPTH, &mut rows[..count * DEPTH]);
    } else {
        let mut panel = [R::zero(); PLANE];
        let depth = depths.len();
        operand.pack_panel(depths, lanes, LANES, &mut panel[..depth * LANES]);
        // SAFETY: both are arrays of as many numbers as such a cell has.
        unsafe { transposed(panel.as_ptr(), LANES, rows.as_mut_ptr(), DEPTH, LANES, DEPTH) };
    }
    split(terms, singles(&rows), cell, plane);
}

/// Packs a cell of the right operand from its rows, [`LANES`] wide and `step` numbers apart.
pub(crate) fn pack_right(terms: Terms, rows: &[f32], step: usize, depth: usize, cell: &mut [bf16]) {
    const NOTHING: [f32; LANES] = [0.0; LANES];
    let row = |at: usize| if at < depth { &rows[at * step..][..LANES] } else { &NOTHING };
    for pair in 0..DEPTH / 2 {
        let (first, second) = (row(2 * pair), row(2 * pair + 1));
        for tile in 0..2 {
            let half = tile * LANES / 2..(tile + 1) * LANES / 2;
            let to = &mut cell[tile * OPERAND + pair * LANES..];
            split_pairs(terms, (&first[half.clone()], &second[half]), to, PLANE);
        }
    }
}
