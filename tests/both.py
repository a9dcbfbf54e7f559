"""Helpers for tests that run with both libraries."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest


def said(text: object) -> str:
    """A text of either library in rsnn's terms: PyTorch's name replaced, and without the layer that rsnn names."""
    return re.sub(r" \(in [\w.]+( \([\w.]+\))?\)", "", re.sub(r"\btorch\b", "rsnn", str(text)))


@contextlib.contextmanager
def raises(error: type[BaseException], text: str | None = None) -> Iterator[None]:
    """Expects an error of exactly this class, with exactly this text."""
    with pytest.raises(error) as caught:
        yield
    assert caught.type is error
    if text is not None:
        assert said(caught.value.args[0]) == text


def names(pairs: Any) -> list[str]:
    """The names in an iterable of pairs."""
    return [name for name, _ in pairs]


def probe(lib: Any) -> type:
    """A class of modules that add a number."""

    class Add(lib.nn.Module):
        def __init__(self, number: int = 1) -> None:
            super().__init__()
            self.number = number

        def forward(self, x: Any, *, twice: bool = False) -> Any:
            return x + self.number * (2 if twice else 1)

        def extra_repr(self) -> str:
            return f"number={self.number}"

    return Add


def net(lib: Any) -> Any:
    """A small tree: shared modules, shared parameters, buffers of both sorts, names that stand for nothing."""
    nn = lib.nn

    class Leaf(nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(lib.ones(size))
            self.register_parameter("bias", None)
            self.register_buffer("mean", lib.zeros(size))
            self.register_buffer("cache", lib.zeros(1), persistent=False)
            self.register_buffer("none", None)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(lib.ones(1))
            self.body = nn.Sequential(Leaf(2), Leaf(3))
            self.head = self.body[1]
            self.nothing = None
            self.register_module("empty", None)
            self.tied = Leaf(2)
            self.tied.weight = self.body[0].weight

    return Net()
