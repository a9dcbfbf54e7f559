//! Tiles against plain loops, and beside the plain sum: numbers, errors, what is not finite, bits.

use proptest::prelude::*;

use super::super::Activation;
use super::super::channels::Places;
use super::super::tests::{Case, check, oracle, square};
use super::super::weighted::{self, Form, Weights};
use super::*;
use crate::kernels::amx::Terms;
use crate::kernels::gemm::operand::Strided;
use crate::kernels::naive::for_each_product;
use crate::kernels::parallel::tests::with_threads;

/// The forward function with weights in a form.
fn forward(form: Form, geometry: &Geometry, x: &[f32], w: &[f32], epilogue: &Epilogue<'_, f32>) -> Vec<f32> {
    let mut out = vec![f32::NAN; geometry.batch * geometry.out_channels * geometry.positions()];
    let size = (geometry.group_out(), geometry.depth());
    let mut numbers = vec![f32::NAN; weighted::group_len::<f32>(geometry, form)];
    for group in 0..geometry.groups {
        let weights = &w[group * size.0 * size.1..][..size.0 * size.1];
        let source = &Strided::left(ndarray::ArrayView2::from_shape(size, weights).unwrap());
        weighted::pack::<f32>(geometry, form, (source, false), &mut numbers);
        let weights = Weights { form, packed: &numbers, turned: false, source };
        weighted::products(geometry, x, (group, weights), epilogue, (Places::dense(geometry), &mut out));
    }
    out
}

