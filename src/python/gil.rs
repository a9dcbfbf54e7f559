//! Letting other Python threads run while kernels work.

use crate::error::{Error, Result};
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Elements below which the interpreter is not let go: giving it up and getting it back costs as much as the work.
const SMALL: usize = 2048;

/// Runs `f` without the interpreter, if it has enough to do: `size` is about the number of elements it touches.
#[inline]
pub fn without_gil<T: Send>(py: Python<'_>, size: usize, f: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    Ok(if size < SMALL { guarded(f) } else { py.detach(|| guarded(f)) }?)
}

/// What `f` returns. A panic comes out as an error: kernels, which return no errors, throw that they were refused memory, and
/// a mistake in rsnn should end a call and not a program that catches `Exception`.
pub fn guarded<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| {
        let payload = match payload.downcast::<Error>() {
            Ok(error) => return Err(*error),
            Err(payload) => payload,
        };
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        Err(crate::error!(Runtime, "internal error of rsnn, please report it: {text}"))
    })
}
