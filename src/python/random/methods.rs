//! The methods of tensors that draw random numbers.

use super::factories::{NumberOrTensor, integer, warn_inexact};
use super::generator::{PyGenerator, source};
use crate::autograd::GradModeGuard;
use crate::ops::random::{self, Distribution, bernoulli_, fill_};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use crate::shape::Layout;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

fn filled<'py>(
    slf: &Bound<'py, PyTensor>,
    distribution: Distribution,
    generator: Option<&Bound<'py, PyGenerator>>,
) -> PyResult<Bound<'py, PyTensor>> {
    let (tensor, generator) = (&slf.get().tensor, source(generator));
    without_gil(slf.py(), tensor.numel(), || fill_(tensor, distribution, generator.as_ref()))?;
    Ok(slf.clone())
}

/// Fills a tensor with uniform random numbers of `[low, high)`, outside of the graph. What initialisers do.
#[pyfunction]
#[pyo3(signature = (tensor, low, high, generator=None))]
pub fn _draw_uniform<'py>(
    tensor: &Bound<'py, PyTensor>,
    low: f64,
    high: f64,
    generator: Option<&Bound<'py, PyGenerator>>,
) -> PyResult<Bound<'py, PyTensor>> {
    let _no_grad = GradModeGuard::new(false);
    filled(tensor, Distribution::Uniform { from: low, to: high }, generator)
}

/// Fills a tensor with normal random numbers, outside of the graph.
#[pyfunction]
#[pyo3(signature = (tensor, mean, std, generator=None))]
pub fn _draw_normal<'py>(
    tensor: &Bound<'py, PyTensor>,
    mean: f64,
    std: f64,
    generator: Option<&Bound<'py, PyGenerator>>,
) -> PyResult<Bound<'py, PyTensor>> {
    let _no_grad = GradModeGuard::new(false);
    filled(tensor, Distribution::Normal { mean, std }, generator)
}

/// How many inputs a unit has, and how many units an input reaches, for a weight `(out, in, *kernel)`; `None` for fewer
/// than two axes.
#[pyfunction]
pub fn _fans(tensor: &Bound<'_, PyTensor>) -> Option<(usize, usize)> {
    tensor.get().tensor.with_array(|array| match array.shape() {
        [fan_out, fan_in, kernel @ ..] => {
            let positions: usize = kernel.iter().product();
            Some((fan_in * positions, fan_out * positions))
        }
        _ => None,
    })
}

