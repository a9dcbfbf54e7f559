//! The innermost loops, compiled for each instruction set: functions of elements that lie side by side, in memory that
//! does not overlap (but see [`Level::HERE`]). Other rows come to them through buffers (`blocks.rs`), so one loop for each function is enough.
//!
//! Every function here wants `len` valid elements from each pointer; the output overlaps no input.
#![allow(unsafe_code)]

use crate::kernels::isa::{Portable, Simd};
use crate::vectorize;

/// A function of one element: a closure, or one that wants to know the instruction set it is compiled for.
pub trait Map1<A, R>: Copy + Sync {
    /// Its value.
    fn at<S: Simd>(self, simd: S, a: A) -> R;
}

impl<A, R, F: Fn(A) -> R + Copy + Sync> Map1<A, R> for F {
    #[inline(always)]
    fn at<S: Simd>(self, _: S, a: A) -> R {
        self(a)
    }
}

/// A function of two elements with its second.
#[derive(Clone, Copy)]
pub(super) struct With<F, B>(pub F, pub B);

impl<A, B: Copy + Sync, R, F: Fn(A, B) -> R + Copy + Sync> Map1<A, R> for With<F, B> {
    #[inline(always)]
    fn at<S: Simd>(self, _: S, a: A) -> R {
        self.0(a, self.1)
    }
}

/// A function of two elements of one type, that wants to know the instruction set it is compiled for.
pub trait Map2<T>: Copy + Sync {
    /// Its value; for [`map2_or`](super::map2_or) also NaN where another function has to give it.
    fn at<S: Simd>(self, simd: S, a: T, b: T) -> T;
}

/// How a loop is compiled.
pub trait Level {
    /// Whether the first input may be the output: the same elements in the same order.
    const HERE: bool = false;

    /// `out[i] = f(a[i])`.
    ///
    /// # Safety
    /// As [the module](self) says.
    unsafe fn flat1<A: Copy, R: Copy, F: Map1<A, R>>(a: *const A, out: *mut R, len: usize, f: &F);

    /// `out[i] = f(a[i], b[i])`.
    ///
    /// # Safety
    /// As [the module](self) says.
    unsafe fn flat2<A: Copy, B: Copy, R: Copy, F: Fn(A, B) -> R + Copy>(
        a: *const A,
        b: *const B,
        out: *mut R,
        len: usize,
        f: &F,
    );
}

/// Once for each instruction set: for functions that become vector code.
#[derive(Clone, Copy, Debug)]
pub struct Vector;

/// As [`Vector`], and once more for results that replace the first operand: for simple functions, whose results are best
/// not written twice.
#[derive(Clone, Copy, Debug)]
pub struct Here;

/// Once: for functions that are computed one by one anyway.
#[derive(Clone, Copy, Debug)]
pub struct Single;

/// A loop over a counter; without an iterator, which would cost more to compile than the body.
macro_rules! each {
    ($f:ident: $i:ident < $len:ident, $out:expr, $value:expr) => {
        // A copy of what the function holds: behind a reference it could change with every result that is written.
        let $f = *$f;
        let mut $i = 0;
        while $i < $len {
            // SAFETY: by the contract of the module.
            unsafe { *$out = $value };
            $i += 1;
        }
    };
}

vectorize! {
    fn vector1[S; A: Copy, R: Copy, F: Map1<A, R>](simd: S, a: *const A, out: *mut R, len: usize, f: &F) {
        each!(f: i < len, out.add(i), f.at(simd, *a.add(i)));
    }

    fn vector2[S; A: Copy, B: Copy, R: Copy, F: Fn(A, B) -> R + Copy](
        simd: S, a: *const A, b: *const B, out: *mut R, len: usize, f: &F
    ) {
        each!(f: i < len, out.add(i), f(*a.add(i), *b.add(i)));
    }

    /// `x[i] = f(x[i])`. Both types have one size.
    fn here1[S; A: Copy, R: Copy, F: Map1<A, R>](simd: S, x: *mut R, len: usize, f: &F) {
        each!(f: i < len, x.add(i), f.at(simd, *x.cast::<A>().add(i)));
    }

    /// `x[i] = f(x[i], b[i])`.
    fn here2[S; A: Copy, B: Copy, R: Copy, F: Fn(A, B) -> R + Copy](simd: S, x: *mut R, b: *const B, len: usize, f: &F) {
        each!(f: i < len, x.add(i), f(*x.cast::<A>().add(i), *b.add(i)));
    }

    /// `out[i] = f(a[i], b[i], c[i])`.
    pub(super) fn flat3[S; A: Copy, B: Copy, C: Copy, R: Copy, F: Fn(A, B, C) -> R + Copy](
        simd: S, a: *const A, b: *const B, c: *const C, out: *mut R, len: usize, f: &F,
    ) {
        each!(f: i < len, out.add(i), f(*a.add(i), *b.add(i), *c.add(i)));
    }
}

