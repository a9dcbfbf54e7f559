//! Sliding windows along one axis: the arithmetic of convolution, pooling and unfolding.

use std::ops::Range;

/// A window of `kernel` taps, `dilation` apart, that slides in steps of `stride` over `input` elements with `pad_before` and
/// `pad_after` elements of padding.
///
/// ```
/// use rsnn::shape::window::Window;
///
/// let window = Window { stride: 2, pad_before: 1, pad_after: 1, ..Window::new(7, 3) };
/// assert_eq!(window.output_len(false), Some(4));
/// assert_eq!(window.valid_range(0, 4), 1..4); // the first output's first tap falls on padding
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Elements of the axis.
    pub input: usize,
    /// Taps of the window, at least 1.
    pub kernel: usize,
    /// Elements from one position of the window to the next, at least 1.
    pub stride: usize,
    /// Elements from one tap to the next, at least 1.
    pub dilation: usize,
    /// Padding before the first element.
    pub pad_before: usize,
    /// Padding after the last element.
    pub pad_after: usize,
}

impl Window {
    /// A window with stride and dilation 1 and no padding.
    pub fn new(input: usize, kernel: usize) -> Self {
        Window { input, kernel, stride: 1, dilation: 1, pad_before: 0, pad_after: 0 }
    }

    /// A window over an axis of one element that changes nothing.
    pub fn unit() -> Self {
        Window::new(1, 1)
    }

    /// Whether the window takes each element as it is: one tap, no step over elements, no padding.
    pub fn is_pointwise(&self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.pad_before == 0 && self.pad_after == 0
    }

    /// Elements from the first tap to the last, both included.
    pub fn span(&self) -> usize {
        self.dilation.saturating_mul(self.kernel.saturating_sub(1)).saturating_add(1)
    }

    /// Elements of the axis with its padding.
    pub fn padded(&self) -> usize {
        self.input.saturating_add(self.pad_before).saturating_add(self.pad_after)
    }

    /// The number of positions of the window, `None` if it is longer than the padded axis.
    ///
    /// With `ceil_mode` a last position counts that hangs over the end, unless it begins in the padding after it.
    pub fn output_len(&self, ceil_mode: bool) -> Option<usize> {
        let room = self.padded().checked_sub(self.span())?;
        if !ceil_mode {
            return Some(room / self.stride + 1);
        }
        let len = room.div_ceil(self.stride) + 1;
        let begins_outside = (len - 1) * self.stride >= self.input + self.pad_before;
        Some(if begins_outside { len - 1 } else { len })
    }

    /// Padding (before, after) that makes `output_len` equal `input` at stride 1; an odd element goes after.
    pub fn same_padding(kernel: usize, dilation: usize) -> (usize, usize) {
        let total = dilation.saturating_mul(kernel.saturating_sub(1));
        (total / 2, total - total / 2)
    }

    /// The length of which this window would make `outputs` positions: the length of a transposed convolution's output, for
    /// the fields other than `input`. `None` if the padding takes it all, or if it is beyond counting.
    pub fn transposed_len(&self, outputs: usize, output_padding: usize) -> Option<usize> {
        let steps = outputs.checked_sub(1)?.checked_mul(self.stride)?;
        let full = steps.checked_add(self.span())?.checked_add(output_padding)?;
        full.checked_sub(self.pad_before)?.checked_sub(self.pad_after)
    }

    /// The element under tap `tap` of position `at`, `None` on padding.
    #[inline(always)]
    pub fn element(&self, at: usize, tap: usize) -> Option<usize> {
        (at * self.stride + tap * self.dilation).checked_sub(self.pad_before).filter(|&element| element < self.input)
    }

    /// The positions among the first `outputs` at which tap `tap` falls on an element and not on padding.
    pub fn valid_range(&self, tap: usize, outputs: usize) -> Range<usize> {
        let shift = tap * self.dilation;
        let first = self.pad_before.saturating_sub(shift).div_ceil(self.stride);
        // Past the last `at` with `at * stride + shift < input + pad_before`.
        let end = (self.input + self.pad_before).saturating_sub(shift).div_ceil(self.stride);
        let end = end.min(outputs);
        first.min(end)..end
    }

    /// The taps that fall on elements, and the element under the first of these, at position `at`.
    #[inline(always)]
    pub fn taps(&self, at: usize) -> (Range<usize>, usize) {
        let start = at * self.stride;
        let first = self.pad_before.saturating_sub(start).div_ceil(self.dilation).min(self.kernel);
        let end = (self.input + self.pad_before).saturating_sub(start).div_ceil(self.dilation).min(self.kernel);
        (first..end.max(first), (start + first * self.dilation).saturating_sub(self.pad_before))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_window() -> impl Strategy<Value = Window> {
        (0usize..12, 1usize..5, 1usize..4, 1usize..4, 0usize..5, 0usize..5).prop_map(
            |(input, kernel, stride, dilation, pad_before, pad_after)| Window {
                input,
                kernel,
                stride,
                dilation,
                pad_before,
                pad_after,
            },
        )
    }

    proptest! {
        #[test]
        fn ranges_name_exactly_the_elements(window in any_window()) {
            let outputs = window.output_len(false).unwrap_or(0);
            for tap in 0..window.kernel {
                let range = window.valid_range(tap, outputs);
                for at in 0..outputs {
                    prop_assert_eq!(range.contains(&at), window.element(at, tap).is_some());
                }
            }
            for at in 0..outputs {
                let (taps, first) = window.taps(at);
                for tap in 0..window.kernel {
                    prop_assert_eq!(taps.contains(&tap), window.element(at, tap).is_some());
                }
                if !taps.is_empty() {
                    prop_assert_eq!(window.element(at, taps.start), Some(first));
                }
            }
        }

        #[test]
        fn the_last_position_fits_and_one_more_would_not(window in any_window()) {
            match window.output_len(false) {
                Some(len) => {
                    prop_assert!((len - 1) * window.stride + window.span() <= window.padded());
                    prop_assert!(len * window.stride + window.span() > window.padded());
                }
                None => prop_assert!(window.span() > window.padded()),
            }
        }

        #[test]
        fn transposed_lengths_invert(window in any_window(), outputs in 1usize..9) {
            if let Some(input) = window.transposed_len(outputs, 0) {
                prop_assert_eq!(Window { input, ..window }.output_len(false), Some(outputs));
            }
        }

        #[test]
        fn same_padding_keeps_the_length(input in 1usize..20, kernel in 1usize..6, dilation in 1usize..4) {
            let (pad_before, pad_after) = Window::same_padding(kernel, dilation);
            let window = Window { dilation, pad_before, pad_after, ..Window::new(input, kernel) };
            prop_assert_eq!(window.output_len(false), Some(input));
        }
    }

    #[test]
    fn ceil_mode_counts_positions_that_hang_over() {
        let window = Window { stride: 2, ..Window::new(6, 3) };
        assert_eq!(window.output_len(false), Some(2));
        assert_eq!(window.output_len(true), Some(3));
        // The third position would begin in the padding behind the axis.
        let window = Window { stride: 3, pad_before: 1, pad_after: 1, ..Window::new(5, 2) };
        assert_eq!(window.output_len(true), Some(2));
    }
}
