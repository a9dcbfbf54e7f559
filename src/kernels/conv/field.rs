//! Padded planes, split by the remainders of their rows and columns modulo the stride.

use super::super::float::{Floating, Real};
use super::super::isa::Simd;
use super::super::lanes::{Vector, copy as copy_elements, copy_evens, copy_groups, copy_pairs, prefetch};
use crate::shape::window::Window;
use smallvec::SmallVec;
use std::ops::Range;

/// Planes from one that is copied to one that is asked for.
const AHEAD: usize = 4;
/// Strides whose groups of elements are taken apart by registers, besides pairs.
const GROUPS: [usize; 3] = [4, 8, 16];

/// The shape of a field: for each pair of remainders that some tap needs, a plane of `size`.
pub struct Field {
    /// Rows and columns of each plane.
    pub size: [usize; 2],
    /// Strides of rows and columns.
    pub strides: [usize; 2],
    /// Which remainders taps need.
    pub used: [Vec<bool>; 2],
}

impl Field {
    /// Elements of all planes.
    pub fn len(&self) -> usize {
        self.strides[0] * self.strides[1] * self.size[0] * self.size[1]
    }

    /// Where the element `at` of the padded plane lies.
    pub fn offset(&self, at: [usize; 2]) -> usize {
        let [rows, pitch] = self.size;
        let plane = at[0] % self.strides[0] * self.strides[1] + at[1] % self.strides[1];
        (plane * rows + at[0] / self.strides[0]) * pitch + at[1] / self.strides[1]
    }

    /// Where each tap of some channels' windows, over the last two axes, lies from the place of a position in the first channel's
    /// field; fields are `step` apart.
    pub fn offsets(&self, [_, second, third]: &[Window; 3], step: usize, channels: Range<usize>) -> Vec<usize> {
        let mut offsets = Vec::with_capacity(channels.len() * second.kernel * third.kernel);
        for channel in channels {
            for i in 0..second.kernel {
                for j in 0..third.kernel {
                    offsets.push(channel * step + self.offset([i * second.dilation, j * third.dilation]));
                }
            }
        }
        offsets
    }

    /// Copies a plane of `shape` whose element `origin` (possibly outside of it, where all is zero) becomes the element 0. The
    /// field must be zero, or hold another plane of the same shape and the same first column.
    pub fn fill<T: Floating>(&self, plane: &[T], shape: [usize; 2], origin: [isize; 2], to: &mut [T::Acc]) {
        let copies = self.copies::<T>(shape, origin);
        self.clear(shape, origin, to);
        copy_plane(&copies, plane, to);
    }

    /// The rows of such a plane that the field holds, as a part of its elements.
    pub fn part(&self, shape: [usize; 2], origin: [isize; 2]) -> Range<usize> {
        let top = (origin[0].max(0) as usize).min(shape[0]);
        let bottom = (top + self.strides[0] * self.size[0]).min(shape[0]);
        top * shape[1]..bottom * shape[1]
    }

    /// Clears the rows that lie outside of the plane, see [`Field::fill`].
    fn clear<R: Real>(&self, shape: [usize; 2], origin: [isize; 2], to: &mut [R]) {
        let ([rows, pitch], [down, step]) = (self.size, self.strides);
        for i in (0..down).filter(|&i| self.used[0][i]) {
            let valid = inside(origin[0] + i as isize, down, shape[0], rows);
            for plane in to[i * step * rows * pitch..].chunks_exact_mut((rows * pitch).max(1)).take(step) {
                // An empty fill would still be a call.
                for outside in [0..valid.start * pitch, valid.end * pitch..plane.len()] {
                    if !outside.is_empty() {
                        plane[outside].fill(R::from_usize(0));
                    }
                }
            }
        }
    }

