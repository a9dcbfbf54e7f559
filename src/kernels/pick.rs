//! Elements chosen by their index along one axis, and the way back.

use crate::kernels::parallel;

/// A row-major tensor seen from one of its axes: what comes before, the axis, what comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Along {
    /// The product of the sizes before the axis.
    pub outer: usize,
    /// The size of the axis.
    pub size: usize,
    /// The product of the sizes after the axis.
    pub inner: usize,
}

impl Along {
    /// Of a shape; a tensor without axes counts as having one of size 1.
    pub fn new(shape: &[usize], axis: usize) -> Self {
        let outer = shape[..axis.min(shape.len())].iter().product();
        let inner = shape.get(axis + 1..).unwrap_or_default().iter().product();
        Along { outer, size: shape.get(axis).copied().unwrap_or(1), inner }
    }
}

/// `out[o, j, i] = x[o, indices[o, j, i], i]`; `x` is laid out as `along` says, the others as `along` with `count` in place
/// of its size.
///
/// # Panics
/// Where an index is out of range.
pub fn pick<T: Copy + Send + Sync>(x: &[T], along: Along, indices: &[i64], count: usize, out: &mut [T]) {
    assert!(x.len() == along.outer * along.size * along.inner && indices.len() == out.len(), "pick: sizes differ");
    let row = count * along.inner;
    parallel::for_each_chunk_mut(out, row, 1, |o, out| {
        let x = &x[o * along.size * along.inner..][..along.size * along.inner];
        let indices = &indices[o * row..][..row];
        for (j, (out, indices)) in out.chunks_mut(along.inner).zip(indices.chunks(along.inner)).enumerate() {
            debug_assert!(j < count);
            for (i, (out, &index)) in out.iter_mut().zip(indices).enumerate() {
                *out = x[index as usize * along.inner + i];
            }
        }
    });
}

/// `out[o, indices[o, j, i], i] += x[o, j, i]`, in the order of `j`; sizes as for [`pick`].
///
/// # Panics
/// Where an index is out of range.
pub fn place<T: Copy + Send + Sync>(
    x: &[T],
    along: Along,
    indices: &[i64],
    count: usize,
    out: &mut [T],
    add: impl Fn(T, T) -> T + Sync,
) {
    assert!(out.len() == along.outer * along.size * along.inner && indices.len() == x.len(), "place: sizes differ");
    let row = count * along.inner;
    parallel::for_each_chunk_mut(out, along.size * along.inner, 1, |o, out| {
        let (x, indices) = (&x[o * row..][..row], &indices[o * row..][..row]);
        for (at, (&x, &index)) in x.iter().zip(indices).enumerate() {
            let place = &mut out[index as usize * along.inner + at % along.inner];
            *place = add(*place, x);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_what_was_picked() {
        let along = Along::new(&[2, 3, 2], 1);
        assert_eq!(along, Along { outer: 2, size: 3, inner: 2 });
        let x: Vec<i32> = (0..12).collect();
        let (indices, mut out) = ([2, 0, 1, 1], [0; 4]);
        pick(&x, along, &indices, 1, &mut out);
        assert_eq!(out, [4, 1, 8, 9]);
        let mut back = [0; 12];
        place(&out, along, &indices, 1, &mut back, |a, b| a + b);
        assert_eq!(back, [0, 1, 0, 0, 4, 0, 0, 0, 8, 9, 0, 0]);
    }

    #[test]
    fn repeated_indices_add_up() {
        let along = Along { outer: 1, size: 2, inner: 1 };
        let mut out = [0; 2];
        place(&[1, 2, 3], along, &[1, 1, 0], 3, &mut out, |a, b| a + b);
        assert_eq!(out, [3, 3]);
    }

    #[test]
    fn a_scalar_has_one_element_along_its_only_axis() {
        assert_eq!(Along::new(&[], 0), Along { outer: 1, size: 1, inner: 1 });
    }
}
