//! Vector registers: the few operations that hand-placed kernels (the matrix product) need, for every instruction set.
#![allow(unsafe_code)]

use num_traits::Float;

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
    /// Reads the first `count` of `LANES` elements; the others are 0.
    ///
    /// # Safety
    /// `from` must be valid for reading `count` elements, fewer than `LANES`.
    unsafe fn load_first(from: *const T, count: usize) -> Self;
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
    unsafe fn load_first(from: *const T, count: usize) -> Self {
        // SAFETY: the caller vouches for `count` elements.
        Lanes(std::array::from_fn(|i| if i < count { unsafe { *from.add(i) } } else { T::zero() }))
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
     first: $load_first:ident $store_first:ident, unzip: $unzip:ident) => {
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
            unsafe fn load_first(from: *const $element, count: usize) -> Self {
                debug_assert!(count < $lanes);
                // SAFETY: the caller vouches for the elements; the instruction set as in `splat`.
                unsafe { $load_first(from, count) }
            }
            #[inline(always)]
            unsafe fn store_first(self, to: *mut $element, count: usize) {
                debug_assert!(count < $lanes);
                // SAFETY: as in `load_first`.
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
    first: load_first_256f32 store_first_256f32, unzip: unzip_256f32);
#[cfg(target_arch = "x86_64")]
x86_vector!(__m256d of 4 f64, 16 registers:
    _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd _mm256_mul_pd _mm256_add_pd _mm256_fmadd_pd,
    first: load_first_256f64 store_first_256f64, unzip: unzip_256f64);
#[cfg(target_arch = "x86_64")]
x86_vector!(__m512 of 16 f32, 32 registers:
    _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_mul_ps _mm512_add_ps _mm512_fmadd_ps,
    first: load_first_512f32 store_first_512f32, unzip: unzip_512f32);
#[cfg(target_arch = "x86_64")]
x86_vector!(__m512d of 8 f64, 32 registers:
    _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd _mm512_mul_pd _mm512_add_pd _mm512_fmadd_pd,
    first: load_first_512f64 store_first_512f64, unzip: unzip_512f64);

/// The functions of [`x86_vector!`] that are more than one instruction.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::*;

    /// The first `count` of the lanes of an AVX-512 register; `count` is less than 16.
    #[inline(always)]
    fn mask(count: usize) -> u16 {
        ((1u32 << count) - 1) as u16
    }

    #[inline(always)]
    pub unsafe fn load_first_512f32(from: *const f32, count: usize) -> __m512 {
        // SAFETY: lanes outside of the mask are not read; the caller vouches for the others and the instruction set.
        unsafe { _mm512_maskz_loadu_ps(mask(count), from) }
    }
    #[inline(always)]
    pub unsafe fn store_first_512f32(to: *mut f32, count: usize, value: __m512) {
        // SAFETY: as in `load_first_512f32`.
        unsafe { _mm512_mask_storeu_ps(to, mask(count), value) }
    }
    #[inline(always)]
    pub unsafe fn load_first_512f64(from: *const f64, count: usize) -> __m512d {
        // SAFETY: as in `load_first_512f32`.
        unsafe { _mm512_maskz_loadu_pd(mask(count) as u8, from) }
    }
    #[inline(always)]
    pub unsafe fn store_first_512f64(to: *mut f64, count: usize, value: __m512d) {
        // SAFETY: as in `load_first_512f32`.
        unsafe { _mm512_mask_storeu_pd(to, mask(count) as u8, value) }
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

    /// The mask of the first `count` of 8 lanes.
    #[inline(always)]
    unsafe fn lanes_256(count: usize) -> __m256i {
        const BITS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
        // SAFETY: `count` is at most 8, so 8 numbers follow.
        unsafe { _mm256_loadu_si256(BITS.as_ptr().add(8 - count).cast()) }
    }
    #[inline(always)]
    pub unsafe fn load_first_256f32(from: *const f32, count: usize) -> __m256 {
        // SAFETY: as in `load_first_512f32`.
        unsafe { _mm256_maskload_ps(from, lanes_256(count)) }
    }
    #[inline(always)]
    pub unsafe fn load_first_256f64(from: *const f64, count: usize) -> __m256d {
        // SAFETY: as in `load_first_512f32`; an element of 64 bits takes two of the mask's.
        unsafe { _mm256_maskload_pd(from, lanes_256(2 * count)) }
    }
    // Masked stores of AVX2 are slow on some processors.
    #[inline(always)]
    pub unsafe fn store_first_256f32(to: *mut f32, count: usize, value: __m256) {
        // SAFETY: as in `load_first_512f32`.
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
        // SAFETY: as in `load_first_512f32`.
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
            V::load_first(from.add(whole), len - whole).store_first(to.add(whole), len - whole);
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
        unsafe { if count >= V::LANES { V::load(from.add(at)) } else { V::load_first(from.wrapping_add(at), count) } }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::float::Real;

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
}
