//! Outputs too large for the cache, which are written past it.

use super::tests::{Case, oracle, square};
use super::*;
use crate::kernels::isa::{Isa, isa};
use crate::kernels::stream::tests::FINISHED;
use std::sync::atomic::Ordering;

/// The output, where lines begin, and whether it was written past the cache.
fn output(geometry: &Geometry, case: &Case<f32>, epilogue: &Epilogue<'_, f32>) -> (Vec<f32>, bool) {
    let mut room = vec![f32::NAN; case.g.len() + 16];
    let start = room.as_ptr().align_offset(64);
    let out = &mut room[start..start + case.g.len()];
    let before = FINISHED.load(Ordering::Relaxed);
    forward_with(geometry, &case.x, &case.w, epilogue, out);
    (out.to_vec(), FINISHED.load(Ordering::Relaxed) > before)
}

#[test]
fn every_way_to_a_large_output_writes_it_past_the_cache() {
    let ways = [
        ("a product", Geometry::new(2, (4, 40), 1, &square(64, 1, 1, 0))),
        ("wide rows", Geometry::new(2, (3, 40), 1, &square(64, 3, 1, 1))),
        ("tiles", Geometry::new(2, (16, 32), 1, &square(64, 3, 1, 1))),
    ];
    for (name, geometry) in ways {
        let case = Case::<f32>::new(&geometry);
        let bias = Epilogue::bias(Some(&case.bias[..geometry.out_channels]));
        let [expected, ..] = oracle(&geometry, &case);
        let (got, streamed) = output(&geometry, &case, &bias);
        assert!(got == expected, "{name}");
        // Registers of less than a line are written past the cache in products alone.
        assert!(streamed || isa() < Isa::Avx512, "{name}");
        let relu = Epilogue { activation: Activation::Relu, ..bias };
        let (got, _) = output(&geometry, &case, &relu);
        assert!(got.iter().zip(&expected).all(|(&got, &expected)| got == expected.max(0.0)), "{name}");
    }
}

#[test]
fn rows_that_begin_within_lines_are_whole() {
    for (input, channels) in [(65, 40), (61, 48), (72, 32)] {
        for (kernel, inner) in [(1, 4), (3, 3), (3, 16)] {
            let geometry = Geometry::new(2, (inner, channels), 1, &square(input, kernel, 1, kernel / 2));
            let case = Case::<f32>::new(&geometry);
            let [expected, ..] = oracle(&geometry, &case);
            let bias = Epilogue::bias(Some(&case.bias[..channels]));
            assert!(output(&geometry, &case, &bias).0 == expected, "{geometry:?}");
        }
    }
}
