//! Taking and freeing blocks from the cache, beside the allocator of the process, and touching them, beside fresh pages.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rsnn::array::{Array, DType};
use rsnn::memory::{Block, empty_cache, stats};
use std::hint::black_box;

const SIZES: [usize; 5] = [256, 16 << 10, 512 << 10, 4 << 20, 64 << 20];

fn blocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("blocks");
    for size in SIZES {
        group.bench_function(format!("cached {size}"), |bencher| bencher.iter(|| black_box(Block::new(size).unwrap())));
        group.bench_function(format!("system {size}"), |bencher| {
            bencher.iter(|| black_box(Vec::<u8>::with_capacity(size)))
        });
    }
    group.finish();
}

/// The first use of a result: cached pages are there, fresh ones are made by the system on the way.
fn first_use(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("first use");
    for size in [4 << 20, 64 << 20] {
        group.throughput(Throughput::Bytes(size as u64));
        let fill = || Array::full(&[size / 4], 1.0.into(), DType::F32).unwrap();
        group.bench_function(format!("cached {size}"), |bencher| bencher.iter(fill));
        let before = stats().segments.allocated;
        drop(fill());
        assert_eq!(stats().segments.allocated, before, "a warm step asks the system for nothing");
        group.bench_function(format!("fresh {size}"), |bencher| {
            bencher.iter(|| {
                drop(fill());
                empty_cache();
            })
        });
    }
    group.finish();
}

criterion_group!(benches, blocks, first_use);
criterion_main!(benches);
