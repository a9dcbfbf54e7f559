//! Where values belong, which there are, and how often.

use super::class::{Out, PyTensor};
use super::combine::value;
use super::object::wrap;
use crate::autograd::Tensor;
use crate::ops::search::{self, Bins, Repeats, Search};
use crate::python::arguments::{Operand, extract_int};
use crate::python::gil::without_gil;
use crate::python::out::write_out;
use crate::python::results::{named, tuple};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;

type In<'a, 'py> = &'a Bound<'py, PyTensor>;

/// About how much more work than one step an element takes.
const COST: usize = 8;

/// The values alone, or with what else was asked for.
fn chosen<'py>(
    py: Python<'py>,
    parts: crate::autograd::Tensors,
    inverse: bool,
    counts: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let keep = [true, inverse, counts];
    let mut kept = parts.into_iter().zip(keep).filter_map(|(part, keep)| keep.then_some(part));
    match (inverse, counts) {
        (false, false) => Ok(wrap(py, kept.next().expect("the values"))?.into_any()),
        _ => Ok(tuple(py, kept)?.into_any()),
    }
}

#[pymethods]
impl PyTensor {
    /// The elements in ascending order, each once.
    ///
    /// Args:
    ///     sorted: the results always come in order; the argument is there for compatibility.
    ///     return_inverse: whether to return the number of each element among the results.
    ///     return_counts: whether to return how often each occurs.
    ///     dim: look at slices along this axis instead of elements.
    ///
    /// Returns:
    ///     The values, or a tuple of them and of what else was asked for. NaN equals nothing.
    ///
    /// Raises:
    ///     IndexError: for an axis out of range.
    ///     RuntimeError: for slices without elements.
    ///
    /// Example:
    ///     >>> rsnn.tensor([3, 1, 3]).unique(return_counts=True)
    ///     (tensor([1, 3]), tensor([1, 2]))
    #[pyo3(signature = (sorted=true, return_inverse=false, return_counts=false, dim=None))]
    fn unique<'py>(
        &self,
        py: Python<'py>,
        sorted: bool,
        return_inverse: bool,
        return_counts: bool,
        dim: Option<isize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // In order is an order, too.
        let (x, _) = (&self.tensor, sorted);
        let parts = without_gil(py, x.numel() * COST, || match dim {
            None => search::unique(x, return_inverse),
            Some(dim) => search::unique_dim(x, dim),
        })?;
        chosen(py, parts, return_inverse, return_counts)
    }

    /// The elements (or slices along an axis) without those that equal their predecessor.
    ///
    /// Args:
    ///     return_inverse: whether to return the number of each element among the results.
    ///     return_counts: whether to return how long each run is.
    ///     dim: look at slices along this axis instead of elements.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1, 1, 2, 1]).unique_consecutive()
    ///     tensor([1, 2, 1])
    #[pyo3(signature = (return_inverse=false, return_counts=false, dim=None))]
    fn unique_consecutive<'py>(
        &self,
        py: Python<'py>,
        return_inverse: bool,
        return_counts: bool,
        dim: Option<isize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let x = &self.tensor;
        let parts = without_gil(py, x.numel() * COST, || search::unique_consecutive(x, dim))?;
        chosen(py, parts, return_inverse, return_counts)
    }

    /// How often each number from 0 on occurs, or the sum of the weights of its occurrences.
    ///
    /// Args:
    ///     weights: a weight for each element.
    ///     minlength: the least number of results.
    ///
    /// Raises:
    ///     RuntimeError: for a tensor that is no vector, negative numbers, and weights of another length.
    ///     NotImplementedError: for floats and bool.
    ///
    /// Example:
    ///     >>> rsnn.tensor([0, 2, 2]).bincount()
    ///     tensor([1, 0, 2])
    #[pyo3(signature = (weights=None, minlength=0))]
    fn bincount(&self, py: Python<'_>, weights: Option<In>, minlength: i64) -> PyResult<Out> {
        let (x, weights) = (&self.tensor, weights.map(|w| &w.get().tensor));
        without_gil(py, x.numel(), || search::bincount(x, weights, minlength)).map(Out)
    }

    /// How many elements fall into each of `bins` intervals of equal width between `min` and `max`. Where these are equal, the
    /// least and the largest element are taken.
    ///
    /// Raises:
    ///     RuntimeError: for no bins, and bounds that are not finite or the wrong way round.
    ///     NotImplementedError: unless the dtype is a float type.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, 2.0, 1.0]).histc(bins=4, min=0, max=3)
    ///     tensor([0., 2., 1., 0.])
    #[pyo3(signature = (bins=100, min=0.0, max=0.0))]
    fn histc(&self, py: Python<'_>, bins: i64, min: f64, max: f64) -> PyResult<Out> {
        without_gil(py, self.tensor.numel() * COST, || search::histc(&self.tensor, bins, min, max)).map(Out)
    }

    /// How many elements (or what weight of them) fall into each of several intervals, as a named tuple `(hist, bin_edges)`.
    ///
    /// Args:
    ///     bins: a number of intervals of equal width, or a vector of ascending edges.
    ///     range: the outermost edges, where `bins` is a number; the least and the largest element if not given.
    ///     weight: a weight for each element.
    ///     density: whether to divide by the sum and by the widths, so that the integral is 1.
    ///
    /// Raises:
    ///     RuntimeError: for no bins, bounds that are not finite, and weights of another shape.
    ///     NotImplementedError: unless the dtype is float32 or float64.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1.0, 2.0, 1.0]).histogram(2, range=(0.0, 4.0)).hist
    ///     tensor([2., 1.])
    #[pyo3(signature = (bins, *, range=None, weight=None, density=false))]
    fn histogram<'py>(
        &self,
        py: Python<'py>,
        bins: &Bound<'py, PyAny>,
        range: Option<(f64, f64)>,
        weight: Option<In>,
        density: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (x, weight) = (&self.tensor, weight.map(|w| &w.get().tensor));
        let edges = bins.cast::<PyTensor>().ok();
        let bins = match &edges {
            Some(edges) if range.is_none() => Bins::Edges(&edges.get().tensor),
            Some(_) => return Err(PyTypeError::new_err("histogram(): range needs a number of bins")),
            None => Bins::Count(extract_int(bins)? as i64),
        };
        let (hist, edges) = without_gil(py, x.numel() * COST, || search::histogram(x, bins, range, weight, density))?;
        named(py, "histogram", smallvec::smallvec![hist, edges])
    }

    /// The differences of neighbours along an axis.
    ///
    /// Args:
    ///     n: how many times.
    ///     dim: the axis.
    ///     prepend: what is joined before the tensor along the axis.
    ///     append: what is joined behind.
    ///
    /// Raises:
    ///     RuntimeError: for a tensor without axes, a negative `n`, and parts that do not fit.
    ///     IndexError: for an axis out of range.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1, 4, 9]).diff()
    ///     tensor([3, 5])
    #[pyo3(signature = (n=1, dim=-1, prepend=None, append=None),
           text_signature = "($self, n=1, dim=-1, prepend=None, append=None)")]
    fn diff(&self, py: Python<'_>, n: i64, dim: isize, prepend: Option<In>, append: Option<In>) -> PyResult<Out> {
        let (x, before, behind) = (&self.tensor, prepend.map(|p| &p.get().tensor), append.map(|p| &p.get().tensor));
        without_gil(py, x.numel(), || search::diff(x, n, dim, before, behind)).map(Out)
    }

    /// Each element, or slice along an axis, several times, one after the other.
    ///
    /// Args:
    ///     repeats: how often: a number for all, or a vector with a number for each.
    ///     dim: the axis; the tensor is read as one row if not given.
    ///     output_size: the size of the result along the axis, where it is known.
    ///
    /// Raises:
    ///     RuntimeError: for negative repeats, repeats of another length, and another size than `output_size`.
    ///     IndexError: for an axis out of range.
    ///
    /// Example:
    ///     >>> rsnn.tensor([1, 2]).repeat_interleave(2)
    ///     tensor([1, 1, 2, 2])
    #[pyo3(signature = (repeats, dim=None, *, output_size=None))]
    fn repeat_interleave(
        &self,
        py: Python<'_>,
        repeats: &Bound<'_, PyAny>,
        dim: Option<isize>,
        output_size: Option<i64>,
    ) -> PyResult<Out> {
        let tensor = repeats.cast::<PyTensor>().ok();
        let repeats = match &tensor {
            Some(repeats) => Repeats::Tensor(&repeats.get().tensor),
            None => Repeats::Number(extract_int(repeats)? as i64),
        };
        let x = &self.tensor;
        without_gil(py, x.numel(), || search::repeat_interleave(x, repeats, dim, output_size)).map(Out)
    }
}

