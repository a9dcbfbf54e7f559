//! `load_state_dict`: a saved state back into a module and its descendants.

use super::class::{Handle, Module};
use super::natives::Method;
use super::parameter::is_parameter;
use super::tables::entries;
use crate::autograd::GradModeGuard;
use crate::nn::hooks::{Hook, HookKind};
use crate::nn::registry::Name;
use crate::nn::state_dict::{Misfit, transpose_fits};
use crate::ops::copy::copy_;
use crate::python::gil::without_gil;
use crate::python::tensor::{PyParameter, PyTensor};
use pyo3::exceptions::{PyAssertionError, PyException, PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PyString};
use rustc_hash::FxHashMap;

/// The key of local metadata that says that tensors are to be taken over instead of copied.
const ASSIGN: &str = "assign_to_params_buffers";

/// The key, after the prefix, of what `get_extra_state` gave.
const EXTRA: &str = "_extra_state";

fn hooks_of(slf: &Bound<'_, Module>, kind: HookKind) -> Vec<(i64, Hook<Handle>)> {
    if !slf.get().has_hooks() {
        return vec![];
    }
    slf.get().read_hooks(kind, |table| table.snapshot(|call| call.clone_ref(slf.py())))
}

/// Lists that the load of every module adds to.
struct Report<'py> {
    missing: Bound<'py, PyList>,
    unexpected: Bound<'py, PyList>,
    errors: Bound<'py, PyList>,
}

/// A load of a module and its descendants.
struct Loading<'py> {
    report: Report<'py>,
    /// The versions of the saved modules by path.
    metadata: Option<Bound<'py, PyAny>>,
    assign: bool,
}

impl<'py> Loading<'py> {
    fn load(&self, slf: &Bound<'py, Module>, state: &Bound<'py, PyDict>, prefix: &str) -> PyResult<()> {
        let py = slf.py();
        let _guard = super::recursion::enter(py)?;
        Module::ensure_ready(slf, "_modules")?;
        let local = self.local_metadata(py, prefix)?;
        let Report { missing, unexpected, errors } = &self.report;
        if Method::LoadFromStateDict.is_overridden(slf) {
            let arguments = (state, prefix, local, true, missing, unexpected, errors);
            slf.call_method1(Method::LoadFromStateDict.name(py), arguments)?;
        } else {
            load_own(slf, state.as_any(), prefix, &local, true, &self.report)?;
        }
        let children = slf.get().read(|state| entries(py, &state.children));
        if !children.is_empty() {
            let mut parts = split(state, prefix)?;
            for (name, child) in children {
                let Some(child) = child else { continue };
                let part = match name.contains('.') {
                    // Only an assignment under such a name makes it.
                    true => below(state, &format!("{prefix}{name}."))?,
                    false => parts.remove(&*name).unwrap_or_else(|| PyDict::new(py)),
                };
                self.load(child.bind(py).cast()?, &part, &format!("{prefix}{name}."))?;
            }
        }
        self.run_post_hooks(slf)
    }

