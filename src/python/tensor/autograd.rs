//! What a tensor knows of its gradient.

use super::class::{Out, PyTensor};
use crate::autograd::{BackwardOptions, Target, Tensor};
use crate::error::Error;
use crate::python::arguments::Given;
use crate::python::autograd::{PyHookHandle, PyNode, run, tensor_hook};
use crate::python::error::foreign;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use std::sync::Arc;

#[pymethods]
impl PyTensor {
    /// Whether gradients are to flow to this tensor.
    #[getter]
    fn requires_grad(&self) -> bool {
        self.tensor.requires_grad()
    }

    #[setter]
    fn set_requires_grad(&self, value: bool) -> PyResult<()> {
        Ok(self.tensor.set_requires_grad(value)?)
    }

    /// Sets `requires_grad` and returns the tensor.
    #[pyo3(signature = (requires_grad=Given(None)), text_signature = "($self, requires_grad=True)")]
    fn requires_grad_<'py>(slf: &Bound<'py, Self>, requires_grad: Given<'py>) -> PyResult<Bound<'py, Self>> {
        let requires_grad = match requires_grad.0 {
            None => true,
            Some(given) => given.extract::<bool>().or_else(|_| {
                let given = given.get_type().name()?;
                let text = "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not";
                Err(PyTypeError::new_err(format!("{text} {given}")))
            })?,
        };
        slf.get().tensor.set_requires_grad(requires_grad)?;
        Ok(slf.clone())
    }

    /// Whether it is no operation's result. Only leaves that require a gradient get `.grad` filled.
    #[getter]
    fn is_leaf(&self) -> bool {
        self.tensor.is_leaf()
    }

    /// The step that computed it, or `None` for a leaf.
    #[getter]
    fn grad_fn<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyNode>>> {
        self.tensor.grad_fn().map(|edge| PyNode::wrap(py, edge.node)).transpose()
    }

    /// Which of the outputs of `grad_fn` it is.
    #[getter]
    fn output_nr(&self) -> usize {
        self.tensor.grad_fn().map_or(0, |edge| edge.index)
    }

    /// The gradient that `backward` has accumulated, or `None`.
    #[getter]
    fn grad(&self) -> Option<Out> {
        self.tensor.grad().map(Out)
    }

    #[setter]
    fn set_grad(&self, value: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let Some(value) = value else {
            self.tensor.set_grad(None);
            return Ok(());
        };
        let Ok(grad) = value.cast::<PyTensor>() else {
            return Err(PyTypeError::new_err(format!(
                "assigned grad expected to be a Tensor or None but got grad of type {}",
                value.get_type().name()?
            )));
        };
        let (mine, theirs) = (&self.tensor, &grad.get().tensor);
        if mine.same(theirs) {
            return Err(PyRuntimeError::new_err("can't assign Variable as its own grad"));
        }
        if mine.dtype() != theirs.dtype() {
            return Err(PyRuntimeError::new_err(format!(
                "assigned grad has data of a different type: expected {}, got {}",
                mine.dtype().name(),
                theirs.dtype().name()
            )));
        }
        if mine.shape() != theirs.shape() {
            return Err(PyRuntimeError::new_err(format!(
                "attempting to assign a gradient of size '{:?}' to a tensor of size '{:?}'. Please ensure that the gradient \
                 and the tensor are the same size",
                theirs.shape().as_slice(),
                mine.shape().as_slice()
            )));
        }
        self.tensor.set_grad(Some(theirs.clone()));
        Ok(())
    }

    #[deleter]
    fn delete_grad(&self) {
        self.tensor.set_grad(None);
    }

