//! Every algorithm against plain loops, and the chooser.

use half::f16;
use proptest::prelude::*;

use super::*;
use crate::kernels::float::Real;
use crate::kernels::isa::{Isa, isa};
use crate::kernels::naive::for_each_product;
use crate::kernels::parallel::tests::with_threads;

/// Small whole numbers: sums of their products are exact in every type.
fn numbers<T: Floating>(len: usize, seed: usize) -> Vec<T> {
    (0..len).map(|i| T::from_acc(T::Acc::from_f64(((i * 37 + seed * 11) % 13) as f64 - 6.0))).collect()
}

/// Inputs, weights and output gradients of a geometry.
pub(super) struct Case<T> {
    pub x: Vec<T>,
    pub w: Vec<T>,
    pub g: Vec<T>,
    pub bias: Vec<T>,
}

impl<T: Floating> Case<T> {
    pub fn new(geometry: &Geometry) -> Self {
        Case {
            x: numbers(geometry.batch * geometry.in_channels * geometry.plane(), 1),
            w: numbers(geometry.out_channels * geometry.depth(), 2),
            g: numbers(geometry.batch * geometry.out_channels * geometry.positions(), 3),
            bias: numbers(geometry.out_channels.max(geometry.in_channels), 4),
        }
    }
}

/// All results of the kernels: output, input gradient, weight gradient, bias gradient.
pub(super) fn kernels<T: Floating>(geometry: &Geometry, case: &Case<T>) -> [Vec<T>; 4] {
    let nan = T::from_acc(T::Acc::from_f64(f64::NAN));
    let (mut out, mut dx) = (vec![nan; case.g.len()], vec![nan; case.x.len()]);
    let (mut dw, mut db) = (vec![nan; case.w.len()], vec![nan; geometry.out_channels]);
    forward(geometry, &case.x, &case.w, Some(&case.bias[..geometry.out_channels]), &mut out);
    input_gradient(geometry, &case.g, &case.w, Some(&case.bias[..geometry.in_channels]), &mut dx);
    weight_gradient(geometry, &case.g, &case.x, &mut dw);
    bias_gradient((geometry.batch, geometry.positions()), &case.g, &mut db);
    [out, dx, dw, db]
}

/// The same by plain loops.
pub(super) fn oracle<T: Floating>(geometry: &Geometry, case: &Case<T>) -> [Vec<T::Acc>; 4] {
    let value = |list: &[T], at: usize| list[at].to_acc();
    let channel = |at: usize, size: usize, count: usize| at / size.max(1) % count.max(1);
    let bias = |len, size, count| (0..len).map(|at| value(&case.bias, channel(at, size, count))).collect::<Vec<_>>();
    let mut out = bias(case.g.len(), geometry.positions(), geometry.out_channels);
    let mut dx = bias(case.x.len(), geometry.plane(), geometry.in_channels);
    let mut dw = vec![T::Acc::from_usize(0); case.w.len()];
    for_each_product(geometry, |o, i, k| {
        out[o] += value(&case.x, i) * value(&case.w, k);
        dx[i] += value(&case.g, o) * value(&case.w, k);
        dw[k] += value(&case.g, o) * value(&case.x, i);
    });
    let mut db = vec![T::Acc::from_usize(0); geometry.out_channels];
    for (at, &g) in case.g.iter().enumerate() {
        db[channel(at, geometry.positions(), geometry.out_channels)] += g.to_acc();
    }
    [out, dx, dw, db]
}

pub(super) fn check<T: Floating>(geometry: &Geometry) {
    let case = Case::<T>::new(geometry);
    let got = kernels(geometry, &case);
    for ((name, got), expected) in ["out", "dx", "dw", "db"].iter().zip(got).zip(oracle(geometry, &case)) {
        for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
            assert!(*got == T::from_acc(expected), "{name}[{at}]: {got:?} for {expected:?} in {geometry:?}");
        }
    }
}

