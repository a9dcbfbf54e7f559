//! `grad_fn` and hook handles.

use crate::autograd::hooks::{GradList, HookTable, TensorHook};
use crate::autograd::{Node, Tensor};
use crate::error::Result;
use crate::python::error::foreign;
use crate::python::tensor::{Out, PyTensor};
use parking_lot::Mutex;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::sync::{Arc, OnceLock, Weak};

/// A step of the recorded graph, as `tensor.grad_fn` shows it.
#[pyclass(name = "Node", module = "rsnn.autograd.graph", subclass, frozen, weakref)]
pub struct PyNode {
    handle: Handle,
}

enum Handle {
    /// Of an object that stands for any step.
    Strong(Arc<Node>),
    /// Of a custom function's context, which its step owns: known once the function has run.
    Owner(OnceLock<Weak<Node>>),
}

impl PyNode {
    /// The Python object of a node: for a custom function its context.
    pub fn wrap(py: Python<'_>, node: Arc<Node>) -> PyResult<Bound<'_, PyNode>> {
        match super::function::context_of(py, &node) {
            Some(context) => Ok(context),
            None => Bound::new(py, PyNode { handle: Handle::Strong(node) }),
        }
    }

    /// The base of a context.
    pub fn owned() -> Self {
        PyNode { handle: Handle::Owner(OnceLock::new()) }
    }

    /// Tells a context its step.
    pub fn set_owner(&self, node: &Arc<Node>) {
        if let Handle::Owner(slot) = &self.handle {
            let _ = slot.set(Arc::downgrade(node));
        }
    }

    /// The step, unless this is a context whose function has not run or whose outputs are gone.
    pub fn inner(&self) -> Option<Arc<Node>> {
        match &self.handle {
            Handle::Strong(node) => Some(node.clone()),
            Handle::Owner(slot) => slot.get().and_then(Weak::upgrade),
        }
    }

    fn node(&self) -> PyResult<Arc<Node>> {
        self.inner().ok_or_else(|| {
            PyRuntimeError::new_err(
                "this context of an autograd.Function stands for no step of a graph: its forward has not returned, no \
                 input required a gradient, or its outputs are gone",
            )
        })
    }
}

#[pymethods]
impl PyNode {
    /// Its name: `AddBackward0`.
    fn name(&self) -> PyResult<String> {
        Ok(self.node()?.name().into_owned())
    }

    /// Pairs of the steps that its gradients go to and the output of theirs that is meant.
    #[getter]
    fn next_functions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let pairs = self
            .node()?
            .edges()
            .iter()
            .map(|edge| match edge {
                Some(edge) => Ok((Some(PyNode::wrap(py, edge.node.clone())?), edge.index)),
                None => Ok((None, 0)),
            })
            .collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, pairs)
    }

    /// The leaf whose `.grad` this step adds to.
    ///
    /// Raises:
    ///     AttributeError: for any other step.
    #[getter]
    fn variable(&self) -> PyResult<Out> {
        let node = self.node()?;
        node.leaf().map(Out).ok_or_else(|| {
            pyo3::exceptions::PyAttributeError::new_err(format!("'{}' object has no attribute 'variable'", node.name()))
        })
    }

    /// Calls `fn(grad_outputs)` before the step; a tuple that it returns replaces the gradients.
    fn register_prehook(&self, r#fn: Py<PyAny>) -> PyResult<PyHookHandle> {
        let table = self.node()?.with_hooks(|h| h.pre.clone());
        let held = Arc::new(r#fn);
        let hook = held.clone();
        let run = move |grads: &[Option<Tensor>]| {
            Python::attach(|py| {
                let hook = hook.bind(py);
                replaced(hook, hook.call1((tuple(py, grads)?,))?, grads)
            })
            .map_err(foreign)
        };
        let id = table.add_holding(Arc::new(run), held);
        Ok(PyHookHandle::of_table(&table, id))
    }

    /// Calls `fn(grad_inputs, grad_outputs)` after the step; a tuple that it returns replaces the input gradients.
    fn register_hook(&self, r#fn: Py<PyAny>) -> PyResult<PyHookHandle> {
        let table = self.node()?.with_hooks(|h| h.post.clone());
        let held = Arc::new(r#fn);
        let hook = held.clone();
        let run = move |inputs: &[Option<Tensor>], outputs: &[Option<Tensor>]| {
            Python::attach(|py| {
                let hook = hook.bind(py);
                replaced(hook, hook.call1((tuple(py, inputs)?, tuple(py, outputs)?))?, inputs)
            })
            .map_err(foreign)
        };
        let id = table.add_holding(Arc::new(run), held);
        Ok(PyHookHandle::of_table(&table, id))
    }

    fn __eq__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> bool {
        let Ok(other) = other.cast::<PyNode>() else { return false };
        match (slf.get().inner(), other.get().inner()) {
            (Some(a), Some(b)) => Arc::ptr_eq(&a, &b),
            _ => slf.is(other),
        }
    }

    fn __hash__(slf: &Bound<'_, Self>) -> isize {
        // The hash of a context must not change when it gets its step.
        match &slf.get().handle {
            Handle::Strong(node) => Arc::as_ptr(node) as isize >> 4,
            Handle::Owner(_) => slf.as_ptr() as isize >> 4,
        }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(match &slf.get().handle {
            Handle::Strong(node) => format!("<{} object at {:p}>", node.name(), Arc::as_ptr(node)),
            Handle::Owner(_) => format!("<{} object at {:p}>", slf.get_type().name()?, slf.as_ptr()),
        })
    }
}

/// Gradients as a tuple of tensors and `None`.
pub fn tuple<'py>(py: Python<'py>, grads: &[Option<crate::autograd::Tensor>]) -> PyResult<Bound<'py, PyTuple>> {
    let items = grads.iter().map(|g| g.clone().map(Out).into_pyobject(py)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, items)
}