fn any_geometry() -> impl Strategy<Value = Geometry> {
    let window = (1usize..20, 0usize..4, 0usize..4).prop_map(|(input, pad_before, pad_after)| {
        let window = Window { pad_before, pad_after, ..Window::new(input, 3) };
        Window { input: input.max(3usize.saturating_sub(pad_before + pad_after)), ..window }
    });
    (0usize..4, (1usize..40, 1usize..40), 1usize..3, [window.clone(), window]).prop_map(
        |(batch, (inputs, outputs), groups, windows)| {
            Geometry::new(batch, (groups * inputs, groups * outputs), groups, &windows)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn tiles_give_what_plain_loops_do(geometry in any_geometry(), threads in 1usize..9, residual in any::<bool>()) {
        let case = Case::<f32>::new(&geometry);
        let [sums, ..] = oracle(&geometry, &case);
        let bias = Some(&case.bias[..geometry.out_channels]);
        let epilogue = if residual {
            Epilogue { bias, residual: Some(&case.g), activation: Activation::Relu }
        } else {
            Epilogue::bias(bias)
        };
        let got = with_threads(threads, || forward(Form::Points, &geometry, &case.x, &case.w, &epilogue));
        for (at, (&got, sum)) in got.iter().zip(sums).enumerate() {
            let expected = if residual { (sum + case.g[at]).max(0.0) } else { sum };
            prop_assert!(got == expected, "{}: {} for {} in {:?}", at, got, expected, geometry);
        }
    }

    #[test]
    fn weight_gradients_are_those_of_plain_loops(geometry in any_geometry(), threads in 1usize..9) {
        let case = Case::<f32>::new(&geometry);
        let [_, _, expected, _] = oracle(&geometry, &case);
        let got = with_threads(threads, || gradient_by_tiles(&geometry, &case.g, &case.x));
        prop_assert!(got == expected, "{:?}", geometry);
    }
}

/// The weight gradient by tiles.
fn gradient_by_tiles(geometry: &Geometry, g: &[f32], x: &[f32]) -> Vec<f32> {
    let mut dw = vec![f32::NAN; geometry.out_channels * geometry.depth()];
    for (group, dw) in dw.chunks_exact_mut(geometry.group_out() * geometry.depth()).enumerate() {
        assert!(weight_gradient(geometry, group, g, x, dw));
    }
    dw
}

/// The same as a plain product with patches.
fn gradient_by_patches(geometry: &Geometry, g: &[f32], x: &[f32]) -> Vec<f32> {
    let mut dw = vec![f32::NAN; geometry.out_channels * geometry.depth()];
    for (group, dw) in dw.chunks_exact_mut(geometry.group_out() * geometry.depth()).enumerate() {
        super::super::gradient::plain_weight_gradient(geometry, group, g, x, dw);
    }
    dw
}

/// Pseudo-random numbers of [0, 1).
fn uniform(len: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..len).map(|_| next()).collect()
}

/// Kinds of numbers, from two uniform ones.
type Kind = (&'static str, fn(f64, f64) -> f64);
const KINDS: [Kind; 6] = [
    ("uniform", |a, _| 2.0 * a - 1.0),
    ("positive", |a, _| a),
    ("half zero", |a, _| (2.0 * a - 1.0).max(0.0)),
    ("normal", |a, b| (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()),
    ("of all sizes", |a, b| (2.0 * a - 1.0) * 10f64.powf(60.0 * b - 30.0) * 1e-5),
    ("far from zero", |a, _| 1000.0 + a),
];

/// The largest errors of two results for each kind of inputs, beside sums in `f64`.
fn compare_errors(
    geometry: &Geometry,
    product: impl Fn((usize, usize, usize)) -> (usize, [usize; 2]),
    sizes: [usize; 3],
    results: [&dyn Fn(&[f32], &[f32]) -> Vec<f32>; 2],
) {
    for (name, kind) in KINDS {
        let mut worst = [0.0f64; 2];
        for seed in 1..5 {
            let a: Vec<f32> = uniform(sizes[0], seed)
                .iter()
                .zip(uniform(sizes[0], seed + 99))
                .map(|(&a, b)| kind(a, b) as f32)
                .collect();
            let b: Vec<f32> = uniform(sizes[1], seed + 7).iter().map(|a| (2.0 * a - 1.0) as f32).collect();
            let mut sums = vec![0.0f64; sizes[2]];
            for_each_product(geometry, |o, i, k| {
                let (to, [at, by]) = product((o, i, k));
                sums[to] += f64::from(a[at]) * f64::from(b[by]);
            });
            for (result, worst) in results.iter().zip(&mut worst) {
                for (got, sum) in result(&a, &b).into_iter().zip(&sums) {
                    *worst = worst.max((f64::from(got) - sum).abs());
                }
            }
        }
        // Where neighbours differ by orders of magnitude, errors are those of the larger one.
        let factor = if name == "of all sizes" { 1.5 } else { 1.0 };
        assert!(worst[0] <= factor * worst[1], "{name}: {:e} beside {:e}", worst[0], worst[1]);
    }
}

#[test]
fn errors_are_no_larger_than_those_of_a_plain_sum() {
    let geometry = &Geometry::new(1, (96, 32), 1, &square(14, 3, 1, 1));
    let sizes = [96 * 196, 32 * 96 * 9, 32 * 196];
    let by = |form| move |x: &[f32], w: &[f32]| forward(form, geometry, x, w, &Epilogue::bias(None));
    compare_errors(geometry, |(o, i, k)| (o, [i, k]), sizes, [&by(Form::Points), &by(Form::Panels)]);
}

#[test]
fn errors_of_weight_gradients_are_no_larger_than_those_of_a_plain_sum() {
    let geometry = &Geometry::new(2, (16, 32), 1, &square(28, 3, 1, 1));
    let sizes = [2 * 16 * 784, 2 * 32 * 784, 32 * 16 * 9];
    compare_errors(
        geometry,
        |(o, i, k)| (k, [i, o]),
        sizes,
        [&|x, g| gradient_by_tiles(geometry, g, x), &|x, g| {
            let mut dw = vec![0.0f32; sizes[2]];
            for_each_product(geometry, |o, i, k| dw[k] += g[o] * x[i]);
            dw
        }],
    );
}

#[test]
fn what_is_not_finite_is_as_in_a_plain_sum() {
    let geometry = Geometry::new(2, (32, 32), 1, &square(9, 3, 1, 1));
    let case = Case::<f32>::new(&geometry);
    let plain = Epilogue::bias(None);
    for value in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX] {
        let (mut x, mut w) = (case.x.clone(), case.w.clone());
        x[5 * 81 + 40] = value;
        // Two neighbours whose sum overflows, which a plain sum does not add.
        x[5 * 81 + 41] = value;
        w.iter_mut().skip(5 * 9).step_by(32 * 9).for_each(|weight| *weight = 0.25);
        let [points, panels] =
            [Form::Points, Form::Panels].map(|form| forward(form, &geometry, &x, &w, &plain).into_iter());
        assert!(points.clone().any(|sum| !sum.is_finite() || sum.abs() > 1e37));
        assert!(points.zip(panels).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()), "{value}");
    }
}

#[test]
fn gradients_that_are_not_finite_are_as_in_a_plain_sum() {
    let geometry = Geometry::new(2, (32, 32), 1, &square(28, 3, 1, 1));
    let case = Case::<f32>::new(&geometry);
    assert!(gradient_applies::<f32>(&geometry));
    for value in [f32::INFINITY, f32::NAN, f32::MAX] {
        let mut x = case.x.clone();
        x[5 * 784..][..2].fill(value);
        let mut dw = vec![0.0; case.w.len()];
        super::super::weight_gradient(&geometry, &case.g, &x, &mut dw);
        let plain = gradient_by_patches(&geometry, &case.g, &x);
        assert!(plain.iter().any(|sum| sum.is_finite()) && plain.iter().any(|sum| !(sum.abs() < 1e37)));
        assert!(dw.iter().zip(plain).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()), "{value}");
    }
}

