//! Time to fill a million values: `cargo bench --bench random`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rsnn::random::{Generator, IntRange, fill_bernoulli, fill_integers, fill_normal, fill_permutation, fill_uniform};

const COUNT: usize = 1_000_000;

fn fills(c: &mut Criterion) {
    let mut generator = Generator::new();
    let (mut single, mut double, mut integer) = (vec![0f32; COUNT], vec![0f64; COUNT], vec![0i64; COUNT]);
    let mut group = c.benchmark_group("fill 1e6");
    group.bench_function("uniform f32", |b| b.iter(|| fill_uniform(&mut generator, black_box(&mut single), 0.0, 1.0)));
    group.bench_function("uniform f32 scaled", |b| {
        b.iter(|| fill_uniform(&mut generator, black_box(&mut single), -0.1, 0.1));
    });
    group.bench_function("uniform f64", |b| b.iter(|| fill_uniform(&mut generator, black_box(&mut double), 0.0, 1.0)));
    group.bench_function("normal f32", |b| b.iter(|| fill_normal(&mut generator, black_box(&mut single), 0.0, 1.0)));
    group.bench_function("normal f64", |b| b.iter(|| fill_normal(&mut generator, black_box(&mut double), 0.0, 1.0)));
    group.bench_function("bernoulli f32", |b| b.iter(|| fill_bernoulli(&mut generator, black_box(&mut single), 0.5)));
    let range = IntRange::new::<i64>(0, Some(10)).unwrap();
    group.bench_function("integers below 10", |b| {
        b.iter(|| fill_integers(&mut generator, black_box(&mut integer), range));
    });
    group.bench_function("permutation", |b| b.iter(|| fill_permutation(&mut generator, black_box(&mut integer))));
}

criterion_group!(benches, fills);
criterion_main!(benches);
