//! Products, norms and logarithms of sums.

use super::class::{Out, PyTensor};
use crate::array::Scalar;
use crate::ops::reduce;
use crate::python::arguments::{IntList, aliased};
use crate::python::dtype::DTypeArg;
use crate::python::gil::without_gil;
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// The order of a norm: a number, or `"fro"` for 2.
fn order(p: Option<&Bound<'_, PyAny>>) -> PyResult<f64> {
    let Some(p) = p else { return Ok(2.0) };
    if let Ok(name) = p.cast::<PyString>() {
        return match name.to_string_lossy().as_ref() {
            "fro" => Ok(2.0),
            "nuc" => {
                Err(PyNotImplementedError::new_err("norm(): p='nuc' is not supported, expected a number or 'fro'"))
            }
            other => {
                Err(PyRuntimeError::new_err(format!("norm(): Order {other} not supported, expected a number or 'fro'")))
            }
        };
    }
    Ok(p.extract::<Scalar>()?.to_f64())
}

#[pymethods]
impl PyTensor {
    /// The product of all elements, or over one axis.
    ///
    /// Args:
    ///     dim: an axis; all if not given.
    ///     keepdim: whether the axis stays, with size 1.
    ///     dtype: the dtype of the result, to which elements are converted first; `int64` for integers and booleans, else
    ///         the tensor's own, if not given.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1.0, 2.0], [3.0, 4.0]]).prod(1)
    ///     tensor([ 2., 12.])
    #[pyo3(
        signature = (*args, dtype=None, **kwargs),
        text_signature = "($self, dim=None, keepdim=False, *, dtype=None)"
    )]
    fn prod(
        &self,
        py: Python<'_>,
        args: &Bound<'_, pyo3::types::PyTuple>,
        dtype: Option<DTypeArg>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (mut dim, mut keepdim) = (args.get_item(0).ok(), args.get_item(1).ok());
        if args.len() > 2 {
            return Err(PyTypeError::new_err(format!("prod() takes at most 2 arguments, got {}", args.len())));
        }
        for (key, value) in kwargs.into_iter().flatten() {
            let key: String = key.extract()?;
            let place = match key.as_str() {
                "dim" | "axis" => &mut dim,
                "keepdim" | "keepdims" => &mut keepdim,
                _ => return Err(PyTypeError::new_err(format!("prod() got an unexpected keyword argument '{key}'"))),
            };
            if place.replace(value).is_some() {
                return Err(PyTypeError::new_err(format!("prod() got multiple values for argument '{key}'")));
            }
        }
        if dim.is_none() && keepdim.is_some() {
            return Err(PyTypeError::new_err("prod(): keepdim needs a dim"));
        }
        let dim = dim.map(|d| crate::python::arguments::extract_int(&d)).transpose()?;
        let keepdim = keepdim.map_or(Ok(false), |k| k.extract())?;
        let x = &self.tensor;
        without_gil(py, x.numel(), || reduce::prod(x, dim, keepdim, dtype.map(|d| d.0))).map(Out)
    }

    /// The norm of all elements, or over axes: `sum(|x|^p)^(1/p)`.
    ///
    /// Args:
    ///     p: the order: a number, `"fro"` for 2, `float("inf")` for the largest `|x|`, `-float("inf")` for the smallest, 0 for
    ///         the number of elements other than zero.
    ///     dim: an axis or several; all if not given.
    ///     keepdim: whether the axes stay, with size 1.
    ///     dtype: the dtype of the result, to which elements are converted first.
    ///
    /// The gradient where the norm is zero is zero.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///     RuntimeError: for a dtype that is not a floating-point type; for infinite and negative `p` of no elements.
    ///     NotImplementedError: for `p="nuc"`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([3.0, 4.0]).norm()
    ///     tensor(5.)
    #[pyo3(
        signature = (p=None, dim=None, keepdim=false, dtype=None, **aliases),
        text_signature = "($self, p='fro', dim=None, keepdim=False, dtype=None)"
    )]
    fn norm(
        &self,
        py: Python<'_>,
        p: Option<&Bound<'_, PyAny>>,
        dim: Option<IntList>,
        keepdim: bool,
        dtype: Option<DTypeArg>,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = aliased("norm", dim, keepdim, aliases)?;
        let (x, dims, p) = (&self.tensor, dim.map(|d| d.0), order(p)?);
        without_gil(py, x.numel(), || reduce::norm(x, p, dims.as_deref(), keepdim, dtype.map(|d| d.0))).map(Out)
    }

    /// The norm of the difference of two tensors.
    ///
    /// Args:
    ///     other: the other tensor.
    ///     p: the order, as for `norm`.
    ///
    /// Raises:
    ///     RuntimeError: for shapes that do not broadcast; otherwise as `norm`.
    ///
    /// Example:
    ///     >>> rsnn.zeros(2).dist(rsnn.tensor([3.0, 4.0]))
    ///     tensor(5.)
    #[pyo3(signature = (other, p=Scalar::Int(2)), text_signature = "($self, other, p=2)")]
    fn dist(&self, py: Python<'_>, other: &Bound<'_, PyTensor>, p: Scalar) -> PyResult<Out> {
        let (x, other) = (&self.tensor, &other.get().tensor);
        without_gil(py, x.numel().max(other.numel()), || reduce::dist(x, other, p.to_f64())).map(Out)
    }

    /// The logarithm of the sum of exponentials over axes, `log(sum(exp(x)))`, without overflow on the way.
    ///
    /// Args:
    ///     dim: an axis or several.
    ///     keepdim: whether the axes stay, with size 1.
    ///
    /// Integers are taken in the default floating-point dtype.
    ///
    /// Raises:
    ///     IndexError: for an axis that is not there.
    ///     RuntimeError: for an axis named twice.
    ///
    /// Example:
    ///     >>> rsnn.tensor([0.0, 0.0]).logsumexp(0)
    ///     tensor(0.6931)
    #[pyo3(
        signature = (dim=None, keepdim=false, **aliases),
        text_signature = "($self, dim, keepdim=False)"
    )]
    fn logsumexp(
        &self,
        py: Python<'_>,
        dim: Option<IntList>,
        keepdim: bool,
        aliases: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Out> {
        let (dim, keepdim) = aliased("logsumexp", dim, keepdim, aliases)?;
        let Some(dims) = dim.map(|d| d.0) else {
            return Err(PyTypeError::new_err("logsumexp() missing 1 required positional argument: \"dim\""));
        };
        let x = &self.tensor;
        without_gil(py, x.numel() * 8, || reduce::logsumexp(x, &dims, keepdim)).map(Out)
    }
}
