//! Products of matrices as methods, and `linear`.

use super::class::{Out, PyTensor};
use crate::array::Scalar;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::matmul;
use crate::python::gil::without_gil;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

type Product = fn(&Tensor, &Tensor) -> Result<Tensor>;
type Sum = fn(&Tensor, &Tensor, &Tensor, Scalar, Scalar) -> Result<Tensor>;

/// About how much work a product is: enough to decide whether to let the interpreter go.
fn work(a: &Tensor, b: &Tensor) -> usize {
    let columns = b.shape().last().copied().unwrap_or(1);
    a.numel().saturating_mul(columns.max(1))
}

fn product(py: Python<'_>, a: &Bound<'_, PyTensor>, b: &Bound<'_, PyTensor>, f: Product) -> PyResult<Out> {
    let (a, b) = (&a.get().tensor, &b.get().tensor);
    without_gil(py, work(a, b), || f(a, b)).map(Out)
}

fn sum(
    input: &Bound<'_, PyTensor>,
    (a, b): (&Bound<'_, PyTensor>, &Bound<'_, PyTensor>),
    (beta, alpha): (Scalar, Scalar),
    f: Sum,
) -> PyResult<Out> {
    let (input, x, y) = (&input.get().tensor, &a.get().tensor, &b.get().tensor);
    without_gil(a.py(), work(x, y), || f(input, x, y, beta, alpha)).map(Out)
}

const ONE: Scalar = Scalar::Int(1);

#[pymethods]
impl PyTensor {
    /// The matrix product of tensors of any rank; batches broadcast.
    ///
    /// Args:
    ///     other: the right operand. Two vectors give a scalar, a matrix and a vector a vector.
    ///
    /// Raises:
    ///     RuntimeError: for scalars, and where sizes or dtypes do not fit.
    ///
    /// Example:
    ///     >>> rsnn.ones(2, 3).matmul(rsnn.ones(3))
    ///     tensor([3., 3.])
    fn matmul(slf: &Bound<'_, Self>, py: Python<'_>, other: &Bound<'_, PyTensor>) -> PyResult<Out> {
        product(py, slf, other, matmul::matmul)
    }

