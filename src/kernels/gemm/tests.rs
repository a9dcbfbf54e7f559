//! The matrix product against plain loops.

use half::{bf16, f16};
use ndarray::{Array2, Array3, ArrayView2, s};
use proptest::prelude::*;

use super::*;
use crate::kernels::float::Real;
use crate::kernels::naive;

/// Whether a test leaves a product out: Miri takes a thousand times as long, and sees small ones.
pub(super) fn too_large((m, n, k): (usize, usize, usize)) -> bool {
    cfg!(miri) && m * n * k > 31_000
}

/// A number in [-1, 1) that depends on its position.
pub(super) fn noise(seed: usize) -> f64 {
    let mut x = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678;
    x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x >> 40) as f64 / (1u64 << 23) as f64 - 1.0
}

/// Memory orders of a matrix.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Rows,
    Columns,
    Gaps,
}

/// A matrix of noise in some memory order, handed to `body` as a view.
pub(super) fn with_matrix<T: Floating, R>(
    (rows, columns): (usize, usize),
    order: Order,
    seed: usize,
    body: impl FnOnce(ArrayView2<'_, T>) -> R,
) -> R {
    let value = |i: usize, j: usize| T::from_acc(T::Acc::from_f64(noise(seed + i * 7919 + j)));
    match order {
        Order::Rows => body(Array2::from_shape_fn((rows, columns), |(i, j)| value(i, j)).view()),
        Order::Columns => body(Array2::from_shape_fn((columns, rows), |(j, i)| value(i, j)).t()),
        Order::Gaps => {
            let all = Array2::from_shape_fn((2 * rows, 3 * columns), |(i, j)| value(i / 2, j / 3));
            body(all.slice(s![..;2, ..;3]))
        }
    }
}

/// Compares one product with plain loops, for every start and memory order of the output.
fn check<T: Real>((m, n, k): (usize, usize, usize), orders: (Order, Order)) {
    let tolerance = T::epsilon().to_f64().unwrap() * (k as f64 + 4.0) * 2.0;
    let rows: Vec<T> = (0..m).map(|i| T::from_f64(noise(i))).collect();
    let columns: Vec<T> = (0..n).map(|j| T::from_f64(noise(j + 99))).collect();
    let (alpha, beta) = (T::from_f64(0.5), T::from_f64(-2.0));
    with_matrix::<T, _>((m, k), orders.0, 1, |a| {
        with_matrix::<T, _>((k, n), orders.1, 2, |b| {
            let product = naive::matmul(a, b);
            for out_order in 0..2 {
                for (name, start) in [
                    ("zero", Start::Zero),
                    ("zero factor", Start::Scaled(T::zero())),
                    ("scaled", Start::Scaled(beta)),
                    ("rows", Start::RowBias(&rows)),
                    ("columns", Start::ColumnBias(&columns)),
                ] {
                    let fill = if name.starts_with("zero") { T::nan() } else { T::from_f64(3.0) };
                    let mut out = Array2::from_elem(if out_order == 0 { (m, n) } else { (n, m) }, fill);
                    let view = if out_order == 0 { out.view_mut() } else { out.view_mut().reversed_axes() };
                    gemm(alpha, a, b, start, view);
                    let out = if out_order == 0 { out.view() } else { out.t() };
                    for ((i, j), &got) in out.indexed_iter() {
                        let base = match start {
                            Start::Zero => T::zero(),
                            Start::Scaled(beta) if beta.is_zero() => T::zero(),
                            Start::Scaled(beta) => beta * fill,
                            Start::RowBias(bias) => bias[i],
                            Start::ColumnBias(bias) => bias[j],
                        };
                        let expected = base + alpha * product[[i, j]];
                        let error = (got - expected).abs().to_f64().unwrap();
                        assert!(
                            error <= tolerance,
                            "{name} ({i}, {j}): {got:?} for {expected:?}, {m}x{n}x{k} {orders:?}"
                        );
                    }
                }
            }
        });
    });
}

pub(super) fn any_order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Rows), Just(Order::Columns), Just(Order::Gaps)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 6 } else { 200 }))]

    #[test]
    fn random_products_equal_plain_loops(
        m in 0usize..40, n in 0usize..80, k in 0usize..60, a in any_order(), b in any_order(), wide in any::<bool>(),
    ) {
        if wide { check::<f64>((m, n, k), (a, b)) } else { check::<f32>((m, n, k), (a, b)) }
    }
}

