//! Depthwise convolutions against plain loops.

use proptest::prelude::*;

use super::super::Geometry;
use super::super::tests::{Case, check, kernels, oracle, square};
use super::{blocks, rows};
use crate::kernels::isa::{Isa, isa};
use crate::shape::window::Window;

/// Depthwise convolutions with square windows, of any padding.
fn any_depthwise() -> impl Strategy<Value = Geometry> {
    let axis = || (0usize..40, 0usize..4, 0usize..4);
    let size = (prop_oneof![3 => Just(3usize), 1 => Just(5), 1 => Just(2), 1 => Just(4)], 1usize..4);
    (1usize..4, prop_oneof![4 => 2usize..5, 1 => 14usize..17], 1usize..3, size, axis(), axis()).prop_map(
        |(batch, groups, multiple, (kernel, stride), down, across)| {
            let windows = [down, across].map(|(more, pad_before, pad_after)| {
                let least = kernel.saturating_sub(pad_before + pad_after).max(1);
                Window { stride, pad_before, pad_after, ..Window::new(least + more, kernel) }
            });
            Geometry::new(batch, (groups, groups * multiple), groups, &windows)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_depthwise_convolutions_equal_plain_loops(geometry in any_depthwise(), wide in any::<bool>()) {
        if wide { check::<f64>(&geometry) } else { check::<f32>(&geometry) }
    }
}

#[test]
fn depthwise_layers_of_known_networks_are_read_where_they_lie() {
    let geometry = |windows: [Window; 2]| Geometry::new(1, (8, 8), 8, &windows);
    for (size, stride) in [(112, 1), (112, 2), (14, 1), (14, 2), (7, 1)] {
        let taken = geometry(square(size, 3, stride, 1));
        let wide = isa() != Isa::Portable;
        assert_eq!(rows::fits(&taken), wide, "{taken:?}");
        assert_eq!(rows::fits_input_gradient(&taken), wide && stride == 2, "{taken:?}");
        let large = geometry(square(size, 5, stride, 2));
        assert_eq!(rows::fits(&large), isa() >= Isa::Avx512, "{large:?}");
    }
    // Many taps of channels that fill registers, as in ConvNeXt.
    for (channels, size, taken) in [(96, 56, true), (768, 7, true), (5, 14, false), (20, 14, isa() < Isa::Avx512)] {
        let layer = Geometry::new(1, (channels, channels), channels, &square(size, 7, 1, 3));
        assert_eq!(blocks::fits::<f32>(&layer), taken && isa() != Isa::Portable, "{layer:?}");
        assert!(!rows::fits(&layer) && !blocks::fits::<half::f16>(&layer));
    }
    let wide = |width| {
        let windows = [Window::unit(), Window { pad_before: 15, pad_after: 15, ..Window::new(width, 31) }];
        Geometry::new(1, (256, 256), 256, &windows)
    };
    assert!(!blocks::fits::<f32>(&wide(100_000)), "a field of many megabytes");
    assert_eq!(blocks::fits::<f32>(&wide(1000)), isa() != Isa::Portable);
    for other in [geometry(square(9, 7, 1, 3)), geometry(square(9, 3, 3, 1))] {
        assert!(!rows::fits(&other), "{other:?}");
    }
}

#[test]
fn channels_in_lanes_give_what_plain_loops_do() {
    let window = |input, kernel, stride, dilation, pad: (usize, usize)| Window {
        stride,
        dilation,
        pad_before: pad.0,
        pad_after: pad.1,
        ..Window::new(input, kernel)
    };
    for (batch, channels, windows) in [
        (1, 32, square(14, 7, 1, 3)),
        (3, 16, square(7, 7, 1, 3)),
        (2, 45, square(31, 5, 1, 2)),
        (1, 30, square(70, 9, 1, 4)),
        (2, 16, square(29, 6, 3, 0)),
        (1, 16, square(40, 4, 4, 1)),
        // More padding than the window, on one side; an axis of one position; dilation.
        (2, 14, [window(5, 4, 1, 2, (9, 0)), window(3, 5, 1, 1, (2, 11))]),
        (1, 16, [window(1, 1, 1, 1, (0, 0)), window(300, 17, 1, 1, (8, 8))]),
        (1, 16, [window(40, 8, 2, 3, (3, 1)), window(9, 2, 1, 1, (0, 0))]),
    ] {
        let geometry = Geometry::new(batch, (channels, channels), channels, &windows);
        check::<f32>(&geometry);
        check::<f64>(&geometry);
    }
}

#[test]
fn depthwise_taps_meet_infinities_only_where_they_lie() {
    for geometry in
        [Geometry::new(2, (2, 2), 2, &square(11, 3, 1, 0)), Geometry::new(2, (2, 2), 2, &square(21, 3, 2, 0))]
    {
        // Elsewhere zeros behind the end of a row meet what comes next.
        let places = if rows::fits(&geometry) { geometry.plane() } else { 0 };
        for at in 0..places {
            let mut case = Case::<f32>::new(&geometry);
            case.g.fill(1.0);
            case.w.fill(1.0);
            case.x[at] = f32::INFINITY;
            let got = kernels(&geometry, &case);
            for (list, (got, expected)) in got.iter().zip(oracle(&geometry, &case)).enumerate() {
                assert!(
                    got.iter().zip(&expected).all(|(got, expected)| got == expected),
                    "{list} {at} of {geometry:?}"
                );
            }
        }
    }
}
