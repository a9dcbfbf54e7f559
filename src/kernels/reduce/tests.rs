use super::reducers::Extreme;
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

/// Miri takes a thousand times as long.
fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(if cfg!(miri) { 6 } else { 256 })
}

proptest! {
    #![proptest_config(cases())]

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
#[cfg_attr(miri, ignore = "takes long")]
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
#[cfg_attr(miri, ignore = "takes long")]
fn long_sums_stay_accurate() {
    let n = 10_000_000;
    let (data, shape, one) = (vec![0.1f32; n], [n], [1]);
    let mut out = [0.0f32];
    // SAFETY: a dense layout of this buffer.
    sum(unsafe { Operand::new(data.as_ptr(), &shape, &one) }, &[true], &mut out);
    assert!((out[0] as f64 - 0.1f32 as f64 * n as f64).abs() < 0.5, "{}", out[0]);
}

proptest! {
    #![proptest_config(cases())]

    /// Rows side by side, in groups of any size, with a distance between them; and columns side by side.
    #[test]
    fn short_rows_and_wide_rows(rows in 1usize..70, len in 1usize..300, gap in 0usize..3, wide in 1usize..600, seed in 0i64..1000) {
        let check = |shape: [usize; 2], axes: [bool; 2]| {
            let strides = [shape[1] + gap, 1];
            let data: Vec<f64> = (0..shape[0] * strides[0]).map(|i| ((i as i64 * 37 + seed) % 101) as f64).collect();
            let mut expected = naive(&data, &shape, &strides, &axes);
            let singles: Vec<f32> = data.iter().map(|&x| x as f32).collect();
            let bytes: Vec<u8> = data.iter().map(|&x| x as u8).collect();
            // SAFETY: the buffers hold this layout.
            let (doubles, singles, bytes) = unsafe {
                (Operand::new(data.as_ptr(), &shape, &strides), Operand::new(singles.as_ptr(), &shape, &strides),
                    Operand::new(bytes.as_ptr(), &shape, &strides))
            };
            let (mut double, mut single) = (vec![f64::NAN; expected.len()], vec![f32::NAN; expected.len()]);
            sum(doubles, &axes, &mut double);
            sum(singles, &axes, &mut single);
            prop_assert_eq!(&double, &expected);
            prop_assert!(single.iter().zip(&expected).all(|(&x, &y)| x as f64 == y));
            let (mut most, mut least) = (vec![0u8; expected.len()], vec![0.0f32; expected.len()]);
            reduce(bytes, &axes, &mut most, &Extreme::<true>, |x| x);
            reduce(singles, &axes, &mut least, &Extreme::<false>, |x| x);
            for (largest, found) in [(true, most.iter().map(|&x| x as f64).collect::<Vec<_>>()),
                (false, least.iter().map(|&x| x as f64).collect())] {
                expected.fill(if largest { -1.0 } else { 1e9 });
                for (i, j) in (0..shape[0]).flat_map(|i| (0..shape[1]).map(move |j| (i, j))) {
                    let (place, x) = (if axes[0] { j } else { i }, data[i * strides[0] + j]);
                    expected[place] = if largest { expected[place].max(x) } else { expected[place].min(x) };
                }
                prop_assert_eq!(&found, &expected);
            }
            Ok(())
        };
        check([rows, len], [false, true])?;
        check([len, wide], [true, false])?;
    }

    /// One NaN is the result, wherever it stands.
    #[test]
    fn nan_is_extreme(rows in 1usize..40, len in 1usize..1100, at in 0usize..1_000_000) {
        let mut data: Vec<f32> = (0..rows * len).map(|i| (i * 7 % 31) as f32).collect();
        let at = at % data.len();
        data[at] = f32::NAN;
        let (shape, strides) = ([rows, len], [len, 1]);
        for (axes, place) in [([false, true], at / len), ([true, false], at % len)] {
            // SAFETY: the layout of the buffer.
            let x = unsafe { Operand::new(data.as_ptr(), &shape, &strides) };
            let mut out = vec![0.0f32; if axes[1] { rows } else { len }];
            reduce(x, &axes, &mut out, &Extreme::<true>, |x| x);
            prop_assert!(out.iter().enumerate().all(|(i, x)| x.is_nan() == (i == place)));
            reduce(x, &axes, &mut out, &Extreme::<false>, |x| x);
            prop_assert!(out.iter().enumerate().all(|(i, x)| x.is_nan() == (i == place)));
        }
    }
}