    /// What was saved beside a module's tensors. With `assign` a copy, so that the option does not stay in the state.
    fn local_metadata(&self, py: Python<'py>, prefix: &str) -> PyResult<Bound<'py, PyDict>> {
        let path = prefix.strip_suffix('.').unwrap_or(prefix);
        let saved = match &self.metadata {
            None => None,
            Some(metadata) => match metadata.cast::<PyDict>() {
                Ok(metadata) => metadata.get_item(path)?,
                Err(_) => Some(metadata.call_method1(intern!(py, "get"), (path, PyDict::new(py)))?),
            },
        };
        let local = match saved.map(Bound::cast_into::<PyDict>) {
            Some(Ok(saved)) if !self.assign => return Ok(saved),
            Some(Ok(saved)) => saved.copy()?,
            Some(Err(other)) => {
                let local = PyDict::new(py);
                local.update(other.into_inner().cast::<PyMapping>()?)?;
                local
            }
            None => PyDict::new(py),
        };
        if self.assign {
            local.set_item(ASSIGN, true)?;
        }
        Ok(local)
    }

    fn run_post_hooks(&self, slf: &Bound<'py, Module>) -> PyResult<()> {
        for (_, hook) in hooks_of(slf, HookKind::LoadStateDictPost) {
            let output = hook.call.bind(slf.py()).call1((slf, self.incompatible(slf.py())?))?;
            if !output.is_none() {
                return Err(PyAssertionError::new_err(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new \
                     values, if incompatible_keys need to be modified, it should be done inplace.",
                ));
            }
        }
        Ok(())
    }

    fn incompatible(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let class = py.import(intern!(py, "rsnn.nn.modules._incompatible_keys"))?;
        let Report { missing, unexpected, .. } = &self.report;
        class.call_method1(intern!(py, "_IncompatibleKeys"), (missing, unexpected))
    }

    /// All that does not fit, as one error.
    fn check(&self, slf: &Bound<'py, Module>, strict: bool) -> PyResult<()> {
        let Report { missing, unexpected, errors } = &self.report;
        if errors.is_empty() && (!strict || missing.is_empty() && unexpected.is_empty()) {
            return Ok(());
        }
        let texts = |list: &Bound<'py, PyList>| {
            list.iter().map(|item| item.str()?.extract()).collect::<PyResult<Vec<String>>>()
        };
        let (missing, unexpected) = if strict { (texts(missing)?, texts(unexpected)?) } else { (vec![], vec![]) };
        let messages = texts(errors)?;
        let misfit = Misfit { missing: &missing, unexpected: &unexpected, messages: &messages };
        match misfit.report(slf.get_type().name()?.to_str()?) {
            Some(text) => Err(PyRuntimeError::new_err(text)),
            None => Ok(()),
        }
    }
}

/// The entries of a state by the child that they belong to: the name between the prefix and the next dot.
fn split<'py>(state: &Bound<'py, PyDict>, prefix: &str) -> PyResult<FxHashMap<Name, Bound<'py, PyDict>>> {
    let mut parts = FxHashMap::<Name, Bound<'py, PyDict>>::default();
    for (key, value) in state {
        let key = key.cast_into::<PyString>()?;
        let Some((child, _)) = key.to_str()?.strip_prefix(prefix).and_then(|rest| rest.split_once('.')) else {
            continue;
        };
        match parts.get(child) {
            Some(part) => part.set_item(&key, value)?,
            None => {
                let part = PyDict::new(state.py());
                part.set_item(&key, value)?;
                parts.insert(child.into(), part);
            }
        }
    }
    Ok(parts)
}

/// The entries of a state that start with a prefix.
fn below<'py>(state: &Bound<'py, PyDict>, prefix: &str) -> PyResult<Bound<'py, PyDict>> {
    let part = PyDict::new(state.py());
    for (key, value) in state {
        if key.cast::<PyString>()?.to_str()?.starts_with(prefix) {
            part.set_item(key, value)?;
        }
    }
    Ok(part)
}

/// Loads what the module itself saves.
fn load_own<'py>(
    slf: &Bound<'py, Module>,
    state: &Bound<'py, PyAny>,
    prefix: &str,
    metadata: &Bound<'py, PyDict>,
    strict: bool,
    report: &Report<'py>,
) -> PyResult<()> {
    let py = slf.py();
    for (_, hook) in hooks_of(slf, HookKind::LoadStateDictPre) {
        let Report { missing, unexpected, errors } = report;
        hook.call.bind(py).call1((state, prefix, metadata, strict, missing, unexpected, errors))?;
    }
    let assign = metadata.get_item(ASSIGN)?.map_or(Ok(false), |assign| assign.is_truthy())?;
    let own: Vec<(Name, Handle)> =
        slf.get().read(|state| state.saved().map(|(name, handle)| (name.clone(), handle.clone_ref(py))).collect());
    for (name, tensor) in &own {
        let key = format!("{prefix}{name}");
        match get(state, &key)? {
            Some(saved) => {
                if let Err(text) = load_one(slf, name, &key, tensor.bind(py), saved, assign)? {
                    report.errors.append(text)?;
                }
            }
            None if strict => report.missing.append(key)?,
            None => {}
        }
    }
    let extra = format!("{prefix}{EXTRA}");
    let saved = get(state, &extra)?;
    if Method::SetExtraState.is_overridden(slf) {
        match saved {
            Some(saved) => drop(slf.call_method1(Method::SetExtraState.name(py), (saved,))?),
            None if strict => report.missing.append(&extra)?,
            None => {}
        }
    } else if strict && saved.is_some() {
        report.unexpected.append(&extra)?;
    }
    if strict { add_unexpected(slf, state, prefix, &extra, &own, report) } else { Ok(()) }
}

