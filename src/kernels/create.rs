//! Elements computed from their place: ranges and the unit matrix.

use crate::kernels::parallel;

/// Elements that one call of the closure's loop makes.
const CHUNK: usize = 4096;

/// `out[i] = f(i)`.
pub fn from_index<T: Send>(out: &mut [T], f: impl Fn(usize) -> T + Sync) {
    parallel::for_each_chunk_mut(out, CHUNK, 1, |chunk, places| {
        for (i, place) in places.iter_mut().enumerate() {
            *place = f(chunk * CHUNK + i);
        }
    });
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_place_gets_its_own_index() {
        let mut out = vec![0; 3 * super::CHUNK + 5];
        super::from_index(&mut out, |i| i);
        assert!(out.iter().enumerate().all(|(i, &x)| i == x));
    }
}
