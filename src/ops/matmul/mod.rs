//! Products of matrices. [`product`] is the one primitive, over batches of matrices; `linear`, `addmm` and the forms for
//! vectors stand on it. [`matmul()`] sorts out ranks and broadcasting.

mod linear;
mod matmul;
mod product;

pub use linear::{addbmm, addmm, addmv, addr, baddbmm, linear};
pub use matmul::matmul;
pub use product::{bmm, dot, mm, mv};