fn finished<'py>(
    py: Python<'py>,
    op: &str,
    result: Tensor,
    out: Option<Bound<'py, PyTensor>>,
) -> PyResult<Bound<'py, PyTensor>> {
    let result = wrap(py, result)?;
    match out {
        None => Ok(result),
        Some(out) => {
            write_out(op, result.as_any(), out.as_any())?;
            Ok(out)
        }
    }
}

/// For each value the place in ascending boundaries at which it belongs: how many boundaries come before it.
///
/// Args:
///     sorted_sequence: a row of boundaries, or one for each leading index of `input`.
///     input: values, or a number.
///     out_int32: whether the result is int32.
///     right: whether a value belongs behind its equals.
///     side: `"left"` or `"right"`, in the place of `right`.
///     out: a tensor to write the result to.
///     sorter: the indices that sort `sorted_sequence`, where it is not sorted.
///
/// Raises:
///     RuntimeError: for shapes that do not fit, another side, and a sorter of another dtype or out of range.
///
/// Example:
///     >>> rsnn.searchsorted(rsnn.tensor([1, 3, 5]), rsnn.tensor([3, 4]))
///     tensor([1, 2])
#[pyfunction]
#[pyo3(signature = (sorted_sequence, input, *, out_int32=false, right=false, side=None, out=None, sorter=None))]
#[allow(clippy::too_many_arguments)]
fn searchsorted<'py>(
    py: Python<'py>,
    sorted_sequence: In<'_, 'py>,
    input: Operand<'py>,
    out_int32: bool,
    right: bool,
    side: Option<&str>,
    out: Option<Bound<'py, PyTensor>>,
    sorter: Option<In<'_, 'py>>,
) -> PyResult<Bound<'py, PyTensor>> {
    let wrong = |text: String| PyRuntimeError::new_err(format!("torch.searchsorted(): {text}"));
    let right = match side {
        None => right,
        Some("left") if right => {
            return Err(wrong(
                "side and right can't be set to opposites, got side of left while right was True".into(),
            ));
        }
        Some("left") => false,
        Some("right") => true,
        Some(other) => return Err(wrong(format!("side can only be 'left' or 'right' but got {other}"))),
    };
    let (rows, values, sorter) = (&sorted_sequence.get().tensor, value(&input), sorter.map(|s| &s.get().tensor));
    let search = Search { right, narrow: out_int32 };
    let result = without_gil(py, rows.numel() * COST, || search::searchsorted(rows, values, sorter, search))?;
    finished(py, "searchsorted", result, out)
}

