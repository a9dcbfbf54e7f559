use super::*;
use proptest::prelude::*;

fn naive(data: &[f64], shape: &[usize], strides: &[usize], axes: &[bool]) -> Vec<f64> {
    let kept: Vec<usize> = (0..shape.len()).filter(|&a| !axes[a]).collect();
    let total: usize = kept.iter().map(|&a| shape[a]).product();
    let mut out = vec![0.0; total];
    let n: usize = shape.iter().product();
    for flat in 0..n {
        let mut rest = flat;
        let mut index = vec![0; shape.len()];
        for axis in (0..shape.len()).rev() {
            index[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        let place = kept.iter().fold(0, |p, &a| p * shape[a] + index[a]);
        out[place] += data[index.iter().zip(strides).map(|(i, s)| i * s).sum::<usize>()];
    }
    out
}

fn strides_in_order(shape: &[usize], order: &[usize]) -> Vec<usize> {
    let mut strides = vec![0; shape.len()];
    let mut next = 1;
    for &axis in order.iter().rev() {
        strides[axis] = next;
        next *= shape[axis].max(1);
    }
    strides
}

proptest! {
    #[test]
    fn sums_as_the_plain_loop(
        shape in prop::collection::vec(0usize..9, 1..5),
        axes in prop::collection::vec(any::<bool>(), 5),
        order in Just(vec![0usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let order: Vec<usize> = order.into_iter().filter(|&a| a < shape.len()).collect();
        let strides = strides_in_order(&shape, &order);
        let axes = &axes[..shape.len()];
        let data: Vec<f64> = (0..shape.iter().product::<usize>()).map(|x| (x * 7 % 13) as f64).collect();
        let expected = naive(&data, &shape, &strides, axes);
        let mut out = vec![f64::NAN; expected.len()];
        // SAFETY: the strides are those of a dense layout of this buffer.
        sum(unsafe { Operand::new(data.as_ptr(), &shape, &strides) }, axes, &mut out);
        prop_assert_eq!(out, expected);
    }
}

#[test]
fn cuts_long_reductions_into_pieces() {
    for (shape, axes) in [([1, 500_000], [false, true]), ([200_000, 3], [true, false]), ([70_000, 70], [true, false])] {
        let strides = [shape[1], 1];
        let data: Vec<f64> = (0..shape[0] * shape[1]).map(|x| (x % 11) as f64).collect();
        let expected = naive(&data, &shape, &strides, &axes);
        let mut out = vec![0.0; expected.len()];
        // SAFETY: a dense layout of this buffer.
        sum(unsafe { Operand::new(data.as_ptr(), &shape, &strides) }, &axes, &mut out);
        assert_eq!(out, expected);
    }
}

#[test]
fn long_sums_stay_accurate() {
    let n = 10_000_000;
    let (data, shape, one) = (vec![0.1f32; n], [n], [1]);
    let mut out = [0.0f32];
    // SAFETY: a dense layout of this buffer.
    sum(unsafe { Operand::new(data.as_ptr(), &shape, &one) }, &[true], &mut out);
    assert!((out[0] as f64 - 0.1f32 as f64 * n as f64).abs() < 0.5, "{}", out[0]);
}
