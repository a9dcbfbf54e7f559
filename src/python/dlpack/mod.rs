//! DLPack: exchange of memory with any other library of arrays, without copies.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `abi.rs` | the structures of the protocol |
//! | `export.rs` | `Tensor.__dlpack__`: an array in a capsule that owns a share of it |
//! | `import.rs` | `from_dlpack`: a capsule's memory as an array, with the capsule's owner kept alive |
//!
//! A capsule holds a pointer to a managed tensor with a deleter. Its name says whose that is: the one who takes the
//! managed tensor out renames the capsule to `used_...` and calls the deleter when done; a capsule that dies under its first
//! name calls it itself.
#![allow(unsafe_code)]

mod abi;
mod export;
mod import;

use pyo3::prelude::*;

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    import::register(m)
}
