//! What moves more memory than it computes: element by element, along rows and columns, from layout to layout, and the steps of
//! optimizers. Beside criterion's GiB/s, each row prints its share of what a plain parallel copy of as many bytes reaches.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use rsnn::array::{Array, DType, Scalar};
use rsnn::autograd::Tensor;
use rsnn::kernels::optimize::{Adam, Sgd, adam, sgd};
use rsnn::kernels::parallel;
use rsnn::ops::copy::{MemoryFormat, clone};
use rsnn::ops::pointwise_loss::{Loss, pointwise_loss};
use rsnn::ops::{binary, join, rearrange, reduce, softmax, unary, view};
use std::hint::black_box;
use std::time::Instant;

/// Rows and columns: 16 MB of single precision.
const SHAPE: [usize; 2] = [4096, 1024];
const BYTES: usize = 4 * SHAPE[0] * SHAPE[1];

/// Seconds that a run takes.
fn time(run: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

/// A row: `bytes` are read and written by one run. Runs alternate with a plain parallel copy that moves as many, in memory of the
/// same kind; the least times are compared.
fn row<R>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, bytes: usize, run: impl Fn() -> R) {
    let half = Array::full(&[bytes / 8], Scalar::Float(1.0), DType::F32).expect("memory");
    let (from, other) = (half.slice::<f32>(), half.copy_contiguous().expect("memory"));
    let to = other.slice_mut::<f32>();
    const PIECE: usize = 32 << 10;
    let mut copy =
        || parallel::for_each_chunk_mut(to, PIECE, 1, |i, to| to.copy_from_slice(&from[i * PIECE..][..to.len()]));
    let (mut ours, mut plain) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..50 {
        ours = ours.min(time(&mut || drop(black_box(run()))));
        plain = plain.min(time(&mut copy));
    }
    let (rate, share) = (bytes as f64 / ours / 1e9, 100.0 * plain / ours);
    println!("{name}: {rate:.0} GB/s, {share:.0} % of a copy");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function(name, |bencher| bencher.iter(&run));
}

fn input() -> Tensor {
    let numbers: Vec<f32> = (0..SHAPE[0] * SHAPE[1]).map(|i| (i as f32).sin() * 3.0).collect();
    Tensor::new(Array::from_slice(&numbers, &SHAPE).expect("memory"))
}

fn elements(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("elements");
    let x = input();
    row(&mut group, "copy", 2 * BYTES, || clone(&x, MemoryFormat::Contiguous));
    row(&mut group, "add", 2 * BYTES, || binary::add(&x, &x));
    let bias = view::select(&x, 0, 0).expect("a row");
    row(&mut group, "bias", 2 * BYTES, || binary::add(&x, &bias));
    let turned = view::transpose(&x, 0, 1).expect("two axes");
    row(&mut group, "transposed copy", 2 * BYTES, || clone(&turned, MemoryFormat::Contiguous));
    for (name, function) in [
        ("relu", unary::relu as fn(&Tensor) -> _),
        ("exp", unary::exp),
        ("log", unary::log),
        ("tanh", unary::tanh),
        ("sigmoid", unary::sigmoid),
        ("gelu", unary::gelu),
        ("silu", unary::silu),
        ("mish", unary::mish),
        ("hardswish", unary::hardswish),
        ("erf", unary::erf),
        ("sin", unary::sin),
    ] {
        row(&mut group, name, 2 * BYTES, || function(&x));
    }
    row(&mut group, "power 2.5", 2 * BYTES, || binary::pow(&x, Scalar::Float(2.5)));
    // Results in place: read and written once.
    let y = clone(&x, MemoryFormat::Contiguous).expect("memory");
    row(&mut group, "relu_", 2 * BYTES, || unary::relu_(&y));
    row(&mut group, "add_", 3 * BYTES, || binary::add_(&y, &x));
    group.finish();
}