    /// What is to be copied of every plane of `shape` whose element `origin` becomes the element 0.
    pub fn copies<T: Floating>(&self, shape: [usize; 2], origin: [isize; 2]) -> Copies {
        let ([rows, pitch], [down, step]) = (self.size, self.strides);
        // All phases at once, where columns are pairs or larger groups.
        let all = T::IS_REAL && self.used[1].iter().all(|&used| used);
        let (pairs, groups) = (all && step == 2, all && GROUPS.contains(&step));
        let mut copies = Copies::new();
        for i in (0..down).filter(|&i| self.used[0][i]) {
            let valid = inside(origin[0] + i as isize, down, shape[0], rows);
            if valid.is_empty() {
                continue;
            }
            let columns = |phase: usize| inside(origin[1] + phase as isize, step, shape[1], pitch);
            let first = (origin[0] + (valid.start * down + i) as isize) as usize * shape[1];
            // Where the first element of a phase comes from, and where it goes.
            let ends = |phase: usize, columns: &Range<usize>| {
                let x = (origin[1] + (columns.start * step + phase) as isize) as usize;
                (first.wrapping_add(x), ((i * step + phase) * rows + valid.start) * pitch + columns.start)
            };
            let mut add = |(from, to): (usize, usize), kind: Kind| {
                copies.push(Copy { from, to, rows: valid.len(), steps: [down * shape[1], pitch], kind });
            };
            if pairs {
                let columns = [columns(0), columns(1)];
                let [even, mut odd] = [0, 1].map(|phase| ends(phase, &columns[phase]));
                let (evens, mut odds) = (columns[0].len(), columns[1].len());
                if odds > 0 && (evens == 0 || odd.0 < even.0) {
                    // The first element has the remainder 1: it goes alone, then pairs begin.
                    add(odd, Kind::Row { len: 1, step: 1 });
                    (odd, odds) = ((odd.0 + 2, odd.1 + 1), odds - 1);
                }
                if evens > 0 {
                    debug_assert!(odds <= evens && evens <= odds + 1);
                    add(even, Kind::Pairs { evens, odds, odd: odd.1 });
                }
                continue;
            }
            // Columns that all phases have go in groups; none has more than one before and one behind.
            let whole = if groups {
                let start = (0..step).map(|phase| columns(phase).start).max().unwrap_or(pitch);
                start..(0..step).map(|phase| columns(phase).end).min().unwrap_or(0).max(start)
            } else {
                pitch..pitch
            };
            if !whole.is_empty() {
                add(ends(0, &whole), Kind::Groups { len: whole.len(), of: step, plane: rows * pitch });
            }
            for phase in (0..step).filter(|&phase| self.used[1][phase]) {
                let columns = columns(phase);
                let (before, behind) =
                    (columns.start..columns.end.min(whole.start), columns.start.max(whole.end)..columns.end);
                for columns in [before, behind].into_iter().filter(|columns| !columns.is_empty()) {
                    add(ends(phase, &columns), Kind::Row { len: columns.len(), step });
                }
            }
        }
        copies
    }
}

/// What is copied of a plane.
pub type Copies = SmallVec<[Copy; 4]>;

/// Rows of a plane that are copied alike.
pub struct Copy {
    /// The first element, and where it goes.
    from: usize,
    to: usize,
    rows: usize,
    /// From one row to the next on both sides.
    steps: [usize; 2],
    kind: Kind,
}

/// How a row is copied.
enum Kind {
    /// `len` elements from every `step`-th place.
    Row { len: usize, step: usize },
    /// Elements at even and at odd places apart; the first odd one goes to `odd`.
    Pairs { evens: usize, odds: usize, odd: usize },
    /// `len` groups of `of` elements, each of which goes to a plane of its own.
    Groups { len: usize, of: usize, plane: usize },
}

impl Copy {
    /// The ends of what a plane and a field must hold.
    fn reach(&self) -> [usize; 2] {
        let (from, to) = match self.kind {
            Kind::Row { len, step } => ((len - 1) * step + 1, len),
            Kind::Pairs { evens, odds, odd } => (evens + odds, evens.max((odd + odds).saturating_sub(self.to))),
            Kind::Groups { len, of, plane } => (len * of, (of - 1) * plane + len),
        };
        let last = self.rows - 1;
        [self.from + last * self.steps[0] + from, self.to + last * self.steps[1] + to]
    }
}

/// The indices `i` of `0..len` for which `origin + i * step` lies in `0..size`.
#[inline(always)]
pub fn inside(origin: isize, step: usize, size: usize, len: usize) -> Range<usize> {
    let start = (origin.min(0).unsigned_abs()).div_ceil(step).min(len);
    let end = (size as isize - origin).max(0).unsigned_abs().div_ceil(step).min(len);
    start..end.max(start)
}

