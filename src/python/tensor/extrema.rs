//! The largest and smallest elements and where they are.

use super::class::{Out, PyTensor};
use crate::autograd::{Tensor, Tensors};
use crate::error::Result;
use crate::ops::reduce;
use crate::python::arguments::{IntList, Ints, aliased, extract_int};
use crate::python::gil::without_gil;
use crate::python::results::named;
use crate::python::tensor::wrap;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple};

/// The three forms of `max` and `min`: of all elements, along an axis, of two tensors.
fn forms<'py>(
    slf: &Bound<'py, PyTensor>,
    name: &str,
    of_two: &str,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
    whole: fn(&Tensor) -> Result<Tensor>,
    along: fn(&Tensor, isize, bool) -> Result<Tensors>,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, x) = (slf.py(), &slf.get().tensor);
    let wrong = |what: &str| {
        PyTypeError::new_err(format!(
            "{name}() received an invalid combination of arguments: {what}; expected (), (dim, keepdim=False) or (other)"
        ))
    };
    let (mut first, mut keepdim) = (args.get_item(0).ok(), args.get_item(1).ok());
    if args.len() > 2 {
        return Err(wrong(&format!("got {}", args.len())));
    }
    for (key, value) in kwargs.into_iter().flatten() {
        let key: String = key.extract()?;
        let place = match key.as_str() {
            "dim" | "axis" | "other" => &mut first,
            "keepdim" | "keepdims" => &mut keepdim,
            _ => return Err(PyTypeError::new_err(format!("{name}() got an unexpected keyword argument '{key}'"))),
        };
        if place.replace(value).is_some() {
            return Err(PyTypeError::new_err(format!("{name}() got multiple values for argument '{key}'")));
        }
    }
    let Some(first) = first else {
        if keepdim.is_some() {
            return Err(wrong("keepdim without dim"));
        }
        let result = without_gil(py, x.numel(), || whole(x))?;
        return Ok(wrap(py, result)?.into_any());
    };
    if first.is_instance_of::<PyTensor>() && keepdim.is_none() {
        return slf.call_method1(of_two, (first,));
    }
    let dim = extract_int(&first).map_err(|_| wrong(&format!("dim is {}", first.get_type())))?;
    let keepdim = match keepdim {
        None => false,
        Some(flag) => flag.cast::<PyBool>().map_err(|_| wrong("keepdim must be bool"))?.is_true(),
    };
    named(py, name, without_gil(py, x.numel(), || along(x, dim, keepdim))?)
}

/// An axis that may also be called `axis`, with `keepdim` that may be called `keepdims`.
fn axis(
    op: &str,
    dim: Option<isize>,
    keepdim: bool,
    aliases: Option<&Bound<'_, PyDict>>,
) -> PyResult<(Option<isize>, bool)> {
    let one = |dim: isize| IntList(smallvec::smallvec![dim]);
    let (dim, keepdim) = aliased(op, dim.map(one), keepdim, aliases)?;
    match dim.as_ref().map(|d: &IntList| d.0.as_slice()) {
        None => Ok((None, keepdim)),
        Some([dim]) => Ok((Some(*dim), keepdim)),
        Some(dims) => {
            Err(PyTypeError::new_err(format!("{op}(): argument 'dim' must be int, got {} of them", dims.len())))
        }
    }
}

