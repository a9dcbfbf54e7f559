//! The inner kernel: a tile of the output held in registers while the depth runs by.

use super::super::epilogue::{activated, limits};
use super::super::float::Real;
use super::super::isa::{Avx2, Avx512, Isa, Portable, Simd, isa};
use super::super::lanes::{Vector, prefetch, prefetch_far, transpose};
use super::output::{Output, Start, finish_part};

/// Registers of columns in a full tile.
const COLUMN_REGISTERS: usize = 2;

/// Registers of columns of a tile of a single row, where the right operand is read in memory,
const STRETCH: usize = 8;
/// and rows of this operand that are asked for ahead.
const ROWS_AHEAD: isize = 8;

/// Bytes of the left operand that all columns of a block go over at a time: a quarter of a 1 MB second-level cache.
const SLAB_BYTES: usize = 256 << 10;

/// Rows of a full tile: as many as leave room for one row of the right operand and one element of the left.
const fn tile_rows<S: Simd>() -> usize {
    match S::ISA {
        Isa::Portable => 4,
        Isa::Avx2 => 6,
        Isa::Avx512 | Isa::Amx => 14,
    }
}

/// Columns of a full tile.
const fn tile_columns<S: Simd, R: Real>() -> usize {
    COLUMN_REGISTERS * <R::Vector<S> as Vector<R>>::LANES
}

/// Rows and columns of a tile under the instruction set in use: the widths of left and right panels.
pub fn tile<R: Real>() -> (usize, usize) {
    match isa() {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Amx => (tile_rows::<Avx512>(), tile_columns::<Avx512, R>()),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => (tile_rows::<Avx2>(), tile_columns::<Avx2, R>()),
        _ => (tile_rows::<Portable>(), tile_columns::<Portable, R>()),
    }
}

/// The left operand of one block: packed panels, or elements where they lie.
#[derive(Clone, Copy)]
pub struct Left<R> {
    /// The first element.
    pub start: *const R,
    /// Elements from one row to the next within a panel.
    pub row: isize,
    /// Elements from one depth to the next.
    pub depth: isize,
    /// Elements from one panel to the next.
    pub panel: isize,
}

/// The right operand of one block: panels of adjacent columns, packed or where they lie.
#[derive(Clone, Copy)]
pub struct Right<R> {
    /// The first element.
    pub start: *const R,
    /// Elements from one depth to the next.
    pub depth: isize,
    /// Elements from one panel to the next.
    pub panel: isize,
}

/// A panel of a right operand.
#[derive(Clone, Copy)]
struct Panel<R> {
    /// The first element.
    start: *const R,
    /// Elements from one depth to the next.
    depth: isize,
    /// Elements from what is read to what is asked for.
    ahead: isize,
}

/// A block of the output and how products are joined with it.
#[derive(Clone, Copy)]
pub struct Block<'a, R> {
    /// The whole output.
    pub out: Output<R>,
    /// The first row and column of the block.
    pub origin: (usize, usize),
    /// Rows and columns of the block.
    pub size: (usize, usize),
    /// Steps of depth to sum over.
    pub depth: usize,
    /// Factor of the products.
    pub alpha: R,
    /// What the products are added to.
    pub start: Start<'a, R>,
}

/// Adds the product of `left` and `right` to a block of the output, and does what the output says that comes last.
///
/// # Safety
/// The panels must hold as many rows, columns and depths as `block` says, each right panel as many columns as a full tile
/// or, in the last one, as the registers that cover its columns; biases are indexed by the position in the whole output. A
/// residual must be valid for reading where the block is. No other thread may touch the block.
pub unsafe fn multiply_block<R: Real>(block: Block<'_, R>, left: Left<R>, right: Right<R>) {
    tiles_of_block(block, left, right);
}