#[test]
fn blocks_and_their_borders_are_right() {
    let sizes =
        [(5, 3, 258), (1, 300, 600), (300, 1, 600), (7, 129, 257), (130, 140, 513), (61, 33, 256), (3, 5, 5000)];
    for size in sizes.into_iter().filter(|&size| !too_large(size)) {
        for orders in [(Order::Rows, Order::Rows), (Order::Rows, Order::Columns), (Order::Columns, Order::Gaps)] {
            check::<f32>(size, orders);
            check::<f64>(size, orders);
        }
    }
}

#[test]
fn small_products_are_right() {
    for size in [(3, 4, 2), (14, 33, 20), (1, 40, 5), (20, 1, 30), (0, 3, 2), (2, 3, 0)] {
        check::<f32>(size, (Order::Rows, Order::Columns));
        check::<f32>(size, (Order::Gaps, Order::Rows));
    }
}

#[test]
fn a_product_of_much_depth_is_cut_into_parts() {
    check::<f64>((5, 1, 4100), (Order::Gaps, Order::Gaps));
    if cfg!(miri) {
        return;
    }
    check::<f64>((5, 9, 20_000), (Order::Rows, Order::Columns));
    check::<f64>((33, 17, 10_001), (Order::Columns, Order::Rows));
}

fn check_16_bits<T: Floating<Acc = f32>>(step: f32) {
    let sizes = [(3, 4, 5), (20, 150, 300), (1, 70, 40), (70, 1, 40), (300, 20, 10), (4, 4, 9000)];
    for (m, n, k) in sizes.into_iter().filter(|&size| !too_large(size)) {
        with_matrix::<T, _>((m, k), Order::Rows, 5, |a| {
            with_matrix::<T, _>((k, n), Order::Columns, 6, |b| {
                let product = naive::matmul(a.mapv(T::to_acc).view(), b.mapv(T::to_acc).view());
                let bias: Vec<T> = (0..n).map(|j| T::from_acc(j as f32)).collect();
                let mut out = Array2::from_elem((m, n), T::from_acc(f32::NAN));
                gemm(1.0, a, b, Start::ColumnBias(&bias), out.view_mut());
                for ((i, j), got) in out.indexed_iter() {
                    let expected = product[[i, j]] + j as f32;
                    assert!((got.to_acc() - expected).abs() <= step * expected.abs() + 1e-4, "{m}x{n}x{k} ({i}, {j})");
                }
            });
        });
    }
}

#[test]
fn sixteen_bit_products_are_summed_in_f32_and_rounded_once() {
    check_16_bits::<f16>(0.5f32.powi(11));
    check_16_bits::<bf16>(0.5f32.powi(8));
}

#[test]
fn infinities_and_nans_propagate() {
    let mut a = Array2::from_elem((20, 40), 1.0f32);
    let b = Array2::from_elem((40, 50), 1.0f32);
    a[[3, 7]] = f32::INFINITY;
    a[[11, 9]] = f32::NAN;
    let mut out = Array2::zeros((20, 50));
    gemm(1.0, a.view(), b.view(), Start::Zero, out.view_mut());
    assert!(out.row(3).iter().all(|&value| value == f32::INFINITY));
    assert!(out.row(11).iter().all(|value| value.is_nan()));
    assert!(out.row(12).iter().all(|&value| value == 40.0));
}

#[test]
fn batches_equal_their_products() {
    let a = Array3::from_shape_fn((5, 9, 13), |(s, i, k)| noise(s * 1000 + i * 50 + k) as f32);
    let b = Array3::from_shape_fn((5, 13, 21), |(s, k, j)| noise(s * 77 + k * 90 + j) as f32);
    let mut out = Array3::zeros((5, 9, 21));
    gemm_batched(2.0, a.view(), b.view(), Start::Zero, out.view_mut());
    for s in 0..5 {
        let expected = naive::matmul(a.slice(s![s, .., ..]), b.slice(s![s, .., ..])) * 2.0;
        assert!(out.slice(s![s, .., ..]).iter().zip(&expected).all(|(got, want)| (got - want).abs() < 1e-5));
    }
}

#[test]
fn integers_wrap_around() {
    let a = Array2::from_shape_fn((9, 200), |(i, k)| (i * 31 + k * 7) as i8);
    let b = Array2::from_shape_fn((200, 150), |(k, j)| (k * 13 + j) as i8);
    let mut out = Array2::zeros((9, 150));
    gemm_integer(a.view(), b.view(), out.view_mut());
    for ((i, j), &got) in out.indexed_iter() {
        let expected: i64 = (0..200).map(|k| a[[i, k]] as i64 * b[[k, j]] as i64).sum();
        assert_eq!(got, expected as i8);
    }
}

