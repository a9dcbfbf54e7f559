//! Weight gradients of pointwise convolutions with few channels: registers hold positions.
//!
//! Both operands of this product have their depth, the positions, side by side, and few lanes: turning them around for the general
//! kernel would cost as much as a good part of the product. So they are read where they lie: a tile of sums is a register for
//! each of some output and input channels, lanes of which are positions, and the lanes are added at the end of a block.

use std::ops::Range;

use super::super::float::{Floating, Real};
use super::super::gemm::kernel::tile;
use super::super::isa::{Isa, isa};
use super::super::lanes::Vector;
use super::super::parallel;
use super::super::scratch::with_scratch;
use super::Geometry;
use crate::shape::window::Window;

/// Output and input channels of a tile. The instruction sets that this is for have as many registers, and 8 or 16 lanes of `f32`.
const ROWS: usize = 4;
const COLUMNS: usize = 4;
/// Positions of a block, of one image or of several, at least and at most: a few channels of them stay in a first-level cache, and
/// adding lanes costs little beside them.
const POSITIONS: (usize, usize) = (512, 1024);
/// Positions of an image, at least, so that its last register is not much of it.
const OF_IMAGE: usize = 96;
/// Parts of all blocks that are summed apart.
const PARTS: usize = 16;
/// What turning a number around costs, in multiply-adds of registers, and the least share of the product for which it is spared.
const TURNING: usize = 12;
const LEAST_SHARE: (usize, usize) = (1, 9);
/// Weights, at most, whose sums are kept for each part.
const WEIGHTS: usize = 64 << 10;

/// Whether [`gradient`] is the way to go for a flattened geometry.
pub fn fits<T: Floating>(geometry: &Geometry) -> bool {
    let (outputs, inputs) = (geometry.group_out(), geometry.group_in());
    let turning = TURNING * (outputs + inputs) * LEAST_SHARE.1 >= LEAST_SHARE.0 * outputs * inputs;
    let sums = outputs.next_multiple_of(ROWS) * inputs.next_multiple_of(COLUMNS);
    let wide = matches!(isa(), Isa::Avx512 | Isa::Amx) && tile::<T::Acc>().1 == 2 * ROWS * COLUMNS;
    let whole = geometry.windows.iter().all(Window::is_pointwise) && geometry.positions() == geometry.plane();
    let deep = geometry.positions() >= OF_IMAGE && geometry.batch * geometry.positions() >= POSITIONS.0;
    T::IS_REAL && wide && whole && deep && turning && sums <= WEIGHTS
}

/// `dw: [group_out, group_in]` of a group from the input and output gradients of a flattened geometry that this [`fits`].
pub fn gradient<T: Floating>(geometry: &Geometry, group: usize, g: &[T], x: &[T], dw: &mut [T]) {
    assert!(T::IS_REAL && geometry.taps() == 1 && geometry.positions() == geometry.plane());
    let (outputs, inputs, positions) = (geometry.group_out(), geometry.group_in(), geometry.positions());
    let tiles = [outputs.div_ceil(ROWS), inputs.div_ceil(COLUMNS)];
    let sums = tiles[0] * tiles[1] * ROWS * COLUMNS;
    // A block is some images, or an equal part of one; a part is some blocks that follow each other.
    let per_image = positions.div_ceil(POSITIONS.1).max(1);
    let size = positions.div_ceil(per_image).next_multiple_of(ROWS * COLUMNS);
    let images = (POSITIONS.1 / positions.max(1)).max(1);
    let blocks = geometry.batch.div_ceil(images) * per_image;
    let share = blocks.div_ceil(PARTS).max(1);
    let parts = blocks.div_ceil(share).max(1);
    with_scratch::<T::Acc, _>(parts * sums, |all| {
        // A task is a row of tiles of a part.
        let row = tiles[1] * ROWS * COLUMNS;
        parallel::for_each_chunk_mut(all, row, share * images * size, |task, sums| {
            let (part, top) = (task / tiles[0], task % tiles[0] * ROWS);
            sums.fill(T::Acc::from_usize(0));
            for block in (part * share..(part + 1) * share).take_while(|&block| block < blocks) {
                let (image, first) = (block / per_image * images, block % per_image * size);
                let planes = |numbers: &[T], all: usize, first: usize, count: usize| Planes {
                    numbers: numbers[(image * all + first) * positions..].as_ptr(),
                    count,
                    image: all * positions,
                };
                let block = Block {
                    g: planes(g, geometry.out_channels, group * outputs + top, ROWS.min(outputs - top)),
                    x: planes(x, geometry.in_channels, group * inputs, inputs),
                    plane: positions,
                    images: images.min(geometry.batch - image),
                    positions: first..(first + size).min(positions),
                };
                // SAFETY: the planes of these images lie in the tensors.
                unsafe { add_products(&block, sums) };
            }
        });
        let all = &*all;
        parallel::for_each_chunk_mut(dw, inputs, parts, |row, dw| {
            for (column, to) in dw.iter_mut().enumerate() {
                let tile = row / ROWS * tiles[1] + column / COLUMNS;
                let at = tile * ROWS * COLUMNS + row % ROWS * COLUMNS + column % COLUMNS;
                *to = T::from_acc(all.chunks_exact(sums).map(|sums| sums[at]).sum());
            }
        });
    });
}

