//! The instructions, as the processor's own: it has no functions for them in stable Rust.

use core::arch::asm;

use half::bf16;

use super::Terms;
use super::tiles::{Job, Left, Shape};

/// Shapes the tile registers.
///
/// # Safety
/// The processor must have them, and know the shape.
pub unsafe fn shape(shape: &Shape) {
    // SAFETY: the caller's word; registers change that this says.
    unsafe {
        asm!(
            "ldtilecfg [{shape}]",
            shape = in(reg) shape,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _, out("tmm4") _, out("tmm5") _, out("tmm6") _,
            out("tmm7") _,
            options(nostack, readonly, preserves_flags)
        );
    }
}

/// Gives the registers up: a switch of threads need not save them then.
///
/// # Safety
/// The processor must have them.
pub unsafe fn release() {
    // SAFETY: as above.
    unsafe {
        asm!(
            "tilerelease",
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _, out("tmm4") _, out("tmm5") _, out("tmm6") _,
            out("tmm7") _,
            options(nostack, nomem, preserves_flags)
        );
    }
}

/// Loads the tiles of the left operand from where `{p}` and `{q}` point.
macro_rules! left {
    (1) => {
        "tileloadd tmm4, [{p} + {row}]\n"
    };
    (2) => {
        "tileloadd tmm4, [{p} + {row}]\ntileloadd tmm5, [{q} + {row}]\n"
    };
}

/// Loads the tiles of a plane of the right operand.
macro_rules! right {
    (1, $plane:tt) => {
        concat!("tileloadd tmm6, [{right} + {line} + ", $plane, " * 2048]\n")
    };
    (2, $plane:tt) => {
        concat!(
            "tileloadd tmm6, [{right} + {line} + ",
            $plane,
            " * 2048]\n",
            "tileloadd tmm7, [{right} + {line} + ",
            $plane,
            " * 2048 + 1024]\n",
        )
    };
}

/// Adds the products of the tiles that are loaded.
macro_rules! products {
    (1, 1) => {
        "tdpbf16ps tmm0, tmm4, tmm6\n"
    };
    (1, 2) => {
        "tdpbf16ps tmm0, tmm4, tmm6\ntdpbf16ps tmm1, tmm4, tmm7\n"
    };
    (2, 1) => {
        "tdpbf16ps tmm0, tmm4, tmm6\ntdpbf16ps tmm2, tmm5, tmm6\n"
    };
    (2, 2) => {
        "tdpbf16ps tmm0, tmm4, tmm6\ntdpbf16ps tmm2, tmm5, tmm6\ntdpbf16ps tmm1, tmm4, tmm7\ntdpbf16ps tmm3, tmm5, tmm7\n"
    };
}

/// Moves to another plane of the left operand.
macro_rules! plane {
    (next) => {
        "add {p}, {plane}\nadd {q}, {plane}\n"
    };
    (first) => {
        "sub {p}, {plane}\nsub {q}, {plane}\nsub {p}, {plane}\nsub {q}, {plane}\n"
    };
}

/// The products of one step of depth. Each replaces the tiles of one side alone. The largest come last: a sum that one product
/// prevails in is then rounded but once to the size that it ends with.
macro_rules! step {
    (Six, $rows:tt, $columns:tt) => {
        concat!(
            left!($rows),
            right!($columns, 2),
            products!($rows, $columns),
            right!($columns, 1),
            products!($rows, $columns),
            plane!(next),
            left!($rows),
            products!($rows, $columns),
            right!($columns, 0),
            products!($rows, $columns),
            plane!(next),
            left!($rows),
            products!($rows, $columns),
            plane!(first),
            left!($rows),
            products!($rows, $columns),
            "add {right}, 6144\n",
        )
    };
    (Three, $rows:tt, $columns:tt) => {
        concat!(
            left!($rows),
            right!($columns, 1),
            products!($rows, $columns),
            right!($columns, 0),
            products!($rows, $columns),
            plane!(next),
            left!($rows),
            products!($rows, $columns),
            "add {right}, 4096\n",
        )
    };
    (One, $rows:tt, $columns:tt) => {
        // There is no other plane, but every operand of the assembler has to come up.
        concat!(left!($rows), right!($columns, 0), products!($rows, $columns), "add {right}, 2048 /* {plane} */\n")
    };
}

