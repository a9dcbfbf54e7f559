//! Positions side by side that tiles are cut from.

use super::super::super::float::Real;
use super::super::super::isa::{Isa, isa};
use super::{MOST, RUN, Task};

/// Positions side by side, all summed over the same steps.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Where the first one lies in the field of the first channel, and in the output.
    pub field: usize,
    pub out: usize,
    /// The row that its steps are listed under.
    pub row: usize,
}

/// The runs of a task.
pub struct Runs {
    /// Runs of the same steps follow each other.
    pub all: Vec<Run>,
    /// Positions of a run.
    pub len: usize,
    /// Whether two runs of the same steps make a tile.
    pub paired: bool,
    /// Whether a run holds all rows of an image, with no gaps between them.
    pub joined: bool,
    /// The last place that a tile reads, from where the first position reads.
    pub last: usize,
}

impl Runs {
    /// The runs of a task whose images are `apart` in the fields.
    pub fn new<R: Real>(task: &Task<'_, R>, apart: usize) -> Runs {
        let [rows, columns] = task.size;
        let paired = columns == RUN && isa() >= Isa::Avx512;
        let joined = !paired && task.pitch() == columns && !task.steps.differ();
        let (rows, len) = if joined { (1, rows * columns) } else { (rows, columns) };
        let mut all = Vec::with_capacity(task.images * rows);
        for list in 0..task.steps.lists() {
            for image in 0..task.images {
                let runs =
                    (0..rows).map(|row| (row, task.origin[0] + row)).filter(|&(_, at)| task.steps.list(at) == list);
                all.extend(runs.map(|(row, at)| Run {
                    field: image * apart + row * task.pitch(),
                    out: image * task.image + row * task.places.steps[0],
                    row: at,
                }));
            }
        }
        // Tiles of pairs have no positions too many.
        let spare = if paired { 0 } else { MOST };
        let last = (task.images - 1) * apart + (rows - 1) * task.pitch() + len - 1 + spare;
        Runs { all, len, paired, joined, last }
    }
}
