//! The inner kernel: sums over rows of positions, for a few rows of taps and the channels that registers hold.

use super::super::super::float::Real;
use super::super::super::isa::{Isa, Simd};
use super::super::super::lanes::{Vector, transpose};
use super::{Band, REGISTERS, Task, registers};

/// Rows of taps that the inner kernel takes at a time: as many as there are registers for.
const fn tap_rows<S: Simd>(columns: usize, registers: usize) -> usize {
    match (S::ISA, columns, registers) {
        (Isa::Avx512, 3, _) | (_, 3, 1) => 3,
        (Isa::Avx512, 5, 1) => 5,
        (Isa::Avx512, 4 | 7, 1) => 4,
        (Isa::Avx512, ..) | (_, 3, _) | (_, 4 | 5, 1) => 2,
        _ => 1,
    }
}

crate::vectorize! {
    /// Adds the products of a band whose fields are filled.
    pub(super) fn rows_of_band[S; R: Real](simd: S, task: &Task<'_, R>, band: &Band, fields: &[R]) {
        let registers = registers::<R>(task.geometry.group_out());
        let width = registers * <R::Vector<S> as Vector<R>>::LANES;
        let [_, second, third] = &task.geometry.windows;
        let (taps, columns) = (task.geometry.taps(), task.geometry.output[2]);
        let (step, most) = (third.stride, tap_rows::<S>(third.kernel, registers));
        for panel in task.panels.clone() {
            let gradients = &task.packed[panel * task.panel_len + (band.rows.start - task.first_row) * columns * width..];
            assert!(gradients.len() >= band.rows.len() * columns * width);
            for channel in 0..task.channels {
                for top in (0..second.kernel).step_by(most) {
                    let rows = most.min(second.kernel - top);
                    let at = panel * task.sums_panel + (channel * taps + top * third.kernel) * width;
                    let run = Run {
                        fields,
                        band,
                        channel,
                        top,
                        taps: third.kernel,
                        step,
                        spread: [second.dilation, third.dilation],
                        columns,
                        gradients: gradients.as_ptr(),
                        sums: task.sums.wrapping_add(at),
                    };
                    // SAFETY: the fields hold all taps of all positions of the band, the gradients have been compared, and the
                    // sums of these channels and panels are this task's.
                    unsafe {
                        if registers == 1 {
                            run.add_rows::<R::Vector<S>, 1>(rows)
                        } else {
                            run.add_rows::<R::Vector<S>, REGISTERS>(rows)
                        }
                    }
                }
            }
        }
    }

    /// Writes the first `count` columns of a panel as rows of `row` numbers each.
    fn columns_to_rows[S; R: Real](simd: S, panel: (&[R], usize), count: usize, row: usize, out: *mut R) {
        let lanes = <R::Vector<S> as Vector<R>>::LANES;
        let (panel, width) = panel;
        assert!(panel.len() == row * width && width.is_multiple_of(lanes));
        for first in (0..count).step_by(lanes) {
            for top in (0..row).step_by(lanes) {
                let len = lanes.min(row - top);
                let mut square = [<R::Vector<S> as Vector<R>>::splat(R::zero()); 16];
                for (i, line) in square.iter_mut().enumerate().take(len) {
                    // SAFETY: a register of the panel, whose length was asserted.
                    *line = unsafe { <R::Vector<S> as Vector<R>>::load(panel.as_ptr().add((top + i) * width + first)) };
                }
                transpose::<R, R::Vector<S>>(&mut square);
                for (i, line) in square.iter().enumerate().take(lanes.min(count - first)) {
                    let to = out.wrapping_add((first + i) * row + top);
                    // SAFETY: `len` numbers of a row are left; by the word of `rows_of_columns`'s caller.
                    unsafe { if len == lanes { line.store(to) } else { line.store_first(to, len) } }
                }
            }
        }
    }
}

/// # Safety
/// `out` must be valid for writing `count` rows of `row` numbers, which nobody else touches.
pub unsafe fn rows_of_columns<R: Real>(panel: (&[R], usize), count: usize, row: usize, out: *mut R) {
    columns_to_rows(panel, count, row, out);
}

/// Some rows of taps of one channel over one panel.
struct Run<'a, R> {
    fields: &'a [R],
    band: &'a Band,
    channel: usize,
    /// The first row of taps, and the taps of a row.
    top: usize,
    taps: usize,
    /// Elements from one position to the next.
    step: usize,
    /// Rows and elements from one tap to the next.
    spread: [usize; 2],
    columns: usize,
    gradients: *const R,
    sums: *mut R,
}

