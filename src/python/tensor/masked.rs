//! Elements chosen by masks, by index tensors, and by their place in row-major order.

use super::class::{Out, PyTensor};
use super::join::tensor_list;
use super::lookups::written;
use crate::autograd::Tensor;
use crate::ops::index;
use crate::python::gil::without_gil;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

type In<'a, 'py> = &'a Bound<'py, PyTensor>;

/// The index tensors of `index_put`.
fn index_list(op: &str, indices: &Bound<'_, PyAny>) -> PyResult<Vec<Tensor>> {
    if indices.is_instance_of::<PyTensor>() {
        return Err(PyTypeError::new_err(format!(
            "{op}(): argument 'indices' (position 1) must be tuple of Tensors, not Tensor"
        )));
    }
    tensor_list(op, indices)
}

#[pymethods]
impl PyTensor {
    /// The elements where `mask` holds, as a vector. Mask and tensor broadcast.
    ///
    /// Args:
    ///     mask: bool.
    ///
    /// Raises:
    ///     RuntimeError: for a mask of another dtype, and shapes that do not broadcast.
    ///
    /// Example:
    ///     >>> x = rsnn.tensor([[1, 2], [3, 4]])
    ///     >>> x.masked_select(x > 1)
    ///     tensor([2, 3, 4])
    fn masked_select(&self, py: Python<'_>, mask: In) -> PyResult<Out> {
        let (x, mask) = (&self.tensor, &mask.get().tensor);
        without_gil(py, x.numel(), || index::masked_select(x, mask)).map(Out)
    }

    /// A copy with the elements of `source`, one after the other, where `mask` holds. Mask and tensor broadcast.
    ///
    /// Args:
    ///     mask: bool.
    ///     source: of the tensor's dtype, with at least as many elements as the mask has places.
    ///
    /// Raises:
    ///     RuntimeError: for a mask or source of another dtype, too few elements, and shapes that do not broadcast.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).masked_scatter(rsnn.tensor([True, False, True]), rsnn.tensor([5.0, 6.0]))
    ///     tensor([5., 0., 6.])
    fn masked_scatter(&self, py: Python<'_>, mask: In, source: In) -> PyResult<Out> {
        let (x, mask, source) = (&self.tensor, &mask.get().tensor, &source.get().tensor);
        without_gil(py, x.numel(), || index::masked_scatter(x, mask, source)).map(Out)
    }

    /// `masked_scatter` in place. The mask broadcasts to the tensor.
    fn masked_scatter_<'py>(slf: &Bound<'py, Self>, mask: In, source: In) -> PyResult<Bound<'py, Self>> {
        let (mask, source) = (&mask.get().tensor, &source.get().tensor);
        written(slf, mask, |x| index::masked_scatter_(x, mask, source))
    }

    /// A copy with values, broadcast, written to (or added to) what index tensors of the leading axes name.
    ///
    /// Args:
    ///     indices: a sequence of integer tensors or masks.
    ///     values: of the tensor's dtype.
    ///     accumulate: whether to add, so that repeated indices add up.
    ///
    /// Raises:
    ///     IndexError: for indices out of range, of another dtype, or too many.
    ///     RuntimeError: for values of another dtype or that do not broadcast.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).index_put((rsnn.tensor([0, 0]),), rsnn.tensor([1.0, 2.0]), accumulate=True)
    ///     tensor([3., 0., 0.])
    #[pyo3(signature = (indices, values, accumulate=false))]
    fn index_put(&self, py: Python<'_>, indices: &Bound<'_, PyAny>, values: In, accumulate: bool) -> PyResult<Out> {
        let (x, values, list) = (&self.tensor, &values.get().tensor, index_list("index_put", indices)?);
        let list: Vec<Option<&Tensor>> = list.iter().map(Some).collect();
        without_gil(py, x.numel(), || index::index_put(x, &list, values, accumulate)).map(Out)
    }

    /// `index_put` in place.
    #[pyo3(signature = (indices, values, accumulate=false))]
    fn index_put_<'py>(
        slf: &Bound<'py, Self>,
        indices: &Bound<'_, PyAny>,
        values: In,
        accumulate: bool,
    ) -> PyResult<Bound<'py, Self>> {
        let (values, list) = (&values.get().tensor, index_list("index_put_", indices)?);
        let list: Vec<Option<&Tensor>> = list.iter().map(Some).collect();
        written(slf, values, |x| index::index_put_(x, &list, values, accumulate))
    }

    /// The elements at places of the row-major order, in the shape of `index`.
    ///
    /// Args:
    ///     index: int64; negative places count from the end.
    ///
    /// Raises:
    ///     RuntimeError: for an index of another dtype.
    ///     IndexError: for places out of range.
    ///
    /// Example:
    ///     >>> rsnn.tensor([[1, 2], [3, 4]]).take(rsnn.tensor([0, -1]))
    ///     tensor([1, 4])
    fn take(&self, py: Python<'_>, index: In) -> PyResult<Out> {
        let (x, index) = (&self.tensor, &index.get().tensor);
        without_gil(py, index.numel(), || index::take(x, index)).map(Out)
    }

    /// A copy with values written to (or added to) places of the row-major order.
    ///
    /// Args:
    ///     index: int64; negative places count from the end.
    ///     source: of the tensor's dtype, with as many elements as `index`.
    ///     accumulate: whether to add.
    ///
    /// Raises:
    ///     RuntimeError: for an index or source of another dtype.
    ///     IndexError: for places out of range, and another number of values.
    ///
    /// Example:
    ///     >>> rsnn.zeros(2, 2).put(rsnn.tensor([1, 2]), rsnn.tensor([5.0, 6.0]))
    ///     tensor([[0., 5.],
    ///             [6., 0.]])
    #[pyo3(signature = (index, source, accumulate=false))]
    fn put(&self, py: Python<'_>, index: In, source: In, accumulate: bool) -> PyResult<Out> {
        let (x, index, source) = (&self.tensor, &index.get().tensor, &source.get().tensor);
        without_gil(py, x.numel(), || index::put(x, index, source, accumulate)).map(Out)
    }

    /// `put` in place.
    #[pyo3(signature = (index, source, accumulate=false))]
    fn put_<'py>(slf: &Bound<'py, Self>, index: In, source: In, accumulate: bool) -> PyResult<Bound<'py, Self>> {
        let (index, source) = (&index.get().tensor, &source.get().tensor);
        written(slf, index, |x| index::put_(x, index, source, accumulate))
    }
}
