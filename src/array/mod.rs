//! Level 2: [`Array`], a strided view of shared storage with a dtype. It knows no gradients.
//!
//! `storage.rs` and `access.rs` are the fenced `unsafe` files; everything above works on [`Array`] and on the views
//! and operands that `access.rs` hands to kernels.

mod access;
mod cast;
mod create;
mod default;
mod derived;
mod dispatch;
mod dtype;
mod promotion;
mod scalar;
mod storage;

pub use default::{default_float, set_default_float};
pub use dtype::{Category, DType, Element, Float};
pub use promotion::Promotion;
pub use scalar::Scalar;
pub use storage::Storage;

use crate::error::Result;
use crate::kernels::lanes::prefetch;
use crate::shape::{Dims, Layout, checked_numel};
use std::sync::Arc;

/// A strided view of shared storage. Cloning shares the memory.
#[derive(Clone)]
pub struct Array {
    dtype: DType,
    /// Shared by the array's clones: every detached or saved tensor is one.
    place: Arc<Place>,
}

/// Which elements of which memory an array has.
struct Place {
    storage: Arc<Storage>,
    layout: Layout,
}

impl Array {
    fn new(storage: Arc<Storage>, dtype: DType, layout: Layout) -> Self {
        Array { dtype, place: Arc::new(Place { storage, layout }) }
    }

    /// A view of a storage.
    ///
    /// # Errors
    /// `RuntimeError` where the layout reaches beyond the storage.
    pub fn from_storage(storage: Arc<Storage>, dtype: DType, layout: Layout) -> Result<Self> {
        checked_numel(&layout.shape)?;
        check_bounds(&layout, dtype, &storage)?;
        Ok(Self::new(storage, dtype, layout))
    }

    /// The same layout over another storage.
    ///
    /// # Errors
    /// `RuntimeError` where the layout reaches beyond the storage.
    pub fn over(&self, storage: Arc<Storage>) -> Result<Self> {
        check_bounds(self.layout(), self.dtype, &storage)?;
        Ok(Self::new(storage, self.dtype, self.layout().clone()))
    }

    /// The same storage under another layout derived from this one by view algebra, which never leaves it.
    fn with_layout(&self, layout: Layout) -> Self {
        debug_assert!(layout_bytes(&layout, self.dtype).is_some_and(|b| b <= self.storage().bytes()));
        Self::new(self.storage().clone(), self.dtype, layout)
    }

    /// The view that a function of layouts makes; `f` must be one of [`Layout`]'s view functions (checked in tests).
    pub fn map_layout(&self, f: impl FnOnce(&Layout) -> Layout) -> Self {
        self.with_layout(f(self.layout()))
    }

    /// As [`Array::map_layout`] for functions that may refuse.
    pub fn try_map_layout(&self, f: impl FnOnce(&Layout) -> Result<Layout>) -> Result<Self> {
        Ok(self.with_layout(f(self.layout())?))
    }

    /// Any layout over the same storage, checked against its bounds.
    pub fn as_strided(&self, layout: Layout) -> Result<Self> {
        Self::from_storage(self.storage().clone(), self.dtype, layout)
    }

    /// The same memory as plain integers of the element's size, for kernels that only move elements.
    pub fn bits(&self) -> Self {
        let dtype = match self.dtype.size() {
            1 => DType::U8,
            2 => DType::I16,
            4 => DType::I32,
            _ => DType::I64,
        };
        Array { dtype, ..self.clone() }
    }

