//! Drivers that walk one to four operands of the same shape together, in any layouts, and apply a function to each
//! tuple of elements. The layouts are simplified first (`plan.rs`), so that most calls become one flat loop; the walk
//! is split into tiles, and these among threads (`drive.rs`); each tile is handed, by way of buffers where its elements do not
//! lie side by side (`blocks.rs`, `rectangle.rs`), to a loop that is compiled for each instruction set (`rows.rs`).
//!
//! An output may be the same view as an input: blocks are read before they are written.
//!
//! Half types pass through `f32` in blocks (`wide.rs`, `halves.rs`): functions are only ever compiled for `f32` and `f64`.
#![allow(unsafe_code)]

mod blocks;
mod drive;
mod halves;
mod operand;
mod plan;
mod rectangle;
mod rows;
mod wide;

pub use operand::{Operand, OperandMut};
pub use rows::{Here, Level, Map1, Map2, Single, Vector};
pub use wide::{
    Wide, WideMut, WideOut, copy_wide, map1_bf16, map1_wide, map2_bf16, map2_wide, map2_wide_or, map3_wide,
};

use crate::kernels::parallel;
use drive::{Flat, Loops, Side, drive, drive_copy};
use plan::{Plan, Tile};
use rows::With;
use smallvec::SmallVec;
use std::sync::atomic::{AtomicBool, Ordering};

/// Elements below which a walk stays on the calling thread: waking another one costs as much as this many simple steps.
pub const GRAIN: usize = 32 * 1024;

/// Elements of a part of a walk, at least: whole cache lines and registers of any type, and many for one beginning.
const PART: usize = 4096;

/// An element that may go to other threads.
pub trait Plain: Copy + Send + Sync {}
impl<T: Copy + Send + Sync> Plain for T {}

/// `out[i] = value`.
pub fn fill<R: Plain>(out: OperandMut<'_, R>, value: R) {
    let zeros: SmallVec<[usize; 8]> = SmallVec::from_elem(0, out.shape.len());
    copy(Operand::standing(&value, out.shape, &zeros), out);
}

/// `out[i] = a[i]`, the two not being the same memory.
pub fn copy<T: Plain>(a: Operand<'_, T>, out: OperandMut<'_, T>) {
    assert_eq!(a.shape, out.shape, "copy: shapes differ");
    let plan = Plan::new(out.shape, [out.strides, a.strides]);
    // SAFETY: the plan visits indices of the operands' common shape only.
    unsafe { drive_copy(&plan, Side::new(out.address()), Side::new(a.address())) };
}

/// `out[i] = f(a[i])`.
pub fn map1<A: Plain, R: Plain>(a: Operand<'_, A>, out: OperandMut<'_, R>, f: impl Fn(A) -> R + Sync + Copy) {
    map1_as(Vector, 1, a, out, f);
}

/// [`map1`] with a choice of how the loop is compiled, for a function that costs as much as `cost` simple steps.
pub fn map1_as<L: Level, A: Plain, R: Plain>(
    _: L,
    cost: usize,
    a: Operand<'_, A>,
    out: OperandMut<'_, R>,
    f: impl Map1<A, R>,
) {
    assert_eq!(a.shape, out.shape, "map1: shapes differ");
    let plan = Plan::new(out.shape, [out.strides, a.strides]);
    // SAFETY: the plan visits indices of the operands' common shape only; `drive` hands over what `flat1` asks for.
    unsafe {
        let flat = |[a]: [*const u8; 1], out: *mut u8, len| L::flat1(a.cast::<A>(), out.cast::<R>(), len, &f);
        let loops = Loops { here: L::HERE, ..Loops::new(&flat) };
        drive(&plan, cost, Side::new(out.address()), [Side::new(a.address())], loops);
    }
}

/// `out[i] = f(a[i], b[i])`.
pub fn map2<A: Plain, B: Plain, R: Plain>(
    a: Operand<'_, A>,
    b: Operand<'_, B>,
    out: OperandMut<'_, R>,
    f: impl Fn(A, B) -> R + Sync + Copy,
) {
    map2_as(Vector, 1, a, b, out, f);
}

