//! How kernels run: on how many threads, by which instructions, how exactly.

use crate::kernels::{amx, isa, parallel};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// The number of threads that an operation may use, the calling one included.
///
/// Example:
///     >>> rsnn.get_num_threads() >= 1
///     True
#[pyfunction]
fn get_num_threads() -> usize {
    parallel::num_threads()
}

/// Sets the number of threads that operations use from now on. Results do not depend on it.
///
/// Args:
///     num: at least one.
///
/// Raises:
///     RuntimeError: if `num` is not positive.
///
/// Example:
///     >>> n = rsnn.get_num_threads()
///     >>> rsnn.set_num_threads(1)
///     >>> rsnn.set_num_threads(n)
#[pyfunction]
fn set_num_threads(num: i64) -> PyResult<()> {
    let count = usize::try_from(num).ok().filter(|&count| count > 0);
    let count = count
        .ok_or_else(|| PyRuntimeError::new_err(format!("set_num_threads: expected a positive integer, got {num}")))?;
    parallel::set_num_threads(count);
    Ok(())
}

/// Permits products of `float32` with fewer bits: 0 for none, 1 for 16 bits, 2 for 8 bits.
#[pyfunction]
fn _set_matmul_precision(level: u8) {
    amx::set_precision(level);
}

/// The instruction set that kernels use, by the name that `RSNN_ISA` knows.
#[pyfunction]
fn _instruction_set() -> &'static str {
    isa::isa().name()
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(get_num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(set_num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(_set_matmul_precision, m)?)?;
    m.add_function(wrap_pyfunction!(_instruction_set, m)?)
}
