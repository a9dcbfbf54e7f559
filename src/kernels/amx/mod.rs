//! AMX: the unit of some processors that multiplies tiles of 16 x 32 with tiles of 32 x 16 `bf16` numbers.
//!
//! An `f32` number has 24 bits, a `bf16` number 8. So each operand is [`split`] into three planes, high, middle and low parts, and
//! the six largest of their nine products are summed, in `f32`: what is left out is less than 2^-25 of a product. That is as exact
//! as products of `f32` and, with 16 times the products to a cycle, quicker. [`Terms`] says which products are summed.
//!
//! What differs from arithmetic in `f32`: magnitudes below 2^-126 count as zero, in the parts of operands and in sums, so an
//! operand is met to within 2^-126. An infinity, a nan, or a sum that leaves the range of `f32` does not come out as it would;
//! but then the result is not finite either. Callers look at what they get ([`tiles::finite`]) and go another way if it is not.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod assembly;
#[cfg(all(target_arch = "x86_64", target_os = "linux", any(test, feature = "emulate-amx")))]
mod emulate;
pub(crate) mod pack;
pub(crate) mod split;
#[cfg(test)]
mod tests;
pub(crate) mod tiles;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod unit;

use std::any::TypeId;
use std::sync::atomic::{AtomicU8, Ordering};

use half::bf16;

use super::float::Floating;
use super::isa::{Isa, isa};

/// Rows and columns of a tile of sums.
pub(crate) const SIDE: usize = 16;
/// Lanes of a panel: two tiles.
pub(crate) const LANES: usize = 2 * SIDE;
/// Depth of a tile of operands.
pub(crate) const DEPTH: usize = 32;

/// The products of parts that are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// Six: all 24 bits count.
    Six,
    /// Three: 16 bits count.
    Three,
    /// One: 8 bits count, which is all of a `bf16` number.
    One,
}

impl Terms {
    /// Planes of an operand.
    pub(crate) fn planes(self) -> usize {
        match self {
            Terms::Six => 3,
            Terms::Three => 2,
            Terms::One => 1,
        }
    }

    /// The terms of products of `T`, as exact as is asked for; `None` where the unit is not to be used.
    pub(crate) fn of<T: Floating>() -> Option<Terms> {
        if TypeId::of::<T::Acc>() != TypeId::of::<f32>() || isa() != Isa::Amx {
            return None;
        }
        let exact = match PRECISION.load(Ordering::Relaxed) {
            HIGHEST => Terms::Six,
            HIGH => Terms::Three,
            _ => Terms::One,
        };
        Some(if TypeId::of::<T>() == TypeId::of::<bf16>() { Terms::One } else { exact })
    }
}

const HIGHEST: u8 = 0;
const HIGH: u8 = 1;
/// How exact products of `f32` have to be.
static PRECISION: AtomicU8 = AtomicU8::new(HIGHEST);

/// Permits products of fewer bits: 0 for none but exact ones, 1 for 16 bits, 2 for 8 bits.
pub fn set_precision(level: u8) {
    PRECISION.store(level, Ordering::Relaxed);
}

/// Whether this processor has the unit and the system lets this process use it.
pub fn available() -> bool {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    if unit::available() {
        return true;
    }
    #[cfg(all(target_arch = "x86_64", target_os = "linux", any(test, feature = "emulate-amx")))]
    if std::env::var("RSNN_ISA").is_ok_and(|name| name == "amx") {
        emulate::install();
        return true;
    }
    false
}
