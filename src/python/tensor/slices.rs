//! Slices written along an axis at the numbers of a vector.

use super::class::{Out, PyTensor};
use super::combine;
use super::lookups::written;
use crate::array::Scalar;
use crate::ops::index;
use crate::python::arguments::Operand;
use crate::python::gil::without_gil;
use pyo3::prelude::*;

type In<'a, 'py> = &'a Bound<'py, PyTensor>;

const ONE: Scalar = Scalar::Int(1);

#[pymethods]
impl PyTensor {
    /// A copy with the slices of `source`, times `alpha`, added to those that `index` names along an axis.
    ///
    /// Args:
    ///     dim: the axis.
    ///     index: int64 or int32, of one axis or none, as long as `source` along `dim`.
    ///     source: of the tensor's dtype, and of its sizes but for `dim`.
    ///     alpha: a number.
    ///
    /// Raises:
    ///     RuntimeError: for dtypes and sizes that do not fit, and for numbers out of range.
    ///     IndexError: for an index that is no vector; for numbers out of range where the tensor is a vector.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).index_add(0, rsnn.tensor([0, 2, 2]), rsnn.ones(3), alpha=2)
    ///     tensor([2., 0., 4.])
    #[pyo3(signature = (dim, index, source, *, alpha=ONE), text_signature = "($self, dim, index, source, *, alpha=1)")]
    fn index_add(&self, py: Python<'_>, dim: isize, index: In, source: In, alpha: Scalar) -> PyResult<Out> {
        let (x, index, source) = (&self.tensor, &index.get().tensor, &source.get().tensor);
        without_gil(py, x.numel(), || index::index_add(x, dim, index, source, alpha)).map(Out)
    }

    /// `index_add` in place.
    #[pyo3(signature = (dim, index, source, *, alpha=ONE), text_signature = "($self, dim, index, source, *, alpha=1)")]
    fn index_add_<'py>(
        slf: &Bound<'py, Self>,
        dim: isize,
        index: In,
        source: In,
        alpha: Scalar,
    ) -> PyResult<Bound<'py, Self>> {
        let (index, source) = (&index.get().tensor, &source.get().tensor);
        written(slf, source, |x| index::index_add_(x, dim, index, source, alpha))
    }

    /// A copy with the slices of `source` in the place of those that `index` names along an axis.
    ///
    /// Args:
    ///     dim: the axis.
    ///     index: int64, of one axis or none, as long as `source` along `dim`.
    ///     source: of the tensor's dtype, and of its sizes but for `dim`.
    ///
    /// Raises:
    ///     RuntimeError: for dtypes and slices that do not fit.
    ///     IndexError: for an index that is no vector or of another length, and for numbers out of range.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).index_copy(0, rsnn.tensor([2, 0]), rsnn.tensor([5.0, 7.0]))
    ///     tensor([7., 0., 5.])
    fn index_copy(&self, py: Python<'_>, dim: isize, index: In, source: In) -> PyResult<Out> {
        let (x, index, source) = (&self.tensor, &index.get().tensor, &source.get().tensor);
        without_gil(py, x.numel(), || index::index_copy(x, dim, index, source)).map(Out)
    }

    /// `index_copy` in place.
    fn index_copy_<'py>(slf: &Bound<'py, Self>, dim: isize, index: In, source: In) -> PyResult<Bound<'py, Self>> {
        let (index, source) = (&index.get().tensor, &source.get().tensor);
        written(slf, source, |x| index::index_copy_(x, dim, index, source))
    }

    /// A copy with one value in the slices that `index` names along an axis.
    ///
    /// Args:
    ///     dim: the axis.
    ///     index: int64, of one axis or none; negative numbers count from the end.
    ///     value: a number or a tensor without axes.
    ///
    /// Raises:
    ///     IndexError: for an index of another dtype, and for numbers out of range.
    ///     RuntimeError: for an index that is no vector, and a value with axes.
    ///
    /// Example:
    ///     >>> rsnn.zeros(2, 3).index_fill(1, rsnn.tensor([0, 2]), 1.0)
    ///     tensor([[1., 0., 1.],
    ///             [1., 0., 1.]])
    fn index_fill(&self, py: Python<'_>, dim: isize, index: In, value: Operand<'_>) -> PyResult<Out> {
        let (x, index, value) = (&self.tensor, &index.get().tensor, combine::value(&value));
        without_gil(py, x.numel(), || index::index_fill(x, dim, index, value)).map(Out)
    }

    /// `index_fill` in place.
    fn index_fill_<'py>(
        slf: &Bound<'py, Self>,
        dim: isize,
        index: In,
        value: Operand<'_>,
    ) -> PyResult<Bound<'py, Self>> {
        let (index, value) = (&index.get().tensor, combine::value(&value));
        written(slf, index, |x| index::index_fill_(x, dim, index, value))
    }
}
