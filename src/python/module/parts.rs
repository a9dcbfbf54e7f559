//! The part of a saved state that belongs to one module and its descendants.
//!
//! Parts are lists, cut out of the whole once for each level of modules. Only where Python code gets to see one is a
//! dictionary made of it.

use super::ordered_dict::ordered_dict_type;
use super::paths::Members;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Keys and what stands under them, in order.
pub type Entries<'py> = SmallVec<[(Bound<'py, PyString>, Bound<'py, PyAny>); 2]>;

/// Entries up to which a key is looked for one by one.
const FEW: usize = 8;

/// A part of a state.
pub enum Part<'py> {
    /// One that Python code has seen, and may have changed.
    Dict(Bound<'py, PyDict>),
    /// One that it has not.
    Entries(Entries<'py>),
}

/// Where a module's own entries are looked for.
#[derive(Clone, Copy)]
pub enum Source<'a, 'py> {
    Mapping(&'a Bound<'py, PyAny>),
    Entries(&'a Entries<'py>),
}

fn of_dict<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Entries<'py>> {
    dict.iter().map(|(key, value)| Ok((key.cast_into::<PyString>()?, value))).collect()
}

/// The entries of an `OrderedDict`, in its own order, which usually is that of the dictionary below it.
fn of_ordered_dict<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Entries<'py>> {
    let mut entries = Entries::with_capacity(dict.len());
    let mut below = dict.iter();
    for key in dict.as_any().try_iter()? {
        let key = key?;
        let value = match below.next() {
            Some((same, value)) if same.is(&key) => value,
            _ => dict.as_any().get_item(&key)?,
        };
        entries.push((key.cast_into()?, value));
    }
    Ok(entries)
}

impl<'py> Part<'py> {
    /// The whole state.
    pub fn of_mapping(state: &Bound<'py, PyAny>) -> PyResult<Self> {
        let ordered = ordered_dict_type(state.py())?;
        Ok(Self::Entries(match state.cast::<PyDict>() {
            Ok(dict) if state.get_type().is(ordered) => of_ordered_dict(dict)?,
            Ok(dict) if state.is_exact_instance_of::<PyDict>() => of_dict(dict)?,
            _ => of_dict(ordered.call1((state,))?.cast()?)?,
        }))
    }

    /// As a dictionary to show.
    pub fn into_dict(self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        match self {
            Self::Dict(dict) => Ok(dict),
            Self::Entries(entries) => {
                let dict = PyDict::new(py);
                entries.into_iter().try_for_each(|(key, value)| dict.set_item(key, value))?;
                Ok(dict)
            }
        }
    }

    /// Where a module's own entries are looked for.
    pub fn source(&self) -> Source<'_, 'py> {
        match self {
            Self::Dict(dict) => Source::Mapping(dict.as_any()),
            Self::Entries(entries) => Source::Entries(entries),
        }
    }

    /// The parts of the children, whose paths begin with as many bytes as are given. What belongs to none is left out.
    pub fn split(self, children: &Members<'py>, prefix: usize) -> PyResult<Vec<Part<'py>>> {
        let entries = match self {
            Self::Dict(dict) => of_dict(&dict)?,
            Self::Entries(entries) => entries,
        };
        let mut names = Vec::with_capacity(children.len());
        for (path, _) in children {
            names.push(&path.to_str()?[prefix..]);
        }
        let Some((first, _)) = children.first() else { return Ok(vec![]) };
        let start = &first.to_str()?[..prefix];
        let mut parts: Vec<Entries<'py>> = names.iter().map(|_| Entries::new()).collect();
        let mut numbers = FxHashMap::default();
        // Mostly, the entries stand in the order of the children.
        let mut at = 0;
        for (key, value) in &entries {
            let Some((name, _)) = key.to_str()?.strip_prefix(start).and_then(|rest| rest.split_once('.')) else {
                continue;
            };
            if names[at] != name {
                if names.get(at + 1) == Some(&name) {
                    at += 1;
                } else {
                    if numbers.is_empty() {
                        numbers.extend(names.iter().enumerate().map(|(number, name)| (*name, number)));
                    }
                    let Some(&number) = numbers.get(name) else { continue };
                    at = number;
                }
            }
            parts[at].push((key.clone(), value.clone()));
        }
        // Only an assignment under a name with a dot makes one.
        for (number, name) in names.iter().enumerate().filter(|(_, name)| name.contains('.')) {
            let below = format!("{start}{name}.");
            let mut part = Entries::new();
            for (key, value) in &entries {
                if key.to_str()?.starts_with(&below) {
                    part.push((key.clone(), value.clone()));
                }
            }
            parts[number] = part;
        }
        Ok(parts.into_iter().map(Part::Entries).collect())
    }
}

impl<'a, 'py> Source<'a, 'py> {
    /// The entries, unless Python code sees them.
    pub fn entries(self) -> Option<&'a Entries<'py>> {
        match self {
            Self::Mapping(_) => None,
            Self::Entries(entries) => Some(entries),
        }
    }

    /// Shows every key.
    pub fn for_each_key(self, mut show: impl FnMut(&Bound<'py, PyString>) -> PyResult<()>) -> PyResult<()> {
        match self {
            Self::Mapping(mapping) => mapping.try_iter()?.try_for_each(|key| show(key?.cast()?)),
            Self::Entries(entries) => entries.iter().try_for_each(|(key, _)| show(key)),
        }
    }

    /// For looking keys up.
    pub fn finder(self) -> Finder<'a, 'py> {
        Finder { source: self, next: 0, numbers: FxHashMap::default() }
    }
}

/// Looks keys up one after the other, mostly in the order of the entries.
pub struct Finder<'a, 'py> {
    source: Source<'a, 'py>,
    next: usize,
    /// The positions of many entries by key, made when needed.
    numbers: FxHashMap<&'a str, usize>,
}

impl<'py> Finder<'_, 'py> {
    /// What stands under a key.
    pub fn find(&mut self, key: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let entries = match self.source {
            Source::Entries(entries) => entries,
            Source::Mapping(mapping) => {
                return match mapping.cast::<PyDict>() {
                    Ok(dict) => dict.get_item(key),
                    Err(_) if mapping.contains(key)? => mapping.get_item(key).map(Some),
                    Err(_) => Ok(None),
                };
            }
        };
        let known = entries.get(self.next).filter(|(known, _)| known.is(key));
        let position = if known.is_some() {
            Some(self.next)
        } else if entries.len() <= FEW {
            let text = key.to_str()?;
            entries.iter().position(|(known, _)| known.to_str().is_ok_and(|known| known == text))
        } else {
            if self.numbers.is_empty() {
                for (number, (key, _)) in entries.iter().enumerate() {
                    self.numbers.insert(key.to_str()?, number);
                }
            }
            self.numbers.get(key.to_str()?).copied()
        };
        Ok(position.map(|position| {
            self.next = position + 1;
            entries[position].1.clone()
        }))
    }
}
