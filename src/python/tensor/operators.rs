//! Python's operators.
//!
//! An operand that is neither a tensor nor a number makes the slot answer `NotImplemented`, so that Python asks the operand.

use super::class::{Out, PyTensor};
use super::elementwise::{binary, binary_, unary};
use super::object::wrap;
use crate::autograd::Tensor;
use crate::ops::{binary as ops, unary as functions};
use crate::python::arguments::Operand;
use crate::python::numpy::from_data;
use numpy::PyUntypedArray;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;

#[pymethods]
impl PyTensor {
    fn __add__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::add(a, b))
    }

    fn __radd__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::add(b, a))
    }

    fn __iadd__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::add_(a, b))
    }

    fn __sub__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::sub(a, b))
    }

    fn __rsub__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::sub(b, a))
    }

    fn __isub__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::sub_(a, b))
    }

    fn __mul__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::mul(a, b))
    }

    fn __rmul__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::mul(b, a))
    }

    fn __imul__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::mul_(a, b))
    }

    fn __truediv__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::div(a, b))
    }

    fn __rtruediv__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        // By way of the reciprocal, as in PyTorch: so the last digits agree.
        binary(py, self, &other, |a, b| match a {
            ops::Value::Tensor(x) => ops::mul(&functions::reciprocal(x)?, b),
            _ => ops::div(b, a),
        })
    }

    fn __itruediv__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::div_(a, b))
    }

    fn __floordiv__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::floor_divide(a, b))
    }

    fn __rfloordiv__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::floor_divide(b, a))
    }

    fn __ifloordiv__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::floor_divide_(a, b))
    }

    fn __mod__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::remainder(a, b))
    }

    fn __rmod__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::remainder(b, a))
    }

    fn __imod__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::remainder_(a, b))
    }

    fn __and__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::bitwise_and(a, b))
    }

    fn __rand__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::bitwise_and(b, a))
    }

    fn __iand__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::bitwise_and_(a, b))
    }

    fn __or__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::bitwise_or(a, b))
    }

    fn __ror__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::bitwise_or(b, a))
    }

    fn __ior__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::bitwise_or_(a, b))
    }

    fn __xor__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::bitwise_xor(a, b))
    }

    fn __rxor__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::bitwise_xor(b, a))
    }

    fn __ixor__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::bitwise_xor_(a, b))
    }

    fn __lshift__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::shift_left(a, b))
    }

    fn __rlshift__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::shift_left(b, a))
    }

    fn __ilshift__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::shift_left_(a, b))
    }

    fn __rshift__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::shift_right(a, b))
    }

    fn __rrshift__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<Out> {
        binary(py, self, &other, |a, b| ops::shift_right(b, a))
    }

    fn __irshift__(&self, py: Python<'_>, other: Operand<'_>) -> PyResult<()> {
        binary_(py, self, &other, |a, b| ops::shift_right_(a, b))
    }

    fn __pow__(&self, py: Python<'_>, other: Operand<'_>, modulo: Option<&Bound<'_, PyAny>>) -> PyResult<Out> {
        no_modulo(modulo)?;
        binary(py, self, &other, |a, b| ops::pow(a, b))
    }

    fn __rpow__(&self, py: Python<'_>, other: Operand<'_>, modulo: Option<&Bound<'_, PyAny>>) -> PyResult<Out> {
        no_modulo(modulo)?;
        binary(py, self, &other, |a, b| ops::pow(b, a))
    }

    fn __ipow__(&self, py: Python<'_>, other: Operand<'_>, modulo: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        no_modulo(modulo)?;
        binary_(py, self, &other, |a, b| ops::pow_(a, b))
    }

    fn __neg__(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, functions::neg)
    }

    fn __pos__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        super::unary::positive(slf)
    }

    fn __abs__(&self, py: Python<'_>) -> PyResult<Out> {
        unary(py, self, functions::abs)
    }

    fn __invert__(&self, py: Python<'_>) -> PyResult<Out> {
        if self.tensor.dtype().is_float() {
            return Err(PyTypeError::new_err(
                "~ (operator.invert) is only implemented on integer and Boolean-type tensors",
            ));
        }
        unary(py, self, functions::bitwise_not)
    }

    fn __richcmp__(&self, py: Python<'_>, other: Comparand<'_>, op: CompareOp) -> PyResult<Out> {
        let Comparand(other) = other;
        match op {
            CompareOp::Eq => binary(py, self, &other, |a, b| ops::eq(a, b)),
            CompareOp::Ne => binary(py, self, &other, |a, b| ops::ne(a, b)),
            CompareOp::Lt => binary(py, self, &other, |a, b| ops::lt(a, b)),
            CompareOp::Le => binary(py, self, &other, |a, b| ops::le(a, b)),
            CompareOp::Gt => binary(py, self, &other, |a, b| ops::gt(a, b)),
            CompareOp::Ge => binary(py, self, &other, |a, b| ops::ge(a, b)),
        }
    }
}

/// What a tensor can be compared with: besides tensors and numbers numpy arrays, which leave comparisons to tensors.
struct Comparand<'py>(Operand<'py>);

impl<'a, 'py> FromPyObject<'a, 'py> for Comparand<'py> {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if obj.cast::<PyUntypedArray>().is_ok() {
            let array = Tensor::new(from_data(&obj, None)?);
            return Ok(Comparand(Operand::Tensor(wrap(obj.py(), array)?)));
        }
        Ok(Comparand(obj.extract()?))
    }
}

fn no_modulo(modulo: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    match modulo {
        Some(m) if !m.is_none() => Err(PyTypeError::new_err("pow() of a tensor takes no modulo")),
        _ => Ok(()),
    }
}
