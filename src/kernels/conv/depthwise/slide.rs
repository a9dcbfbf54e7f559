//! The two inner loops: sums of shifted fields, and products of a field with gradients at each shift.

use super::super::super::float::Real;
use super::super::super::isa::{Avx2, Avx512, Isa, Portable, isa};
use super::super::super::lanes::Vector;

/// `len` rounded up to whole registers: the length of sums.
pub fn padded_len<R: Real>(len: usize) -> usize {
    len.next_multiple_of(match isa() {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Amx => <R::Vector<Avx512> as Vector<R>>::LANES,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => <R::Vector<Avx2> as Vector<R>>::LANES,
        _ => <R::Vector<Portable> as Vector<R>>::LANES,
    })
}

crate::vectorize! {
    /// `sums[p] = start + sum over t of weights[t] * field[p + offsets[t]]`. `sums` has a length from [`padded_len`], and the field that many
    /// elements from each tap's offset on.
    pub fn slide[S; R: Real](simd: S, start: R, field: &[R], offsets: &[usize], weights: &[R], sums: &mut [R]) {
        /// Registers of sums under way, to hide the latency of an addition.
        const UNROLL: usize = 4;
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        assert!(sums.len() % lanes == 0 && offsets.len() == weights.len());
        assert!(offsets.iter().all(|offset| offset + sums.len() <= field.len()));
        let (wide, narrow) = sums.split_at_mut(sums.len() / (UNROLL * lanes) * (UNROLL * lanes));
        for (number, sums) in wide.chunks_exact_mut(UNROLL * lanes).enumerate() {
            // SAFETY: the chunk has `UNROLL` registers, and every tap as many elements from there on, as asserted.
            unsafe { add_taps::<R, R::Vector<S>, UNROLL>(field.as_ptr().add(number * UNROLL * lanes), start, offsets, weights, sums) };
        }
        let done = wide.len();
        for (number, sums) in narrow.chunks_exact_mut(lanes).enumerate() {
            // SAFETY: as above, with one register.
            unsafe { add_taps::<R, R::Vector<S>, 1>(field.as_ptr().add(done + number * lanes), start, offsets, weights, sums) };
        }
    }

    /// `sums[r * width + p] = start + sum over i, j of weights[i * kernel + j] * field[(r + i) * pitch + j + p]` for rows `r` and `p` in
    /// `0..width`, a length from [`padded_len`]; without a start, what `sums` holds: taps that lie side by side, for which several rows of sums share what is read. The
    /// field must hold a register beyond the last element that a tap reads.
    pub fn slide_rows[S; R: Real](simd: S, start: Option<R>, field: (&[R], usize), weights: (&[R], usize), sums: (&mut [R], usize)) {
        let ((field, pitch), (weights, kernel), (sums, width)) = (field, weights, sums);
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        let rows = sums.len() / width.max(1);
        assert!(width % lanes == 0 && weights.len() == kernel * kernel && kernel > 0);
        assert!(rows == 0 || (rows + kernel - 2) * pitch + width + kernel - 1 <= field.len());
        let mut row = 0;
        while row < rows {
            let (from, to) = (field.as_ptr().wrapping_add(row * pitch), sums[row * width..].as_mut_ptr());
            // SAFETY: as many rows of sums as each kernel has follow, `width` long, and the rows of the field that they read.
            row += unsafe {
                match (kernel, rows - row) {
                    (3, 4..) => add_rows::<R, R::Vector<S>, 4, 3>(start, (from, pitch), weights, (to, width)),
                    (3, 2..) => add_rows::<R, R::Vector<S>, 2, 3>(start, (from, pitch), weights, (to, width)),
                    (3, _) => add_rows::<R, R::Vector<S>, 1, 3>(start, (from, pitch), weights, (to, width)),
                    (5, 4..) => add_rows::<R, R::Vector<S>, 4, 5>(start, (from, pitch), weights, (to, width)),
                    (5, 2..) => add_rows::<R, R::Vector<S>, 2, 5>(start, (from, pitch), weights, (to, width)),
                    (5, _) => add_rows::<R, R::Vector<S>, 1, 5>(start, (from, pitch), weights, (to, width)),
                    _ => unreachable!("a kernel of `has_rows`"),
                }
            };
        }
    }

    /// `totals[t] += sum over p of g[p] * field[p + offsets[t]]`; lengths as for [`slide`].
    pub fn tap_sums[S; R: Real](simd: S, field: &[R], offsets: &[usize], g: &[R], totals: &mut [R]) {
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        assert!(g.len() % lanes == 0 && offsets.len() == totals.len());
        assert!(offsets.iter().all(|offset| offset + g.len() <= field.len()));
        let mut at = 0;
        while at < offsets.len() {
            let (offsets, totals) = (&offsets[at..], &mut totals[at..]);
            // SAFETY: every offset has as many elements as `g`, which is whole registers, as asserted.
            at += unsafe {
                match offsets.len() {
                    9.. => dot_taps::<R, R::Vector<S>, 9>(field, offsets, g, totals),
                    5.. => dot_taps::<R, R::Vector<S>, 5>(field, offsets, g, totals),
                    3.. => dot_taps::<R, R::Vector<S>, 3>(field, offsets, g, totals),
                    _ => dot_taps::<R, R::Vector<S>, 1>(field, offsets, g, totals),
                }
            };
        }
    }
}

