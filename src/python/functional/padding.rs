//! The border that `nn.functional.pad` adds.

use crate::array::Scalar;
use crate::ops::join::{self, Edge};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::prelude::*;

/// `input` with a border of `value`, so wide before and after each axis, the first axis first.
#[pyfunction]
fn _constant_pad(input: &Bound<'_, PyTensor>, before: Vec<usize>, after: Vec<usize>, value: Scalar) -> PyResult<Out> {
    let x = &input.get().tensor;
    let widths: Vec<_> = before.into_iter().zip(after).collect();
    without_gil(input.py(), x.numel(), || join::constant_pad(x, &widths, value)).map(Out)
}

/// `input` with a border of its own elements, so wide before and after each of the last axes.
///
/// Args:
///     mode: 0 reflect, 1 replicate, 2 circular.
#[pyfunction]
fn _edge_pad(input: &Bound<'_, PyTensor>, before: Vec<usize>, after: Vec<usize>, mode: usize) -> PyResult<Out> {
    let x = &input.get().tensor;
    let edge = [Edge::Reflect, Edge::Replicate, Edge::Circular][mode.min(2)];
    let widths: Vec<_> = before.into_iter().zip(after).collect();
    without_gil(input.py(), x.numel(), || join::edge_pad(x, &widths, edge)).map(Out)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_edge_pad, m)?)?;
    m.add_function(wrap_pyfunction!(_constant_pad, m)?)
}
