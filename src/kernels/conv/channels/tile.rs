//! The inner kernel: tiles of positions and channels, held in registers while the taps of a block run by.

use std::ops::Range;

use super::super::super::float::Real;
use super::super::super::isa::{Isa, Simd};
use super::super::super::lanes::{Vector, transpose};
use super::steps::Step;
use super::{MOST, Places, REGISTERS, Task};

/// Positions of a full tile.
const fn tile_rows<S: Simd>() -> usize {
    match S::ISA {
        Isa::Portable => 4,
        Isa::Avx2 => 6,
        Isa::Avx512 | Isa::Amx => MOST,
    }
}

crate::vectorize! {
    /// All tiles of a task over one block of input channels. `kept` holds what is not finished between blocks; `ends` says
    /// whether this block is the first and the last.
    pub(super) fn tiles_of_task[S; R: Real](
        simd: S, task: &Task<'_, R>, fields: &[R], block: Range<usize>, kept: &mut [R], ends: (bool, bool)
    ) {
        let width = REGISTERS * <R::Vector<S> as Vector<R>>::LANES;
        let (all, [rows, columns]) = (task.geometry.depth(), task.size);
        let start = block.start * task.geometry.taps() * width;
        // Rows without gaps between them are one.
        let joined = task.pitch() == columns && !task.steps.differ();
        let (rows, columns) = if joined { (1, rows * columns) } else { (rows, columns) };
        let third = &task.geometry.windows[2];
        let ragged = task.geometry.output[2] > 0 && third.kernel == 3 && !joined && S::ISA == Isa::Avx512;
        let outside = |at: usize, tap: usize| ragged && third.element(task.origin[1] + at, tap).is_none();
        let height = columns.div_ceil(columns.div_ceil(tile_rows::<S>()));
        for row in 0..rows {
            let steps = task.steps.of_row(task.origin[0] + row, block.len());
            for column in (0..columns).step_by(height) {
                let count = height.min(columns - column);
                let registers = if count <= 7 && S::ISA == Isa::Avx512 { 2 * REGISTERS } else { REGISTERS };
                let span = registers / REGISTERS * width;
                let outside = (outside(column, 0), outside(column + count - 1, 2));
                for first in (0..task.channels).step_by(span) {
                    let at = row * columns + column;
                    let tile = Tile {
                        field: fields[row * task.pitch() + column..].as_ptr(),
                        steps,
                        panel: task.packed[first * all + start..].as_ptr(),
                        next_panel: all * width,
                        first,
                        kept: if kept.is_empty() { kept.as_mut_ptr() } else { kept[at * task.starts.len() + first * count..].as_mut_ptr() },
                        at,
                        size: (count, span.min(task.channels - first)),
                        ends,
                        outside,
                    };
                    // SAFETY: `Task::run` has checked that positions and offsets lie in the fields.
                    unsafe { tile_of_size::<S, R>(task, tile) }
                }
            }
        }
    }
}

/// A tile: some positions side by side, and channels that registers hold.
struct Tile<'a, R> {
    field: *const R,
    steps: &'a [Step],
    panel: *const R,
    /// Elements from one panel to the next.
    next_panel: usize,
    /// The first channel among the task's.
    first: usize,
    kept: *mut R,
    /// The first position among the task's.
    at: usize,
    /// Positions and channels.
    size: (usize, usize),
    ends: (bool, bool),
    /// Of three taps in a row, whether the first falls on padding at the first position, and the last at the last one.
    outside: (bool, bool),
}

