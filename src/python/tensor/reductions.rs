//! Sums, means, moments, and questions about all elements. Extrema are in `extrema.rs`.

use super::class::{Out, PyTensor};
use crate::array::Scalar;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::reduce;
use crate::python::arguments::{IntList, Ints, aliased};
use crate::python::dtype::DTypeArg;
use crate::python::gil::without_gil;
use crate::python::results::tuple;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple};

/// The axes of a moment, and by how much to correct the number of elements.
struct Moment {
    dims: Option<Ints>,
    correction: f64,
    keepdim: bool,
}

impl Moment {
    /// From `(dim, unbiased, keepdim, correction)`, where a lone boolean in first place is `unbiased`.
    fn new(
        op: &str,
        dim: Option<&Bound<'_, PyAny>>,
        unbiased: Option<bool>,
        keepdim: bool,
        correction: Option<Scalar>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let (dim, unbiased) = match dim.filter(|d| !d.is_none()) {
            Some(first) if first.is_instance_of::<PyBool>() => (None, Some(first.is_truthy()?)),
            Some(dim) => (Some(dim.extract::<IntList>()?), unbiased),
            None => (None, unbiased),
        };
        let (dim, keepdim) = aliased(op, dim, keepdim, aliases)?;
        let correction = match (correction, unbiased) {
            (Some(_), Some(_)) => {
                let text = format!("{op}(): expected either unbiased or correction, got both");
                return Err(pyo3::exceptions::PyTypeError::new_err(text));
            }
            (Some(correction), None) => correction.to_f64(),
            (None, unbiased) => unbiased.unwrap_or(true) as u8 as f64,
        };
        Ok(Moment { dims: dim.map(|d| d.0), correction, keepdim })
    }

    fn run<R: Send>(
        self,
        py: Python<'_>,
        x: &Tensor,
        f: impl FnOnce(&Tensor, Option<&[isize]>, f64, bool) -> Result<R> + Send,
    ) -> PyResult<R> {
        without_gil(py, x.numel(), || f(x, self.dims.as_deref(), self.correction, self.keepdim))
    }
}

