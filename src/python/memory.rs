//! The cache of memory blocks: statistics, and giving it back.

use crate::memory::{self, Level};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Gives all cached memory that no tensor uses back to the system.
///
/// Freed memory is kept for later operations, up to what was in use at most and a little more.
///
/// Example:
///     >>> rsnn.empty_cache()
#[pyfunction]
fn empty_cache(py: Python<'_>) {
    py.detach(memory::empty_cache);
}

/// Counts of memory blocks and their bytes, under the names that `torch.cuda.memory_stats` uses.
///
/// `allocation` and `allocated_bytes` count what tensors and kernels use, `segment` and `reserved_bytes` what was taken from the
/// system, used or cached; each `.all.current`, `.all.peak`, `.all.allocated` (in total) and `.all.freed` (in total).
/// `num_device_alloc` and `num_device_free` are the numbers of blocks asked from and given back to the system,
/// `num_alloc_retries` counts requests that the system refused at first, `num_ooms` those that failed.
///
/// Returns:
///     A dictionary from names to integers.
///
/// Example:
///     >>> before = rsnn.memory_stats()["allocated_bytes.all.current"]
///     >>> x = rsnn.zeros(1024, 1024)
///     >>> rsnn.memory_stats()["allocated_bytes.all.current"] - before
///     4194304
#[pyfunction]
fn memory_stats(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let stats = memory::stats();
    let dict = PyDict::new(py);
    let levels = [
        ("allocated_bytes", stats.allocated_bytes),
        ("allocation", stats.allocations),
        ("reserved_bytes", stats.reserved_bytes),
        ("segment", stats.segments),
    ];
    for (name, Level { current, peak, allocated, freed }) in levels {
        for (what, value) in [("current", current), ("peak", peak), ("allocated", allocated), ("freed", freed)] {
            dict.set_item(format!("{name}.all.{what}"), value)?;
        }
    }
    dict.set_item("num_alloc_retries", stats.retries)?;
    dict.set_item("num_device_alloc", stats.taken)?;
    dict.set_item("num_device_free", stats.returned)?;
    dict.set_item("num_ooms", stats.failures)?;
    Ok(dict)
}

/// Lets the peaks of `memory_stats` begin anew from what is in use now.
///
/// Example:
///     >>> rsnn.reset_peak_memory_stats()
#[pyfunction]
fn reset_peak_memory_stats() {
    memory::reset_peak_stats();
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(empty_cache, m)?)?;
    m.add_function(wrap_pyfunction!(memory_stats, m)?)?;
    m.add_function(wrap_pyfunction!(reset_peak_memory_stats, m)?)
}