crate::vectorize! {
    /// The body of [`multiply_block`], its only caller.
    fn tiles_of_block[S; R: Real](simd: S, block: Block<'_, R>, left: Left<R>, right: Right<R>) {
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        let (rows, columns) = (tile_rows::<S>(), tile_columns::<S, R>());
        // Rows of an operand in memory lie far apart, and the processor does not see them coming: the columns of the next tile are
        // asked for while those of this one go over their first rows.
        let next = if right.depth == columns as isize { 0 } else { right.panel };
        // A single row goes over long stretches of rows in memory, a few of which are under way to the cache at a time.
        let mut alone = 0;
        if block.size.0 == 1 && next != 0 && right.panel == columns as isize {
            // SAFETY: so many panels lie side by side in the operand by the word of `multiply_block`'s caller.
            alone = unsafe {
                let alone = stretches::<S, R, STRETCH>(block, left, right, 0);
                stretches::<S, R, { STRETCH / 2 }>(block, left, right, alone)
            };
        }
        // All columns go over some rows before the next rows come: these rows stay in the second-level cache meanwhile.
        let slab = (SLAB_BYTES / size_of::<R>() / block.depth.max(1)).next_multiple_of(rows);
        for top in (0..block.size.0).step_by(slab) {
            for j in (alone..block.size.1).step_by(columns) {
                let width = columns.min(block.size.1 - j);
                let right_panel = right.start.wrapping_offset((j / columns) as isize * right.panel);
                for i in (top..block.size.0.min(top + slab)).step_by(rows) {
                    let height = rows.min(block.size.0 - i);
                    let start = left.start.wrapping_offset((i / rows) as isize * left.panel);
                    let left_panel = Left { start, ..left };
                    let origin = (block.origin.0 + i, block.origin.1 + j);
                    let tile = Block { origin, size: (height, width), ..block };
                    let ahead = if i == top { next } else { 0 };
                    let right = Panel { start: right_panel, depth: right.depth, ahead };
                    // SAFETY: the panels start inside the operands by the word of `multiply_block`'s caller.
                    unsafe {
                        if width <= lanes {
                            tile_of_height::<S, R, 1>(tile, left_panel, right);
                        } else {
                            tile_of_height::<S, R, COLUMN_REGISTERS>(tile, left_panel, right);
                        }
                    }
                }
            }
        }
    }
}

/// A single row times columns from `alone` on, by tiles of `N` registers as far as they go; returns how far that is.
///
/// # Safety
/// The right operand must lie in memory, its panels side by side, and hold the columns.
#[inline(always)]
unsafe fn stretches<S: Simd, R: Real, const N: usize>(
    block: Block<'_, R>,
    left: Left<R>,
    right: Right<R>,
    mut alone: usize,
) -> usize {
    let stretch = N * <R::Vector<S> as Vector<R>>::LANES;
    while alone + stretch <= block.size.1 && block.out.adjacent(block.origin.1 + alone, stretch) {
        let origin = (block.origin.0, block.origin.1 + alone);
        let start = right.start.wrapping_add(alone);
        let panel = Panel { start, depth: right.depth, ahead: ROWS_AHEAD * right.depth };
        // SAFETY: by the caller's word.
        unsafe { one_tile::<S, R, 1, N>(Block { origin, size: (1, stretch), ..block }, left, panel) };
        alone += stretch;
    }
    alone
}

/// Chooses the kernel with the fewest rows that cover the tile.
#[inline(always)]
unsafe fn tile_of_height<S: Simd, R: Real, const N: usize>(tile: Block<'_, R>, left: Left<R>, right: Panel<R>) {
    // SAFETY: this function only passes its arguments on.
    unsafe {
        match tile.size.0 {
            1 => one_tile::<S, R, 1, N>(tile, left, right),
            2 => one_tile::<S, R, 2, N>(tile, left, right),
            3 | 4 => one_tile::<S, R, 4, N>(tile, left, right),
            5 | 6 if S::ISA != Isa::Portable => one_tile::<S, R, 6, N>(tile, left, right),
            7 | 8 if S::ISA == Isa::Avx512 => one_tile::<S, R, 8, N>(tile, left, right),
            9..=11 if S::ISA == Isa::Avx512 => one_tile::<S, R, 11, N>(tile, left, right),
            12..=14 if S::ISA == Isa::Avx512 => one_tile::<S, R, 14, N>(tile, left, right),
            _ => unreachable!("no tile has as many rows"),
        }
    }
}

