//! Methods of three operands: bounds, choices, interpolation, products added; and filling.

use super::class::{Out, PyTensor};
use crate::array::Scalar;
use crate::autograd::Tensor;
use crate::error::Result;
use crate::ops::binary::Value;
use crate::ops::{copy, ternary as ops, unary};
use crate::python::arguments::Operand;
use crate::python::gil::without_gil;
use crate::python::out::write_out;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;

type Same<'py> = PyResult<Bound<'py, PyTensor>>;

/// Tensors enter the core as they are, numbers as numbers.
pub fn value<'a>(x: &'a Operand<'_>) -> Value<'a> {
    match x {
        Operand::Tensor(x) => Value::Tensor(&x.get().tensor),
        Operand::Scalar(s) => Value::Scalar(*s),
    }
}

/// The bounds of `clamp`: two tensors, or two numbers.
enum Bounds<'a> {
    Tensors(Option<&'a Tensor>, Option<&'a Tensor>),
    Numbers(Option<Scalar>, Option<Scalar>),
}

impl<'a> Bounds<'a> {
    fn of(name: &str, low: Option<&'a Operand<'_>>, high: Option<&'a Operand<'_>>) -> PyResult<Self> {
        let number = |x: Option<&Operand<'_>>| -> PyResult<Option<Scalar>> {
            Ok(match x {
                None => None,
                Some(Operand::Scalar(s)) => Some(*s),
                // Beside a number, a tensor of one element counts as one.
                Some(Operand::Tensor(x)) => {
                    let x = &x.get().tensor;
                    if x.numel() != 1 || x.ndim() != 0 || x.requires_grad() {
                        return Err(PyTypeError::new_err(format!(
                            "{name}(): expected min and max to be two tensors or two numbers, got one of each"
                        )));
                    }
                    Some(x.array().item()?)
                }
            })
        };
        let tensor = |x: Option<&'a Operand<'_>>| match x {
            Some(Operand::Tensor(x)) => Some(&x.get().tensor),
            _ => None,
        };
        match (low, high) {
            (None, None) => {
                Err(PyRuntimeError::new_err("torch.clamp: At least one of 'min' or 'max' must not be None"))
            }
            (Some(Operand::Scalar(_)), _) | (_, Some(Operand::Scalar(_))) => {
                Ok(Bounds::Numbers(number(low)?, number(high)?))
            }
            _ => Ok(Bounds::Tensors(tensor(low), tensor(high))),
        }
    }

    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        match *self {
            Bounds::Tensors(low, high) => ops::clamp_between(x, low, high),
            Bounds::Numbers(low, high) => unary::apply_unary(unary::Unary::Clamp { low, high }, x),
        }
    }

    fn apply_(&self, x: &Tensor) -> Result<()> {
        match *self {
            Bounds::Tensors(low, high) => ops::clamp_between_(x, low, high),
            Bounds::Numbers(low, high) => unary::apply_unary_(unary::Unary::Clamp { low, high }, x),
        }
    }
}

fn clamp(name: &str, x: &Bound<'_, PyTensor>, low: Option<&Operand<'_>>, high: Option<&Operand<'_>>) -> PyResult<Out> {
    let (bounds, tensor) = (Bounds::of(name, low, high)?, &x.get().tensor);
    without_gil(x.py(), tensor.numel(), || bounds.apply(tensor)).map(Out)
}

fn clamp_<'py>(
    name: &str,
    x: &Bound<'py, PyTensor>,
    low: Option<&Operand<'_>>,
    high: Option<&Operand<'_>>,
) -> Same<'py> {
    let (bounds, tensor) = (Bounds::of(name, low, high)?, &x.get().tensor);
    without_gil(x.py(), tensor.numel(), || bounds.apply_(tensor))?;
    Ok(x.clone())
}

