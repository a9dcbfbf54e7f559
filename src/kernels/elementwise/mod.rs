//! Drivers that walk one to four operands of the same shape together, in any layouts, and apply a function to each
//! tuple of elements. The layouts are simplified first (`plan.rs`), so that most calls become one flat loop; the walk
//! is split among threads (`drive.rs`); each piece hands rows, by way of buffers where their elements do not lie side by
//! side (`blocks.rs`), to a loop that is compiled for each instruction set (`rows.rs`).
//!
//! An output may be the same view as an input: blocks of a row are read before they are written.
//!
//! Half types pass through `f32` in blocks (`wide.rs`): functions are only ever compiled for `f32` and `f64`.
#![allow(unsafe_code)]

mod blocks;
mod drive;
mod operand;
mod plan;
mod rows;
mod wide;

pub use operand::{Operand, OperandMut};
pub use rows::{Level, Single, Vector};
pub use wide::{Wide, WideMut, WideOut, copy_wide, map1_wide, map2_wide, map3_wide};

use crate::kernels::parallel;
use drive::{Side, drive};
use plan::Plan;
use std::sync::atomic::{AtomicBool, Ordering};

/// Elements below which a walk stays on the calling thread: waking another one costs as much as this many simple steps.
pub const GRAIN: usize = 32 * 1024;

/// An element that may go to other threads.
pub trait Plain: Copy + Send + Sync {}
impl<T: Copy + Send + Sync> Plain for T {}

/// `out[i] = value`.
pub fn fill<R: Plain>(out: OperandMut<'_, R>, value: R) {
    let plan = Plan::new(out.shape, [out.strides]);
    let o = out.address();
    run(&plan, 1, &|[offset], [stride], len| {
        for i in 0..len {
            // SAFETY: the plan visits indices of `out` only.
            unsafe { *o.get().add(offset + i * stride) = value };
        }
    });
}

/// `out[i] = f(a[i])`.
pub fn map1<A: Plain, R: Plain>(a: Operand<'_, A>, out: OperandMut<'_, R>, f: impl Fn(A) -> R + Sync) {
    map1_as(Vector, 1, a, out, f);
}

/// [`map1`] with a choice of how the loop is compiled, for a function that costs as much as `cost` simple steps.
pub fn map1_as<L: Level, A: Plain, R: Plain>(
    _: L,
    cost: usize,
    a: Operand<'_, A>,
    out: OperandMut<'_, R>,
    f: impl Fn(A) -> R + Sync,
) {
    assert_eq!(a.shape, out.shape, "map1: shapes differ");
    let plan = Plan::new(out.shape, [out.strides, a.strides]);
    // SAFETY: the plan visits indices of the operands' common shape only; `drive` hands over what `flat1` asks for.
    unsafe {
        drive(&plan, cost, Side::new(out.address()), [Side::new(a.address())], &|[a], out, len| {
            L::flat1(a.cast::<A>(), out.cast::<R>(), len, &f)
        });
    }
}

/// `out[i] = f(a[i], b[i])`.
pub fn map2<A: Plain, B: Plain, R: Plain>(
    a: Operand<'_, A>,
    b: Operand<'_, B>,
    out: OperandMut<'_, R>,
    f: impl Fn(A, B) -> R + Sync,
) {
    map2_as(Vector, 1, a, b, out, f);
}

/// [`map2`] with the choices of [`map1_as`].
pub fn map2_as<L: Level, A: Plain, B: Plain, R: Plain>(
    _: L,
    cost: usize,
    a: Operand<'_, A>,
    b: Operand<'_, B>,
    out: OperandMut<'_, R>,
    f: impl Fn(A, B) -> R + Sync,
) {
    assert!(a.shape == out.shape && b.shape == out.shape, "map2: shapes differ");
    let plan = Plan::new(out.shape, [out.strides, a.strides, b.strides]);
    let inputs = [Side::new(a.address()), Side::new(b.address())];
    // SAFETY: as in `map1_as`.
    unsafe {
        drive(&plan, cost, Side::new(out.address()), inputs, &|[a, b], out, len| {
            L::flat2(a.cast::<A>(), b.cast::<B>(), out.cast::<R>(), len, &f)
        });
    }
}

/// `out[i] = f(a[i], b[i], c[i])`.
pub fn map3<A: Plain, B: Plain, C: Plain, R: Plain>(
    a: Operand<'_, A>,
    b: Operand<'_, B>,
    c: Operand<'_, C>,
    out: OperandMut<'_, R>,
    f: impl Fn(A, B, C) -> R + Sync,
) {
    assert!(a.shape == out.shape && b.shape == out.shape && c.shape == out.shape, "map3: shapes differ");
    let plan = Plan::new(out.shape, [out.strides, a.strides, b.strides, c.strides]);
    let inputs = [Side::new(a.address()), Side::new(b.address()), Side::new(c.address())];
    // SAFETY: as in `map1_as`.
    unsafe {
        drive(&plan, 1, Side::new(out.address()), inputs, &|[a, b, c], out, len| {
            rows::flat3(a.cast::<A>(), b.cast::<B>(), c.cast::<C>(), out.cast::<R>(), len, &f)
        });
    }
}

/// Whether `f(a[i])` holds anywhere.
pub fn any<A: Plain>(a: Operand<'_, A>, f: impl Fn(A) -> bool + Sync) -> bool {
    let found = AtomicBool::new(false);
    let plan = Plan::new(a.shape, [a.strides]);
    let a = a.address();
    run(&plan, 1, &|[ka], [stride], len| {
        // SAFETY: as in `map1`.
        if !found.load(Ordering::Relaxed) && (0..len).any(|i| f(unsafe { *a.get().add(ka + i * stride) })) {
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
    run(&plan, 1, &|[ka, kb], [sa, sb], len| {
        // SAFETY: as in `map1`.
        let holds = |i: usize| unsafe { f(*a.get().add(ka + i * sa), *b.get().add(kb + i * sb)) };
        if !found.load(Ordering::Relaxed) && (0..len).any(holds) {
            found.store(true, Ordering::Relaxed);
        }
    });
    found.into_inner()
}

/// What a driver does with a row: `(offsets of its first elements, strides, length)`.
type Row<'a, const N: usize> = &'a (dyn Fn([usize; N], [usize; N], usize) + Sync);

/// Walks a plan in pieces, on several threads where it is large. `cost` is the work of one element in units of a
/// simple arithmetic step. Not generic over the row: one walk serves all functions.
fn run<const N: usize>(plan: &Plan<N>, cost: usize, row: Row<'_, N>) {
    let total = plan.numel();
    let grain = (GRAIN / cost.max(1)).max(1);
    if total <= grain {
        plan.walk(0..total, row);
    } else {
        parallel::for_each_chunk(total, grain, |range| plan.walk(range, row));
    }
}

#[cfg(test)]
mod tests;