/// One tile of up to `M` rows and `N` registers of columns.
#[inline(always)]
unsafe fn one_tile<S: Simd, R: Real, const M: usize, const N: usize>(
    tile: Block<'_, R>,
    left: Left<R>,
    right: Panel<R>,
) {
    // The output comes from afar while the depth runs by, unless it is written without being read.
    for i in 0..if tile.out.streams { 0 } else { tile.size.0 } {
        // SAFETY: the row lies in the output.
        let row = unsafe { tile.out.at(tile.origin.0 + i, tile.origin.1) };
        prefetch(row, if tile.out.column == 1 { tile.size.1 } else { 1 });
    }
    // SAFETY: by the caller's word the operands hold what is read.
    let sums: [[R::Vector<S>; N]; M] = unsafe {
        if left.row == 1 && left.depth == tile_rows::<S>() as isize {
            let depth = tile_rows::<S>() as isize;
            sum_products(tile.depth, std::array::from_fn(|i| left.start.wrapping_add(i)), depth, right)
        } else {
            // Rows beyond the tile's last read the last again; what they give is not stored.
            let last = tile.size.0 - 1;
            let row = |i: usize| left.start.wrapping_offset(i.min(last) as isize * left.row);
            sum_products(tile.depth, std::array::from_fn(row), left.depth, right)
        }
    };
    let width = N * <R::Vector<S> as Vector<R>>::LANES;
    // SAFETY: the tile is this thread's.
    unsafe {
        let last = tile.out.last;
        let whole = tile.size.1 == width && tile.out.adjacent(tile.origin.1, width);
        if !last.is_none() && !last.has_residual() && whole {
            let rows = sums;
            return store_activated(tile, rows.as_ptr().cast());
        }
        store_tile(tile, &sums);
        if !last.is_none() {
            finish_part(tile.out, tile.origin, tile.size);
        }
    }
}

/// The sums over depth of products of a column of `M` and a row of `N` registers.
#[inline(always)]
unsafe fn sum_products<R: Real, V: Vector<R>, const M: usize, const N: usize>(
    depth: usize,
    rows: [*const R; M],
    left_step: isize,
    right: Panel<R>,
) -> [[V; N]; M] {
    let mut sums = [[V::splat(R::zero()); N]; M];
    let (mut left_at, mut right_at) = (0, right.start);
    for _ in 0..depth {
        // SAFETY: position `depth` lies in both operands.
        unsafe {
            let mut row = [V::splat(R::zero()); N];
            for (j, register) in row.iter_mut().enumerate() {
                *register = V::load(right_at.add(j * V::LANES));
            }
            prefetch_far(right_at.wrapping_offset(right.ahead + V::LANES as isize - 1), N * V::LANES);
            for i in 0..M {
                let element = V::splat(*rows[i].offset(left_at));
                for j in 0..N {
                    sums[i][j] = element.mul_add(row[j], sums[i][j]);
                }
            }
        }
        left_at += left_step;
        right_at = right_at.wrapping_offset(right.depth);
    }
    sums
}

/// Joins the sums of a tile with the output.
#[inline(always)]
unsafe fn store_tile<R: Real, V: Vector<R>, const M: usize, const N: usize>(tile: Block<'_, R>, sums: &[[V; N]; M]) {
    let ((row, column), (height, width)) = (tile.origin, tile.size);
    if width == N * V::LANES && tile.out.adjacent(column, width) {
        for (i, sums) in sums.iter().enumerate().take(height) {
            for (j, &sum) in sums.iter().enumerate() {
                let lane = column + j * V::LANES;
                // SAFETY: the row and these lanes lie in the tile, which is this thread's, and the lanes are adjacent; a bias
                // has an element for every row or column. Rows and tiles of an output that streams begin where lines do.
                unsafe {
                    let to = tile.out.at(row + i, column).add(j * V::LANES);
                    let sum = join(tile, (row + i, lane), sum, to, |from| V::load(from));
                    if tile.out.streams { sum.stream(to) } else { sum.store(to) }
                }
            }
        }
        return;
    }
    if tile.out.row == 1 && height > 1 {
        let rows = *sums;
        return store_turned(tile, rows.as_ptr().cast(), N * V::LANES);
    }
    for (i, sums) in sums.iter().enumerate().take(height) {
        let mut line = [R::zero(); 64];
        for (j, &sum) in sums.iter().enumerate() {
            // SAFETY: a row of a tile has at most 32 elements.
            unsafe { sum.mul(V::splat(tile.alpha)).store(line.as_mut_ptr().add(j * V::LANES)) };
        }
        for (j, &sum) in line.iter().enumerate().take(width) {
            // SAFETY: row and column lie in the tile.
            unsafe {
                let to = tile.out.at(row + i, column + j);
                *to = match tile.start {
                    Start::Zero => sum,
                    Start::Scaled(beta) => sum + *to * beta,
                    Start::RowBias(bias) => sum + bias[row + i],
                    Start::ColumnBias(bias) => sum + bias[column + j],
                };
            }
        }
    }
}

