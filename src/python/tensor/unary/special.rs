//! Special functions, and the activations that are methods.

use super::super::class::{Out, PyTensor};
use super::super::elementwise::{unary, unary_};
use crate::ops::unary::{self as ops, Unary};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

#[pymethods]
impl PyTensor {
    /// The error function `2 / sqrt(pi) * integral of exp(-t ** 2) from 0 to self`. Integers become floats.
    fn erf(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::erf)
    }

    /// In-place form of `erf`.
    fn erf_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::erf_)
    }

    /// `1 - erf(self)`, accurate for large `self`. Integers become floats.
    fn erfc(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::erfc)
    }

    /// In-place form of `erfc`.
    fn erfc_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::erfc_)
    }

    /// The inverse of `erf`; infinite at -1 and 1, NaN beyond. Integers become floats.
    fn erfinv(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::erfinv)
    }

    /// In-place form of `erfinv`.
    fn erfinv_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::erfinv_)
    }

    /// The logarithm of the absolute value of the gamma function. Integers become floats.
    fn lgamma(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::lgamma)
    }

    /// In-place form of `lgamma`.
    fn lgamma_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::lgamma_)
    }

    /// The logarithmic derivative of the gamma function. Integers become floats.
    fn digamma(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::digamma)
    }

    /// In-place form of `digamma`.
    fn digamma_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::digamma_)
    }

    /// `1 / (1 + exp(-self))`. Integers become floats.
    ///
    /// Example:
    ///     >>> rsnn.tensor([-1.0, 0.0, 1.0]).sigmoid()
    ///     tensor([0.2689, 0.5000, 0.7311])
    fn sigmoid(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::sigmoid)
    }

    /// In-place form of `sigmoid`.
    fn sigmoid_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::sigmoid_)
    }

    /// `max(self, 0)`; the gradient at 0 is 0.
    fn relu(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, ops::relu)
    }

    /// In-place form of `relu`.
    fn relu_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, ops::relu_)
    }

    /// `log(self / (1 - self))`, after clamping to [eps, 1 - eps] if `eps` is given. Integers become floats.
    #[pyo3(signature = (eps=None))]
    fn logit(&self, py: Python<'_>, eps: Option<f64>) -> PyResult<Out> {
        unary(py, self, |x| ops::apply_unary(Unary::Logit { eps }, x))
    }

    /// In-place form of `logit`.
    #[pyo3(signature = (eps=None))]
    fn logit_<'py>(slf: &Bound<'py, Self>, eps: Option<f64>) -> PyResult<Bound<'py, Self>> {
        unary_(slf, |x| ops::apply_unary_(Unary::Logit { eps }, x))
    }

    /// The `n`-th derivative of `digamma`. Integers become floats.
    ///
    /// Raises:
    ///     RuntimeError: for a negative `n`.
    fn polygamma(&self, py: Python<'_>, n: i64) -> PyResult<Out> {
        let n =
            u32::try_from(n).map_err(|_| PyRuntimeError::new_err("polygamma(n, x) does not support negative n."))?;
        unary(py, self, |x| ops::apply_unary(Unary::Polygamma { n }, x))
    }

    /// `self` outside of [-lambd, lambd], 0 inside. Float dtypes only.
    #[pyo3(signature = (lambd=0.5))]
    fn hardshrink(&self, py: Python<'_>, lambd: f64) -> PyResult<Out> {
        unary(py, self, |x| ops::apply_unary(Unary::Hardshrink { lambda: lambd }, x))
    }

    /// NaN and infinities replaced by numbers.
    ///
    /// Args:
    ///     nan: instead of NaN; 0 if not given.
    ///     posinf: instead of infinity; the largest number of the dtype if not given.
    ///     neginf: instead of minus infinity; the smallest number of the dtype if not given.
    ///
    /// Example:
    ///     >>> rsnn.tensor([float("nan"), 1.0]).nan_to_num(nan=7.0)
    ///     tensor([7., 1.])
    #[pyo3(signature = (nan=None, posinf=None, neginf=None))]
    fn nan_to_num(&self, py: Python<'_>, nan: Option<f64>, posinf: Option<f64>, neginf: Option<f64>) -> PyResult<Out> {
        unary(py, self, |x| ops::apply_unary(ops::nan_to_num(nan, posinf, neginf, x.dtype()), x))
    }

    /// In-place form of `nan_to_num`.
    #[pyo3(signature = (nan=None, posinf=None, neginf=None))]
    fn nan_to_num_<'py>(
        slf: &Bound<'py, Self>,
        nan: Option<f64>,
        posinf: Option<f64>,
        neginf: Option<f64>,
    ) -> PyResult<Bound<'py, Self>> {
        unary_(slf, |x| ops::apply_unary_(ops::nan_to_num(nan, posinf, neginf, x.dtype()), x))
    }
}
