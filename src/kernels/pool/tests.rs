//! Pooling against definitions written out element by element.

use proptest::prelude::*;

use super::*;
use crate::kernels::parallel::tests::with_threads;

fn numbers(len: usize) -> Vec<f64> {
    (0..len).map(|i| ((i * 37) % 23) as f64 - 11.0).collect()
}

/// The elements of a plane under the window at a position, `None` for padding inside the padded input, from the windows
/// themselves.
fn under(windows: &[Window; 3], position: [usize; 3]) -> Vec<Option<usize>> {
    let mut found = Vec::new();
    for i in 0..windows[0].kernel {
        for j in 0..windows[1].kernel {
            for k in 0..windows[2].kernel {
                let taps = [i, j, k];
                let inside = (0..3).all(|axis| {
                    let window = &windows[axis];
                    position[axis] * window.stride + taps[axis] * window.dilation < window.padded()
                });
                if inside {
                    let at = |axis: usize| windows[axis].element(position[axis], taps[axis]);
                    let element = at(0)
                        .zip(at(1))
                        .zip(at(2))
                        .map(|((upper, lower), column)| (upper * windows[1].input + lower) * windows[2].input + column);
                    found.push(element);
                }
            }
        }
    }
    found
}

/// Maxima and their places, element by element.
pub(super) fn maxima(geometry: &Geometry, x: &[f64]) -> (Vec<f64>, Vec<i64>) {
    let (mut out, mut places) = (Vec::new(), Vec::new());
    for plane in x.chunks_exact(geometry.plane()) {
        geometry.for_each_position(|_, spans| {
            let (mut best, mut place) = (f64::NEG_INFINITY, -1);
            geometry.for_each_element(spans, |element| {
                if place < 0 || plane[element] > best || plane[element].is_nan() {
                    (best, place) = (plane[element], element as i64);
                }
            });
            out.push(best);
            places.push(place);
        });
    }
    (out, places)
}

fn any_windows() -> impl Strategy<Value = ([Window; 3], bool)> {
    let window = (0usize..7, 1usize..4, 1usize..4, 1usize..3, any::<bool>()).prop_map(
        |(more, kernel, stride, dilation, pad)| {
            let pad = if pad { kernel / 2 } else { 0 };
            let window = Window { stride, dilation, pad_before: pad, pad_after: pad, ..Window::new(0, kernel) };
            Window { input: window.span().saturating_sub(2 * pad).max(1) + more, ..window }
        },
    );
    ([window.clone(), window.clone(), window], any::<bool>())
}

proptest! {
    #[test]
    fn random_poolings_equal_their_definition((windows, ceil) in any_windows(), planes in 0usize..4) {
        let geometry = Geometry::sliding(planes, &windows, ceil);
        let (plane, positions, output) = (geometry.plane(), geometry.positions(), geometry.output());
        let x = numbers(planes * plane);
        let g = numbers(planes * positions);
        let (mut out, mut places) = (vec![0.0; planes * positions], vec![0; planes * positions]);
        max(&geometry, &x, f64::NEG_INFINITY, &mut out, &mut places);
        let mut averages = [out.clone(), out.clone(), out.clone()];
        let mut gradients = [vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; x.len()]];
        let divisors = [Divisor::Padded, Divisor::Elements, Divisor::Fixed(-3)];
        for (at, divisor) in divisors.into_iter().enumerate() {
            average(&geometry, divisor, &x, &mut averages[at]);
            average_gradient(&geometry, divisor, &g, &mut gradients[at]);
        }
        let mut expected = vec![vec![0.0; x.len()]; 3];
        for index in 0..planes * positions {
            let (image, at) = (index / positions, index % positions);
            let position = [at / output[2] / output[1], at / output[2] % output[1], at % output[2]];
            let window = under(&windows, position);
            let elements: Vec<usize> = window.iter().flatten().copied().collect();
            let values: Vec<f64> = elements.iter().map(|&element| x[image * plane + element]).collect();
            let best = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(out[index], best);
            let place = values.iter().position(|&value| value == best).map_or(-1, |at| elements[at] as i64);
            prop_assert_eq!(places[index], place);
            let sum: f64 = values.iter().sum();
            for (way, divisor) in [window.len() as f64, elements.len() as f64, -3.0].into_iter().enumerate() {
                let average = if elements.is_empty() { 0.0 } else { sum / divisor };
                prop_assert!((averages[way][index] - average).abs() < 1e-12);
                for &element in &elements {
                    expected[way][image * plane + element] += g[index] / divisor;
                }
            }
        }
        for (got, expected) in gradients.iter().zip(&expected) {
            prop_assert!(got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-12));
        }
    }
}