/// Chooses the kernel with the fewest positions and registers that cover the tile.
///
/// # Safety
/// See [`one_tile`].
#[inline(always)]
unsafe fn tile_of_size<S: Simd, R: Real>(task: &Task<'_, R>, tile: Tile<'_, R>) {
    let lanes = <R::Vector<S> as Vector<R>>::LANES;
    // SAFETY: passed on from the caller.
    unsafe {
        match tile.size.1.div_ceil(lanes) {
            1 => tile_of_height::<S, R, 1>(task, tile),
            2 => tile_of_height::<S, R, 2>(task, tile),
            _ => match tile.size.0 {
                1 | 2 => one_tile::<R, R::Vector<S>, 2, 4>(task, tile),
                3 | 4 => one_tile::<R, R::Vector<S>, 4, 4>(task, tile),
                _ => one_tile::<R, R::Vector<S>, 7, 4>(task, tile),
            },
        }
    }
}

/// [`tile_of_size`] for a given number of registers.
///
/// # Safety
/// See [`one_tile`].
#[inline(always)]
unsafe fn tile_of_height<S: Simd, R: Real, const N: usize>(task: &Task<'_, R>, tile: Tile<'_, R>) {
    // SAFETY: passed on from the caller.
    unsafe {
        match tile.size.0 {
            1 | 2 => one_tile::<R, R::Vector<S>, 2, N>(task, tile),
            3 | 4 => one_tile::<R, R::Vector<S>, 4, N>(task, tile),
            5 | 6 if S::ISA != Isa::Portable => one_tile::<R, R::Vector<S>, 6, N>(task, tile),
            7 | 8 if S::ISA == Isa::Avx512 => one_tile::<R, R::Vector<S>, 8, N>(task, tile),
            9 | 10 if S::ISA == Isa::Avx512 => one_tile::<R, R::Vector<S>, 10, N>(task, tile),
            11 | 12 if S::ISA == Isa::Avx512 => one_tile::<R, R::Vector<S>, 12, N>(task, tile),
            13 | 14 if S::ISA == Isa::Avx512 => one_tile::<R, R::Vector<S>, 14, N>(task, tile),
            _ => unreachable!("no tile has as many positions"),
        }
    }
}

/// # Safety
/// `M` positions plus each offset must lie in the field; panels must hold a row for each offset; `kept` must have room for the
/// tile unless the block is first and last; the tile's positions and channels must be this thread's part of the output.
#[inline(always)]
unsafe fn one_tile<R: Real, V: Vector<R>, const M: usize, const N: usize>(task: &Task<'_, R>, tile: Tile<'_, R>) {
    // SAFETY: by the caller's word.
    unsafe {
        let mut sums: [[V; N]; M] = sum_taps(&tile);
        let (first, last) = tile.ends;
        let starts = task.starts.as_ptr().add(tile.first);
        for (i, sums) in sums.iter_mut().enumerate().take(tile.size.0) {
            for (n, sum) in sums.iter_mut().enumerate() {
                let kept = tile.kept.wrapping_add(i * N * V::LANES + n * V::LANES);
                *sum = sum.add(V::load(if first { starts.add(n * V::LANES) } else { kept }));
                if !last {
                    sum.store(kept);
                }
            }
        }
        if last {
            store_columns(task, &tile, &sums);
        }
    }
}

/// The sums of a tile over the taps of a block.
///
/// # Safety
/// See [`one_tile`].
#[inline(always)]
unsafe fn sum_taps<R: Real, V: Vector<R>, const M: usize, const N: usize>(tile: &Tile<'_, R>) -> [[V; N]; M] {
    // Full tiles alone, as only they are worth it, and small rows consist of them.
    if matches!((V::REGISTERS, M, N), (32, 14, 2) | (32, 7, 4)) && tile.size.0 == M {
        // SAFETY: by the caller's word.
        unsafe {
            match tile.outside {
                (true, true) => return sum_rows_of_three::<R, V, M, N, 1, 1>(tile),
                (true, false) => return sum_rows_of_three::<R, V, M, N, 1, 0>(tile),
                (false, true) => return sum_rows_of_three::<R, V, M, N, 0, 1>(tile),
                (false, false) => {}
            }
        }
    }
    let mut sums = [[V::splat(R::zero()); N]; M];
    for &step in tile.steps {
        // SAFETY: by the caller's word.
        unsafe { add_products(tile, step, &mut sums, 0, M) };
    }
    sums
}

