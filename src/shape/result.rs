//! The layout of a fresh result of an elementwise operation.

use super::{Dims, Layout};
use std::cmp::Ordering;

impl Layout {
    /// Dense strides for a result of `shape` that keep the order in which the operands' axes lie in memory, as PyTorch
    /// lays out results. The first operand that tells two axes apart decides.
    pub fn of_result(shape: &[usize], operands: &[&Layout]) -> Layout {
        let plain = |l: &Layout| l.shape.as_slice() == shape && l.is_contiguous();
        if shape.len() < 2 || operands.iter().all(|l| plain(l)) {
            return Layout::contiguous(shape);
        }
        if let [only] = operands
            && only.shape.as_slice() == shape
            && only.is_dense()
        {
            return only.dense_like();
        }
        // Axes from the innermost to the outermost; an insertion sort, since the order is not total.
        let mut axes: Dims = (0..shape.len()).rev().collect();
        for i in 1..axes.len() {
            let mut at = i;
            for before in (0..i).rev() {
                match order(shape, operands, axes[before], axes[at]) {
                    Ordering::Greater => {
                        axes.swap(before, at);
                        at = before;
                    }
                    Ordering::Less => break,
                    Ordering::Equal => {}
                }
            }
        }
        let mut out = Layout::contiguous(shape);
        let mut step = 1;
        for axis in axes {
            out.strides[axis] = step;
            step *= shape[axis].max(1);
        }
        out
    }
}

/// `Greater` if axis `a` lies outside of axis `b`; `Equal` if no operand tells.
fn order(shape: &[usize], operands: &[&Layout], a: usize, b: usize) -> Ordering {
    for layout in operands {
        let (x, y) = (stride(shape, layout, a), stride(shape, layout, b));
        if x == 0 || y == 0 {
            continue;
        }
        match x.cmp(&y) {
            Ordering::Equal if shape[a] > shape[b] => return Ordering::Greater,
            Ordering::Equal => {}
            decided => return decided,
        }
    }
    Ordering::Equal
}

/// The stride of an operand along an axis of the result; 0 where it is broadcast.
fn stride(shape: &[usize], layout: &Layout, axis: usize) -> usize {
    let lead = shape.len() - layout.shape.len();
    match axis.checked_sub(lead) {
        Some(own) if layout.shape[own] == shape[axis] => layout.strides[own],
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(shape: &[usize], strides: &[usize]) -> Layout {
        Layout { shape: shape.into(), strides: strides.into(), offset: 7 }
    }

    #[test]
    fn follows_the_order_of_the_first_operand_that_tells() {
        let plain = layout(&[2, 3], &[3, 1]);
        let turned = layout(&[2, 3], &[1, 2]);
        let row = layout(&[3], &[1]);
        assert_eq!(Layout::of_result(&[2, 3], &[&plain, &turned]).strides.as_slice(), [3, 1]);
        assert_eq!(Layout::of_result(&[2, 3], &[&turned, &plain]).strides.as_slice(), [1, 2]);
        assert_eq!(Layout::of_result(&[2, 3], &[&row, &turned]).strides.as_slice(), [1, 2]);
        assert_eq!(Layout::of_result(&[2, 3], &[&row]).strides.as_slice(), [3, 1]);
    }

    #[test]
    fn closes_the_gaps_of_strided_operands() {
        let wide = layout(&[4, 3], &[2, 16]);
        assert_eq!(Layout::of_result(&[4, 3], &[&wide]).strides.as_slice(), [1, 4]);
    }
}