#[pymethods]
impl PyTensor {
    /// `min(max(self, min), max)`; where the bounds cross, `max`. The gradient is 1 within the bounds (inclusive), 0 outside.
    ///
    /// Args:
    ///     min: the lower bound, a number or a tensor; `None` for none.
    ///     max: the upper bound, of the same kind as `min`; `None` for none.
    ///
    /// Raises:
    ///     RuntimeError: without any bound, and for integer bounds that the dtype cannot hold.
    ///     TypeError: for a tensor and a number.
    ///
    /// Example:
    ///     >>> rsnn.tensor([-2.0, 0.5, 2.0]).clamp(-1, 1)
    ///     tensor([-1.0000,  0.5000,  1.0000])
    #[pyo3(signature = (min=None, max=None))]
    fn clamp(slf: &Bound<'_, Self>, min: Option<Operand<'_>>, max: Option<Operand<'_>>) -> PyResult<Out> {
        clamp("clamp", slf, min.as_ref(), max.as_ref())
    }

    /// In-place form of `clamp`.
    #[pyo3(signature = (min=None, max=None))]
    fn clamp_<'py>(slf: &Bound<'py, Self>, min: Option<Operand<'_>>, max: Option<Operand<'_>>) -> Same<'py> {
        clamp_("clamp_", slf, min.as_ref(), max.as_ref())
    }

    /// The larger of `self` and a number or tensor; as `clamp(min=min)`.
    fn clamp_min(slf: &Bound<'_, Self>, min: Operand<'_>) -> PyResult<Out> {
        clamp("clamp_min", slf, Some(&min), None)
    }

    /// In-place form of `clamp_min`.
    fn clamp_min_<'py>(slf: &Bound<'py, Self>, min: Operand<'_>) -> Same<'py> {
        clamp_("clamp_min_", slf, Some(&min), None)
    }

    /// The smaller of `self` and a number or tensor; as `clamp(max=max)`.
    fn clamp_max(slf: &Bound<'_, Self>, max: Operand<'_>) -> PyResult<Out> {
        clamp("clamp_max", slf, None, Some(&max))
    }

    /// In-place form of `clamp_max`.
    fn clamp_max_<'py>(slf: &Bound<'py, Self>, max: Operand<'_>) -> Same<'py> {
        clamp_("clamp_max_", slf, None, Some(&max))
    }

    /// `self` where the condition holds, `other` elsewhere; all broadcast together.
    ///
    /// Args:
    ///     condition: a `bool` tensor.
    ///     other: a tensor or a number.
    ///
    /// Example:
    ///     >>> x = rsnn.tensor([-1.0, 2.0])
    ///     >>> x.where(x > 0, 0.0)
    ///     tensor([0., 2.])
    #[pyo3(name = "where")]
    fn where_(slf: &Bound<'_, Self>, condition: &Bound<'_, PyTensor>, other: Operand<'_>) -> PyResult<Out> {
        choose(condition, &slf.into(), &other)
    }

    /// A copy with the elements where `mask` holds set to `value`; tensor and mask broadcast together.
    ///
    /// Args:
    ///     mask: a `bool` tensor.
    ///     value: a number, or a tensor without axes.
    ///
    /// Raises:
    ///     RuntimeError: for a mask that is not `bool`, a value with axes, and a number that the dtype cannot hold.
    ///
    /// Example:
    ///     >>> rsnn.zeros(3).masked_fill(rsnn.tensor([True, False, True]), 5)
    ///     tensor([5., 0., 5.])
    fn masked_fill(slf: &Bound<'_, Self>, mask: &Bound<'_, PyTensor>, value: Operand<'_>) -> PyResult<Out> {
        let (x, mask, value) = (&slf.get().tensor, &mask.get().tensor, self::value(&value));
        without_gil(slf.py(), x.numel().max(mask.numel()), || ops::masked_fill(x, mask, value)).map(Out)
    }

    /// In-place form of `masked_fill`; the mask stretches to the tensor.
    fn masked_fill_<'py>(slf: &Bound<'py, Self>, mask: &Bound<'_, PyTensor>, value: Operand<'_>) -> Same<'py> {
        let (x, mask, value) = (&slf.get().tensor, &mask.get().tensor, self::value(&value));
        without_gil(slf.py(), x.numel(), || ops::masked_fill_(x, mask, value))?;
        Ok(slf.clone())
    }

    /// Linear interpolation: `self + weight * (end - self)`.
    ///
    /// Args:
    ///     end: where a weight of 1 leads, of the same dtype.
    ///     weight: a number, or a tensor of the same dtype.
    ///
    /// Raises:
    ///     RuntimeError: for other dtypes and for shapes that do not fit.
    ///     NotImplementedError: for integers.
    ///
    /// Example:
    ///     >>> rsnn.zeros(2).lerp(rsnn.ones(2), 0.25)
    ///     tensor([0.2500, 0.2500])
    fn lerp(slf: &Bound<'_, Self>, end: &Bound<'_, PyTensor>, weight: Operand<'_>) -> PyResult<Out> {
        let (x, end, weight) = (&slf.get().tensor, &end.get().tensor, value(&weight));
        without_gil(slf.py(), x.numel().max(end.numel()), || ops::lerp(x, end, weight)).map(Out)
    }

    /// In-place form of `lerp`.
    fn lerp_<'py>(slf: &Bound<'py, Self>, end: &Bound<'_, PyTensor>, weight: Operand<'_>) -> Same<'py> {
        let (x, end, weight) = (&slf.get().tensor, &end.get().tensor, value(&weight));
        without_gil(slf.py(), x.numel(), || ops::lerp_(x, end, weight))?;
        Ok(slf.clone())
    }

    /// `self + value * tensor1 * tensor2`; all broadcast together, dtypes are promoted.
    ///
    /// Example:
    ///     >>> rsnn.ones(2).addcmul(rsnn.tensor([1.0, 2.0]), rsnn.tensor([3.0, 4.0]), value=10)
    ///     tensor([31., 81.])
    #[pyo3(signature = (tensor1, tensor2, *, value=Scalar::Int(1)), text_signature = "($self, tensor1, tensor2, *, value=1)")]
    fn addcmul(
        slf: &Bound<'_, Self>,
        tensor1: &Bound<'_, PyTensor>,
        tensor2: &Bound<'_, PyTensor>,
        value: Scalar,
    ) -> PyResult<Out> {
        added(slf, tensor1, tensor2, |x, a, b| ops::addcmul(x, a, b, value)).map(Out)
    }

    /// In-place form of `addcmul`.
    #[pyo3(signature = (tensor1, tensor2, *, value=Scalar::Int(1)), text_signature = "($self, tensor1, tensor2, *, value=1)")]
    fn addcmul_<'py>(
        slf: &Bound<'py, Self>,
        tensor1: &Bound<'_, PyTensor>,
        tensor2: &Bound<'_, PyTensor>,
        value: Scalar,
    ) -> Same<'py> {
        added(slf, tensor1, tensor2, |x, a, b| ops::addcmul_(x, a, b, value))?;
        Ok(slf.clone())
    }

    /// `self + value * tensor1 / tensor2`; all broadcast together, dtypes are promoted.
    ///
    /// Raises:
    ///     RuntimeError: if both tensors are of integers.
    #[pyo3(signature = (tensor1, tensor2, *, value=Scalar::Int(1)), text_signature = "($self, tensor1, tensor2, *, value=1)")]
    fn addcdiv(
        slf: &Bound<'_, Self>,
        tensor1: &Bound<'_, PyTensor>,
        tensor2: &Bound<'_, PyTensor>,
        value: Scalar,
    ) -> PyResult<Out> {
        added(slf, tensor1, tensor2, |x, a, b| ops::addcdiv(x, a, b, value)).map(Out)
    }

    /// In-place form of `addcdiv`.
    #[pyo3(signature = (tensor1, tensor2, *, value=Scalar::Int(1)), text_signature = "($self, tensor1, tensor2, *, value=1)")]
    fn addcdiv_<'py>(
        slf: &Bound<'py, Self>,
        tensor1: &Bound<'_, PyTensor>,
        tensor2: &Bound<'_, PyTensor>,
        value: Scalar,
    ) -> Same<'py> {
        added(slf, tensor1, tensor2, |x, a, b| ops::addcdiv_(x, a, b, value))?;
        Ok(slf.clone())
    }

    /// Sets every element to a number, or to a tensor without axes.
    ///
    /// Raises:
    ///     RuntimeError: for a tensor with axes, and a number that the dtype cannot hold.
    ///
    /// Example:
    ///     >>> rsnn.zeros(2).fill_(3)
    ///     tensor([3., 3.])
    fn fill_<'py>(slf: &Bound<'py, Self>, value: Operand<'_>) -> Same<'py> {
        let (x, value) = (&slf.get().tensor, self::value(&value));
        without_gil(slf.py(), x.numel(), || copy::fill_(x, value))?;
        Ok(slf.clone())
    }

    /// Sets every element to zero.
    fn zero_<'py>(slf: &Bound<'py, Self>) -> Same<'py> {
        let x = &slf.get().tensor;
        without_gil(slf.py(), x.numel(), || copy::fill_(x, Value::Scalar(Scalar::Int(0))))?;
        Ok(slf.clone())
    }
}

