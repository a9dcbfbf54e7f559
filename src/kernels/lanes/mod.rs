//! Vector registers: the few operations that hand-placed kernels (the matrix product) need, for every instruction set.
#![allow(unsafe_code)]

mod apart;
mod fold;
mod moves;
#[cfg(target_arch = "x86_64")]
mod x86;

use num_traits::Float;
use std::mem::MaybeUninit;
use std::ops::Range;
#[cfg(target_arch = "x86_64")]
use x86::*;

pub use apart::{copy_evens, copy_groups, copy_pairs};
pub use fold::{fold, fold_rows, join_rows, sum_rows};
pub use moves::{Lane, copy, interleave, move_row, part, prefetch, prefetch_far, put, transpose, transposed};

/// A register of `LANES` elements.
///
/// The operations are compiled to single instructions where they are inlined into a function that has the register's
/// instruction set enabled, which is why a type of this kind only appears behind a [`Simd`](super::isa::Simd) token.
pub trait Vector<T>: Copy {
    /// Elements in a register.
    const LANES: usize;
    /// Registers that the instruction set has.
    const REGISTERS: usize;

    /// All lanes `value`.
    fn splat(value: T) -> Self;
    /// Reads `LANES` elements from `from`, at any alignment.
    ///
    /// # Safety
    /// `from` must be valid for reading `LANES` elements.
    unsafe fn load(from: *const T) -> Self;
    /// Writes `LANES` elements to `to`, at any alignment.
    ///
    /// # Safety
    /// `to` must be valid for writing `LANES` elements.
    unsafe fn store(self, to: *mut T);
    /// Writes `LANES` elements to `to`, past the cache where the instruction set can.
    ///
    /// # Safety
    /// `to` must be valid for writing `LANES` elements, and a multiple of their size.
    #[inline(always)]
    unsafe fn stream(self, to: *mut T) {
        // SAFETY: by the caller's word.
        unsafe { self.store(to) }
    }
    /// Reads the elements `lanes` of `LANES`, which begin at `from`, at any alignment; the others are 0.
    ///
    /// # Safety
    /// `from` must be valid for reading at `lanes`, which lie in `0..LANES`.
    unsafe fn load_part(from: *const T, lanes: Range<usize>) -> Self;
    /// Writes the first `count` elements, at any alignment.
    ///
    /// # Safety
    /// `to` must be valid for writing `count` elements, fewer than `LANES`.
    unsafe fn store_first(self, to: *mut T, count: usize);
    /// Writes the elements `lanes` of `LANES`, of which the element 0 would go to `to`, at any alignment.
    ///
    /// # Safety
    /// `to` must be valid for writing at `lanes`, which lie in `0..LANES`.
    #[inline(always)]
    unsafe fn store_part(self, to: *mut T, lanes: Range<usize>) {
        let mut line = [const { MaybeUninit::<T>::uninit() }; 16];
        debug_assert!(Self::LANES <= 16 && lanes.end <= Self::LANES);
        // SAFETY: the line has room for a register; the caller vouches for the lanes.
        unsafe {
            self.store(line.as_mut_ptr().cast());
            for lane in lanes {
                to.wrapping_add(lane).write_unaligned(line[lane].assume_init_read());
            }
        }
    }
    /// The elements at even places of `self` and `next` laid side by side, and those at odd places.
    fn unzip(self, next: Self) -> (Self, Self);
    /// The elements of `self` and `next` in turn: what [`unzip`](Vector::unzip) takes apart.
    fn zip(self, next: Self) -> (Self, Self);
    /// The columns of the square whose rows begin at the first `LANES` of these places; what comes behind the columns is not for use.
    ///
    /// # Safety
    /// `LANES` elements must be valid for reading at each of them.
    #[inline(always)]
    unsafe fn columns(rows: &[*const T; 16]) -> [Self; 16] {
        // SAFETY: by the caller's word.
        let mut square = std::array::from_fn(|i| unsafe { Self::load(rows[if i < Self::LANES { i } else { 0 }]) });
        transpose::<T, Self>(&mut square);
        square
    }
    /// The elements from the last to the first.
    fn reversed(self) -> Self;
    /// `value` and `place` in the lanes where `value` is larger than `self` or a nan, else `self` and `at`.
    fn larger(self, at: Self, value: Self, place: Self) -> (Self, Self);
    /// `other`, and `self` in the lanes where that is a nan.
    fn or_nan(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// The larger of both; `other` where they are equal or one is a nan.
    fn max(self, other: Self) -> Self;
    /// The smaller of both; `other` where they are equal or one is a nan.
    fn min(self, other: Self) -> Self;
    /// `self * factor + term`.
    fn mul_add(self, factor: Self, term: Self) -> Self;
}

/// The portable register: an array that the compiler maps to what the target has.
#[derive(Clone, Copy)]
pub struct Lanes<T, const N: usize>([T; N]);

impl<T: Float, const N: usize> Vector<T> for Lanes<T, N> {
    const LANES: usize = N;
    const REGISTERS: usize = 16;

