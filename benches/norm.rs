//! Normalisations and softmax.

use criterion::{Criterion, criterion_group, criterion_main};
use rsnn::kernels::norm::channels::{self, Batch};
use rsnn::kernels::norm::rows::{self, Affine, Rows};
use rsnn::kernels::norm::training;
use rsnn::kernels::softmax::{Kind, softmax, softmax_gradient};

fn norms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("norm");
    let batch = Batch { images: 16, channels: 64, positions: 56 * 56 };
    let x: Vec<f32> = (0..batch.numel()).map(|i| (i as f32).sin()).collect();
    let (mut mean, mut variance) = (vec![0.0; 64], vec![0.0; 64]);
    let mut y = x.clone();
    group.bench_function("moments 16x64x56x56", |b| b.iter(|| channels::moments(batch, &x, &mut mean, &mut variance)));
    group.bench_function("normalize 16x64x56x56", |b| {
        b.iter(|| channels::normalize(batch, &x, &mean, (&variance, &mean), &mut y));
    });
    let (mut total, mut slope) = (vec![0.0; 64], vec![0.0; 64]);
    group.bench_function("gradient 16x64x56x56", |b| {
        b.iter(|| {
            channels::gradient_sums(batch, &x, &x, &mean, (&mut total, &mut slope));
            channels::input_gradient(batch, (&x, &x), (&mean, &variance), (&total, &slope), None, &mut y);
        });
    });
    let weight = vec![1.0; 64];
    group.bench_function("training 16x64x56x56, some channels at a time", |b| {
        let affine = (weight.as_slice(), weight.as_slice(), 1e-5);
        b.iter(|| training::normalize(batch, &x, affine, (&mut mean, &mut variance), &mut y));
    });
    group.bench_function("training gradient 16x64x56x56, some channels at a time", |b| {
        b.iter(|| training::gradients(batch, (&x, &x), (&mean, &variance), &weight, (&mut total, &mut slope), &mut y));
    });
    for (count, len) in [(197 * 16, 768), (197 * 16 * 12, 64)] {
        let rows = Rows { len, centered: true, eps: 1e-5 };
        let (x, y) = (&x[..len * count], &mut y[..len * count]);
        let (mut mean, mut rstd) = (vec![0.0; count], vec![0.0; count]);
        let weight = vec![1.0; len];
        let affine = Affine { weight: Some(&weight), bias: Some(&weight) };
        group.bench_function(format!("layer {count}x{len}"), |b| {
            b.iter(|| rows::normalize(rows, x, affine, y, (&mut mean, &mut rstd)));
        });
        group.bench_function(format!("layer dx {count}x{len}"), |b| {
            b.iter(|| rows::input_gradient(rows, (x, x), (&mean, &rstd), Some(&weight), y));
        });
        let (mut dw, mut db) = (vec![0.0; len], vec![0.0; len]);
        group.bench_function(format!("layer dw {count}x{len}"), |b| {
            b.iter(|| rows::affine_gradient(len, (x, x), (&mean, &rstd), (&mut dw, &mut db)));
        });
    }
    for shape in [(1024, 1000, 1), (16, 21, 4096)] {
        let count = shape.0 * shape.1 * shape.2;
        let (mut out, mut dx) = (vec![0.0; count], vec![0.0; count]);
        let x: Vec<f32> = (0..count).map(|i| (i as f32).sin()).collect();
        group.bench_function(format!("softmax {shape:?}"), |b| {
            b.iter(|| softmax(Kind::Softmax, shape, &x, &mut out));
        });
        group.bench_function(format!("log softmax dx {shape:?}"), |b| {
            b.iter(|| softmax_gradient(Kind::LogSoftmax, shape, &x, &out, &mut dx));
        });
    }
    group.finish();
}

criterion_group!(benches, norms);
criterion_main!(benches);
