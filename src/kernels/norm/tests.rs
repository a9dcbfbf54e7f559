//! Normalisation against its definition in double precision, gradients against differences.

use super::channels::{self, Batch};
use super::groups::{self, Groups};
use super::rows::{self, Affine, Rows};
use super::training;
use crate::kernels::parallel::tests::with_threads;

fn numbers(len: usize, seed: f64) -> Vec<f64> {
    (0..len).map(|i| (i as f64 * 1.7 + seed).sin() * 3.0 + 0.5).collect()
}

/// The derivative of `sum(g * f(x))` with respect to every element of `x`, by central differences.
fn differences(x: &[f64], g: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let step = 1e-5;
    let total = |x: &[f64]| f(x).iter().zip(g).map(|(y, g)| y * g).sum::<f64>();
    let mut x = x.to_vec();
    (0..x.len())
        .map(|at| {
            let before = x[at];
            x[at] = before + step;
            let above = total(&x);
            x[at] = before - step;
            let below = total(&x);
            x[at] = before;
            (above - below) / (2.0 * step)
        })
        .collect()
}

fn assert_close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (at, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "[{at}]: {got} for {want}");
    }
}

#[test]
fn moments_equal_the_definition() {
    for batch in [
        Batch { images: 3, channels: 5, positions: 49 },
        Batch { images: 70, channels: 130, positions: 1 },
        Batch { images: 1, channels: 2, positions: 1000 },
    ] {
        let x = numbers(batch.numel(), 1.0);
        let (mut mean, mut variance) = (vec![0.0; batch.channels], vec![0.0; batch.channels]);
        channels::moments(batch, &x, &mut mean, &mut variance);
        for channel in 0..batch.channels {
            let values: Vec<f64> = (0..batch.numel())
                .filter(|at| at / batch.positions % batch.channels == channel)
                .map(|at| x[at])
                .collect();
            let average = values.iter().sum::<f64>() / values.len() as f64;
            let spread = values.iter().map(|x| (x - average).powi(2)).sum::<f64>() / values.len() as f64;
            assert_close(&[mean[channel], variance[channel]], &[average, spread], 1e-12);
        }
    }
}

#[test]
fn variances_of_far_off_values_are_accurate() {
    let batch = Batch { images: 4, channels: 1, positions: 5000 };
    let x: Vec<f32> = (0..batch.numel()).map(|i| 10_000.0 + (i % 2) as f32).collect();
    let (mut mean, mut variance) = ([0.0], [0.0]);
    channels::moments(batch, &x, &mut mean, &mut variance);
    assert!((mean[0] - 10_000.5).abs() < 1e-3 && (variance[0] - 0.25).abs() < 1e-5, "{mean:?} {variance:?}");
}

fn batch_norm(batch: Batch, x: &[f64], weight: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (mut mean, mut variance) = (vec![0.0; batch.channels], vec![0.0; batch.channels]);
    channels::moments(batch, x, &mut mean, &mut variance);
    let rstd: Vec<f64> = variance.iter().map(|v| 1.0 / (v + 1e-5).sqrt()).collect();
    let scale: Vec<f64> = rstd.iter().zip(weight).map(|(r, w)| r * w).collect();
    let mut y = vec![0.0; x.len()];
    channels::normalize(batch, x, &mean, (&scale, bias), &mut y);
    (y, mean, rstd)
}

#[test]
fn batch_gradients_equal_differences() {
    for batch in [Batch { images: 3, channels: 2, positions: 4 }, Batch { images: 6, channels: 3, positions: 1 }] {
        let (x, g) = (numbers(batch.numel(), 2.0), numbers(batch.numel(), 3.0));
        let (weight, bias) = (numbers(batch.channels, 4.0), numbers(batch.channels, 5.0));
        let (_, mean, rstd) = batch_norm(batch, &x, &weight, &bias);
        let (mut total, mut slope) = (vec![0.0; batch.channels], vec![0.0; batch.channels]);
        channels::gradient_sums(batch, &g, &x, &mean, (&mut total, &mut slope));
        let mut dx = vec![0.0; x.len()];
        channels::input_gradient(batch, (&g, &x), (&mean, &rstd), (&total, &slope), Some(&weight), &mut dx);
        assert_close(&dx, &differences(&x, &g, |x| batch_norm(batch, x, &weight, &bias).0), 1e-6);
        let dw: Vec<f64> = slope.iter().zip(&rstd).map(|(s, r)| s * r).collect();
        assert_close(&dw, &differences(&weight, &g, |weight| batch_norm(batch, &x, weight, &bias).0), 1e-6);
        assert_close(&total, &differences(&bias, &g, |bias| batch_norm(batch, &x, &weight, bias).0), 1e-6);
    }
}

fn layer_norm(rows: Rows<f64>, x: &[f64], weight: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let count = x.len() / rows.len;
    let (mut y, mut mean, mut rstd) = (vec![0.0; x.len()], vec![0.0; count], vec![0.0; count]);
    let affine = Affine { weight: Some(weight), bias: Some(bias) };
    rows::normalize(rows, x, affine, &mut y, (&mut mean, &mut rstd));
    (y, mean, rstd)
}

