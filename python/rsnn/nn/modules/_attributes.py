"""`module.__dict__`: the attributes of a module's own, its tables among them, as PyTorch keeps them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, MutableMapping, Set
from typing import TYPE_CHECKING, Any

from rsnn._C import Module, _module_dict

from ._tables import Table

#: What a module's `__init__` makes, in PyTorch's order. It is not kept in the instance's dictionary.
_TABLES = (
    "training",
    "_parameters",
    "_buffers",
    "_non_persistent_buffers_set",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_is_full_backward_hook",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
    "_modules",
)
_NAMES = frozenset(_TABLES)


if TYPE_CHECKING:
    _Mapping = dict[str, Any]
else:

    class _Mapping(MutableMapping, dict):
        """A dictionary by its class, whose methods go through the five that a mapping defines."""

        __slots__ = ()


class Attributes(Table, _Mapping):
    """The live mapping that `module.__dict__` gives: tables and plain attributes.

    What is written under a table's name replaces the table, as assigning to the attribute does. A copy is a plain
    dictionary with which `__setstate__`, or `update` of another module's `__dict__`, makes the module anew.
    """

    __slots__ = ("_module", "_plain")

    def __init__(self, module: Any) -> None:
        self._module = module
        self._plain = _module_dict(module)

    def _has_tables(self) -> bool:
        return hasattr(self._module, "_modules")

    def __getitem__(self, name: str) -> Any:
        if name in _NAMES and self._has_tables():
            return getattr(self._module, name)
        return self._plain[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name in _NAMES:
            object.__setattr__(self._module, name, value)
        else:
            self._plain[name] = value

    def __delitem__(self, name: str) -> None:
        if name not in _NAMES or not self._has_tables():
            del self._plain[name]
        elif name not in ("training", "_is_full_backward_hook"):
            object.__setattr__(self._module, name, {})

    def __iter__(self) -> Iterator[str]:
        if self._has_tables():
            yield from _TABLES
        yield from self._plain

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self))

    def __len__(self) -> int:
        return len(self._plain) + (len(_TABLES) if self._has_tables() else 0)

    def popitem(self) -> tuple[str, Any]:
        """Takes out the last attribute. Raises ``KeyError`` if there is none."""
        names = list(self)
        if not names:
            raise KeyError("popitem(): dictionary is empty")
        return names[-1], self.pop(names[-1])

    @classmethod
    def fromkeys(cls, names: Any, value: Any = None, /) -> Any:
        """A plain dictionary with one value for all names."""
        return dict.fromkeys(names, value)

    def clear(self) -> None:
        """Empties the tables, and forgets the plain attributes."""
        for name in list(self):
            del self[name]

    def copy(self) -> dict[str, Any]:
        """A plain dictionary of the same values; the tables in it are still the module's."""
        return dict(self.items())

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return copy.deepcopy(self.copy(), memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (self.copy(),)

    def __repr__(self) -> str:
        return repr(self.copy())


def _entries(table: Any) -> Any:
    if isinstance(table, Mapping):
        return dict(table)
    return set(table) if isinstance(table, Set) else table


def _get(module: Module) -> Attributes:
    return Attributes(module)


def _set(module: Module, attributes: Any) -> None:
    # Tables are copied, since they may be those that are emptied here.
    attributes = {name: _entries(value) if name in _NAMES else value for name, value in attributes.items()}
    own = Attributes(module)
    own.clear()
    own.update(attributes)


#: The descriptor that `Module` has under `__dict__`.
ATTRIBUTES = property(_get, _set, doc="The attributes of the module's own, its tables among them.")
