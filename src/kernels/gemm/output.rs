//! The output of a product: where its elements lie, what they hold before products are added, and what is done to them last.

use ndarray::ArrayViewMut2;
use num_traits::Zero;

use super::super::epilogue::{Activation, Epilogue, finish};
use super::super::float::Floating;

/// What the output holds before products are added.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a, T> {
    /// Nothing: the output is overwritten, whatever it held.
    Zero,
    /// What it holds, times this.
    Scaled(T),
    /// One number for each row.
    RowBias(&'a [T]),
    /// One number for each column.
    ColumnBias(&'a [T]),
}

impl<T: Floating> Start<'_, T> {
    /// The same start, `Zero` where the factor is 0.
    pub fn simplified(self) -> Self {
        match self {
            Start::Scaled(beta) if beta.to_acc().is_zero() => Start::Zero,
            other => other,
        }
    }

    /// The same for the transposed output.
    pub fn transposed(self) -> Self {
        match self {
            Start::RowBias(bias) => Start::ColumnBias(bias),
            Start::ColumnBias(bias) => Start::RowBias(bias),
            other => other,
        }
    }
}

/// What is done to elements when their sums are complete: a residual is added, an activation applied.
#[derive(Clone, Copy)]
pub struct Last<T> {
    /// The residual of the output's first element, the others laid out as the output is; null if there is none.
    residual: *const T,
    /// What comes after it.
    pub activation: Activation,
}

// SAFETY: residuals are only read.
unsafe impl<T: Sync> Sync for Last<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Send for Last<T> {}

impl<T: Floating> Last<T> {
    /// Nothing.
    pub const NONE: Last<T> = Last { residual: std::ptr::null(), activation: Activation::Identity };

    /// What an epilogue does after its bias. The residual has to outlive the result.
    pub fn of(epilogue: &Epilogue<'_, T>) -> Self {
        let residual = epilogue.residual.map_or(std::ptr::null(), <[T]>::as_ptr);
        Last { residual, activation: epilogue.activation }
    }

    /// Whether nothing is done.
    #[inline(always)]
    pub fn is_none(&self) -> bool {
        self.residual.is_null() && self.activation == Activation::Identity
    }

    /// Whether a residual is added.
    pub fn has_residual(&self) -> bool {
        !self.residual.is_null()
    }

    /// The address of a residual, if there is one, `offset` elements behind the first.
    #[inline(always)]
    fn residual(&self, offset: isize) -> Option<*const T> {
        if self.residual.is_null() { None } else { Some(self.residual.wrapping_offset(offset)) }
    }

    /// Finishes adjacent elements, the first of them `offset` elements behind the first of the output.
    ///
    /// # Safety
    /// The residual, if there is one, must be valid for reading in the same places.
    pub unsafe fn finish(&self, offset: isize, to: &mut [T]) {
        let residual = match self.residual(offset) {
            // SAFETY: by the caller's word.
            Some(start) => unsafe { std::slice::from_raw_parts(start, to.len()) },
            None => &[],
        };
        finish(residual, self.activation, to);
    }
}

/// The output: element (`i`, `j`) at `start + i * row + (j / span) * group + (j % span) * column`.
///
/// Columns in groups let one product cover a batch of images whose planes lie apart; a plain matrix is one group.
#[derive(Clone, Copy)]
pub struct Output<T> {
    /// The element (0, 0).
    pub start: *mut T,
    /// Elements from one row to the next.
    pub row: isize,
    /// Elements from one column to the next within a group.
    pub column: isize,
    /// Columns in a group.
    pub span: usize,
    /// Elements from one group of columns to the next.
    pub group: isize,
    /// What is done to complete sums.
    pub last: Last<T>,
    /// Whether whole lines may be written past the cache; see [`Output::streaming`].
    pub streams: bool,
}

// SAFETY: whoever shares an `Output` between threads writes disjoint tiles through it.
unsafe impl<T: Send + Sync> Sync for Output<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Send for Output<T> {}

impl<T: Floating> Output<T> {
    /// Rows of `columns` elements, one after the other.
    pub fn rows(start: *mut T, columns: usize) -> Self {
        Output {
            start,
            row: columns as isize,
            column: 1,
            span: columns.max(1),
            group: 0,
            last: Last::NONE,
            streams: false,
        }
    }

    /// A matrix with any strides.
    pub fn of(view: &mut ArrayViewMut2<'_, T>, last: Last<T>) -> Self {
        let &[row, column] = view.strides() else { unreachable!("two axes") };
        Output { start: view.as_mut_ptr(), row, column, span: view.ncols().max(1), group: 0, last, streams: false }
    }

    /// The same places, with nothing done to sums, as they are not complete yet.
    pub fn unfinished(self) -> Self {
        Output { last: Last::NONE, ..self }
    }

    /// The same, written past the cache, if rows begin where lines do and each element is written once: for an output that is, with
    /// all that is read, too large for the cache.
    pub fn streaming(self) -> Self {
        let aligned = |bytes: usize| bytes.is_multiple_of(64);
        let rows = self.column == 1 && aligned(self.row.unsigned_abs() * size_of::<T>()) && self.group == 0;
        Output { streams: rows && aligned(self.start.addr()) && self.last.is_none(), ..self }
    }

