//! The dtype of float results that nothing else determines.

use super::DType;
use std::sync::atomic::{AtomicU8, Ordering};

static DEFAULT: AtomicU8 = AtomicU8::new(DType::F32 as u8);

/// The dtype of float tensors made without one, and of float results of integer tensors.
pub fn default_float() -> DType {
    DType::ALL[DEFAULT.load(Ordering::Relaxed) as usize]
}

/// Sets what [`default_float`] gives, for all threads.
///
/// # Panics
/// If it is no float type: the caller has refused that.
pub fn set_default_float(dtype: DType) {
    assert!(dtype.is_float(), "the default dtype must be a float type");
    DEFAULT.store(dtype as u8, Ordering::Relaxed);
}
