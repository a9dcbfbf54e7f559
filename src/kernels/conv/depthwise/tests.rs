//! Depthwise convolutions against plain loops.

use proptest::prelude::*;

use super::super::Geometry;
use super::super::tests::{Case, check, kernels, oracle, square};
use super::rows;
use crate::kernels::isa::{Isa, isa};
use crate::shape::window::Window;

/// Depthwise convolutions with square windows, of any padding.
fn any_depthwise() -> impl Strategy<Value = Geometry> {
    let axis = || (0usize..40, 0usize..4, 0usize..4);
    let size = (prop_oneof![3 => Just(3usize), 1 => Just(5), 1 => Just(2)], 1usize..4);
    (1usize..4, 2usize..5, 1usize..3, size, axis(), axis()).prop_map(
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
    for other in [geometry(square(9, 7, 1, 3)), geometry(square(9, 3, 3, 1))] {
        assert!(!rows::fits(&other), "{other:?}");
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
