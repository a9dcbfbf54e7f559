//! The order of a walk over several layouts of one shape: axes sorted by the first operand's strides, neighbours
//! merged where every operand allows it; and that walk cut into parts.

use smallvec::SmallVec;
use std::ops::Range;

/// A simplified common shape with the strides of `N` operands. The last axis is the row.
pub struct Plan<const N: usize> {
    axes: SmallVec<[Axis<N>; 4]>,
    numel: usize,
}

#[derive(Clone, Copy)]
struct Axis<const N: usize> {
    size: usize,
    strides: [usize; N],
}

impl<const N: usize> Plan<N> {
    /// For operands of one shape; `strides[0]` decides the order of the axes.
    pub fn new(shape: &[usize], strides: [&[usize]; N]) -> Self {
        if let Some(flat) = Self::flat(shape, strides) {
            return flat;
        }
        let mut axes: SmallVec<[Axis<N>; 4]> = SmallVec::new();
        let mut numel = 1;
        for (axis, &size) in shape.iter().enumerate() {
            numel *= size;
            if size != 1 {
                axes.push(Axis { size, strides: std::array::from_fn(|k| strides[k][axis]) });
            }
        }
        if numel == 0 {
            axes.clear();
        }
        // An insertion sort: few axes, mostly in order, and equal strides keep row-major order. Ties look at the inputs.
        for i in 1..axes.len() {
            for k in (1..=i).rev() {
                if axes[k - 1].strides >= axes[k].strides {
                    break;
                }
                axes.swap(k - 1, k);
            }
        }
        let mut merged: SmallVec<[Axis<N>; 4]> = SmallVec::new();
        for axis in axes {
            match merged.last_mut() {
                Some(outer) if (0..N).all(|k| outer.strides[k] == axis.strides[k] * axis.size) => {
                    *outer = Axis { size: outer.size * axis.size, strides: axis.strides };
                }
                _ => merged.push(axis),
            }
        }
        if merged.is_empty() {
            merged.push(Axis { size: numel, strides: [1; N] });
        }
        // The axis along which some operand's elements are neighbours comes next to the row, to be walked together with it.
        let last = merged.len() - 1;
        let strides = merged[last].strides;
        let near = |axis: &Axis<N>| (0..N).any(|k| axis.strides[k] == 1 && strides[k] > 1);
        if let Some(at) = merged[..last].iter().position(near) {
            merged[at..last].rotate_left(1);
        }
        Plan { axes: merged, numel }
    }

    /// The plan of the most common case: every operand is contiguous or stands still.
    #[inline]
    fn flat(shape: &[usize], strides: [&[usize]; N]) -> Option<Self> {
        let mut numel = 1;
        let mut row = [0; N];
        for axis in (0..shape.len()).rev() {
            let size = shape[axis];
            if size == 1 {
                continue;
            }
            for k in 0..N {
                let stride = strides[k][axis];
                match stride {
                    s if s == row[k] * numel && (s != 0 || numel != 1) => {}
                    0 if numel == 1 => {}
                    1 if numel == 1 => row[k] = 1,
                    _ => return None,
                }
            }
            numel *= size;
        }
        let mut axes = SmallVec::new();
        axes.push(Axis { size: numel, strides: if numel == 1 { [1; N] } else { row } });
        Some(Plan { axes, numel })
    }

    /// The elements of operand number `k`: axes along which it stands still count once.
    pub fn elements(&self, k: usize) -> usize {
        self.axes.iter().filter(|axis| axis.strides[k] > 0).map(|axis| axis.size).product()
    }

    /// The number of elements to visit.
    pub fn numel(&self) -> usize {
        self.numel
    }

    /// The tile that is all of a walk over a few elements, at equal distances, and at least one.
    #[inline]
    pub fn only_tile(&self, most: usize) -> Option<Tile<N>> {
        let [Axis { size, strides }] = self.axes[..] else { return None };
        let few = 0 < size && size <= most;
        few.then_some(Tile { offsets: [0; N], outer: [0; N], inner: strides, rows: 1, columns: size })
    }

