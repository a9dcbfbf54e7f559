//! Size classes: few enough that a freed block finds a new use, close enough that little is wasted.

use super::ALIGN;

/// Classes to each doubling of the size.
const STEPS: usize = 8;
const STEPS_LOG2: u32 = STEPS.trailing_zeros();

/// The number of classes.
pub const COUNT: usize = (usize::BITS as usize - 9) * STEPS + STEPS;

/// The size of the class that holds `bytes`, or `None` beyond what memory can be: multiples of [`ALIGN`] up to 1024, then eight
/// to each doubling, so at most an eighth is wasted.
#[inline]
pub fn round_up(bytes: usize) -> Option<usize> {
    if bytes > isize::MAX as usize / 2 {
        return None;
    }
    let bytes = bytes.max(1);
    let step = ((bytes - 1).checked_ilog2().unwrap_or(0).saturating_sub(STEPS_LOG2)).max(ALIGN.trailing_zeros());
    Some(bytes.next_multiple_of(1 << step))
}

/// The largest class that `bytes`, at least [`ALIGN`], can serve.
#[inline]
pub fn round_down(bytes: usize) -> usize {
    let step = (bytes.ilog2().saturating_sub(STEPS_LOG2)).max(ALIGN.trailing_zeros());
    bytes >> step << step
}

/// The number of a class, in the order of sizes.
#[inline]
pub fn index(size: usize) -> usize {
    // 64, 128, ... 512 are the classes 0 to 7; from there on, eight to each doubling.
    let lines = (size - 1) / ALIGN;
    if lines < STEPS {
        return lines;
    }
    let doubling = lines.ilog2() - STEPS_LOG2;
    (doubling as usize + 1) * STEPS + (lines >> doubling) - STEPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_numbered_in_order_without_gaps() {
        let mut expected = 0;
        let mut size = round_up(0).unwrap();
        assert_eq!(size, ALIGN);
        while size < 1 << 44 {
            assert_eq!(index(size), expected, "{size}");
            assert_eq!(round_up(size), Some(size));
            let next = round_up(size + 1).unwrap();
            assert_eq!(round_up(next - 1), Some(next));
            assert_eq!([round_down(size), round_down(next - 1)], [size; 2]);
            assert!(size < 512 || next - size <= size / 8, "{size} {next}");
            assert!(next % ALIGN == 0);
            expected += 1;
            size = next;
        }
        assert!(index(round_up(isize::MAX as usize / 2).unwrap()) < COUNT);
        assert_eq!(round_up(usize::MAX), None);
    }
}