#[test]
fn adaptive_windows_cover_the_axis() {
    let geometry = Geometry::adaptive(1, &[(10, 4)]);
    let spans: Vec<_> = geometry.axes[2].iter().map(|span| (span.start, span.start + span.count)).collect();
    assert_eq!(spans, [(0, 3), (2, 5), (5, 8), (7, 10)]);
    let mut out = [0.0f32; 4];
    average(&geometry, Divisor::Elements, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &mut out);
    assert_eq!(out, [1.0, 3.0, 6.0, 8.0]);
    assert_eq!(Geometry::adaptive(2, &[(3, 0), (3, 2)]).positions(), 0);
}

#[test]
fn the_first_of_equal_maxima_counts_and_nan_propagates() {
    let geometry = Geometry::sliding(1, &[Window { stride: 3, ..Window::new(9, 3) }], false);
    let x = [1.0f32, 2.0, 2.0, 5.0, f32::NAN, 7.0, f32::NEG_INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY];
    let (mut out, mut places) = ([0.0; 3], [0; 3]);
    max(&geometry, &x, f32::NEG_INFINITY, &mut out, &mut places);
    assert_eq!(places, [1, 4, 6]);
    assert!(out[1].is_nan() && out[2] == f32::NEG_INFINITY);
}

#[test]
fn long_rows_of_any_stride_give_the_first_maximum_or_the_last_nan() {
    for (stride, dilation, pad) in [(1, 1, 1), (2, 1, 1), (2, 2, 0), (3, 1, 2), (4, 1, 0), (5, 3, 1)] {
        let window = |input| Window { stride, dilation, pad_before: pad, pad_after: pad, ..Window::new(input, 5) };
        let windows = [Window::unit(), window(17), window(331)];
        let geometry = Geometry::sliding(2, &windows[1..], false);
        let (plane, positions, output) = (geometry.plane(), geometry.positions(), geometry.output());
        let value = |i: usize| match i * 37 % 101 {
            0 => f32::NAN,
            1..20 => f32::NEG_INFINITY,
            other => (other % 7) as f32,
        };
        let x: Vec<f32> = (0..2 * plane).map(value).collect();
        let (mut out, mut places) = (vec![0.0; 2 * positions], vec![0; 2 * positions]);
        max(&geometry, &x, f32::NEG_INFINITY, &mut out, &mut places);
        for index in 0..2 * positions {
            let (image, at) = (index / positions, index % positions);
            let elements = under(&windows, [0, at / output[2], at % output[2]]);
            let (mut best, mut place) = (f32::NEG_INFINITY, -1);
            for element in elements.into_iter().flatten() {
                let value = x[image * plane + element];
                if place < 0 || value > best || value.is_nan() {
                    (best, place) = (value, element as i64);
                }
            }
            assert_eq!((out[index].to_bits(), places[index]), (best.to_bits(), place), "{index}, stride {stride}");
        }
    }
}

#[test]
fn windows_by_rows_equal_their_definition() {
    let pairs = |at: usize| [(64, 7), (13, 6), (1, 1), (12, 12), (331, 5), (10, 3), (600, 7)][at];
    let sliding = |input, kernel, stride, dilation| {
        let window = Window { stride, dilation, pad_before: 1, pad_after: 1, ..Window::new(input, kernel) };
        Geometry::sliding(2, &[Window::new(3, 2), Window { stride: 2, ..Window::new(9, 3) }, window], true)
    };
    let mut geometries = vec![sliding(40, 3, 1, 1), sliding(41, 4, 4, 1), sliding(50, 5, 5, 2), sliding(33, 3, 2, 1)];
    for (rows, columns) in (0..7).flat_map(|rows| (0..7).map(move |columns| (rows, columns))) {
        geometries.push(Geometry::adaptive(2, &[(3, 2), pairs(rows.min(1)), pairs(columns)]));
    }
    for geometry in &geometries {
        let steady = max::Steady::of(geometry);
        let (count, numel) = (2 * geometry.positions(), 2 * geometry.plane());
        let value = |i: usize| match i * 37 % 301 {
            0 => f64::NAN,
            1..60 => f64::NEG_INFINITY,
            other => (other % 7) as f64,
        };
        let x: Vec<f64> = (0..numel).map(value).collect();
        let (mut out, mut places) = (vec![0.0; count], vec![0; count]);
        max::max(geometry, &x, f64::NEG_INFINITY, &mut out, &mut places);
        let (best, at) = maxima(geometry, &x);
        assert_eq!(places, at, "{:?} {:?}", geometry.input, steady);
        assert!(out.iter().zip(&best).all(|(x, y)| x == y || x.is_nan() && y.is_nan()));
        let x = numbers(numel);
        average(geometry, Divisor::Padded, &x, &mut out);
        let mut expected = Vec::new();
        for plane in x.chunks_exact(geometry.plane()) {
            geometry.for_each_position(|_, spans| {
                let (mut sum, mut any) = (0.0, false);
                geometry.for_each_element(spans, |element| (sum, any) = (sum + plane[element], true));
                let taps = spans.iter().map(|span| span.padded).product::<usize>() as f64;
                expected.push(if any { sum / taps } else { 0.0 });
            });
        }
        assert!(out.iter().zip(&expected).all(|(x, y)| (x - y).abs() < 1e-12), "{:?}", geometry.input);
    }
    let adaptive = Geometry::adaptive(1, &[(64, 7), (64, 7)]);
    assert!(rows::suit_averages(&adaptive) && rows::suit_maxima(&adaptive, &max::Steady::of(&adaptive)));
    let small = Geometry::adaptive(1, &[(7, 3), (7, 3)]);
    assert!(!rows::suit_averages(&small) && !rows::suit_averages(&Geometry::adaptive(1, &[(64, 1), (64, 1)])));
    let sliding = sliding(40, 3, 1, 1);
    assert!(!rows::suit_maxima(&sliding, &max::Steady::of(&sliding)));
}

