//! The inner kernel: tiles of positions and channels, held in registers while the taps of a block run by.

use std::ops::Range;

use super::super::super::float::Real;
use super::super::super::isa::{Isa, Simd};
use super::super::super::lanes::{Vector, prefetch_far, transpose};
use super::runs::Runs;
use super::steps::Step;
use super::{MOST, Places, REGISTERS, RUN, Task};

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
        simd: S, task: &Task<'_, R>, runs: &Runs, fields: &[R], block: Range<usize>, kept: &mut [R], ends: (bool, bool)
    ) {
        let width = REGISTERS * <R::Vector<S> as Vector<R>>::LANES;
        let (all, len) = (task.depth, runs.len);
        let start = (task.first + block.start * task.geometry.taps()) * width;
        let third = &task.geometry.windows[2];
        let ragged = third.kernel == 3 && !runs.joined && S::ISA == Isa::Avx512;
        let outside = |at: usize, tap: usize| ragged && third.element(task.origin[1] + at, tap).is_none();
        let height = len.div_ceil(len.div_ceil(tile_rows::<S>()));
        for group in (0..task.channels).step_by(task.plan.together * width) {
            let end = (group + task.plan.together * width).min(task.channels);
            let (mut number, mut at) = (0, 0);
            while number < runs.all.len() {
                let run = runs.all[number];
                let next = runs.all.get(number + 1).filter(|next| {
                    runs.paired && task.steps.list(next.row) == task.steps.list(run.row)
                });
                for column in (0..len).step_by(height) {
                    let count = height.min(len - column);
                    let registers = if count <= RUN && S::ISA == Isa::Avx512 && next.is_none() { 2 * REGISTERS } else { REGISTERS };
                    let span = registers / REGISTERS * width;
                    let outside = (outside(column, 0), outside(column + count - 1, 2));
                    let positions = if next.is_some() { 2 * count } else { count };
                    for first in (group..end).step_by(span) {
                        let kept_at = at * task.starts.len() + first * positions;
                        // Once for all channels.
                        let ahead = if first == 0 { task.ahead.of(fields[run.field + column..].as_ptr(), block.start, at) } else { (fields.as_ptr(), 0) };
                        let tile = Tile {
                            ahead,
                            field: fields[run.field + column..].as_ptr(),
                            second: next.map_or(0, |next| next.field - run.field),
                            steps: task.steps.of_row(run.row, block.len()),
                            panel: task.packed[first * all + start..].as_ptr(),
                            next_panel: all * width,
                            first,
                            kept: if kept.is_empty() { kept.as_mut_ptr() } else { kept[kept_at..].as_mut_ptr() },
                            at: column,
                            out: [run.out, next.map_or(run.out, |next| next.out)],
                            size: (count, span.min(end - first)),
                            ends,
                            outside,
                        };
                        // SAFETY: `Task::run` has checked that positions and offsets lie in the fields.
                        unsafe {
                            if S::ISA == Isa::Avx512 && next.is_some() {
                                one_tile::<R, R::Vector<S>, MOST, REGISTERS, true>(task, tile);
                            } else {
                                tile_of_size::<S, R>(task, tile);
                            }
                        }
                    }
                    at += positions;
                }
                number += if next.is_some() { 2 } else { 1 };
            }
        }
    }
}

/// A tile: some positions side by side, and channels that registers hold.
struct Tile<'a, R> {
    /// What is asked for while the taps run by: an address for the first, and elements from one to the next.
    ahead: (*const R, usize),
    field: *const R,
    /// Elements from one run to the next, if there are two.
    second: usize,
    steps: &'a [Step],
    panel: *const R,
    /// Elements from one panel to the next.
    next_panel: usize,
    /// The first channel among the task's.
    first: usize,
    kept: *mut R,
    /// The first position of the run, and where runs lie in the output.
    at: usize,
    out: [usize; 2],
    /// Positions (of a run) and channels.
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
                1 | 2 => one_tile::<R, R::Vector<S>, 2, 4, false>(task, tile),
                3 | 4 => one_tile::<R, R::Vector<S>, 4, 4, false>(task, tile),
                _ => one_tile::<R, R::Vector<S>, 7, 4, false>(task, tile),
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
            1 | 2 => one_tile::<R, R::Vector<S>, 2, N, false>(task, tile),
            3 | 4 => one_tile::<R, R::Vector<S>, 4, N, false>(task, tile),
            5 | 6 if S::ISA != Isa::Portable => one_tile::<R, R::Vector<S>, 6, N, false>(task, tile),
            7 | 8 if S::ISA == Isa::Avx512 => one_tile::<R, R::Vector<S>, 8, N, false>(task, tile),
            9 | 10 if S::ISA == Isa::Avx512 => one_tile::<R, R::Vector<S>, 10, N, false>(task, tile),
            11 | 12 if S::ISA == Isa::Avx512 => one_tile::<R, R::Vector<S>, 12, N, false>(task, tile),
            13 | 14 if S::ISA == Isa::Avx512 => one_tile::<R, R::Vector<S>, 14, N, false>(task, tile),
            _ => unreachable!("no tile has as many positions"),
        }
    }
}

