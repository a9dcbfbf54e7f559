//! The order in which elements along an axis are visited: pieces for threads, and in them rows for loops.

use crate::kernels::parallel;
use smallvec::SmallVec;

/// Elements that a task handles at least.
const GRAIN: usize = 4 * 1024;

/// Elements of a row where the visited axis lies outside of it: what they touch stays in the cache from one row to the
/// next.
const WIDE: usize = 512;

/// Indices of the visited axis below which rows go across it.
const SHORT: usize = 16;

/// A few elements with equal distances: where the first lies in each operand, the distances, and how many there are.
#[derive(Clone, Copy)]
pub struct Row {
    /// Offsets of the first element in the tensor (without the number along the axis), the index, and the third operand.
    pub at: [usize; 3],
    /// Distances of neighbours in each.
    pub strides: [usize; 3],
    /// Elements.
    pub len: usize,
}

#[derive(Clone, Copy)]
struct Axis {
    size: usize,
    strides: [usize; 3],
}

/// Rows are pieces of one axis, visited for each index of a second one and of all outer ones. One of the two is the axis
/// along which numbers are looked up.
pub struct Walk {
    outer: SmallVec<[Axis; 4]>,
    repeat: Axis,
    row: Axis,
    /// Indices of `repeat` and of `row` that a task handles.
    piece: [usize; 2],
    lines: bool,
}

impl Walk {
    /// Over the indices of `shape`, looking up along `axis`; `strides` are those of the tensor, the index and the third
    /// operand. Only where `split` holds may tasks share a line along the axis. `None` where there is nothing to visit.
    pub fn new(shape: &[usize], axis: usize, strides: [&[usize]; 3], split: bool) -> Option<Walk> {
        if shape.contains(&0) {
            return None;
        }
        let along = Axis { size: shape[axis], strides: [0, strides[1][axis], strides[2][axis]] };
        let mut outer: SmallVec<[Axis; 4]> = SmallVec::new();
        for a in (0..shape.len()).filter(|&a| a != axis && shape[a] != 1) {
            let next = Axis { size: shape[a], strides: strides.map(|s| s[a]) };
            match outer.last_mut() {
                Some(last) if (0..3).all(|k| last.strides[k] == next.strides[k] * next.size) => {
                    *last = Axis { size: last.size * next.size, strides: next.strides };
                }
                _ => outer.push(next),
            }
        }
        let alone = Axis { size: 1, strides: [0; 3] };
        let inner = outer.pop().unwrap_or(alone);
        let nearer = [along.strides[2], along.strides[1]] < [inner.strides[2], inner.strides[1]];
        let lines = inner.size == 1 || (along.size >= SHORT && nearer);
        let (repeat, row) = if lines {
            outer.push(inner);
            (alone, along)
        } else {
            (along, inner)
        };
        let width = match (lines, split) {
            (true, false) => row.size,
            (true, true) => row.size.min(GRAIN),
            (false, _) => row.size.min(WIDE.max(GRAIN / repeat.size)),
        };
        let count = if split { repeat.size.min(GRAIN.div_ceil(width)) } else { repeat.size };
        Some(Walk { outer, repeat, row, piece: [count, width], lines })
    }

    /// Whether rows lie along the axis; where tasks do not share lines, each row is a whole line then.
    pub fn lines(&self) -> bool {
        self.lines
    }

    /// Visits all rows, on several threads where there are many.
    pub fn run(&self, body: &(dyn Fn(Row) + Sync)) {
        let [count, width] = self.piece;
        let (counts, widths) = (self.repeat.size.div_ceil(count), self.row.size.div_ceil(width));
        let outer: usize = self.outer.iter().map(|a| a.size).product();
        parallel::for_each_index(outer * counts * widths, count * width, |task| {
            let (start, first) = (task % widths * width, task / widths % counts * count);
            let mut rest = task / widths / counts;
            let mut at: [usize; 3] = std::array::from_fn(|k| start * self.row.strides[k]);
            for axis in self.outer.iter().rev() {
                let i = rest % axis.size;
                rest /= axis.size;
                (0..3).for_each(|k| at[k] += i * axis.strides[k]);
            }
            let len = width.min(self.row.size - start);
            for j in first..(first + count).min(self.repeat.size) {
                let at = std::array::from_fn(|k| at[k] + j * self.repeat.strides[k]);
                body(Row { at, strides: self.row.strides, len });
            }
        });
    }
}