/// Elements after which a loop looks for those that it has to leave to another function.
const CHECKED: usize = 512;

vectorize! {
    /// `out[i] = f(a[i], b[i])`, then `rest` where that is NaN.
    fn checked[S; T: Copy + PartialEq, F: Map2<T>](
        simd: S, a: *const T, b: *const T, out: *mut T, len: usize, f: &F, rest: &dyn Fn(T, T) -> T,
    ) {
        for start in (0..len).step_by(CHECKED) {
            let len = CHECKED.min(len - start);
            // SAFETY: a part of the elements.
            let (a, b, out) = unsafe { (a.add(start), b.add(start), out.add(start)) };
            let mut missing = 0u32;
            let (f, mut i) = (*f, 0);
            while i < len {
                // SAFETY: by the contract of the module.
                unsafe {
                    let y = f.at(simd, *a.add(i), *b.add(i));
                    #[allow(clippy::eq_op)]
                    let none = y != y;
                    missing |= none as u32;
                    *out.add(i) = y;
                }
                i += 1;
            }
            if missing != 0 {
                // SAFETY: by the contract of the module.
                unsafe { fill_in(a, b, out, len, rest) };
            }
        }
    }
}

/// `out[i] = rest(a[i], b[i])` where it is NaN.
///
/// # Safety
/// As [the module](self) says.
unsafe fn fill_in<T: Copy + PartialEq>(a: *const T, b: *const T, out: *mut T, len: usize, rest: &dyn Fn(T, T) -> T) {
    for i in 0..len {
        // SAFETY: by the contract above.
        unsafe {
            let y = *out.add(i);
            #[allow(clippy::eq_op)]
            if y != y {
                *out.add(i) = rest(*a.add(i), *b.add(i));
            }
        }
    }
}

/// `out[i] = f(a[i], b[i])`, or `rest(a[i], b[i])` where that is NaN.
///
/// # Safety
/// As [the module](self) says.
pub(super) unsafe fn flat2_or<T: Copy + PartialEq, F: Map2<T>>(
    a: *const T,
    b: *const T,
    out: *mut T,
    len: usize,
    f: &F,
    rest: &dyn Fn(T, T) -> T,
) {
    checked(a, b, out, len, f, rest);
}

impl Level for Vector {
    #[inline(always)]
    unsafe fn flat1<A: Copy, R: Copy, F: Map1<A, R>>(a: *const A, out: *mut R, len: usize, f: &F) {
        vector1(a, out, len, f);
    }
    #[inline(always)]
    unsafe fn flat2<A: Copy, B: Copy, R: Copy, F: Fn(A, B) -> R + Copy>(
        a: *const A,
        b: *const B,
        out: *mut R,
        len: usize,
        f: &F,
    ) {
        vector2(a, b, out, len, f);
    }
}

impl Level for Here {
    const HERE: bool = true;

    #[inline(always)]
    unsafe fn flat1<A: Copy, R: Copy, F: Map1<A, R>>(a: *const A, out: *mut R, len: usize, f: &F) {
        if a.cast() == out.cast_const() { here1::<A, R, F>(out, len, f) } else { vector1(a, out, len, f) }
    }
    #[inline(always)]
    unsafe fn flat2<A: Copy, B: Copy, R: Copy, F: Fn(A, B) -> R + Copy>(
        a: *const A,
        b: *const B,
        out: *mut R,
        len: usize,
        f: &F,
    ) {
        if a.cast() == out.cast_const() { here2::<A, B, R, F>(out, b, len, f) } else { vector2(a, b, out, len, f) }
    }
}

impl Level for Single {
    #[inline(always)]
    unsafe fn flat1<A: Copy, R: Copy, F: Map1<A, R>>(a: *const A, out: *mut R, len: usize, f: &F) {
        each!(f: i < len, out.add(i), f.at(Portable, *a.add(i)));
    }
    #[inline(always)]
    unsafe fn flat2<A: Copy, B: Copy, R: Copy, F: Fn(A, B) -> R + Copy>(
        a: *const A,
        b: *const B,
        out: *mut R,
        len: usize,
        f: &F,
    ) {
        each!(f: i < len, out.add(i), f(*a.add(i), *b.add(i)));
    }
}
