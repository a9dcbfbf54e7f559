//! Copies between layouts and element types.

use super::{Array, DType, Element};
use crate::dispatch_size;
use crate::error::Result;
use crate::kernels::elementwise::{self, Single, Wide, WideMut};
use half::{bf16, f16};

fn is_half(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::BF16)
}

/// Runs an expression with a type name bound to the Rust type of a dtype, for all but the half types.
macro_rules! dispatch_wide {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            DType::Bool => {
                type $T = bool;
                $body
            }
            DType::F32 => {
                type $T = f32;
                $body
            }
            DType::F64 => {
                type $T = f64;
                $body
            }
            dtype => crate::dispatch_integer!(dtype, $T => $body, else unreachable!("a half type")),
        }
    };
}

impl Array {
    /// Writes the elements of `source`, broadcast to this shape and converted to this dtype. Where the two share
    /// memory and are not the same view, the source is copied first.
    pub fn copy_from(&self, source: &Array) -> Result<()> {
        let source = source.broadcast_to(self.shape());
        if std::sync::Arc::ptr_eq(self.storage(), source.storage()) {
            if self.layout() == source.layout() && self.dtype == source.dtype {
                return Ok(());
            }
            let apart = Array::empty(source.shape(), source.dtype)?;
            apart.copy_from(&source)?;
            return self.copy_from(&apart);
        }
        if self.dtype == source.dtype {
            dispatch_size!(self.dtype, T => {
                elementwise::copy(source.operand_bits::<T>(), self.operand_bits_mut::<T>()?);
            });
            return Ok(());
        }
        // Half types come and go by way of single precision, which holds all their values.
        if is_half(source.dtype) || is_half(self.dtype) {
            return self.copy_half(&source);
        }
        // The conversions that come up most are worth vector code.
        macro_rules! vectors {
            ($($S:ty => $T:ty),*) => {
                match (source.dtype, self.dtype) {
                    $((<$S>::DTYPE, <$T>::DTYPE) => {
                        elementwise::map1(source.operand::<$S>(), self.operand_mut::<$T>()?, convert::<$S, $T>);
                        return Ok(());
                    })*
                    _ => {}
                }
            };
        }
        vectors!(f32 => f64, f32 => i64, f32 => i32, f32 => u8, f32 => bool, f64 => f32, f64 => i64, i64 => f32);
        dispatch_wide!(source.dtype, S => dispatch_wide!(self.dtype, T => {
            elementwise::map1_as(Single, 1, source.operand::<S>(), self.operand_mut::<T>()?, convert::<S, T>);
        }));
        Ok(())
    }

    fn copy_half(&self, source: &Array) -> Result<()> {
        let direct = |dtype| is_half(dtype) || dtype == DType::F32;
        if !direct(source.dtype) {
            return self.copy_half(&source.to_dtype(DType::F32)?);
        }
        if !direct(self.dtype) {
            return self.copy_from(&source.to_dtype(DType::F32)?);
        }
        let from: Wide<'_> = match source.dtype {
            DType::F16 => source.operand::<f16>().into(),
            DType::BF16 => source.operand::<bf16>().into(),
            _ => source.operand::<f32>().into(),
        };
        let to: WideMut<'_> = match self.dtype {
            DType::F16 => self.operand_mut::<f16>()?.into(),
            DType::BF16 => self.operand_mut::<bf16>()?.into(),
            _ => self.operand_mut::<f32>()?.into(),
        };
        elementwise::copy_wide(from, to);
        Ok(())
    }

    /// The same values as another dtype: itself where it has that dtype already.
    pub fn to_dtype(&self, dtype: DType) -> Result<Array> {
        if dtype == self.dtype {
            return Ok(self.clone());
        }
        let out = Array::empty_layout(self.layout().dense_like(), dtype)?;
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
