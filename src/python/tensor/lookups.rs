//! Elements read and written along an axis at the numbers of an index tensor.

use super::class::{Out, PyTensor};
use super::combine;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::index::{self, Meet};
use crate::python::arguments::Operand;
use crate::python::gil::without_gil;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyUserWarning};
use pyo3::prelude::*;

type In<'a, 'py> = &'a Bound<'py, PyTensor>;

/// The values of a scatter, which come as `src` or as `value`, and what `reduce` asks for.
fn scattered<'py>(
    op: &str,
    py: Python<'_>,
    src: Option<Operand<'py>>,
    value: Option<Operand<'py>>,
    reduce: Option<&str>,
) -> PyResult<(Operand<'py>, Meet)> {
    let ((Some(source), None) | (None, Some(source))) = (src, value) else {
        return Err(PyTypeError::new_err(format!("{op}(): expected one of the arguments 'src' and 'value'")));
    };
    let meet = match reduce {
        None => Meet::Replace,
        Some("add") => Meet::AddOnly,
        Some("multiply") => Meet::Multiply,
        Some(_) => return Err(PyRuntimeError::new_err("reduce argument must be either add or multiply.")),
    };
    if reduce.is_some() && matches!(source, Operand::Tensor(_)) {
        let text =
            c"The reduce argument of rsnn.scatter with Tensor src is deprecated. Use rsnn.scatter_reduce instead.";
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), text, 1)?;
    }
    Ok((source, meet))
}

/// Runs an operation in place without the interpreter.
pub fn written<'py>(
    slf: &Bound<'py, PyTensor>,
    index: &Tensor,
    f: impl FnOnce(&Tensor) -> Result<()> + Send,
) -> PyResult<Bound<'py, PyTensor>> {
    let x = &slf.get().tensor;
    without_gil(slf.py(), index.numel().max(x.numel()), || f(x))?;
    Ok(slf.clone())
}

#[pymethods]
impl PyTensor {
    /// The elements that `index` names along an axis, in the shape of `index`: for three axes and `dim=1`,
    /// `out[i][j][k] = self[i][index[i][j][k]][k]`.
    ///
    /// Args:
    ///     dim: the axis.
    ///     index: int64 or int32, of as many axes, along the others no larger than the tensor.
    ///     sparse_grad: must be `False`.
    ///
    /// Raises:
    ///     RuntimeError: for an index of another dtype or size, and for numbers out of range.
    ///     NotImplementedError: for `sparse_grad=True`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1, 2], [3, 4]]).gather(1, rsnn.tensor([[0, 0], [1, 0]]))
    ///     tensor([[1, 1],
    ///             [4, 3]])
    #[pyo3(signature = (dim, index, *, sparse_grad=false))]
    fn gather(&self, py: Python<'_>, dim: isize, index: In, sparse_grad: bool) -> PyResult<Out> {
        refuse_sparse("gather", sparse_grad)?;
        let index = &index.get().tensor;
        without_gil(py, index.numel(), || index::gather(&self.tensor, dim, index)).map(Out)
    }

    /// The elements that `indices` names along an axis, where the other axes broadcast; without an axis, of the tensor read as
    /// one row.
    ///
    /// Args:
    ///     indices: int64; negative numbers count from the end of the axis.
    ///     dim: the axis.
    ///
    /// Raises:
    ///     RuntimeError: for indices of another dtype, another number of axes, or out of range.
    ///
    /// Example:
    ///     >>> x = rsnn.tensor([[3, 1], [2, 4]])
    ///     >>> x.take_along_dim(x.argsort(1), dim=1)
    ///     tensor([[1, 3],
    ///             [2, 4]])
    #[pyo3(signature = (indices, dim=None))]
    fn take_along_dim(&self, py: Python<'_>, indices: In, dim: Option<isize>) -> PyResult<Out> {
        let indices = &indices.get().tensor;
        without_gil(py, indices.numel(), || index::take_along_dim(&self.tensor, indices, dim)).map(Out)
    }

