//! The dotted names of what a module holds, as Python strings. A module keeps them from one walk to the next: they are
//! the keys of a state and what `named_parameters` gives, time and again, and rarely change.

use super::class::Module;
use crate::kernels::lanes::prefetch;
use crate::nn::module::Kind;
use crate::nn::registry::Name;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;
use smallvec::SmallVec;

/// Things that a module holds, by key or path.
pub type Members<'py> = SmallVec<[(Bound<'py, PyString>, Bound<'py, PyAny>); 4]>;

/// The names that a module's entries have below one path. Kept inside of the module, beside its state.
#[derive(Default)]
pub struct Paths {
    kept: Option<Box<Kept>>,
    /// How many entries, and how many versions, the module's own `state_dict` had last.
    pub saved: (u32, u32),
}

struct Kept {
    /// The module's own path.
    path: Py<PyString>,
    /// By kind and position, as they were last found: a registry's name and the string made of it.
    entries: [Vec<Option<(Name, Py<PyString>)>>; 3],
}

/// Where a module stands in a state: its path, and what its keys begin with.
pub struct Place<'py> {
    path: Bound<'py, PyString>,
    /// The beginning of the keys where it is not the path and a dot (or nothing, at the root).
    prefix: Option<Bound<'py, PyString>>,
}

impl<'py> Place<'py> {
    /// Of a descendant with a path.
    pub fn at(path: Bound<'py, PyString>) -> Self {
        // There is one empty string. A root's child without a name has a dot before its keys all the same.
        let prefix = path.is(intern!(path.py(), "")).then(|| PyString::new(path.py(), "."));
        Self { path, prefix }
    }

    /// Of the module whose keys begin so.
    pub fn of_prefix(py: Python<'py>, prefix: &str) -> Self {
        let path = prefix.strip_suffix('.').filter(|path| !path.is_empty());
        if prefix.is_empty() || path.is_some() {
            return Self { path: PyString::new(py, path.unwrap_or_default()), prefix: None };
        }
        // Versions stand under the prefix without its last character, whatever that is.
        let path = prefix.char_indices().next_back().map_or("", |(end, _)| &prefix[..end]);
        Self { path: PyString::new(py, path), prefix: Some(PyString::new(py, prefix)) }
    }

    /// The key of the module's version.
    pub fn path(&self) -> &Bound<'py, PyString> {
        &self.path
    }

    /// What the keys begin with.
    pub fn prefix(&self) -> PyResult<Bound<'py, PyString>> {
        match &self.prefix {
            Some(prefix) => Ok(prefix.clone()),
            None if self.path.to_str()?.is_empty() => Ok(self.path.clone()),
            None => Ok(PyString::new(self.path.py(), &format!("{}.", self.path.to_str()?))),
        }
    }

    /// The number of bytes of [`prefix`](Self::prefix).
    pub fn prefix_len(&self) -> PyResult<usize> {
        match &self.prefix {
            Some(prefix) => Ok(prefix.to_str()?.len()),
            None => Ok(Some(self.path.to_str()?.len()).filter(|&len| len > 0).map_or(0, |len| len + 1)),
        }
    }

    /// The key of something that is in no registry.
    pub fn key_of(&self, name: &str) -> PyResult<Bound<'py, PyString>> {
        Ok(PyString::new(self.path.py(), &format!("{}{name}", self.prefix()?.to_str()?)))
    }

    /// For asking the keys of what the module holds, and the paths of its children.
    fn keys<'a>(&'a self, paths: &'a mut Paths) -> PyResult<Keys<'a, 'py>> {
        let kept = if self.prefix.is_none() { paths.below(&self.path)? } else { None };
        Ok(Keys { place: self, kept })
    }

    /// What the module itself saves, by key.
    pub fn saved(&self, module: &Bound<'py, Module>) -> PyResult<Members<'py>> {
        let py = module.py();
        module.get().read_with_paths(|state, paths| {
            let mut members = Members::new();
            let mut keys = self.keys(paths)?;
            state.try_for_each_saved(|kind, position, name, handle| -> PyResult<()> {
                members.push((keys.of(kind, position, name)?, handle.clone_ref(py).into_bound(py)));
                Ok(())
            })?;
            Ok(members)
        })
    }

    /// The children, each with its path.
    pub fn children(&self, module: &Bound<'py, Module>) -> PyResult<Members<'py>> {
        let py = module.py();
        module.get().read_with_paths(|state, paths| {
            let mut keys = self.keys(paths)?;
            let mut children = Members::with_capacity(state.children.len());
            for (position, (name, child)) in state.children.iter().enumerate() {
                if let Some(child) = child {
                    children.push((keys.of(Kind::Child, position, name)?, child.clone_ref(py).into_bound(py)));
                }
            }
            Ok(children)
        })
    }
}

/// The keys of one module's entries.
struct Keys<'a, 'py> {
    place: &'a Place<'py>,
    kept: Option<&'a mut Kept>,
}

impl<'py> Keys<'_, 'py> {
    #[inline(always)]
    fn of(&mut self, kind: Kind, position: usize, name: &Name) -> PyResult<Bound<'py, PyString>> {
        match self.kept.as_ref().and_then(|kept| kept.find(kind, position, name)) {
            Some(path) => Ok(path.bind(self.place.path.py()).clone()),
            None => self.make(kind, position, name),
        }
    }

    #[cold]
    fn make(&mut self, kind: Kind, position: usize, name: &Name) -> PyResult<Bound<'py, PyString>> {
        let py = self.place.path.py();
        match (&mut self.kept, &self.place.prefix) {
            (Some(kept), _) => Ok(kept.make(py, kind, position, name)?.into_bound(py)),
            (None, None) => Ok(joined(py, &self.place.path, name)?.into_bound(py)),
            (None, Some(prefix)) => Ok(PyString::new(py, &format!("{}{name}", prefix.to_str()?))),
        }
    }
}

