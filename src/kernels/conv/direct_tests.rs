//! Rows that are read where they lie, against plain loops.

use half::f16;

use super::super::super::isa::{Isa, isa};
use super::super::tests::{Case, check, kernels, square, window};
use super::super::*;
use super::field;

#[test]
fn wide_rows_are_read_where_they_lie() {
    let geometry = |channels, windows: [Window; 2]| Geometry::new(1, channels, 1, &windows);
    // Layers of LeNet and ResNet.
    for taken in [
        geometry((1, 6), square(28, 5, 1, 2)),
        geometry((6, 16), square(14, 5, 1, 0)),
        geometry((3, 64), square(224, 7, 2, 3)),
        geometry((64, 64), square(56, 3, 1, 1)),
    ] {
        assert!(direct::fits::<f32>(&taken), "{taken:?}");
        assert!(!direct::fits::<f16>(&taken), "16 bits are summed in 32");
    }
    for other in [
        geometry((512, 512), square(7, 3, 1, 1)),
        geometry((64, 64), square(56, 1, 1, 0)),
        Geometry::new(1, (2, 2), 1, &[Window::new(4, 3); 3]),
    ] {
        assert!(!direct::fits::<f32>(&other), "{other:?}");
    }
}

#[test]
fn few_numbers_to_a_sum_are_read_where_they_lie_whatever_the_channels() {
    let wide = isa() != Isa::Portable;
    for (geometry, taken) in [
        // First layers of VGG-16, MobileNetV2 and ResNet.
        (Geometry::new(1, (3, 64), 1, &square(224, 3, 1, 1)), true),
        (Geometry::new(1, (3, 32), 1, &square(224, 3, 2, 1)), true),
        (Geometry::new(1, (3, 64), 1, &square(224, 7, 2, 3)), wide),
        (Geometry::new(1, (9, 32), 1, &square(38, 4, 1, 0)), false),
        (Geometry::new(2, (9, 32), 1, &square(32, 3, 1, 1)), wide),
        (Geometry::new(2, (6, 64), 2, &square(20, 3, 1, 1)), true),
        (Geometry::new(1, (64, 64), 1, &square(56, 3, 2, 1)), false),
        // Windows side by side: no position lies between two rows.
        (Geometry::new(2, (3, 32), 1, &square(60, 4, 4, 0)), wide),
        (Geometry::new(2, (3, 32), 1, &square(64, 16, 16, 0)), false),
    ] {
        let case = Case::<f32>::new(&geometry);
        assert_eq!(direct::suits::<f32>(&geometry), taken, "{geometry:?}");
        assert_eq!(Packed::new(&geometry, &case.w).unwrap().is_none(), taken, "{geometry:?}");
        if geometry.positions() < 2000 {
            check::<f32>(&geometry);
        }
    }
}

#[test]
fn bands_tiles_and_rows_of_any_size_are_right() {
    for (size, kernel, stride, pad) in [(30, 3, 1, 1), (37, 5, 1, 0), (70, 3, 1, 1), (67, 7, 2, 3), (41, 4, 3, 2)] {
        for (inner, outer, groups) in [(1, 1, 1), (3, 6, 1), (4, 17, 1), (6, 30, 2), (2, 33, 1)] {
            check::<f32>(&Geometry::new(2, (inner, outer), groups, &square(size, kernel, stride, pad)));
        }
    }
    check::<f64>(&Geometry::new(1, (3, 15), 1, &square(50, 3, 1, 1)));
}

#[test]
fn rows_share_their_padding() {
    let pitch = |geometry: &Geometry| field(geometry, 4).size[1];
    // The second layer of LeNet, turned: each row of ten with four zeros before the next.
    let layer = Geometry::new(2, (6, 16), 1, &square(14, 5, 1, 0));
    assert_eq!(pitch(&layer.turned().unwrap()), 14);
    let conv = |size, kernel, stride, pad| Geometry::new(2, (2, 5), 1, &square(size, kernel, stride, pad));
    assert_eq!((pitch(&conv(28, 5, 1, 2)), pitch(&conv(28, 5, 1, 0)), pitch(&conv(28, 5, 2, 2))), (30, 28, 16));
    check::<f32>(&layer);
    for (size, kernel, stride, pad) in [(9, 5, 1, 4), (9, 5, 1, 6), (20, 3, 1, 5), (2, 5, 1, 7), (17, 2, 1, 1)] {
        check::<f32>(&conv(size, kernel, stride, pad));
        check::<f64>(&conv(size, kernel, stride, pad));
    }
    // Padding of two lengths, and dilation.
    for pad in [(0, 3), (3, 0), (5, 1)] {
        let windows = [window(19, (3, 1, 2), pad), window(21, (4, 1, 2), pad)];
        check::<f32>(&Geometry::new(2, (3, 5), 1, &windows));
    }
}

#[test]
fn padding_meets_no_weights() {
    // A weight that is not finite is left out of the sums it has no element for.
    let geometry = Geometry::new(1, (6, 16), 1, &square(14, 5, 1, 0));
    assert!(direct::fits::<f32>(&geometry.turned().unwrap()));
    let mut case = Case::<f32>::new(&geometry);
    // The first tap of the first pair of channels: it reaches no input row from the eleventh on.
    case.w[0] = f32::INFINITY;
    let [_, dx, ..] = kernels(&geometry, &case);
    assert!(dx[12 * 14..14 * 14].iter().all(|value| value.is_finite()) && dx[0].is_infinite());
}
