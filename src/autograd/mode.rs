//! Whether operations of this thread are recorded.

use std::cell::Cell;

thread_local! {
    static GRAD: Cell<bool> = const { Cell::new(true) };
    static INFERENCE: Cell<bool> = const { Cell::new(false) };
}

/// Whether operations on tensors that require gradients are recorded on this thread.
#[inline]
pub fn grad_enabled() -> bool {
    GRAD.get()
}

/// Switches recording on this thread and tells how it was.
pub fn set_grad_enabled(on: bool) -> bool {
    GRAD.replace(on)
}

/// Whether this thread makes inference tensors, which can never take part in a graph.
#[inline]
pub fn inference_enabled() -> bool {
    INFERENCE.get()
}

/// Switches inference mode on this thread and tells how it was.
pub fn set_inference_enabled(on: bool) -> bool {
    INFERENCE.replace(on)
}

/// Sets grad mode for a scope.
pub struct GradModeGuard(bool);

impl GradModeGuard {
    /// Until the guard is dropped.
    pub fn new(on: bool) -> Self {
        GradModeGuard(set_grad_enabled(on))
    }
}

impl Drop for GradModeGuard {
    fn drop(&mut self) {
        set_grad_enabled(self.0);
    }
}

/// Sets inference mode for a scope, and grad mode to its opposite.
pub struct InferenceGuard {
    inference: bool,
    _grad: GradModeGuard,
}

impl InferenceGuard {
    /// Until the guard is dropped.
    pub fn new(on: bool) -> Self {
        InferenceGuard { inference: set_inference_enabled(on), _grad: GradModeGuard::new(!on) }
    }
}

impl Drop for InferenceGuard {
    fn drop(&mut self) {
        set_inference_enabled(self.inference);
    }
}
