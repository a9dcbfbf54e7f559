//! An exception that leaves a module's call says which layer it comes from: `... (in features.3 (Conv2d))`.
//!
//! The innermost module notes its class on the exception; each module further out puts the path to it in front. The
//! exception itself stays: its class, its identity, its traceback. Nothing of this runs unless something failed.

use super::class::{Handle, Module};
use super::python_world::{Objects, Seen};
use crate::nn::walk::{ModuleWalk, Visited, join};
use pyo3::exceptions::{PyBaseException, PyException, PyStopAsyncIteration, PyStopIteration};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

/// What is known so far about where an exception comes from. It stands in the exception's `__dict__` as a tuple.
struct Origin {
    /// The address of the outermost module so far.
    module: usize,
    /// The path from there to the innermost one.
    path: String,
    /// The class of the innermost one.
    class: String,
    /// What was last said about it.
    said: String,
}

/// Makes an exception name the layer.
pub fn blame(module: &Bound<'_, Module>, error: PyErr) -> PyErr {
    // An exception that refuses to be written on is raised as it is.
    let _ = write_origin(module, &error);
    error
}

fn write_origin(module: &Bound<'_, Module>, error: &PyErr) -> PyResult<()> {
    let py = module.py();
    let value = error.value(py);
    let flow = value.is_instance_of::<PyStopIteration>() || value.is_instance_of::<PyStopAsyncIteration>();
    if !value.is_instance_of::<PyException>() || flow {
        return Ok(());
    }
    let attribute = intern!(py, "_rsnn_origin");
    let mut origin = match value.getattr_opt(attribute)? {
        None => {
            Origin { module: 0, path: String::new(), class: module.get_type().name()?.to_string(), said: String::new() }
        }
        Some(origin) => {
            let (at, path, class, said): (usize, String, String, String) = origin.extract()?;
            if at == module.as_ptr() as usize {
                return Ok(());
            }
            let Some(mut outer) = path_to(module, at)? else { return Ok(()) };
            if !path.is_empty() {
                join(&mut outer, &path);
            }
            Origin { module: at, path: outer, class, said }
        }
    };
    origin.module = module.as_ptr() as usize;
    let text = match origin.path.as_str() {
        "" => format!(" (in {})", origin.class),
        path => format!(" (in {path} ({}))", origin.class),
    };
    say(value, &origin.said, &text)?;
    value.setattr(attribute, (origin.module, origin.path, origin.class, text))
}

/// Puts a text at the end of the exception's message, in the place of what was said before, if its class shows its only
/// argument as it is; else into a note, where Python has notes.
fn say(value: &Bound<'_, PyBaseException>, before: &str, text: &str) -> PyResult<()> {
    let py = value.py();
    let args = value.getattr(intern!(py, "args"))?.cast_into::<PyTuple>()?;
    if args.len() == 1
        && let Ok(message) = args.get_item(0)?.cast_exact::<PyString>()
        && shows_argument(value)?
    {
        let message = message.to_str()?;
        let message = message.strip_suffix(before).unwrap_or(message);
        return value.setattr(intern!(py, "args"), (format!("{message}{text}"),));
    }
    let Some(add) = value.getattr_opt(intern!(py, "add_note"))? else { return Ok(()) };
    let text = text.trim_start();
    if !before.is_empty()
        && let Some(notes) = value.getattr_opt(intern!(py, "__notes__"))?
        && let Ok(notes) = notes.cast::<PyList>()
    {
        for position in (0..notes.len()).rev() {
            if notes.get_item(position)?.eq(before.trim_start())? {
                return notes.set_item(position, text);
            }
        }
    }
    add.call1((text,)).map(drop)
}

/// Whether `str(exception)` is its only argument: its class has the `__str__` of `BaseException`.
fn shows_argument(value: &Bound<'_, PyBaseException>) -> PyResult<bool> {
    let name = intern!(value.py(), "__str__");
    let own = value.get_type().getattr(name)?;
    Ok(own.is(&value.py().get_type::<PyBaseException>().getattr(name)?))
}

/// The path from a module to the descendant at an address.
fn path_to(module: &Bound<'_, Module>, address: usize) -> PyResult<Option<String>> {
    let py = module.py();
    let handle: Handle = module.clone().into_any().unbind();
    let path = PyString::new(py, "").unbind();
    let mut walk = ModuleWalk::<Objects>::new(handle, path, Seen::Native(Visited::default()), true);
    while let Some(found) = walk.next(&py)? {
        if found.as_ptr() as usize == address {
            return walk.path().map(|path| path.to_str(py).map(str::to_owned)).transpose();
        }
    }
    Ok(None)
}
