//! Sums of rows of a table, bag by bag: a product with a sparse matrix, and the two maps that go with it.

use super::float::Real;
use super::parallel;

/// Entries of the sparse matrix, sorted by bag: which bag gets which row times which factor.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// Where each bag's entries begin, and where the last ones end.
    pub starts: Vec<usize>,
    /// The row of each entry; `None` for one that does not count.
    pub rows: Vec<Option<usize>>,
    /// The factor of each entry.
    pub factors: Vec<f64>,
}

impl Entries {
    /// The number of bags.
    pub fn bags(&self) -> usize {
        self.starts.len() - 1
    }

    /// The entries of a bag that count: place, row and factor.
    fn of_bag<R: Real>(&self, bag: usize) -> impl Iterator<Item = (usize, usize, R)> + '_ {
        (self.starts[bag]..self.starts[bag + 1])
            .filter_map(move |at| self.rows[at].map(|row| (at, row, R::from_f64(self.factors[at]))))
    }
}

/// `out[b] = sum_i factor_i p_i x[row_i]` over the entries of each bag; rows are `width` long.
pub fn combine<R: Real>(entries: &Entries, width: usize, (x, p): (&[R], &[R]), out: &mut [R]) {
    let cost = 1 + entries.rows.len() / entries.bags().max(1);
    parallel::for_each_chunk_mut(out, width, cost, |bag, out| {
        out.fill(R::zero());
        for (at, row, factor) in entries.of_bag::<R>(bag) {
            add_scaled(factor * p[at], &x[row * width..][..width], out);
        }
    });
}

/// `out[row_i] += factor_i p_i g[bag_i]`; `out` starts as zeros.
pub fn spread<R: Real>(entries: &Entries, width: usize, (g, p): (&[R], &[R]), out: &mut [R]) {
    for bag in 0..entries.bags() {
        for (at, row, factor) in entries.of_bag::<R>(bag) {
            add_scaled(factor * p[at], &g[bag * width..][..width], &mut out[row * width..][..width]);
        }
    }
}

/// `out_i = factor_i g[bag_i] x[row_i]`, the product of two rows; zero for entries that do not count.
pub fn pair<R: Real>(entries: &Entries, width: usize, (g, x): (&[R], &[R]), out: &mut [R]) {
    out.fill(R::zero());
    for bag in 0..entries.bags() {
        for (at, row, factor) in entries.of_bag::<R>(bag) {
            let products = g[bag * width..][..width].iter().zip(&x[row * width..][..width]);
            out[at] = factor * products.fold(R::zero(), |sum, (&a, &b)| sum + a * b);
        }
    }
}

crate::vectorize! {
    /// `y += a x`.
    fn add_scaled[S; R: Real](simd: S, a: R, x: &[R], y: &mut [R]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y += a * x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_maps_of_one_form() {
        let entries = Entries {
            starts: vec![0, 2, 2, 4],
            rows: vec![Some(1), Some(0), None, Some(1)],
            factors: vec![1.0, 0.5, 9.0, 2.0],
        };
        let (x, p, g) = ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], [1.0, -1.0, 7.0, 7.0, 0.5, 2.0]);
        let (mut y, mut dx, mut dp) = ([9.0f64; 6], [0.0; 4], [9.0; 4]);
        combine(&entries, 2, (&x, &p), &mut y);
        assert_eq!(y, [4.0, 6.0, 0.0, 0.0, 24.0, 32.0]);
        spread(&entries, 2, (&g, &p), &mut dx);
        pair(&entries, 2, (&g, &x), &mut dp);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        assert_eq!(dot(&y, &g), dot(&dx, &x));
        assert_eq!(dot(&y, &g), dot(&dp, &p));
    }
}
