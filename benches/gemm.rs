//! Matrix products: squares, the shapes of dense layers, matrix times vector.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;
use rsnn::kernels::gemm::{Start, gemm};

/// Rows, columns, depth, and whether the right operand is a transposed weight, as in a dense layer.
const SIZES: [(usize, usize, usize, bool); 8] = [
    (64, 64, 64, false),
    (256, 256, 256, false),
    (512, 512, 512, false),
    (1024, 1024, 1024, false),
    (64, 120, 400, true),
    (16, 1000, 512, true),
    (1, 4096, 4096, true),
    (512, 49, 4608, false),
];

fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gemm");
    for (m, n, k, transposed) in SIZES {
        let a = Array2::<f32>::from_elem((m, k), 0.5);
        let b = Array2::<f32>::from_elem(if transposed { (n, k) } else { (k, n) }, 0.25);
        let b = if transposed { b.t() } else { b.view() };
        let mut out = Array2::zeros((m, n));
        group.throughput(Throughput::Elements(2 * (m * n * k) as u64));
        let name = format!("{m}x{n}x{k}{}", if transposed { " transposed" } else { "" });
        group.bench_function(name, |bencher| bencher.iter(|| gemm(1.0, a.view(), b, Start::Zero, out.view_mut())));
    }
    group.finish();
}

criterion_group!(benches, products);
criterion_main!(benches);