fn any_geometry() -> impl Strategy<Value = Geometry> {
    let window =
        (0usize..9, 1usize..4, 1usize..4, 1usize..3, 0usize..4).prop_map(|(more, kernel, stride, dilation, pad)| {
            let window = Window { stride, dilation, pad_before: pad, pad_after: pad, ..Window::new(0, kernel) };
            // Long enough for one position.
            let least = window.span().saturating_sub(2 * pad).max(1);
            Window { input: least + more, ..window }
        });
    // Some fill registers of any instruction set.
    let few = (1usize..4, 1usize..4, prop_oneof![Just(1usize), Just(2), Just(3)], any::<bool>());
    let wide = prop_oneof![Just((16usize, 3usize)), Just((3, 16)), Just((13, 30)), Just((32, 1))];
    let channels = prop_oneof![3 => few, 1 => wide.prop_map(|(inner, outer)| (inner, outer, 1, false))];
    (0usize..4, channels, prop::collection::vec(window, 1..4)).prop_map(
        |(batch, (inner, outer, groups, depth), windows)| {
            let inner = if depth { 1 } else { inner };
            Geometry::new(batch, (groups * inner, groups * outer), groups, &windows)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_convolutions_equal_plain_loops(geometry in any_geometry(), wide in any::<bool>()) {
        if wide { check::<f64>(&geometry) } else { check::<f32>(&geometry) }
    }
}

/// A square window with equal padding on both sides.
pub(super) fn square(input: usize, kernel: usize, stride: usize, pad: usize) -> [Window; 2] {
    [Window { stride, pad_before: pad, pad_after: pad, ..Window::new(input, kernel) }; 2]
}

#[test]
fn planes_larger_than_blocks_are_right() {
    check::<f32>(&Geometry::new(2, (3, 20), 1, &square(33, 5, 1, 2)));
    check::<f32>(&Geometry::new(2, (17, 9), 1, &square(31, 3, 2, 1)));
    check::<f64>(&Geometry::new(1, (40, 33), 1, &square(12, 3, 1, 1)));
    check::<f32>(&Geometry::new(3, (24, 40), 1, &square(13, 1, 1, 0)));
    check::<f32>(&Geometry::new(3, (24, 40), 2, &square(13, 1, 2, 0)));
    check::<f32>(&Geometry::new(2, (12, 24), 12, &square(29, 3, 2, 1)));
    // Depthwise, in several bands: taps side by side, with a stride, of several slices, of a size without a kernel of its own.
    check::<f32>(&Geometry::new(1, (3, 3), 3, &square(70, 3, 1, 1)));
    check::<f64>(&Geometry::new(2, (2, 2), 2, &square(75, 5, 1, 2)));
    check::<f32>(&Geometry::new(1, (2, 4), 2, &square(131, 3, 2, 1)));
    check::<f32>(&Geometry::new(1, (2, 2), 2, &square(90, 7, 1, 3)));
    let [plane, _] = square(60, 3, 1, 1);
    let deep = Window { pad_before: 1, pad_after: 1, ..Window::new(4, 3) };
    check::<f32>(&Geometry::new(1, (2, 2), 2, &[deep, plane, plane]));
}

#[test]
fn sixteen_bit_convolutions_are_summed_in_f32() {
    for geometry in [
        Geometry::new(2, (3, 4), 1, &square(9, 3, 1, 1)),
        Geometry::new(2, (4, 4), 1, &square(9, 3, 2, 1)),
        Geometry::new(2, (4, 8), 4, &square(9, 3, 1, 1)),
        Geometry::new(2, (4, 8), 1, &square(6, 1, 1, 0)),
    ] {
        check::<f16>(&geometry);
    }
}

#[test]
fn an_input_longer_than_the_windows_reach_has_zero_gradients_there() {
    let window = Window { stride: 3, ..Window::new(12, 2) };
    let mut geometry = Geometry::new(2, (2, 2), 1, &[window]);
    geometry.output[2] = 3; // as for a transposed convolution with much output padding
    check::<f64>(&geometry);
}

#[test]
fn the_algorithm_follows_from_the_geometry() {
    let conv = |channels, groups, windows: [Window; 2]| {
        let geometry = Geometry::new(1, channels, groups, &windows);
        (forward_algorithm(&geometry), input_gradient_algorithm(&geometry))
    };
    use Algorithm::*;
    assert_eq!(conv((8, 8), 1, square(9, 1, 1, 0)), (Pointwise, Pointwise));
    assert_eq!(conv((8, 8), 1, square(9, 1, 2, 0)), (Patches, Scatter));
    assert_eq!(conv((8, 8), 1, square(9, 3, 1, 1)), (Patches, Patches));
    assert_eq!(conv((8, 8), 1, square(9, 3, 2, 1)), (Patches, Scatter));
    assert_eq!(conv((8, 8), 2, square(9, 3, 1, 3)), (Patches, Scatter));
    assert_eq!(conv((8, 16), 8, square(9, 3, 1, 1)), (Depthwise, Depthwise));
    assert_eq!(conv((1, 6), 1, square(9, 3, 1, 1)), (Patches, Scatter));
    assert_eq!(conv((6, 1), 1, square(9, 3, 1, 1)), (Patches, Patches));
    // Images of one channel, where their rows fill registers: LeNet's first layer.
    let narrow = if isa() == Isa::Portable { Patches } else { Depthwise };
    let wide = if isa() >= Isa::Avx512 { Depthwise } else { Patches };
    assert_eq!(conv((1, 6), 1, square(28, 5, 1, 2)), (wide, Scatter));
    assert_eq!(conv((1, 40), 1, square(32, 3, 1, 1)), (narrow, Scatter));
    assert_eq!(conv((1, 1), 1, square(32, 3, 1, 1)), (narrow, Patches));
    assert_eq!(conv((1, 6), 1, square(17, 3, 1, 1)), (Patches, Scatter));
    assert_eq!(conv((1, 6), 1, square(32, 3, 2, 1)), (Patches, Scatter));
    assert_eq!(conv((3, 6), 1, square(32, 3, 1, 1)), (Patches, Scatter));
}

#[test]
fn images_of_one_channel_are_right() {
    for (size, kernel, pad, outputs) in [(28, 5, 2, 6), (32, 3, 1, 40), (34, 3, 0, 2), (64, 5, 2, 7), (31, 3, 2, 1)] {
        let geometry = Geometry::new(3, (1, outputs), 1, &square(size, kernel, 1, pad));
        check::<f32>(&geometry);
        check::<f64>(&geometry);
        check::<f16>(&Geometry { batch: 1, out_channels: 1, ..geometry });
    }
}

/// A window with everything given.
pub(super) fn window(input: usize, (kernel, stride, dilation): (usize, usize, usize), pad: (usize, usize)) -> Window {
    Window { stride, dilation, pad_before: pad.0, pad_after: pad.1, ..Window::new(input, kernel) }
}

/// Geometries whose channels fill registers: in several blocks, bands, panels and shares, with tiles of every size.
fn with_channels_in_registers() -> Vec<Geometry> {
    let odd = [window(11, (2, 3, 2), (0, 3)), window(23, (5, 2, 1), (4, 1))];
    let mut list = vec![
        Geometry::new(2, (3, 16), 1, &square(30, 3, 1, 1)),
        Geometry::new(1, (70, 32), 1, &square(9, 3, 1, 1)),
        Geometry::new(2, (20, 40), 1, &square(15, 5, 2, 2)),
        Geometry::new(1, (5, 100), 1, &square(7, 3, 1, 1)),
        Geometry::new(1, (300, 32), 1, &square(10, 1, 1, 0)),
        Geometry::new(2, (300, 30), 1, &square(20, 1, 1, 0)),
        Geometry::new(1, (2, 32), 1, &square(130, 3, 1, 1)),
        Geometry::new(1, (12, 64), 2, &square(13, 1, 2, 0)),
        Geometry::new(1, (3, 32), 1, &square(75, 1, 2, 0)),
        Geometry::new(2, (3, 32), 1, &square(40, 7, 2, 3)),
        Geometry::new(3, (64, 16), 1, &square(7, 3, 2, 1)),
        Geometry::new(2, (4, 32), 1, &[window(300, (3, 1, 1), (1, 1))]),
        Geometry::new(1, (7, 48), 1, &odd),
        Geometry::new(0, (7, 32), 1, &odd),
        // Remainders of the input with more elements than there are positions.
        Geometry::new(1, (2, 32), 1, &[window(4, (3, 2, 1), (0, 0)), window(2, (2, 2, 1), (0, 0))]),
        Geometry::new(2, (3, 32), 1, &[window(9, (2, 3, 1), (0, 0)), window(12, (2, 5, 1), (0, 1))]),
    ];
    // Several images to a task, rows in pairs, of one or several lists of taps.
    list.extend((1..8).map(|batch| Geometry::new(batch, (5, 40), 1, &square(7, 3, 1, 1))));
    list.push(Geometry::new(5, (70, 200), 1, &square(7, 3, 1, 1)));
    list.push(Geometry::new(7, (300, 80), 1, &square(7, 1, 1, 0)));
    list.push(Geometry::new(9, (6, 96), 2, &square(14, 3, 2, 1)));
    list.push(Geometry::new(6, (4, 30), 1, &square(3, 3, 1, 2)));
    list.push(Geometry::new(3, (4, 48), 1, &[window(6, (3, 1, 1), (0, 1)), window(7, (3, 1, 2), (2, 2))]));
    // Taps that lie apart, and four in a row.
    list.push(Geometry::new(3, (5, 32), 1, &[window(17, (3, 1, 2), (2, 2)), window(19, (3, 1, 3), (3, 1))]));
    list.push(Geometry::new(2, (6, 16), 1, &[window(12, (3, 2, 3), (0, 2)), window(21, (3, 2, 2), (4, 0))]));
    list.push(Geometry::new(2, (3, 32), 1, &square(24, 4, 2, 1)));
    list.push(Geometry::new(3, (4, 16), 1, &square(13, 4, 1, 2)));
    // Every width of a tile.
    list.extend((1..16).map(|size| Geometry::new(1, (2, 32), 1, &square(size, 3, 1, 1))));
    list
}

#[test]
fn channels_in_registers_give_what_plain_loops_do() {
    for geometry in with_channels_in_registers() {
        assert!(channels::fits::<f32>(&geometry) && channels::fits::<f64>(&geometry), "{geometry:?}");
        assert!(!channels::fits::<f16>(&geometry), "16 bits are summed in 32");
        let turned = Geometry::new(
            geometry.batch,
            (geometry.out_channels, geometry.in_channels),
            geometry.groups,
            &geometry.windows[1..],
        );
        let plain = turned.windows.iter().all(|window| window.stride == 1 || window.dilation == 1);
        assert!(phases::fits::<f32>(&turned) == plain || geometry.taps() == 1, "{turned:?}");
        check::<f32>(&turned);
        check::<f64>(&turned);
        check::<f32>(&geometry);
        check::<f64>(&geometry);
    }
}

/// Convolutions that the matrix unit computes, where there is one.
fn by_the_matrix_unit() -> Vec<Geometry> {
    let mut list = vec![
        Geometry::new(1, (32, 32), 1, &square(14, 3, 1, 1)),
        // Filled up: channels of both sides, positions.
        Geometry::new(2, (28, 60), 1, &square(13, 3, 1, 1)),
        Geometry::new(1, (64, 64), 2, &square(16, 5, 1, 2)),
        Geometry::new(1, (50, 40), 1, &square(40, 5, 2, 2)),
        // Several blocks of input channels and shares of output channels.
        Geometry::new(1, (300, 200), 1, &square(10, 3, 1, 1)),
        Geometry::new(1, (260, 200), 1, &square(15, 1, 2, 0)),
        // Several bands, of rows and of columns.
        Geometry::new(
            1,
            (32, 32),
            1,
            &[Window::new(3, 1), Window { pad_before: 4, pad_after: 4, ..Window::new(250, 9) }],
        ),
        Geometry::new(1, (32, 64), 1, &[Window { dilation: 2, pad_before: 2, pad_after: 2, ..Window::new(50, 3) }; 2]),
    ];
    list.retain(|geometry| !geometry.flattened().is_some_and(|_| geometry.depth() <= 128));
    list
}

#[test]
fn the_matrix_unit_gives_what_plain_loops_do() {
    for geometry in by_the_matrix_unit() {
        let unit = crate::kernels::isa::isa() == crate::kernels::isa::Isa::Amx;
        assert_eq!(tiled::applies::<f32>(&geometry).is_some(), unit, "{geometry:?}");
        assert!(tiled::applies::<f64>(&geometry).is_none());
        check::<f32>(&geometry);
        if unit {
            for value in [f32::INFINITY, f32::NAN] {
                let mut case = Case::<f32>::new(&geometry);
                let (at, bias) = (case.x.len() / 2, Some(&case.bias[..geometry.out_channels]));
                case.x[at] = value;
                let (mut out, mut plain) = (vec![0.0; case.g.len()], vec![0.0; case.g.len()]);
                forward(&geometry, &case.x, &case.w, bias, &mut out);
                im2col::forward(&geometry, &case.x, &case.w, bias, &mut plain);
                assert!(out.iter().any(|sum| !sum.is_finite()));
                assert!(
                    out.iter().zip(&plain).all(|(a, b)| a == b || a.is_nan() && b.is_nan()),
                    "{value} in {geometry:?}"
                );
            }
        }
    }
}

#[test]
fn packed_weights_serve_inputs_of_any_size() {
    let geometry = |batch, size| Geometry::new(batch, (10, 64), 2, &square(size, 3, 1, 1));
    let case = Case::<f32>::new(&geometry(1, 9));
    let packed = Packed::new(&geometry(1, 9), &case.w).unwrap().expect("channels fill registers");
    for geometry in [geometry(2, 9), geometry(1, 20), geometry(3, 7)] {
        let case = Case { w: case.w.clone(), ..Case::new(&geometry) };
        let (mut plain, mut out) = (vec![0.0; case.g.len()], vec![f32::NAN; case.g.len()]);
        forward(&geometry, &case.x, &case.w, Some(&case.bias[..64]), &mut plain);
        assert!(packed.is_for::<f32>(&geometry) && !packed.is_for::<f64>(&geometry));
        packed.forward(&geometry, &case.x, &case.w, Some(&case.bias[..64]), &mut out);
        assert_eq!(out, plain);
    }
    // Rows that fill registers are read where they lie, whatever there is of packed weights.
    if crate::kernels::isa::isa() != crate::kernels::isa::Isa::Portable {
        assert!(!packed.is_for::<f32>(&geometry(1, 64)));
    }
    let depthwise = Geometry::new(1, (64, 64), 64, &square(9, 3, 1, 1));
    assert!(Packed::new(&depthwise, &[0.0f32; 64 * 9]).unwrap().is_none());
}

#[test]
fn packed_weights_are_kept_where_few_positions_use_them() {
    let geometry =
        |batch, channels, size, kernel| Geometry::new(batch, channels, 1, &square(size, kernel, 1, kernel / 2));
    for (batch, kept) in [(1, true), (4, true), (64, false)] {
        assert_eq!(worth_keeping::<f32>(&geometry(batch, (512, 512), 7, 3)), kept, "{batch}");
        assert_eq!(worth_keeping::<f32>(&geometry(batch, (512, 2048), 7, 1)), kept, "{batch}");
    }
    // More positions for fewer weights.
    assert!(
        worth_keeping::<f32>(&geometry(1, (128, 64), 28, 3)) && !worth_keeping::<f32>(&geometry(4, (512, 512), 28, 3))
    );
    assert!(!worth_keeping::<f32>(&geometry(2, (64, 64), 56, 3)));
}

#[test]
fn layers_of_known_networks_take_the_intended_path() {
    let geometry = |channels, windows: [Window; 2]| Geometry::new(1, channels, 1, &windows);
    let wide = crate::kernels::isa::isa() != crate::kernels::isa::Isa::Portable;
    for taken in [
        geometry((3, 64), square(224, 7, 2, 3)),
        geometry((64, 64), square(56, 3, 1, 1)),
        geometry((128, 128), square(56, 3, 2, 1)),
        geometry((512, 512), square(7, 3, 1, 1)),
    ] {
        assert!(channels::fits::<f32>(&taken), "{taken:?}");
        assert_eq!(taps::fits::<f32>(&taken), wide, "{taken:?}");
    }
    let pointwise = geometry((256, 64), square(56, 1, 1, 0));
    assert!(channels::fits::<f32>(&pointwise) && !taps::fits::<f32>(&pointwise));
    // A product that reads the input where it lies.
    assert!(!channels::fits::<f32>(&geometry((64, 256), square(56, 1, 1, 0))));
    // LeNet's fill a part of one register.
    for taken in [geometry((1, 6), square(28, 5, 1, 2)), geometry((6, 16), square(14, 5, 1, 0))] {
        assert_eq!(taps::fits::<f32>(&taken), wide, "{taken:?}");
    }
    // An upsampling layer's window, and one whose taps lie apart.
    let apart = Window { dilation: 2, pad_before: 2, pad_after: 2, ..Window::new(28, 3) };
    for taken in [geometry((16, 32), square(56, 4, 2, 1)), geometry((32, 32), [apart; 2])] {
        assert_eq!(taps::fits::<f32>(&taken), wide, "{taken:?}");
    }
    // Too few channels.
    assert!(!channels::fits::<f32>(&geometry((1, 5), square(28, 5, 1, 2))));
}

#[test]
fn thread_counts_do_not_change_bits() {
    for geometry in [
        Geometry::new(2, (40, 64), 1, &square(28, 3, 1, 1)),
        Geometry::new(1, (300, 64), 1, &square(14, 1, 1, 0)),
        Geometry::new(2, (3, 64), 1, &square(64, 7, 2, 3)),
        Geometry::new(5, (6, 16), 1, &square(28, 5, 1, 0)),
        Geometry::new(5, (6, 16), 1, &square(28, 3, 2, 1)),
        Geometry::new(3, (16, 16), 16, &square(28, 3, 1, 1)),
        Geometry::new(3, (32, 16), 1, &square(28, 1, 1, 0)),
    ] {
        let mut case = Case::<f32>::new(&geometry);
        for list in [&mut case.x, &mut case.w, &mut case.g] {
            list.iter_mut().enumerate().for_each(|(at, value)| *value = (*value * 0.37 + at as f32).sin());
        }
        let bits = |threads| {
            with_threads(threads, || kernels(&geometry, &case))
                .map(|list| list.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        };
        let one = bits(1);
        assert!(one == bits(2) && one == bits(4), "{geometry:?}");
    }
}
