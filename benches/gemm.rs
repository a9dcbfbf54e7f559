//! Matrix products: squares, those of ViT-B/16 and of the dense layers of LeNet, VGG-16 and ResNet-50, matrix times vector. Each is
//! checked against double precision before it is timed.

mod common;

use std::time::Duration;

use common::{check, noise, row};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use rsnn::kernels::gemm::{Start, gemm};

/// Rows, columns, depth.
const SQUARES: [(usize, usize, usize); 6] =
    [(64, 64, 64), (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048), (512, 49, 4608)];
/// The same with a right operand that is a transposed weight: dense layers.
const DENSE: [(usize, usize, usize); 6] =
    [(64, 120, 400), (64, 84, 120), (16, 1000, 2048), (1, 4096, 4096), (16, 4096, 25088), (1, 1000, 2048)];
/// The same: ViT-B/16, one image.
const VIT_B_16: [(usize, usize, usize); 6] =
    [(196, 768, 768), (197, 2304, 768), (197, 768, 768), (197, 3072, 768), (197, 768, 3072), (1, 1000, 768)];

fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gemm");
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(500)).sample_size(10);
    let squares = SQUARES.map(|size| (size, false)).into_iter();
    for ((m, n, k), transposed) in
        squares.chain(DENSE.map(|size| (size, true))).chain(VIT_B_16.map(|size| (size, true)))
    {
        let matrix = |shape: (usize, usize), seed| {
            Array2::from_shape_vec(shape, noise(shape.0 * shape.1, seed)).expect("as many numbers")
        };
        let (a, b) = (matrix((m, k), 1), matrix(if transposed { (n, k) } else { (k, n) }, 2));
        let b = if transposed { b.t() } else { b.view() };
        let mut out = Array2::zeros((m, n));
        let name = format!("{m}x{n}x{k}{}", if transposed { " transposed" } else { "" });
        gemm(1.0, a.view(), b, Start::Zero, out.view_mut());
        check(&name, out.as_slice().expect("row by row"), k, |at| {
            (0..k).map(|d| f64::from(a[[at / n, d]]) * f64::from(b[[d, at % n]])).sum()
        });
        row(&mut group, &name, 2 * m * n * k, || gemm(1.0, a.view(), b, Start::Zero, out.view_mut()));
    }
    group.finish();
}

criterion_group!(benches, products);
criterion_main!(benches);
