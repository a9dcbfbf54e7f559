//! Reducers that need more than two functions: extrema and their places, moments, sums of exponentials.

use super::lanes::in_lanes;
use super::{By, Join, Reducer};
use crate::kernels::exp::Exp;
use crate::kernels::float::{Floating, Real};
use crate::kernels::order::Ordered;

/// The sum, in the type of the arithmetic.
pub struct Sum;

impl<T: Floating> Reducer<T> for Sum {
    type Acc = T::Acc;
    const SIDE_BY_SIDE: bool = true;
    const JOIN: Option<Join> = Some(Join::Sum);
    #[inline(always)]
    fn identity(&self, _: usize) -> T::Acc {
        num_traits::Zero::zero()
    }
    #[inline(always)]
    fn step(&self, acc: T::Acc, x: T, _: usize) -> T::Acc {
        acc + x.to_acc()
    }
    #[inline(always)]
    fn merge(&self, a: T::Acc, b: T::Acc) -> T::Acc {
        a + b
    }
}

/// Whether `x` comes before `y` in the search for the largest (or smallest) element: NaN before everything. In these words
/// it is two comparisons.
#[inline(always)]
fn beats<T: Ordered>(largest: bool, x: T, y: T) -> bool {
    let within = if largest { y.reaches(x) } else { x.reaches(y) };
    !within & !y.is_nan()
}

/// What every element beats or equals.
#[inline(always)]
fn worst<T: Ordered>(largest: bool) -> T {
    if largest { T::LOWEST } else { T::HIGHEST }
}

/// The better of two; the first if one is NaN.
#[inline(always)]
fn better<T: Ordered, const LARGEST: bool>(acc: T, x: T) -> T {
    let better = if LARGEST { x.above(acc) } else { acc.above(x) };
    if better { x } else { acc }
}

/// The largest or smallest element; NaN if there is one.
pub struct Extreme<const LARGEST: bool>;

impl<T: Ordered, const LARGEST: bool> Reducer<T> for Extreme<LARGEST> {
    type Acc = T;
    const SIDE_BY_SIDE: bool = true;
    const JOIN: Option<Join> = Some(if LARGEST { Join::Largest } else { Join::Smallest });
    #[inline(always)]
    fn identity(&self, _: usize) -> T {
        worst(LARGEST)
    }
    #[inline(always)]
    fn step(&self, acc: T, x: T, _: usize) -> T {
        if beats(LARGEST, x, acc) { x } else { acc }
    }
    /// One comparison finds NaN in two, and what then need not care for NaN is the processor's own maximum.
    #[inline(always)]
    fn step_pair(&self, acc: T, [x, y]: [T; 2], _: [usize; 2]) -> T {
        let best = better::<T, LARGEST>(better::<T, LARGEST>(acc, x), y);
        if x.is_nan() | y.is_nan() { T::NAN } else { best }
    }
    #[inline(always)]
    fn merge(&self, a: T, b: T) -> T {
        let best = better::<T, LARGEST>(a, b);
        if a.is_nan() | b.is_nan() { T::NAN } else { best }
    }
}

/// The largest or smallest element and its index: the first of equals, and the first NaN if there is one.
pub struct ExtremePlace<const LARGEST: bool>;

/// The index of no element.
const NONE: usize = usize::MAX;

impl<T: Ordered, const LARGEST: bool> Reducer<T> for ExtremePlace<LARGEST> {
    type Acc = (T, usize);
    const IN_ORDER: bool = true;
    #[inline(always)]
    fn identity(&self, _: usize) -> (T, usize) {
        (worst(LARGEST), NONE)
    }
    #[inline(always)]
    fn step(&self, acc: (T, usize), x: T, index: usize) -> (T, usize) {
        // Indices grow within an accumulator, so that the first of equals stays.
        if beats(LARGEST, x, acc.0) | (acc.1 == NONE) { (x, index) } else { acc }
    }
    #[inline(always)]
    fn merge(&self, a: (T, usize), b: (T, usize)) -> (T, usize) {
        let second = beats(LARGEST, b.0, a.0) | (!beats(LARGEST, a.0, b.0) & (b.1 < a.1));
        if second & (b.1 != NONE) { b } else { a }
    }
    /// The extreme alone first, which goes by registers; then its first place.
    #[inline(always)]
    fn run(&self, x: &[T], identity: (T, usize), index: usize) -> (T, usize) {
        if x.is_empty() {
            return identity;
        }
        // The best number first, and then a look for NaN among what is in the cache by now: two simple loops.
        let better = better::<T, LARGEST>;
        let by = By { identity: worst::<T>(LARGEST), step: better, merge: better };
        let best = in_lanes(x, &by, by.identity, index);
        let nan = x.iter().fold(false, |found, &x| found | x.is_nan());
        let extreme = if nan { x.iter().copied().find(|x| x.is_nan()).unwrap_or(best) } else { best };
        let is_it = |x: T| !beats(LARGEST, extreme, x);
        const BLOCK: usize = 64;
        for (block, values) in x.chunks(BLOCK).enumerate() {
            if values.iter().fold(false, |found, &x| found | is_it(x)) {
                let place = values.iter().position(|&x| is_it(x)).unwrap_or(0);
                return (values[place], index + block * BLOCK + place);
            }
        }
        (extreme, index)
    }
}