/// [`map2`] with the choices of [`map1_as`]. Where results may replace the first operand, a single value of either, for all or
/// for a row, becomes a part of the function: it stays in a register.
pub fn map2_as<L: Level, A: Plain, B: Plain, R: Plain>(
    level: L,
    cost: usize,
    a: Operand<'_, A>,
    b: Operand<'_, B>,
    out: OperandMut<'_, R>,
    f: impl Fn(A, B) -> R + Sync + Copy,
) {
    assert!(a.shape == out.shape && b.shape == out.shape, "map2: shapes differ");
    let turned = move |b: B, a: A| f(a, b);
    if L::HERE && b.is_single() {
        // SAFETY: no axis is empty, so there is an element.
        let value = unsafe { *b.ptr };
        return map1_as(level, cost, a, out, With(f, value));
    }
    if L::HERE && a.is_single() {
        // SAFETY: as above.
        let value = unsafe { *a.ptr };
        return map1_as(level, cost, b, out, With(turned, value));
    }
    let plan = Plan::new(out.shape, [out.strides, a.strides, b.strides]);
    let inputs = [Side::new(a.address()), Side::new(b.address())];
    // SAFETY: as in `map1_as`.
    unsafe {
        let flat = |[a, b]: [*const u8; 2], out: *mut u8, len| {
            L::flat2(a.cast::<A>(), b.cast::<B>(), out.cast::<R>(), len, &f);
        };
        let first = |[a, b]: [*const u8; 2], out: *mut u8, len| {
            L::flat1(b.cast::<B>(), out.cast::<R>(), len, &With(turned, *a.cast::<A>()));
        };
        let last = |[a, b]: [*const u8; 2], out: *mut u8, len| {
            L::flat1(a.cast::<A>(), out.cast::<R>(), len, &With(f, *b.cast::<B>()));
        };
        let single: [Option<Flat<'_, 2>>; 2] = if L::HERE { [Some(&first), Some(&last)] } else { [None; 2] };
        let loops = Loops { flat: &flat, here: L::HERE, single };
        drive(&plan, cost, Side::new(out.address()), inputs, loops);
    }
}

/// `out[i] = f(a[i], b[i])` by vectors, or `rest(a[i], b[i])`, one by one, where that is NaN.
pub fn map2_or<T: Plain + PartialEq>(
    cost: usize,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    out: OperandMut<'_, T>,
    f: impl Map2<T>,
    rest: &(dyn Fn(T, T) -> T + Sync),
) {
    assert!(a.shape == out.shape && b.shape == out.shape, "map2_or: shapes differ");
    let plan = Plan::new(out.shape, [out.strides, a.strides, b.strides]);
    let inputs = [Side::new(a.address()), Side::new(b.address())];
    // SAFETY: as in `map1_as`.
    unsafe {
        let flat = |[a, b]: [*const u8; 2], out: *mut u8, len| {
            rows::flat2_or(a.cast::<T>(), b.cast::<T>(), out.cast::<T>(), len, &f, rest);
        };
        drive(&plan, cost, Side::new(out.address()), inputs, Loops::new(&flat));
    }
}

/// `out[i] = f(a[i], b[i], c[i])`.
pub fn map3<A: Plain, B: Plain, C: Plain, R: Plain>(
    a: Operand<'_, A>,
    b: Operand<'_, B>,
    c: Operand<'_, C>,
    out: OperandMut<'_, R>,
    f: impl Fn(A, B, C) -> R + Sync + Copy,
) {
    assert!(a.shape == out.shape && b.shape == out.shape && c.shape == out.shape, "map3: shapes differ");
    let plan = Plan::new(out.shape, [out.strides, a.strides, b.strides, c.strides]);
    let inputs = [Side::new(a.address()), Side::new(b.address()), Side::new(c.address())];
    // SAFETY: as in `map1_as`.
    unsafe {
        let flat = |[a, b, c]: [*const u8; 3], out: *mut u8, len| {
            rows::flat3(a.cast::<A>(), b.cast::<B>(), c.cast::<C>(), out.cast::<R>(), len, &f);
        };
        drive(&plan, 1, Side::new(out.address()), inputs, Loops::new(&flat));
    }
}

/// Whether `f(a[i])` holds anywhere.
pub fn any<A: Plain>(a: Operand<'_, A>, f: impl Fn(A) -> bool + Sync) -> bool {
    let found = AtomicBool::new(false);
    let plan = Plan::new(a.shape, [a.strides]);
    let a = a.address();
    run(&plan, 1, &|tile| {
        // SAFETY: as in `map1`.
        let holds = |[ka]: [usize; 1]| f(unsafe { *a.get().add(ka) });
        if !found.load(Ordering::Relaxed) && tile.any(holds) {
            found.store(true, Ordering::Relaxed);
        }
    });
    found.into_inner()
}

/// Whether `f(a[i], b[i])` holds anywhere.
pub fn any2<A: Plain, B: Plain>(a: Operand<'_, A>, b: Operand<'_, B>, f: impl Fn(A, B) -> bool + Sync) -> bool {
    assert_eq!(a.shape, b.shape, "any2: shapes differ");
    let found = AtomicBool::new(false);
    let plan = Plan::new(a.shape, [a.strides, b.strides]);
    let (a, b) = (a.address(), b.address());
    run(&plan, 1, &|tile| {
        // SAFETY: as in `map1`.
        let holds = |[ka, kb]: [usize; 2]| unsafe { f(*a.get().add(ka), *b.get().add(kb)) };
        if !found.load(Ordering::Relaxed) && tile.any(holds) {
            found.store(true, Ordering::Relaxed);
        }
    });
    found.into_inner()
}

/// Walks a plan tile by tile, on several threads where it is large. `cost` is the work of one element in units of a simple
/// arithmetic step. Not generic over what is done: one walk serves all functions.
fn run<const N: usize>(plan: &Plan<N>, cost: usize, visit: &(dyn Fn(&Tile<N>) + Sync)) {
    let grain = (GRAIN / cost.max(1)).max(1);
    if let Some(tile) = plan.only_tile(grain) {
        return visit(&tile);
    }
    if plan.numel() == 0 {
        return;
    }
    let part = grain.max(PART).next_multiple_of(64);
    let tiles = plan.tiles(part);
    if plan.numel() <= part {
        tiles.visit(0..tiles.count(), visit);
    } else {
        parallel::for_each_chunk(tiles.count(), (part / tiles.size()).max(1), |range| tiles.visit(range, visit));
    }
}

#[cfg(test)]
mod tests;
