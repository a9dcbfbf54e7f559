//! Letting other Python threads run while kernels work.

use crate::error::Result;
use pyo3::prelude::*;

/// Elements below which the interpreter is not let go: giving it up and getting it back costs as much as the work.
const SMALL: usize = 2048;

/// Runs `f` without the interpreter, if it has enough to do: `size` is about the number of elements it touches.
#[inline]
pub fn without_gil<T: Send>(py: Python<'_>, size: usize, f: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    Ok(if size < SMALL { f() } else { py.detach(f) }?)
}
