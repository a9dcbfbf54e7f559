"""Methods that ask or set elements one by one, in Python."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Number
from typing import Any

from .. import _C
from ._attach import attach


def __contains__(self: Any, element: Any) -> bool:  # noqa: N807
    """Whether an element equals a number, or one of those of a tensor that broadcasts.

    Raises:
        RuntimeError: for anything else.
    """
    if isinstance(element, (_C.Tensor, Number)) or hasattr(element, "dtype"):
        return bool((self == element).any())
    raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")


def _each(self: Any, name: str, function: Callable[..., Any], *others: Any) -> Any:
    if self.requires_grad:
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    for other in others:
        if not isinstance(other, _C.Tensor):
            raise TypeError(f"{name}(): expected a tensor, got {type(other).__name__}")
    columns = [x.expand_as(self).reshape(-1).tolist() for x in (self, *others)]
    values = [function(*row) for row in zip(*columns)]
    return self.copy_(_C.tensor(values, dtype=self.dtype).reshape(self.shape))


def apply_(self: Any, callable: Callable[[Any], Any]) -> Any:
    """Replaces each element by what a Python function makes of it. This is slow: prefer operations on whole tensors.

    Raises:
        RuntimeError: for a tensor that requires a gradient.

    Example:
        >>> rsnn.tensor([1.0, 2.0]).apply_(lambda v: v + 1)
        tensor([2., 3.])
    """
    return _each(self, "apply_", callable)


def map_(self: Any, tensor: Any, callable: Callable[[Any, Any], Any]) -> Any:
    """Replaces each element by what a Python function makes of it and of the element of another tensor at its place.

    Raises:
        RuntimeError: for a tensor that requires a gradient, and for shapes that do not fit.
    """
    return _each(self, "map_", callable, tensor)


def map2_(self: Any, x: Any, y: Any, callable: Callable[[Any, Any, Any], Any]) -> Any:
    """As `map_`, with two other tensors."""
    return _each(self, "map2_", callable, x, y)


attach(__contains__, apply_, map_, map2_)
