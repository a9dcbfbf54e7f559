"""What a call with bad arguments gets: a class of exception that is recorded and PyTorch's, and a message that helps."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

import rsnn

try:
    import torch
except ImportError:
    torch = None

Case = tuple[type[Exception], Callable[[Any], Any]]


def cases(table: dict[str, Case], **others: dict[str, Case]) -> pytest.MarkDecorator:
    """Parametrises a test with the rows of tables."""
    rows = [pytest.param(*row, id=name) for name, row in table.items()]
    for group, rest in others.items():
        rows += [pytest.param(*row, id=f"{group}: {name}") for name, row in rest.items()]
    return pytest.mark.parametrize(("expected", "call"), rows)


def check(expected: type[Exception], call: Callable[[Any], Any], *, like_torch: bool = True) -> None:
    """Asserts that `call(rsnn)` raises exactly `expected` with a message, and `call(torch)` the same class.

    Args:
        expected: the class.
        call: takes the library.
        like_torch: false where PyTorch's answer is an accident that rsnn does not repeat.
    """
    with pytest.raises(Exception) as caught, warnings.catch_warnings():  # noqa: PT011 - the class is compared below
        warnings.simplefilter("ignore")
        call(rsnn)
    assert caught.type is expected, f"got {caught.value!r}, expected {expected.__name__}"
    message = str(caught.value)
    assert "panick" not in message and "internal error" not in message
    assert len(message.split()) >= 3 or expected in (KeyError, NotImplementedError) or message == "ZeroDivisionError"
    if torch is None or not like_torch:
        return
    with pytest.raises(Exception) as caught, warnings.catch_warnings():  # noqa: PT011
        warnings.simplefilter("ignore")
        call(torch)
    assert issubclass(expected, caught.type) or issubclass(caught.type, expected), f"PyTorch raises {caught.value!r}"