    #[inline(always)]
    fn splat(value: T) -> Self {
        Lanes([value; N])
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller vouches for `N` elements; arrays of `T` have no more than T's alignment, and it is read unaligned.
        Lanes(unsafe { from.cast::<[T; N]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller vouches for `N` elements.
        unsafe { to.cast::<[T; N]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const T, lanes: Range<usize>) -> Self {
        // SAFETY: the caller vouches for these elements.
        let element = |i| unsafe { from.wrapping_add(i).read_unaligned() };
        Lanes(std::array::from_fn(|i| if lanes.contains(&i) { element(i) } else { T::zero() }))
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, count: usize) {
        for i in 0..count {
            // SAFETY: the caller vouches for `count` elements.
            unsafe { to.add(i).write_unaligned(self.0[i]) };
        }
    }
    #[inline(always)]
    fn unzip(self, next: Self) -> (Self, Self) {
        let at = |i: usize| if i < N { self.0[i] } else { next.0[i - N] };
        (Lanes(std::array::from_fn(|i| at(2 * i))), Lanes(std::array::from_fn(|i| at(2 * i + 1))))
    }
    #[inline(always)]
    fn zip(self, next: Self) -> (Self, Self) {
        let at = |i: usize| if i % 2 == 0 { self.0[i / 2] } else { next.0[i / 2] };
        (Lanes(std::array::from_fn(at)), Lanes(std::array::from_fn(|i| at(N + i))))
    }
    #[inline(always)]
    fn reversed(self) -> Self {
        Lanes(std::array::from_fn(|i| self.0[N - 1 - i]))
    }
    #[inline(always)]
    fn larger(self, at: Self, value: Self, place: Self) -> (Self, Self) {
        let taken = |i: usize| value.0[i] > self.0[i] || value.0[i].is_nan();
        let pick = |new: Self, old: Self| Lanes(std::array::from_fn(|i| if taken(i) { new.0[i] } else { old.0[i] }));
        (pick(value, self), pick(place, at))
    }
    #[inline(always)]
    fn or_nan(self, other: Self) -> Self {
        Lanes(std::array::from_fn(|i| if self.0[i].is_nan() { self.0[i] } else { other.0[i] }))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Lanes(std::array::from_fn(|i| self.0[i] * other.0[i]))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Lanes(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Lanes(std::array::from_fn(|i| self.0[i] - other.0[i]))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Lanes(std::array::from_fn(|i| if self.0[i] > other.0[i] { self.0[i] } else { other.0[i] }))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Lanes(std::array::from_fn(|i| if self.0[i] < other.0[i] { self.0[i] } else { other.0[i] }))
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        let fused = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
        Lanes(std::array::from_fn(|i| {
            if fused { self.0[i].mul_add(factor.0[i], term.0[i]) } else { self.0[i] * factor.0[i] + term.0[i] }
        }))
    }
}

/// [`Vector`] for one x86 register type from the names of its intrinsics.
#[cfg(target_arch = "x86_64")]
macro_rules! x86_vector {
    ($register:ident of $lanes:literal $element:ty, $registers:literal registers:
     $set1:ident $loadu:ident $storeu:ident $stream:ident $mul:ident $add:ident $sub:ident $max:ident $min:ident $fmadd:ident,
     part: $load_part:ident $store_first:ident $($store_part:ident)?, unzip: $unzip:ident, zip: $zip:ident, larger: $larger:ident, or_nan: $or_nan:ident, reversed: $reversed:ident
     $(, columns: $columns:ident)?) => {
        impl Vector<$element> for core::arch::x86_64::$register {
            const LANES: usize = $lanes;
            const REGISTERS: usize = $registers;

            #[inline(always)]
            fn splat(value: $element) -> Self {
                // SAFETY: the register type only comes up behind a token of its instruction set.
                unsafe { core::arch::x86_64::$set1(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $element) -> Self {
                // SAFETY: the caller vouches for the elements; the instruction set as in `splat`.
                unsafe { core::arch::x86_64::$loadu(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $element) {
                // SAFETY: the caller vouches for the elements; the instruction set as in `splat`.
                unsafe { core::arch::x86_64::$storeu(to, self) }
            }
            #[inline(always)]
            unsafe fn stream(self, to: *mut $element) {
                // SAFETY: the caller vouches for the elements and their alignment; the instruction set as in `splat`.
                unsafe { core::arch::x86_64::$stream(to, self) }
            }
            #[inline(always)]
            unsafe fn load_part(from: *const $element, lanes: Range<usize>) -> Self {
                debug_assert!(lanes.start <= lanes.end && lanes.end <= $lanes);
                // SAFETY: the caller vouches for the elements; the instruction set as in `splat`.
                unsafe { $load_part(from, lanes) }
            }
            #[inline(always)]
            unsafe fn store_first(self, to: *mut $element, count: usize) {
                debug_assert!(count < $lanes);
                // SAFETY: as in `load_part`.
                unsafe { $store_first(to, count, self) }
            }
            $(#[inline(always)]
            unsafe fn store_part(self, to: *mut $element, lanes: Range<usize>) {
                debug_assert!(lanes.start <= lanes.end && lanes.end <= $lanes);
                // SAFETY: as in `load_part`.
                unsafe { $store_part(to, lanes, self) }
            })?
            $(#[inline(always)]
            unsafe fn columns(rows: &[*const $element; 16]) -> [Self; 16] {
                // SAFETY: the caller vouches for the elements; the instruction set as in `splat`.
                unsafe { $columns(rows) }
            })?
            #[inline(always)]
            fn unzip(self, next: Self) -> (Self, Self) {
                // SAFETY: as in `splat`.
                unsafe { $unzip(self, next) }
            }
            #[inline(always)]
            fn zip(self, next: Self) -> (Self, Self) {
                // SAFETY: as in `splat`.
                unsafe { $zip(self, next) }
            }
            #[inline(always)]
            fn reversed(self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { $reversed(self) }
            }
            #[inline(always)]
            fn larger(self, at: Self, value: Self, place: Self) -> (Self, Self) {
                // SAFETY: as in `splat`.
                unsafe { $larger(self, at, value, place) }
            }
            #[inline(always)]
            fn or_nan(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { $or_nan(self, other) }
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { core::arch::x86_64::$mul(self, other) }
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { core::arch::x86_64::$add(self, other) }
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { core::arch::x86_64::$sub(self, other) }
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { core::arch::x86_64::$max(self, other) }
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { core::arch::x86_64::$min(self, other) }
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { core::arch::x86_64::$fmadd(self, factor, term) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
x86_vector!(__m256 of 8 f32, 16 registers:
    _mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps _mm256_stream_ps _mm256_mul_ps _mm256_add_ps _mm256_sub_ps _mm256_max_ps _mm256_min_ps _mm256_fmadd_ps,
    part: load_part_256f32 store_first_256f32, unzip: unzip_256f32, zip: zip_256f32, larger: larger_256f32, or_nan: or_nan_256f32, reversed: reversed_256f32, columns: columns_256f32);
#[cfg(target_arch = "x86_64")]
x86_vector!(__m256d of 4 f64, 16 registers:
    _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd _mm256_stream_pd _mm256_mul_pd _mm256_add_pd _mm256_sub_pd _mm256_max_pd _mm256_min_pd _mm256_fmadd_pd,
    part: load_part_256f64 store_first_256f64, unzip: unzip_256f64, zip: zip_256f64, larger: larger_256f64, or_nan: or_nan_256f64, reversed: reversed_256f64);
#[cfg(target_arch = "x86_64")]
x86_vector!(__m512 of 16 f32, 32 registers:
    _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_stream_ps _mm512_mul_ps _mm512_add_ps _mm512_sub_ps _mm512_max_ps _mm512_min_ps _mm512_fmadd_ps,
    part: load_part_512f32 store_first_512f32 store_part_512f32, unzip: unzip_512f32, zip: zip_512f32, larger: larger_512f32, or_nan: or_nan_512f32, reversed: reversed_512f32, columns: columns_512f32);
#[cfg(target_arch = "x86_64")]
x86_vector!(__m512d of 8 f64, 32 registers:
    _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd _mm512_stream_pd _mm512_mul_pd _mm512_add_pd _mm512_sub_pd _mm512_max_pd _mm512_min_pd _mm512_fmadd_pd,
    part: load_part_512f64 store_first_512f64 store_part_512f64, unzip: unzip_512f64, zip: zip_512f64, larger: larger_512f64, or_nan: or_nan_512f64, reversed: reversed_512f64);