/// Sums of the deviations from a mean and of their squares. The first corrects the second for the mean's rounding.
pub struct Deviations<'a, A> {
    /// The mean of each output.
    pub means: &'a [A],
}

/// What [`Deviations`] carries along.
#[derive(Clone, Copy)]
pub struct Deviation<A> {
    mean: A,
    sum: A,
    squares: A,
}

impl<A: Real> Deviation<A> {
    /// The sum of squared deviations from the exact mean of `count` elements.
    pub fn squares(self, count: usize) -> A {
        let corrected = self.squares - self.sum * self.sum / A::from_usize(count.max(1));
        // `max` would hide a NaN.
        if corrected < A::zero() { A::zero() } else { corrected }
    }
}

impl<T: Floating> Reducer<T> for Deviations<'_, T::Acc> {
    type Acc = Deviation<T::Acc>;
    #[inline(always)]
    fn identity(&self, output: usize) -> Self::Acc {
        let zero = num_traits::Zero::zero();
        Deviation { mean: self.means[output], sum: zero, squares: zero }
    }
    #[inline(always)]
    fn step(&self, acc: Self::Acc, x: T, _: usize) -> Self::Acc {
        let d = x.to_acc() - acc.mean;
        Deviation { mean: acc.mean, sum: acc.sum + d, squares: acc.squares + d * d }
    }
    #[inline(always)]
    fn merge(&self, a: Self::Acc, b: Self::Acc) -> Self::Acc {
        Deviation { mean: a.mean, sum: a.sum + b.sum, squares: a.squares + b.squares }
    }
}

/// The sum of `exp(x - top)` over each output's own `top`.
pub struct Exponentials<'a, A> {
    /// The largest element of each output, or zero where that is infinite.
    pub tops: &'a [A],
}

/// What [`Exponentials`] carries along: the top and the sum.
pub type TopAndSum<A> = (A, A);

impl<T: Floating> Reducer<T> for Exponentials<'_, T::Acc> {
    type Acc = TopAndSum<T::Acc>;
    #[inline(always)]
    fn identity(&self, output: usize) -> Self::Acc {
        (self.tops[output], num_traits::Zero::zero())
    }
    #[inline(always)]
    fn step(&self, (top, sum): Self::Acc, x: T, _: usize) -> Self::Acc {
        (top, sum + (x.to_acc() - top).exp_inline())
    }
    #[inline(always)]
    fn merge(&self, a: Self::Acc, b: Self::Acc) -> Self::Acc {
        (a.0, a.1 + b.1)
    }
    /// The sum alone, with the top of all.
    #[inline(always)]
    fn run(&self, x: &[T], (top, zero): Self::Acc, index: usize) -> Self::Acc
    where
        T: Copy,
    {
        let step = |sum: T::Acc, x: T| sum + (x.to_acc() - top).exp_inline();
        (top, in_lanes(x, &By { identity: zero, step, merge: |a: T::Acc, b: T::Acc| a + b }, zero, index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold<T: Copy, B: Reducer<T>>(by: &B, x: &[T]) -> B::Acc {
        x.iter().enumerate().fold(by.identity(0), |acc, (i, &x)| by.step(acc, x, i))
    }

    #[test]
    fn the_first_of_equals_wins() {
        let by = ExtremePlace::<true>;
        assert_eq!(fold(&by, &[1, 3, 3]), (3, 1));
        assert_eq!(fold(&by, &[f32::NEG_INFINITY; 2]).1, 0);
        assert_eq!(fold(&by, &[1.0, f32::NAN, 9.0, f32::NAN]).1, 1);
        assert_eq!(by.merge((3, 4), (3, 1)), (3, 1));
        assert_eq!(by.merge(by.identity(0), (i32::MIN, 7)), (i32::MIN, 7));
        assert_eq!(by.merge((i32::MIN, 7), by.identity(0)), (i32::MIN, 7));
    }

    #[test]
    fn deviations_survive_a_rounded_mean() {
        let by = Deviations { means: &[1e4f32] };
        let acc = fold(&by, &[1e4f32 + 1.0, 1e4 + 2.0, 1e4 + 3.0]);
        assert_eq!(acc.squares(3), 2.0);
    }
}
