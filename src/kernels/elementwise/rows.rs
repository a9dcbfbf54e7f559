//! The innermost loops, compiled for each instruction set. Each has a flat form, which the compiler turns into vector
//! code, forms for an input that stands still (broadcast along the row), a form for an input that is overwritten (of
//! one address, so that the compiler need not fear overlaps), and the strided form.
//!
//! Every function here wants `len` valid elements from each pointer, at its stride (output first).
#![allow(unsafe_code)]

use crate::vectorize;

macro_rules! loop_over {
    ($len:ident, $out:ident, $so:expr, |$i:ident| $value:expr) => {
        for $i in 0..$len {
            // SAFETY: by the contract of the module.
            unsafe { *$out.add($i * $so) = $value };
        }
    };
}

/// Whether an input is the output itself.
#[inline(always)]
fn same<A, R>(a: *const A, out: *mut R) -> bool {
    a.cast::<u8>() == out.cast::<u8>() && size_of::<A>() == size_of::<R>()
}

vectorize! {
    /// `out[i] = value`.
    pub(super) fn fill[S; R: Copy](simd: S, out: *mut R, strides: [usize; 1], len: usize, value: R) {
        match strides {
            [1] => loop_over!(len, out, 1, |i| value),
            [so] => loop_over!(len, out, so, |i| value),
        }
    }

    /// `out[i] = f(a[i])`.
    pub(super) fn map1[S; A: Copy, R: Copy, F: Fn(A) -> R](
        simd: S, a: *const A, out: *mut R, strides: [usize; 2], len: usize, f: &F,
    ) {
        match strides {
            [1, 1] if same(a, out) => {
                let a = out as *const A;
                loop_over!(len, out, 1, |i| f(*a.add(i)))
            }
            [1, 1] => loop_over!(len, out, 1, |i| f(*a.add(i))),
            [so, sa] => loop_over!(len, out, so, |i| f(*a.add(i * sa))),
        }
    }

    /// `out[i] = f(a[i], b[i])`.
    pub(super) fn map2[S; A: Copy, B: Copy, R: Copy, F: Fn(A, B) -> R](
        simd: S, a: *const A, b: *const B, out: *mut R, strides: [usize; 3], len: usize, f: &F,
    ) {
        match strides {
            _ if len == 0 => {}
            [1, 1, 1] if same(a, out) => {
                let a = out as *const A;
                loop_over!(len, out, 1, |i| f(*a.add(i), *b.add(i)))
            }
            [1, 1, 1] => loop_over!(len, out, 1, |i| f(*a.add(i), *b.add(i))),
            [1, 1, 0] => {
                // SAFETY: there is at least one element.
                let b = unsafe { *b };
                if same(a, out) {
                    let a = out as *const A;
                    loop_over!(len, out, 1, |i| f(*a.add(i), b))
                } else {
                    loop_over!(len, out, 1, |i| f(*a.add(i), b))
                }
            }
            [1, 0, 1] => {
                // SAFETY: there is at least one element.
                let a = unsafe { *a };
                loop_over!(len, out, 1, |i| f(a, *b.add(i)))
            }
            [so, sa, sb] => loop_over!(len, out, so, |i| f(*a.add(i * sa), *b.add(i * sb))),
        }
    }

    /// `out[i] = f(a[i], b[i], c[i])`.
    pub(super) fn map3[S; A: Copy, B: Copy, C: Copy, R: Copy, F: Fn(A, B, C) -> R](
        simd: S, a: *const A, b: *const B, c: *const C, out: *mut R, strides: [usize; 4], len: usize, f: &F,
    ) {
        match strides {
            [1, 1, 1, 1] if same(a, out) => {
                let a = out as *const A;
                loop_over!(len, out, 1, |i| f(*a.add(i), *b.add(i), *c.add(i)))
            }
            [1, 1, 1, 1] => loop_over!(len, out, 1, |i| f(*a.add(i), *b.add(i), *c.add(i))),
            [so, sa, sb, sc] => {
                loop_over!(len, out, so, |i| f(*a.add(i * sa), *b.add(i * sb), *c.add(i * sc)))
            }
        }
    }
}
