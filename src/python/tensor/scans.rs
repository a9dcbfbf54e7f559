//! Running sums, products and extrema.

use super::class::{Out, PyTensor};
use crate::ops::scan;
use crate::python::dtype::DTypeArg;
use crate::python::gil::without_gil;
use crate::python::results::named;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// The sum of all elements up to each along an axis: `y[k] = x[0] + ... + x[k]`.
    ///
    /// Args:
    ///     dim: the axis.
    ///     dtype: the dtype of the result, to which elements are converted first; `int64` for integers and booleans, else
    ///         the tensor's own, if not given.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1, 2, 3]).cumsum(0)
    ///     tensor([1, 3, 6])
    #[pyo3(signature = (dim, *, dtype=None))]
    fn cumsum(&self, py: Python<'_>, dim: isize, dtype: Option<DTypeArg>) -> PyResult<Out> {
        let x = &self.tensor;
        without_gil(py, x.numel(), || scan::cumsum(x, dim, dtype.map(|d| d.0))).map(Out)
    }

    /// As `cumsum`, in place and in the tensor's own dtype.
    #[pyo3(signature = (dim))]
    fn cumsum_<'py>(slf: &Bound<'py, Self>, dim: isize) -> PyResult<Bound<'py, Self>> {
        let x = &slf.get().tensor;
        without_gil(slf.py(), x.numel(), || scan::cumsum_(x, dim))?;
        Ok(slf.clone())
    }

    /// The product of all elements up to each along an axis: `y[k] = x[0] ... x[k]`. Arguments and errors are those of
    /// `cumsum`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1, 2, 3]).cumprod(0)
    ///     tensor([1, 2, 6])
    #[pyo3(signature = (dim, *, dtype=None))]
    fn cumprod(&self, py: Python<'_>, dim: isize, dtype: Option<DTypeArg>) -> PyResult<Out> {
        let x = &self.tensor;
        without_gil(py, x.numel(), || scan::cumprod(x, dim, dtype.map(|d| d.0))).map(Out)
    }

    /// As `cumprod`, in place and in the tensor's own dtype.
    #[pyo3(signature = (dim))]
    fn cumprod_<'py>(slf: &Bound<'py, Self>, dim: isize) -> PyResult<Bound<'py, Self>> {
        let x = &slf.get().tensor;
        without_gil(slf.py(), x.numel(), || scan::cumprod_(x, dim))?;
        Ok(slf.clone())
    }

    /// The largest element so far along an axis and its index, as a named tuple `(values, indices)`: the last index of
    /// equals. From the first NaN on, all are NaN.
    ///
    /// Args:
    ///     dim: the axis.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1, 3, 2]).cummax(0).values
    ///     tensor([1, 3, 3])
    #[pyo3(signature = (dim))]
    fn cummax<'py>(&self, py: Python<'py>, dim: isize) -> PyResult<Bound<'py, PyAny>> {
        let x = &self.tensor;
        named(py, "cummax", without_gil(py, x.numel(), || scan::cummax(x, dim))?)
    }

    /// The smallest element so far along an axis and its index; otherwise as `cummax`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([2, 3, 1]).cummin(0).indices
    ///     tensor([0, 0, 2])
    #[pyo3(signature = (dim))]
    fn cummin<'py>(&self, py: Python<'py>, dim: isize) -> PyResult<Bound<'py, PyAny>> {
        let x = &self.tensor;
        named(py, "cummin", without_gil(py, x.numel(), || scan::cummin(x, dim))?)
    }

    /// The logarithm of the sum of the exponentials of all elements up to each along an axis:
    /// `y[k] = log(exp(x[0]) + ... + exp(x[k]))`.
    ///
    /// Args:
    ///     dim: the axis.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///     NotImplementedError: for a dtype that is not a floating-point type.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).logcumsumexp(0)
    ///     tensor([0.0000, 0.6931, 1.0986])
    #[pyo3(signature = (dim))]
    fn logcumsumexp(&self, py: Python<'_>, dim: isize) -> PyResult<Out> {
        let x = &self.tensor;
        without_gil(py, x.numel() * 8, || scan::logcumsumexp(x, dim)).map(Out)
    }
}
