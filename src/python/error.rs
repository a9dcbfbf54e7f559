//! The core's errors as Python exceptions, and Python exceptions on their way through the core.

use crate::error::{Error, Foreign};
use pyo3::exceptions::*;
use pyo3::prelude::*;

impl From<Error> for PyErr {
    fn from(error: Error) -> PyErr {
        match error {
            Error::Runtime(text) => PyRuntimeError::new_err(text),
            Error::Type(text) => PyTypeError::new_err(text),
            Error::Value(text) => PyValueError::new_err(text),
            Error::Index(text) => PyIndexError::new_err(text),
            Error::Key(text) => PyKeyError::new_err(text),
            Error::Attribute(text) => PyAttributeError::new_err(text),
            Error::NotImplemented(text) => PyNotImplementedError::new_err(text),
            Error::OutOfMemory { .. } => PyRuntimeError::new_err(error.to_string()),
            Error::Foreign(Foreign(inner)) => match inner.downcast::<PyErr>() {
                Ok(original) => *original,
                Err(other) => PyRuntimeError::new_err(other.to_string()),
            },
        }
    }
}

/// A Python exception as an error of the core, to come out again as it was.
pub fn foreign(error: PyErr) -> Error {
    Error::Foreign(Foreign(Box::new(error)))
}
