"""Finding the native function behind a name of `rsnn.nn.functional`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rsnn import _C


def native(name: str) -> Callable[..., Any]:
    """The function of this name, or else the tensor method; if there is neither, a function that says so."""
    found = getattr(_C, name, None) or getattr(_C.Tensor, name, None)
    if found is not None:
        return found

    def missing(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{name} is not supported")

    missing.__name__ = missing.__qualname__ = name
    return missing
