"""Refuses what is not a tensor, in the words of native functions: for functions that are written in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._C import Tensor


def type_name(value: Any) -> str:
    """The name of a value's class, as native code sees it."""
    kind = type(value)
    return f"numpy.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__


def check_tensors(function: str, **given: Any) -> None:
    """Refuses anything but tensors as the first arguments of a function, given by name in their order."""
    for position, (name, value) in enumerate(given.items(), 1):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{function}(): argument '{name}' (position {position}) must be Tensor, not {type_name(value)}"
            )


def check_elements(tensors: Sequence[Any], argument: int = 0) -> None:
    """Refuses anything but tensors among those that a function takes any number of."""
    for position, value in enumerate(tensors):
        if not isinstance(value, Tensor):
            raise TypeError(f"expected Tensor as element {position} in argument {argument}, but got {type_name(value)}")


def check_options(function: str, **given: tuple[int, Any]) -> None:
    """Refuses anything but tensors and `None` as later arguments of a function, given by name with their positions."""
    for name, (position, value) in given.items():
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"{function}(): argument '{name}' (position {position}) must be Tensor, not {type_name(value)}"
            )


def check_list(function: str, tensors: Any) -> None:
    """Refuses anything but a list or tuple of tensors as the first argument of a function."""
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"{function}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type_name(tensors)}"
        )
    check_elements(tensors)