/// The number of the interval between ascending boundaries in which each value lies.
///
/// Args:
///     input: values, or a number.
///     boundaries: a vector.
///     out_int32: whether the result is int32.
///     right: whether an interval holds its lower boundary instead of its upper one.
///     out: a tensor to write the result to.
///
/// Raises:
///     RuntimeError: for boundaries that are no vector.
///
/// Example:
///     >>> rsnn.bucketize(rsnn.tensor([1, 4]), rsnn.tensor([1, 3, 5]))
///     tensor([0, 2])
#[pyfunction]
#[pyo3(signature = (input, boundaries, *, out_int32=false, right=false, out=None))]
fn bucketize<'py>(
    py: Python<'py>,
    input: Operand<'py>,
    boundaries: In<'_, 'py>,
    out_int32: bool,
    right: bool,
    out: Option<Bound<'py, PyTensor>>,
) -> PyResult<Bound<'py, PyTensor>> {
    let (rows, values) = (&boundaries.get().tensor, value(&input));
    if rows.ndim() != 1 {
        return Err(PyRuntimeError::new_err(format!(
            "boundaries tensor must be 1 dimension, but got dim({})",
            rows.ndim()
        )));
    }
    let search = Search { right, narrow: out_int32 };
    let result = without_gil(py, rows.numel() * COST, || search::searchsorted(rows, values, None, search))?;
    finished(py, "bucketize", result, out)
}

