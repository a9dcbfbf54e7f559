//! Softmax against its definition in double precision.

use super::*;
use crate::kernels::parallel::tests::with_threads;

fn check(kind: Kind, (outer, len, inner): (usize, usize, usize)) {
    let count = outer * len * inner;
    let x: Vec<f32> = (0..count).map(|i| ((i * 7919) % 1013) as f32 * 0.02 - 10.0).collect();
    let g: Vec<f32> = (0..count).map(|i| ((i * 31) % 17) as f32 * 0.1 - 0.8).collect();
    let (mut y, mut dx) = (vec![f32::NAN; count], vec![f32::NAN; count]);
    softmax(kind, (outer, len, inner), &x, &mut y);
    softmax_gradient(kind, (outer, len, inner), &g, &y, &mut dx);
    for (o, i) in (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i))) {
        let at = |k: usize| (o * len + k) * inner + i;
        let top = (0..len).map(|k| x[at(k)]).fold(f32::NEG_INFINITY, f32::max) as f64;
        let sum: f64 = (0..len).map(|k| (x[at(k)] as f64 - top).exp()).sum();
        let p = |k: usize| (x[at(k)] as f64 - top).exp() / sum;
        let total: f64 = (0..len).map(|k| g[at(k)] as f64 * if kind == Kind::Softmax { p(k) } else { 1.0 }).sum();
        for k in 0..len {
            let g = g[at(k)] as f64;
            let (want, want_dx) = match kind {
                Kind::Softmax => (p(k), p(k) * (g - total)),
                Kind::LogSoftmax => (x[at(k)] as f64 - top - sum.ln(), g - p(k) * total),
            };
            assert!((y[at(k)] as f64 - want).abs() < 2e-6 * want.abs().max(1.0), "{kind:?} {len} {inner}");
            assert!((dx[at(k)] as f64 - want_dx).abs() < 1e-5 * want_dx.abs().max(1.0), "{kind:?} {len} {inner}");
        }
    }
}

#[test]
fn rows_and_columns_equal_the_definition() {
    for kind in [Kind::Softmax, Kind::LogSoftmax] {
        // Short rows, turned or not, in whole registers or not; and one more than the longest.
        for len in [1, 4, 7, 15, 16, 17, 24, 31, 32, 33, 48, 100, 255, 256, 257] {
            for rows in [1, 3, 16, 65, 130] {
                check(kind, (rows, len, 1));
            }
        }
        for shape in [(1, 1, 1), (3, 10, 1), (2, 1000, 1), (4, 64, 1), (2, 5, 3), (3, 21, 200), (1, 4, 64), (0, 3, 2)] {
            check(kind, shape);
        }
        softmax::<f32>(kind, (2, 0, 5), &[], &mut []);
    }
}

#[test]
fn infinities_and_nans_come_out_as_the_definition_says() {
    // The same in a longer row, among others.
    for len in [5, 16, 20, 40, 300] {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = vec![1.0f32; 20 * len];
            x[3 * len + len / 2] = bad;
            x[7 * len..8 * len].fill(f32::NEG_INFINITY);
            let mut y = x.clone();
            softmax(Kind::Softmax, (20, len, 1), &x, &mut y);
            for (row, y) in y.chunks(len).enumerate() {
                let nan = row == 7 || row == 3 && bad != f32::NEG_INFINITY;
                let even = 1.0 / if row == 3 { len - 1 } else { len } as f32;
                let right = |(i, &y): (usize, &f32)| match row {
                    _ if nan => y.is_nan(),
                    3 if i == len / 2 => y == 0.0,
                    _ => (y - even).abs() < 1e-6,
                };
                assert!(nan && bad == f32::INFINITY || y.iter().enumerate().all(right), "{len} {bad} {row}: {y:?}");
            }
        }
    }
    let run = |x: [f32; 4]| {
        let (mut row, mut columns) = ([0.0; 4], [0.0; 8]);
        softmax(Kind::Softmax, (1, 4, 1), &x, &mut row);
        softmax(Kind::Softmax, (1, 4, 2), &x.map(|x| [x, x]).concat(), &mut columns);
        assert!((0..8).all(|i| columns[i] == row[i / 2] || columns[i].is_nan() && row[i / 2].is_nan()));
        row
    };
    assert_eq!(run([f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY, 0.0]), [0.0, 0.5, 0.0, 0.5]);
    assert_eq!(run([1e30, 0.0, 0.0, 0.0]), [1.0, 0.0, 0.0, 0.0]);
    for bad in [f32::NAN, f32::INFINITY] {
        assert!(run([1.0, bad, 0.0, 2.0])[1].is_nan());
    }
    assert!(run([f32::NEG_INFINITY; 4]).iter().all(|y| y.is_nan()));
}

#[test]
fn thread_counts_do_not_change_bits() {
    let x: Vec<f32> = (0..40 * 300 * 5).map(|i| (i as f32).cos() * 4.0).collect();
    let run = |threads| {
        with_threads(threads, || {
            let mut y = vec![0.0f32; 4 * x.len()];
            let (short, y_rest) = y.split_at_mut(2 * x.len());
            softmax(Kind::Softmax, (6000, 10, 1), &x, &mut short[..x.len()]);
            softmax(Kind::LogSoftmax, (1500, 40, 1), &x, &mut short[x.len()..]);
            let (rows, columns) = y_rest.split_at_mut(x.len());
            softmax(Kind::Softmax, (200, 300, 1), &x, rows);
            softmax(Kind::LogSoftmax, (40, 300, 5), &x, columns);
            y.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        })
    };
    assert_eq!(run(1), run(4));
}
