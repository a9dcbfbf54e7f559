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
