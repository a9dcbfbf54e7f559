//! Values that meet at the numbers of an index and are reduced.

use super::class::{Out, PyTensor};
use super::lookups::written;
use crate::ops::index::{self, Reduction};
use crate::python::gil::without_gil;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

type In<'a, 'py> = &'a Bound<'py, PyTensor>;

fn any_reduction(name: &str) -> PyResult<Reduction> {
    // PyTorch's words for these two have changed; it still takes the old ones.
    let name = match name {
        "max" => "amax",
        "min" => "amin",
        _ => name,
    };
    Reduction::from_name(name).ok_or_else(|| {
        PyRuntimeError::new_err(format!("reduce argument must be either sum, prod, mean, amax or amin, got {name}"))
    })
}

fn slice_reduction(name: &str) -> PyResult<Reduction> {
    Reduction::from_name(name).filter(|&r| r != Reduction::Sum).ok_or_else(|| {
        PyRuntimeError::new_err(format!(
            "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {name}."
        ))
    })
}

#[pymethods]
impl PyTensor {
    /// A copy in which each element that `index` names along an axis is reduced with the values of `src` there.
    ///
    /// Args:
    ///     dim: the axis.
    ///     index: int64 or int32, of as many axes, no larger than `src`, and along other axes than `dim` no larger than the tensor.
    ///     src: the values, of the tensor's dtype.
    ///     reduce: `"sum"`, `"prod"`, `"mean"`, `"amax"` or `"amin"`.
    ///     include_self: whether the element itself counts.
    ///
    /// Raises:
    ///     RuntimeError: for another reduction, an index of another dtype or size, numbers out of range, values of another
    ///         dtype.
    ///     NotImplementedError: for the mean of bool.
    ///
    /// Example:
    ///     >>> x, index = rsnn.zeros(2), rsnn.tensor([0, 0, 1])
    ///     >>> x.scatter_reduce(0, index, rsnn.tensor([1.0, 3.0, 5.0]), "mean", include_self=False)
    ///     tensor([2., 5.])
    #[pyo3(signature = (dim, index, src, reduce, *, include_self=true))]
    fn scatter_reduce(
        &self,
        py: Python<'_>,
        dim: isize,
        index: In,
        src: In,
        reduce: &str,
        include_self: bool,
    ) -> PyResult<Out> {
        let (x, index, src, how) = (&self.tensor, &index.get().tensor, &src.get().tensor, any_reduction(reduce)?);
        without_gil(py, x.numel(), || index::scatter_reduce(x, dim, index, src, how, include_self)).map(Out)
    }

    /// `scatter_reduce` in place.
    #[pyo3(signature = (dim, index, src, reduce, *, include_self=true))]
    fn scatter_reduce_<'py>(
        slf: &Bound<'py, Self>,
        dim: isize,
        index: In,
        src: In,
        reduce: &str,
        include_self: bool,
    ) -> PyResult<Bound<'py, Self>> {
        let (index, src, how) = (&index.get().tensor, &src.get().tensor, any_reduction(reduce)?);
        written(slf, index, |x| index::scatter_reduce_(x, dim, index, src, how, include_self))
    }

    /// A copy in which each slice that `index` names along an axis is reduced with the slices of `source` there.
    ///
    /// Args:
    ///     dim: the axis.
    ///     index: int64 or int32, of one axis or none, as long as `source` along `dim`.
    ///     source: of the tensor's dtype, and of its sizes but for `dim`.
    ///     reduce: `"prod"`, `"mean"`, `"amax"` or `"amin"`.
    ///     include_self: whether the slice itself counts.
    ///
    /// Raises:
    ///     RuntimeError: for another reduction, and for dtypes and sizes that do not fit.
    ///     IndexError: for an index that is no vector, and for numbers out of range.
    ///     NotImplementedError: for the mean of bool.
    ///
    /// Example:
    ///     >>> rsnn.ones(2).index_reduce(0, rsnn.tensor([0, 0]), rsnn.tensor([2.0, 3.0]), "prod")
    ///     tensor([6., 1.])
    #[pyo3(signature = (dim, index, source, reduce, *, include_self=true))]
    fn index_reduce(
        &self,
        py: Python<'_>,
        dim: isize,
        index: In,
        source: In,
        reduce: &str,
        include_self: bool,
    ) -> PyResult<Out> {
        let (x, index, source, how) =
            (&self.tensor, &index.get().tensor, &source.get().tensor, slice_reduction(reduce)?);
        without_gil(py, x.numel(), || index::index_reduce(x, dim, index, source, how, include_self)).map(Out)
    }

    /// `index_reduce` in place.
    #[pyo3(signature = (dim, index, source, reduce, *, include_self=true))]
    fn index_reduce_<'py>(
        slf: &Bound<'py, Self>,
        dim: isize,
        index: In,
        source: In,
        reduce: &str,
        include_self: bool,
    ) -> PyResult<Bound<'py, Self>> {
        let (index, source, how) = (&index.get().tensor, &source.get().tensor, slice_reduction(reduce)?);
        written(slf, source, |x| index::index_reduce_(x, dim, index, source, how, include_self))
    }
}
