//! Products with the same weights at every step.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::super::float::Real;
use super::super::gemm::weights::{Weights, worth_packing};
use super::super::gemm::{Start, gemm};
use super::steps::Steps;

/// Steps from which on weights are packed for all of them.
const MANY: usize = 6;

/// Weights `[n, k]`, packed where many steps multiply by them and are quicker so; results have the same bits either way.
pub(super) struct Weighted<'a, R> {
    weights: ArrayView2<'a, R>,
    packed: Option<Weights>,
}

impl<'a, R: Real> Weighted<'a, R> {
    /// For steps of up to `rows` sequences at once.
    pub(super) fn new(weights: ArrayView2<'a, R>, steps: &Steps, rows: usize) -> Self {
        let packs = steps.count() >= MANY && worth_packing::<R>(rows.min(steps.batch()), weights.dim());
        // Without the memory for it the weights are read as they are.
        let packed = if packs { Weights::new(weights).ok() } else { None };
        Weighted { weights, packed }
    }

    /// `out = start + x w^T`.
    pub(super) fn multiply(&self, x: ArrayView2<'_, R>, start: Start<'_, R>, out: ArrayViewMut2<'_, R>) {
        match &self.packed {
            Some(packed) if worth_packing::<R>(x.nrows(), self.weights.dim()) => {
                packed.multiply(x, self.weights, start, out);
            }
            _ => gemm(R::one(), x, self.weights.reversed_axes(), start, out),
        }
    }
}