/// A row to copy: elements from every `step`-th place.
struct Row<'a, T> {
    from: &'a [T],
    step: usize,
}

/// Copies a plane to its field.
fn copy_plane<T: Floating>(copies: &Copies, plane: &[T], to: &mut [T::Acc]) {
    let step = to.len();
    copy(copies, (plane, plane.len(), 0..0), (to, step));
}

/// Copies planes, `plane` elements each (the last may be cut off), to fields that are `step` apart. Of a plane `used` is touched.
pub fn copy_planes<T: Floating>(
    copies: &Copies,
    (x, plane, used): (&[T], usize, Range<usize>),
    (fields, step): (&mut [T::Acc], usize),
) {
    copy(copies, (x, plane, used), (fields, step));
}

crate::vectorize! {
    /// The body of [`copy_planes`].
    fn copy[S; T: Floating](simd: S, copies: &Copies, from: (&[T], usize, Range<usize>), fields: (&mut [T::Acc], usize)) {
        let ((x, size, used), (fields, step)) = (from, fields);
        let reach = copies.iter().map(Copy::reach).fold([0, 0], |[a, b], [c, d]| [a.max(c), b.max(d)]);
        assert!(reach[0] <= size && reach[1] <= step);
        for (number, (plane, to)) in x.chunks(size.max(1)).zip(fields.chunks_mut(step.max(1))).enumerate() {
            assert!(reach[0] <= plane.len() && reach[1] <= to.len());
            // Planes lie far apart: the processor does not see them coming.
            prefetch(x.as_ptr().wrapping_add((number + AHEAD) * size + used.start), used.len());
            for part in copies {
                for row in 0..part.rows {
                    let (from, to_at) = (part.from + row * part.steps[0], part.to + row * part.steps[1]);
                    match part.kind {
                        Kind::Row { len, step: 1 } if T::IS_REAL => {
                            // SAFETY: `T` is `T::Acc`; both ends lie inside by the assertion.
                            unsafe {
                                copy_elements::<T::Acc, <T::Acc as Real>::Vector<S>>(
                                    plane.as_ptr().add(from).cast(), to.as_mut_ptr().add(to_at), len
                                );
                            }
                        }
                        Kind::Row { len, step } => copy_row::<S, T>(Row { from: &plane[from..], step }, &mut to[to_at..to_at + len]),
                        Kind::Pairs { evens, odds, odd } => {
                            // SAFETY: as above; only where `T` is `T::Acc` there are pairs.
                            unsafe {
                                copy_pairs::<T::Acc, <T::Acc as Real>::Vector<S>>(
                                    plane.as_ptr().add(from).cast(),
                                    to.as_mut_ptr().add(to_at),
                                    to.as_mut_ptr().wrapping_add(odd + row * part.steps[1]),
                                    evens,
                                    odds,
                                );
                            }
                        }
                        Kind::Groups { len, of, plane: to_next } => {
                            // SAFETY: as above.
                            unsafe {
                                copy_whole_groups::<T::Acc, <T::Acc as Real>::Vector<S>>(
                                    plane.as_ptr().add(from).cast(), to.as_mut_ptr().add(to_at), (of, to_next), len
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    /// The body of [`scatter_rows`].
    fn scatter[S; T: Floating](simd: S, sums: (&[T::Acc], usize), size: [usize; 2], out: &mut [T], steps: [usize; 2]) {
        let (sums, pitch) = sums;
        for row in 0..size[0] {
            let (sums, out) = (&sums[row * pitch..][..size[1]], &mut out[row * steps[0]..]);
            if T::IS_REAL && steps[1] == 1 {
                let out = &mut out[..size[1]];
                // SAFETY: `T` is `T::Acc`, and both have as many elements.
                unsafe { copy_elements::<T::Acc, <T::Acc as Real>::Vector<S>>(sums.as_ptr(), out.as_mut_ptr().cast(), size[1]) };
            } else {
                for (to, &sum) in out.iter_mut().step_by(steps[1]).zip(sums) {
                    *to = T::from_acc(sum);
                }
            }
        }
    }

    /// The body of [`load_rows`].
    fn load[S; T: Floating](simd: S, from: &[T], width: usize, to: &mut [T::Acc], pitch: usize) {
        for (from, to) in from.chunks_exact(width.max(1)).zip(to.chunks_exact_mut(pitch.max(1))) {
            let (to, rest) = to.split_at_mut(width);
            copy_row::<S, T>(Row { from, step: 1 }, to);
            rest.fill(T::Acc::from_usize(0));
        }
    }
}

/// Copies `size` rows and columns of sums, `pitch` apart, to rows and columns that are `steps` apart.
pub fn scatter_rows<T: Floating>(sums: (&[T::Acc], usize), size: [usize; 2], out: &mut [T], steps: [usize; 2]) {
    scatter(sums, size, out, steps);
}

/// Copies rows of `width` elements to rows `pitch` apart, which are zero behind them.
pub fn load_rows<T: Floating>(from: &[T], width: usize, to: &mut [T::Acc], pitch: usize) {
    load(from, width, to, pitch);
}

/// [`copy_groups`] for one of the [`GROUPS`], the elements of a group going to places `step` apart.
///
/// # Safety
/// As for that.
#[inline(always)]
unsafe fn copy_whole_groups<R, V: Vector<R>>(from: *const R, to: *mut R, (of, step): (usize, usize), len: usize) {
    // SAFETY: by the caller's word.
    unsafe {
        match of {
            4 => copy_groups::<R, V, 4>(from, to, step, len),
            8 => copy_groups::<R, V, 8>(from, to, step, len),
            16 => copy_groups::<R, V, 16>(from, to, step, len),
            _ => unreachable!("not a group"),
        }
    }
}

/// Copies a row whose elements are `step` apart.
#[inline(always)]
fn copy_row<S: Simd, T: Floating>(row: Row<'_, T>, to: &mut [T::Acc]) {
    if row.step == 1 && T::IS_REAL {
        let from = &row.from[..to.len()];
        // SAFETY: `T` is `T::Acc`, and both have as many elements.
        unsafe {
            copy_elements::<T::Acc, <T::Acc as Real>::Vector<S>>(from.as_ptr().cast(), to.as_mut_ptr(), to.len())
        };
    } else if row.step == 2 && T::IS_REAL {
        // SAFETY: `T` is `T::Acc`.
        let from = unsafe { std::slice::from_raw_parts(row.from.as_ptr().cast(), row.from.len()) };
        copy_evens::<T::Acc, <T::Acc as Real>::Vector<S>>(from, to);
    } else {
        for (to, from) in to.iter_mut().zip(row.from.iter().step_by(row.step)) {
            *to = from.to_acc();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, square};
    use super::super::{Geometry, channels};
    use super::*;

    #[test]
    fn groups_of_columns_are_taken_apart_at_once() {
        for (size, stride, kernel, pad) in [
            (40, 4, 4, 0),
            (43, 4, 11, 2),
            (61, 4, 5, 3),
            (70, 8, 8, 0),
            (75, 8, 9, 5),
            (150, 16, 16, 0),
            (19, 16, 17, 3),
            (5, 4, 6, 1),
        ] {
            let geometry = Geometry::new(2, (5, 32), 1, &square(size, kernel, stride, pad));
            assert!(channels::fits::<f32>(&geometry));
            check::<f32>(&geometry);
            check::<f64>(&geometry);
        }
        // Three groups of columns are whole, two elements come before and three behind.
        let field = Field { size: [1, 6], strides: [1, 4], used: [vec![true], vec![true; 4]] };
        let copies = field.copies::<f32>([1, 17], [0, -2]);
        assert!(copies.iter().any(|copy| matches!(copy.kind, Kind::Groups { len: 3, of: 4, plane: 6 })));
        let row: Vec<f32> = (1..=17).map(|value| value as f32).collect();
        let mut to = [0.0; 24];
        field.fill(&row, [1, 17], [0, -2], &mut to);
        for (at, &got) in to.iter().enumerate() {
            let from = (at % 6 * 4 + at / 6).wrapping_sub(2);
            assert_eq!(got, row.get(from).copied().unwrap_or(0.0), "{at}");
        }
    }
}
