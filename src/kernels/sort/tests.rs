use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn sorts_as_a_stable_sort(x in prop::collection::vec(-5i64..5, 1..60), descending in any::<bool>()) {
        let mut expected: Vec<i64> = (0..x.len() as i64).collect();
        expected.sort_by_key(|&i| if descending { -x[i as usize] } else { x[i as usize] });
        let mut out = vec![0; x.len()];
        argsort(&x, x.len(), descending, &mut out);
        prop_assert_eq!(&out, &expected);
        let count = x.len().div_ceil(2);
        let mut best = vec![0; count];
        top(&x, x.len(), count, descending, &mut best);
        prop_assert_eq!(&best, &expected[..count]);
    }

    #[test]
    fn the_mode_is_the_most_frequent(x in prop::collection::vec(0i32..6, 1..40)) {
        let count = |v: i32| x.iter().filter(|&&y| y == v).count();
        let most = (0..6).map(count).max().unwrap();
        let value = (0..6).find(|&v| count(v) == most).unwrap();
        let mut out = [0];
        mode(&x, x.len(), &mut out);
        prop_assert_eq!(out[0] as usize, x.iter().rposition(|&y| y == value).unwrap());
    }
}

#[test]
fn nan_stands_above_everything() {
    let x = [1.0f32, f32::NAN, f32::INFINITY, -1.0];
    let mut out = [0; 4];
    argsort(&x, 4, false, &mut out);
    assert_eq!(out, [3, 0, 2, 1]);
    argsort(&x, 4, true, &mut out);
    assert_eq!(out, [1, 2, 0, 3]);
}

#[test]
fn medians_are_the_lower_ones() {
    assert_eq!(median_place(&[1.0f64, 2.0, 3.0, 4.0], false), 1);
    assert_eq!(median_place(&[1.0f64, f64::NAN, 3.0, 4.0], false), 3);
    assert_eq!(median_place(&[1.0f64, f64::NAN, 3.0, 4.0], true), 1);
    assert_eq!(median_place(&[f64::NAN], true), 0);
}

#[test]
fn the_few_best_are_those_of_the_sorted_row() {
    let mut seed = 1u64;
    for (rows, size) in [(3, 5), (2, 64), (4, 129), (2, 1000), (1, 4097)] {
        let x: Vec<f32> = (0..rows * size)
            .map(|_| {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                // Many equal ones, and some NaN.
                if seed >> 58 == 3 { f32::NAN } else { ((seed >> 33) % 101) as f32 - 50.0 }
            })
            .collect();
        for (count, largest) in [0, 1, 2, 5, 31, 32, 33].into_iter().flat_map(|count| [(count, true), (count, false)]) {
            let count = count.min(size);
            let (mut sorted, mut found) = (vec![0; rows * size], vec![0; rows * count]);
            argsort(&x, size, largest, &mut sorted);
            top(&x, size, count, largest, &mut found);
            for row in 0..rows {
                assert_eq!(found[row * count..][..count], sorted[row * size..][..count], "{size} {count} {largest}");
            }
        }
    }
}
