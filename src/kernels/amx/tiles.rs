//! The inner kernel: sums of products of tiles, held in tile registers while the depth runs by.

use half::bf16;

#[cfg(target_arch = "x86_64")]
use super::assembly;
use super::{DEPTH, SIDE, Terms};

/// Numbers of a tile of sums.
pub(crate) const SUMS: usize = SIDE * SIDE;
/// Numbers of a tile of an operand.
pub(crate) const OPERAND: usize = SIDE * DEPTH;

/// The left operand of [`sum`]: two tiles of rows, each with as many planes as there are terms to.
///
/// The row `r` of a tile is the 32 numbers from `start + r * row` on, for a step of depth moved by the step's offset.
#[derive(Clone, Copy)]
pub(crate) struct Left {
    /// The first row of the first tile, high parts.
    pub start: *const bf16,
    /// Numbers from one row to the next.
    pub row: usize,
    /// Numbers from one plane to the next.
    pub plane: usize,
    /// Numbers from the first tile to the second.
    pub second: usize,
}

/// Tiles of a panel that hold so many lanes.
pub(crate) fn covering(lanes: usize) -> usize {
    if lanes <= SIDE { 1 } else { 2 }
}

/// What [`sum`] computes.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub terms: Terms,
    /// Tiles of rows and of columns: 1 or 2 each.
    pub tiles: (usize, usize),
    /// Whether the sums are added to what is there.
    pub more: bool,
    /// Numbers by which the left operand moves, for each step of depth.
    pub offsets: &'a [usize],
}

/// The tile registers of this thread, shaped: 8 of 16 rows of 64 bytes. To be held while [`sum`] is called, and nothing else.
pub(crate) struct Registers {
    /// Of this thread.
    _thread: std::marker::PhantomData<*const ()>,
}

/// The shape of tile registers as the processor reads it.
#[repr(C, align(64))]
pub(crate) struct Shape {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes: [u16; 16],
    rows: [u8; 16],
}

impl Registers {
    /// Shapes the registers.
    ///
    /// # Safety
    /// The processor must have them: [`isa`](crate::kernels::isa::isa) is `Amx`.
    pub unsafe fn shape() -> Registers {
        let mut shape = Shape { palette: 1, start_row: 0, reserved: [0; 14], bytes: [0; 16], rows: [0; 16] };
        for tile in 0..8 {
            (shape.bytes[tile], shape.rows[tile]) = (64, SIDE as u8);
        }
        #[cfg(target_arch = "x86_64")]
        // SAFETY: by the caller's word; the shape is one that every such processor knows.
        unsafe {
            assembly::shape(&shape);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = &shape;
        Registers { _thread: std::marker::PhantomData }
    }
}

impl Drop for Registers {
    fn drop(&mut self) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the registers are there, since they were shaped.
        unsafe {
            assembly::release();
        }
    }
}

/// Sums products over some steps of depth into four tiles, `sums[2 * i + j]` being those of the tiles `i` of rows and `j` of
/// columns, each row by row. Tiles that the job does not have are left as they are, or become zero.
///
/// The right operand holds, for each step, its planes one after the other, each two tiles; a tile has 16 rows for pairs of depths,
/// with the two numbers of each column side by side (see [`pack`](super::pack)).
///
/// # Safety
/// The operands must hold what is read; `sums` has room for four tiles, which are this thread's.
pub(crate) unsafe fn sum(_: &Registers, job: Job<'_>, left: Left, right: *const bf16, sums: *mut f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: passed on from the caller; registers are shaped.
    unsafe {
        assembly::kernel(job.terms, job.tiles)(job, left, right, sums);
    }
    #[cfg(not(target_arch = "x86_64"))]
    unreachable!("registers that this processor lacks: {:?} {:?} {:?} {:?}", job.terms, left.start, right, sums)
}

crate::vectorize! {
    /// Whether all of these numbers are finite.
    pub(crate) fn finite[S](simd: S, sums: &[f32]) -> bool {
        let largest = sums.iter().fold(0, |largest: u32, value| largest.max(value.to_bits() & 0x7fff_ffff));
        largest < f32::INFINITY.to_bits()
    }
}
