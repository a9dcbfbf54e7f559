//! The walks of a module as Python sees them: lazy iterators.

use super::class::{Handle, Module};
use super::natives::Method;
use super::python_world::{Objects, Seen};
use super::turn::TryLock;
use crate::nn::module::Kind;
use crate::nn::walk::{ChildWalk, MemberWalk, ModuleWalk, Modules, Visited};
use crate::python::arguments::truth;
use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PySet, PyString};

/// A walk under way.
enum Walk {
    Modules(ModuleWalk<Objects>),
    Members(MemberWalk<Objects>),
    Children(ChildWalk<Objects>),
    /// A walk that a class defines itself.
    Own(Py<PyIterator>),
}

/// An iterator over things that a module holds, with their dotted names or without.
#[pyclass(frozen, weakref, name = "ModuleIterator", module = "rsnn._C")]
pub struct WalkIterator {
    /// Nothing when it is done. Locked while it runs.
    walk: TryLock<Option<Walk>>,
    named: bool,
}

impl WalkIterator {
    fn new(walk: Walk, named: bool) -> Self {
        Self { walk: TryLock::new(Some(walk)), named }
    }

    /// The next thing a walk comes to. A walk that gives names and things gives only the things if `named` is not set.
    fn advance<'py>(&self, py: Python<'py>, walk: &mut Walk) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = match walk {
            Walk::Modules(walk) => walk
                .next(&py)?
                .map(|module| (walk.path().filter(|_| self.named).map(|path| path.clone_ref(py)), module)),
            Walk::Members(walk) => walk.next(&py)?,
            Walk::Children(walk) => walk.next(&py)?,
            Walk::Own(pairs) => {
                let pair = pairs.bind(py).clone().next().transpose()?;
                return match pair {
                    Some(pair) if !self.named => pair.get_item(1).map(Some),
                    pair => Ok(pair),
                };
            }
        };
        match found {
            Some((Some(path), found)) => Ok(Some((path, found).into_pyobject(py)?.into_any())),
            Some((None, found)) => Ok(Some(found.into_bound(py))),
            None => Ok(None),
        }
    }
}

#[pymethods]
impl WalkIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        // Whoever comes while the walk runs, be it from within, does not get in.
        let Some(mut stage) = self.walk.try_lock() else {
            return Err(PyValueError::new_err("generator already executing"));
        };
        let Some(walk) = &mut *stage else { return Ok(None) };
        let found = self.advance(py, walk);
        if !matches!(found, Ok(Some(_))) {
            let done = stage.take();
            drop(stage);
            drop(done);
        }
        found
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let walk = self.walk.try_lock();
        let Some(Some(walk)) = walk.as_deref() else { return Ok(()) };
        match walk {
            Walk::Modules(walk) => walk.held().try_for_each(|handle| visit.call(handle)),
            Walk::Members(walk) => walk.held().try_for_each(|handle| visit.call(handle)),
            Walk::Children(walk) => walk.held().try_for_each(|handle| visit.call(handle)),
            Walk::Own(walk) => visit.call(walk),
        }
    }
}

fn handle(module: &Bound<'_, Module>) -> Handle {
    module.clone().into_any().unbind()
}

fn text(module: &Bound<'_, Module>, text: &str) -> Py<PyString> {
    PyString::new(module.py(), text).unbind()
}

fn members(
    slf: &Bound<'_, Module>,
    kind: Kind,
    prefix: &str,
    recurse: bool,
    unique: bool,
    named: bool,
) -> PyResult<WalkIterator> {
    let py = slf.py();
    if Method::NamedMembers.is_overridden(slf) {
        let items = py.import(intern!(py, "rsnn.nn.modules._members"))?.getattr(match kind {
            Kind::Parameter => "parameter_items",
            Kind::Buffer => "buffer_items",
            Kind::Child => "child_items",
        })?;
        let pairs = slf.call_method1(Method::NamedMembers.name(py), (items, prefix, recurse, unique))?;
        return Ok(WalkIterator::new(Walk::Own(pairs.try_iter()?.unbind()), named));
    }
    let modules = if recurse {
        let seen = Seen::Native(Visited::default());
        Modules::Walk(ModuleWalk::of(&py, handle(slf), text(slf, prefix), seen, unique)?)
    } else {
        Modules::One(Some(handle(slf)), text(slf, prefix))
    };
    Ok(WalkIterator::new(Walk::Members(MemberWalk::new(modules, kind, unique, named)), named))
}

/// Calls a method that a class has overridden, and drops the names from what it yields.
fn without_names(slf: &Bound<'_, Module>, method: Method, argument: Option<(&str, bool)>) -> PyResult<WalkIterator> {
    let kwargs = pyo3::types::PyDict::new(slf.py());
    if let Some((name, value)) = argument {
        kwargs.set_item(name, value)?;
    }
    let pairs = slf.call_method(method.name(slf.py()), (), Some(&kwargs))?;
    Ok(WalkIterator::new(Walk::Own(pairs.try_iter()?.unbind()), false))
}

