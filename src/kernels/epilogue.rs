//! What is done to the sums of a product or a convolution when they are complete, while they are near: a bias, a residual and an
//! activation.
#![allow(unsafe_code)]

use super::float::{Floating, Real};
use super::lanes::Vector;

/// The function that comes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// None.
    #[default]
    Identity,
    /// `max(x, 0)`; a nan stays one.
    Relu,
    /// `min(max(x, 0), 6)`; a nan stays one.
    Relu6,
}

impl Activation {
    /// The least and the greatest number that it leaves as it is.
    #[inline(always)]
    fn range<R: Real>(self) -> (R, R) {
        match self {
            Activation::Identity => (R::neg_infinity(), R::infinity()),
            Activation::Relu => (R::from_usize(0), R::infinity()),
            Activation::Relu6 => (R::from_usize(0), R::from_usize(6)),
        }
    }
}

/// `out = activation(sums + bias + residual)`.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a, T> {
    /// One number for each output channel: `[out_channels]` of a convolution, the columns of a product.
    pub bias: Option<&'a [T]>,
    /// As many elements as the output, in the same places.
    pub residual: Option<&'a [T]>,
    /// Applied last.
    pub activation: Activation,
}

impl<'a, T: Floating> Epilogue<'a, T> {
    /// A bias, and nothing else.
    pub fn bias(bias: Option<&'a [T]>) -> Self {
        Epilogue { bias, residual: None, activation: Activation::Identity }
    }

    /// Whether there is no more than a bias.
    pub fn is_plain(&self) -> bool {
        self.residual.is_none() && self.activation == Activation::Identity
    }

    /// Finishes elements of the output, from `start` on, which have their bias.
    pub fn finish(&self, start: usize, out: &mut [T]) {
        if !self.is_plain() {
            let residual = self.residual.map_or(&[][..], |residual| &residual[start..start + out.len()]);
            finish(residual, self.activation, out);
        }
    }
}

crate::vectorize! {
    /// Adds a residual, if it is not empty, and applies an activation.
    ///
    /// # Panics
    /// If the residual has another length.
    pub fn finish[S; T: Floating](simd: S, residual: &[T], activation: Activation, out: &mut [T]) {
        assert!(residual.is_empty() || residual.len() == out.len(), "a residual for every element");
        if T::IS_REAL {
            let residual = if residual.is_empty() { None } else { Some(residual.as_ptr().cast()) };
            let limits = limits::<T::Acc, <T::Acc as Real>::Vector<S>>(activation);
            // SAFETY: `IS_REAL` says that `T` and `T::Acc` are one type; the lengths are equal.
            return unsafe { finish_reals(residual, limits, out.as_mut_ptr().cast(), out.len()) };
        }
        let (least, most) = activation.range::<T::Acc>();
        for (value, &more) in out.iter_mut().zip(residual) {
            *value = T::from_acc(value.to_acc() + more.to_acc());
        }
        for value in out {
            let x = value.to_acc();
            // Comparisons that a nan fails.
            let x = if x < least { least } else { x };
            *value = T::from_acc(if x > most { most } else { x });
        }
    }
}

/// The least and the greatest number that an activation leaves as it is, in all lanes.
#[inline(always)]
pub fn limits<R: Real, V: Vector<R>>(activation: Activation) -> (V, V) {
    let (least, most) = activation.range();
    (V::splat(least), V::splat(most))
}

/// A register after an activation with these limits.
#[inline(always)]
pub fn activated<R, V: Vector<R>>(value: V, (least, most): (V, V)) -> V {
    // A nan is the second of two numbers, and stays.
    most.min(least.max(value))
}

/// The body of [`finish`] for numbers that are stored as they are computed.
///
/// # Safety
/// `out` must be valid for reading and writing `len` elements, the residual, if there is one, for reading them.
#[inline(always)]
unsafe fn finish_reals<R: Real, V: Vector<R>>(residual: Option<*const R>, limits: (V, V), out: *mut R, len: usize) {
    let (whole, rest) = (len / V::LANES * V::LANES, len % V::LANES);
    // SAFETY: by the caller's word.
    unsafe {
        for at in (0..whole).step_by(V::LANES) {
            let mut value = V::load(out.add(at));
            if let Some(residual) = residual {
                value = value.add(V::load(residual.add(at)));
            }
            activated(value, limits).store(out.add(at));
        }
        if rest > 0 {
            let mut value = V::load_part(out.add(whole), 0..rest);
            if let Some(residual) = residual {
                value = value.add(V::load_part(residual.add(whole), 0..rest));
            }
            activated(value, limits).store_first(out.add(whole), rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nan_stays_one() {
        let mut out = [f32::NAN, -1.0, 9.0];
        Epilogue { bias: None, residual: None, activation: Activation::Relu6 }.finish(0, &mut out);
        assert!(out[0].is_nan() && out[1..] == [0.0, 6.0]);
    }
}