fn get<'py>(state: &Bound<'py, PyAny>, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    match state.cast::<PyDict>() {
        Ok(dict) => dict.get_item(key),
        Err(_) if state.contains(key)? => state.get_item(key).map(Some),
        Err(_) => Ok(None),
    }
}

/// Reports the keys under the prefix that the module has no place for.
fn add_unexpected<'py>(
    slf: &Bound<'py, Module>,
    state: &Bound<'py, PyAny>,
    prefix: &str,
    extra: &str,
    own: &[(Name, Handle)],
    report: &Report<'py>,
) -> PyResult<()> {
    for key in state.try_iter()? {
        let key = key?.cast_into::<PyString>()?;
        let text = key.to_str()?;
        let Some(rest) = text.strip_prefix(prefix).filter(|_| text != extra) else { continue };
        let known = match rest.split_once('.') {
            Some((child, _)) => slf.get().read(|state| state.children.contains(child)),
            None => own.iter().any(|(name, _)| &**name == rest),
        };
        if !known {
            report.unexpected.append(key)?;
        }
    }
    Ok(())
}

/// Whether a tensor is of a class of ours, and not of a subclass that may copy otherwise.
fn is_exact(tensor: &Bound<'_, PyAny>) -> bool {
    tensor.is_exact_instance_of::<PyParameter>() || tensor.is_exact_instance_of::<PyTensor>()
}

/// Loads one tensor; gives the text of what is wrong with it, if something is.
fn load_one<'py>(
    slf: &Bound<'py, Module>,
    name: &str,
    key: &str,
    own: &Bound<'py, PyAny>,
    saved: Bound<'py, PyAny>,
    assign: bool,
) -> PyResult<Result<(), String>> {
    let py = slf.py();
    let Ok(given) = saved.cast::<PyTensor>() else {
        let class = saved.get_type();
        return Ok(Err(format!(
            "While copying the parameter named \"{key}\", expected rsnn.Tensor or Tensor-like object from checkpoint but \
             received {class}"
        )));
    };
    let Ok(tensor) = own.cast::<PyTensor>() else {
        // Something else was put into the table: what follows asks for its shape.
        own.getattr(intern!(py, "shape"))?;
        return Err(PyTypeError::new_err(format!("{key}: expected a tensor in the module, got {}", own.get_type())));
    };
    let (shape, saved_shape) = (tensor.get().tensor.shape(), given.get().tensor.shape());
    let given = match (shape.is_empty(), &saved_shape[..]) {
        // Once a scalar was saved as a vector of one element.
        (true, [1]) => given.call_method1(intern!(py, "reshape"), (Vec::<usize>::new(),))?.cast_into()?,
        _ => given.clone(),
    };
    if given.get().tensor.shape() != shape {
        let (shape_text, saved_text) = (tensor.getattr("shape")?, given.getattr("shape")?);
        let cure = match transpose_fits(&saved_shape, &shape) {
            true => format!(" Its transpose fits: pass state_dict[\"{key}\"].t()."),
            false => String::new(),
        };
        return Ok(Err(format!(
            "size mismatch for {key}: copying a param with shape {saved_text} from checkpoint, the shape in current \
             model is {shape_text}.{cure}"
        )));
    }
    let _no_grad = GradModeGuard::new(false);
    let result = if assign {
        take_over(slf, name, own, &given)
    } else {
        if is_exact(own) && is_exact(given.as_any()) {
            let (own, given) = (&tensor.get().tensor, &given.get().tensor);
            without_gil(py, own.numel(), || copy_(own, given))
        } else {
            own.call_method1(intern!(py, "copy_"), (&given,)).map(drop)
        }
    };
    match result {
        Ok(()) => Ok(Ok(())),
        Err(error) if !error.is_instance_of::<PyException>(py) => Err(error),
        Err(error) => Ok(Err(format!(
            "While copying the parameter named \"{key}\", whose dimensions in the model are {} and whose dimensions in \
             the checkpoint are {}, an exception occurred : {}.",
            own.getattr("shape")?,
            given.getattr("shape")?,
            error.value(py).getattr("args")?
        ))),
    }
}

