"""Initialisers: functions that fill a tensor in place, outside of autograd, and return it.

The draws are those of PyTorch's functions of the same names, one by one: with the same seed they give the same weights.
Every function that draws takes ``generator=``; without it the default generator is used.

Example:
    >>> import rsnn
    >>> from rsnn import nn
    >>> w = nn.init.xavier_uniform_(rsnn.empty(3, 5), gain=nn.init.calculate_gain("relu"))
    >>> w.shape
    rsnn.Size([3, 5])
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from rsnn.nn.init.fan import (
    _calculate_correct_fan,
    _calculate_fan_in_and_fan_out,
    calculate_gain,
    kaiming_normal_,
    kaiming_uniform_,
    xavier_normal_,
    xavier_uniform_,
)
from rsnn.nn.init.matrix import dirac_, eye_, orthogonal_, sparse_
from rsnn.nn.init.plain import constant_, normal_, ones_, uniform_, zeros_
from rsnn.nn.init.truncated import trunc_normal_

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "sparse",
    "sparse_",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros_",
    # Used by code that builds layers of its own.
    "_calculate_correct_fan",
    "_calculate_fan_in_and_fan_out",
]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _deprecated(initialiser: Callable[_P, _R]) -> Callable[_P, _R]:
    """The old name of an initialiser, without the underscore: works and warns."""
    new_name = initialiser.__name__
    old_name = new_name.rstrip("_")

    @functools.wraps(initialiser)
    def alias(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        text = f"`nn.init.{old_name}` is now deprecated in favor of `nn.init.{new_name}`."
        warnings.warn(text, FutureWarning, stacklevel=2)
        return initialiser(*args, **kwargs)

    alias.__name__ = alias.__qualname__ = old_name
    alias.__doc__ = f"Deprecated name of :func:`rsnn.nn.init.{new_name}`."
    return alias


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
