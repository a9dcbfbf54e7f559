//! The text form of a module.

use super::class::{Handle, Module};
use super::natives::Method;
use crate::nn::registry::Name;
use crate::nn::repr::nested;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

#[pymethods]
impl Module {
    /// The name of the class, as the text form shows it.
    fn _get_name<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
        slf.getattr(intern!(slf.py(), "__class__"))?
            .getattr(intern!(slf.py(), "__name__"))?
            .cast_into()
            .map_err(Into::into)
    }

    /// What a subclass adds to its text form: one or several lines.
    fn extra_repr(&self) -> &'static str {
        ""
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let py = slf.py();
        let _guard = super::recursion::enter(py)?;
        Self::ensure_ready(slf, "_modules")?;
        let extra = slf.call_method0(Method::ExtraRepr.name(py))?;
        // A method that forgets to return its text adds none.
        let extra: String = if extra.is_truthy()? { extra.extract()? } else { String::new() };
        let children: Vec<(Name, Option<Handle>)> = slf.get().read(|state| super::tables::entries(py, &state.children));
        let mut lines = Vec::with_capacity(children.len());
        for (name, child) in children {
            let text = child.map_or_else(|| Ok("None".to_owned()), |child| child.bind(py).repr()?.extract())?;
            lines.push((name.to_string(), text));
        }
        let name: String = slf.call_method0(Method::GetName.name(py))?.extract()?;
        Ok(nested(&name, &extra, &lines))
    }
}
