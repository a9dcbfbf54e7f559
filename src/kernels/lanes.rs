//! Vector registers: the few operations that hand-placed kernels (the matrix product) need, for every instruction set.
#![allow(unsafe_code)]

use super::float::Real;
use num_traits::Float;
use std::ops::Range;

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
    /// Reads the elements `lanes` of `LANES`, which begin at `from`; the others are 0.
    ///
    /// # Safety
    /// `from` must be valid for reading at `lanes`, which lie in `0..LANES`.
    unsafe fn load_part(from: *const T, lanes: Range<usize>) -> Self;
    /// Writes the first `count` elements.
    ///
    /// # Safety
    /// `to` must be valid for writing `count` elements, fewer than `LANES`.
    unsafe fn store_first(self, to: *mut T, count: usize);
    /// The elements at even places of `self` and `next` laid side by side, and those at odd places.
    fn unzip(self, next: Self) -> (Self, Self);
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
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
        Lanes(std::array::from_fn(|i| if lanes.contains(&i) { unsafe { *from.wrapping_add(i) } } else { T::zero() }))
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, count: usize) {
        for i in 0..count {
            // SAFETY: the caller vouches for `count` elements.
            unsafe { *to.add(i) = self.0[i] };
        }
    }
    #[inline(always)]
    fn unzip(self, next: Self) -> (Self, Self) {
        let at = |i: usize| if i < N { self.0[i] } else { next.0[i - N] };
        (Lanes(std::array::from_fn(|i| at(2 * i))), Lanes(std::array::from_fn(|i| at(2 * i + 1))))
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
     $set1:ident $loadu:ident $storeu:ident $mul:ident $add:ident $fmadd:ident,
     part: $load_part:ident $store_first:ident, unzip: $unzip:ident) => {
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
            #[inline(always)]
            fn unzip(self, next: Self) -> (Self, Self) {
                // SAFETY: as in `splat`.
                unsafe { $unzip(self, next) }
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
            fn mul_add(self, factor: Self, term: Self) -> Self {
                // SAFETY: as in `splat`.
                unsafe { core::arch::x86_64::$fmadd(self, factor, term) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
x86_vector!(__m256 of 8 f32, 16 registers:
    _mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps _mm256_mul_ps _mm256_add_ps _mm256_fmadd_ps,
    part: load_part_256f32 store_first_256f32, unzip: unzip_256f32);
#[cfg(target_arch = "x86_64")]
x86_vector!(__m256d of 4 f64, 16 registers:
    _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd _mm256_mul_pd _mm256_add_pd _mm256_fmadd_pd,
    part: load_part_256f64 store_first_256f64, unzip: unzip_256f64);
#[cfg(target_arch = "x86_64")]
x86_vector!(__m512 of 16 f32, 32 registers:
    _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_mul_ps _mm512_add_ps _mm512_fmadd_ps,
    part: load_part_512f32 store_first_512f32, unzip: unzip_512f32);
#[cfg(target_arch = "x86_64")]
x86_vector!(__m512d of 8 f64, 32 registers:
    _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd _mm512_mul_pd _mm512_add_pd _mm512_fmadd_pd,
    part: load_part_512f64 store_first_512f64, unzip: unzip_512f64);

/// The functions of [`x86_vector!`] that are more than one instruction.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::*;
    use std::ops::Range;

    /// The mask of some lanes of at most 16.
    #[inline(always)]
    fn mask(lanes: Range<usize>) -> u16 {
        ((1u32 << lanes.end) - (1u32 << lanes.start)) as u16
    }

    #[inline(always)]
    pub unsafe fn load_part_512f32(from: *const f32, lanes: Range<usize>) -> __m512 {
        // SAFETY: lanes outside of the mask are not read; the caller vouches for the others and the instruction set.
        unsafe { _mm512_maskz_loadu_ps(mask(lanes), from) }
    }
    #[inline(always)]
    pub unsafe fn store_first_512f32(to: *mut f32, count: usize, value: __m512) {
        // SAFETY: as in `load_part_512f32`.
        unsafe { _mm512_mask_storeu_ps(to, mask(0..count), value) }
    }
    #[inline(always)]
    pub unsafe fn load_part_512f64(from: *const f64, lanes: Range<usize>) -> __m512d {
        // SAFETY: as in `load_part_512f32`.
        unsafe { _mm512_maskz_loadu_pd(mask(lanes) as u8, from) }
    }
    #[inline(always)]
    pub unsafe fn store_first_512f64(to: *mut f64, count: usize, value: __m512d) {
        // SAFETY: as in `load_part_512f32`.
        unsafe { _mm512_mask_storeu_pd(to, mask(0..count) as u8, value) }
    }
    #[inline(always)]
    pub unsafe fn unzip_512f32(a: __m512, b: __m512) -> (__m512, __m512) {
        // SAFETY: the caller vouches for the instruction set.
        unsafe {
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            (_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b))
        }
    }
    #[inline(always)]
    pub unsafe fn unzip_512f64(a: __m512d, b: __m512d) -> (__m512d, __m512d) {
        // SAFETY: as in `unzip_512f32`.
        unsafe {
            let even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
            let odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
            (_mm512_permutex2var_pd(a, even, b), _mm512_permutex2var_pd(a, odd, b))
        }
    }

    /// The mask of some lanes of 8.
    #[inline(always)]
    unsafe fn lanes_256(lanes: Range<usize>) -> __m256i {
        const BITS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
        // SAFETY: neither end is more than 8, so 8 numbers follow.
        unsafe {
            let below = |end: usize| _mm256_loadu_si256(BITS.as_ptr().add(8 - end).cast());
            _mm256_andnot_si256(below(lanes.start), below(lanes.end))
        }
    }
    #[inline(always)]
    pub unsafe fn load_part_256f32(from: *const f32, lanes: Range<usize>) -> __m256 {
        // SAFETY: as in `load_part_512f32`.
        unsafe { _mm256_maskload_ps(from, lanes_256(lanes)) }
    }
    #[inline(always)]
    pub unsafe fn load_part_256f64(from: *const f64, lanes: Range<usize>) -> __m256d {
        // SAFETY: as in `load_part_512f32`; an element of 64 bits takes two of the mask's.
        unsafe { _mm256_maskload_pd(from, lanes_256(2 * lanes.start..2 * lanes.end)) }
    }
    // Masked stores of AVX2 are slow on some processors.
    #[inline(always)]
    pub unsafe fn store_first_256f32(to: *mut f32, count: usize, value: __m256) {
        // SAFETY: as in `load_part_512f32`.
        unsafe {
            let (mut part, mut at) = (_mm256_castps256_ps128(value), 0);
            if count & 4 != 0 {
                _mm_storeu_ps(to, part);
                (part, at) = (_mm256_extractf128_ps(value, 1), 4);
            }
            if count & 2 != 0 {
                _mm_storel_pd(to.add(at).cast(), _mm_castps_pd(part));
                (part, at) = (_mm_movehl_ps(part, part), at + 2);
            }
            if count & 1 != 0 {
                _mm_store_ss(to.add(at), part);
            }
        }
    }
    #[inline(always)]
    pub unsafe fn store_first_256f64(to: *mut f64, count: usize, value: __m256d) {
        // SAFETY: as in `load_part_512f32`.
        unsafe {
            let (mut part, mut at) = (_mm256_castpd256_pd128(value), 0);
            if count & 2 != 0 {
                _mm_storeu_pd(to, part);
                (part, at) = (_mm256_extractf128_pd(value, 1), 2);
            }
            if count & 1 != 0 {
                _mm_storel_pd(to.add(at), part);
            }
        }
    }
    #[inline(always)]
    pub unsafe fn unzip_256f32(a: __m256, b: __m256) -> (__m256, __m256) {
        // SAFETY: as in `unzip_512f32`.
        unsafe {
            let order = |x: __m256| _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(x), 0b11_01_10_00));
            (order(_mm256_shuffle_ps(a, b, 0b10_00_10_00)), order(_mm256_shuffle_ps(a, b, 0b11_01_11_01)))
        }
    }
    #[inline(always)]
    pub unsafe fn unzip_256f64(a: __m256d, b: __m256d) -> (__m256d, __m256d) {
        // SAFETY: as in `unzip_512f32`.
        unsafe {
            let order = |x: __m256d| _mm256_permute4x64_pd(x, 0b11_01_10_00);
            (order(_mm256_unpacklo_pd(a, b)), order(_mm256_unpackhi_pd(a, b)))
        }
    }
}
#[cfg(target_arch = "x86_64")]
use x86::*;

