//! Arrays made from nothing, from a value, or from numbers.

use super::{Array, DType, Element, Scalar, Storage};
use crate::dispatch_all;
use crate::error::{Error, Result};
use crate::kernels::elementwise;
use crate::shape::{Layout, checked_numel};
use std::sync::Arc;

impl Array {
    /// Row-major, with undefined elements (`bool` is zeroed, since not every byte is a `bool`).
    pub fn empty(shape: &[usize], dtype: DType) -> Result<Self> {
        Self::empty_layout(Layout::contiguous(shape), dtype)
    }

    /// Undefined elements in a dense layout of the caller's.
    pub fn empty_layout(layout: Layout, dtype: DType) -> Result<Self> {
        let bytes = bytes_of(&layout.shape, dtype)?;
        let storage = if dtype == DType::Bool { Storage::zeroed(bytes)? } else { Storage::empty(bytes)? };
        Ok(Array::new(Arc::new(storage), dtype, layout))
    }

    /// [`Array::empty_layout`] for a kernel that writes all elements before anybody reads one: a `bool` is not zeroed first, which
    /// would take as long as many a comparison.
    pub fn for_results(layout: Layout, dtype: DType) -> Result<Self> {
        let bytes = bytes_of(&layout.shape, dtype)?;
        Ok(Array::new(Arc::new(Storage::empty(bytes)?), dtype, layout))
    }

    /// All zeros.
    pub fn zeros(shape: &[usize], dtype: DType) -> Result<Self> {
        let storage = Storage::zeroed(bytes_of(shape, dtype)?)?;
        Ok(Array::new(Arc::new(storage), dtype, Layout::contiguous(shape)))
    }

    /// All elements of one value.
    pub fn full(shape: &[usize], value: Scalar, dtype: DType) -> Result<Self> {
        let out = Self::empty(shape, dtype)?;
        out.fill(value)?;
        Ok(out)
    }

    /// One element without axes.
    pub fn scalar(value: Scalar, dtype: DType) -> Result<Self> {
        Self::full(&[], value, dtype)
    }

    /// A copy of a slice, under a shape of as many elements.
    pub fn from_slice<T: Element>(values: &[T], shape: &[usize]) -> Result<Self> {
        assert_eq!(values.len(), crate::shape::numel(shape), "from_slice: {} values for {shape:?}", values.len());
        let out = Self::empty(shape, T::DTYPE)?;
        out.slice_mut::<T>().copy_from_slice(values);
        Ok(out)
    }

    /// Writes one value everywhere.
    pub fn fill(&self, value: Scalar) -> Result<()> {
        dispatch_all!(self.dtype, T => {
            let value: T = value.to();
            elementwise::fill(self.operand_mut::<T>()?, value);
        });
        Ok(())
    }
}

fn bytes_of(shape: &[usize], dtype: DType) -> Result<usize> {
    checked_numel(shape)?
        .checked_mul(dtype.size())
        .filter(|&b| b <= isize::MAX as usize - 64)
        .ok_or(Error::OutOfMemory { bytes: usize::MAX })
}