#[test]
fn row_gradients_equal_differences() {
    for centered in [true, false] {
        let rows = Rows { len: 37, centered, eps: 1e-5 };
        let (x, g) = (numbers(3 * 37, 2.0), numbers(3 * 37, 3.0));
        let (weight, bias) = (numbers(37, 4.0), numbers(37, 5.0));
        let (y, mean, rstd) = layer_norm(rows, &x, &weight, &bias);
        for row in 0..3 {
            let values = &x[row * 37..][..37];
            let average = if centered { values.iter().sum::<f64>() / 37.0 } else { 0.0 };
            let spread = values.iter().map(|x| (x - average).powi(2)).sum::<f64>() / 37.0;
            let want: Vec<f64> =
                (0..37).map(|i| (values[i] - average) / (spread + 1e-5).sqrt() * weight[i] + bias[i]).collect();
            assert_close(&y[row * 37..][..37], &want, 1e-12);
        }
        let mut dx = vec![0.0; x.len()];
        rows::input_gradient(rows, (&g, &x), (&mean, &rstd), Some(&weight), &mut dx);
        assert_close(&dx, &differences(&x, &g, |x| layer_norm(rows, x, &weight, &bias).0), 1e-6);
        let (mut dw, mut db) = (vec![0.0; 37], vec![0.0; 37]);
        rows::affine_gradient(37, (&g, &x), (&mean, &rstd), (&mut dw, &mut db));
        assert_close(&dw, &differences(&weight, &g, |weight| layer_norm(rows, &x, weight, &bias).0), 1e-6);
        assert_close(&db, &differences(&bias, &g, |bias| layer_norm(rows, &x, &weight, bias).0), 1e-6);
    }
}

#[test]
fn thread_counts_do_not_change_bits() {
    let batch = Batch { images: 8, channels: 20, positions: 400 };
    let x: Vec<f32> = (0..batch.numel()).map(|i| (i as f32).sin()).collect();
    let run = |threads| {
        with_threads(threads, || {
            let (mut mean, mut variance) = (vec![0.0; 20], vec![0.0; 20]);
            channels::moments(batch, &x, &mut mean, &mut variance);
            let (mut dw, mut db) = (vec![0.0; 100], vec![0.0; 100]);
            let stats = vec![0.5; x.len() / 100];
            rows::affine_gradient(100, (&x, &x), (&stats, &stats), (&mut dw, &mut db));
            [mean, variance, dw, db].concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()
        })
    };
    assert_eq!(run(1), run(4));
}

fn group_norm(by: Groups<f64>, x: &[f64], weight: &[f64], bias: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let count = x.len() / (by.channels * by.positions);
    let (mut y, mut mean, mut rstd) = (vec![0.0; x.len()], vec![0.0; count], vec![0.0; count]);
    let affine = Affine { weight: Some(weight), bias: Some(bias) };
    groups::normalize(by, x, affine, &mut y, (&mut mean, &mut rstd));
    (y, mean, rstd)
}

#[test]
fn group_gradients_equal_differences() {
    for (images, count, channels, positions) in [(2, 3, 2, 5), (1, 1, 4, 1), (3, 2, 1, 33)] {
        let by = Groups { groups: count, channels, positions, eps: 1e-5 };
        let (all, len) = (images * count * channels * positions, channels * positions);
        let (x, g) = (numbers(all, 2.0), numbers(all, 3.0));
        let (weight, bias) = (numbers(count * channels, 4.0), numbers(count * channels, 5.0));
        let (y, mean, rstd) = group_norm(by, &x, &weight, &bias);
        for (group, values) in x.chunks(len).enumerate() {
            let average = values.iter().sum::<f64>() / len as f64;
            let spread = values.iter().map(|x| (x - average).powi(2)).sum::<f64>() / len as f64;
            let channel = |i: usize| group % count * channels + i / positions;
            let scaled =
                |i: usize| (values[i] - average) / (spread + 1e-5).sqrt() * weight[channel(i)] + bias[channel(i)];
            assert_close(&y[group * len..][..len], &(0..len).map(scaled).collect::<Vec<_>>(), 1e-12);
        }
        let mut dx = vec![0.0; all];
        let (mut dw, mut db) = (vec![1.0; weight.len()], vec![1.0; weight.len()]);
        groups::gradients(by, (&g, &x), (&mean, &rstd), Some(&weight), Some(&mut dx), (&mut dw, &mut db));
        assert_close(&dx, &differences(&x, &g, |x| group_norm(by, x, &weight, &bias).0), 1e-6);
        assert_close(&dw, &differences(&weight, &g, |weight| group_norm(by, &x, weight, &bias).0), 1e-6);
        assert_close(&db, &differences(&bias, &g, |bias| group_norm(by, &x, &weight, bias).0), 1e-6);
    }
}