    /// The slices that a vector of numbers names along an axis, as a copy.
    ///
    /// Args:
    ///     dim: the axis.
    ///     index: int64 or int32, of one axis or none.
    ///
    /// Raises:
    ///     IndexError: for an index that is no vector, and for numbers out of range.
    ///     RuntimeError: for an index of another dtype.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1, 2], [3, 4]]).index_select(0, rsnn.tensor([1, 1]))
    ///     tensor([[3, 4],
    ///             [3, 4]])
    fn index_select(&self, py: Python<'_>, dim: isize, index: In) -> PyResult<Out> {
        let index = &index.get().tensor;
        without_gil(py, self.tensor.numel(), || index::index_select(&self.tensor, dim, index)).map(Out)
    }

    /// A copy with values at the places that `index` names along an axis: for three axes and `dim=1`,
    /// `out[i][index[i][j][k]][k] = src[i][j][k]`. The last of several values for one place stays.
    ///
    /// Args:
    ///     dim: the axis.
    ///     index: int64 or int32, of as many axes, no larger than `src`, and along other axes than `dim` no larger than the tensor.
    ///     src: the values, of the tensor's dtype; or a number.
    ///     value: a number, in the place of `src`.
    ///     reduce: `"add"` or `"multiply"` to combine values with what is there; this form has no gradient.
    ///
    /// Raises:
    ///     RuntimeError: for an index of another dtype or size, numbers out of range, values of another dtype.
    ///
    /// Example:
    ///     >>> rsnn.zeros(2, 3).scatter(1, rsnn.tensor([[0], [2]]), 1.0)
    ///     tensor([[1., 0., 0.],
    ///             [0., 0., 1.]])
    #[pyo3(signature = (dim, index, src=None, *, value=None, reduce=None))]
    fn scatter(
        &self,
        py: Python<'_>,
        dim: isize,
        index: In,
        src: Option<Operand<'_>>,
        value: Option<Operand<'_>>,
        reduce: Option<&str>,
    ) -> PyResult<Out> {
        let (source, meet) = scattered("scatter", py, src, value, reduce)?;
        let (index, source) = (&index.get().tensor, combine::value(&source));
        without_gil(py, self.tensor.numel(), || index::scatter(&self.tensor, dim, index, source, meet)).map(Out)
    }

    /// `scatter` in place.
    #[pyo3(signature = (dim, index, src=None, *, value=None, reduce=None))]
    fn scatter_<'py>(
        slf: &Bound<'py, Self>,
        dim: isize,
        index: In,
        src: Option<Operand<'_>>,
        value: Option<Operand<'_>>,
        reduce: Option<&str>,
    ) -> PyResult<Bound<'py, Self>> {
        let (source, meet) = scattered("scatter_", slf.py(), src, value, reduce)?;
        let (index, source) = (&index.get().tensor, combine::value(&source));
        written(slf, index, |x| index::scatter_(x, dim, index, source, meet))
    }

    /// A copy with values added at the places that `index` names along an axis; otherwise as `scatter`.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).scatter_add(0, rsnn.tensor([0, 2, 2]), rsnn.ones(3))
    ///     tensor([1., 0., 2.])
    fn scatter_add(&self, py: Python<'_>, dim: isize, index: In, src: In) -> PyResult<Out> {
        let (index, src) = (&index.get().tensor, &src.get().tensor);
        without_gil(py, self.tensor.numel(), || index::scatter(&self.tensor, dim, index, src, Meet::Add)).map(Out)
    }

    /// `scatter_add` in place.
    fn scatter_add_<'py>(slf: &Bound<'py, Self>, dim: isize, index: In, src: In) -> PyResult<Bound<'py, Self>> {
        let (index, src) = (&index.get().tensor, &src.get().tensor);
        written(slf, index, |x| index::scatter_(x, dim, index, src, Meet::Add))
    }
}

/// Refuses sparse gradients.
pub fn refuse_sparse(op: &str, sparse: bool) -> PyResult<()> {
    match sparse {
        false => Ok(()),
        true => {
            Err(pyo3::exceptions::PyNotImplementedError::new_err(format!("{op}: sparse gradients are not supported")))
        }
    }
}
