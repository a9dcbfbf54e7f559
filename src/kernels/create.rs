//! Elements computed from their place: ranges and the unit matrix.

use crate::kernels::parallel;

/// Elements that one call of the closure's loop makes.
const CHUNK: usize = 8192;

/// `out[i] = f(i)`.
pub fn from_index<T: Send>(out: &mut [T], f: impl Fn(usize) -> T + Sync + Copy) {
    parallel::for_each_chunk_mut(out, CHUNK, 1, |chunk, places| counted(chunk * CHUNK, places, &f));
}

/// `out[i] = f(i)`, where the index comes as a float, which it fits exactly.
pub fn from_place<T: Send>(out: &mut [T], f: impl Fn(f64) -> T + Sync + Copy) {
    parallel::for_each_chunk_mut(out, CHUNK, 1, |chunk, places| placed((chunk * CHUNK) as f64, places, &f));
}

crate::vectorize! {
    fn counted[S; T, F: Fn(usize) -> T + Copy](simd: S, first: usize, out: &mut [T], f: &F) {
        // A copy of what the function holds: behind a reference it could change with every element that is written.
        let f = *f;
        for (i, place) in out.iter_mut().enumerate() {
            *place = f(first + i);
        }
    }

    fn placed[S; T, F: Fn(f64) -> T + Copy](simd: S, first: f64, out: &mut [T], f: &F) {
        let f = *f;
        // Conversions of 64 bits are missing from AVX2.
        let count = out.len() as i32;
        for (place, i) in out.iter_mut().zip(0..count) {
            *place = f(first + f64::from(i));
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_place_gets_its_own_index() {
        let mut out = vec![0; 3 * super::CHUNK + 5];
        super::from_index(&mut out, |i| i);
        assert!(out.iter().enumerate().all(|(i, &x)| i == x));
        super::from_place(&mut out, |i| i as usize + 1);
        assert!(out.iter().enumerate().all(|(i, &x)| i + 1 == x));
    }
}
