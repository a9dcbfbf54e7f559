//! Anomaly detection: while it is on, each step remembers where it was made, so that an error in its gradient can say so,
//! and gradients that are not a number are errors.

use super::node::Node;
use super::{Grads, Tensor};
use crate::array::DType;
use crate::dispatch_float;
use crate::error::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

static ON: AtomicBool = AtomicBool::new(false);
static CHECK_NAN: AtomicBool = AtomicBool::new(true);
static WITNESS: OnceLock<Witness> = OnceLock::new();

/// What the bindings know of the program that calls.
pub struct Witness {
    /// Where the calling thread is.
    pub place: fn() -> Option<String>,
    /// Tells the user of an error in the gradient of a step (its name) that was made at some place.
    pub report: fn(&str, Option<&str>) -> Result<()>,
}

/// Whether steps remember where they were made, and gradients are examined.
#[inline]
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Whether gradients that are not a number are errors while detection is on.
pub fn checks_nan() -> bool {
    CHECK_NAN.load(Ordering::Relaxed)
}

/// Switches detection for all threads.
pub fn set(on: bool, check_nan: bool) {
    ON.store(on, Ordering::Relaxed);
    CHECK_NAN.store(check_nan, Ordering::Relaxed);
}

/// Tells whom to ask; the first call counts.
pub fn set_witness(witness: Witness) {
    let _ = WITNESS.set(witness);
}

/// Notes in a new step where it was made.
pub(super) fn remember(node: &Node) {
    if let Some(place) = WITNESS.get().and_then(|witness| (witness.place)()) {
        node.with_hooks(|hooks| hooks.made_at = Some(place.into()));
    }
}

/// The gradients of a step; an error with word of where the step was made, if they could not be computed or are no numbers.
pub(super) fn examined(node: &Arc<Node>, results: Result<Grads>) -> Result<Grads> {
    let results = results.and_then(|grads| {
        let bad = if checks_nan() { first_nan(&grads)? } else { None };
        match bad {
            Some(i) => crate::bail!(Runtime, "Function '{}' returned nan values in its {i}th output.", node.name()),
            None => Ok(grads),
        }
    });
    if results.is_err()
        && let Some(witness) = WITNESS.get()
    {
        let place = node.if_hooks(|hooks| hooks.made_at.clone()).flatten();
        (witness.report)(&node.name(), place.as_deref())?;
    }
    results
}

fn first_nan(grads: &Grads) -> Result<Option<usize>> {
    for (i, grad) in grads.iter().enumerate() {
        if let Some(grad) = grad
            && has_nan(grad)?
        {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

fn has_nan(grad: &Tensor) -> Result<bool> {
    let wide = if grad.dtype() == DType::F64 { DType::F64 } else { DType::F32 };
    let values = grad.array().to_dtype(wide)?.contiguous()?;
    Ok(dispatch_float!(wide, T => values.slice::<T>().iter().any(|x| x.is_nan()), else false))
}