/// Makes the saved tensor the module's own, as a parameter if the old one was.
fn take_over<'py>(
    slf: &Bound<'py, Module>,
    name: &str,
    own: &Bound<'py, PyAny>,
    given: &Bound<'py, PyTensor>,
) -> PyResult<()> {
    let py = slf.py();
    if !is_parameter(own) {
        return slf.setattr(name, given);
    }
    let requires_grad = own.getattr(intern!(py, "requires_grad"))?;
    if is_parameter(given.as_any()) {
        given.call_method1(intern!(py, "requires_grad_"), (requires_grad,))?;
        return slf.setattr(name, given);
    }
    slf.setattr(name, py.get_type::<PyParameter>().call1((given, requires_grad))?)
}

#[pymethods]
impl Module {
    /// Copies a saved state into the module and its descendants.
    ///
    /// Args:
    ///     state_dict: a mapping from dotted names to tensors, as `state_dict()` gives it.
    ///     strict: whether its keys must be exactly the module's.
    ///     assign: whether to take its tensors over, with their dtypes, instead of copying into the module's.
    ///
    /// Returns a pair of lists, `missing_keys` and `unexpected_keys`.
    ///
    /// Raises `TypeError` for anything but a mapping, and one `RuntimeError` that lists all keys that are missing,
    /// unexpected, or have tensors of another shape, and proposes a cure where one can be seen.
    #[pyo3(signature = (state_dict, strict=true, assign=false))]
    fn load_state_dict<'py>(
        slf: &Bound<'py, Self>,
        state_dict: &Bound<'py, PyAny>,
        strict: bool,
        assign: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if state_dict.cast::<PyMapping>().is_err() {
            let text = format!("Expected state_dict to be dict-like, got {}.", state_dict.get_type());
            return Err(PyTypeError::new_err(text));
        }
        let ordered = py.import(intern!(py, "collections"))?.getattr(intern!(py, "OrderedDict"))?;
        let own = ordered.call1((state_dict,))?.cast_into::<PyDict>()?;
        let metadata = state_dict.getattr_opt(intern!(py, "_metadata"))?.filter(|metadata| !metadata.is_none());
        if let Some(metadata) = &metadata {
            own.setattr(intern!(py, "_metadata"), metadata)?;
        }
        let report = Report { missing: PyList::empty(py), unexpected: PyList::empty(py), errors: PyList::empty(py) };
        let loading = Loading { report, metadata, assign };
        loading.load(slf, &own, "")?;
        loading.check(slf, strict)?;
        loading.incompatible(py)
    }

    /// Copies what the module itself saves, not its descendants, out of a state. Subclasses override it to read older
    /// versions of what they save.
    ///
    /// Args:
    ///     state_dict: the entries of the module and its descendants; may be changed.
    ///     prefix: what the module's keys start with.
    ///     local_metadata: the saved version, under `"version"`.
    ///     strict: whether to report keys that do not fit.
    ///     missing_keys: a list to add missing keys to.
    ///     unexpected_keys: a list to add unexpected keys to.
    ///     error_msgs: a list to add other messages to.
    fn _load_from_state_dict<'py>(
        slf: &Bound<'py, Self>,
        state_dict: &Bound<'py, PyAny>,
        prefix: &str,
        local_metadata: &Bound<'py, PyDict>,
        strict: bool,
        missing_keys: Bound<'py, PyList>,
        unexpected_keys: Bound<'py, PyList>,
        error_msgs: Bound<'py, PyList>,
    ) -> PyResult<()> {
        let report = Report { missing: missing_keys, unexpected: unexpected_keys, errors: error_msgs };
        load_own(slf, state_dict, prefix, local_metadata, strict, &report)
    }
}