    fn __matmul__<'py>(slf: &Bound<'py, Self>, py: Python<'py>, other: &Bound<'py, PyAny>) -> PyResult<Py<PyAny>> {
        match other.cast::<PyTensor>() {
            Ok(other) => Ok(product(py, slf, other, matmul::matmul)?.into_pyobject(py)?.into_any().unbind()),
            Err(_) => Ok(py.NotImplemented()),
        }
    }

    /// The product of two matrices, `[n, k]` and `[k, m]`.
    ///
    /// Raises:
    ///     RuntimeError: unless both are matrices of one dtype whose sizes fit.
    fn mm(slf: &Bound<'_, Self>, py: Python<'_>, mat2: &Bound<'_, PyTensor>) -> PyResult<Out> {
        product(py, slf, mat2, matmul::mm)
    }

    /// The products of two batches of matrices, `[s, n, k]` and `[s, k, m]`.
    fn bmm(slf: &Bound<'_, Self>, py: Python<'_>, mat2: &Bound<'_, PyTensor>) -> PyResult<Out> {
        product(py, slf, mat2, matmul::bmm)
    }

    /// The product of a matrix `[n, k]` and a vector `[k]`.
    fn mv(slf: &Bound<'_, Self>, py: Python<'_>, vec: &Bound<'_, PyTensor>) -> PyResult<Out> {
        product(py, slf, vec, matmul::mv)
    }

    /// The product of two vectors of one length: a scalar.
    fn dot(slf: &Bound<'_, Self>, py: Python<'_>, tensor: &Bound<'_, PyTensor>) -> PyResult<Out> {
        product(py, slf, tensor, matmul::dot)
    }

    /// `beta * self + alpha * mat1 mat2`; a `beta` of 0 leaves out `self`, nan and all.
    #[pyo3(signature = (mat1, mat2, *, beta=ONE, alpha=ONE), text_signature = "($self, mat1, mat2, *, beta=1, alpha=1)")]
    fn addmm(
        slf: &Bound<'_, Self>,
        mat1: &Bound<'_, PyTensor>,
        mat2: &Bound<'_, PyTensor>,
        beta: Scalar,
        alpha: Scalar,
    ) -> PyResult<Out> {
        sum(slf, (mat1, mat2), (beta, alpha), matmul::addmm)
    }

    /// `beta * self + alpha * mat vec`.
    #[pyo3(signature = (mat, vec, *, beta=ONE, alpha=ONE), text_signature = "($self, mat, vec, *, beta=1, alpha=1)")]
    fn addmv(
        slf: &Bound<'_, Self>,
        mat: &Bound<'_, PyTensor>,
        vec: &Bound<'_, PyTensor>,
        beta: Scalar,
        alpha: Scalar,
    ) -> PyResult<Out> {
        sum(slf, (mat, vec), (beta, alpha), matmul::addmv)
    }

    /// `beta * self + alpha * batch1 batch2`, matrix by matrix.
    #[pyo3(signature = (batch1, batch2, *, beta=ONE, alpha=ONE), text_signature = "($self, batch1, batch2, *, beta=1, alpha=1)")]
    fn baddbmm(
        slf: &Bound<'_, Self>,
        batch1: &Bound<'_, PyTensor>,
        batch2: &Bound<'_, PyTensor>,
        beta: Scalar,
        alpha: Scalar,
    ) -> PyResult<Out> {
        sum(slf, (batch1, batch2), (beta, alpha), matmul::baddbmm)
    }

    /// `beta * self + alpha * (the sum of the products of a batch)`.
    #[pyo3(signature = (batch1, batch2, *, beta=ONE, alpha=ONE), text_signature = "($self, batch1, batch2, *, beta=1, alpha=1)")]
    fn addbmm(
        slf: &Bound<'_, Self>,
        batch1: &Bound<'_, PyTensor>,
        batch2: &Bound<'_, PyTensor>,
        beta: Scalar,
        alpha: Scalar,
    ) -> PyResult<Out> {
        sum(slf, (batch1, batch2), (beta, alpha), matmul::addbmm)
    }

    /// `beta * self + alpha * vec1 vec2^T`.
    #[pyo3(signature = (vec1, vec2, *, beta=ONE, alpha=ONE), text_signature = "($self, vec1, vec2, *, beta=1, alpha=1)")]
    fn addr(
        slf: &Bound<'_, Self>,
        vec1: &Bound<'_, PyTensor>,
        vec2: &Bound<'_, PyTensor>,
        beta: Scalar,
        alpha: Scalar,
    ) -> PyResult<Out> {
        sum(slf, (vec1, vec2), (beta, alpha), matmul::addr)
    }
}

/// `input weight^T + bias` over the last axis of `input`.
///
/// Args:
///     input: `(*, in_features)`.
///     weight: `(out_features, in_features)` or `(in_features)`.
///     bias: `(out_features)`, or `None`.
///
/// Raises:
///     RuntimeError: where sizes or dtypes do not fit.
#[pyfunction]
#[pyo3(signature = (input, weight, bias=None))]
fn linear(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    weight: &Bound<'_, PyTensor>,
    bias: Option<&Bound<'_, PyAny>>,
) -> PyResult<Out> {
    let bias = match bias {
        None => None,
        Some(b) => Some(b.cast::<PyTensor>().map_err(|_| {
            PyTypeError::new_err(format!("linear(): argument 'bias' must be Tensor, not {}", b.get_type()))
        })?),
    };
    let (x, w) = (&input.get().tensor, &weight.get().tensor);
    let rows = w.shape().first().copied().unwrap_or(1);
    let bias = bias.map(|b| &b.get().tensor);
    without_gil(py, x.numel().saturating_mul(rows.max(1)), || matmul::linear(x, w, bias)).map(Out)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(linear, m)?)
}
