//! `rsnn.Generator`.

use crate::array::{Array, DType};
use crate::autograd::Tensor;
use crate::python::arguments::check_device;
use crate::python::tensor::{Out, PyTensor};
use crate::random::{Generator, SharedGenerator, default_generator, shared};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt};

/// A stream of random numbers with a state of its own, the same as PyTorch's for the same seed.
///
/// Functions that draw take one as `generator=`; without it they share `rsnn.default_generator`.
///
/// Args:
///     device: only `"cpu"`.
///
/// Example:
///     >>> g = rsnn.Generator().manual_seed(0)
///     >>> rsnn.rand(2, generator=g)
///     tensor([0.4963, 0.7682])
#[pyclass(name = "Generator", module = "rsnn", frozen)]
pub struct PyGenerator {
    /// The core's generator.
    pub generator: SharedGenerator,
}

/// The core's generator of an argument.
pub fn source(generator: Option<&Bound<'_, PyGenerator>>) -> Option<SharedGenerator> {
    generator.map(|g| g.get().generator.clone())
}

/// A seed: an integer of `[-2^63, 2^64)`; negative ones count from 2^64 down.
fn seed_argument(seed: &Bound<'_, PyAny>) -> PyResult<u64> {
    let integer = seed.is_instance_of::<PyInt>() || seed.hasattr("__index__")?;
    if !integer || seed.is_instance_of::<PyBool>() || seed.is_instance_of::<PyTensor>() {
        return Err(PyRuntimeError::new_err(format!(
            "manual_seed expected an int, but got {}",
            seed.get_type().name()?
        )));
    }
    let negative = || seed.extract::<i64>().map(|seed| seed as u64);
    seed.extract::<u64>().or_else(|_| negative()).map_err(|_| {
        PyValueError::new_err(format!(
            "manual_seed: expected a seed of [-2**63, 2**64), got {seed}: Overflow when unpacking"
        ))
    })
}

#[pymethods]
impl PyGenerator {
    #[new]
    #[pyo3(signature = (device=None))]
    fn new(device: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        check_device(device)?;
        Ok(PyGenerator { generator: shared(Generator::new()) })
    }

    /// Where it draws: always `device(type='cpu')`.
    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        crate::python::tensor::cpu(py)
    }

    /// Starts the stream of a seed, and returns the generator.
    ///
    /// Args:
    ///     seed: an integer of `[-2**63, 2**64)`; a negative one counts from `2**64` down. Seeds with the same low 32 bits
    ///         give the same stream, as in PyTorch.
    ///
    /// Raises:
    ///     ValueError: for an integer out of range.
    ///     RuntimeError: for anything else.
    fn manual_seed<'py>(slf: &Bound<'py, Self>, seed: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Self>> {
        let seed = seed_argument(seed)?;
        slf.get().generator.lock().manual_seed(seed);
        Ok(slf.clone())
    }

    /// Starts a stream that nobody can foresee, and returns its seed.
    fn seed(&self) -> u64 {
        self.generator.lock().seed()
    }

    /// The seed that started the stream.
    fn initial_seed(&self) -> u64 {
        self.generator.lock().initial_seed()
    }

    /// The state as a `uint8` tensor of 5056 elements, which PyTorch's generators understand too.
    fn get_state(&self) -> PyResult<Out> {
        let state = self.generator.lock().state();
        Ok(Out(Tensor::new(Array::from_slice(&state, &[state.len()])?)))
    }

    /// Takes over a state that `get_state` gave, here or in PyTorch.
    ///
    /// Raises:
    ///     TypeError: if it is no `uint8` tensor.
    ///     RuntimeError: if it is not the state of a generator.
    fn set_state(&self, new_state: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(tensor) = new_state.cast::<PyTensor>() else {
            let name = new_state.get_type().name()?;
            return Err(PyTypeError::new_err(format!("set_state: expected a uint8 tensor, but got {name}")));
        };
        let array = tensor.get().tensor.array();
        if array.dtype() != DType::U8 {
            return Err(PyTypeError::new_err(format!(
                "set_state: RNG state must be a uint8 tensor, got {}",
                array.dtype().name()
            )));
        }
        Ok(self.generator.lock().set_state(array.contiguous()?.slice::<u8>())?)
    }

    /// A generator of its own that goes on as this one would.
    fn clone_state(&self) -> Self {
        PyGenerator { generator: shared(self.generator.lock().clone()) }
    }

    fn __setstate__(&self, state: &[u8]) -> PyResult<()> {
        Ok(self.generator.lock().set_state(state)?)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyAny>, (), Bound<'py, PyBytes>) {
        let state = slf.get().generator.lock().state();
        (slf.get_type().into_any(), (), PyBytes::new(slf.py(), &state))
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyGenerator>()?;
    m.add("default_generator", PyGenerator { generator: default_generator().clone() })
}
