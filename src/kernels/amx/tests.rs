//! The unit, or its emulation, against plain loops. Without either (`RSNN_ISA=amx` says that it is to be emulated) there is
//! nothing to test but the splitting.

use half::bf16;
use ndarray::Array2;
use proptest::prelude::*;

use super::super::gemm::{Start, gemm};
use super::*;

#[test]
fn parts_add_up_to_the_number() {
    for x in [1.0f32, -2.718_281_7, 1.0 + f32::EPSILON, 16_777_215.0, 1e-30, -7.7e30, 0.0, f32::MAX / 2.0] {
        let [high, middle, low] = split::parts(x).map(f32::from_bits);
        assert_eq!(high + (middle + low), x);
        assert!(middle.abs() <= x.abs() / 256.0 && low.abs() <= x.abs() / 65536.0);
    }
    for x in
        [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::from_bits(0x7fff_ffff), f32::from_bits(0xff80_0001), f32::MAX]
    {
        assert!(split::parts(x).iter().any(|&part| !f32::from_bits(part).is_finite()), "{x}");
    }
}

proptest! {
    #[test]
    fn parts_of_any_number_add_up(bits in any::<u32>()) {
        let x = f32::from_bits(bits);
        let sum: f64 = split::parts(x).iter().map(|&part| f64::from(f32::from_bits(part))).sum();
        prop_assert!(!x.is_finite() || x.abs() > 3.38e38 || (sum - f64::from(x)).abs() < 1.2e-38 && (x.abs() < 7.8e-34 || sum == f64::from(x)));
    }
}

/// Runs what needs the unit, or says that it is not there.
fn with_unit(body: impl FnOnce()) {
    if isa() == Isa::Amx { body() } else { println!("no AMX here, and RSNN_ISA=amx does not ask for its emulation") }
}

/// Numbers that look random.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
    }
}

/// The largest error, against sums in `f64`, of a product and of the same as a chain of fused products.
fn errors(m: usize, n: usize, k: usize, mut value: impl FnMut() -> f64) -> (f64, f64) {
    let a = Array2::from_shape_simple_fn((m, k), || value() as f32);
    let b = Array2::from_shape_simple_fn((k, n), || value() as f32);
    let mut out = Array2::zeros((m, n));
    gemm(1.0, a.view(), b.view(), Start::Zero, out.view_mut());
    let (mut ours, mut chain) = (0.0f64, 0.0f64);
    for ((i, j), &got) in out.indexed_iter() {
        let (mut exact, mut sum) = (0.0f64, 0.0f32);
        for d in 0..k {
            exact += f64::from(a[[i, d]]) * f64::from(b[[d, j]]);
            sum = a[[i, d]].mul_add(b[[d, j]], sum);
        }
        ours = ours.max((f64::from(got) - exact).abs());
        chain = chain.max((f64::from(sum) - exact).abs());
    }
    (ours, chain)
}

#[test]
fn products_are_as_exact_as_chains_of_singles() {
    with_unit(|| {
        let size = (192, 200, 512);
        let mut next = noise(1);
        let (ours, chain) = errors(size.0, size.1, size.2, &mut next);
        assert!(ours <= chain, "uniform: {ours} beside {chain}");
        let (ours, chain) = errors(size.0, size.1, size.2, || (0..12).map(|_| next()).sum::<f64>());
        assert!(ours <= chain, "normal: {ours} beside {chain}");
        let (ours, chain) = errors(size.0, size.1, size.2, || next().signum() * 10f64.powf(15.0 * next()));
        assert!(ours <= chain, "wide range: {ours} beside {chain}");
        let (ours, _) = errors(size.0, size.1, size.2, || (next() * 100.0).round());
        assert_eq!(ours, 0.0, "whole numbers");
        let mut sign = 1.0;
        let (ours, chain) = errors(size.0, size.1, size.2, || {
            sign = -sign;
            sign * (1.0 + 1e-3 * next())
        });
        assert!(ours <= chain, "cancelling: {ours} beside {chain}");
    });
}

