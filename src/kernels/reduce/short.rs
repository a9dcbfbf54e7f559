//! Short rows of singles or doubles by registers: each row to the lanes of one, and the lanes of many rows at once to numbers.

use super::Reducer;
use crate::kernels::float::Real;
use crate::kernels::lanes::{Vector, join_rows, sum_rows};
use std::any::Any;

/// What some reducers do with numbers, by the processor's own instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Adds.
    Sum,
    /// Keeps the largest; NaN if there is one.
    Largest,
    /// Keeps the smallest; NaN if there is one.
    Smallest,
}

/// Elements of the longest rows: longer ones have lanes enough to hide the latency of a step, and are no better off together.
pub(super) const LONGEST: usize = 255;

/// Joins rows, each this far from the one before, of so many neighbours; as many as there are results. To be
/// called where all these elements are valid.
pub(super) type Short<T, A> = fn(*const T, usize, usize, &mut [A]);

/// Rows that are joined in one call.
pub(super) const TOGETHER: usize = 128;

/// How to join rows of this length, if this is the way to go.
pub(super) fn by_registers<T: 'static, B: Reducer<T>>(len: usize) -> Option<Short<T, B::Acc>> {
    let join = B::JOIN.filter(|_| len <= LONGEST)?;
    function::<f32, T, B::Acc>(join).or_else(|| function::<f64, T, B::Acc>(join))
}

/// The function for numbers of type `R`, if `T` and `A` are that.
fn function<R: Real, T: 'static, A: 'static>(join: Join) -> Option<Short<T, A>> {
    let function: Short<R, R> = match join {
        Join::Sum => sums::<R>,
        Join::Largest => largest::<R>,
        Join::Smallest => smallest::<R>,
    };
    (&function as &dyn Any).downcast_ref::<Short<T, A>>().copied()
}

crate::vectorize! {
    fn sums[S; R: Real](simd: S, x: *const R, stride: usize, len: usize, out: &mut [R]) {
        // SAFETY: by the caller's word.
        unsafe { sum_rows::<R, R::Vector<S>>(x, (stride, len), out) };
    }
    fn largest[S; R: Real](simd: S, x: *const R, stride: usize, len: usize, out: &mut [R]) {
        let join = |a: R::Vector<S>, b: R::Vector<S>| a.or_nan(a.max(b));
        // No sign of a zero is lost by a subtraction of 0.
        let fill = |rest: R::Vector<S>, end| rest.sub(end);
        // SAFETY: by the caller's word.
        unsafe { join_rows::<R, R::Vector<S>>(x, (stride, len), R::neg_infinity(), join, fill, out) };
    }
    fn smallest[S; R: Real](simd: S, x: *const R, stride: usize, len: usize, out: &mut [R]) {
        let join = |a: R::Vector<S>, b: R::Vector<S>| a.or_nan(a.min(b));
        let fill = |rest: R::Vector<S>, end| rest.sub(<R::Vector<S> as Vector<R>>::splat(R::zero()).sub(end));
        // SAFETY: by the caller's word.
        unsafe { join_rows::<R, R::Vector<S>>(x, (stride, len), R::infinity(), join, fill, out) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::By;
    use super::super::reducers::{Extreme, ExtremePlace, Sum};
    use super::*;

    #[test]
    fn short_rows_of_reals_go_this_way() {
        assert!(by_registers::<f32, Sum>(LONGEST).is_some() && by_registers::<f64, Extreme<true>>(1).is_some());
        assert!(by_registers::<f32, Sum>(LONGEST + 1).is_none() && by_registers::<i32, Extreme<false>>(9).is_none());
        assert!(by_registers::<half::f16, Sum>(9).is_none() && by_registers::<f32, ExtremePlace<true>>(9).is_none());
        fn way<B: Reducer<f32, Acc = f32>>(_: &B) -> bool {
            by_registers::<f32, B>(9).is_some()
        }
        let product = |a: f32, b: f32| a * b;
        assert!(!way(&By { identity: 1.0f32, step: product, merge: product }));
    }

    fn extremes_keep_signs_and_infinities<R: Real>() {
        let (zero, infinity) = (R::zero(), R::infinity());
        for (rows, len) in [(1, 1), (16, 3), (17, 16), (40, 37), (5, 200)] {
            for value in [-zero, zero, infinity, -infinity] {
                let x = vec![value; rows * len];
                for join in [Join::Largest, Join::Smallest, Join::Sum] {
                    let mut out = vec![R::nan(); rows];
                    function::<R, R, R>(join).expect("one type")(x.as_ptr(), len, len, &mut out);
                    let same =
                        |y: R| y == value && (join == Join::Sum || y.is_sign_negative() == value.is_sign_negative());
                    assert!(out.iter().all(|&y| same(y)), "{join:?} of {value:?}: {out:?}");
                }
            }
        }
    }

    #[test]
    fn extremes_of_one_value_are_that_value() {
        extremes_keep_signs_and_infinities::<f32>();
        extremes_keep_signs_and_infinities::<f64>();
    }
}
