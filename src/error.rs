//! The one error type of the core. A variant says which class of exception PyTorch raises for the mistake;
//! the text names the operation, what was expected and what came.

use std::fmt;

/// What an operation returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A mistake of the caller, a limit of the machine, or an exception that came from a callback.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Shapes, dtypes or states that do not fit (`RuntimeError`).
    #[error("{0}")]
    Runtime(String),
    /// An argument of the wrong type (`TypeError`).
    #[error("{0}")]
    Type(String),
    /// An argument of the right type and a wrong value (`ValueError`).
    #[error("{0}")]
    Value(String),
    /// An axis or an index out of range (`IndexError`).
    #[error("{0}")]
    Index(String),
    /// A name that is not there (`KeyError`).
    #[error("{0}")]
    Key(String),
    /// An attribute that is not there (`AttributeError`).
    #[error("{0}")]
    Attribute(String),
    /// Something PyTorch has and rsnn has not (`NotImplementedError`).
    #[error("{0}")]
    NotImplemented(String),
    /// The allocator was refused (`RuntimeError`, as in PyTorch).
    #[error("DefaultCPUAllocator: can't allocate memory: you tried to allocate {bytes} bytes")]
    OutOfMemory {
        /// The size asked for.
        bytes: usize,
    },
    /// An exception raised by a hook or a custom function; the bindings hand it back untouched.
    #[error("{0}")]
    Foreign(Foreign),
}

/// An error of another world, carried through the core without being looked at.
pub struct Foreign(pub Box<dyn std::error::Error + Send + Sync>);

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Builds an [`Error`] of a named variant: `error!(Runtime, "{op}: expected {a}, got {b}")`.
#[macro_export]
macro_rules! error {
    ($variant:ident, $($text:tt)*) => { $crate::error::Error::$variant(format!($($text)*)) };
}

/// Returns early with an [`Error`] of a named variant.
#[macro_export]
macro_rules! bail {
    ($variant:ident, $($text:tt)*) => { return Err($crate::error!($variant, $($text)*)) };
}

/// Returns early with an [`Error`] of a named variant unless a condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $variant:ident, $($text:tt)*) => {
        if !$condition { $crate::bail!($variant, $($text)*) }
    };
}