/// Layers of ResNet, VGG and DenseNet.
fn layers() -> Vec<Geometry> {
    let layer = |batch, channels, size| Geometry::new(batch, channels, 1, &square(size, 3, 1, 1));
    vec![
        layer(1, (64, 64), 56),
        layer(16, (128, 128), 28),
        layer(1, (256, 256), 14),
        layer(16, (512, 512), 7),
        layer(1, (64, 64), 224),
        layer(1, (128, 32), 28),
    ]
}

#[test]
fn layers_of_known_networks_take_this_path() {
    for geometry in layers() {
        assert!(applies::<f32>(&geometry, true) && !applies::<f64>(&geometry, true), "{geometry:?}");
        assert!(gradient_applies::<f32>(&geometry) && !gradient_applies::<f64>(&geometry), "{geometry:?}");
        if Terms::of::<f32>().is_none() {
            let dense = Places::dense(&geometry);
            assert_eq!(weighted::form::<f32>(&geometry, dense, true), Form::Points);
            // Not where positions have others between them.
            let apart = Places { steps: dense.steps.map(|step| 2 * step), ..dense };
            assert_eq!(weighted::form::<f32>(&geometry, apart, true), Form::Panels);
        }
    }
    for other in [square(56, 5, 1, 2), square(56, 3, 2, 1), square(56, 1, 1, 0)] {
        assert!(!applies::<f32>(&Geometry::new(1, (64, 64), 1, &other), true));
    }
    let small = Geometry::new(1, (512, 512), 1, &square(7, 3, 1, 1));
    assert!(applies::<f32>(&small, true));
    if transforms::lanes() == 16 {
        assert!(!applies::<f32>(&small, false), "packing the weights costs more");
    }
    let dilated = Window { dilation: 2, ..Window::new(56, 3) };
    assert!(!applies::<f32>(&Geometry::new(1, (64, 64), 1, &[dilated; 2]), true));
    assert!(!applies::<f32>(&Geometry::new(1, (3, 64), 1, &square(224, 3, 1, 1)), true), "too few channels");
}

#[test]
fn all_products_of_a_layer_are_right() {
    check::<f32>(&Geometry::new(2, (32, 48), 1, &square(14, 3, 1, 1)));
    check::<f32>(&Geometry::new(1, (64, 64), 2, &square(21, 3, 1, 0)));
    check::<f32>(&Geometry::new(1, (24, 40), 1, &[Window::new(3, 3), Window { pad_after: 2, ..Window::new(300, 3) }]));
}

#[test]
fn plans_keep_to_their_bounds_and_do_not_change_bits() {
    for geometry in layers() {
        for threads in [1, 2, 8, 64] {
            let Plan { images, band, panels } = Plan::new(&geometry, threads);
            let tiles = images * band[0] * band[1];
            assert!(
                tiles <= 256 && 16 * tiles * geometry.group_in() <= 512 << 10 || images * band[0] == 1,
                "{geometry:?}"
            );
            assert!(panels > 0 && images <= geometry.batch);
        }
    }
    let geometry = Geometry::new(3, (40, 150), 1, &square(15, 3, 1, 1));
    let x: Vec<f32> = uniform(geometry.batch * 40 * 225, 1).into_iter().map(|a| a as f32 - 0.5).collect();
    let w: Vec<f32> = uniform(150 * 360, 2).into_iter().map(|a| a as f32 - 0.5).collect();
    let mut packed = vec![0.0; packed_len(&geometry)];
    let weights = Strided::left(ndarray::ArrayView2::from_shape((150, 360), &w[..]).unwrap());
    pack(&geometry, &weights, false, &mut packed);
    let bits = |threads| {
        let mut out = vec![0.0; geometry.batch * 150 * 225];
        let plain = Epilogue::bias(None);
        let finite = with_threads(threads, || products(&geometry, &x, (0, &packed), &plain, &mut out));
        assert!(finite, "what is no output decided");
        out
    };
    let one = bits(1);
    for threads in [2, 3, 4, 8] {
        assert!(one == bits(threads));
    }
}