#[test]
fn thread_counts_do_not_change_bits() {
    let sizes = [(100, 300, 700), (8, 8, 30_000), (1, 500, 500), (2, 3, 5000)];
    for (m, n, k) in sizes.into_iter().filter(|&size| !too_large(size)) {
        let a = Array2::from_shape_fn((m, k), |(i, j)| noise(i * 999 + j) as f32);
        let b = Array2::from_shape_fn((k, n), |(i, j)| noise(i * 777 + j) as f32);
        let product = |threads| {
            let mut out = Array2::zeros((m, n));
            parallel::tests::with_threads(threads, || gemm(1.0, a.view(), b.view(), Start::Zero, out.view_mut()));
            out.mapv(f32::to_bits)
        };
        let one = product(1);
        assert_eq!(one, product(2));
        assert_eq!(one, product(4));
    }
}

#[test]
fn the_way_follows_from_shape_and_order() {
    let matrix = |rows, columns| Array2::<f32>::zeros((rows, columns));
    let way = |a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>| {
        let mut out = matrix(a.nrows(), b.ncols());
        method(&a, &b, &out.view_mut())
    };
    let (small, square, row, weight) = (matrix(4, 4), matrix(100, 100), matrix(1, 100), matrix(1000, 100));
    assert_eq!(way(small.view(), small.view()), Method::Tiny);
    assert_eq!(way(small.view(), small.t()), Method::Small);
    assert_eq!(way(square.view(), square.view()), Method::Blocked);
    assert_eq!(way(square.view(), row.t()), Method::Dot);
    assert_eq!(way(row.view(), weight.t()), Method::Transposed);
    assert_eq!(way(row.view(), square.view()), Method::Blocked);
    let (few, long) = (matrix(3, 5000), matrix(5000, 4));
    assert_eq!(way(few.view(), long.view()), Method::Thin);
    let batch = matrix(8, 100);
    assert_eq!(way(batch.view(), weight.t()), Method::Transposed);
}

#[test]
fn few_rows_and_columns_are_summed_by_pieces() {
    let deep = if cfg!(miri) { 300 } else { 40_000 };
    for (m, n, k) in [(1, 1, deep), (3, 4, deep - 7), (2, 1, 1400), (1, 3, 2000)] {
        for order in [Order::Rows, Order::Columns, Order::Gaps] {
            check::<f32>((m, n, k), (order, order));
            check::<f64>((m, n, k), (Order::Rows, order));
        }
    }
}

#[test]
fn a_dot_product_has_the_bits_it_has_among_any_others() {
    for k in [16, 33, 100, 600].into_iter().filter(|&k| !too_large((37, 1, k))) {
        let a = Array2::from_shape_fn((37, k), |(i, j)| noise(i * 1000 + j) as f32);
        let x = Array2::from_shape_fn((k, 1), |(i, _)| noise(i) as f32);
        let product = |a: ArrayView2<'_, f32>| {
            let mut out = Array2::zeros((a.nrows(), 1));
            assert!(matches!(method(&a, &x.view(), &out.view_mut()), Method::Dot | Method::Small));
            gemm(1.0, a, x.view(), Start::Zero, out.view_mut());
            out.mapv(f32::to_bits)
        };
        let all = product(a.view());
        for (start, count) in [(0, 4), (5, 16), (20, 17), (33, 4)] {
            let rows = start..start + count;
            assert_eq!(product(a.slice(s![rows.clone(), ..])), all.slice(s![rows, ..]), "{k}: {count} from {start}");
        }
    }
}

#[test]
fn a_row_alone_has_the_bits_it_has_among_others() {
    for (n, k) in [(300, 64), (1000, 100), (257, 300), (129, 33)].into_iter().filter(|&(n, k)| !too_large((3, n, k))) {
        for order in [Order::Rows, Order::Columns, Order::Gaps] {
            check::<f32>((1, n, k), (order, Order::Rows));
            check::<f64>((1, n, k), (order, Order::Rows));
        }
        with_matrix::<f32, _>((40, k), Order::Rows, 1, |a| {
            with_matrix::<f32, _>((k, n), Order::Rows, 2, |b| {
                let bias: Vec<f32> = (0..n).map(|j| noise(j) as f32).collect();
                let (mut all, mut one) = (Array2::from_elem((40, n), f32::NAN), Array2::from_elem((1, n), f32::NAN));
                gemm(0.5, a, b, Start::ColumnBias(&bias), all.view_mut());
                gemm(0.5, a.slice(s![7..8, ..]), b, Start::ColumnBias(&bias), one.view_mut());
                assert_eq!(one.row(0), all.row(7), "{n} {k}");
            });
        });
    }
}