/// A product by the unit and by plain loops.
fn check<T: Floating<Acc = f32>>((m, n, k): (usize, usize, usize), terms: Terms, tolerance: f64) {
    use super::super::gemm::tiled_for_tests as multiply;
    let mut next = noise((m * 1000 + n * 100 + k) as u64);
    let a = Array2::from_shape_simple_fn((m, k), || T::from_acc(next() as f32));
    let b = Array2::from_shape_simple_fn((n, k), || T::from_acc(next() as f32));
    let bias: Vec<T> = (0..n.max(m)).map(|_| T::from_acc(next() as f32)).collect();
    for start in [Start::Zero, Start::RowBias(&bias), Start::ColumnBias(&bias)] {
        for by_rows in [true, false] {
            let shape = if by_rows { (m, n) } else { (n, m) };
            let mut out = Array2::from_elem(shape, T::from_acc(f32::NAN));
            let view = if by_rows { out.view_mut() } else { out.view_mut().reversed_axes() };
            assert!(multiply(terms, 0.5, a.view(), b.t(), start, view));
            let out = if by_rows { out.view() } else { out.t() };
            for ((i, j), got) in out.indexed_iter() {
                let exact: f64 = (0..k).map(|d| f64::from(a[[i, d]].to_acc()) * f64::from(b[[j, d]].to_acc())).sum();
                let start = match start {
                    Start::RowBias(bias) => bias[i].to_acc(),
                    Start::ColumnBias(bias) => bias[j].to_acc(),
                    _ => 0.0,
                };
                let expected = 0.5 * exact + f64::from(start);
                let error = (f64::from(got.to_acc()) - expected).abs();
                assert!(
                    error <= tolerance * (1.0 + (k as f64).sqrt()),
                    "({i}, {j}): {got:?} for {expected}, {terms:?} {m}x{n}x{k}"
                );
            }
        }
    }
}

#[test]
fn products_of_any_size_are_right() {
    with_unit(|| {
        for size in [(1, 1, 1), (16, 16, 32), (17, 15, 33), (32, 33, 64), (33, 48, 31), (40, 70, 300), (100, 5, 257)] {
            check::<f32>(size, Terms::Six, 4e-7);
            check::<f32>(size, Terms::Three, 2e-5);
            check::<f32>(size, Terms::One, 6e-3);
            check::<bf16>(size, Terms::One, 8e-3);
            check::<half::f16>(size, Terms::Six, 1e-3);
        }
        check::<f32>((300, 150, 70), Terms::Six, 4e-7);
    });
}

#[test]
fn what_is_not_finite_comes_out_as_without_the_unit() {
    with_unit(|| {
        for value in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX] {
            let mut next = noise(7);
            let mut a = Array2::from_shape_simple_fn((200, 64), || next() as f32);
            let b = Array2::from_shape_simple_fn((64, 200), || next() as f32);
            a[[50, 9]] = value;
            let mut out = Array2::zeros((200, 200));
            gemm(1.0, a.view(), b.view(), Start::Zero, out.view_mut());
            for ((i, j), &got) in out.indexed_iter() {
                let exact: f64 = (0..64).map(|d| f64::from(a[[i, d]]) * f64::from(b[[d, j]])).sum();
                let same = if exact.is_nan() {
                    got.is_nan()
                } else {
                    (f64::from(got) / exact - 1.0).abs() < 1e-3 || got as f64 == exact
                };
                assert!(same || i != 50, "({i}, {j}): {got} for {exact}");
            }
        }
    });
}

#[test]
fn packed_weights_are_planes_where_that_is_quicker() {
    use super::super::gemm::weights::{Weights, worth_packing};
    with_unit(|| {
        let mut next = noise(11);
        let (m, n, k) = (200, 210, 130);
        let mut x = Array2::from_shape_simple_fn((m, k), || next() as f32);
        let w = Array2::from_shape_simple_fn((n, k), || next() as f32);
        assert!(worth_packing::<f32>(m, (n, k)) && worth_packing::<bf16>(m, (n, k)));
        assert!(!worth_packing::<f32>(70, (n, k)));
        let packed = Weights::new(w.view()).unwrap();
        assert!(packed.is_for::<f32>((n, k)));
        for value in [1.0, f32::INFINITY] {
            x[[3, 4]] = value;
            let mut out = Array2::zeros((m, n));
            packed.multiply(x.view(), w.view(), Start::Zero, out.view_mut());
            for ((i, j), &got) in out.indexed_iter() {
                let exact: f64 = (0..k).map(|d| f64::from(x[[i, d]]) * f64::from(w[[j, d]])).sum();
                assert!(got as f64 == exact || (f64::from(got) - exact).abs() < 1e-5, "({i}, {j}): {got} for {exact}");
            }
        }
    });
}

#[test]
fn the_unit_is_used_for_large_products_alone() {
    use super::super::gemm::{Size, tiled_applies as applies};
    with_unit(|| {
        let size = |rows, columns, depth| Size { rows, columns, depth };
        assert_eq!(applies::<f32>(size(192, 192, 64)), Some(Terms::Six));
        assert_eq!(applies::<bf16>(size(192, 192, 64)), Some(Terms::One));
        assert_eq!(applies::<half::f16>(size(192, 192, 64)), Some(Terms::Six));
        for other in [size(191, 191, 64), size(1000, 60, 1000), size(500, 500, 63)] {
            assert_eq!(applies::<f32>(other), None);
        }
        assert_eq!(applies::<f64>(size(1000, 1000, 1000)), None);
    });
}