    /// The order of a walk in parts of about `most` elements.
    pub fn tiles(&self, most: usize) -> Tiles<'_, N> {
        let last = self.axes.len() - 1;
        let inner = self.axes[last];
        let outer = if last > 0 { self.axes[last - 1] } else { Axis { size: 1, strides: [0; N] } };
        let most = most.max(1);
        // Where some operand lies the other way round, parts are as tall as reading it in runs asks for.
        let least = if outer.turned(&inner) { outer.size.min(TALL) } else { 1 };
        let columns = inner.size.min((most / least).max(SQUARE.min(most)));
        let rows = outer.size.min((most / columns).max(1));
        Tiles {
            shell: &self.axes[..last.saturating_sub(1)],
            outer,
            inner,
            rows,
            columns,
            across: inner.size.div_ceil(columns),
            down: outer.size.div_ceil(rows),
            all: self.numel / (inner.size * outer.size),
        }
    }
}

impl<const N: usize> Axis<N> {
    /// Whether some operand moves less along this axis than along the other, which is the row.
    fn turned(&self, row: &Self) -> bool {
        (0..N).any(|k| self.strides[k] > 0 && self.strides[k] < row.strides[k])
    }
}

/// Columns of the parts that a walk over operands of different orders is made of, at least.
const SQUARE: usize = 64;
/// Rows of these parts: what lies the other way round is read in runs of so many elements.
const TALL: usize = 256;

/// Rows and columns of the last two axes of a walk.
#[derive(Clone, Copy)]
pub struct Tile<const N: usize> {
    /// Of the first element.
    pub offsets: [usize; N],
    /// From row to row.
    pub outer: [usize; N],
    /// From column to column.
    pub inner: [usize; N],
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
}

impl<const N: usize> Tile<N> {
    /// Whether something holds at any of the elements, for their offsets.
    pub fn any(&self, holds: impl Fn([usize; N]) -> bool) -> bool {
        (0..self.rows).any(|row| {
            let start: [usize; N] = std::array::from_fn(|k| self.offsets[k] + row * self.outer[k]);
            (0..self.columns).any(|column| holds(std::array::from_fn(|k| start[k] + column * self.inner[k])))
        })
    }
}

/// A walk in parts: each is a [`Tile`] of the last two axes, at one place of the others.
pub struct Tiles<'a, const N: usize> {
    shell: &'a [Axis<N>],
    outer: Axis<N>,
    inner: Axis<N>,
    rows: usize,
    columns: usize,
    across: usize,
    down: usize,
    all: usize,
}

impl<const N: usize> Tiles<'_, N> {
    /// The number of parts.
    pub fn count(&self) -> usize {
        self.all * self.down * self.across
    }

    /// Elements of a part.
    pub fn size(&self) -> usize {
        self.rows * self.columns
    }

    /// Visits parts of a range.
    pub fn visit(&self, range: Range<usize>, tile: &(dyn Fn(&Tile<N>) + Sync)) {
        if range.is_empty() {
            return;
        }
        let (mut row, mut column) = (range.start / self.across % self.down, range.start % self.across);
        let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, self.shell.len());
        let mut base = [0; N];
        let mut rest = range.start / (self.across * self.down);
        for (axis, i) in self.shell.iter().zip(&mut index).rev() {
            *i = rest % axis.size;
            rest /= axis.size;
            for k in 0..N {
                base[k] += *i * axis.strides[k];
            }
        }
        let (outer, inner) = (self.outer.strides, self.inner.strides);
        for _ in range {
            let (top, left) = (row * self.rows, column * self.columns);
            tile(&Tile {
                offsets: std::array::from_fn(|k| base[k] + top * outer[k] + left * inner[k]),
                outer,
                inner,
                rows: self.rows.min(self.outer.size - top),
                columns: self.columns.min(self.inner.size - left),
            });
            column += 1;
            if column < self.across {
                continue;
            }
            (column, row) = (0, row + 1);
            if row < self.down {
                continue;
            }
            row = 0;
            for (axis, i) in self.shell.iter().zip(&mut index).rev() {
                *i += 1;
                for k in 0..N {
                    base[k] += axis.strides[k];
                }
                if *i < axis.size {
                    break;
                }
                for k in 0..N {
                    base[k] -= axis.size * axis.strides[k];
                }
                *i = 0;
            }
        }
    }
}
