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
fn tiles_cover_every_element_once() {
    let shapes: [(&[usize], [&[usize]; 2]); 5] = [
        (&[5, 7, 3], [&[21, 3, 1], &[1, 5, 35]]),
        (&[70, 130], [&[130, 1], &[1, 70]]),
        (&[3, 100, 2], [&[200, 2, 1], &[400, 4, 1]]),
        (&[1000], [&[1], &[2]]),
        (&[4, 3, 5, 2], [&[30, 10, 2, 1], &[0, 0, 2, 1]]),
    ];
    for (shape, strides) in shapes {
        if cfg!(miri) && shape.iter().product::<usize>() > 500 {
            continue;
        }
        let plan = Plan::new(shape, strides);
        let total: usize = shape.iter().product();
        for most in [1, 10, 64, 100, 1000, 100_000] {
            let tiles = plan.tiles(most);
            for cut in [0, 1, tiles.count() / 3, tiles.count()] {
                let seen = std::sync::Mutex::new(vec![0; total]);
                let visit = |tile: &Tile<2>| {
                    for (row, column) in (0..tile.rows).flat_map(|r| (0..tile.columns).map(move |c| (r, c))) {
                        let at = |k: usize| tile.offsets[k] + row * tile.outer[k] + column * tile.inner[k];
                        let (mut rest, mut other) = (at(0), 0);
                        for axis in 0..shape.len() {
                            other += rest / strides[0][axis] * strides[1][axis];
                            rest %= strides[0][axis];
                        }
                        assert_eq!(at(1), other);
                        seen.lock().unwrap()[at(0)] += 1;
                    }
                };
                tiles.visit(0..cut, &visit);
                tiles.visit(cut..tiles.count(), &visit);
                assert!(seen.into_inner().unwrap().iter().all(|&n| n == 1), "{shape:?} {most} {cut}");
            }
        }
    }
}

/// Every layout of every operand against plain loops.
#[test]
fn maps_of_any_layouts_equal_plain_loops() {
    let sizes: [[usize; 3]; 7] =
        [[3, 70, 90], [2, 5, 1500], [40, 300, 2], [6, 7, 8], [2, 1100, 3], [1, 1, 5], [2, 64, 64]];
    let data: Vec<f32> = (0..if cfg!(miri) { 5000 } else { 200_000 }).map(|i| (i % 1013) as f32 - 500.0).collect();
    let sizes = if cfg!(miri) { &[[2, 19, 17], [1, 2, 300]][..] } else { &sizes };
    for &shape in sizes {
        let [n, rows, columns] = shape;
        let strided: [[usize; 3]; 8] = [
            [rows * columns, columns, 1],
            [rows * columns, 1, rows],
            [1, n * columns, n],
            [2 * rows * columns, 2 * columns, 2],
            [0, 1, 0],
            [0, 0, 1],
            [0, 0, 0],
            [(rows + 3) * (columns + 1), columns + 1, 1],
        ];
        for (a, b) in strided.iter().flat_map(|a| strided.map(|b| (a, b))) {
            for to in [strided[0], strided[1], strided[3]] {
                let mut out = vec![0.0; 2 * n * rows * columns];
                let (x, y) = (operand(&data, &shape, a), operand(&data[7..], &shape, &b));
                map2(x, y, operand_mut(&mut out, &shape, &to), |x, y| x - 2.0 * y);
                let mut here = vec![0.0; out.len()];
                map2_as(Here, 1, x, y, operand_mut(&mut here, &shape, &to), |x, y| x - 2.0 * y);
                assert_eq!(out, here, "{shape:?} {a:?} {b:?} {to:?}");
                let at = |s: &[usize; 3], i: [usize; 3]| s[0] * i[0] + s[1] * i[1] + s[2] * i[2];
                for i in (0..n).flat_map(|i| (0..rows).flat_map(move |j| (0..columns).map(move |k| [i, j, k]))) {
                    assert_eq!(
                        out[at(&to, i)],
                        data[at(a, i)] - 2.0 * data[7 + at(&b, i)],
                        "{shape:?} {a:?} {b:?} {to:?}"
                    );
                }
                let mut out = vec![0.0; 2 * n * rows * columns];
                copy(operand(&data, &shape, a), operand_mut(&mut out, &shape, &to));
                for i in (0..n).flat_map(|i| (0..rows).flat_map(move |j| (0..columns).map(move |k| [i, j, k]))) {
                    assert_eq!(out[at(&to, i)], data[at(a, i)], "{shape:?} {a:?} {to:?}");
                }
            }
        }
    }
}