#[test]
fn put_is_the_transpose_of_take() {
    let places = [3i64, 0, 3, -1, 2, 2];
    let (x, g) = (numbers(8), numbers(6));
    let (mut taken, mut put) = (vec![0.0; 6], vec![0.0; 8]);
    take_at((4, 3), &x, &places, &mut taken);
    put_at((4, 3), &g, &places, &mut put);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    assert_eq!(dot(&taken, &g), dot(&x, &put));
    assert_eq!(taken, [x[3], x[0], x[3], 0.0, x[6], x[6]]);
}

#[test]
fn thread_counts_do_not_change_bits() {
    let windows = [Window { stride: 2, pad_before: 1, pad_after: 1, ..Window::new(31, 3) }; 2];
    let geometry = Geometry::sliding(40, &windows, false);
    let x: Vec<f32> = (0..40 * 31 * 31).map(|i| (i as f32).sin()).collect();
    let run = |threads| {
        with_threads(threads, || {
            let mut out = vec![0.0f32; 40 * geometry.positions()];
            average(&geometry, Divisor::Padded, &x, &mut out);
            let mut dx = vec![0.0f32; x.len()];
            average_gradient(&geometry, Divisor::Padded, &out, &mut dx);
            dx.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        })
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn windows_at_places_of_their_own_are_those_that_slide() {
    let windows = [Window::new(2, 1), Window::new(5, 2), Window::new(7, 3)];
    let (planes, plane) = (3, 70);
    let mut x: Vec<f32> = (0..planes * plane).map(|i| ((i * 37) % 101) as f32).collect();
    (x[20], x[90], x[91]) = (f32::NAN, f32::NEG_INFINITY, f32::INFINITY);
    let all = Geometry::sliding(planes, &windows, false);
    let [mut expected, mut got] = [(); 2].map(|()| vec![0.0; planes * all.positions()]);
    let [mut expected_at, mut got_at] = [(); 2].map(|()| vec![0; expected.len()]);
    max(&all, &x, f32::NEG_INFINITY, &mut expected, &mut expected_at);
    // Windows at every place: those of the second plane come in the opposite order along the last axis.
    let sizes = fractional::Sizes { input: all.input, kernel: [1, 2, 3], output: all.output() };
    let mut starts: Vec<usize> = Vec::new();
    for plane in 0..planes {
        for (axis, &count) in sizes.output.iter().enumerate() {
            let turned = plane == 1 && axis == 2;
            starts.extend((0..count).map(|at| if turned { count - 1 - at } else { at }));
        }
    }
    fractional::max_at(&sizes, &starts, &x, &mut got, &mut got_at);
    let row = sizes.output[2];
    for (at, (&value, &place)) in got.iter().zip(&got_at).enumerate() {
        let (line, column) = (at / row, at % row);
        let turned = line * row / all.positions() == 1;
        let from = line * row + if turned { row - 1 - column } else { column };
        assert!(value == expected[from] || value.is_nan() && expected[from].is_nan(), "{at}");
        assert_eq!(place, expected_at[from], "{at}");
    }
}
