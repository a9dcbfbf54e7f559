//! What is more than one instruction: masked reads and writes, taking pairs apart, choosing.

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
pub unsafe fn store_part_512f32(to: *mut f32, lanes: Range<usize>, value: __m512) {
    // SAFETY: as in `load_part_512f32`.
    unsafe { _mm512_mask_storeu_ps(to, mask(lanes), value) }
}
#[inline(always)]
pub unsafe fn store_part_512f64(to: *mut f64, lanes: Range<usize>, value: __m512d) {
    // SAFETY: as in `load_part_512f32`.
    unsafe { _mm512_mask_storeu_pd(to, mask(lanes) as u8, value) }
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
/// Quarters of rows are gathered by loads, which have ports of their own: the registers' lanes of four hold rows four apart. What is
/// left to exchange lies within these lanes.
#[inline(always)]
pub unsafe fn columns_512f32(rows: &[*const f32; 16]) -> [__m512; 16] {
    // SAFETY: the caller vouches for the elements and the instruction set.
    unsafe {
        let mut columns = [_mm512_setzero_ps(); 16];
        for quarter in 0..4 {
            let four = |row: usize| _mm_loadu_ps(rows[row].wrapping_add(4 * quarter));
            let gathered = |row: usize| {
                let all = _mm512_castps128_ps512(four(row));
                let all = _mm512_insertf32x4::<1>(all, four(row + 4));
                let all = _mm512_insertf32x4::<2>(all, four(row + 8));
                _mm512_insertf32x4::<3>(all, four(row + 12))
            };
            let pairs = |row: usize| {
                let (a, b) = (gathered(row), gathered(row + 1));
                (_mm512_castps_pd(_mm512_unpacklo_ps(a, b)), _mm512_castps_pd(_mm512_unpackhi_ps(a, b)))
            };
            let ((a, c), (b, d)) = (pairs(0), pairs(2));
            columns[4 * quarter] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            columns[4 * quarter + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
            columns[4 * quarter + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(c, d));
            columns[4 * quarter + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(c, d));
        }
        columns
    }
}
/// As [`columns_512f32`], by halves.
#[inline(always)]
pub unsafe fn columns_256f32(rows: &[*const f32; 16]) -> [__m256; 16] {
    // SAFETY: the caller vouches for the elements and the instruction set.
    unsafe {
        let mut columns = [_mm256_setzero_ps(); 16];
        for half in 0..2 {
            let four = |row: usize| _mm_loadu_ps(rows[row].wrapping_add(4 * half));
            let gathered = |row: usize| _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(four(row)), four(row + 4));
            let pairs = |row: usize| {
                let (a, b) = (gathered(row), gathered(row + 1));
                (_mm256_castps_pd(_mm256_unpacklo_ps(a, b)), _mm256_castps_pd(_mm256_unpackhi_ps(a, b)))
            };
            let ((a, c), (b, d)) = (pairs(0), pairs(2));
            columns[4 * half] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
            columns[4 * half + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
            columns[4 * half + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(c, d));
            columns[4 * half + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(c, d));
        }
        columns
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
#[inline(always)]
pub unsafe fn zip_512f32(a: __m512, b: __m512) -> (__m512, __m512) {
    // SAFETY: as in `unzip_512f32`.
    unsafe {
        let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        let high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        (_mm512_permutex2var_ps(a, low, b), _mm512_permutex2var_ps(a, high, b))
    }
}
#[inline(always)]
pub unsafe fn zip_512f64(a: __m512d, b: __m512d) -> (__m512d, __m512d) {
    // SAFETY: as in `unzip_512f32`.
    unsafe {
        let low = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
        let high = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
        (_mm512_permutex2var_pd(a, low, b), _mm512_permutex2var_pd(a, high, b))
    }
}
#[inline(always)]
pub unsafe fn zip_256f32(a: __m256, b: __m256) -> (__m256, __m256) {
    // SAFETY: as in `unzip_512f32`.
    unsafe {
        let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        (_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31))
    }
}
#[inline(always)]
pub unsafe fn zip_256f64(a: __m256d, b: __m256d) -> (__m256d, __m256d) {
    // SAFETY: as in `unzip_512f32`.
    unsafe {
        let (low, high) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
        (_mm256_permute2f128_pd(low, high, 0x20), _mm256_permute2f128_pd(low, high, 0x31))
    }
}
#[inline(always)]
pub unsafe fn larger_512f32(best: __m512, at: __m512, value: __m512, place: __m512) -> (__m512, __m512) {
    // SAFETY: as in `unzip_512f32`.
    unsafe {
        let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(value, value);
        let taken = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(value, best) | nan;
        (_mm512_mask_mov_ps(best, taken, value), _mm512_mask_mov_ps(at, taken, place))
    }
}
#[inline(always)]
pub unsafe fn larger_512f64(best: __m512d, at: __m512d, value: __m512d, place: __m512d) -> (__m512d, __m512d) {
    // SAFETY: as in `unzip_512f32`.
    unsafe {
        let nan = _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(value, value);
        let taken = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(value, best) | nan;
        (_mm512_mask_mov_pd(best, taken, value), _mm512_mask_mov_pd(at, taken, place))
    }
}
#[inline(always)]
pub unsafe fn larger_256f32(best: __m256, at: __m256, value: __m256, place: __m256) -> (__m256, __m256) {
    // SAFETY: as in `unzip_512f32`.
    unsafe {
        let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(value, value);
        let taken = _mm256_or_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(value, best), nan);
        (_mm256_blendv_ps(best, value, taken), _mm256_blendv_ps(at, place, taken))
    }
}
#[inline(always)]
pub unsafe fn larger_256f64(best: __m256d, at: __m256d, value: __m256d, place: __m256d) -> (__m256d, __m256d) {
    // SAFETY: as in `unzip_512f32`.
    unsafe {
        let nan = _mm256_cmp_pd::<_CMP_UNORD_Q>(value, value);
        let taken = _mm256_or_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(value, best), nan);
        (_mm256_blendv_pd(best, value, taken), _mm256_blendv_pd(at, place, taken))
    }
}
#[inline(always)]
pub unsafe fn or_nan_512f32(x: __m512, other: __m512) -> __m512 {
    // SAFETY: as in `unzip_512f32`.
    unsafe { _mm512_mask_mov_ps(other, _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(x, x), x) }
}
#[inline(always)]
pub unsafe fn or_nan_512f64(x: __m512d, other: __m512d) -> __m512d {
    // SAFETY: as in `unzip_512f32`.
    unsafe { _mm512_mask_mov_pd(other, _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(x, x), x) }
}
#[inline(always)]
pub unsafe fn or_nan_256f32(x: __m256, other: __m256) -> __m256 {
    // SAFETY: as in `unzip_512f32`.
    unsafe { _mm256_blendv_ps(other, x, _mm256_cmp_ps::<_CMP_UNORD_Q>(x, x)) }
}
#[inline(always)]
pub unsafe fn or_nan_256f64(x: __m256d, other: __m256d) -> __m256d {
    // SAFETY: as in `unzip_512f32`.
    unsafe { _mm256_blendv_pd(other, x, _mm256_cmp_pd::<_CMP_UNORD_Q>(x, x)) }
}
#[inline(always)]
pub unsafe fn reversed_512f32(x: __m512) -> __m512 {
    // SAFETY: as in `unzip_512f32`.
    unsafe { _mm512_permutexvar_ps(_mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), x) }
}
#[inline(always)]
pub unsafe fn reversed_512f64(x: __m512d) -> __m512d {
    // SAFETY: as in `unzip_512f32`.
    unsafe { _mm512_permutexvar_pd(_mm512_setr_epi64(7, 6, 5, 4, 3, 2, 1, 0), x) }
}
#[inline(always)]
pub unsafe fn reversed_256f32(x: __m256) -> __m256 {
    // SAFETY: as in `unzip_512f32`.
    unsafe { _mm256_permutevar8x32_ps(x, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0)) }
}
#[inline(always)]
pub unsafe fn reversed_256f64(x: __m256d) -> __m256d {
    // SAFETY: as in `unzip_512f32`.
    unsafe { _mm256_permute4x64_pd(x, 0b00_01_10_11) }
}