    /// How far behind the first an element lies.
    #[inline(always)]
    pub fn offset(&self, row: usize, column: usize) -> isize {
        let (group, column) = if column < self.span { (0, column) } else { (column / self.span, column % self.span) };
        row as isize * self.row + group as isize * self.group + column as isize * self.column
    }

    /// The address of an element.
    ///
    /// # Safety
    /// The element must lie in the output.
    #[inline(always)]
    pub unsafe fn at(&self, row: usize, column: usize) -> *mut T {
        // SAFETY: the caller vouches for the element.
        unsafe { self.start.offset(self.offset(row, column)) }
    }

    /// Whether `count` columns from `column` on are adjacent in memory.
    #[inline(always)]
    pub fn adjacent(&self, column: usize, count: usize) -> bool {
        self.column == 1 && (column + count <= self.span || column % self.span + count <= self.span)
    }
}

/// Finishes a part of the output whose sums are complete.
///
/// # Safety
/// The part of `size` at `origin` must lie in the output and be this thread's; the residual, if there is one, must be valid for
/// reading in the same places.
pub unsafe fn finish_part<T: Floating>(out: Output<T>, (row, column): (usize, usize), (height, width): (usize, usize)) {
    let (by_rows, by_columns) = (out.adjacent(column, width), out.row == 1);
    let (count, len) = match (by_rows, by_columns) {
        (true, _) => (height, width),
        (_, true) => (width, height),
        _ => (height * width, 1),
    };
    for at in 0..count {
        let offset = match (by_rows, by_columns) {
            (true, _) => out.offset(row + at, column),
            (_, true) => out.offset(row, column + at),
            _ => out.offset(row + at / width, column + at % width),
        };
        // SAFETY: by the caller's word; so many elements are adjacent.
        unsafe { out.last.finish(offset, std::slice::from_raw_parts_mut(out.start.offset(offset), len)) };
    }
}

/// Joins rows of complete sums, `width` wide, with the output, and finishes them.
///
/// # Safety
/// As for [`finish_part`]: the part at `origin` that has as many elements.
pub unsafe fn store_sums<T: Floating>(
    out: Output<T>,
    origin: (usize, usize),
    width: usize,
    start: Start<'_, T>,
    sums: &[T::Acc],
) {
    store_rows(out, origin, width, start, sums);
}

crate::vectorize! {
    /// The body of [`store_sums`], its only caller.
    fn store_rows[S; T: Floating](
        simd: S, out: Output<T>, origin: (usize, usize), width: usize, start: Start<'_, T>, sums: &[T::Acc]
    ) {
        for (i, row) in sums.chunks_exact(width).enumerate() {
            // SAFETY: by the caller's word.
            unsafe { store_row(out, (origin.0 + i, origin.1), start, row) };
        }
    }
}

/// [`store_sums`] for one row, for bodies of kernels.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn store_row<T: Floating>(
    out: Output<T>,
    (row, column): (usize, usize),
    start: Start<'_, T>,
    sums: &[T::Acc],
) {
    let run = if out.adjacent(column, sums.len()) { sums.len() } else { 1 };
    for (at, sums) in sums.chunks_exact(run).enumerate() {
        let column = column + at * run;
        let offset = out.offset(row, column);
        // SAFETY: by the caller's word; the elements of a run are adjacent.
        let to = unsafe { std::slice::from_raw_parts_mut(out.start.offset(offset), run) };
        match start {
            Start::Zero => to.iter_mut().zip(sums).for_each(|(to, &sum)| *to = T::from_acc(sum)),
            Start::Scaled(beta) => {
                let beta = beta.to_acc();
                to.iter_mut().zip(sums).for_each(|(to, &sum)| *to = T::from_acc(sum + to.to_acc() * beta));
            }
            Start::RowBias(bias) => {
                let bias = bias[row].to_acc();
                to.iter_mut().zip(sums).for_each(|(to, &sum)| *to = T::from_acc(sum + bias));
            }
            Start::ColumnBias(bias) => {
                for ((to, &sum), &bias) in to.iter_mut().zip(sums).zip(&bias[column..][..run]) {
                    *to = T::from_acc(sum + bias.to_acc());
                }
            }
        }
        if !out.last.is_none() {
            // SAFETY: by the caller's word.
            unsafe { out.last.finish(offset, to) };
        }
    }
}

/// The output and its start with elements named by their arithmetic type, if that is how they are stored.
pub fn as_real<'a, T: Floating>(start: Start<'a, T>, out: Output<T>) -> Option<(Start<'a, T::Acc>, Output<T::Acc>)> {
    if !T::IS_REAL {
        return None;
    }
    // SAFETY: `IS_REAL` says that `T` and `T::Acc` are one type.
    let bias = |bias: &'a [T]| unsafe { std::slice::from_raw_parts(bias.as_ptr().cast::<T::Acc>(), bias.len()) };
    let start = match start {
        Start::Zero => Start::Zero,
        Start::Scaled(beta) => Start::Scaled(beta.to_acc()),
        Start::RowBias(values) => Start::RowBias(bias(values)),
        Start::ColumnBias(values) => Start::ColumnBias(bias(values)),
    };
    let Output { row, column, span, group, last, streams, .. } = out;
    let last = Last { residual: last.residual.cast(), activation: last.activation };
    Some((start, Output { start: out.start.cast(), row, column, span, group, last, streams }))
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