/// [`sum_taps`] with three taps in a row, of which the first leaves out `LEFT` positions, and the last `RIGHT`.
///
/// # Safety
/// See [`one_tile`].
#[inline(always)]
unsafe fn sum_rows_of_three<
    R: Real,
    V: Vector<R>,
    const M: usize,
    const N: usize,
    const LEFT: usize,
    const RIGHT: usize,
>(
    tile: &Tile<'_, R>,
) -> [[V; N]; M] {
    let mut sums = [[V::splat(R::zero()); N]; M];
    for taps in tile.steps.chunks_exact(3) {
        // SAFETY: by the caller's word.
        unsafe {
            add_products(tile, taps[0], &mut sums, LEFT, M);
            add_products(tile, taps[1], &mut sums, 0, M);
            add_products(tile, taps[2], &mut sums, 0, M - RIGHT);
        }
    }
    sums
}

/// Adds the products of one tap at the positions `first..end`.
///
/// # Safety
/// See [`one_tile`].
#[inline(always)]
unsafe fn add_products<R: Real, V: Vector<R>, const M: usize, const N: usize>(
    tile: &Tile<'_, R>,
    step: Step,
    sums: &mut [[V; N]; M],
    first: usize,
    end: usize,
) {
    // SAFETY: by the caller's word.
    unsafe {
        let (field, panel) = (tile.field.add(step.field), tile.panel.add(step.weights));
        let weights: [V; N] =
            std::array::from_fn(|n| V::load(panel.add(n / REGISTERS * tile.next_panel + n % REGISTERS * V::LANES)));
        for i in first..end {
            let element = V::splat(*field.add(i));
            for n in 0..N {
                sums[i][n] = element.mul_add(weights[n], sums[i][n]);
            }
        }
    }
}

/// Writes the sums of a tile, whose rows are positions, to the planes of the output.
///
/// # Safety
/// The positions and channels of the tile must lie in the output and be this thread's.
#[inline(always)]
unsafe fn store_columns<R: Real, V: Vector<R>, const M: usize, const N: usize>(
    task: &Task<'_, R>,
    tile: &Tile<'_, R>,
    sums: &[[V; N]; M],
) {
    let (count, channels) = tile.size;
    let (Places { plane, steps: [row, step], .. }, columns) = (task.places, task.size[1]);
    let adjacent = step == 1 && (columns == row || tile.at % columns + count <= columns);
    // Divisions, so once for all channels.
    let mut places = [0; 16];
    for (i, place) in places.iter_mut().enumerate().take(if adjacent { 1 } else { count }) {
        let at = tile.at + i;
        *place = at / columns * row + at % columns * step;
    }
    for n in 0..N {
        for from in (0..count).step_by(V::LANES) {
            let mut rows = [V::splat(R::zero()); 16];
            for i in 0..V::LANES.min(M) {
                rows[i] = sums[(from + i).min(M - 1)][n];
            }
            transpose::<R, V>(&mut rows);
            let count = V::LANES.min(count - from);
            for (lane, values) in rows.iter().enumerate().take(V::LANES.min(channels.saturating_sub(n * V::LANES))) {
                let out = task.out.wrapping_add((tile.first + n * V::LANES + lane) * plane);
                // SAFETY: by the caller's word.
                unsafe {
                    if adjacent {
                        let to = out.add(places[0] + from);
                        if count == V::LANES { values.store(to) } else { values.store_first(to, count) }
                    } else {
                        let mut line = [R::zero(); 16];
                        values.store(line.as_mut_ptr());
                        for (i, &value) in line.iter().enumerate().take(count) {
                            *out.add(places[from + i]) = value;
                        }
                    }
                }
            }
        }
    }
}
