//! Copies between layouts and element types.

use super::{Array, DType, Element};
use crate::error::Result;
use crate::kernels::elementwise;
use crate::{dispatch_all, dispatch_size};

impl Array {
    /// Writes the elements of `source`, broadcast to this shape and converted to this dtype. Where the two share
    /// memory and are not the same view, the source is copied first.
    pub fn copy_from(&self, source: &Array) -> Result<()> {
        let source = source.broadcast_to(self.shape());
        if std::sync::Arc::ptr_eq(&self.storage, &source.storage) {
            if self.layout == source.layout && self.dtype == source.dtype {
                return Ok(());
            }
            let apart = Array::empty(source.shape(), source.dtype)?;
            apart.copy_from(&source)?;
            return self.copy_from(&apart);
        }
        if self.dtype == source.dtype {
            dispatch_size!(self.dtype, T => {
                elementwise::map1(source.operand_bits::<T>(), self.operand_bits_mut::<T>()?, |x| x);
            });
            return Ok(());
        }
        dispatch_all!(source.dtype, S => {
            dispatch_all!(self.dtype, T => {
                elementwise::map1(source.operand::<S>(), self.operand_mut::<T>()?, convert::<S, T>);
            })
        });
        Ok(())
    }

    /// The same values as another dtype: itself where it has that dtype already.
    pub fn to_dtype(&self, dtype: DType) -> Result<Array> {
        if dtype == self.dtype {
            return Ok(self.clone());
        }
        let out = Array::empty_layout(self.layout.dense_like(), dtype)?;
        out.copy_from(self)?;
        Ok(out)
    }
}

/// One element to another type: exact through integers where both are integers.
#[inline(always)]
pub fn convert<S: Element, T: Element>(x: S) -> T {
    match (S::DTYPE, T::DTYPE) {
        (_, DType::Bool) => T::from_i64(x.truth() as i64),
        (DType::F64, _) => T::from_f64(x.to_f64()),
        (DType::F16 | DType::BF16 | DType::F32, DType::F64) => T::from_f64(x.to_f64()),
        (DType::F16 | DType::BF16 | DType::F32, _) => T::from_f32(x.to_f32()),
        _ => T::from_i64(x.to_i64()),
    }
}