/// Copies `len` elements that do not overlap, by registers.
///
/// # Safety
/// `from` must be valid for reading `len` elements and `to` for writing them.
#[inline(always)]
pub unsafe fn copy<T, V: Vector<T>>(from: *const T, to: *mut T, len: usize) {
    let whole = len / V::LANES * V::LANES;
    // SAFETY: by the caller's word.
    unsafe {
        // The compiler makes a call of this loop, which short rows should be spared.
        if whole > 0 {
            for at in (0..whole).step_by(V::LANES) {
                V::load(from.add(at)).store(to.add(at));
            }
        }
        if whole < len {
            V::load_part(from.add(whole), 0..len - whole).store_first(to.add(whole), len - whole);
        }
    }
}

/// Copies the elements at even and at odd places of `2 * len` elements apart. Of the last pair the odd one may be missing: `odds`
/// is then `len - 1`.
///
/// # Safety
/// `from` must be valid for reading `len + odds` elements, `even` and `odd` for writing `len` and `odds`; none overlap.
#[inline(always)]
pub unsafe fn copy_pairs<T, V: Vector<T>>(from: *const T, even: *mut T, odd: *mut T, len: usize, odds: usize) {
    let whole = odds / V::LANES * V::LANES;
    let part = |at: usize| {
        let count = (len + odds).saturating_sub(at);
        // SAFETY: `count` elements follow.
        unsafe { if count >= V::LANES { V::load(from.add(at)) } else { V::load_part(from.wrapping_add(at), 0..count) } }
    };
    // SAFETY: by the caller's word.
    unsafe {
        for at in (0..whole).step_by(V::LANES) {
            let (low, high) = V::load(from.add(2 * at)).unzip(V::load(from.add(2 * at + V::LANES)));
            low.store(even.add(at));
            high.store(odd.add(at));
        }
        let store = |value: V, to: *mut T, count: usize| {
            if count >= V::LANES { value.store(to) } else { value.store_first(to, count) }
        };
        if whole < len {
            let (low, high) = part(2 * whole).unzip(part(2 * whole + V::LANES));
            store(low, even.add(whole), len - whole);
            store(high, odd.wrapping_add(whole), odds - whole);
        }
    }
}

