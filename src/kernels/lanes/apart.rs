//! Rows of numbers taken apart by the remainders of their places: what a window with a stride reads.

use super::Vector;

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

/// Copies every second element: `to[i] = from[2 * i]`.
#[inline(always)]
pub fn copy_evens<T: Copy, V: Vector<T>>(from: &[T], to: &mut [T]) {
    assert!(to.is_empty() || 2 * to.len() - 1 <= from.len());
    for at in (0..to.len()).step_by(V::LANES) {
        let count = V::LANES.min(to.len() - at);
        let there = (from.len() - 2 * at).min(2 * V::LANES);
        // SAFETY: so many elements can be read from there on, and `count` written.
        unsafe {
            let from = from.as_ptr().add(2 * at);
            let next = from.wrapping_add(V::LANES);
            let (low, high) = if there == 2 * V::LANES {
                (V::load(from), V::load(next))
            } else {
                let high = there.saturating_sub(V::LANES);
                (V::load_part(from, 0..there.min(V::LANES)), V::load_part(next, 0..high))
            };
            let evens = low.unzip(high).0;
            let to = to.as_mut_ptr().add(at);
            if count == V::LANES { evens.store(to) } else { evens.store_first(to, count) }
        }
    }
}

/// Copies `len` groups of `N` elements apart, `N` a power of two up to 16: `to[p * step + i] = from[i * N + p]`.
///
/// [`Vector::unzip`] of neighbours moves the lowest bit of an element's place to the top; as many steps as `N` has bits bring the
/// remainder there.
///
/// # Safety
/// `from` must be valid for reading `N * len` elements, and the places in `to` for writing; none overlap.
#[inline(always)]
pub unsafe fn copy_groups<T, V: Vector<T>, const N: usize>(from: *const T, to: *mut T, step: usize, len: usize) {
    const { assert!(N.is_power_of_two() && N <= 16) };
    for at in (0..len).step_by(V::LANES) {
        let count = V::LANES.min(len - at);
        let mut rows: [V; N] = std::array::from_fn(|row| {
            let first = at * N + row * V::LANES;
            let there = (len * N).saturating_sub(first);
            let from = from.wrapping_add(first);
            // SAFETY: `there` elements follow.
            unsafe { if there >= V::LANES { V::load(from) } else { V::load_part(from, 0..there) } }
        });
        let mut left = N;
        while left > 1 {
            let from = rows;
            for i in 0..N / 2 {
                (rows[i], rows[i + N / 2]) = from[2 * i].unzip(from[2 * i + 1]);
            }
            left /= 2;
        }
        for (p, row) in rows.into_iter().enumerate() {
            // SAFETY: by the caller's word.
            unsafe {
                let to = to.add(p * step + at);
                if count == V::LANES { row.store(to) } else { row.store_first(to, count) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::float::Real;
    use super::*;

    crate::vectorize! {
        fn halved[S; R: Real](simd: S, from: &[R], to: &mut [R]) {
            copy_evens::<R, R::Vector<S>>(from, to);
        }
        fn split[S; R: Real](simd: S, from: &[R], even: &mut [R], odd: &mut [R]) {
            assert!(even.len() + odd.len() == from.len());
            // SAFETY: the lengths fit.
            unsafe {
                let (even_len, odd_len) = (even.len(), odd.len());
                copy_pairs::<R, R::Vector<S>>(from.as_ptr(), even.as_mut_ptr(), odd.as_mut_ptr(), even_len, odd_len);
            }
        }
        fn grouped[S; R: Real](simd: S, from: &[R], to: &mut [R], of: usize) {
            let (len, step) = (from.len() / of, to.len() / of);
            assert!(len <= step && from.len() == len * of && to.len() == step * of);
            // SAFETY: the lengths fit.
            unsafe {
                match of {
                    4 => copy_groups::<R, R::Vector<S>, 4>(from.as_ptr(), to.as_mut_ptr(), step, len),
                    8 => copy_groups::<R, R::Vector<S>, 8>(from.as_ptr(), to.as_mut_ptr(), step, len),
                    _ => copy_groups::<R, R::Vector<S>, 16>(from.as_ptr(), to.as_mut_ptr(), step, len),
                }
            }
        }
    }

    fn rows_of_any_length<R: Real>() {
        for len in 0..80 {
            let from: Vec<R> = (1..=len).map(R::from_usize).collect();
            let mut evens = vec![R::zero(); len.div_ceil(2)];
            halved(&from, &mut evens);
            assert!(evens.iter().eq(from.iter().step_by(2)), "{len}");
            // One more than is copied, to see that it is left alone.
            let (mut even, mut odd) = (vec![R::zero(); len.div_ceil(2) + 1], vec![R::zero(); len / 2 + 1]);
            split(&from, &mut even[..len.div_ceil(2)], &mut odd[..len / 2]);
            for (at, &value) in from.iter().enumerate() {
                assert!([&even, &odd][at % 2][at / 2] == value, "{at} of {len}");
            }
            assert!(even[len.div_ceil(2)] == R::zero() && odd[len / 2] == R::zero());
            for of in [4, 8, 16] {
                let from: Vec<R> = (1..=len * of).map(R::from_usize).collect();
                let mut to = vec![R::zero(); (len + 1) * of];
                grouped(&from, &mut to, of);
                for (p, line) in to.chunks_exact(len + 1).enumerate() {
                    assert!(line[..len].iter().eq(from.iter().skip(p).step_by(of)), "{len} groups of {of}");
                    assert!(line[len] == R::zero());
                }
            }
        }
    }

    #[test]
    fn rows_are_split_exactly() {
        rows_of_any_length::<f32>();
        rows_of_any_length::<f64>();
    }
}