#[pymethods]
impl Module {
    /// Goes through the module and its descendants, each with its dotted name, a module before its children.
    ///
    /// Args:
    ///     memo: a set of modules to leave out; the visited ones are added.
    ///     prefix: the name of the module itself, before the names of all others.
    ///     remove_duplicate: whether a module that stands in several places comes once.
    #[pyo3(signature = (memo=None, prefix="", remove_duplicate=true))]
    fn named_modules(
        slf: &Bound<'_, Self>,
        memo: Option<Bound<'_, PySet>>,
        prefix: &str,
        #[pyo3(from_py_with = truth)] remove_duplicate: bool,
    ) -> PyResult<WalkIterator> {
        Self::ensure_ready(slf, "_modules")?;
        let seen = memo.map_or_else(|| Seen::Native(Visited::default()), |memo| Seen::Set(memo.unbind()));
        let walk = ModuleWalk::new(handle(slf), text(slf, prefix), seen, remove_duplicate);
        Ok(WalkIterator::new(Walk::Modules(walk), true))
    }

    /// Goes through the module and its descendants, a module before its children.
    #[pyo3(signature = (remove_duplicate=true))]
    fn modules(slf: &Bound<'_, Self>, #[pyo3(from_py_with = truth)] remove_duplicate: bool) -> PyResult<WalkIterator> {
        Self::ensure_ready(slf, "_modules")?;
        let seen = Seen::Native(Visited::default());
        if Method::NamedModules.is_overridden(slf) {
            return without_names(slf, Method::NamedModules, Some(("remove_duplicate", remove_duplicate)));
        }
        Ok(WalkIterator::new(Walk::Modules(ModuleWalk::new(handle(slf), text(slf, ""), seen, remove_duplicate)), false))
    }

    /// Goes through the direct children, each once, with their names.
    fn named_children(slf: &Bound<'_, Self>) -> PyResult<WalkIterator> {
        Self::ensure_ready(slf, "_modules")?;
        Ok(WalkIterator::new(Walk::Children(ChildWalk::new(handle(slf), Some(text(slf, "")))), true))
    }

    /// Goes through the direct children, each once.
    fn children(slf: &Bound<'_, Self>) -> PyResult<WalkIterator> {
        if Method::NamedChildren.is_overridden(slf) {
            return without_names(slf, Method::NamedChildren, None);
        }
        Self::ensure_ready(slf, "_modules")?;
        Ok(WalkIterator::new(Walk::Children(ChildWalk::new(handle(slf), None)), false))
    }

    /// Goes through the parameters, each with its dotted name.
    ///
    /// Args:
    ///     prefix: what to put before every name.
    ///     recurse: whether to take those of the descendants too.
    ///     remove_duplicate: whether a parameter that stands in several places comes once.
    #[pyo3(signature = (prefix="", recurse=true, remove_duplicate=true))]
    fn named_parameters(
        slf: &Bound<'_, Self>,
        prefix: &str,
        #[pyo3(from_py_with = truth)] recurse: bool,
        #[pyo3(from_py_with = truth)] remove_duplicate: bool,
    ) -> PyResult<WalkIterator> {
        Self::ensure_ready(slf, "_parameters")?;
        members(slf, Kind::Parameter, prefix, recurse, remove_duplicate, true)
    }

    /// Goes through the parameters. An optimizer takes them.
    ///
    /// Args:
    ///     recurse: whether to take those of the descendants too.
    #[pyo3(signature = (recurse=true))]
    fn parameters(slf: &Bound<'_, Self>, #[pyo3(from_py_with = truth)] recurse: bool) -> PyResult<WalkIterator> {
        if Method::NamedParameters.is_overridden(slf) {
            return without_names(slf, Method::NamedParameters, Some(("recurse", recurse)));
        }
        Self::ensure_ready(slf, "_parameters")?;
        members(slf, Kind::Parameter, "", recurse, true, false)
    }

    /// Goes through the buffers, each with its dotted name. The arguments are those of `named_parameters`.
    #[pyo3(signature = (prefix="", recurse=true, remove_duplicate=true))]
    fn named_buffers(
        slf: &Bound<'_, Self>,
        prefix: &str,
        #[pyo3(from_py_with = truth)] recurse: bool,
        #[pyo3(from_py_with = truth)] remove_duplicate: bool,
    ) -> PyResult<WalkIterator> {
        Self::ensure_ready(slf, "_buffers")?;
        members(slf, Kind::Buffer, prefix, recurse, remove_duplicate, true)
    }

    /// Goes through the buffers.
    #[pyo3(signature = (recurse=true))]
    fn buffers(slf: &Bound<'_, Self>, #[pyo3(from_py_with = truth)] recurse: bool) -> PyResult<WalkIterator> {
        if Method::NamedBuffers.is_overridden(slf) {
            return without_names(slf, Method::NamedBuffers, Some(("recurse", recurse)));
        }
        Self::ensure_ready(slf, "_buffers")?;
        members(slf, Kind::Buffer, "", recurse, true, false)
    }

    /// Goes through what a function finds in each module: pairs of a name and a thing. `named_parameters` and
    /// `named_buffers` call it if a subclass overrides it.
    #[pyo3(signature = (get_members_fn, prefix="", recurse=true, remove_duplicate=true))]
    fn _named_members<'py>(
        slf: &Bound<'py, Self>,
        get_members_fn: &Bound<'py, PyAny>,
        prefix: &str,
        #[pyo3(from_py_with = truth)] recurse: bool,
        #[pyo3(from_py_with = truth)] remove_duplicate: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let walk = slf.py().import(intern!(slf.py(), "rsnn.nn.modules._members"))?;
        walk.call_method1(intern!(slf.py(), "named_members"), (slf, get_members_fn, prefix, recurse, remove_duplicate))
    }
}