impl<R: Real> Run<'_, R> {
    /// Adds the sums over the band to those of `rows` rows of taps, in `N` registers each.
    ///
    /// # Safety
    /// As for [`Run::add`].
    #[inline(always)]
    unsafe fn add_rows<V: Vector<R>, const N: usize>(&self, rows: usize) {
        // SAFETY: passed on from the caller.
        unsafe {
            match (self.taps, rows) {
                (3, 1) if self.spread[1] > 1 => self.add::<V, 1, 3, N, true>(),
                (3, 2) if self.spread[1] > 1 => self.add::<V, 2, 3, N, true>(),
                (3, _) if self.spread[1] > 1 => self.add::<V, 3, 3, N, true>(),
                (3, 1) => self.add::<V, 1, 3, N, false>(),
                (3, 2) => self.add::<V, 2, 3, N, false>(),
                (3, _) => self.add::<V, 3, 3, N, false>(),
                (4, 1) => self.add::<V, 1, 4, N, false>(),
                (4, 2) => self.add::<V, 2, 4, N, false>(),
                (4, 3) if N == 1 => self.add::<V, 3, 4, N, false>(),
                (4, 4) if N == 1 => self.add::<V, 4, 4, N, false>(),
                (5, 1) => self.add::<V, 1, 5, N, false>(),
                (5, 2) => self.add::<V, 2, 5, N, false>(),
                (5, 3) if N == 1 => self.add::<V, 3, 5, N, false>(),
                (5, 4) if N == 1 => self.add::<V, 4, 5, N, false>(),
                (5, 5) if N == 1 => self.add::<V, 5, 5, N, false>(),
                (7, 1) => self.add::<V, 1, 7, N, false>(),
                (7, 2) => self.add::<V, 2, 7, N, false>(),
                (7, 3) if N == 1 => self.add::<V, 3, 7, N, false>(),
                (7, 4) if N == 1 => self.add::<V, 4, 7, N, false>(),
                _ => unreachable!("no kernel for as many taps"),
            }
        }
    }

    /// Adds the sums over the band to those of `M` rows of `K` taps, which may lie `APART`.
    ///
    /// # Safety
    /// Fields and gradients must cover the band; the sums must be this thread's.
    #[inline(always)]
    unsafe fn add<V: Vector<R>, const M: usize, const K: usize, const N: usize, const APART: bool>(&self) {
        // SAFETY: by the caller's word.
        unsafe {
            let sums: [[[V; N]; K]; M] = self.sum::<V, M, K, N, APART>();
            for (i, row) in sums.iter().enumerate() {
                for (j, registers) in row.iter().enumerate() {
                    for (n, &sum) in registers.iter().enumerate() {
                        let to = self.sums.add(((i * K + j) * N + n) * V::LANES);
                        sum.add(V::load(to)).store(to);
                    }
                }
            }
        }
    }

    /// The sums over the band.
    ///
    /// # Safety
    /// As for [`Run::add`].
    #[inline(always)]
    unsafe fn sum<V: Vector<R>, const M: usize, const K: usize, const N: usize, const APART: bool>(
        &self,
    ) -> [[[V; N]; K]; M] {
        let apart = if APART { self.spread[1] } else { 1 };
        let mut sums = [[[V::splat(R::zero()); N]; K]; M];
        let mut gradients = self.gradients;
        let mut places = self.band.places.iter();
        for segment in &self.band.segments {
            let pitch = segment.field.size[1];
            let line = self.spread[0] * pitch;
            let origin = self.channel * segment.field.len() + self.top * line;
            for &place in places.by_ref().take(segment.count) {
                // SAFETY: by the caller's word.
                unsafe {
                    let start = self.fields.as_ptr().add(place + origin);
                    let mut lines: [*const R; M] = std::array::from_fn(|i| start.wrapping_add(i * line));
                    for _ in 0..self.columns {
                        let values: [V; N] = std::array::from_fn(|n| V::load(gradients.add(n * V::LANES)));
                        for i in 0..M {
                            for j in 0..K {
                                let element = V::splat(*lines[i].add(j * apart));
                                for n in 0..N {
                                    sums[i][j][n] = element.mul_add(values[n], sums[i][j][n]);
                                }
                            }
                            lines[i] = lines[i].wrapping_add(self.step);
                        }
                        gradients = gradients.add(N * V::LANES);
                    }
                }
            }
        }
        sums
    }
}