#[test]
fn weight_gradients_of_rows_of_any_length_are_sums_over_rows() {
    for (count, len) in [(0, 5), (1, 64), (7, 64), (200, 64), (9, 63), (150, 100), (67, 512), (8, 600)] {
        let number = |i: usize, by: usize| (i * by % 17) as f64 - 8.0;
        let g: Vec<f64> = (0..count * len).map(|i| number(i, 7)).collect();
        let x: Vec<f64> = (0..count * len).map(|i| number(i, 5)).collect();
        let (mean, rstd): (Vec<f64>, Vec<f64>) = (0..count).map(|i| (number(i, 3), 0.5 + i as f64)).unzip();
        let (mut dw, mut db) = (vec![f64::NAN; len], vec![f64::NAN; len]);
        rows::affine_gradient(len, (&g, &x), (&mean, &rstd), (&mut dw, &mut db));
        for column in 0..len {
            let at = |row: usize| row * len + column;
            let slope: f64 = (0..count).map(|row| g[at(row)] * ((x[at(row)] - mean[row]) * rstd[row])).sum();
            let total: f64 = (0..count).map(|row| g[at(row)]).sum();
            assert!(dw[column] == slope && db[column] == total, "{count} {len} {column}");
        }
    }
}

#[test]
fn short_rows_are_normalised_as_any() {
    assert!(
        super::short::suits(64, 16)
            && !super::short::suits(64, 15)
            && !super::short::suits(63, 16)
            && !super::short::suits(144, 16)
    );
    for (count, len, centered) in [(16, 16, true), (17, 64, true), (40, 48, false), (70, 128, true), (5, 32, true)] {
        // Far from zero, where the second pass has something to correct.
        let x: Vec<f64> = numbers(count * len, 2.0).iter().map(|x| x + 1e4).collect();
        let (weight, bias) = (numbers(len, 4.0), numbers(len, 5.0));
        let rows = Rows { len, centered, eps: 1e-5 };
        for (w, b) in [(Some(&weight), Some(&bias)), (Some(&weight), None), (None, Some(&bias)), (None, None)] {
            let affine = Affine { weight: w.map(Vec::as_slice), bias: b.map(Vec::as_slice) };
            let (mut y, mut mean, mut rstd) = (vec![0.0; x.len()], vec![f64::NAN; count], vec![f64::NAN; count]);
            rows::normalize(rows, &x, affine, &mut y, (&mut mean, &mut rstd));
            for (row, values) in x.chunks(len).enumerate() {
                let average = if centered { values.iter().sum::<f64>() / len as f64 } else { 0.0 };
                let spread = values.iter().map(|x| (x - average).powi(2)).sum::<f64>() / len as f64;
                let one = 1.0 / (spread + 1e-5).sqrt();
                assert_close(&[mean[row], rstd[row]], &[average, one], 1e-9);
                let at = |list: Option<&Vec<f64>>, i: usize, other| list.map_or(other, |list| list[i]);
                let want: Vec<f64> =
                    (0..len).map(|i| (values[i] - average) * one * at(w, i, 1.0) + at(b, i, 0.0)).collect();
                assert_close(&y[row * len..][..len], &want, 1e-9);
            }
        }
    }
}

#[test]
fn large_results_are_written_past_the_cache() {
    use crate::kernels::stream::tests::FINISHED;
    use std::sync::atomic::Ordering::Relaxed;
    let batch = Batch { images: 8, channels: 20, positions: 2003 };
    let x: Vec<f32> = (0..batch.numel()).map(|i| (i as f32 * 0.7).sin()).collect();
    let g: Vec<f32> = (0..batch.numel()).map(|i| (i as f32 * 0.3).cos()).collect();
    let by: Vec<f32> = (0..batch.channels).map(|i| 1.0 + i as f32).collect();
    let plane = |i: usize| i / batch.positions % batch.channels;
    let before = FINISHED.load(Relaxed);
    let mut y = vec![0.0; x.len()];
    channels::normalize(batch, &x, &by, (&by, &by), &mut y);
    assert!(FINISHED.load(Relaxed) >= before + 160);
    assert!((0..x.len()).all(|i| y[i] == (x[i] - by[plane(i)]) * by[plane(i)] + by[plane(i)]));
    let (mut total, mut slope, mut dx) = (vec![0.0; 20], vec![0.0; 20], vec![0.0; x.len()]);
    let before = FINISHED.load(Relaxed);
    training::gradients(batch, (&g, &x), (&by, &by), &by, (&mut total, &mut slope), &mut dx);
    assert!(training::together(batch) > 0 && FINISHED.load(Relaxed) >= before + 160);
    let count = batch.count() as f32;
    for (i, &got) in dx.iter().enumerate() {
        let by = by[plane(i)];
        let slope = slope[plane(i)] * by * by / count;
        assert_eq!(got, (g[i] - total[plane(i)] / count - (x[i] - by) * slope) * (by * by), "{i}");
    }
}
