//! Sorting and order statistics.

use super::class::{Out, PyTensor};
use crate::ops::sort;
use crate::python::gil::without_gil;
use crate::python::results::named;
use crate::python::tensor::wrap;
use pyo3::prelude::*;

/// About how much more work than one step an element takes.
const COST: usize = 8;

#[pymethods]
impl PyTensor {
    /// The elements along an axis in order, and their indices, as a named tuple `(values, indices)`.
    ///
    /// Args:
    ///     dim: the axis.
    ///     descending: whether the largest comes first.
    ///     stable: equal elements always keep their order; the argument is there for compatibility.
    ///
    /// NaN counts as larger than everything. The gradient of a value goes to the element at its index.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///
    /// Example:
    ///     >>> rsnn.tensor([3.0, 1.0, 2.0]).sort()
    ///     rsnn.return_types.sort(
    ///     values=tensor([1., 2., 3.]),
    ///     indices=tensor([1, 2, 0]))
    #[pyo3(signature = (dim=-1, descending=false, *, stable=None), text_signature = "($self, dim=-1, descending=False, *, stable=None)")]
    fn sort<'py>(
        &self,
        py: Python<'py>,
        dim: isize,
        descending: bool,
        stable: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // Every sort here is stable.
        let (x, _) = (&self.tensor, stable);
        named(py, "sort", without_gil(py, x.numel() * COST, || sort::sort(x, dim, descending))?)
    }

    /// The indices that sort along an axis: `sort(dim, descending).indices`.
    ///
    /// Args:
    ///     dim: the axis.
    ///     descending: whether the largest comes first.
    ///     stable: equal elements always keep their order; the argument is there for compatibility.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///
    /// Example:
    ///     >>> rsnn.tensor([3.0, 1.0, 2.0]).argsort()
    ///     tensor([1, 2, 0])
    #[pyo3(signature = (dim=-1, descending=false, *, stable=false), text_signature = "($self, dim=-1, descending=False, *, stable=False)")]
    fn argsort(&self, py: Python<'_>, dim: isize, descending: bool, stable: bool) -> PyResult<Out> {
        let (x, _) = (&self.tensor, stable);
        without_gil(py, x.numel() * COST, || Ok(sort::sort(x, dim, descending)?.swap_remove(1))).map(Out)
    }

    /// The elements in ascending order along the first axis: `sort(0).values`.
    ///
    /// Raises:
    ///     IndexError: never for a tensor with axes; a scalar is its own result.
    #[pyo3(signature = ())]
    fn msort(&self, py: Python<'_>) -> PyResult<Out> {
        let x = &self.tensor;
        without_gil(py, x.numel() * COST, || Ok(sort::sort(x, 0, false)?.swap_remove(0))).map(Out)
    }

    /// The `k` largest elements along an axis and their indices, as a named tuple `(values, indices)`.
    ///
    /// Args:
    ///     k: how many.
    ///     dim: the axis.
    ///     largest: whether to take the largest; the smallest otherwise.
    ///     sorted: the results always come in order; the argument is there for compatibility.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///     RuntimeError: for a `k` beyond the axis, and for `bool`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([3.0, 1.0, 2.0]).topk(2).values
    ///     tensor([3., 2.])
    #[pyo3(signature = (k, dim=-1, largest=true, sorted=true), text_signature = "($self, k, dim=-1, largest=True, sorted=True)")]
    fn topk<'py>(
        &self,
        py: Python<'py>,
        k: isize,
        dim: isize,
        largest: bool,
        sorted: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        // Without a wish for order any order will do.
        let (x, _) = (&self.tensor, sorted);
        named(py, "topk", without_gil(py, x.numel() * COST, || sort::topk(x, k, dim, largest))?)
    }

    /// The `k`-th smallest element along an axis and its index, as a named tuple `(values, indices)`.
    ///
    /// Args:
    ///     k: which, from 1 on.
    ///     dim: the axis.
    ///     keepdim: whether the axis stays, with size 1.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there or of size zero.
    ///     RuntimeError: for a `k` beyond the axis.
    ///     NotImplementedError: for `bool`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([3.0, 1.0, 2.0]).kthvalue(2).values
    ///     tensor(2.)
    #[pyo3(signature = (k, dim=-1, keepdim=false), text_signature = "($self, k, dim=-1, keepdim=False)")]
    fn kthvalue<'py>(&self, py: Python<'py>, k: isize, dim: isize, keepdim: bool) -> PyResult<Bound<'py, PyAny>> {
        let x = &self.tensor;
        named(py, "kthvalue", without_gil(py, x.numel() * COST, || sort::kthvalue(x, k, dim, keepdim))?)
    }

    /// The lower median of all elements, or along an axis with its index.
    ///
    /// Args:
    ///     dim: the axis; all elements if not given.
    ///     keepdim: whether the axis stays, with size 1.
    ///
    /// Returns:
    ///     A tensor, NaN if there is a NaN; for `dim` a named tuple `(values, indices)`.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there or of size zero.
    ///     NotImplementedError: for `bool`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([4.0, 1.0, 3.0, 2.0]).median()
    ///     tensor(2.)
    #[pyo3(signature = (dim=None, keepdim=false))]
    fn median<'py>(&self, py: Python<'py>, dim: Option<isize>, keepdim: bool) -> PyResult<Bound<'py, PyAny>> {
        self.any_median(py, dim, keepdim, false)
    }

    /// The lower median of the elements that are not NaN; otherwise as `median`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([4.0, float("nan"), 3.0]).nanmedian()
    ///     tensor(3.)
    #[pyo3(signature = (dim=None, keepdim=false))]
    fn nanmedian<'py>(&self, py: Python<'py>, dim: Option<isize>, keepdim: bool) -> PyResult<Bound<'py, PyAny>> {
        self.any_median(py, dim, keepdim, true)
    }

    /// The most frequent element along an axis and the last of its indices, as a named tuple `(values, indices)`. Where
    /// several are most frequent, the smallest of them.
    ///
    /// Args:
    ///     dim: the axis.
    ///     keepdim: whether the axis stays, with size 1.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there or of size zero.
    ///
    /// Example:
    ///     >>> rsnn.tensor([3, 1, 1]).mode().values
    ///     tensor(1)
    #[pyo3(signature = (dim=-1, keepdim=false), text_signature = "($self, dim=-1, keepdim=False)")]
    fn mode<'py>(&self, py: Python<'py>, dim: isize, keepdim: bool) -> PyResult<Bound<'py, PyAny>> {
        let x = &self.tensor;
        named(py, "mode", without_gil(py, x.numel() * COST, || sort::mode(x, dim, keepdim))?)
    }
}

impl PyTensor {
    fn any_median<'py>(
        &self,
        py: Python<'py>,
        dim: Option<isize>,
        keepdim: bool,
        skip_nan: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (x, size) = (&self.tensor, self.tensor.numel() * COST);
        match dim {
            None if keepdim => Err(pyo3::exceptions::PyTypeError::new_err("median(): keepdim needs a dim")),
            None => Ok(wrap(py, without_gil(py, size, || sort::median(x, skip_nan))?)?.into_any()),
            Some(dim) => {
                let name = if skip_nan { "nanmedian" } else { "median" };
                named(py, name, without_gil(py, size, || sort::median_along(x, dim, keepdim, skip_nan))?)
            }
        }
    }
}
