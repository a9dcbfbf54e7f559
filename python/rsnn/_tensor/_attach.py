"""Giving `Tensor` methods that are written in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._C import Tensor


def attach(*functions: Callable[..., Any], name: str | None = None) -> None:
    """Makes functions methods of `Tensor` under their own names, or one under `name`; native methods stay."""
    for function in functions:
        method = name or function.__name__
        if not hasattr(Tensor, method):
            function.__name__ = method
            function.__qualname__ = f"Tensor.{method}"
            setattr(Tensor, method, function)
