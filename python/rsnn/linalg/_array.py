"""The way to numpy's routines and back, and what they are not to be given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _C


class LinAlgError(RuntimeError):
    """A matrix for which there is no result: singular, not positive-definite, or not converging."""


def check_matrix(name: str, x: Any, square: bool = False, what: str = "A") -> None:
    """Refuses all but (batches of, square) matrices of `float32` or `float64`."""
    if not isinstance(x, _C.Tensor):
        raise TypeError(f"{name}(): argument '{what}' must be Tensor, not {type(x).__name__}")
    if x.dim() < 2:
        raise RuntimeError(f"{name}: The input tensor {what} must have at least 2 dimensions.")
    if square and x.size(-1) != x.size(-2):
        raise RuntimeError(
            f"{name}: {what} must be batches of square matrices, but they are {x.size(-2)} by {x.size(-1)} matrices"
        )
    check_float(name, x)


def check_float(name: str, x: Any) -> None:
    """Refuses dtypes that LAPACK has not."""
    if not x.is_floating_point():
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {_title(x)}")
    if x.element_size() < 4:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {_title(x)}")


def _title(x: Any) -> str:
    return x.type().rpartition(".")[2].removesuffix("Tensor")


def call(name: str, problem: str, routine: Callable[..., Any], *tensors: Any, **options: Any) -> Any:
    """What a routine of numpy makes of tensors, as detached tensors (or a tuple of them)."""
    try:
        result = routine(*[x.detach().numpy() for x in tensors], **options)
    except np.linalg.LinAlgError:
        raise LinAlgError(f"{name}: {problem}") from None
    dtype = tensors[0].dtype
    if isinstance(result, tuple):
        return tuple(_C.as_tensor(np.array(part, order="C"), dtype=dtype) for part in result)
    return _C.as_tensor(np.array(result, order="C"), dtype=dtype)


def transposed(x: Any) -> Any:
    """Batches of matrices, transposed."""
    return x.transpose(-2, -1)