    /// Computes the gradients of the leaves and adds them to their `.grad`.
    ///
    /// Args:
    ///     gradient: the gradient of the result with respect to this tensor; may be left out for a scalar.
    ///     retain_graph: keep the graph for another walk; defaults to `create_graph`.
    ///     create_graph: record the walk, so that gradients can be differentiated again.
    ///     inputs: accumulate into these tensors only.
    ///
    /// Raises:
    ///     RuntimeError: if the tensor is no scalar and `gradient` is missing, if it requires no gradient, if the graph was
    ///         freed by an earlier walk, or if a saved value was changed in place.
    #[pyo3(signature = (gradient=None, retain_graph=None, create_graph=false, inputs=None))]
    fn backward(
        &self,
        py: Python<'_>,
        gradient: Option<&Bound<'_, PyTensor>>,
        retain_graph: Option<bool>,
        create_graph: bool,
        inputs: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let inputs: Option<Vec<Tensor>> = match inputs {
            None => None,
            Some(one) if one.is_instance_of::<PyTensor>() => Some(vec![one.cast::<PyTensor>()?.get().tensor.clone()]),
            Some(many) => Some(
                many.try_iter()?.map(|t| Ok(t?.cast::<PyTensor>()?.get().tensor.clone())).collect::<PyResult<_>>()?,
            ),
        };
        if inputs.as_ref().is_some_and(Vec::is_empty) {
            return Err(PyRuntimeError::new_err("`inputs` argument to `backward()` cannot be empty."));
        }
        let target = match &inputs {
            None => Target::AllLeaves,
            Some(tensors) => Target::Accumulate(tensors),
        };
        let roots = [(self.tensor.clone(), gradient.map(|g| g.get().tensor.clone()))];
        let options = BackwardOptions { retain_graph: retain_graph.unwrap_or(create_graph), create_graph };
        run(py, &roots, target, options).map(drop)
    }

    /// The same memory outside of the graph.
    fn detach(&self) -> Out {
        Out(self.tensor.detach())
    }

    /// Takes this tensor out of the graph.
    ///
    /// Raises:
    ///     RuntimeError: for views.
    fn detach_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        slf.get().tensor.detach_in_place()?;
        Ok(slf.clone())
    }

    /// The same memory outside of the graph and of version counting.
    #[getter]
    fn data(&self) -> Out {
        Out(self.tensor.data())
    }

    #[setter]
    fn set_data(&self, value: &Bound<'_, PyTensor>) -> PyResult<()> {
        let (mine, theirs) = (&self.tensor, &value.get().tensor);
        if mine.requires_grad() && !theirs.dtype().is_float() {
            return Err(PyRuntimeError::new_err(
                "data set to a tensor that requires gradients must be floating point or complex dtype",
            ));
        }
        mine.set_array(theirs.array());
        Ok(())
    }

    /// How often its memory was changed in place.
    #[getter]
    fn _version(&self) -> u32 {
        self.tensor.version()
    }

    /// Counts an in-place change that autograd did not see.
    fn _bump_version(&self) {
        self.tensor.bump_version();
    }

    /// The step that its gradient goes to; `None` if it requires none.
    fn _gradient_node<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyNode>>> {
        self.tensor.gradient_edge().map(|edge| PyNode::wrap(py, edge.node)).transpose()
    }

    /// The tensor it is a view of, or `None`.
    #[getter]
    fn _base(&self) -> Option<Out> {
        self.tensor.view_of().map(|(base, _)| Out(base.clone()))
    }

    /// Whether it is a view of another tensor.
    fn _is_view(&self) -> bool {
        self.tensor.view_of().is_some()
    }

    /// Whether it was made in inference mode.
    fn is_inference(&self) -> bool {
        self.tensor.is_inference()
    }

    /// Keeps the gradient of a result in its `.grad`, as leaves do.
    fn retain_grad(&self) -> PyResult<()> {
        Ok(self.tensor.retain_grad()?)
    }

    /// Whether `retain_grad` was called on a result.
    #[getter]
    fn retains_grad(&self) -> bool {
        self.tensor.retains_grad()
    }

    /// Calls `hook(grad)` with each gradient of this tensor; what it returns, if not `None`, replaces the gradient.
    ///
    /// Returns a handle whose `remove()` takes the hook away.
    fn register_hook(&self, hook: Py<PyAny>) -> PyResult<PyHookHandle> {
        let (table, hook) = (self.tensor.hooks()?, Arc::new(hook));
        let id = table.add_holding(tensor_hook(hook.clone()), hook);
        Ok(PyHookHandle::of_table(&table, id))
    }

    /// Calls `hook(tensor)` each time after `.grad` of this leaf has been added to.
    fn register_post_accumulate_grad_hook(&self, hook: Py<PyAny>) -> PyResult<PyHookHandle> {
        let (table, hook) = (self.tensor.post_accumulate_hooks()?, Arc::new(hook));
        let held = hook.clone();
        let run = move |tensor: &Tensor| {
            Python::attach(|py| hook.call1(py, (Out(tensor.clone()),)).map(drop)).map_err(|e| -> Error { foreign(e) })
        };
        let id = table.add_holding(Arc::new(run), held);
        Ok(PyHookHandle::of_table(&table, id))
    }
}