/// Planes of some channels of each image.
struct Planes<T> {
    /// The first one of the first image.
    numbers: *const T,
    /// Channels.
    count: usize,
    /// Elements from one image to the next.
    image: usize,
}

/// Some positions of some images.
struct Block<T> {
    g: Planes<T>,
    x: Planes<T>,
    /// Elements of a plane.
    plane: usize,
    images: usize,
    positions: Range<usize>,
}

/// Adds the products of all pairs of planes, at most [`ROWS`] of the output gradients, to their tiles.
///
/// # Safety
/// The planes of all images must be there, and the positions lie in them.
unsafe fn add_products<T: Floating>(block: &Block<T>, sums: &mut [T::Acc]) {
    assert!(T::IS_REAL && (1..=ROWS).contains(&block.g.count));
    assert!(block.positions.start <= block.positions.end && block.positions.end <= block.plane);
    products_of_tiles(block, sums);
}

crate::vectorize! {
    /// The body of [`add_products`], its only caller.
    fn products_of_tiles[S; T: Floating](simd: S, block: &Block<T>, sums: &mut [T::Acc]) {
        let lanes = <<T::Acc as Real>::Vector<S> as Vector<T::Acc>>::LANES;
        let Range { start, end } = block.positions;
        let whole = start + (end - start) / lanes * lanes;
        let mut tiles = sums.chunks_exact_mut(ROWS * COLUMNS);
        for left in (0..block.x.count).step_by(COLUMNS) {
            let zero = <<T::Acc as Real>::Vector<S> as Vector<T::Acc>>::splat(T::Acc::from_usize(0));
            let mut tile = [zero; ROWS * COLUMNS];
            for image in 0..block.images {
                // Beyond the last plane it is read again; what it gives is not used.
                let mut rows = [block.g.numbers.cast::<T::Acc>(); ROWS];
                for i in 0..ROWS {
                    let plane = i.min(block.g.count - 1);
                    rows[i] = rows[i].wrapping_add(image * block.g.image + plane * block.plane);
                }
                let mut columns = [block.x.numbers.cast::<T::Acc>(); COLUMNS];
                for j in 0..COLUMNS {
                    let plane = (left + j).min(block.x.count - 1);
                    columns[j] = columns[j].wrapping_add(image * block.x.image + plane * block.plane);
                }
                let mut at = start;
                while at < end {
                    let mut values = [zero; COLUMNS];
                    // SAFETY: `IS_REAL` makes both types one, and the positions lie in the planes.
                    unsafe {
                        for j in 0..COLUMNS {
                            let from = columns[j].add(at);
                            values[j] =
                                if at < whole { Vector::load(from) } else { Vector::load_part(from, 0..end - at) };
                        }
                        for i in 0..ROWS {
                            let from = rows[i].add(at);
                            let row: <T::Acc as Real>::Vector<S> =
                                if at < whole { Vector::load(from) } else { Vector::load_part(from, 0..end - at) };
                            for j in 0..COLUMNS {
                                tile[i * COLUMNS + j] = row.mul_add(values[j], tile[i * COLUMNS + j]);
                            }
                        }
                    }
                    at += lanes;
                }
            }
            // Lanes of neighbours are added in pairs until each register's are one.
            let mut count = ROWS * COLUMNS;
            while count > 1 {
                for i in 0..count / 2 {
                    let (evens, odds) = tile[2 * i].unzip(tile[2 * i + 1]);
                    tile[i] = evens.add(odds);
                }
                count /= 2;
            }
            let to = tiles.next().expect("a tile for each block of channels").as_mut_ptr();
            // SAFETY: a tile has as many sums as a register has lanes.
            unsafe { <<T::Acc as Real>::Vector<S> as Vector<T::Acc>>::load(to).add(tile[0]).store(to) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, square};
    use super::*;

    #[test]
    fn positions_in_registers_give_what_plain_loops_do() {
        let wide = matches!(isa(), Isa::Avx512 | Isa::Amx);
        for (batch, channels, groups, size) in [
            (1, (5, 7), 1, 23),
            (2, (16, 24), 1, 40),
            (3, (8, 12), 2, 33),
            (40, (3, 4), 1, 24),
            (1, (64, 64), 1, 24),
            (11, (10, 20), 2, 11),
        ] {
            let geometry = Geometry::new(batch, channels, groups, &square(size, 1, 1, 0));
            let flat = geometry.flattened().unwrap();
            assert_eq!(fits::<f32>(&flat), wide, "{geometry:?}");
            assert!(!fits::<f64>(&flat) && !fits::<half::f16>(&flat));
            check::<f32>(&geometry);
        }
        for other in
            [Geometry::new(1, (512, 512), 1, &square(28, 1, 1, 0)), Geometry::new(1, (8, 8), 1, &square(14, 1, 1, 0))]
        {
            assert!(!fits::<f32>(&other.flattened().unwrap()));
        }
    }
}