/// The gradients that a hook puts in the place of those that it was given, if it does.
fn replaced(hook: &Bound<'_, PyAny>, result: Bound<'_, PyAny>, given: &[Option<Tensor>]) -> PyResult<Option<GradList>> {
    if result.is_none() {
        return Ok(None);
    }
    let result =
        if result.is_instance_of::<PyTensor>() { PyTuple::new(hook.py(), [result])?.into_any() } else { result };
    let wrong = |wanted: &str, given: &Bound<'_, PyAny>| match given.get_type().name() {
        Ok(class) => PyTypeError::new_err(format!("expected {wanted}, but hook returned '{class}'")),
        Err(error) => error,
    };
    let Ok(result) = result.cast::<PyTuple>() else { return Err(wrong("tuple", &result)) };
    let gradient = |(item, old): (Bound<'_, PyAny>, &Option<Tensor>)| match item.cast::<PyTensor>() {
        _ if item.is_none() => Ok(None),
        _ if old.is_none() => Err(PyRuntimeError::new_err("can't replace a None gradient with a non-None value")),
        Ok(tensor) => old.as_ref().map(|old| like(hook, old, tensor)).transpose(),
        Err(_) => Err(wrong("Variable", &item)),
    };
    let expected = given.len();
    if result.len() != expected {
        return Err(PyRuntimeError::new_err(format!(
            "hook '{}' has returned an incorrect number of values (got {}, but expected {expected})",
            name_of(hook)?,
            result.len()
        )));
    }
    result.iter().zip(given).map(gradient).collect::<PyResult<GradList>>().map(Some)
}

/// What a hook is called in messages.
fn name_of(hook: &Bound<'_, PyAny>) -> PyResult<String> {
    let name = hook.getattr_opt(intern!(hook.py(), "__name__"))?;
    Ok(name.and_then(|name| name.extract().ok()).unwrap_or_else(|| "<unknown>".to_owned()))
}

/// The gradient that a hook puts in the place of another one, of the same dtype and sizes.
fn like(hook: &Bound<'_, PyAny>, old: &Tensor, new: &Bound<'_, PyTensor>) -> PyResult<Tensor> {
    let py = hook.py();
    let tensor = &new.get().tensor;
    if tensor.dtype() != old.dtype() {
        let method = intern!(py, "type");
        let (was, got) = (Out(old.clone()).into_pyobject(py)?.call_method0(method)?, new.call_method0(method)?);
        let name = name_of(hook)?;
        return Err(PyRuntimeError::new_err(format!(
            "hook '{name}' has changed the type of value (was {was} got {got})"
        )));
    }
    if !tensor.has_shape_of(old) {
        let (name, was, got) = (name_of(hook)?, old.shape(), tensor.shape());
        return Err(PyRuntimeError::new_err(format!(
            "hook '{name}' has changed the size of value (was {:?} got {:?})",
            was.as_slice(),
            got.as_slice()
        )));
    }
    Ok(tensor.clone())
}

/// A Python callable as a hook on a gradient.
pub fn tensor_hook(hook: Arc<Py<PyAny>>) -> TensorHook {
    Arc::new(move |grad| -> Result<Option<crate::autograd::Tensor>> {
        Python::attach(|py| -> PyResult<_> {
            let result = hook.bind(py).call1((Out(grad.clone()),))?;
            if result.is_none() {
                return Ok(None);
            }
            match result.cast::<PyTensor>() {
                Ok(tensor) => like(hook.bind(py), grad, tensor).map(Some),
                Err(_) => Err(PyTypeError::new_err(format!(
                    "expected Variable, but hook returned '{}'",
                    result.get_type().name()?
                ))),
            }
        })
        .map_err(foreign)
    })
}

/// Takes a hook away again: by `remove()`, or at the end of a `with` block.
#[pyclass(name = "_HookHandle", module = "rsnn", frozen, weakref)]
pub struct PyHookHandle {
    remove: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    id: u64,
}

impl PyHookHandle {
    /// A handle of a callback in a table. It does not keep the table alive, which would keep the callbacks alive.
    pub fn of_table<H: Clone + Send + Sync + 'static>(table: &Arc<HookTable<H>>, id: u64) -> Self {
        let table = Arc::downgrade(table);
        let remove = move || {
            if let Some(table) = table.upgrade() {
                table.remove(id);
            }
        };
        PyHookHandle { remove: Mutex::new(Some(Box::new(remove))), id }
    }
}

#[pymethods]
impl PyHookHandle {
    /// Its number; hooks run in the order of their numbers.
    #[getter]
    fn id(&self) -> u64 {
        self.id
    }

    /// Takes the hook away. A second call does nothing.
    fn remove(&self) {
        let remove = self.remove.lock().take();
        if let Some(remove) = remove {
            remove();
        }
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    #[pyo3(signature = (*_args))]
    fn __exit__(&self, _args: &Bound<'_, PyTuple>) {
        self.remove();
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyNode>()?;
    m.add_class::<PyHookHandle>()
}
