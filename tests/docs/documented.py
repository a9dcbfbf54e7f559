"""Finds what the package documents: its modules, and the classes, functions, methods and properties in them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
from collections.abc import Iterator
from typing import Any

import rsnn
from rsnn import _C

#: Kinds of class members that can have documentation.
MEMBERS = (
    types.FunctionType, types.MethodDescriptorType, types.ClassMethodDescriptorType, types.GetSetDescriptorType,
    property, staticmethod, classmethod,
)  # fmt: skip


def modules() -> Iterator[types.ModuleType]:
    """All modules of the package; those with a leading underscore too."""
    yield rsnn
    for info in pkgutil.walk_packages(rsnn.__path__, "rsnn."):
        if not info.name.endswith(("._C", ".__main__")):
            yield importlib.import_module(info.name)


def is_public(name: str) -> bool:
    """Whether no part of a dotted name starts with an underscore."""
    return not any(part.startswith("_") for part in name.split("."))


def _own(cls: type) -> Iterator[tuple[str, Any]]:
    for name, member in vars(cls).items():
        if isinstance(member, MEMBERS):
            yield f"{cls.__qualname__}.{name}", member


def documented() -> dict[str, Any]:
    """Each object once, by dotted name."""
    found: dict[int, tuple[str, Any]] = {}

    def add(name: str, value: Any) -> None:
        # A class is known by the place that shows it to people, which is the shortest.
        key = id(inspect.unwrap(value) if callable(value) else value)
        if key not in found or len(name) < len(found[key][0]):
            found[key] = (name, value)

    for module in modules():
        add(module.__name__, module)
        for name, value in list(vars(module).items()):
            home = getattr(value, "__module__", None) or ""
            if not home.startswith("rsnn") or isinstance(value, types.ModuleType):
                continue
            if inspect.isclass(value):
                add(f"{module.__name__}.{name}", value)
                for path, member in _own(value):
                    add(f"{module.__name__}.{name}.{path.rpartition('.')[2]}", member)
            elif callable(value) and hasattr(value, "__name__"):
                add(f"{module.__name__}.{name}", value)
    for name, value in vars(_C).items():
        if inspect.isclass(value) or inspect.isbuiltin(value):
            add(f"rsnn._C.{name}", value)
        if inspect.isclass(value):
            for path, member in _own(value):
                add(f"rsnn._C.{path}", member)
    return dict(sorted(found.values(), key=lambda item: item[0]))