    /// The element type.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Shape, strides and offset.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.place.layout
    }

    /// Size of each axis.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        &self.place.layout.shape
    }

    /// Distance of neighbours along each axis, in elements.
    #[inline]
    pub fn strides(&self) -> &[usize] {
        &self.layout().strides
    }

    /// The number of axes.
    #[inline]
    pub fn ndim(&self) -> usize {
        self.layout().shape.len()
    }

    /// The number of elements.
    #[inline]
    pub fn numel(&self) -> usize {
        self.layout().numel()
    }

    /// Whether the elements lie in row-major order without gaps.
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.layout().is_contiguous()
    }

    /// The memory below.
    #[inline]
    pub fn storage(&self) -> &Arc<Storage> {
        &self.place.storage
    }

    /// Whether no other array holds the memory.
    pub fn is_unique(&self) -> bool {
        Arc::strong_count(&self.place) == 1 && Arc::strong_count(self.storage()) == 1
    }

    /// Asks for the memory that counts its clones ahead of its use.
    #[inline]
    pub fn prefetch(&self) {
        prefetch(Arc::as_ptr(&self.place).cast::<usize>().wrapping_sub(2), 1);
    }

    /// Whether to drop the array leaves alone memory that somebody else gave. Memory that others hold too stays.
    pub fn drops_quietly(&self) -> bool {
        Arc::strong_count(&self.place) > 1 || self.storage().is_own()
    }

    /// Stretched to a shape that broadcasting has found to fit.
    pub fn broadcast_to(&self, shape: &[usize]) -> Self {
        if self.shape() == shape {
            return self.clone();
        }
        self.with_layout(self.layout().broadcast_to(shape))
    }

    /// The same elements in row-major order: itself, or a copy.
    pub fn contiguous(&self) -> Result<Self> {
        if self.is_contiguous() {
            return Ok(self.clone());
        }
        self.copy_contiguous()
    }

    /// A row-major copy.
    pub fn copy_contiguous(&self) -> Result<Self> {
        let out = Array::empty(self.shape(), self.dtype)?;
        out.copy_from(self)?;
        Ok(out)
    }

    /// Another shape of the same number of elements: a view where strides allow it, else a copy.
    pub fn reshape(&self, shape: &[usize]) -> Result<Self> {
        match self.layout().view(shape) {
            Some(layout) => Ok(self.with_layout(layout)),
            None => {
                let copy = self.copy_contiguous()?;
                let layout = Layout::contiguous(shape);
                Ok(copy.with_layout(layout))
            }
        }
    }

    /// Axes as `Dims`, for callers that change them.
    pub fn dims(&self) -> Dims {
        Dims::from_slice(&self.layout().shape)
    }
}

impl std::fmt::Debug for Array {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Array({}, {:?})", self.dtype.name(), self.layout())
    }
}

/// Refuses a layout that reaches beyond a storage.
fn check_bounds(layout: &Layout, dtype: DType, storage: &Storage) -> Result<()> {
    let bytes = layout_bytes(layout, dtype);
    crate::ensure!(
        bytes.is_some_and(|b| b <= storage.bytes()),
        Runtime,
        "setStorage: sizes {:?}, strides {:?}, storage offset {} require a storage size that is out of bounds for \
         storage of size {}",
        layout.shape.as_slice(),
        layout.strides.as_slice(),
        layout.offset,
        storage.bytes()
    );
    Ok(())
}

/// How many bytes of a storage a layout needs, where that is countable.
fn layout_bytes(layout: &Layout, dtype: DType) -> Option<usize> {
    if layout.shape.contains(&0) {
        return Some(0);
    }
    let mut last = layout.offset;
    for (&n, &s) in layout.shape.iter().zip(&layout.strides) {
        last = last.checked_add((n - 1).checked_mul(s)?)?;
    }
    last.checked_add(1)?.checked_mul(dtype.size())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_shares_the_memory_is_counted() {
        let array = Array::empty(&[2, 3], DType::F32).unwrap();
        assert!(array.is_unique());
        let clone = array.clone();
        assert!(!array.is_unique() && !clone.is_unique());
        drop(clone);
        let view = array.map_layout(|layout| layout.broadcast_to(&[4, 2, 3]));
        assert!(!array.is_unique() && !view.is_unique());
        drop(view);
        assert!(array.is_unique());
    }
}
