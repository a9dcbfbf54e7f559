//! The native half of `autograd.Function`: the context, which is the step's Python object, and the step itself, whose
//! gradient is Python code. The Python half is `rsnn/autograd/function.py`.

use super::node::{PyNode, tuple};
use crate::array::Array;
use crate::autograd::{GradFn, Grads, Marks, Node, SavedValues, Tensor, attach, plain};
use crate::error::Result;
use crate::python::error::foreign;
use crate::python::tensor::{Out, PyTensor};
use parking_lot::Mutex;
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use smallvec::SmallVec;
use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A step of the graph whose gradient is a context's `_run_backward`.
struct PythonFunction {
    name: String,
    context: Py<PyContext>,
    /// Which outputs are tensors; the others never get a gradient.
    tensors: SmallVec<[bool; 4]>,
}

impl GradFn for PythonFunction {
    fn name(&self) -> Cow<'static, str> {
        self.name.clone().into()
    }

    fn backward(&self, node: &Arc<Node>, mut grads: Grads) -> Result<Grads> {
        if self.context.get().materialize.load(Ordering::Relaxed) {
            for (index, meta) in node.outputs().iter().enumerate() {
                if grads[index].is_none() && self.tensors[index] {
                    grads[index] = Some(Tensor::new(Array::zeros(&meta.shape, meta.dtype)?));
                }
            }
        }
        Python::attach(|py| -> PyResult<Grads> {
            let result = self.context.bind(py).call_method1("_run_backward", (tuple(py, &grads)?,))?;
            result
                .try_iter()?
                .map(|item| Ok(item?.extract::<Option<Bound<'_, PyTensor>>>()?.map(|t| t.get().tensor.clone())))
                .collect()
        })
        .map_err(foreign)
    }

    fn release(&self) {
        let mut state = self.context.get().state.lock();
        let saved = match &*state {
            // A graph that saved nothing may be walked again.
            State::Done(Some(saved)) if !saved.is_empty() => std::mem::replace(&mut *state, State::Done(None)),
            _ => return,
        };
        drop(state);
        drop(saved);
    }

    fn held(&self) -> Option<&(dyn Any + Send + Sync)> {
        Some(self.context.as_any())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

/// The context of a node that is a custom function's.
pub fn context_of<'py>(py: Python<'py>, node: &Arc<Node>) -> Option<Bound<'py, PyNode>> {
    let function = node.function().as_any()?.downcast_ref::<PythonFunction>()?;
    Some(function.context.bind(py).as_super().clone())
}

/// What `forward` and `backward` of an `autograd.Function` share: saved tensors, marks, and any attribute they set.
#[pyclass(name = "_FunctionContext", module = "rsnn._C", extends = PyNode, subclass, frozen)]
pub struct PyContext {
    state: Mutex<State>,
    materialize: AtomicBool,
}

enum State {
    /// `forward` is under way.
    Forward(Marks),
    /// It has returned; the values that it saved, until they are freed.
    Done(Option<Arc<SavedValues>>),
}

fn tensors(what: &str, args: &Bound<'_, PyTuple>) -> PyResult<Vec<Tensor>> {
    args.iter()
        .enumerate()
        .map(|(i, arg)| match arg.cast::<PyTensor>() {
            Ok(tensor) => Ok(tensor.get().tensor.clone()),
            Err(_) => Err(PyRuntimeError::new_err(format!(
                "{what} can only accept tensors, but argument {i} is of type {}",
                arg.get_type().name()?
            ))),
        })
        .collect()
}

impl PyContext {
    fn mark(&self, f: impl FnOnce(&mut Marks)) {
        // Marks that come after `forward` change nothing.
        if let State::Forward(marks) = &mut *self.state.lock() {
            f(marks);
        }
    }
}

#[pymethods]
impl PyContext {
    #[new]
    fn new() -> PyClassInitializer<Self> {
        let state = Mutex::new(State::Forward(Marks::default()));
        PyClassInitializer::from(PyNode::owned()).add_subclass(PyContext { state, materialize: AtomicBool::new(true) })
    }

    /// Keeps inputs, outputs or `None` for the gradient, which finds them in `saved_tensors`.
    ///
    /// Raises:
    ///     TypeError: for an argument that is neither a tensor nor `None`.
    #[pyo3(signature = (*tensors))]
    fn save_for_backward(&self, tensors: &Bound<'_, PyTuple>) -> PyResult<()> {
        let saved = tensors
            .iter()
            .enumerate()
            .map(|(i, arg)| match arg.extract::<Option<Bound<'_, PyTensor>>>() {
                Ok(tensor) => Ok(tensor.map(|t| t.get().tensor.clone())),
                Err(_) => Err(PyTypeError::new_err(format!(
                    "save_for_backward can only save variables, but argument {i} is of type {}",
                    arg.get_type().name()?
                ))),
            })
            .collect::<PyResult<_>>()?;
        self.mark(|marks| marks.saved = saved);
        Ok(())
    }

    /// Not supported: there is no forward-mode differentiation.
    ///
    /// Raises:
    ///     NotImplementedError: always.
    #[pyo3(signature = (*_tensors))]
    fn save_for_forward(&self, _tensors: &Bound<'_, PyTuple>) -> PyResult<()> {
        Err(PyNotImplementedError::new_err("save_for_forward: forward-mode differentiation is not supported"))
    }

    /// Says which inputs `forward` has written. Each must be among its outputs.
    #[pyo3(signature = (*args))]
    fn mark_dirty(&self, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        let dirty = tensors("mark_dirty", args)?;
        self.mark(|marks| marks.dirty = dirty);
        Ok(())
    }

    /// Says which outputs carry no gradient.
    #[pyo3(signature = (*args))]
    fn mark_non_differentiable(&self, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        let plain = tensors("mark_non_differentiable", args)?;
        self.mark(|marks| marks.non_differentiable = plain);
        Ok(())
    }

    /// Whether `backward` sees zeros (the default) or `None` for outputs that got no gradient.
    fn set_materialize_grads(&self, value: bool) {
        self.materialize.store(value, Ordering::Relaxed);
    }

    /// What was given to `save_for_backward`, each in its place in the graph.
    ///
    /// Raises:
    ///     RuntimeError: if one was changed in place since, or if they were freed by an earlier walk.
    #[getter]
    fn saved_tensors<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let saved = match &*slf.get().state.lock() {
            State::Forward(_) => return Ok(PyTuple::empty(py)),
            State::Done(saved) => saved.clone(),
        };
        let saved = saved.ok_or_else(|| PyErr::from(crate::autograd::freed()))?;
        let node = slf.as_super().get().inner();
        let unpack = |value: &crate::autograd::SavedTensor| match &node {
            Some(node) => value.unpack(node),
            None => Err(crate::autograd::freed()),
        };
        let values = saved.iter().map(|v| v.as_ref().map(unpack).transpose()).collect::<Result<SmallVec<[_; 4]>>>()?;
        tuple(py, &values)
    }

    /// Ends `forward`: returns its outputs in their place in the graph.
    fn _finish<'py>(
        slf: &Bound<'py, Self>,
        name: String,
        inputs: Vec<Bound<'py, PyTensor>>,
        outputs: &Bound<'py, PyTuple>,
        recording: bool,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let state = std::mem::replace(&mut *slf.get().state.lock(), State::Done(Some(Arc::default())));
        let State::Forward(marks) = state else {
            return Err(PyRuntimeError::new_err(format!("{name}: forward has returned already")));
        };
        let inputs = super::tensors(inputs);
        let given: Vec<Option<Tensor>> =
            outputs.iter().map(|o| o.cast::<PyTensor>().ok().map(|t| t.get().tensor.clone())).collect();
        marks.check(&given, recording)?;
        let results = if recording {
            let tensors = given.iter().map(Option::is_some).collect();
            let function = PythonFunction { name, context: slf.clone().unbind(), tensors };
            let (node, results, saved) = attach(Box::new(function), &inputs, &given, &marks)?;
            slf.as_super().get().set_owner(&node);
            *slf.get().state.lock() = State::Done(Some(Arc::new(saved)));
            results
        } else {
            let dirty = |t: &Tensor| marks.dirty.iter().any(|d| d.same(t));
            let own = |t: &Tensor| if dirty(t) { Ok(t.clone()) } else { plain(t, &inputs) };
            given.iter().map(|t| t.as_ref().map(own).transpose()).collect::<Result<_>>()?
        };
        let objects = outputs.iter().zip(results).map(|(object, result)| match result {
            Some(tensor) => Ok(Out(tensor).into_pyobject(py)?.into_any()),
            None => Ok(object),
        });
        PyTuple::new(py, objects.collect::<PyResult<Vec<_>>>()?)
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyContext>()
}
