//! Matrix products: squares, those of ViT-B/16 and of the dense layers of LeNet, VGG-16 and ResNet-50, matrix times vector. Each is
//! checked against double precision before it is timed. Those of an MLP of ViT-B/16 also with a bias, a residual and an activation,
//! fused and as a pass of its own.

mod common;

use std::time::Duration;

use common::{check, noise, row};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use rsnn::kernels::epilogue::{Activation, Epilogue};
use rsnn::kernels::gemm::{Start, gemm, gemm_with};
use rsnn::kernels::parallel;

/// Rows, columns, depth.
const SQUARES: [(usize, usize, usize); 6] =
    [(64, 64, 64), (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048), (512, 49, 4608)];
/// The same with a right operand that is a transposed weight: dense layers.
const DENSE: [(usize, usize, usize); 6] =
    [(64, 120, 400), (64, 84, 120), (16, 1000, 2048), (1, 4096, 4096), (16, 4096, 25088), (1, 1000, 2048)];
/// The same: ViT-B/16, one image.
const VIT_B_16: [(usize, usize, usize); 6] =
    [(196, 768, 768), (197, 2304, 768), (197, 768, 768), (197, 3072, 768), (197, 768, 3072), (1, 1000, 768)];

/// The two products of an MLP of ViT-B/16.
const MLP: [(usize, usize, usize); 2] = [(197, 3072, 768), (197, 768, 3072)];

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

fn finished_products(criterion: &mut Criterion) {
    /// Elements of a piece of a pass over the output.
    const PIECE: usize = 1 << 14;
    let mut group = criterion.benchmark_group("gemm with");
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(500)).sample_size(10);
    for (m, n, k) in MLP {
        let matrix = |shape: (usize, usize), seed| {
            Array2::from_shape_vec(shape, noise(shape.0 * shape.1, seed)).expect("as many numbers")
        };
        let (x, w, bias, residual) = (matrix((m, k), 1), matrix((n, k), 2), noise(n, 3), noise(m * n, 4));
        let (mut out, mut plain) = (Array2::zeros((m, n)), Array2::zeros((m, n)));
        for (what, residual) in [("relu", None), ("residual, relu", Some(&residual[..]))] {
            let epilogue = Epilogue { bias: Some(&bias), residual, activation: Activation::Relu };
            let mut fused = || gemm_with(1.0, x.view(), w.t(), &epilogue, out.as_slice_mut().expect("row by row"));
            let mut passes = || {
                gemm(1.0, x.view(), w.t(), Start::ColumnBias(&bias), plain.view_mut());
                let plain = plain.as_slice_mut().expect("row by row");
                parallel::for_each_chunk_mut(plain, PIECE, 1, |at, part| epilogue.finish(at * PIECE, part));
            };
            let (name, work) = (format!("{m}x{n}x{k} + bias, {what}"), 2 * m * n * k);
            row(&mut group, &format!("{name} fused"), work, &mut fused);
            row(&mut group, &format!("{name} in passes"), work, &mut passes);
            assert_eq!(out, plain, "{name}");
        }
    }
    group.finish();
}

criterion_group!(benches, products, finished_products);
criterion_main!(benches);
