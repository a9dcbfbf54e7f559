//! Instruction sets: which one runs, and the macro that compiles one kernel body for each of them.
//!
//! The set is found once, at run time; `RSNN_ISA=portable|avx2|avx512|amx` forces a lower one (see [`forced_isa_error`] for
//! values that cannot be honoured). A kernel body is written once and takes a `simd: S` argument, a token of zero size that
//! tells the body which set it is compiled for:
//!
//! ```
//! use num_traits::Float;
//! use rsnn::kernels::isa::Simd;
//!
//! rsnn::vectorize! {
//!     /// `y += a x`.
//!     pub fn axpy[S; T: Float](simd: S, a: T, x: &[T], y: &mut [T]) {
//!         for (y, &x) in y.iter_mut().zip(x) {
//!             *y = simd.mul_add(a, x, *y);
//!         }
//!     }
//! }
//!
//! let mut y = [1.0f32; 5];
//! axpy(2.0, &[3.0; 5], &mut y); // callers do not pass the token
//! assert_eq!(y, [7.0; 5]);
//! ```
//!
//! The macro makes `axpy` choose between three copies of the body: one compiled with AVX-512 (F, BW, VL, DQ) enabled, one with
//! AVX2 and FMA, one without either (on other processors only this one, which uses NEON where that is part of the target).
//! A processor with AMX runs the first: its matrix unit is no matter of compilation, see [`amx`](super::amx).
//!
//! Rules for bodies: every generic parameter must follow from an argument; bounds go into the brackets. What a body calls in
//! its loops must be `#[inline(always)]`: code that stays a function of its own is compiled without the instruction set, and
//! a `mul_add` there becomes a slow library call. A closure handed to a function that is not `#[inline(always)]` is such code,
//! so get working memory before the call and pass it in. Small closures handed to iterators are inlined by the optimiser, but
//! a trait method with the attribute is certain.
#![allow(unsafe_code)]

use std::sync::OnceLock;

use num_traits::Float;

use super::lanes::{Lanes, Vector};

/// An instruction set that kernels are compiled for, from the lowest to the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What the target guarantees: SSE2 on x86-64, NEON on AArch64.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 F, BW, VL and DQ, with AVX2 and FMA.
    Avx512,
    /// The same, and a unit that multiplies tiles of `bf16` numbers.
    Amx,
}

impl Isa {
    /// The name that `RSNN_ISA` knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
            Isa::Amx => "amx",
        }
    }

    /// The set of this name.
    fn from_name(name: &str) -> Option<Isa> {
        [Isa::Portable, Isa::Avx2, Isa::Avx512, Isa::Amx].into_iter().find(|isa| isa.name() == name)
    }

    /// The highest set that this processor has.
    fn detect() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("fma") {
                let wide = has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512dq");
                return match wide {
                    true if super::amx::available() => Isa::Amx,
                    true => Isa::Avx512,
                    false => Isa::Avx2,
                };
            }
        }
        Isa::Portable
    }
}

/// The choice and, where `RSNN_ISA` could not be honoured, why.
fn chosen() -> &'static (Isa, Option<String>) {
    static CHOSEN: OnceLock<(Isa, Option<String>)> = OnceLock::new();
    CHOSEN.get_or_init(|| choose(std::env::var("RSNN_ISA").ok().as_deref(), Isa::detect()))
}

/// The set to use when `forced` is asked for on a processor that has `available`.
fn choose(forced: Option<&str>, available: Isa) -> (Isa, Option<String>) {
    let Some(name) = forced.filter(|name| !name.is_empty()) else { return (available, None) };
    let error = match Isa::from_name(name) {
        Some(isa) if isa <= available => return (isa, None),
        Some(_) => format!("RSNN_ISA={name}: this processor has no more than {}", available.name()),
        None => format!("RSNN_ISA={name}: expected portable, avx2, avx512 or amx"),
    };
    (available, Some(error))
}

/// The set that kernels use in this process.
#[inline]
pub fn isa() -> Isa {
    chosen().0
}

/// Why `RSNN_ISA` could not be honoured: an unknown name, or a set that this processor lacks. Kernels then use the best
/// available set; the Python module raises this text at import, so that a forced test never passes on another path.
pub fn forced_isa_error() -> Option<&'static str> {
    chosen().1.as_deref()
}

/// The token of one instruction set, passed to kernel bodies by [`vectorize!`](crate::vectorize).
///
/// # Safety
/// A token may only reach code that runs on processors which have its set; `vectorize!` sees to that.
pub unsafe trait Simd: Copy + Send + Sync + 'static {
    /// The set.
    const ISA: Isa;
    /// The token.
    const TOKEN: Self;
    /// Whether a multiply-add with one rounding is one instruction.
    const FMA: bool;
    /// A register of `f32`.
    type F32: Vector<f32>;
    /// A register of `f64`.
    type F64: Vector<f64>;

    /// `a b + c`, with one rounding where that is one instruction.
    #[inline(always)]
    fn mul_add<T: Float>(self, a: T, b: T, c: T) -> T {
        if Self::FMA { a.mul_add(b, c) } else { a * b + c }
    }
}

