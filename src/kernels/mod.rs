//! Views in, views out: the arithmetic, knowing neither tensors nor gradients.
//!
//! The kernel contract: a kernel takes geometry and views (or slices) and writes into a view that the caller made. It
//! allocates no result, returns no `Result` and knows no dtype enum: it is generic over the element. Shapes have been
//! checked by the caller; a kernel repeats that as `debug_assert!`. Threads come from [`parallel`] only.

pub mod amx;
pub mod attention;
pub mod bag;
pub mod bins;
pub mod conv;
pub mod create;
pub mod ctc;
pub mod elementwise;
pub mod epilogue;
pub mod exp;
pub mod float;
pub mod gemm;
pub mod index;
pub mod isa;
pub mod kept;
pub mod lanes;
pub mod math;
#[cfg(test)]
pub(crate) mod naive;
pub mod norm;
pub mod optimize;
pub mod order;
pub mod parallel;
mod placement;
pub mod pool;
pub mod recurrent;
pub mod reduce;
pub mod resample;
pub mod scan;
pub mod scratch;
pub mod softmax;
pub mod sort;
mod spans;
pub mod stream;