fn packed_weights_equal_the_product<T: Floating + std::fmt::Debug>() {
    use super::weights::{Weights, worth_packing};
    for (m, n, k) in
        [(65, 3, 5), (130, 70, 300), (197, 33, 513), (80, 64, 0), (0, 4, 4), (70, 0, 3), (700, 16, 40), (90, 150, 80)]
            .into_iter()
            .filter(|&size| !too_large(size))
    {
        with_matrix::<T, _>((m, k), Order::Rows, 1, |x| {
            for order in [Order::Rows, Order::Columns, Order::Gaps] {
                with_matrix::<T, _>((n, k), order, 2, |w| {
                    let weights = Weights::new(w).unwrap();
                    assert!(weights.is_for::<T>((n, k)) && !weights.is_for::<T>((n + 1, k)));
                    let bias: Vec<T> = (0..n).map(|j| T::from_acc(T::Acc::from_f64(noise(j)))).collect();
                    let mut out = Array2::from_elem((m, n), T::from_acc(T::Acc::from_f64(f64::NAN)));
                    weights.multiply(x, w, Start::ColumnBias(&bias), out.view_mut());
                    for ((i, j), &got) in out.indexed_iter() {
                        let products = (0..k).map(|d| x[[i, d]].to_acc() * w[[j, d]].to_acc());
                        let expected = products.fold(bias[j].to_acc(), |sum, product| sum + product);
                        let close = num_traits::Float::abs(got.to_acc() - expected) < <T::Acc as Real>::from_f64(1e-4);
                        assert!(close, "({i}, {j}) of {m} {n} {k}: {got:?}, {expected:?}");
                    }
                });
            }
        });
        assert!(!worth_packing::<f32>(2, (n, k)) && !worth_packing::<f16>(1000, (4, 4)));
    }
}

/// A layer packs its weights when it meets them again: what it gives must not change by that.
fn packed_weights_give_the_same_bits<T: Floating + std::fmt::Debug>() {
    use super::weights::{Weights, worth_packing};
    let mut packed = 0;
    for (n, k) in [(120, 400), (10, 84), (1, 900), (33, 257), (64, 512), (300, 130), (7, 2100), (40, 4095)] {
        for m in [1, 3, 4, 5, 7, 8, 12, 13, 16, 17, 31, 32, 33, 63, 64, 65, 130, 300] {
            if !worth_packing::<T>(m, (n, k)) || too_large((m, n, k)) {
                continue;
            }
            packed += 1;
            with_matrix::<T, _>((m, k), Order::Rows, 1, |x| {
                with_matrix::<T, _>((n, k), Order::Rows, 2, |w| {
                    let bias: Vec<T> = (0..n).map(|j| T::from_acc(T::Acc::from_f64(noise(j)))).collect();
                    let mut outs = [(); 2].map(|()| Array2::from_elem((m, n), T::from_acc(T::Acc::from_f64(f64::NAN))));
                    let one = T::Acc::from_f64(1.0);
                    gemm(one, x, w.t(), Start::ColumnBias(&bias), outs[0].view_mut());
                    Weights::new(w).unwrap().multiply(x, w, Start::ColumnBias(&bias), outs[1].view_mut());
                    assert_eq!(outs[0], outs[1], "{m} {n} {k}");
                });
            });
        }
    }
    // The matrix unit takes large products alone.
    let few = cfg!(miri) || super::super::isa::isa() == super::super::isa::Isa::Amx;
    assert!(packed > if few { 0 } else { 60 });
}

#[test]
fn weights_packed_for_few_rows_change_no_bits() {
    packed_weights_give_the_same_bits::<f32>();
    packed_weights_give_the_same_bits::<f64>();
}

#[test]
fn weights_are_packed_for_few_rows_unless_they_are_large_deep_or_tiny() {
    use super::weights::worth_packing;
    if super::super::isa::isa() == super::super::isa::Isa::Amx {
        return;
    }
    assert!(worth_packing::<f32>(5, (120, 400)) && worth_packing::<f64>(16, (1000, 512)));
    assert!(!worth_packing::<f32>(4, (120, 400)) && !worth_packing::<f32>(8, (16, 16)));
    assert!(!worth_packing::<f32>(16, (4096, 4096)) && !worth_packing::<f32>(16, (10, 4096)));
    assert!(!worth_packing::<f32>(200, (4, 400)));
    assert!(!worth_packing::<half::f16>(16, (120, 400)) && worth_packing::<f32>(100, (4096, 4000)));
}

#[test]
fn weights_are_packed_once_for_many_products() {
    packed_weights_equal_the_product::<f32>();
    packed_weights_equal_the_product::<f64>();
}