#[pymethods]
impl PyTensor {
    /// The largest element, the largest along an axis with their indices, or the elementwise larger of two tensors.
    ///
    /// Called as `max()`, `max(dim, keepdim=False)` or `max(other)`. NaN counts as larger than everything.
    ///
    /// Args:
    ///     dim: an axis.
    ///     keepdim: whether the axis stays, with size 1.
    ///     other: a tensor: the call is `maximum(other)`.
    ///
    /// Returns:
    ///     A tensor; for `dim` a named tuple `(values, indices)`, with the first index where several elements are largest.
    ///     The gradient of `max()` is shared by equals, that of `max(dim)` goes to the index.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there or of size zero.
    ///     RuntimeError: for `max()` of no elements.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1.0, 3.0], [4.0, 2.0]]).max(1)
    ///     rsnn.return_types.max(
    ///     values=tensor([3., 4.]),
    ///     indices=tensor([1, 0]))
    #[pyo3(signature = (*args, **kwargs), text_signature = "($self, dim=None, keepdim=False)")]
    fn max<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        forms(slf, "max", "maximum", args, kwargs, reduce::max, reduce::max_along)
    }

    /// The smallest element, the smallest along an axis with their indices, or the elementwise smaller of two tensors.
    /// Otherwise as `max`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1.0, 3.0], [4.0, 2.0]]).min()
    ///     tensor(1.)
    #[pyo3(signature = (*args, **kwargs), text_signature = "($self, dim=None, keepdim=False)")]
    fn min<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        forms(slf, "min", "minimum", args, kwargs, reduce::min, reduce::min_along)
    }

    /// The largest element over axes; NaN where there is one. The gradient is shared by equal elements.
    ///
    /// Args:
    ///     dim: an axis or several; all if empty.
    ///     keepdim: whether the axes stay, with size 1.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there or of size zero.
    ///     RuntimeError: for an axis named twice, and for no elements at all.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1.0, 3.0], [4.0, 2.0]]).amax(0)
    ///     tensor([4., 3.])
    #[pyo3(signature = (dim=None, keepdim=false, **aliases), text_signature = "($self, dim=(), keepdim=False)")]
    fn amax(
        &self,
        py: Python<'_>,
        dim: Option<IntList>,
        keepdim: bool,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = aliased("amax", dim, keepdim, aliases)?;
        let (x, dims) = (&self.tensor, dim.map_or(Ints::new(), |d| d.0));
        without_gil(py, x.numel(), || reduce::amax(x, &dims, keepdim)).map(Out)
    }

    /// The smallest element over axes; otherwise as `amax`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1.0, 3.0], [4.0, 2.0]]).amin((0, 1))
    ///     tensor(1.)
    #[pyo3(signature = (dim=None, keepdim=false, **aliases), text_signature = "($self, dim=(), keepdim=False)")]
    fn amin(
        &self,
        py: Python<'_>,
        dim: Option<IntList>,
        keepdim: bool,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = aliased("amin", dim, keepdim, aliases)?;
        let (x, dims) = (&self.tensor, dim.map_or(Ints::new(), |d| d.0));
        without_gil(py, x.numel(), || reduce::amin(x, &dims, keepdim)).map(Out)
    }

    /// The smallest and the largest element, as a named tuple `(min, max)`.
    ///
    /// Args:
    ///     dim: an axis; all if not given.
    ///     keepdim: whether the axis stays, with size 1.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there or of size zero.
    ///     RuntimeError: for no elements at all.
    ///
    /// Example:
    ///     >>> low, high = rsnn.tensor([3.0, 1.0, 2.0]).aminmax()
    ///     >>> low, high
    ///     (tensor(1.), tensor(3.))
    #[pyo3(signature = (*, dim=None, keepdim=false))]
    fn aminmax<'py>(&self, py: Python<'py>, dim: Option<isize>, keepdim: bool) -> PyResult<Bound<'py, PyAny>> {
        let x = &self.tensor;
        named(py, "aminmax", without_gil(py, x.numel(), || reduce::aminmax(x, dim, keepdim))?)
    }

    /// The index of the largest element along an axis, or among all in row-major order: the first of equals.
    ///
    /// Args:
    ///     dim: an axis; all if not given.
    ///     keepdim: whether the axes stay, with size 1.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there, and for no elements.
    ///     RuntimeError: for `bool`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1.0, 3.0], [4.0, 2.0]]).argmax(1)
    ///     tensor([1, 0])
    #[pyo3(signature = (dim=None, keepdim=false, **aliases), text_signature = "($self, dim=None, keepdim=False)")]
    fn argmax(
        &self,
        py: Python<'_>,
        dim: Option<isize>,
        keepdim: bool,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = axis("argmax", dim, keepdim, aliases)?;
        let x = &self.tensor;
        without_gil(py, x.numel(), || reduce::argmax(x, dim, keepdim)).map(Out)
    }

    /// The index of the smallest element; otherwise as `argmax`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([3.0, 1.0, 2.0]).argmin()
    ///     tensor(1)
    #[pyo3(signature = (dim=None, keepdim=false, **aliases), text_signature = "($self, dim=None, keepdim=False)")]
    fn argmin(
        &self,
        py: Python<'_>,
        dim: Option<isize>,
        keepdim: bool,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = axis("argmin", dim, keepdim, aliases)?;
        let x = &self.tensor;
        without_gil(py, x.numel(), || reduce::argmin(x, dim, keepdim)).map(Out)
    }
}
