"""An ordered table of callbacks, each removable through the handle that registering it gave."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any


class HookTable:
    """Callbacks in the order in which they are to run."""

    def __init__(self) -> None:
        self._hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._ids = itertools.count()

    def add(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Registers `hook` behind the others, or before them with `prepend`."""
        key = next(self._ids)
        self._hooks[key] = hook
        if prepend:
            self._hooks.move_to_end(key, last=False)
        return HookHandle(self, key)

    def discard(self, key: int) -> None:
        """Forgets a hook; one already forgotten is no error."""
        self._hooks.pop(key, None)

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(tuple(self._hooks.values()))

    def __len__(self) -> int:
        return len(self._hooks)


class HookHandle:
    """Takes a hook out again: `handle.remove()`, or the end of a `with` block.

    The handle does not keep the table alive.
    """

    def __init__(self, table: HookTable, key: int):
        self._table = weakref.ref(table)
        self.id = key

    def remove(self) -> None:
        """Takes the hook out; a second call does nothing."""
        table = self._table()
        if table is not None:
            table.discard(self.id)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