/// What a register of the output at `to` becomes with these sums; `load` reads as many lanes as there are.
///
/// # Safety
/// These lanes must lie in the output, and a bias have an element for every row or column.
#[inline(always)]
unsafe fn join<R: Real, V: Vector<R>>(
    tile: Block<'_, R>,
    (row, column): (usize, usize),
    sum: V,
    to: *const R,
    load: impl Fn(*const R) -> V,
) -> V {
    let alpha = V::splat(tile.alpha);
    // SAFETY: by the caller's word.
    unsafe {
        match tile.start {
            Start::Zero => sum.mul(alpha),
            Start::Scaled(beta) => sum.mul_add(alpha, load(to).mul(V::splat(beta))),
            Start::RowBias(bias) => sum.mul_add(alpha, V::splat(*bias.get_unchecked(row))),
            Start::ColumnBias(bias) => sum.mul_add(alpha, load(bias.as_ptr().add(column))),
        }
    }
}

crate::vectorize! {
    /// [`store_tile`] for rows of sums in memory, each as wide as the tile and adjacent in the output, and an activation; for
    /// [`one_tile`] alone. One function for tiles of all sizes, as it is seldom called and would be large in each.
    fn store_activated[S; R: Real](simd: S, tile: Block<'_, R>, sums: *const R) {
        let ((row, column), (height, width)) = (tile.origin, tile.size);
        let limits = limits::<R, R::Vector<S>>(tile.out.last.activation);
        for i in 0..height {
            for lane in (0..width).step_by(<R::Vector<S> as Vector<R>>::LANES) {
                // SAFETY: the row and these lanes lie in the tile, which is the caller's, and are adjacent.
                unsafe {
                    let to = tile.out.at(row + i, column).add(lane);
                    let sum = <R::Vector<S> as Vector<R>>::load(sums.add(i * width + lane));
                    let load = |from| <R::Vector<S> as Vector<R>>::load(from);
                    activated(join(tile, (row + i, column + lane), sum, to, load), limits).store(to);
                }
            }
        }
    }
}

crate::vectorize! {
    /// [`store_tile`] for an output whose columns are adjacent: rows of sums in memory, `stride` apart, become columns by registers.
    /// For [`store_tile`] alone; one function for tiles of all sizes.
    fn store_turned[S; R: Real](simd: S, tile: Block<'_, R>, sums: *const R, stride: usize) {
        let ((row, column), (height, width)) = (tile.origin, tile.size);
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        let turned = Block { start: tile.start.transposed(), ..tile };
        for left in (0..width).step_by(lanes) {
            for top in (0..height).step_by(lanes) {
                let count = lanes.min(height - top);
                let mut square = [<R::Vector<S> as Vector<R>>::splat(R::zero()); 16];
                // SAFETY: rows, columns and biases lie in the tile, which is the caller's; its columns are adjacent.
                unsafe {
                    for (i, register) in square.iter_mut().enumerate().take(count) {
                        *register = <R::Vector<S> as Vector<R>>::load(sums.add((top + i) * stride + left));
                    }
                    transpose::<R, R::Vector<S>>(&mut square);
                    for (j, &sum) in square.iter().enumerate().take(lanes.min(width - left)) {
                        let to = tile.out.at(row + top, column + left + j);
                        // Its lanes are rows, so that biases of rows are those of lanes.
                        let place = (column + left + j, row + top);
                        let value = join(turned, place, sum, to, |from| {
                            <R::Vector<S> as Vector<R>>::load_part(from, 0..count)
                        });
                        if count == lanes { value.store(to) } else { value.store_first(to, count) }
                    }
                }
            }
        }
    }
}
