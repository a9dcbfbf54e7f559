//! `softmax` and `log_softmax`, as functions and methods.

use crate::autograd::{Tensor, cast};
use crate::error::Result;
use crate::ops::softmax;
use crate::python::dtype::DTypeArg;
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::prelude::*;

fn run(
    py: Python<'_>,
    x: &Bound<'_, PyTensor>,
    dim: isize,
    dtype: Option<DTypeArg>,
    f: fn(&Tensor, isize) -> Result<Tensor>,
) -> PyResult<Out> {
    let x = &x.get().tensor;
    without_gil(py, x.numel() * 8, || match dtype {
        Some(dtype) => f(&cast(x, dtype.0)?, dim),
        None => f(x, dim),
    })
    .map(Out)
}

#[pymethods]
impl PyTensor {
    /// `exp(x_i) / sum_j exp(x_j)` along an axis.
    ///
    /// Args:
    ///     dim: the axis.
    ///     dtype: cast to this dtype first.
    ///
    /// Raises:
    ///     IndexError: for an axis out of range.
    ///     NotImplementedError: for integers without `dtype`.
    ///
    /// Example:
    ///     >>> rsnn.zeros(4).softmax(0)
    ///     tensor([0.2500, 0.2500, 0.2500, 0.2500])
    #[pyo3(signature = (dim, dtype=None))]
    fn softmax(slf: &Bound<'_, Self>, py: Python<'_>, dim: isize, dtype: Option<DTypeArg>) -> PyResult<Out> {
        run(py, slf, dim, dtype, softmax::softmax)
    }

    /// `log(softmax(x))` along an axis, computed stably.
    ///
    /// Args:
    ///     dim: the axis.
    ///     dtype: cast to this dtype first.
    #[pyo3(signature = (dim, dtype=None))]
    fn log_softmax(slf: &Bound<'_, Self>, py: Python<'_>, dim: isize, dtype: Option<DTypeArg>) -> PyResult<Out> {
        run(py, slf, dim, dtype, softmax::log_softmax)
    }
}
