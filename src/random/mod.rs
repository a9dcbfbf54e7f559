//! Random number streams that equal those of PyTorch's CPU generator, bit for bit.
//!
//! A [`Generator`] is a Mersenne twister ([`Mt19937`]) with a seed and the spare value of the last normal pair. The
//! distributions are plain functions that take a generator and fill a slice, in the order in which PyTorch draws for a
//! contiguous tensor; they know neither shapes nor tensors. A tensor that is not contiguous is filled in the order of
//! its memory; only the normal distribution treats it differently ([`fill_normal_serial`]).
//!
//! How many 32-bit words a value takes, and from which end of the word its bits come, is part of the stream:
//!
//! | draw | words | value |
//! | --- | --- | --- |
//! | uniform `f32`, `f16`, `bf16` | 1 | low 24 bits |
//! | uniform `f64` | 2 | low 53 bits of `first << 32 \| second` |
//! | integer in a range below 2^28 | 1 | word modulo range |
//! | integer in a wider range | 2 | double word modulo range |
//! | Bernoulli with a number, or with an `f64` tensor | 2 | `f64` uniform below `p` |
//! | Bernoulli with a tensor of another float type | 1 | `f32` uniform below `p` |
//! | exponential, Cauchy, geometric | 2 | from one `f64` uniform |
//! | normal, fewer than 16 values, and log-normal | 4 for 2 values | Box-Muller in `f64`, the second value is kept |
//! | normal, 16 values or more | 1 a value (2 for `f64`) | Box-Muller in blocks of 16, the tail drawn anew |
//!
//! PyTorch has several compiled variants of these loops and picks one by the CPU. They differ in the last bits of
//! normals and of scaled uniforms. This module follows the AVX2 variant, which most machines run, on every machine.

mod bernoulli;
mod box_muller;
mod continuous;
mod element;
mod generator;
mod integers;
mod mt19937;
mod multinomial;
mod normal;
mod permutation;
mod uniform;

#[cfg(test)]
mod tests;

pub use bernoulli::{fill_bernoulli, fill_bernoulli_with, fill_either};
pub use continuous::{fill_cauchy, fill_exponential, fill_geometric, fill_log_normal};
pub use element::{Element, Math, Real};
pub use generator::{DEFAULT_SEED, Generator, STATE_BYTES, SharedGenerator, default_generator, entropy, shared};
pub use integers::{IntRange, Integer, fill_integers};
pub use mt19937::Mt19937;
pub use multinomial::sample_with_replacement;
pub use normal::{BLOCK_PATH_MIN, fill_normal, fill_normal_serial};
pub use permutation::fill_permutation;
pub use uniform::fill_uniform;