fn added<T: Send>(
    x: &Bound<'_, PyTensor>,
    a: &Bound<'_, PyTensor>,
    b: &Bound<'_, PyTensor>,
    f: impl FnOnce(&Tensor, &Tensor, &Tensor) -> Result<T> + Send,
) -> PyResult<T> {
    let (py, x, a, b) = (x.py(), &x.get().tensor, &a.get().tensor, &b.get().tensor);
    without_gil(py, x.numel().max(a.numel()).max(b.numel()), || f(x, a, b))
}

fn choose(condition: &Bound<'_, PyTensor>, a: &Operand<'_>, b: &Operand<'_>) -> PyResult<Out> {
    let (py, condition, a, b) = (condition.py(), &condition.get().tensor, value(a), value(b));
    without_gil(py, condition.numel(), || ops::where_(condition, a, b)).map(Out)
}

/// `input` where the condition holds, `other` elsewhere; all broadcast together.
///
/// Args:
///     condition: a `bool` tensor.
///     input: a tensor or a number.
///     other: a tensor or a number.
///     out: a tensor for the result.
///
/// Returns:
///     A tensor of the promoted dtype; with the condition alone, the places where it holds: a tuple of one index tensor for
///     each axis.
///
/// Raises:
///     RuntimeError: for a condition that is not `bool`, or shapes that do not fit.
///
/// Example:
///     >>> x = rsnn.tensor([-1.0, 2.0])
///     >>> rsnn.where(x > 0, x, 0.0)
///     tensor([0., 2.])
#[pyfunction]
#[pyo3(name = "where", signature = (condition, input=None, other=None, *, out=None))]
fn where_function<'py>(
    condition: &Bound<'py, PyTensor>,
    input: Option<Operand<'py>>,
    other: Option<Operand<'py>>,
    out: Option<&Bound<'py, PyTensor>>,
) -> PyResult<Bound<'py, PyAny>> {
    let result = match (input, other) {
        (Some(a), Some(b)) => choose(condition, &a, &b)?.into_pyobject(condition.py())?.into_any(),
        (None, None) => {
            let arguments = pyo3::types::PyDict::new(condition.py());
            arguments.set_item("as_tuple", true)?;
            return condition.call_method("nonzero", (), Some(&arguments));
        }
        _ => return Err(PyTypeError::new_err("where(): expected both input and other, or neither")),
    };
    match out {
        None => Ok(result),
        Some(out) => {
            write_out("where", &result, out)?;
            Ok(out.clone().into_any())
        }
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(where_function, m)?)
}