/// Whether each element equals one of `test_elements`.
///
/// Args:
///     elements: a tensor or a number.
///     test_elements: a tensor or a number; one of the two must be a tensor.
///     assume_unique: has no influence on the result.
///     invert: whether to ask for the opposite.
///     out: a tensor to write the result to.
///
/// Raises:
///     TypeError: for two numbers.
///     RuntimeError: for bool.
///
/// Example:
///     >>> rsnn.isin(rsnn.tensor([1, 2, 3]), rsnn.tensor([3, 1]))
///     tensor([ True, False,  True])
#[pyfunction]
#[pyo3(signature = (elements, test_elements, *, assume_unique=false, invert=false, out=None))]
fn isin<'py>(
    py: Python<'py>,
    elements: Operand<'py>,
    test_elements: Operand<'py>,
    assume_unique: bool,
    invert: bool,
    out: Option<Bound<'py, PyTensor>>,
) -> PyResult<Bound<'py, PyTensor>> {
    let _ = assume_unique;
    if let (Operand::Scalar(_), Operand::Scalar(_)) = (&elements, &test_elements) {
        return Err(PyTypeError::new_err("isin(): expected a tensor as elements or test_elements, got two numbers"));
    }
    let (elements, tests) = (value(&elements), value(&test_elements));
    finished(py, "isin", without_gil(py, usize::MAX, || search::isin(elements, tests, invert))?, out)
}

/// The elements, or slices along an axis, of a tensor several times; of a vector of repeats alone, the number of each as often
/// as it says. See `Tensor.repeat_interleave`.
///
/// Args:
///     input: a tensor; or the repeats.
///     repeats: how often: a number for all, or a vector with a number for each.
///     dim: the axis; the tensor is read as one row if not given.
///     output_size: the size of the result along the axis, where it is known.
///
/// Raises:
///     RuntimeError: for negative repeats, repeats of another length, and another size than `output_size`.
///
/// Example:
///     >>> rsnn.repeat_interleave(rsnn.tensor([1, 0, 2]))
///     tensor([0, 2, 2])
#[pyfunction]
#[pyo3(signature = (input, repeats=None, dim=None, *, output_size=None))]
fn repeat_interleave(
    py: Python<'_>,
    input: In,
    repeats: Option<&Bound<'_, PyAny>>,
    dim: Option<isize>,
    output_size: Option<i64>,
) -> PyResult<Out> {
    match repeats {
        Some(repeats) => input.get().repeat_interleave(py, repeats, dim, output_size),
        None => Ok(Out(search::repeated_indices(&input.get().tensor, output_size)?)),
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(searchsorted, m)?)?;
    m.add_function(wrap_pyfunction!(bucketize, m)?)?;
    m.add_function(wrap_pyfunction!(isin, m)?)?;
    m.add_function(wrap_pyfunction!(repeat_interleave, m)?)
}
