"""How handles of hooks are made, copied and pickled."""

from __future__ import annotations

from typing import Any

from rsnn._C import RemovableHandle
from rsnn.nn.modules import _global_hooks

_native_state = RemovableHandle.__getstate__


class _Handle:
    """Methods of handles."""

    def __init__(self: Any, hooks_dict: Any, *, extra_dict: Any = None) -> None:
        # The native class takes what it needs before; it makes handles of nothing, too, which pickles then fill.
        if hooks_dict is None:
            raise TypeError("cannot create weak reference to 'NoneType' object")

    def __getstate__(self: Any) -> tuple[Any, ...]:
        """The table, or its module and its name; the id; the ``__dict__``.

        A table of all modules is given itself, so that a deep copy has one of its own and removes nothing here.
        """
        owner, table, number, attributes = _native_state(self)
        if table is not None and hasattr(_global_hooks, table):
            owner, table = getattr(_global_hooks, table), None
        return owner, table, number, attributes


def install_handles() -> None:
    """Give the native class its methods."""
    for method in (_Handle.__init__, _Handle.__getstate__):
        method.__qualname__ = f"RemovableHandle.{method.__name__}"
        setattr(RemovableHandle, method.__name__, method)
