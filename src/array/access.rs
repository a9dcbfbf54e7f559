//! The bridge from arrays to kernels: typed operands, slices and `ndarray` views of an array's memory.
#![allow(unsafe_code)]

use super::{Array, DType, Element};
use crate::error::Result;
use crate::kernels::elementwise::{Operand, OperandMut};
use ndarray::{ArrayView2, ArrayViewD, ArrayViewMutD, IxDyn, ShapeBuilder};

impl Array {
    fn first<T>(&self) -> *mut T {
        // SAFETY: the layout lies inside the storage (checked when the array was made), so the offset does too; an empty
        // layout's offset may point past the end, and then nothing is read there.
        unsafe { self.storage().as_ptr().cast::<T>().add(if self.numel() == 0 { 0 } else { self.layout().offset }) }
    }

    #[inline]
    fn check<T: Element>(&self) {
        assert_eq!(self.dtype(), T::DTYPE, "typed access to an array of another dtype");
    }

    fn check_writable(&self) -> Result<()> {
        self.storage().derived().written();
        crate::ensure!(
            self.storage().writable(),
            Runtime,
            "the tensor shares the memory of a read-only array and cannot be written in place; clone() it first"
        );
        Ok(())
    }

    /// For reading, element by element, in any layout.
    pub fn operand<T: Element>(&self) -> Operand<'_, T> {
        self.check::<T>();
        // SAFETY: every index of the layout lies inside the storage, whose elements are of type T.
        unsafe { Operand::new(self.first::<T>(), self.shape(), self.strides()) }
    }

    /// For writing, element by element, in any layout.
    pub fn operand_mut<T: Element>(&self) -> Result<OperandMut<'_, T>> {
        self.check::<T>();
        self.check_writable()?;
        // SAFETY: as in `operand`; the memory is writable.
        Ok(unsafe { OperandMut::new(self.first::<T>(), self.shape(), self.strides()) })
    }

    /// For moving bits: `T` is any type of this dtype's size.
    pub fn operand_bits<T: Element>(&self) -> Operand<'_, T> {
        assert_eq!(self.dtype().size(), T::DTYPE.size());
        assert_ne!(T::DTYPE, DType::Bool, "not every bit pattern is a bool");
        // SAFETY: as in `operand`; T is a plain integer of the same size, valid for any bits.
        unsafe { Operand::new(self.first::<T>(), self.shape(), self.strides()) }
    }

    /// As [`Array::operand_bits`], for writing.
    pub fn operand_bits_mut<T: Element>(&self) -> Result<OperandMut<'_, T>> {
        assert_eq!(self.dtype().size(), T::DTYPE.size());
        assert_ne!(T::DTYPE, DType::Bool, "not every bit pattern is a bool");
        self.check_writable()?;
        // SAFETY: as in `operand_bits`; callers only move elements of this dtype.
        Ok(unsafe { OperandMut::new(self.first::<T>(), self.shape(), self.strides()) })
    }

    /// The elements of a contiguous array.
    ///
    /// # Panics
    /// On another dtype, or if the array is not contiguous: operations see to both first.
    pub fn slice<T: Element>(&self) -> &[T] {
        self.check::<T>();
        assert!(self.is_contiguous(), "slice of a strided array");
        // SAFETY: contiguous, inside the storage, of this type.
        unsafe { std::slice::from_raw_parts(self.first::<T>(), self.numel()) }
    }

    /// The elements of a contiguous array, for writing. The caller has just made the array, or owns the only use of it
    /// for the time of the kernel.
    ///
    /// # Panics
    /// As [`Array::slice`]; also on read-only memory.
    #[allow(clippy::mut_from_ref)]
    pub fn slice_mut<T: Element>(&self) -> &mut [T] {
        self.check::<T>();
        self.storage().derived().written();
        assert!(self.is_contiguous() && self.storage().writable(), "slice_mut of a strided or read-only array");
        // SAFETY: contiguous, inside the storage, of this type; uniqueness is the caller's promise (safety model).
        unsafe { std::slice::from_raw_parts_mut(self.first::<T>(), self.numel()) }
    }

    /// As an `ndarray` view.
    pub fn view<T: Element>(&self) -> ArrayViewD<'_, T> {
        self.check::<T>();
        let shape = IxDyn(self.shape()).strides(IxDyn(self.strides()));
        // SAFETY: every index of the layout lies inside the storage, whose elements are of type T.
        unsafe { ArrayViewD::from_shape_ptr(shape, self.first::<T>()) }
    }

    /// As [`Array::view`], of an array of two axes.
    pub fn matrix<T: Element>(&self) -> ArrayView2<'_, T> {
        self.check::<T>();
        let (&[rows, columns], &[down, across]) = (self.shape(), self.strides()) else { unreachable!("two axes") };
        // SAFETY: as in `view`.
        unsafe { ArrayView2::from_shape_ptr((rows, columns).strides((down, across)), self.first::<T>()) }
    }

    /// As an `ndarray` view for writing; the array must be fresh, as for [`Array::slice_mut`].
    ///
    /// # Panics
    /// If two indices name one place, or the memory is read-only.
    pub fn view_mut<T: Element>(&self) -> ArrayViewMutD<'_, T> {
        self.check::<T>();
        self.storage().derived().written();
        assert!(!self.layout().may_overlap() && self.storage().writable(), "view_mut of an overlapping layout");
        let shape = IxDyn(self.shape()).strides(IxDyn(self.strides()));
        // SAFETY: as in `view`; no two indices overlap; uniqueness is the caller's promise.
        unsafe { ArrayViewMutD::from_shape_ptr(shape, self.first::<T>()) }
    }

    /// The only element, as a number.
    ///
    /// # Errors
    /// `RuntimeError` unless there is exactly one.
    pub fn item(&self) -> Result<super::Scalar> {
        crate::ensure!(
            self.numel() == 1,
            Runtime,
            "a Tensor with {} elements cannot be converted to Scalar",
            self.numel()
        );
        Ok(crate::dispatch_all!(self.dtype(), T => {
            // SAFETY: one element, inside the storage.
            let x = unsafe { *self.first::<T>() };
            match self.dtype().category() {
                super::Category::Bool => super::Scalar::Bool(x.truth()),
                super::Category::Integer => super::Scalar::Int(x.to_i64()),
                super::Category::Float => super::Scalar::Float(x.to_f64()),
            }
        }))
    }
}
