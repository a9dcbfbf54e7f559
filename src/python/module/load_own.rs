//! What `load_state_dict` does for one module by itself: its tensors are copied, and its keys compared with the state's.

use super::class::Module;
use super::natives::Method;
use super::parameter::is_parameter;
use super::parts::Source;
use super::paths::{Members, Place};
use crate::autograd::GradModeGuard;
use crate::nn::state_dict::transpose_fits;
use crate::ops::copy::copy_;
use crate::python::gil::without_gil;
use crate::python::tensor::{PyParameter, PyTensor};
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;

/// The key, after the prefix, of what `get_extra_state` gave.
const EXTRA: &str = "_extra_state";

/// Lists that the load of every module adds to.
pub struct Report<'py> {
    pub missing: Bound<'py, PyList>,
    pub unexpected: Bound<'py, PyList>,
    pub errors: Bound<'py, PyList>,
}

/// Loads what the module itself saves.
pub fn load_own<'py>(
    slf: &Bound<'py, Module>,
    source: Source<'_, 'py>,
    place: &Place<'py>,
    assign: bool,
    strict: bool,
    report: &Report<'py>,
) -> PyResult<()> {
    let py = slf.py();
    let own = place.saved(slf)?;
    let prefix = place.prefix_len()?;
    let mut finder = source.finder();
    let mut found = 0;
    for (key, tensor) in &own {
        match finder.find(key)? {
            Some(saved) => {
                found += 1;
                if let Err(text) = load_one(slf, key.to_str()?, prefix, tensor, saved, assign)? {
                    report.errors.append(text)?;
                }
            }
            None if strict => report.missing.append(key)?,
            None => {}
        }
    }
    let takes_extra = Method::SetExtraState.is_overridden_by_class(slf);
    if !takes_extra && source.entries().is_some_and(|entries| entries.len() == found) {
        return Ok(());
    }
    let extra = place.key_of(EXTRA)?;
    let saved = finder.find(&extra)?;
    if takes_extra {
        match saved {
            Some(saved) => drop(slf.call_method1(Method::SetExtraState.name(py), (saved,))?),
            None if strict => report.missing.append(&extra)?,
            None => {}
        }
    } else if strict && saved.is_some() {
        report.unexpected.append(&extra)?;
    }
    if strict { add_unexpected(slf, source, place, &own, report) } else { Ok(()) }
}

/// Reports the keys under the prefix that the module has no place for.
fn add_unexpected<'py>(
    slf: &Bound<'py, Module>,
    source: Source<'_, 'py>,
    place: &Place<'py>,
    own: &Members<'py>,
    report: &Report<'py>,
) -> PyResult<()> {
    let prefix = place.prefix()?;
    let prefix = prefix.to_str()?;
    // Own keys come in their order, mostly, and those of a child one after the other.
    let (mut next, mut child) = (0, None::<String>);
    source.for_each_key(|key| {
        let text = key.to_str()?;
        let Some(rest) = text.strip_prefix(prefix).filter(|&rest| rest != EXTRA) else { return Ok(()) };
        let known = match rest.split_once('.') {
            Some((name, _)) if child.as_deref() == Some(name) => true,
            Some((name, _)) => {
                let known = slf.get().read(|state| state.children.contains(name));
                if known {
                    child = Some(name.to_owned());
                }
                known
            }
            None => match own.get(next) {
                Some((own, _)) if own.is(key) => {
                    next += 1;
                    true
                }
                _ => own.iter().any(|(own, _)| own.to_str().is_ok_and(|own| own == text)),
            },
        };
        if known { Ok(()) } else { report.unexpected.append(key) }
    })
}

/// Whether a tensor is of a class of ours, and not of a subclass that may copy otherwise.
fn is_exact(tensor: &Bound<'_, PyAny>) -> bool {
    tensor.is_exact_instance_of::<PyParameter>() || tensor.is_exact_instance_of::<PyTensor>()
}

/// Loads one tensor, whose name in the module is what follows the prefix; gives the text of what is wrong with it, if something is.
fn load_one<'py>(
    slf: &Bound<'py, Module>,
    key: &str,
    prefix: usize,
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
    let given = if tensor.get().tensor.has_shape_of(&given.get().tensor) {
        given.clone()
    } else if tensor.get().tensor.ndim() == 0 && given.get().tensor.shape()[..] == [1] {
        // Once a scalar was saved as a vector of one element.
        given.call_method1(intern!(py, "reshape"), (Vec::<usize>::new(),))?.cast_into()?
    } else {
        let (shape, saved_shape) = (tensor.get().tensor.shape(), given.get().tensor.shape());
        let (shape_text, saved_text) = (tensor.getattr("shape")?, given.getattr("shape")?);
        let cure = match transpose_fits(&saved_shape, &shape) {
            true => format!(" Its transpose fits: pass state_dict[\"{key}\"].t()."),
            false => String::new(),
        };
        return Ok(Err(format!(
            "size mismatch for {key}: copying a param with shape {saved_text} from checkpoint, the shape in current \
             model is {shape_text}.{cure}"
        )));
    };
    let _no_grad = GradModeGuard::new(false);
    let result = if assign {
        take_over(slf, &key[prefix..], own, &given)
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
