//! The keyword arguments that all factories share: what is asked of the new tensor besides its sizes and values.

use super::arguments::{IntList, Ints, check_device, check_layout, check_pin_memory, sizes, variadic_ints};
use super::dtype::DTypeArg;
use super::tensor::{Out, PyTensor, check_memory_format, wrap};
use crate::array::{Array, DType, default_float};
use crate::autograd::{Tensor, grad_enabled};
use crate::shape::Dims;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString, PyTuple};

/// What a factory understands besides `dtype`, `device`, `layout`, `pin_memory` and `requires_grad`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nothing more.
    Plain,
    /// `out`.
    Out,
    /// `memory_format`.
    Format,
    /// `out` and `memory_format`.
    OutAndFormat,
}

/// The keyword arguments of one call of a factory, checked.
pub struct Factory<'py> {
    op: &'static str,
    /// The dtype asked for.
    pub dtype: Option<DType>,
    requires_grad: bool,
    out: Option<Bound<'py, PyTensor>>,
    /// Whether `memory_format=contiguous_format` was asked for, where another order of the axes could be kept.
    pub contiguous: bool,
    rest: Vec<(String, Bound<'py, PyAny>)>,
}

impl<'py> Factory<'py> {
    /// Reads the keyword arguments. Those that the factory itself has (`own`) are left for [`Factory::take`].
    pub fn parse(
        op: &'static str,
        takes: Takes,
        own: &[&str],
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Factory<'py>> {
        let mut this =
            Factory { op, dtype: None, requires_grad: false, out: None, contiguous: false, rest: Vec::new() };
        for (key, value) in kwargs.into_iter().flatten() {
            let key = key.cast::<PyString>()?.to_string_lossy().into_owned();
            match key.as_str() {
                own_key if own.contains(&own_key) => this.rest.push((key, value)),
                "dtype" => this.dtype = this.argument::<Option<DTypeArg>>(&key, &value, "rsnn.dtype")?.map(|d| d.0),
                "device" if value.is_none() => {}
                "device" => check_device(Some(&value))?,
                "layout" if value.is_none() => {}
                "layout" => check_layout(&value)?,
                "pin_memory" => check_pin_memory(this.flag(&key, &value)?)?,
                "requires_grad" => this.requires_grad = this.flag(&key, &value)?,
                "out" if matches!(takes, Takes::Out | Takes::OutAndFormat) => {
                    this.out = this.argument(&key, &value, "Tensor")?;
                }
                "memory_format" if matches!(takes, Takes::Format | Takes::OutAndFormat) => {
                    if !value.is_none() {
                        let keeps = takes == Takes::Format && value.str()?.to_string_lossy() == "rsnn.preserve_format";
                        if !keeps {
                            check_memory_format(Some(&value), &["contiguous_format"])?;
                            this.contiguous = true;
                        }
                    }
                }
                _ => return Err(PyTypeError::new_err(format!("{op}() got an unexpected keyword argument '{key}'"))),
            }
        }
        if let (Some(dtype), Some(out)) = (this.dtype, &this.out)
            && dtype != out.get().tensor.dtype()
        {
            return Err(PyRuntimeError::new_err(format!(
                "dtype {} does not match dtype of out parameter ({})",
                dtype.type_name(),
                out.get().tensor.dtype().type_name()
            )));
        }
        Ok(this)
    }