fn rearrangements(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rearrangements");
    let x = input();
    let half = view::narrow(&x, 0, 0, SHAPE[0] as isize / 2).expect("half of the rows");
    row(&mut group, "cat of rows", 2 * BYTES, || join::cat(&[&half, &half], 0));
    row(&mut group, "cat of columns", 2 * BYTES, || join::cat(&[&half, &half], 1));
    row(&mut group, "pad", 2 * BYTES, || join::constant_pad(&x, &[(1, 1), (1, 1)], Scalar::Float(0.0)));
    row(&mut group, "flip of columns", 2 * BYTES, || rearrange::flip(&x, &[1]));
    row(&mut group, "flip of rows", 2 * BYTES, || rearrange::flip(&x, &[0]));
    row(&mut group, "roll of columns", 2 * BYTES, || rearrange::roll(&x, &[1], &[1]));
    group.finish();
}

fn reductions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reductions");
    let x = input();
    row(&mut group, "sum", BYTES, || reduce::sum(&x, None, false, None));
    row(&mut group, "sum of rows", BYTES, || reduce::sum(&x, Some(&[1]), false, None));
    row(&mut group, "sum of columns", BYTES, || reduce::sum(&x, Some(&[0]), false, None));
    for len in [64, 10] {
        let rows = (SHAPE[0] * SHAPE[1] / len) as isize;
        let part =
            view::narrow(&view::flatten(&x, 0, -1).expect("contiguous"), 0, 0, rows * len as isize).expect("a part");
        let x = view::reshape(&part, &[rows, len as isize]).expect("contiguous");
        let bytes = 4 * x.numel();
        row(&mut group, &format!("sum of rows of {len}"), bytes, || reduce::sum(&x, Some(&[1]), false, None));
        row(&mut group, &format!("max of rows of {len}"), bytes, || reduce::amax(&x, &[1], false));
        row(&mut group, &format!("softmax of rows of {len}"), 2 * bytes, || softmax::softmax(&x, 1));
    }
    let t = clone(&x, MemoryFormat::Contiguous).expect("memory");
    row(&mut group, "squared loss", 2 * BYTES, || pointwise_loss(Loss::Square, &x, &t, true));
    row(&mut group, "loss of logits", 2 * BYTES, || pointwise_loss(Loss::Logits, &x, &t, true));
    row(&mut group, "max of columns", BYTES, || reduce::amax(&x, &[0], false));
    row(&mut group, "max of rows", BYTES, || reduce::amax(&x, &[1], false));
    row(&mut group, "logsumexp", BYTES, || reduce::logsumexp(&x, &[1], false));
    row(&mut group, "softmax", 2 * BYTES, || softmax::softmax(&x, 1));
    row(&mut group, "log_softmax", 2 * BYTES, || softmax::log_softmax(&x, 1));
    group.finish();
}

fn optimizers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("optimizers");
    const COUNT: usize = 1 << 20;
    let grad = vec![1e-3f32; COUNT];
    let state = || std::cell::RefCell::new([vec![1.0f32; COUNT], vec![0.5f32; COUNT], vec![0.25f32; COUNT]]);
    let by = Sgd {
        step: -1e-3,
        momentum: 0.9,
        undamped: 1.0,
        weight_decay: 1e-4,
        nesterov: false,
        maximize: false,
        first: false,
    };
    let memory = state();
    // Parameter and direction are read and written, the gradient is read; on one thread, as one piece of a step is.
    row(&mut group, "SGD with momentum, one thread", 5 * 4 * COUNT, || {
        let [param, direction, _] = &mut *memory.borrow_mut();
        sgd(by, param, &grad, direction);
    });
    let by = Adam {
        step: -1e-3,
        correction: 1.0,
        weight: 0.1,
        rest: 0.9,
        beta2: 0.999,
        square_weight: 1e-3,
        eps: 1e-8,
        penalty: 0.0,
        decay: 1.0,
        maximize: false,
    };
    let memory = state();
    row(&mut group, "Adam, one thread", 7 * 4 * COUNT, || {
        let [param, average, square] = &mut *memory.borrow_mut();
        adam(by, param, &grad, average, square, &mut []);
    });
    group.finish();
}

criterion_group!(benches, elements, rearrangements, reductions, optimizers);
criterion_main!(benches);
