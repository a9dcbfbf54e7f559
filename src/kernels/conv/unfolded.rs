//! Patches with positions for depth, as the weight gradient sums over them.

use std::ops::Range;

use super::super::float::{Floating, Real};
use super::super::gemm::operand::Operand;
use super::super::lanes::{Lane, copy, interleave};
use super::im2col::{Patches, runs, unravel};

/// Taps of a row from which they are copied side by side.
const MANY_TAPS: usize = 4;

/// Depth: positions; lanes: taps. The right operand of the weight gradient.
pub struct TransposedPatches<'a, T>(pub Patches<'a, T>);

impl<T: Floating> Operand<T::Acc> for TransposedPatches<'_, T> {
    fn pack_panel(&self, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [T::Acc]) {
        const MOST: usize = 32;
        let patches = &self.0;
        let windows = &patches.geometry.windows;
        if T::IS_REAL && windows[2].stride == 1 && lanes.len() <= MOST {
            for run in runs(patches.geometry, depth) {
                let mut list = [Lane::default(); MOST];
                for (to, lane) in list.iter_mut().zip(lanes.clone()) {
                    let (channel, [first, second, tap]) = unravel(windows, lane);
                    let Some(row) = patches.row(&run, channel, [first, second]) else { continue };
                    let (valid, from) = patches.elements(&run, tap);
                    if !valid.is_empty() {
                        let values = &patches.x[row + from..][..valid.len()];
                        // SAFETY: `IS_REAL` says that `T` and `T::Acc` are one type.
                        let values = unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) };
                        *to = Lane { start: valid.start, values };
                    }
                }
                interleave(&list[..lanes.len()], run.len, width, &mut panel[run.at * width..]);
            }
            return;
        }
        if T::IS_REAL && windows[2].dilation == 1 && windows[2].kernel >= MANY_TAPS {
            return pack_rows_of_taps(patches, depth, lanes, width, panel);
        }
        panel[..depth.len() * width].fill(T::Acc::from_usize(0));
        for run in runs(patches.geometry, depth) {
            for (at, lane) in lanes.clone().enumerate() {
                let (channel, [first, second, tap]) = unravel(windows, lane);
                let Some(row) = patches.row(&run, channel, [first, second]) else { continue };
                let (valid, from) = patches.elements(&run, tap);
                if valid.is_empty() {
                    continue;
                }
                let lines = panel[(run.at + valid.start) * width..].chunks_exact_mut(width).take(valid.len());
                for (line, value) in lines.zip(patches.x[row + from..].iter().step_by(windows[2].stride)) {
                    line[at] = value.to_acc();
                }
            }
        }
    }
}

crate::vectorize! {
    /// Packs the patches of some positions position by position: taps of a row lie side by side in the input.
    fn pack_rows_of_taps[S; T: Floating](simd: S, patches: &Patches<'_, T>, depth: Range<usize>, lanes: Range<usize>, width: usize, panel: &mut [T::Acc]) {
        let windows = &patches.geometry.windows;
        let third = &windows[2];
        assert!(T::IS_REAL && third.dilation == 1);
        let panel = &mut panel[..depth.len() * width];
        if lanes.len() < width || windows.iter().any(|window| window.pad_before + window.pad_after > 0) {
            panel.fill(T::Acc::from_usize(0));
        }
        for run in runs(patches.geometry, depth) {
            let mut lane = lanes.start;
            while lane < lanes.end {
                let (channel, [first, second, tap]) = unravel(windows, lane);
                let count = (third.kernel - tap).min(lanes.end - lane);
                if let Some(row) = patches.row(&run, channel, [first, second]) {
                    let row = &patches.x[row..][..third.input];
                    for (i, line) in panel[run.at * width..].chunks_exact_mut(width).take(run.len).enumerate() {
                        // The elements under these taps, counted from the first one with padding.
                        let start = (run.position[2] + i) * third.stride + tap;
                        let begin = third.pad_before.saturating_sub(start).min(count);
                        let end = (third.pad_before + third.input).saturating_sub(start).clamp(begin, count);
                        let to = &mut line[lane - lanes.start..][begin..end];
                        if !to.is_empty() {
                            let from = &row[start + begin - third.pad_before..][..to.len()];
                            // SAFETY: `T` is `T::Acc`, and both have as many elements.
                            unsafe { copy::<T::Acc, <T::Acc as Real>::Vector<S>>(from.as_ptr().cast(), to.as_mut_ptr(), to.len()) };
                        }
                    }
                }
                lane += count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, square, window};
    use super::super::{Geometry, taps};

    #[test]
    fn rows_of_taps_are_copied_side_by_side() {
        for (size, kernel, stride, pad) in [(37, 16, 16, 0), (40, 4, 4, 0), (19, 9, 4, 5), (23, 11, 2, 3), (9, 8, 3, 7)]
        {
            for (inner, outer, groups) in [(3, 5, 1), (4, 34, 2), (2, 2, 1)] {
                let geometry = Geometry::new(2, (inner, outer), groups, &square(size, kernel, stride, pad));
                assert!(!taps::fits::<f32>(&geometry) || kernel == 4, "no kernel of its own");
                check::<f32>(&geometry);
                check::<f64>(&geometry);
            }
        }
        // Padding of two lengths, wider than the window, and axes that differ.
        let windows = [window(5, (2, 1, 2), (1, 0)), window(12, (6, 5, 1), (8, 2))];
        check::<f32>(&Geometry::new(3, (2, 3), 1, &windows));
    }
}
