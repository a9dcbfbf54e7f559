//! Products that are finished as they are stored, against plain loops and against the same steps one after the other.

use half::{bf16, f16};
use ndarray::{Array2, ArrayView2};
use num_traits::{Float, ToPrimitive};
use proptest::prelude::*;

use super::super::tests::{Order, any_order, noise, too_large, with_matrix};
use super::super::weights::Weights;
use super::super::{Method, Size, driver, gemm, gemm_with, method, tiled};
use super::*;
use crate::kernels::float::Real;
use crate::kernels::isa::{Isa, isa};
use crate::kernels::parallel::tests::with_threads;

const ACTIVATIONS: [Activation; 3] = [Activation::Identity, Activation::Relu, Activation::Relu6];

fn number<T: Floating>(value: f64) -> T {
    T::from_acc(T::Acc::from_f64(value))
}

/// Numbers as their bits; one nan is as good as another, for an operation may give any.
fn bits<T: Floating>(values: &[T]) -> Vec<u64> {
    let one = |value: f64| if value.is_nan() { f64::NAN } else { value };
    values.iter().map(|value| one(value.to_acc().to_f64().unwrap()).to_bits()).collect()
}

/// A sum, stored, then what an epilogue does to it, each step rounded.
fn finished<T: Floating>(stored: T, residual: Option<T>, activation: Activation) -> T {
    let sum = residual.map_or(stored, |residual| T::from_acc(stored.to_acc() + residual.to_acc()));
    let (zero, six) = (T::Acc::from_f64(0.0), T::Acc::from_f64(6.0));
    let x = sum.to_acc();
    T::from_acc(match activation {
        _ if x.is_nan() => x,
        Activation::Identity => x,
        Activation::Relu => x.max(zero),
        Activation::Relu6 => x.max(zero).min(six),
    })
}

/// All that follows a bias, with a residual and without.
fn lasts<'a, T: Floating>(bias: Option<&'a [T]>, residual: &'a [T]) -> impl Iterator<Item = Epilogue<'a, T>> {
    [None, Some(residual)].into_iter().flat_map(move |residual| {
        ACTIVATIONS.into_iter().map(move |activation| Epilogue { bias, residual, activation })
    })
}

