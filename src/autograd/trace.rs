//! A listener that sees every operation of a thread: graph capture and cost counts stand on it.

use super::{Op, Tensor};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// Something that wants to see operations as they run.
pub trait Tracer {
    /// Called after an operation; `inplace` if its first input was written.
    fn record(&self, op: &dyn Op, inputs: &[&Tensor], outputs: &[Tensor], inplace: bool);
}

thread_local! {
    static ON: Cell<bool> = const { Cell::new(false) };
    static TRACER: RefCell<Option<Arc<dyn Tracer>>> = const { RefCell::new(None) };
}

/// Sets the listener of this thread and returns the one before.
pub fn set_tracer(tracer: Option<Arc<dyn Tracer>>) -> Option<Arc<dyn Tracer>> {
    ON.set(tracer.is_some());
    TRACER.replace(tracer)
}

/// Whether there is a listener, which must see every change.
pub fn is_traced() -> bool {
    ON.get()
}

/// Tells the listener, if there is one. It is off while it listens, so that it may use tensors itself.
#[inline]
pub(super) fn record(op: &dyn Op, inputs: &[&Tensor], outputs: &[Tensor], inplace: bool) {
    if ON.get() {
        let tracer = TRACER.with_borrow(Option::clone);
        if let Some(tracer) = tracer {
            ON.set(false);
            tracer.record(op, inputs, outputs, inplace);
            ON.set(true);
        }
    }
}