#[test]
fn an_output_may_be_an_input() {
    for (shape, strides) in [([40, 50], [50, 1]), ([50, 40], [1, 50]), ([1000, 2], [2, 1])] {
        let mut data: Vec<f32> = (0..2000).map(|x| x as f32).collect();
        let ptr = data.as_mut_ptr();
        // SAFETY: both sides are the very same elements.
        let (a, out) = unsafe { (Operand::new(ptr, &shape, &strides), OperandMut::new(ptr, &shape, &strides)) };
        map1(a, out, |x: f32| x + 1.0);
        assert!(data.iter().enumerate().all(|(i, &x)| x == i as f32 + 1.0));
    }
}

#[test]
fn halves_of_two_lists_are_computed_in_singles_and_rounded_once() {
    use half::bf16;
    const COUNT: usize = if cfg!(miri) { 1024 } else { 65_536 };
    const STEP: usize = 65_536 / COUNT;
    let a: Vec<bf16> = (0..COUNT).map(|i| bf16::from_bits((i * STEP) as u16)).collect();
    let b: Vec<bf16> = (0..COUNT).map(|i| bf16::from_bits((i as u16).wrapping_mul(40_503))).collect();
    for (rows, stride) in [(1, 1), (2, 2)] {
        let (shape, strides) = ([COUNT / rows], [stride]);
        let mut out = vec![bf16::ZERO; COUNT];
        // SAFETY: the lists hold this layout.
        let (inputs, result) = unsafe {
            let inputs = [&a, &b].map(|x| Operand::new(x.as_ptr(), &shape, &strides));
            (inputs, OperandMut::new(out.as_mut_ptr(), &shape, &strides))
        };
        map2_bf16(Here, 1, inputs, result, |a, b| a + b);
        for i in (0..COUNT).step_by(stride) {
            let expected = bf16::from_f32(a[i].to_f32() + b[i].to_f32());
            assert!(out[i] == expected || out[i].is_nan() && expected.is_nan(), "{} + {}: {}", a[i], b[i], out[i]);
        }
    }
}

#[test]
fn nothing_to_do_for_an_empty_shape() {
    let mut out: Vec<f32> = vec![];
    fill(operand_mut(&mut out, &[0, 3], &[3, 1]), 1.0);
}

#[test]
#[cfg_attr(miri, ignore = "takes long")]
fn large_results_are_written_past_the_cache() {
    use crate::kernels::stream::tests::FINISHED;
    let n = 200_003;
    let a: Vec<f32> = (0..n + 9).map(|i| (i % 1000) as f32).collect();
    let mut out = vec![-1.0; n + 9];
    let finished = || FINISHED.load(Ordering::Relaxed);
    let whole = |data: &[f32], value: &dyn Fn(usize) -> f32| {
        data[..3] == [-1.0; 3] && data[n + 3..] == [-1.0; 6] && (0..n).all(|i| data[i + 3] == value(i))
    };
    // Not where lines begin.
    let before = finished();
    map2(operand(&a, &[n], &[1]), operand(&a[1..], &[n], &[1]), operand_mut(&mut out[3..], &[n], &[1]), |x, y| {
        2.0 * x + y
    });
    assert!(finished() > before && whole(&out, &|i| 2.0 * a[i] + a[i + 1]));
    let before = finished();
    copy(operand(&a[5..], &[n], &[1]), operand_mut(&mut out[3..], &[n], &[1]));
    assert!(finished() > before && whole(&out, &|i| a[i + 5]));
    // A result that replaces an operand.
    let (own, shape) = (out.as_ptr().wrapping_add(3), [n]);
    // SAFETY: the operand is the output.
    let x = unsafe { Operand::new(own, &shape, &[1]) };
    map2_as(Here, 1, x, operand(&a, &shape, &[1]), operand_mut(&mut out[3..], &shape, &[1]), |x, y| x - y);
    assert!(whole(&out, &|i| a[i + 5] - a[i]));
}
