//! Numbers as sums of `bf16` numbers.

use half::bf16;

use super::Terms;

/// The bits of the `bf16` number nearest to the one with these bits, ties to even, as those of an `f32` number.
#[inline(always)]
fn rounded(bits: u32) -> u32 {
    bits.wrapping_add(0x7fff + (bits >> 16 & 1)) & 0xffff_0000
}

/// The high, middle and low part of a number: `x = high + middle + low`, each the `bf16` number nearest to what is left, as the
/// bits of an `f32` number.
///
/// The sum is exact where 24 bits below the number's own magnitude can be told, that is from 2^-110 on; below that it is off by
/// less than 2^-126. Of what is not finite some part is not finite.
#[inline(always)]
pub(crate) fn parts(x: f32) -> [u32; 3] {
    // A nan whose last bits are set would be rounded to a number.
    let high = rounded(if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() });
    let rest = x - f32::from_bits(high);
    let middle = rounded(rest.to_bits());
    let low = rounded((rest - f32::from_bits(middle)).to_bits());
    [high, middle, low]
}

/// Splits `from`; the planes are `plane` numbers apart.
pub(crate) fn split(terms: Terms, from: &[f32], to: &mut [bf16], plane: usize) {
    assert!(from.len() <= plane && to.len() >= (terms.planes() - 1) * plane + from.len());
    let to = to.as_mut_ptr();
    // SAFETY: just compared.
    unsafe {
        match terms {
            Terms::Six => split_lines::<3>(from, to, plane),
            Terms::Three => split_lines::<2>(from, to, plane),
            Terms::One => split_lines::<1>(from, to, plane),
        }
    }
}

/// Splits two lines as long as each other, and puts the parts of their elements side by side.
pub(crate) fn split_pairs(terms: Terms, from: (&[f32], &[f32]), to: &mut [bf16], plane: usize) {
    let len = from.0.len();
    assert!(from.1.len() == len && 2 * len <= plane && to.len() >= (terms.planes() - 1) * plane + 2 * len);
    let to = to.as_mut_ptr();
    // SAFETY: just compared.
    unsafe {
        match terms {
            Terms::Six => pair_lines::<3>(from, to, plane),
            Terms::Three => pair_lines::<2>(from, to, plane),
            Terms::One => pair_lines::<1>(from, to, plane),
        }
    }
}

/// # Safety
/// `to` must have room for `N` planes.
unsafe fn split_lines<const N: usize>(from: &[f32], to: *mut bf16, plane: usize) {
    split_body([(); N], from, to, plane);
}

/// # Safety
/// As for [`split_lines`], with two numbers for each of a line; both lines are as long.
unsafe fn pair_lines<const N: usize>(from: (&[f32], &[f32]), to: *mut bf16, plane: usize) {
    pair_body([(); N], from, to, plane);
}

crate::vectorize! {
    /// The body of [`split_lines`], its only caller.
    fn split_body[S; const N: usize](simd: S, count: [(); N], from: &[f32], to: *mut bf16, plane: usize) {
        for (at, &x) in from.iter().enumerate() {
            for (number, part) in parts(x).into_iter().enumerate().take(N) {
                // SAFETY: the caller has room for each plane.
                unsafe { *to.add(number * plane + at) = bf16::from_bits((part >> 16) as u16) };
            }
        }
    }

    /// The body of [`pair_lines`], its only caller.
    fn pair_body[S; const N: usize](simd: S, count: [(); N], from: (&[f32], &[f32]), to: *mut bf16, plane: usize) {
        for (at, (&x, &y)) in from.0.iter().zip(from.1).enumerate() {
            let (first, second) = (parts(x), parts(y));
            for number in 0..N {
                // SAFETY: as above; the two numbers are written as one, the first one in the lower half.
                unsafe { to.add(number * plane + 2 * at).cast::<u32>().write_unaligned(first[number] >> 16 | second[number]) };
            }
        }
    }
}
