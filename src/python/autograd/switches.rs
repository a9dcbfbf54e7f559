//! Anomaly detection, hooks on saving, and what hooks ask of the walk they run in.

use super::node::PyNode;
use crate::autograd::saved_hooks::{self, Packed};
use crate::autograd::{Op, Tensor, Tracer, anomaly, current_walk, set_tracer, will_run};
use crate::error::Result;
use crate::python::error::foreign;
use crate::python::tensor::{Out, PyTensor};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::sync::Arc;

/// Whether steps remember where they were made.
#[pyfunction]
fn is_anomaly_enabled() -> bool {
    anomaly::is_on()
}

/// Whether, besides, gradients that are not a number are errors.
#[pyfunction]
fn is_anomaly_check_nan_enabled() -> bool {
    anomaly::checks_nan()
}

/// Switches anomaly detection for all threads.
#[pyfunction]
fn _set_anomaly(mode: bool, check_nan: bool) {
    anomaly::set_witness(anomaly::Witness { place, report });
    anomaly::set(mode, check_nan);
}

/// The stack of the calling Python thread.
fn place() -> Option<String> {
    Python::attach(|py| -> PyResult<String> {
        let lines = py.import("traceback")?.call_method0("format_stack")?;
        lines.try_iter()?.map(|line| line?.extract::<String>()).collect()
    })
    .ok()
}

fn report(name: &str, made_at: Option<&str>) -> Result<()> {
    let text = match made_at {
        Some(stack) => {
            format!("Error detected in {name}. Traceback of forward call that caused the error:\n{stack}")
        }
        None => format!(
            "Error detected in {name}. No forward pass information available. Enable detect anomaly during forward pass for \
             more information."
        ),
    };
    Python::attach(|py| py.import("warnings")?.call_method1("warn", (text,)).map(drop)).map_err(foreign)
}

/// What the user's hook has made of a value, and how to get it back.
struct PythonPacked {
    value: Py<PyAny>,
    unpack: Arc<Py<PyAny>>,
}

fn tensor(what: &str, result: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    let tensor = result.cast::<PyTensor>().map_err(|_| {
        let name = result.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
        PyTypeError::new_err(format!(
            "Output of saved tensor {what} expected to be a Tensor but got result of type {name}"
        ))
    })?;
    Ok(tensor.get().tensor.clone())
}

impl Packed for PythonPacked {
    fn unpack(&self) -> Result<Tensor> {
        Python::attach(|py| tensor("unpack_hook", self.unpack.bind(py).call1((self.value.clone_ref(py),))?.as_any()))
            .map_err(foreign)
    }
}

/// From now on this thread keeps `pack(value)` for gradients, and a walk uses `unpack` of it.
#[pyfunction]
fn _push_saved_tensors_hooks(pack: Py<PyAny>, unpack: Py<PyAny>) -> PyResult<()> {
    let unpack = Arc::new(unpack);
    let pack = move |value: Tensor| -> Result<Box<dyn Packed>> {
        let packed = Python::attach(|py| pack.call1(py, (Out(value),))).map_err(foreign)?;
        Ok(Box::new(PythonPacked { value: packed, unpack: unpack.clone() }))
    };
    Ok(saved_hooks::push(Arc::new(pack))?)
}

/// From now on hooks on saving are an error with this message.
#[pyfunction]
fn _forbid_saved_tensors_hooks(message: &str) -> PyResult<()> {
    Ok(saved_hooks::forbid(message)?)
}

/// Ends the last pair of hooks, or their prohibition.
#[pyfunction]
fn _pop_saved_tensors_hooks() {
    saved_hooks::pop();
}

/// The number of the walk in which this hook runs, or `None` outside of any.
#[pyfunction]
fn _current_walk() -> Option<u64> {
    current_walk()
}

/// Whether the walk in which this hook runs reaches a step.
#[pyfunction]
fn _will_run(node: &Bound<'_, PyNode>) -> bool {
    node.get().inner().is_some_and(|node| will_run(&node).unwrap_or(false))
}

/// A Python function that sees every operation.
struct Watcher(Py<PyAny>);

impl Tracer for Watcher {
    fn record(&self, op: &dyn Op, _inputs: &[&Tensor], _outputs: &[Tensor], inplace: bool) {
        // What a test's own function raises has nowhere to go.
        let _ = Python::attach(|py| self.0.call1(py, (op.type_name(), op.name(), inplace)).map(drop));
    }
}

/// From now on `watcher(struct, name, inplace)` sees every operation of this thread; `None` ends that. For tests.
#[pyfunction]
fn _watch_operations(watcher: Option<Py<PyAny>>) {
    set_tracer(watcher.map(|watcher| -> Arc<dyn Tracer> { Arc::new(Watcher(watcher)) }));
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(is_anomaly_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(is_anomaly_check_nan_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(_set_anomaly, m)?)?;
    m.add_function(wrap_pyfunction!(_push_saved_tensors_hooks, m)?)?;
    m.add_function(wrap_pyfunction!(_forbid_saved_tensors_hooks, m)?)?;
    m.add_function(wrap_pyfunction!(_pop_saved_tensors_hooks, m)?)?;
    m.add_function(wrap_pyfunction!(_current_walk, m)?)?;
    m.add_function(wrap_pyfunction!(_will_run, m)?)?;
    m.add_function(wrap_pyfunction!(_watch_operations, m)?)
}
