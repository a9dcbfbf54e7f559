"""Comparison with live PyTorch: one function, `check_op`, for values, gradients and gradients of gradients."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

import recorded
import rsnn
from rsnn import _C

try:
    import torch
except ImportError:
    torch = None

#: (relative, absolute) tolerance for results of a dtype.
TOLERANCES = {
    "float16": (2e-3, 2e-3),
    "bfloat16": (2e-2, 2e-2),
    "float32": (2e-5, 2e-6),
    "float64": (1e-10, 1e-11),
}

#: Every dtype that rsnn has, by name.
DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
INTEGERS = DTYPES[1:6]
FLOATS = DTYPES[6:]

#: Methods that fill a tensor with random numbers, with arguments.
DISTRIBUTIONS = {
    "uniform_": (-0.3, 0.7),
    "normal_": (0.5, 2.0),
    "bernoulli_": (0.4,),
    "random_": (0, 100),
    "exponential_": (1.5,),
    "cauchy_": (0.5, 2.0),
    "log_normal_": (0.1, 0.6),
    "geometric_": (0.2,),
}

LAYOUTS = ("contiguous", "transposed", "strided")


def check_op(
    fn: Callable[..., Any] | str,
    *inputs: Any,
    dtypes: Sequence[str] = ("float32", "float64"),
    layouts: Sequence[str] = LAYOUTS,
    grad: bool = True,
    gradgrad: bool = True,
    low: float = -2.0,
    high: float = 2.0,
    rtol: float | None = None,
    atol: float | None = None,
    **kwargs: Any,
) -> None:
    """Asserts that `fn` gives the same results and derivatives in rsnn and PyTorch.

    Without PyTorch the results are compared with recorded ones (see `recorded.py`) and, where there are none, the
    derivatives with finite differences.

    Args:
        fn: called as `fn(lib, *tensors)` with `lib` being `rsnn` and then `torch`; or the name of a tensor method.
        inputs: a tuple of sizes (a tensor of draws between `low` and `high`), a numpy array (a tensor of these values;
            float arrays take the dtype under test), or anything else, which is passed on as it is.
        dtypes: the float dtypes to run in.
        layouts: how the inputs lie in memory: `"contiguous"`, `"transposed"`, `"strided"`.
        grad: whether to compare gradients.
        gradgrad: whether to compare gradients of gradients.
        rtol: relative tolerance, instead of the dtype's own.
        atol: absolute tolerance, instead of the dtype's own.
        kwargs: passed to the method, if `fn` is a name.

    Example:
        >>> check_op(lambda lib, x, y: lib.mul(x, y), (2, 3), (3,))
        >>> check_op("clamp", (4,), min=-1.0)
    """
    call = (lambda lib, x, *rest: getattr(x, fn)(*rest, **kwargs)) if isinstance(fn, str) else fn
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(low, high, x) if _is_shape(x) else x for x in inputs]
    if torch is None:
        checked = False
        for dtype in dtypes:
            given = _tolerance(dtype, rtol, atol)
            actual = _run(rsnn, call, arrays, dtype, "contiguous", grad, gradgrad)
            for what, i, values, kind in _flat(actual):
                checked |= recorded.check(f"{dtype} {what} {i}", values, kind, *given)
        # NumPy's empty arrays may have strides of zero, which gradcheck refuses; they have no slopes to compare anyway.
        if grad and not checked and all(np.size(array) for array in arrays):
            _check_numerically(call, arrays, gradgrad)
        return
    for dtype, layout in itertools.product(dtypes, layouts):
        tolerance = _tolerance(dtype, rtol, atol)
        expected = _run(torch, call, arrays, dtype, layout, grad, gradgrad)
        if recorded.RECORDING and layout == "contiguous":
            for what, i, values, kind in _flat(expected):
                recorded.record(f"{dtype} {what} {i}", values, kind)
        actual = _run(rsnn, call, arrays, dtype, layout, grad, gradgrad)
        where = f"{fn if isinstance(fn, str) else getattr(fn, '__name__', fn)} in {dtype}, {layout}"
        for what in expected:
            assert_same(actual[what], expected[what], *tolerance, where=f"{what} of {where}")


def _tolerance(dtype: str, rtol: float | None, atol: float | None) -> tuple[float, float]:
    own = TOLERANCES[dtype]
    return (own[0] if rtol is None else rtol, own[1] if atol is None else atol)


def _flat(results: dict[str, list[Any]]) -> Iterable[tuple[str, int, np.ndarray | None, str]]:
    """Every tensor (or missing gradient) of the results of `_run`, with its place."""
    for what, values in results.items():
        for i, x in enumerate(values):
            if is_tensor(x):
                yield what, i, to_numpy(x), dtype_name(x)
            elif x is None:
                yield what, i, None, ""


def assert_same(
    actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None, *, where: str = "result"
) -> None:
    """Asserts that an rsnn tensor (or a sequence of them) has the dtype, sizes and values of a PyTorch one.

    A missing gradient counts as zeros. Integers and booleans must be equal.
    """
    if isinstance(expected, (tuple, list)):
        assert len(actual) == len(expected), f"{where}: {len(actual)} tensors, expected {len(expected)}"
        for i, (a, e) in enumerate(zip(actual, expected)):
            assert_same(a, e, rtol, atol, where=f"{where} [{i}]")
        return
    if actual is None or expected is None:
        for x in (actual, expected):
            assert x is None or not np.any(to_numpy(x)), f"{where}: got {actual}, expected {expected}"
        return
    if not is_tensor(expected):
        assert type(actual) is type(expected) and actual == expected, f"{where}: got {actual!r}, expected {expected!r}"
        return
    assert dtype_name(actual) == dtype_name(expected), f"{where}: dtype {actual.dtype}, expected {expected.dtype}"
    assert tuple(actual.shape) == tuple(expected.shape), f"{where}: shape {actual.shape}, expected {expected.shape}"
    own = TOLERANCES.get(dtype_name(expected), (0.0, 0.0))
    np.testing.assert_allclose(
        to_numpy(actual),
        to_numpy(expected),
        rtol=own[0] if rtol is None else rtol,
        atol=own[1] if atol is None else atol,
        err_msg=where,
    )


def assert_same_error(fn: Callable[[Any], Any]) -> None:
    """Asserts that `fn(lib)` raises the same class of exception in rsnn and PyTorch."""
    errors = []
    for lib in (rsnn, torch):
        try:
            result = fn(lib)
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        else:
            raise AssertionError(f"{lib.__name__} raised nothing and returned {result}")
    ours, theirs = errors
    assert isinstance(ours, type(theirs)) or isinstance(theirs, type(ours)), f"got {ours!r}, expected {theirs!r}"


def assert_same_outcome(
    fn: Callable[[Any], Any], rtol: float | None = None, atol: float | None = None, *, where: str = "result"
) -> None:
    """Asserts that `fn(lib)` gives the same result, or the same class of exception, in rsnn and PyTorch."""
    ours, theirs = (attempt(lambda: fn(lib)) for lib in (rsnn, torch))
    if isinstance(ours, Exception) or isinstance(theirs, Exception):
        assert type(ours) is type(theirs), f"{where}: got {ours!r}, expected {theirs!r}"
        return
    assert_same(ours, theirs, rtol, atol, where=where)


def attempt(function: Callable[[], Any]) -> Any:
    """The result, or the error."""
    try:
        return function()
    except Exception as error:  # noqa: BLE001
        return error


def step_of(t: Any) -> str | None:
    """The name of the step of the graph that made a tensor, without the namespace that PyTorch puts before some."""
    return None if t.grad_fn is None else t.grad_fn.name().rpartition("::")[2]


def tensor(lib: Any, values: Any, dtype: str | None = None, layout: str = "contiguous") -> Any:
    """A tensor of `lib` with these values, in a dtype given by name and a layout of `LAYOUTS`."""
    array = np.asarray(values)
    if dtype is not None and dtype != "bfloat16":
        array = array.astype(dtype)
    x = lib.from_numpy(laid_out(array, layout))
    return x.to(lib.bfloat16) if dtype == "bfloat16" else x


def laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """A copy of an array that lies in memory as asked."""
    if layout == "contiguous":
        return np.array(array, order="C")
    if layout == "transposed":
        return np.array(array, order="F")
    assert layout == "strided", layout
    wide = np.empty((*array.shape[:-1], 2 * array.shape[-1] + 1) if array.ndim else (3,), array.dtype)
    wide[...] = 0
    place = wide[..., 1::2] if array.ndim else wide[1]
    if array.ndim == 0:
        return np.array(array)
    place[...] = array
    return place


def is_tensor(x: Any) -> bool:
    """Whether it is a tensor of either library."""
    return isinstance(x, rsnn.Tensor) or (torch is not None and isinstance(x, torch.Tensor))


def to_numpy(x: Any) -> np.ndarray:
    """The values of a tensor of either library; `bfloat16` as `float32`."""
    x = x.detach()
    if dtype_name(x) == "bfloat16":
        x = x.float()
    # PyTorch's zero gradients may have no memory of their own.
    return np.array(x.numpy(force=True))


def dtype_name(x: Any) -> str:
    """`"float32"` for a tensor of either library."""
    return str(x.dtype).split(".")[-1]


def grads(lib: Any, outputs: Sequence[Any], inputs: Sequence[Any], cotangents: Sequence[Any], create_graph: bool):
    """`autograd.grad` of either library, with `None` where no path leads."""
    if lib is rsnn:
        return _C._autograd_grad(list(outputs), list(cotangents), list(inputs), True, create_graph)
    return lib.autograd.grad(
        outputs, inputs, cotangents, retain_graph=True, create_graph=create_graph, allow_unused=True
    )


def _is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and all(isinstance(n, int) for n in x)


def _inputs(lib: Any, arrays: Iterable[Any], dtype: str, layout: str, grad: bool) -> list[Any]:
    tensors = []
    for array in arrays:
        if not isinstance(array, np.ndarray):
            tensors.append(array)
            continue
        is_float = array.dtype.kind == "f"
        x = tensor(lib, array, dtype if is_float else None, layout)
        tensors.append(x.requires_grad_() if grad and is_float else x)
    return tensors


def _run(lib: Any, call: Callable[..., Any], arrays: list[Any], dtype: str, layout: str, grad: bool, gradgrad: bool):
    """Results by name: `forward`, `gradient`, `second gradient`."""
    inputs = _inputs(lib, arrays, dtype, layout, grad)
    outputs = call(lib, *inputs)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    results = {"forward": outputs}
    leaves = [x for x in inputs if is_tensor(x) and x.requires_grad]
    roots = [x for x in outputs if is_tensor(x) and x.requires_grad]
    results["requires_grad"] = [is_tensor(x) and x.requires_grad for x in outputs]
    if not grad or not roots:
        return results
    rng = np.random.default_rng(1)
    weights = [tensor(lib, rng.uniform(-1, 1, tuple(x.shape)), dtype_name(x)).requires_grad_() for x in roots]
    first = list(grads(lib, roots, leaves, weights, gradgrad))
    results["gradient"] = first
    if gradgrad:
        again = [(i, x) for i, x in enumerate(first) if x is not None and x.requires_grad]
        seeds = [np.random.default_rng(2 + i).uniform(-1, 1, tuple(x.shape)) for i, x in again]
        directions = [tensor(lib, s, dtype_name(x)) for s, (_, x) in zip(seeds, again)]
        over = leaves + weights
        second = grads(lib, [x for _, x in again], over, directions, False) if again else [None] * len(over)
        results["second gradient"] = list(second)
    return results


def _check_numerically(call: Callable[..., Any], arrays: list[Any], gradgrad: bool) -> None:
    inputs = tuple(_inputs(rsnn, arrays, "float64", "contiguous", True))
    assert rsnn.autograd.gradcheck(lambda *x: call(rsnn, *x), inputs)
    if gradgrad:
        assert rsnn.autograd.gradgradcheck(lambda *x: call(rsnn, *x), inputs)
