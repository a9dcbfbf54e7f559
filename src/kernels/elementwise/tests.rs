use super::*;

fn operand<'a>(data: &'a [f32], shape: &'a [usize], strides: &'a [usize]) -> Operand<'a, f32> {
    let last: usize = shape.iter().zip(strides).map(|(n, s)| (n - 1) * s).sum();
    assert!(last < data.len());
    // SAFETY: the last index was just checked, the others come before it.
    unsafe { Operand::new(data.as_ptr(), shape, strides) }
}

fn operand_mut<'a>(data: &'a mut [f32], shape: &'a [usize], strides: &'a [usize]) -> OperandMut<'a, f32> {
    // SAFETY: tests hand in buffers that hold the whole shape.
    unsafe { OperandMut::new(data.as_mut_ptr(), shape, strides) }
}

#[test]
fn adds_a_row_to_a_transposed_matrix() {
    let a: Vec<f32> = (0..6).map(|x| x as f32).collect();
    let b = [10.0, 20.0];
    let mut out = vec![0.0; 6];
    map2(
        operand(&a, &[3, 2], &[1, 3]),
        operand(&b, &[3, 2], &[0, 1]),
        operand_mut(&mut out, &[3, 2], &[2, 1]),
        |x, y| x + y,
    );
    assert_eq!(out, [10.0, 23.0, 11.0, 24.0, 12.0, 25.0]);
}

#[test]
fn walks_in_parallel_as_alone() {
    let n = 3 * GRAIN + 17;
    let a: Vec<f32> = (0..n).map(|x| (x % 1000) as f32).collect();
    let mut out = vec![0.0; n];
    map1(operand(&a, &[n], &[1]), operand_mut(&mut out, &[n], &[1]), |x| 2.0 * x);
    assert!(out.iter().zip(&a).all(|(o, x)| *o == 2.0 * x));
}

#[test]
fn splits_rows_at_any_place() {
    let shape = [5usize, 7, 3];
    let (row_major, permuted) = ([21, 3, 1], [1, 5, 35]);
    let whole = Plan::new(&shape, [&row_major, &permuted]);
    let total = whole.numel();
    for cut in 0..=total {
        let mut seen = vec![0; total];
        let cell = std::sync::Mutex::new(&mut seen);
        let visit = |[a, b]: [usize; 2], [sa, sb]: [usize; 2], len: usize| {
            for i in 0..len {
                let (ka, kb) = (a + i * sa, b + i * sb);
                let index = [ka / 21, ka / 3 % 7, ka % 3];
                assert_eq!(kb, index[0] + 5 * index[1] + 35 * index[2]);
                cell.lock().unwrap()[ka] += 1;
            }
        };
        whole.walk(0..cut, &visit);
        whole.walk(cut..total, &visit);
        assert!(seen.iter().all(|&n| n == 1));
    }
}

#[test]
fn nothing_to_do_for_an_empty_shape() {
    let mut out: Vec<f32> = vec![];
    fill(operand_mut(&mut out, &[0, 3], &[3, 1]), 1.0);
}