/// # Safety
/// `sums` has `N` registers; `field` must be valid for reading as many elements from every tap's offset on.
#[inline(always)]
unsafe fn add_taps<R: Real, V: Vector<R>, const N: usize>(
    field: *const R,
    start: R,
    offsets: &[usize],
    weights: &[R],
    sums: &mut [R],
) {
    debug_assert_eq!(sums.len(), N * V::LANES);
    let sums = sums.as_mut_ptr();
    // SAFETY: by the caller's word.
    unsafe {
        let mut totals = [V::splat(start); N];
        for (&offset, &weight) in offsets.iter().zip(weights) {
            let (weight, from) = (V::splat(weight), field.add(offset));
            for n in 0..N {
                totals[n] = weight.mul_add(V::load(from.add(n * V::LANES)), totals[n]);
            }
        }
        for n in 0..N {
            totals[n].store(sums.add(n * V::LANES));
        }
    }
}

/// Whether [`slide_rows`] knows a kernel of this size.
pub fn has_rows(kernel: usize) -> bool {
    matches!(kernel, 3 | 5)
}

/// # Safety
/// `ROWS` rows of sums must be valid, and the `ROWS + K - 1` rows of the field, `K - 1` elements beyond `width`.
#[inline(always)]
unsafe fn add_rows<R: Real, V: Vector<R>, const ROWS: usize, const K: usize>(
    start: Option<R>,
    (field, pitch): (*const R, usize),
    weights: &[R],
    (sums, width): (*mut R, usize),
) -> usize {
    for at in (0..width).step_by(V::LANES) {
        // SAFETY: by the caller's word.
        unsafe {
            let mut totals: [V; ROWS] = match start {
                Some(start) => [V::splat(start); ROWS],
                None => std::array::from_fn(|row| V::load(sums.add(row * width + at))),
            };
            for line in 0..ROWS + K - 1 {
                for j in 0..K {
                    let value = V::load(field.add(line * pitch + j + at));
                    for row in 0..ROWS {
                        if line >= row && line - row < K {
                            let weight = V::splat(*weights.get_unchecked((line - row) * K + j));
                            totals[row] = weight.mul_add(value, totals[row]);
                        }
                    }
                }
            }
            for row in 0..ROWS {
                totals[row].store(sums.add(row * width + at));
            }
        }
    }
    ROWS
}

/// # Safety
/// There are at least `N` offsets and totals; the field has as many elements from each offset on as `g`, whole registers.
#[inline(always)]
unsafe fn dot_taps<R: Real, V: Vector<R>, const N: usize>(
    field: &[R],
    offsets: &[usize],
    g: &[R],
    totals: &mut [R],
) -> usize {
    let from: [*const R; N] = std::array::from_fn(|n| field.as_ptr().wrapping_add(offsets[n]));
    let mut sums = [V::splat(R::zero()); N];
    for at in (0..g.len()).step_by(V::LANES) {
        // SAFETY: by the caller's word.
        unsafe {
            let factor = V::load(g.as_ptr().add(at));
            for n in 0..N {
                sums[n] = factor.mul_add(V::load(from[n].add(at)), sums[n]);
            }
        }
    }
    for n in 0..N {
        let mut line = [R::zero(); 16];
        // SAFETY: a register has at most 16 elements.
        unsafe { sums[n].store(line.as_mut_ptr()) };
        totals[n] += line[..V::LANES].iter().copied().fold(R::zero(), |a, b| a + b);
    }
    N
}