#[pymethods]
impl PyTensor {
    /// Fills the tensor with uniform random numbers of `[from, to)`, in place.
    ///
    /// Raises:
    ///     RuntimeError: if `from` is above `to`, or the dtype does not hold the range.
    ///     NotImplementedError: for a dtype that is not floating-point.
    #[pyo3(signature = (from=0.0, to=1.0, *, generator=None))]
    fn uniform_<'py>(
        slf: &Bound<'py, Self>,
        from: f64,
        to: f64,
        generator: Option<&Bound<'py, PyGenerator>>,
    ) -> PyResult<Bound<'py, Self>> {
        filled(slf, Distribution::Uniform { from, to }, generator)
    }

    /// Fills the tensor with normal random numbers, in place.
    ///
    /// Raises:
    ///     RuntimeError: if `std` is negative.
    ///     NotImplementedError: for a dtype that is not floating-point.
    #[pyo3(signature = (mean=0.0, std=1.0, *, generator=None))]
    fn normal_<'py>(
        slf: &Bound<'py, Self>,
        mean: f64,
        std: f64,
        generator: Option<&Bound<'py, PyGenerator>>,
    ) -> PyResult<Bound<'py, Self>> {
        filled(slf, Distribution::Normal { mean, std }, generator)
    }

    /// Fills the tensor with ones and zeros, in place.
    ///
    /// Args:
    ///     p: the probability of a one, or a tensor of probabilities that is broadcast to this one.
    ///
    /// Raises:
    ///     RuntimeError: for a probability outside of `[0, 1]`.
    #[pyo3(signature = (p=NumberOrTensor::Number(0.5), *, generator=None), text_signature = "($self, p=0.5, *, generator=None)")]
    fn bernoulli_<'py>(
        slf: &Bound<'py, Self>,
        p: NumberOrTensor<'py>,
        generator: Option<&Bound<'py, PyGenerator>>,
    ) -> PyResult<Bound<'py, Self>> {
        match p {
            NumberOrTensor::Number(p) => filled(slf, Distribution::Bernoulli { p }, generator),
            NumberOrTensor::Tensor(p) => {
                let (tensor, p, generator) = (&slf.get().tensor, &p.get().tensor, source(generator));
                without_gil(slf.py(), tensor.numel(), || bernoulli_(tensor, p, generator.as_ref()))?;
                Ok(slf.clone())
            }
        }
    }

    /// Ones and zeros, drawn by the probabilities in this tensor.
    ///
    /// Args:
    ///     p: one probability for all places; then only the sizes and the dtype of this tensor count.
    ///     generator: where the random numbers come from; `None` for the default generator.
    ///
    /// Raises:
    ///     RuntimeError: for a probability outside of `[0, 1]`.
    ///
    /// Example:
    ///     >>> rsnn.tensor([0.0, 1.0]).bernoulli()
    ///     tensor([0., 1.])
    #[pyo3(signature = (p=None, *, generator=None))]
    fn bernoulli(slf: &Bound<'_, Self>, p: Option<f64>, generator: Option<&Bound<'_, PyGenerator>>) -> PyResult<Out> {
        let (tensor, generator) = (&slf.get().tensor, source(generator));
        let result = without_gil(slf.py(), tensor.numel(), || match p {
            None => random::bernoulli(tensor, generator.as_ref()),
            Some(p) => {
                let layout = Layout::contiguous(&tensor.shape());
                random::random_tensor(layout, tensor.dtype(), Distribution::Bernoulli { p }, generator.as_ref())
            }
        });
        result.map(Out)
    }

    /// Places drawn with probabilities in proportion to the weights in this tensor, or in each of its rows.
    ///
    /// Args:
    ///     num_samples: how many places to draw from each row.
    ///     replacement: whether a place may come more than once.
    ///     generator: where the random numbers come from; `None` for the default generator.
    ///
    /// Returns:
    ///     An `int64` tensor of shape `(num_samples,)` or `(rows, num_samples)`.
    ///
    /// Raises:
    ///     RuntimeError: unless the weights are finite, not negative and not all zero in a row (they need not sum to one),
    ///         or for fewer places than are to be drawn without replacement.
    ///
    /// Example:
    ///     >>> rsnn.tensor([0.0, 3.0, 0.0]).multinomial(2, replacement=True)
    ///     tensor([1, 1])
    #[pyo3(signature = (num_samples, replacement=false, *, generator=None))]
    fn multinomial(
        slf: &Bound<'_, Self>,
        num_samples: isize,
        replacement: bool,
        generator: Option<&Bound<'_, PyGenerator>>,
    ) -> PyResult<Out> {
        let (tensor, generator) = (&slf.get().tensor, source(generator));
        let work = tensor.numel().saturating_add(num_samples.unsigned_abs());
        let draw = || random::multinomial(tensor, num_samples, replacement, generator.as_ref());
        without_gil(slf.py(), work, draw).map(Out)
    }

    /// Fills the tensor with random integers, in place: `random_()`, `random_(to)`, `random_(from, to)`.
    ///
    /// The integers are those of `[from, to)`. `from` is 0 if not given; without `to` (or with `None`) the largest is that of
    /// the dtype, for floats the last of an unbroken run.
    ///
    /// Raises:
    ///     RuntimeError: if the range is empty, or the dtype does not hold it.
    #[pyo3(signature = (*args, from=None, to=None, generator=None))]
    fn random_<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        from: Option<&Bound<'py, PyAny>>,
        to: Option<&Bound<'py, PyAny>>,
        generator: Option<&Bound<'py, PyGenerator>>,
    ) -> PyResult<Bound<'py, Self>> {
        let args: Vec<_> = args.iter().collect();
        let (from, to) = match (&args[..], from, to) {
            ([], None, None) => return filled(slf, Distribution::WholeRange, generator),
            ([], from, Some(to)) => (from, Some(to)),
            ([to], from, None) => (from, Some(to)),
            ([from], None, Some(to)) => (Some(from), Some(to)),
            ([from, to], None, None) => (Some(from), (!to.is_none()).then_some(to)),
            _ => return Err(PyTypeError::new_err("random_(): expected (), (to) or (from, to)")),
        };
        let from = from.map_or(Ok(0), |from| integer("random_", from))?;
        let to = to.map(|to| integer("random_", to)).transpose()?;
        let filled = filled(slf, Distribution::Integers { from, to }, generator)?;
        if let Some(to) = to {
            warn_inexact(slf.py(), slf.get().tensor.dtype(), from, to)?;
        }
        Ok(filled)
    }

    /// Fills the tensor with exponential random numbers of rate `lambd`, in place.
    ///
    /// Raises:
    ///     RuntimeError: unless `lambd` is positive and the dtype floating-point.
    #[pyo3(signature = (lambd=1.0, *, generator=None))]
    fn exponential_<'py>(
        slf: &Bound<'py, Self>,
        lambd: f64,
        generator: Option<&Bound<'py, PyGenerator>>,
    ) -> PyResult<Bound<'py, Self>> {
        filled(slf, Distribution::Exponential { lambda: lambd }, generator)
    }

    /// Fills the tensor with random numbers of the Cauchy distribution, in place.
    ///
    /// Raises:
    ///     RuntimeError: unless `sigma` is positive and the dtype floating-point.
    #[pyo3(signature = (median=0.0, sigma=1.0, *, generator=None))]
    fn cauchy_<'py>(
        slf: &Bound<'py, Self>,
        median: f64,
        sigma: f64,
        generator: Option<&Bound<'py, PyGenerator>>,
    ) -> PyResult<Bound<'py, Self>> {
        filled(slf, Distribution::Cauchy { median, sigma }, generator)
    }

    /// Fills the tensor with exponentials of normal random numbers, in place.
    ///
    /// Raises:
    ///     RuntimeError: unless `std` is positive.
    ///     NotImplementedError: for a dtype that is not floating-point.
    #[pyo3(signature = (mean=1.0, std=2.0, *, generator=None))]
    fn log_normal_<'py>(
        slf: &Bound<'py, Self>,
        mean: f64,
        std: f64,
        generator: Option<&Bound<'py, PyGenerator>>,
    ) -> PyResult<Bound<'py, Self>> {
        filled(slf, Distribution::LogNormal { mean, std }, generator)
    }

    /// Fills the tensor with the numbers of the first success among trials of success probability `p`, in place.
    ///
    /// Raises:
    ///     RuntimeError: unless `p` is between 0 and 1.
    #[pyo3(signature = (p, *, generator=None))]
    fn geometric_<'py>(
        slf: &Bound<'py, Self>,
        p: f64,
        generator: Option<&Bound<'py, PyGenerator>>,
    ) -> PyResult<Bound<'py, Self>> {
        filled(slf, Distribution::Geometric { p }, generator)
    }
}
