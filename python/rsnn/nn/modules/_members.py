"""The general form of the walk for parameters and buffers, which subclasses may override."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def named_members(
    module: Any, get_members: Callable[[Any], Iterable[tuple[str, Any]]], prefix: str, recurse: bool, unique: bool
) -> Iterator[tuple[str, Any]]:
    """Yield what ``get_members`` finds in each module, under dotted names, without what is ``None``."""
    modules = module.named_modules(prefix=prefix, remove_duplicate=unique) if recurse else [(prefix, module)]
    seen: dict[int, Any] = {}
    for path, owner in modules:
        for name, member in get_members(owner):
            if member is None or id(member) in seen:
                continue
            if unique:
                seen[id(member)] = member
            yield (f"{path}.{name}" if path else name), member


def parameter_items(module: Any) -> Iterable[tuple[str, Any]]:
    """The parameters of a module itself."""
    return module._parameters.items()


def buffer_items(module: Any) -> Iterable[tuple[str, Any]]:
    """The buffers of a module itself."""
    return module._buffers.items()
