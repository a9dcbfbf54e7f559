"""The argument `out` of functions that are written in Python."""

from __future__ import annotations

from typing import Any

from .._C import _function

_positive = _function("positive")


def returned(result: Any, out: Any) -> Any:
    """The result, or `out` with the result written to it."""
    return result if out is None else _positive(result, out=out)