#[pymethods]
impl PyTensor {
    /// The sum of all elements, or over axes.
    ///
    /// Args:
    ///     dim: an axis or several; all if not given.
    ///     keepdim: whether the axes stay, with size 1.
    ///     dtype: the dtype of the result, to which elements are converted first. `int64` for integers and booleans, else
    ///         the tensor's own, if not given.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///     RuntimeError: for an axis named twice.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(0)
    ///     tensor([4., 6.])
    #[pyo3(
        signature = (dim=None, keepdim=false, *, dtype=None, **aliases),
        text_signature = "($self, dim=None, keepdim=False, *, dtype=None)"
    )]
    fn sum(
        &self,
        py: Python<'_>,
        dim: Option<IntList>,
        keepdim: bool,
        dtype: Option<DTypeArg>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = aliased("sum", dim, keepdim, aliases)?;
        let (x, dims) = (&self.tensor, dim.map(|d| d.0));
        without_gil(py, x.numel(), || reduce::sum(x, dims.as_deref(), keepdim, dtype.map(|d| d.0))).map(Out)
    }

    /// The sum of the elements that are not NaN. Arguments and errors are those of `sum`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, float("nan"), 2.0]).nansum()
    ///     tensor(3.)
    #[pyo3(
        signature = (dim=None, keepdim=false, *, dtype=None, **aliases),
        text_signature = "($self, dim=None, keepdim=False, *, dtype=None)"
    )]
    fn nansum(
        &self,
        py: Python<'_>,
        dim: Option<IntList>,
        keepdim: bool,
        dtype: Option<DTypeArg>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = aliased("nansum", dim, keepdim, aliases)?;
        let (x, dims) = (&self.tensor, dim.map(|d| d.0));
        without_gil(py, x.numel(), || reduce::nansum(x, dims.as_deref(), keepdim, dtype.map(|d| d.0))).map(Out)
    }

    /// The mean of all elements, or over axes: their sum divided by their number. The mean of no elements is NaN.
    ///
    /// Args:
    ///     dim: an axis or several; all if not given.
    ///     keepdim: whether the axes stay, with size 1.
    ///     dtype: the dtype of the result, to which elements are converted first.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///     RuntimeError: for an axis named twice, and for a dtype that is not a floating-point type.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1.0, 2.0], [3.0, 4.0]]).mean(1, keepdim=True)
    ///     tensor([[1.5000],
    ///             [3.5000]])
    #[pyo3(
        signature = (dim=None, keepdim=false, *, dtype=None, **aliases),
        text_signature = "($self, dim=None, keepdim=False, *, dtype=None)"
    )]
    fn mean(
        &self,
        py: Python<'_>,
        dim: Option<IntList>,
        keepdim: bool,
        dtype: Option<DTypeArg>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = aliased("mean", dim, keepdim, aliases)?;
        let (x, dims) = (&self.tensor, dim.map(|d| d.0));
        without_gil(py, x.numel(), || reduce::mean(x, dims.as_deref(), keepdim, dtype.map(|d| d.0))).map(Out)
    }

    /// The mean of the elements that are not NaN. Arguments and errors are those of `mean`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, float("nan"), 2.0]).nanmean()
    ///     tensor(1.5000)
    #[pyo3(
        signature = (dim=None, keepdim=false, *, dtype=None, **aliases),
        text_signature = "($self, dim=None, keepdim=False, *, dtype=None)"
    )]
    fn nanmean(
        &self,
        py: Python<'_>,
        dim: Option<IntList>,
        keepdim: bool,
        dtype: Option<DTypeArg>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = aliased("nanmean", dim, keepdim, aliases)?;
        let (x, dims) = (&self.tensor, dim.map(|d| d.0));
        without_gil(py, x.numel(), || reduce::nanmean(x, dims.as_deref(), keepdim, dtype.map(|d| d.0))).map(Out)
    }

    /// The variance: `sum((x - mean)^2) / (n - correction)`, over all elements or over axes.
    ///
    /// Args:
    ///     dim: an axis or several; all if not given.
    ///     unbiased: another way to say `correction`: 1 if true, 0 if false.
    ///     keepdim: whether the axes stay, with size 1.
    ///     correction: what is taken from the number of elements; 1 if not given. The result is NaN or infinite where
    ///         nothing is left.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///     RuntimeError: for an axis named twice, and for a dtype that is not a floating-point type.
    ///     TypeError: if both `unbiased` and `correction` are given.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, 2.0, 3.0]).var()
    ///     tensor(1.)
    #[pyo3(
        signature = (dim=None, unbiased=None, keepdim=false, *, correction=None, **aliases),
        text_signature = "($self, dim=None, unbiased=True, keepdim=False, *, correction=1)"
    )]
    fn var(
        &self,
        py: Python<'_>,
        dim: Option<&Bound<'_, PyAny>>,
        unbiased: Option<bool>,
        keepdim: bool,
        correction: Option<Scalar>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let moment = Moment::new("var", dim, unbiased, keepdim, correction, aliases)?;
        moment.run(py, &self.tensor, reduce::var).map(Out)
    }

    /// The standard deviation, the square root of the variance. Arguments and errors are those of `var`. Its gradient where
    /// all elements are equal is zero.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, 2.0, 3.0]).std(unbiased=False)
    ///     tensor(0.8165)
    #[pyo3(
        signature = (dim=None, unbiased=None, keepdim=false, *, correction=None, **aliases),
        text_signature = "($self, dim=None, unbiased=True, keepdim=False, *, correction=1)"
    )]
    fn std(
        &self,
        py: Python<'_>,
        dim: Option<&Bound<'_, PyAny>>,
        unbiased: Option<bool>,
        keepdim: bool,
        correction: Option<Scalar>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let moment = Moment::new("std", dim, unbiased, keepdim, correction, aliases)?;
        moment.run(py, &self.tensor, reduce::std).map(Out)
    }

    /// The variance and the mean, as a tuple. Arguments and errors are those of `var`.
    #[pyo3(
        signature = (dim=None, unbiased=None, keepdim=false, *, correction=None, **aliases),
        text_signature = "($self, dim=None, unbiased=True, keepdim=False, *, correction=1)"
    )]
    fn var_mean<'py>(
        &self,
        py: Python<'py>,
        dim: Option<&Bound<'_, PyAny>>,
        unbiased: Option<bool>,
        keepdim: bool,
        correction: Option<Scalar>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let moment = Moment::new("var_mean", dim, unbiased, keepdim, correction, aliases)?;
        tuple(py, moment.run(py, &self.tensor, reduce::var_mean)?)
    }

    /// The standard deviation and the mean, as a tuple. Arguments and errors are those of `var`.
    #[pyo3(
        signature = (dim=None, unbiased=None, keepdim=false, *, correction=None, **aliases),
        text_signature = "($self, dim=None, unbiased=True, keepdim=False, *, correction=1)"
    )]
    fn std_mean<'py>(
        &self,
        py: Python<'py>,
        dim: Option<&Bound<'_, PyAny>>,
        unbiased: Option<bool>,
        keepdim: bool,
        correction: Option<Scalar>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let moment = Moment::new("std_mean", dim, unbiased, keepdim, correction, aliases)?;
        tuple(py, moment.run(py, &self.tensor, reduce::std_mean)?)
    }

    /// Whether all elements differ from zero, or all over axes. True for no elements.
    ///
    /// Args:
    ///     dim: an axis or several; all if not given, none if an empty list is given.
    ///     keepdim: whether the axes stay, with size 1.
    ///
    /// Returns:
    ///     A `bool` tensor; `uint8` for a `uint8` tensor.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///     RuntimeError: for an axis named twice.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[True, False], [True, True]]).all(0)
    ///     tensor([ True, False])
    #[pyo3(
        signature = (dim=None, keepdim=false, **aliases),
        text_signature = "($self, dim=None, keepdim=False)"
    )]
    fn all(
        &self,
        py: Python<'_>,
        dim: Option<IntList>,
        keepdim: bool,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = aliased("all", dim, keepdim, aliases)?;
        let (x, dims) = (&self.tensor, dim.map(|d| d.0));
        without_gil(py, x.numel(), || reduce::all(x, dims.as_deref(), keepdim)).map(Out)
    }

    /// Whether any element differs from zero, or any over axes. False for no elements. Otherwise as `all`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[True, False], [False, False]]).any(1)
    ///     tensor([ True, False])
    #[pyo3(
        signature = (dim=None, keepdim=false, **aliases),
        text_signature = "($self, dim=None, keepdim=False)"
    )]
    fn any(
        &self,
        py: Python<'_>,
        dim: Option<IntList>,
        keepdim: bool,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = aliased("any", dim, keepdim, aliases)?;
        let (x, dims) = (&self.tensor, dim.map(|d| d.0));
        without_gil(py, x.numel(), || reduce::any(x, dims.as_deref(), keepdim)).map(Out)
    }

    /// How many elements differ from zero, in all or over axes, as `int64`.
    ///
    /// Args:
    ///     dim: an axis or several; all if not given.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///     RuntimeError: for an axis named twice.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1, 0], [2, 3]]).count_nonzero(0)
    ///     tensor([2, 1])
    #[pyo3(signature = (dim=None, **aliases), text_signature = "($self, dim=None)")]
    fn count_nonzero(
        &self,
        py: Python<'_>,
        dim: Option<IntList>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, _) = aliased("count_nonzero", dim, false, aliases)?;
        let (x, dims) = (&self.tensor, dim.map(|d| d.0));
        without_gil(py, x.numel(), || reduce::count_nonzero(x, dims.as_deref())).map(Out)
    }
}