/// The kernel of some terms and numbers of tiles.
macro_rules! kernel {
    ($name:ident: $terms:tt, $rows:tt, $columns:tt) => {
        unsafe fn $name(job: Job<'_>, left: Left, right: *const bf16, sums: *mut f32) {
            const WIDTH: usize = size_of::<bf16>();
            // SAFETY: `sum`'s caller vouches for the memory; tile registers are shaped.
            unsafe {
                asm!(
                    "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
                    "test {more:e}, {more:e}",
                    "jz 2f",
                    "tileloadd tmm0, [{sums} + {line}]",
                    "tileloadd tmm1, [{sums} + {line} + 1024]",
                    "tileloadd tmm2, [{sums} + {line} + 2048]",
                    "tileloadd tmm3, [{sums} + {line} + 3072]",
                    "2:",
                    "cmp {offsets}, {end}",
                    "je 3f",
                    "mov {p}, [{offsets}]",
                    "lea {p}, [{start} + 2 * {p}]",
                    "lea {q}, [{p} + {second}]",
                    step!($terms, $rows, $columns),
                    "add {offsets}, 8",
                    "jmp 2b",
                    "3:",
                    "tilestored [{sums} + {line}], tmm0",
                    "tilestored [{sums} + {line} + 1024], tmm1",
                    "tilestored [{sums} + {line} + 2048], tmm2",
                    "tilestored [{sums} + {line} + 3072], tmm3",
                    more = in(reg) u32::from(job.more),
                    offsets = inout(reg) job.offsets.as_ptr() => _,
                    end = in(reg) job.offsets.as_ptr_range().end,
                    start = in(reg) left.start,
                    second = in(reg) left.second * WIDTH,
                    row = in(reg) left.row * WIDTH,
                    plane = in(reg) left.plane * WIDTH,
                    right = inout(reg) right => _,
                    line = in(reg) 64usize,
                    sums = in(reg) sums,
                    p = out(reg) _,
                    q = out(reg) _,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _, out("tmm4") _, out("tmm5") _, out("tmm6") _,
                    out("tmm7") _,
                    options(nostack)
                );
            }
        }
    };
}

kernel!(six_1_1: Six, 1, 1);
kernel!(six_1_2: Six, 1, 2);
kernel!(six_2_1: Six, 2, 1);
kernel!(six_2_2: Six, 2, 2);
kernel!(three_1_1: Three, 1, 1);
kernel!(three_1_2: Three, 1, 2);
kernel!(three_2_1: Three, 2, 1);
kernel!(three_2_2: Three, 2, 2);
kernel!(one_1_1: One, 1, 1);
kernel!(one_1_2: One, 1, 2);
kernel!(one_2_1: One, 2, 1);
kernel!(one_2_2: One, 2, 2);

/// The kernel of these terms and tiles; to be called as [`sum`](super::tiles::sum) is, with registers that are shaped.
pub fn kernel(terms: Terms, tiles: (usize, usize)) -> unsafe fn(Job<'_>, Left, *const bf16, *mut f32) {
    match (terms, tiles) {
        (Terms::Six, (1, 1)) => six_1_1,
        (Terms::Six, (1, _)) => six_1_2,
        (Terms::Six, (_, 1)) => six_2_1,
        (Terms::Six, _) => six_2_2,
        (Terms::Three, (1, 1)) => three_1_1,
        (Terms::Three, (1, _)) => three_1_2,
        (Terms::Three, (_, 1)) => three_2_1,
        (Terms::Three, _) => three_2_2,
        (Terms::One, (1, 1)) => one_1_1,
        (Terms::One, (1, _)) => one_1_2,
        (Terms::One, (_, 1)) => one_2_1,
        (Terms::One, _) => one_2_2,
    }
}