/// # Safety
/// `M` positions plus each offset must lie in the field; panels must hold a row for each offset; `kept` must have room for the
/// tile unless the block is first and last; the tile's positions and channels must be this thread's part of the output.
#[inline(always)]
unsafe fn one_tile<R: Real, V: Vector<R>, const M: usize, const N: usize, const TWO: bool>(
    task: &Task<'_, R>,
    tile: Tile<'_, R>,
) {
    // SAFETY: by the caller's word.
    unsafe {
        let mut sums: [[V; N]; M] = sum_taps::<R, V, M, N, TWO>(&tile);
        let positions = if TWO { M } else { tile.size.0 };
        let (first, last) = tile.ends;
        let starts = task.starts.as_ptr().add(tile.first);
        for (i, sums) in sums.iter_mut().enumerate().take(positions) {
            for (n, sum) in sums.iter_mut().enumerate() {
                let kept = tile.kept.wrapping_add(i * N * V::LANES + n * V::LANES);
                *sum = sum.add(V::load(if first { starts.add(n * V::LANES) } else { kept }));
                if !last {
                    sum.store(kept);
                }
            }
        }
        if last && TWO {
            store_columns::<R, V, N>(task, &tile, tile.out[0], &sums[..M / 2]);
            store_columns::<R, V, N>(task, &tile, tile.out[1], &sums[M / 2..]);
        } else if last {
            store_columns::<R, V, N>(task, &tile, tile.out[0], &sums);
        }
    }
}

/// The sums of a tile over the taps of a block.
///
/// # Safety
/// See [`one_tile`].
#[inline(always)]
unsafe fn sum_taps<R: Real, V: Vector<R>, const M: usize, const N: usize, const TWO: bool>(
    tile: &Tile<'_, R>,
) -> [[V; N]; M] {
    // Full tiles alone, as only they are worth it, and small rows consist of them.
    if matches!((V::REGISTERS, M, N), (32, 14, 2) | (32, 7, 4)) && (TWO || tile.size.0 == M) {
        // SAFETY: by the caller's word.
        unsafe {
            match tile.outside {
                (true, true) => return sum_rows_of_three::<R, V, M, N, TWO, true, true>(tile),
                (true, false) => return sum_rows_of_three::<R, V, M, N, TWO, true, false>(tile),
                (false, true) => return sum_rows_of_three::<R, V, M, N, TWO, false, true>(tile),
                (false, false) => {}
            }
        }
    }
    let mut sums = [[V::splat(R::zero()); N]; M];
    for (number, &step) in tile.steps.iter().enumerate() {
        prefetch_far(tile.ahead.0.wrapping_add(number * tile.ahead.1), 1);
        // SAFETY: by the caller's word.
        unsafe { add_products::<R, V, M, N, TWO, false, false>(tile, step, &mut sums) };
    }
    sums
}

/// [`sum_taps`] with three taps in a row, of which the first falls on padding at the first position of a run (`LEFT`), or the last
/// at the last one (`RIGHT`).
///
/// # Safety
/// See [`one_tile`].
#[inline(always)]
unsafe fn sum_rows_of_three<
    R: Real,
    V: Vector<R>,
    const M: usize,
    const N: usize,
    const TWO: bool,
    const LEFT: bool,
    const RIGHT: bool,
>(
    tile: &Tile<'_, R>,
) -> [[V; N]; M] {
    let mut sums = [[V::splat(R::zero()); N]; M];
    for taps in tile.steps.chunks_exact(3) {
        // SAFETY: by the caller's word.
        unsafe {
            add_products::<R, V, M, N, TWO, LEFT, false>(tile, taps[0], &mut sums);
            add_products::<R, V, M, N, TWO, false, false>(tile, taps[1], &mut sums);
            add_products::<R, V, M, N, TWO, false, RIGHT>(tile, taps[2], &mut sums);
        }
    }
    sums
}

/// Adds the products of one tap at all positions but the first or the last one of each run.
///
/// # Safety
/// See [`one_tile`].
#[inline(always)]
unsafe fn add_products<
    R: Real,
    V: Vector<R>,
    const M: usize,
    const N: usize,
    const TWO: bool,
    const FIRST: bool,
    const LAST: bool,
>(
    tile: &Tile<'_, R>,
    step: Step,
    sums: &mut [[V; N]; M],
) {
    let run = if TWO { M / 2 } else { M };
    // SAFETY: by the caller's word.
    unsafe {
        let (field, panel) = (tile.field.add(step.field), tile.panel.add(step.weights));
        let second = field.wrapping_add(tile.second);
        let weights: [V; N] =
            std::array::from_fn(|n| V::load(panel.add(n / REGISTERS * tile.next_panel + n % REGISTERS * V::LANES)));
        for i in 0..M {
            if FIRST && i % run == 0 || LAST && i % run == run - 1 {
                continue;
            }
            let element = V::splat(if i < run { *field.add(i) } else { *second.add(i - run) });
            for n in 0..N {
                sums[i][n] = element.mul_add(weights[n], sums[i][n]);
            }
        }
    }
}

/// Writes the sums of a run of a tile, whose rows are positions, to the planes of the output, from the place `out` on.
///
/// # Safety
/// The positions and channels of the tile must lie in the output and be this thread's.
#[inline(always)]
unsafe fn store_columns<R: Real, V: Vector<R>, const N: usize>(
    task: &Task<'_, R>,
    tile: &Tile<'_, R>,
    out: usize,
    sums: &[[V; N]],
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
            for (i, row) in rows.iter_mut().enumerate().take(V::LANES.min(sums.len())) {
                *row = sums[(from + i).min(sums.len() - 1)][n];
            }
            transpose::<R, V>(&mut rows);
            let count = V::LANES.min(count - from);
            for (lane, values) in rows.iter().enumerate().take(V::LANES.min(channels.saturating_sub(n * V::LANES))) {
                let out = task.out.wrapping_add(out + (tile.first + n * V::LANES + lane) * plane);
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