/// The path of an entry of a module that has this path.
fn joined(py: Python<'_>, path: &Bound<'_, PyString>, name: &str) -> PyResult<Py<PyString>> {
    let path = path.to_str()?;
    if path.is_empty() {
        return Ok(PyString::new(py, name).unbind());
    }
    let mut text = SmallVec::<[u8; 128]>::with_capacity(path.len() + 1 + name.len());
    for part in [path, ".", name] {
        text.extend_from_slice(part.as_bytes());
    }
    Ok(PyString::from_bytes(py, &text)?.unbind())
}

impl Paths {
    /// Asks for the memory of what is kept ahead of its use.
    pub fn prefetch(&self) {
        if let Some(kept) = &self.kept {
            prefetch(&raw const **kept, 1);
        }
    }

    /// The path of the entry of a kind at a position, for a module that has itself the path `path`.
    ///
    /// Strings are made and dropped here; neither runs Python code, so a lock may be held.
    #[inline]
    pub fn get(
        &mut self,
        path: &Bound<'_, PyString>,
        kind: Kind,
        position: usize,
        name: &Name,
    ) -> PyResult<Py<PyString>> {
        match self.below(path)? {
            Some(kept) => kept.get(path.py(), kind, position, name),
            None => joined(path.py(), path, name),
        }
    }

    /// What is kept for a path. The empty one does not push out another: modules that are part of a model are also
    /// looked at by themselves.
    #[inline]
    fn below(&mut self, path: &Bound<'_, PyString>) -> PyResult<Option<&mut Kept>> {
        match &self.kept {
            Some(kept) if kept.path.is(path) => Ok(self.kept.as_deref_mut()),
            _ => self.turn_to(path),
        }
    }

    #[cold]
    fn turn_to(&mut self, path: &Bound<'_, PyString>) -> PyResult<Option<&mut Kept>> {
        let py = path.py();
        let same = match &self.kept {
            Some(kept) => kept.path.bind(py).to_str()? == path.to_str()?,
            None => false,
        };
        if !same {
            if self.kept.is_some() && path.to_str()?.is_empty() {
                return Ok(None);
            }
            self.kept = Some(Box::new(Kept { path: path.clone().unbind(), entries: Default::default() }));
        }
        Ok(self.kept.as_deref_mut())
    }
}

impl Kept {
    #[inline(always)]
    fn find(&self, kind: Kind, position: usize, name: &Name) -> Option<&Py<PyString>> {
        match self.entries[kind as usize].get(position) {
            Some(Some((known, path))) if Name::ptr_eq(known, name) => Some(path),
            _ => None,
        }
    }

    #[inline]
    fn get(&mut self, py: Python<'_>, kind: Kind, position: usize, name: &Name) -> PyResult<Py<PyString>> {
        match self.find(kind, position, name) {
            Some(path) => Ok(path.clone_ref(py)),
            None => self.make(py, kind, position, name),
        }
    }

    #[cold]
    fn make(&mut self, py: Python<'_>, kind: Kind, position: usize, name: &Name) -> PyResult<Py<PyString>> {
        let fresh = joined(py, self.path.bind(py), name)?;
        let entries = &mut self.entries[kind as usize];
        if entries.len() <= position {
            entries.resize_with(position + 1, || None);
        }
        entries[position] = Some((name.clone(), fresh.clone_ref(py)));
        Ok(fresh)
    }
}