    fn argument<T: for<'a> FromPyObject<'a, 'py>>(
        &self,
        key: &str,
        value: &Bound<'py, PyAny>,
        expected: &str,
    ) -> PyResult<T> {
        value.extract().or_else(|_| self.mistaken(key, value, expected))
    }

    fn flag(&self, key: &str, value: &Bound<'py, PyAny>) -> PyResult<bool> {
        match value.cast::<PyBool>() {
            Ok(flag) => Ok(flag.is_true()),
            Err(_) if value.is_none() => Ok(false),
            Err(_) => self.mistaken(key, value, "bool"),
        }
    }

    /// The error of an argument of another type than `expected`.
    pub fn mistaken<T>(&self, key: &str, value: &Bound<'py, PyAny>, expected: &str) -> PyResult<T> {
        let got = value.get_type().name()?;
        Err(PyTypeError::new_err(format!("{}(): argument '{key}' must be {expected}, not {got}", self.op)))
    }

    /// Positional arguments and those given by name, as `names` orders them.
    ///
    /// # Errors
    /// `TypeError` for too many, or for one given twice.
    pub fn take(&self, args: &Bound<'py, PyTuple>, names: &[&str]) -> PyResult<Vec<Option<Bound<'py, PyAny>>>> {
        let (op, most) = (self.op, names.len());
        if args.len() > most {
            let text = format!("{op}() takes at most {most} positional arguments, got {}", args.len());
            return Err(PyTypeError::new_err(text));
        }
        let mut values: Vec<_> = args.iter().map(Some).collect();
        values.resize(most, None);
        for (key, value) in &self.rest {
            let Some(at) = names.iter().position(|name| name == key) else { continue };
            if values[at].is_some() {
                return Err(PyTypeError::new_err(format!("{op}() got multiple values for argument '{key}'")));
            }
            values[at] = Some(value.clone());
        }
        Ok(values)
    }

    /// As an argument's type.
    ///
    /// # Errors
    /// `TypeError` naming the argument where it is missing or of another type.
    pub fn required<T: for<'a> FromPyObject<'a, 'py, Error = PyErr>>(
        &self,
        key: &str,
        value: Option<&Bound<'py, PyAny>>,
        expected: &str,
    ) -> PyResult<T> {
        let Some(value) = value else {
            return Err(PyTypeError::new_err(format!("{}(): missing required argument '{key}'", self.op)));
        };
        value.extract::<T>().or_else(|error: PyErr| match error.is_instance_of::<PyTypeError>(value.py()) {
            true => self.mistaken(key, value, expected),
            false => Err(error),
        })
    }

    /// One of the factory's own arguments, if it was given by name.
    pub fn named(&self, name: &str) -> Option<&Bound<'py, PyAny>> {
        self.rest.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Sizes given one by one, as one sequence, or as `size=`.
    pub fn size(&self, args: &Bound<'py, PyTuple>) -> PyResult<Dims> {
        let named = self.named("size");
        let ints = match (args.len(), named) {
            (0, None) => {
                let text = format!("{}() missing 1 required positional argument: \"size\"", self.op);
                return Err(PyTypeError::new_err(text));
            }
            (0, Some(size)) => self.required::<IntList>("size", Some(size), "tuple of ints")?.0,
            (_, None) => variadic_ints(args).or_else(|error| self.not_sizes(error, args))?,
            _ => return Err(PyTypeError::new_err(format!("{}() got multiple values for argument 'size'", self.op))),
        };
        sizes(self.op, &ints)
    }

    fn not_sizes(&self, error: PyErr, args: &Bound<'py, PyTuple>) -> PyResult<Ints> {
        if !error.is_instance_of::<PyTypeError>(args.py()) {
            return Err(error);
        }
        let why = error.value(args.py()).str()?;
        Err(PyTypeError::new_err(format!("{}(): argument 'size' must be tuple of ints: {why}", self.op)))
    }

    /// The dtype to make: the one asked for, that of `out`, or a default.
    pub fn dtype_or(&self, default: impl FnOnce() -> DType) -> DType {
        self.dtype.or_else(|| self.out.as_ref().map(|o| o.get().tensor.dtype())).unwrap_or_else(default)
    }

    /// As [`Factory::dtype_or`] with the default float type.
    pub fn float(&self) -> DType {
        self.dtype_or(default_float)
    }

    /// The array as a tensor, or in the memory of `out`, which is resized where its shape differs.
    pub fn finish(self, py: Python<'py>, array: Array) -> PyResult<Bound<'py, PyTensor>> {
        self.finish_tensor(py, Tensor::new(array))
    }

    /// As [`Factory::finish`], for a fresh tensor that an operation has made.
    pub fn finish_tensor(self, py: Python<'py>, tensor: Tensor) -> PyResult<Bound<'py, PyTensor>> {
        let Some(out) = self.out else {
            if self.requires_grad {
                tensor.set_requires_grad(true)?;
            }
            return wrap(py, tensor);
        };
        let (target, array) = (&out.get().tensor, tensor.array());
        if target.requires_grad() && grad_enabled() {
            return Err(PyRuntimeError::new_err(format!(
                "{}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments \
                 requires grad.",
                self.op
            )));
        }
        if target.shape().as_slice() == array.shape() {
            target.array().copy_from(&array)?;
        } else {
            target.set_array(array.to_dtype(target.dtype())?);
        }
        target.bump_version();
        if self.requires_grad {
            target.set_requires_grad(true)?;
        }
        Ok(out)
    }

    /// As [`Factory::finish`], for results that cannot have an `out`.
    pub fn leaf(self, array: Array) -> PyResult<Out> {
        debug_assert!(self.out.is_none());
        Ok(Out(Tensor::leaf(array, self.requires_grad)?))
    }
}
