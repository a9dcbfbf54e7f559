//! Steps of optimizers: one pass over a parameter, its gradient and what the optimizer remembers of it.
//!
//! Each number comes out as it does in PyTorch, where `a + alpha * b` is one rounding wherever the processor has it so.

use super::float::Real;

/// Constants of a step of stochastic gradient descent.
#[derive(Clone, Copy, Debug)]
pub struct Sgd<R> {
    /// Minus the learning rate.
    pub step: R,
    /// The share of the last direction that is kept.
    pub momentum: R,
    /// The share of the gradient in the direction.
    pub undamped: R,
    /// L2 penalty.
    pub weight_decay: R,
    /// Whether the step looks ahead along the direction.
    pub nesterov: bool,
    /// Whether it climbs.
    pub maximize: bool,
    /// Whether there is no direction yet: the gradient becomes it.
    pub first: bool,
}

/// Constants of a step of Adam.
#[derive(Clone, Copy, Debug)]
pub struct Adam<R> {
    /// Minus the learning rate over the correction of the first average.
    pub step: R,
    /// The square root of the correction of the second average.
    pub correction: R,
    /// The weight of the gradient in the first average.
    pub weight: R,
    /// One minus that.
    pub rest: R,
    /// What is kept of the second average.
    pub beta2: R,
    /// The weight of the squared gradient in it.
    pub square_weight: R,
    /// Keeps the denominator from zero.
    pub eps: R,
    /// L2 penalty, added to the gradient.
    pub penalty: R,
    /// What parameters are multiplied by first.
    pub decay: R,
    /// Whether it climbs.
    pub maximize: bool,
}

crate::vectorize! {
    /// Moves a parameter. `direction` is empty without momentum.
    pub fn sgd[S; R: Real](simd: S, by: Sgd<R>, param: &mut [R], grad: &[R], direction: &mut [R]) {
        let sign = if by.maximize { -R::one() } else { R::one() };
        let decays = by.weight_decay != R::zero();
        let gradient = |g: R, p: R| {
            let g = g * sign;
            if decays { simd.mul_add(p, by.weight_decay, g) } else { g }
        };
        if direction.is_empty() {
            for (p, &g) in param.iter_mut().zip(grad) {
                *p = simd.mul_add(gradient(g, *p), by.step, *p);
            }
            return;
        }
        for ((p, &g), b) in param.iter_mut().zip(grad).zip(direction) {
            let g = gradient(g, *p);
            *b = if by.first { g } else { simd.mul_add(g, by.undamped, *b * by.momentum) };
            let way = if by.nesterov { simd.mul_add(*b, by.momentum, g) } else { *b };
            *p = simd.mul_add(way, by.step, *p);
        }
    }

    /// Moves a parameter and both averages. `largest` holds the largest second averages so far, or is empty.
    pub fn adam[S; R: Real](simd: S, by: Adam<R>, param: &mut [R], grad: &[R], mean: &mut [R], square: &mut [R], largest: &mut [R]) {
        let sign = if by.maximize { -R::one() } else { R::one() };
        let near = by.weight < R::from_f64(0.5);
        let mut move_one = |p: &mut R, g: R, m: &mut R, v: &mut R, top: Option<&mut R>| {
            let g = g * sign;
            if by.decay != R::one() {
                *p *= by.decay;
            }
            let g = if by.penalty != R::zero() { simd.mul_add(*p, by.penalty, g) } else { g };
            // A point between the average and the gradient, computed from the nearer end.
            *m = if near { simd.mul_add(by.weight, g - *m, *m) } else { simd.mul_add(-(g - *m), by.rest, g) };
            *v = simd.mul_add(by.square_weight * g, g, *v * by.beta2);
            let v = match top {
                Some(top) => {
                    // As a maximum that lets nan through.
                    *top = if *v > *top || v.is_nan() { *v } else { *top };
                    *top
                }
                None => *v,
            };
            *p += (by.step * *m) / (v.sqrt() / by.correction + by.eps);
        };
        let numbers = param.iter_mut().zip(grad).zip(mean).zip(square);
        if largest.is_empty() {
            numbers.for_each(|(((p, &g), m), v)| move_one(p, g, m, v, None));
        } else {
            numbers.zip(largest).for_each(|((((p, &g), m), v), top)| move_one(p, g, m, v, Some(top)));
        }
    }
}
