//! Rows of half types to and from singles, compiled for each instruction set.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use crate::kernels::isa::Isa;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;
use half::{bf16, f16};

/// A type that widens to a single and back without branches.
pub(super) trait Half: Copy {
    /// Whether it is the type that AVX-512 converts.
    const IS_F16: bool;
    /// The same number.
    fn widen(self) -> f32;
    /// The nearest number, ties to even.
    fn narrow(x: f32) -> Self;
}

impl Half for bf16 {
    const IS_F16: bool = false;
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits((self.to_bits() as u32) << 16)
    }
    #[inline(always)]
    fn narrow(x: f32) -> Self {
        let bits = x.to_bits();
        let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1));
        // A nan stays one, whatever its bits.
        let bits = if x.is_nan() { bits | 0x0040_0000 } else { rounded };
        bf16::from_bits((bits >> 16) as u16)
    }
}

impl Half for f16 {
    const IS_F16: bool = true;
    #[inline(always)]
    fn widen(self) -> f32 {
        let bits = self.to_bits() as u32;
        let (sign, magnitude) = ((bits & 0x8000) << 16, bits & 0x7fff);
        // Exponents are rebased by a product, which is exact and makes normal numbers of subnormal ones.
        let finite = f32::from_bits(magnitude << 13) * f32::from_bits((254 - 15) << 23);
        let endless = (magnitude << 13) | 0x7f80_0000 | (((magnitude > 0x7c00) as u32) << 22);
        let wide = if magnitude >= 0x7c00 { endless } else { finite.to_bits() };
        f32::from_bits(sign | wide)
    }
    #[inline(always)]
    fn narrow(x: f32) -> Self {
        let bits = x.to_bits();
        let (sign, magnitude) = ((bits >> 16) & 0x8000, bits & 0x7fff_ffff);
        // Normal results: the exponent rebased, ties to even; a carry goes into the exponent and so to infinity.
        let normal = magnitude.wrapping_sub((127 - 15) << 23).wrapping_add(0xfff + ((magnitude >> 13) & 1)) >> 13;
        // Subnormal ones: an addition puts the last place where it belongs, and rounds.
        let aligned = f32::from_bits(magnitude) + 0.5;
        let small = aligned.to_bits().wrapping_sub(0.5f32.to_bits());
        let finite = if magnitude < (127 - 14) << 23 { small } else { normal };
        // From 65520 on it is infinity; a nan stays one, with the high bits of its own.
        let endless = if magnitude > 0x7f80_0000 { 0x7e00 | ((magnitude >> 13) & 0x3ff) } else { 0x7c00 };
        let narrow = if magnitude >= 0x477f_f000 { endless } else { finite };
        f16::from_bits((sign | narrow) as u16)
    }
}

crate::vectorize! {
    fn widen_all[S; H: Half](simd: S, from: *const H, to: *mut f32, len: usize) {
        let mut i = 0;
        #[cfg(target_arch = "x86_64")]
        if S::ISA == Isa::Avx512 && H::IS_F16 {
            while i + 16 <= len {
                // SAFETY: by the contract of `widen`; the instruction belongs to the set.
                unsafe { _mm512_storeu_ps(to.add(i), _mm512_cvtph_ps(_mm256_loadu_si256(from.add(i).cast()))) };
                i += 16;
            }
        }
        while i < len {
            // SAFETY: by the contract of `widen`.
            unsafe { *to.add(i) = (*from.add(i)).widen() };
            i += 1;
        }
    }

    fn narrow_all[S; H: Half](simd: S, from: *const f32, to: *mut H, len: usize) {
        let mut i = 0;
        #[cfg(target_arch = "x86_64")]
        if S::ISA == Isa::Avx512 && H::IS_F16 {
            while i + 16 <= len {
                // SAFETY: by the contract of `narrow`; the instruction belongs to the set.
                unsafe {
                    let halves = _mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(_mm512_loadu_ps(from.add(i)));
                    _mm256_storeu_si256(to.add(i).cast(), halves);
                }
                i += 16;
            }
        }
        while i < len {
            // SAFETY: by the contract of `narrow`.
            unsafe { *to.add(i) = H::narrow(*from.add(i)) };
            i += 1;
        }
    }
}

/// `to[i] = from[i]`.
///
/// # Safety
/// Both must have `len` elements and not overlap.
pub(super) unsafe fn widen<H: Half>(from: *const H, to: *mut f32, len: usize) {
    widen_all(from, to, len);
}

/// `to[i] = from[i]`, rounded.
///
/// # Safety
/// Both must have `len` elements and not overlap.
pub(super) unsafe fn narrow<H: Half>(from: *const f32, to: *mut H, len: usize) {
    narrow_all(from, to, len);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All halves, and singles around all of them and their middles.
    #[test]
    fn conversions_are_those_of_the_library() {
        // Miri, which takes a thousand times as long, sees every thousandth.
        for bits in (0..=u16::MAX).step_by(if cfg!(miri) { 997 } else { 1 }) {
            let (a, b) = (f16::from_bits(bits), bf16::from_bits(bits));
            let (wide_a, wide_b) = (Half::widen(a), Half::widen(b));
            assert!(wide_a.to_bits() == a.to_f32().to_bits(), "{bits:x}: {wide_a}");
            assert!(wide_b.to_bits() == b.to_f32().to_bits() || b.is_nan() && wide_b.is_nan(), "{bits:x}: {wide_b}");
            for base in [wide_a, wide_b] {
                for step in [0, 1, 0x7fff, 0x8000, 0x8001, 0xfff, 0x1000, 0x1001, 0x17ff, 0x1800, 0x1801] {
                    let x = f32::from_bits(base.to_bits().wrapping_add(step));
                    let (a, b) = (<f16 as Half>::narrow(x), <bf16 as Half>::narrow(x));
                    assert!(a.to_bits() == f16::from_f32(x).to_bits() || x.is_nan() && a.is_nan(), "{x:e}: {a}");
                    assert!(b.to_bits() == bf16::from_f32(x).to_bits() || x.is_nan() && b.is_nan(), "{x:e}: {b}");
                }
            }
        }
    }

    #[test]
    fn rows_are_converted_element_by_element() {
        let numbers: Vec<f32> = (0..1000).map(|i| (i as f32 - 500.0) * 0.37).collect();
        let (mut halves, mut back) = (vec![f16::ZERO; 1000], vec![0.0; 1000]);
        // SAFETY: all have 1000 elements.
        unsafe {
            narrow(numbers.as_ptr(), halves.as_mut_ptr(), 1000);
            widen(halves.as_ptr(), back.as_mut_ptr(), 1000);
        }
        assert!(numbers.iter().zip(&back).all(|(&x, &y)| f16::from_f32(x).to_f32() == y));
    }
}