/// Token of [`Isa::Portable`].
#[derive(Clone, Copy)]
pub struct Portable;
/// Token of [`Isa::Avx2`].
#[derive(Clone, Copy)]
pub struct Avx2;
/// Token of [`Isa::Avx512`].
#[derive(Clone, Copy)]
pub struct Avx512;

// SAFETY: every processor runs portable code.
unsafe impl Simd for Portable {
    const ISA: Isa = Isa::Portable;
    const TOKEN: Self = Portable;
    const FMA: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
    type F32 = Lanes<f32, 4>;
    type F64 = Lanes<f64, 2>;
}

#[cfg(target_arch = "x86_64")]
// SAFETY: `vectorize!` hands the token out only where `isa()` found AVX2 and FMA.
unsafe impl Simd for Avx2 {
    const ISA: Isa = Isa::Avx2;
    const TOKEN: Self = Avx2;
    const FMA: bool = true;
    type F32 = core::arch::x86_64::__m256;
    type F64 = core::arch::x86_64::__m256d;
}

#[cfg(target_arch = "x86_64")]
// SAFETY: `vectorize!` hands the token out only where `isa()` found AVX-512 F, BW, VL and DQ.
unsafe impl Simd for Avx512 {
    const ISA: Isa = Isa::Avx512;
    const TOKEN: Self = Avx512;
    const FMA: bool = true;
    type F32 = core::arch::x86_64::__m512;
    type F64 = core::arch::x86_64::__m512d;
}

/// Compiles one function body for every instruction set and chooses between them at run time. See [the module](crate::kernels::isa).
#[macro_export]
macro_rules! vectorize {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident [$S:ident $(; $($generics:tt)+)?] ($simd:ident : $S2:ident $(, $arg:ident : $type:ty)* $(,)?)
        $(-> $ret:ty)? $body:block
    )*) => {$(
        $(#[$meta])*
        $vis fn $name $(<$($generics)+>)? ($($arg: $type),*) $(-> $ret)? {
            #[allow(unused_variables, unused_mut)]
            #[inline(always)]
            fn body<$S: $crate::kernels::isa::Simd $(, $($generics)+)?>($simd: $S $(, $arg: $type)*) $(-> $ret)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
            fn avx512 $(<$($generics)+>)? ($($arg: $type),*) $(-> $ret)? {
                body($crate::kernels::isa::Avx512 $(, $arg)*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2 $(<$($generics)+>)? ($($arg: $type),*) $(-> $ret)? {
                body($crate::kernels::isa::Avx2 $(, $arg)*)
            }

            match $crate::kernels::isa::isa() {
                // SAFETY: `isa()` has found these instructions on this processor.
                #[cfg(target_arch = "x86_64")]
                #[allow(unsafe_code)]
                $crate::kernels::isa::Isa::Avx512 | $crate::kernels::isa::Isa::Amx => unsafe { avx512($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                #[allow(unsafe_code)]
                $crate::kernels::isa::Isa::Avx2 => unsafe { avx2($($arg),*) },
                _ => body($crate::kernels::isa::Portable $(, $arg)*),
            }
        }
    )*};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forced_sets_are_honoured_up_to_what_is_available() {
        assert_eq!(choose(None, Isa::Avx2), (Isa::Avx2, None));
        assert_eq!(choose(Some(""), Isa::Avx2), (Isa::Avx2, None));
        assert_eq!(choose(Some("portable"), Isa::Avx512), (Isa::Portable, None));
        assert_eq!(choose(Some("avx512"), Isa::Avx512), (Isa::Avx512, None));
        let (isa, error) = choose(Some("avx512"), Isa::Avx2);
        assert_eq!(isa, Isa::Avx2);
        assert!(error.unwrap().contains("no more than avx2"));
        assert!(choose(Some("mmx"), Isa::Avx2).1.unwrap().contains("expected portable"));
    }

    vectorize! {
        /// The set that the body was compiled for, and a fused product.
        fn probe[S; T: Float](simd: S, a: T) -> (Isa, T) {
            (S::ISA, simd.mul_add(a, a, a))
        }
        /// No generics at all.
        fn plain[S](simd: S) -> bool {
            S::FMA
        }
    }

    #[test]
    fn the_body_of_the_chosen_set_runs() {
        let vectors = isa().min(Isa::Avx512);
        assert_eq!(probe(3.0f32), (vectors, 12.0));
        assert_eq!(probe(3.0f64), (vectors, 12.0));
        assert_eq!(plain(), isa() != Isa::Portable || Portable::FMA);
    }
}