/// Exchanges rows and columns of the square of `LANES` registers (the first ones of `rows`).
///
/// [`Vector::unzip`] of neighbours moves the bits of an element's place (row, then lane) by one; as many steps as a lane has bits
/// exchange row and lane.
#[inline(always)]
pub fn transpose<T, V: Vector<T>>(rows: &mut [V; 16]) {
    let mut bits = V::LANES;
    while bits > 1 {
        let from = *rows;
        for i in 0..V::LANES / 2 {
            (rows[i], rows[i + V::LANES / 2]) = from[2 * i].unzip(from[2 * i + 1]);
        }
        bits /= 2;
    }
}

/// Numbers of a row, of which those before `start` and behind `values` are 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lane<'a, R> {
    /// The place of the first value.
    pub start: usize,
    /// The values, side by side.
    pub values: &'a [R],
}

crate::vectorize! {
    /// Writes rows as columns: element `d` of `lanes[l]` goes to `panel[d * width + l]` for `d` in `0..depth`; the rest of each
    /// `width` becomes 0.
    pub fn interleave[S; R: Real](simd: S, lanes: &[Lane<'_, R>], depth: usize, width: usize, panel: &mut [R]) {
        let count = <R::Vector<S> as Vector<R>>::LANES;
        assert!(panel.len() >= depth * width && lanes.len() <= width);
        for first in (0..width).step_by(count) {
            let (lanes, columns) = (&lanes[first.min(lanes.len())..], count.min(width - first));
            for top in (0..depth).step_by(count) {
                let mut rows = [<R::Vector<S> as Vector<R>>::splat(R::zero()); 16];
                for (row, lane) in rows.iter_mut().zip(lanes).take(count) {
                    let start = lane.start.saturating_sub(top).min(count);
                    let end = (lane.start + lane.values.len()).saturating_sub(top).min(count).max(start);
                    let from = lane.values.as_ptr().wrapping_add(top).wrapping_sub(lane.start);
                    // SAFETY: `start..end` are places of values.
                    *row = unsafe {
                        if end - start == count {
                            <R::Vector<S> as Vector<R>>::load(from)
                        } else {
                            <R::Vector<S> as Vector<R>>::load_part(from, start..end)
                        }
                    };
                }
                transpose::<R, R::Vector<S>>(&mut rows);
                for (d, row) in rows.iter().enumerate().take(count.min(depth - top)) {
                    // SAFETY: `columns` elements follow in this row of the panel, whose length was asserted.
                    unsafe {
                        let to = panel.as_mut_ptr().add((top + d) * width + first);
                        if columns == count { row.store(to) } else { row.store_first(to, columns) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::vectorize! {
        fn copied[S; R: Real](simd: S, from: &[R], to: &mut [R]) {
            // SAFETY: both have as many elements.
            unsafe { copy::<R, R::Vector<S>>(from.as_ptr(), to.as_mut_ptr(), to.len()) };
        }
        fn split[S; R: Real](simd: S, from: &[R], even: &mut [R], odd: &mut [R]) {
            assert!(even.len() + odd.len() == from.len());
            // SAFETY: the lengths fit.
            unsafe {
                let (even_len, odd_len) = (even.len(), odd.len());
                copy_pairs::<R, R::Vector<S>>(from.as_ptr(), even.as_mut_ptr(), odd.as_mut_ptr(), even_len, odd_len);
            }
        }
    }

    fn copies_of_any_length<R: Real>() {
        for len in 0..80 {
            let from: Vec<R> = (1..=len).map(R::from_usize).collect();
            // One more than is copied, to see that it is left alone.
            let mut to = vec![R::zero(); len + 1];
            copied(&from, &mut to[..len]);
            assert!(to[..len] == from && to[len] == R::zero());
            let (mut even, mut odd) = (vec![R::zero(); len.div_ceil(2) + 1], vec![R::zero(); len / 2 + 1]);
            split(&from, &mut even[..len.div_ceil(2)], &mut odd[..len / 2]);
            for (at, &value) in from.iter().enumerate() {
                assert!([&even, &odd][at % 2][at / 2] == value, "{at} of {len}");
            }
            assert!(even[len.div_ceil(2)] == R::zero() && odd[len / 2] == R::zero());
        }
    }

    #[test]
    fn rows_are_copied_and_split_exactly() {
        copies_of_any_length::<f32>();
        copies_of_any_length::<f64>();
    }

    fn columns_of_rows<R: Real>() {
        for (count, width, depth) in [(14, 14, 256), (32, 32, 40), (5, 32, 17), (6, 6, 3), (0, 4, 5), (1, 8, 1)] {
            let values: Vec<R> = (1..=depth).map(R::from_usize).collect();
            let lane = |l: usize| Lane { start: l % 4, values: &values[..depth.saturating_sub(l % 5 + l % 4)] };
            let lanes: Vec<Lane<'_, R>> = (0..count).map(lane).collect();
            let mut panel = vec![R::nan(); depth * width];
            interleave(&lanes, depth, width, &mut panel);
            for (at, &got) in panel.iter().enumerate() {
                let value =
                    lanes.get(at % width).and_then(|lane| lane.values.get((at / width).wrapping_sub(lane.start)));
                assert!(got == value.copied().unwrap_or(R::zero()), "{at} of {count} {width} {depth}");
            }
        }
    }

    #[test]
    fn rows_become_columns() {
        columns_of_rows::<f32>();
        columns_of_rows::<f64>();
    }
}