/// Compares a `fused` product of `m` times `n` outputs with the `plain` one that is finished afterwards, for every epilogue.
fn check_steps<T: Floating>(
    (m, n): (usize, usize),
    mut fused: impl FnMut(&Epilogue<'_, T>, &mut [T]),
    plain: impl Fn(Start<'_, T>, ArrayViewMut2<'_, T>),
    mut each: impl FnMut(&[T]),
) {
    let vector = |len: usize, seed: usize| (0..len).map(|i| number(noise(seed + i))).collect::<Vec<T>>();
    let (bias, residual) = (vector(n, 77), vector(m * n, 88));
    for bias in [None, Some(&bias[..])] {
        let mut stored = Array2::from_elem((m, n), number::<T>(f64::NAN));
        plain(bias.map_or(Start::Zero, Start::ColumnBias), stored.view_mut());
        for epilogue in lasts(bias, &residual) {
            let mut out = vec![number::<T>(f64::NAN); m * n];
            fused(&epilogue, &mut out);
            let last = |(at, &stored): (usize, &T)| {
                finished(stored, epilogue.residual.map(|list| list[at]), epilogue.activation)
            };
            let steps: Vec<T> = stored.iter().enumerate().map(last).collect();
            assert!(bits(&out) == bits(&steps), "{m}x{n}, {epilogue:?}");
            each(&out);
        }
    }
}

/// A matrix of whole numbers: their sums are exact.
fn whole<T: Floating>(rows: usize, columns: usize, seed: usize) -> Array2<T> {
    Array2::from_shape_fn((rows, columns), |(i, j)| number((noise(seed + i * 7919 + j) * 3.0).round() + 0.0))
}

fn equals_plain_loops<T: Floating>((m, n, k): (usize, usize, usize), (a_order, b_order): (Order, Order)) {
    let turned = |order, matrix: Array2<T>| match order {
        Order::Rows => matrix,
        _ => matrix.t().as_standard_layout().reversed_axes().into_owned(),
    };
    let (a, b) = (turned(a_order, whole(m, k, 1)), turned(b_order, whole(k, n, 2)));
    let (bias, residual) = (whole::<T>(1, n, 3), whole::<T>(m, n, 4));
    let (bias, residual) = (bias.as_slice().unwrap(), residual.as_slice().unwrap());
    for epilogue in [None, Some(bias)].into_iter().flat_map(|bias| lasts(bias, residual)) {
        let mut out = vec![number::<T>(f64::NAN); m * n];
        gemm_with(T::Acc::from_f64(2.0), a.view(), b.view(), &epilogue, &mut out);
        let expected = (0..m * n).map(|at| {
            let products = (0..k).map(|d| a[[at / n, d]].to_acc() * b[[d, at % n]].to_acc());
            let sum = T::Acc::from_f64(2.0) * products.fold(T::Acc::from_f64(0.0), |sum, product| sum + product);
            let stored = T::from_acc(sum + epilogue.bias.map_or(T::Acc::from_f64(0.0), |bias| bias[at % n].to_acc()));
            finished(stored, epilogue.residual.map(|list| list[at]), epilogue.activation)
        });
        assert!(bits(&out) == bits(&expected.collect::<Vec<_>>()), "{m}x{n}x{k}, {epilogue:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 100 }))]

    #[test]
    fn random_products_are_finished_as_plain_loops_have_it(
        m in 0usize..40, n in 0usize..80, k in 0usize..60, a in any_order(), b in any_order(), dtype in 0..4,
    ) {
        match dtype {
            0 => equals_plain_loops::<f32>((m, n, k), (a, b)),
            1 => equals_plain_loops::<f64>((m, n, k), (a, b)),
            2 => equals_plain_loops::<f16>((m, n, k), (a, b)),
            _ => equals_plain_loops::<bf16>((m, n, k), (a, b)),
        }
    }
}

/// Sizes and the memory order of the right operand, with the way that products of `f32` go.
const WAYS: [((usize, usize, usize), Order, Method); 16] = [
    ((4, 5, 3), Order::Rows, Method::Tiny),
    ((30, 40, 0), Order::Rows, Method::Tiny),
    ((5, 7, 40), Order::Columns, Method::Small),
    ((3, 2, 1700), Order::Gaps, Method::Thin),
    ((101, 3, 100), Order::Rows, Method::Dot),
    ((1, 301, 100), Order::Columns, Method::Transposed),
    ((3, 301, 100), Order::Columns, Method::Transposed),
    // By blocks: of the transposed problem; with operands in memory, in panels, in several blocks of depth, in parts.
    ((8, 301, 100), Order::Columns, Method::Transposed),
    ((30, 40, 25), Order::Gaps, Method::Blocked),
    ((200, 20, 300), Order::Rows, Method::Blocked),
    ((20, 200, 300), Order::Rows, Method::Blocked),
    ((70, 90, 40), Order::Gaps, Method::Blocked),
    ((130, 141, 513), Order::Columns, Method::Blocked),
    ((33, 17, 9000), Order::Rows, Method::Blocked),
    // By the matrix unit, where there is one.
    ((192, 200, 64), Order::Columns, Method::Blocked),
    ((210, 193, 100), Order::Gaps, Method::Blocked),
];

fn equals_its_steps<T: Floating>((m, n, k): (usize, usize, usize), order: Order) {
    let one = T::Acc::from_f64(1.0);
    with_matrix::<T, _>((m, k), Order::Rows, 1, |a| {
        with_matrix::<T, _>((k, n), order, 2, |b| {
            let mut a = a.to_owned();
            for nans in [0, n] {
                if let Some(place) = a.get_mut((m / 2, k / 2)).filter(|_| nans > 0) {
                    *place = number(f64::NAN);
                }
                check_steps::<T>(
                    (m, n),
                    |epilogue, out| gemm_with(one, a.view(), b, epilogue, out),
                    |start, out| gemm(one, a.view(), b, start, out),
                    |out| {
                        let found = out.iter().filter(|value| value.to_acc().is_nan()).count();
                        assert!(found == if k > 0 { nans } else { 0 }, "a nan stays one, {m}x{n}x{k} {order:?}");
                    },
                );
            }
        });
    });
}

#[test]
fn every_way_finishes_its_sums() {
    for ((m, n, k), order, way) in WAYS.into_iter().filter(|way| !too_large(way.0)) {
        with_matrix::<f32, _>((m, k), Order::Rows, 1, |a| {
            with_matrix::<f32, _>((k, n), order, 2, |b| {
                assert_eq!(method(&a, &b, &Array2::zeros((m, n)).view_mut()), way, "{m}x{n}x{k}");
            });
        });
        let size = Size { rows: m, columns: n, depth: k };
        assert_eq!(driver::depth_parts(size) > 1, k == 9000);
        let unit = isa() == Isa::Amx && m * n > 190 * 190;
        assert_eq!(tiled::applies::<f32>(size).is_some(), unit, "{m}x{n}x{k}");
        equals_its_steps::<f32>((m, n, k), order);
        if cfg!(miri) {
            continue;
        }
        equals_its_steps::<f64>((m, n, k), order);
        equals_its_steps::<bf16>((m, n, k), order);
    }
    for size in [(8, 301, 100), (130, 141, 513)].into_iter().filter(|&size| !too_large(size)) {
        equals_its_steps::<f16>(size, Order::Columns);
        equals_its_steps::<f16>(size, Order::Rows);
    }
}

fn packed_weights<T: Floating>() {
    let sizes = [(65, 3, 5), (130, 70, 300), (80, 64, 0), (0, 4, 4), (70, 0, 3), (197, 150, 80)];
    for (m, n, k) in sizes.into_iter().filter(|&size| !too_large(size)) {
        with_matrix::<T, _>((m, k), Order::Rows, 1, |x| {
            with_matrix::<T, _>((n, k), Order::Rows, 2, |w| {
                let weights = Weights::new(w).unwrap();
                check_steps::<T>(
                    (m, n),
                    |epilogue, out| weights.multiply_with(x, w, epilogue, out),
                    |start, out| weights.multiply(x, w, start, out),
                    |_| (),
                );
            });
        });
    }
}

#[test]
fn products_with_packed_weights_are_finished() {
    packed_weights::<f32>();
    packed_weights::<f64>();
    packed_weights::<bf16>();
}

#[test]
#[cfg_attr(miri, ignore = "takes long")]
fn with_packed_weights_a_nan_stays_one() {
    let (m, n, k) = (70, 100, 130);
    let (mut x, w, residual) = (whole::<f32>(m, k, 1), whole::<f32>(n, k, 2), vec![0.5; m * n]);
    x[[3, 4]] = f32::NAN;
    let epilogue = Epilogue { bias: None, residual: Some(&residual), activation: Activation::Relu };
    let (mut out, mut plain) = (vec![0.0; m * n], vec![0.0; m * n]);
    Weights::new(w.view()).unwrap().multiply_with(x.view(), w.view(), &epilogue, &mut out);
    gemm_with(1.0, x.view(), w.t(), &epilogue, &mut plain);
    for (at, (got, want)) in out.into_iter().zip(plain).enumerate() {
        assert!(if at / n == 3 { got.is_nan() && want.is_nan() } else { got == want && got >= 0.0 }, "{at}: {got}");
    }
}

#[test]
fn thread_counts_do_not_change_bits() {
    for ((m, n, k), order, _) in WAYS.into_iter().filter(|way| !too_large(way.0)) {
        let residual: Vec<f32> = (0..m * n).map(|at| noise(at) as f32).collect();
        let epilogue = Epilogue { bias: None, residual: Some(&residual), activation: Activation::Relu6 };
        with_matrix::<f32, _>((m, k), Order::Rows, 5, |a| {
            with_matrix::<f32, _>((k, n), order, 6, |b: ArrayView2<'_, f32>| {
                let product = |threads| {
                    let mut out = vec![f32::NAN; m * n];
                    with_threads(threads, || gemm_with(1.0, a, b, &epilogue, &mut out));
                    bits(&out)
                };
                let one = product(1);
                assert!(one == product(2) && one == product(4), "{m}x{n}x{k}");
            });
        });
    }
}

#[test]
#[should_panic(expected = "a residual for every element")]
fn a_residual_of_another_size_is_refused() {
    let a = Array2::<f32>::zeros((2, 2));
    let epilogue = Epilogue { bias: None, residual: Some(&[0.0; 3]), activation: Activation::Identity };
    gemm_with(1.0, a.view(), a.view(), &epilogue, &mut [0.0; 4]);
}

#[test]
#[should_panic(expected = "a bias for every column")]
fn a_bias_of_another_size_is_refused() {
    let a = Array2::<f32>::zeros((2, 2));
    gemm_with(1.0, a.view(), a.view(), &Epilogue::bias(Some(&[0.0; 3])), &mut [0.0; 4]);
}
