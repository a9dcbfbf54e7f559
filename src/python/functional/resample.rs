//! `interpolate` and `grid_sample`.

use crate::ops::resample::{self, Between, Filter, Outside, Reading, Sizing};
use crate::python::arguments::{IntList, sizes};
use crate::python::gil::without_gil;
use crate::python::tensor::{Out, PyTensor};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// The last axes resized.
///
/// Args:
///     input: `(N, C, ...)`.
///     output_size: the sizes of the axes behind the channels.
///     filter: `"nearest"`, `"nearest-exact"`, `"linear"`, `"cubic"` or `"lanczos"`.
///     align_corners: whether the centres of the outer pixels stay where they are.
///     scale_factors: factors to go by in place of the quotients of the sizes, or `None`.
///     antialias: whether smaller images are averages.
///
/// Raises:
///     RuntimeError: for sizes of zero.
///     NotImplementedError: for dtypes that are not float; `"nearest"` also takes uint8.
#[pyfunction]
#[pyo3(signature = (input, output_size, filter, align_corners=false, scale_factors=None, antialias=false))]
fn _interpolate(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    output_size: IntList,
    filter: &str,
    align_corners: bool,
    scale_factors: Option<Vec<f64>>,
    antialias: bool,
) -> PyResult<Out> {
    let filter = match filter {
        "nearest" => Filter::Nearest,
        "nearest-exact" => Filter::NearestExact,
        "linear" => Filter::Linear,
        "cubic" => Filter::Cubic,
        "lanczos" => Filter::Lanczos,
        other => return Err(PyRuntimeError::new_err(format!("interpolate: no filter has the name '{other}'"))),
    };
    let output = sizes("interpolate", &output_size.0)?;
    let rank = output.len();
    if !(1..=3).contains(&rank) || scale_factors.as_ref().is_some_and(|factors| factors.len() != rank) {
        return Err(PyRuntimeError::new_err(format!(
            "interpolate: expected 1 to 3 sizes and as many factors, got {rank}"
        )));
    }
    let sizing = Sizing { output, factors: scale_factors.map(Into::into), filter, align_corners, antialias };
    let x = &input.get().tensor;
    without_gil(py, x.numel() + 2048 * usize::from(x.numel() > 0), || resample::interpolate(x, &sizing)).map(Out)
}

/// Images read at the places of a grid.
///
/// Args:
///     input: `(N, C, H, W)` or `(N, C, D, H, W)`.
///     grid: `(N, Ho, Wo, 2)` or `(N, Do, Ho, Wo, 3)`: coordinates from -1 to 1, the last axis's first.
///     interpolation_mode: 0 linear, 1 nearest, 2 cubic.
///     padding_mode: 0 zeros, 1 border, 2 reflection.
///     align_corners: whether -1 and 1 are the centres of the outer pixels rather than their outer edges.
///
/// Raises:
///     RuntimeError: where ranks, sizes, dtypes or modes do not fit.
#[pyfunction]
fn _grid_sampler(
    py: Python<'_>,
    input: &Bound<'_, PyTensor>,
    grid: &Bound<'_, PyTensor>,
    interpolation_mode: i64,
    padding_mode: i64,
    align_corners: bool,
) -> PyResult<Out> {
    let between = [Between::Linear, Between::Nearest, Between::Cubic];
    let outside = [Outside::Zeros, Outside::Border, Outside::Reflection];
    let chosen = (between.get(interpolation_mode as usize), outside.get(padding_mode as usize));
    let (Some(&between), Some(&outside)) = chosen else {
        let text = format!("grid_sampler: expected modes from 0 to 2, got {interpolation_mode} and {padding_mode}");
        return Err(PyRuntimeError::new_err(text));
    };
    let (x, grid) = (&input.get().tensor, &grid.get().tensor);
    let reading = Reading { between, outside, align_corners };
    without_gil(py, x.numel() + grid.numel(), || resample::grid_sample(x, grid, reading)).map(Out)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_interpolate, m)?)?;
    m.add_function(wrap_pyfunction!(_grid_sampler, m)?)
}
