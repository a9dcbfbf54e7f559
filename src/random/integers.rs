//! The discrete uniform distribution.

use half::{bf16, f16};

use super::{Element, Generator, Real};
use crate::ensure;
use crate::error::Result;

/// From this many values on, a draw takes two words instead of one, to keep the bias of the remainder small.
const WIDE_RANGE: u64 = 1 << 28;

/// An element type that [`fill_integers`] can fill.
pub trait Integer: Element {
    /// The name of the type in messages.
    const NAME: &'static str;
    /// Whether the type holds integers only.
    const INTEGRAL: bool = true;
    /// The least and the largest value.
    fn bounds() -> (f64, f64);
    /// The largest integer of a draw that names no end: the largest value, or the last of an unbroken run for floats.
    const LAST: i64;
    /// Moves the start of a range to one that the type can hold.
    fn adjust_from(from: i64) -> i64 {
        from
    }
    /// Moves the end of a range so that the value before it does not round up to it.
    fn adjust_to(to: i64) -> i64 {
        to
    }
    /// One value of the whole range of the type, from the stream.
    fn whole_range(generator: &mut Generator) -> Self;
}

macro_rules! integers {
    ($($type:ty, $name:literal, $draw:expr;)*) => {$(
        impl Integer for $type {
            const NAME: &'static str = $name;
            const LAST: i64 = <$type>::MAX as i64;
            fn bounds() -> (f64, f64) {
                (<$type>::MIN as f64, <$type>::MAX as f64)
            }
            #[inline]
            fn whole_range(generator: &mut Generator) -> Self {
                let draw: fn(&mut Generator) -> i64 = $draw;
                (draw(generator) & Self::LAST) as Self
            }
        }
    )*};
}
integers! {
    i64, "int64", |generator| generator.random64() as i64;
    i32, "int32", |generator| i64::from(generator.random());
    i16, "int16", |generator| i64::from(generator.random());
    i8, "int8", |generator| i64::from(generator.random());
    u8, "uint8", |generator| i64::from(generator.random());
}

impl Integer for bool {
    const NAME: &'static str = "bool";
    const LAST: i64 = 1;
    fn bounds() -> (f64, f64) {
        (0.0, 1.0)
    }
    #[inline]
    fn whole_range(generator: &mut Generator) -> Self {
        generator.random() & 1 != 0
    }
}

macro_rules! float_integers {
    ($($type:ty, $name:literal, $draw:ident;)*) => {$(
        impl Integer for $type {
            const NAME: &'static str = $name;
            const LAST: i64 = 1 << <$type as Real>::DIGITS;
            const INTEGRAL: bool = false;
            fn bounds() -> (f64, f64) {
                (-<$type as Real>::largest(), <$type as Real>::largest())
            }
            fn adjust_from(from: i64) -> i64 {
                let next = rounded::<$type>(from.wrapping_add(1));
                if next < from { next.wrapping_add(spacing::<$type>(from.wrapping_add(1))) } else { from }
            }
            fn adjust_to(to: i64) -> i64 {
                let last = rounded::<$type>(to.wrapping_sub(1));
                if last >= to { last.wrapping_sub(spacing::<$type>(to.wrapping_sub(1))) } else { to }
            }
            #[inline]
            fn whole_range(generator: &mut Generator) -> Self {
                let word = u64::from(generator.$draw());
                Self::from_i64((word % (Self::LAST as u64 + 1)) as i64)
            }
        }
    )*};
}
float_integers! {
    f64, "float64", random64;
    f32, "float32", random;
    f16, "float16", random;
    bf16, "bfloat16", random;
}

/// An integer after a round trip through a float type; one that leaves `i64` comes back as its least value.
fn rounded<T: Real>(value: i64) -> i64 {
    const LIMIT: f64 = (1u64 << 63) as f64;
    let float = T::from_i64(value).to_f64();
    if (-LIMIT..LIMIT).contains(&float) { float as i64 } else { i64::MIN }
}

/// The distance between neighbours of a float type near an integer that it cannot hold.
fn spacing<T: Real>(value: i64) -> i64 {
    let exponent = value.unsigned_abs().max(1).ilog2();
    1i64.checked_shl((exponent + 1).saturating_sub(T::DIGITS)).unwrap_or(0)
}

/// A range of integers that an element type can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntRange {
    /// `count` values from `base` on.
    Within {
        /// The first value.
        base: i64,
        /// How many values.
        count: u64,
    },
    /// Every value of `i64`.
    All,
    /// The whole range of the element type: its values from 0 on.
    Whole,
}

impl IntRange {
    /// The values `from <= v < to` as elements of type `T`; without `to` up to the last that `T` counts to.
    ///
    /// A float type rounds: a bound that it cannot hold moves to the next one that it can.
    ///
    /// # Errors
    /// [`Runtime`](crate::error::Error::Runtime) if the range is empty or `T` cannot hold its ends.
    pub fn new<T: Integer>(from: i64, to: Option<i64>) -> Result<Self> {
        if to.is_none() && from == i64::MIN {
            return Ok(Self::All);
        }
        if let Some(to) = to {
            ensure!(from < to, Runtime, "random_ expects 'from' to be less than 'to', but got from={from} >= to={to}");
        }
        let (from, last) = (T::adjust_from(from), to.map_or(T::LAST, |to| T::adjust_to(to).wrapping_sub(1)));
        let (least, largest) = T::bounds();
        ensure!(
            T::INTEGRAL || to.is_some() || from < last,
            Runtime,
            "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, but got \
             from={from} > to_inc={last}"
        );
        for (name, value) in [("from", from), ("to - 1", last)] {
            let inside = least <= value as f64 && value as f64 <= largest;
            ensure!(inside, Runtime, "random_: {name} is out of bounds for {} (got {value})", T::NAME);
        }
        ensure!(
            from <= last,
            Runtime,
            "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got from={from} > to={last}"
        );
        Ok(Self::Within { base: from, count: (last as u64).wrapping_sub(from as u64).wrapping_add(1) })
    }
}

/// Fills `out` with integers of a range.
///
/// A value takes one word, or two if the range has 2^28 values or more; [`IntRange::Whole`] takes two for `i64` and
/// `f64` and one for every other type; [`IntRange::All`] always takes two.
pub fn fill_integers<T: Integer>(generator: &mut Generator, out: &mut [T], range: IntRange) {
    let engine = &mut generator.engine;
    match range {
        IntRange::Whole => out.iter_mut().for_each(|value| *value = T::whole_range(generator)),
        IntRange::All => engine.fill64(out, |word| T::from_i64(word as i64)),
        IntRange::Within { base, count } if count >= WIDE_RANGE => {
            engine.fill64(out, |word| T::from_i64((word % count).wrapping_add(base as u64) as i64));
        }
        IntRange::Within { base, count } => {
            // Fits: the range is below 2^28. A 32-bit remainder is several times faster than a 64-bit one.
            let count = count as u32;
            engine.fill(out, |word| T::from_i64(i64::from(word % count).wrapping_add(base)));
        }
    }
}
