//! What a module does to itself and all its descendants: modes, gradients, functions.

use super::class::{Handle, Module};
use super::natives::Method;
use crate::nn::walk::Visited;
use crate::python::arguments::Given;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyIterator};

/// An argument that must be a `bool`, not merely true or false.
struct Mode(Option<bool>);

impl<'py> FromPyObject<'_, 'py> for Mode {
    type Error = PyErr;

    fn extract(mode: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(mode.cast::<PyBool>().ok().map(|mode| mode.is_true())))
    }
}

/// The children of a module, each once, as `children()` gives them.
fn children<'py>(slf: &Bound<'py, Module>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let py = slf.py();
    if Method::Children.is_overridden(slf) || Method::NamedChildren.is_overridden(slf) {
        return slf.call_method0(Method::Children.name(py))?.try_iter()?.collect();
    }
    let mut seen = Visited::default();
    let all: Vec<Handle> = slf.get().read(|state| state.children.handles().map(|child| child.clone_ref(py)).collect());
    let new = all.into_iter().filter(|child| seen.insert(child.as_ptr() as usize, || ()));
    Ok(new.map(|child| child.into_bound(py)).collect())
}

/// The parameters of a module and its descendants, as `parameters()` gives them.
fn parameters<'py>(slf: &Bound<'py, Module>) -> PyResult<Bound<'py, PyIterator>> {
    slf.call_method0(Method::Parameters.name(slf.py()))?.try_iter()
}

fn train(slf: &Bound<'_, Module>, mode: bool) -> PyResult<()> {
    let _guard = super::recursion::enter(slf.py())?;
    slf.setattr(intern!(slf.py(), "training"), mode)?;
    for child in children(slf)? {
        match child.cast::<Module>() {
            Ok(child) if !Method::Train.is_overridden(child) => train(child, mode)?,
            _ => drop(child.call_method1(Method::Train.name(slf.py()), (mode,))?),
        }
    }
    Ok(())
}

fn apply(slf: &Bound<'_, Module>, function: &Bound<'_, PyAny>) -> PyResult<()> {
    let _guard = super::recursion::enter(slf.py())?;
    for child in children(slf)? {
        match child.cast::<Module>() {
            Ok(child) if !Method::Apply.is_overridden(child) => apply(child, function)?,
            _ => drop(child.call_method1(Method::Apply.name(slf.py()), (function,))?),
        }
    }
    function.call1((slf,)).map(drop)
}

#[pymethods]
impl Module {
    /// Puts the module and its descendants into training mode, or with `False` into evaluation mode: layers such as
    /// dropout and batch normalisation behave differently there. Returns the module.
    ///
    /// Raises `ValueError` unless `mode` is a `bool`.
    #[pyo3(signature = (mode=Mode(Some(true))), text_signature = "($self, mode=True)")]
    fn train<'py>(slf: &Bound<'py, Self>, mode: Mode) -> PyResult<Bound<'py, Self>> {
        let mode = mode.0.ok_or_else(|| PyValueError::new_err("training mode is expected to be boolean"))?;
        Self::ensure_ready(slf, "_modules")?;
        train(slf, mode)?;
        Ok(slf.clone())
    }

    /// Puts the module and its descendants into evaluation mode. Returns the module.
    fn eval<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.call_method1(Method::Train.name(slf.py()), (false,))
    }

    /// Calls a function with every descendant and then with the module itself, children before parents. Returns the
    /// module.
    ///
    /// Example:
    ///     >>> import rsnn.nn as nn
    ///     >>> names = []
    ///     >>> m = nn.Sequential(nn.Identity()).apply(lambda m: names.append(type(m).__name__))
    ///     >>> names
    ///     ['Identity', 'Sequential']
    #[pyo3(signature = (r#fn))]
    fn apply<'py>(slf: &Bound<'py, Self>, r#fn: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        Self::ensure_ready(slf, "_modules")?;
        apply(slf, r#fn)?;
        Ok(slf.clone())
    }

    /// Says for all parameters whether they get gradients. Returns the module.
    #[pyo3(signature = (requires_grad=Given(None)), text_signature = "($self, requires_grad=True)")]
    fn requires_grad_<'py>(slf: &Bound<'py, Self>, requires_grad: Given<'py>) -> PyResult<Bound<'py, Self>> {
        let requires_grad = requires_grad.or(PyBool::new(slf.py(), true));
        for parameter in parameters(slf)? {
            parameter?.call_method1(intern!(slf.py(), "requires_grad_"), (&requires_grad,))?;
        }
        Ok(slf.clone())
    }

    /// Forgets the gradients of all parameters, or, with `set_to_none=False`, makes them zero in place.
    #[pyo3(signature = (set_to_none=Given(None)), text_signature = "($self, set_to_none=True)")]
    fn zero_grad(slf: &Bound<'_, Self>, set_to_none: Given<'_>) -> PyResult<()> {
        let py = slf.py();
        let set_to_none = set_to_none.or(PyBool::new(py, true));
        let grad = intern!(py, "grad");
        for parameter in parameters(slf)? {
            let parameter = parameter?;
            let gradient = parameter.getattr(grad)?;
            if gradient.is_none() {
                continue;
            }
            if set_to_none.is_truthy()? {
                parameter.setattr(grad, py.None())?;
                continue;
            }
            if gradient.getattr(intern!(py, "grad_fn"))?.is_none() {
                gradient.call_method1(intern!(py, "requires_grad_"), (false,))?;
            } else {
                gradient.call_method0(intern!(py, "detach_"))?;
            }
            gradient.call_method0(intern!(py, "zero_"))?;
        }
        Ok(())
    }
}
